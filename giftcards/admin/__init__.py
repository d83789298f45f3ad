"""Gift cards in the back office.

kinds  what is on sale, and batches for the printer
sold   the cards that were sold, and what may be done with them; batches, deliveries, the report
"""

from giftcards.admin import batches, deliveries, kinds, sold
from giftcards.words import STATUS_NAMES

__all__ = ["STATUS_NAMES", "batches", "deliveries", "kinds", "sold"]
