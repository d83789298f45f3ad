"""Letters to clients: written into the transaction of whatever they are about, sent in the background."""

from clients.letters.writing import Letter, write

__all__ = ["Letter", "write"]
