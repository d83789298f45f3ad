"""The back office of the till, the ledger and the programs. Django's autodiscovery imports this package."""

from loyalty.admin import business, keys, prices, programs, records, segments, visits

__all__ = ["business", "keys", "prices", "programs", "records", "segments", "visits"]
