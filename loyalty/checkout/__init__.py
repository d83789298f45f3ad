"""The till: a quote promises, settling does it all or not at all, a refund reverses what was stored.

quote   read the state → price (pure) → bill and its token; writes nothing
settle  lock the accounts → quote again → what the client saw, now or as promised → write → every mechanic settles
refund  lock → the stored shares of the lines that come back → every mechanic undoes its part
"""

from loyalty.checkout.quote import Quote, quote
from loyalty.checkout.refund import (
    AlreadyRefunded,
    Ask,
    Back,
    Reach,
    RefundTooOld,
    explain_refund,
    refund,
    refundable_since,
    why_refunded,
)
from loyalty.checkout.settle import Paid, PaymentMismatch, QuoteChanged, Settled, settle

__all__ = [
    "AlreadyRefunded",
    "Ask",
    "Back",
    "Paid",
    "PaymentMismatch",
    "Quote",
    "QuoteChanged",
    "Reach",
    "RefundTooOld",
    "Settled",
    "explain_refund",
    "quote",
    "refund",
    "refundable_since",
    "settle",
    "why_refunded",
]
