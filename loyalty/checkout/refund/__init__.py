"""Refunds: the shares that were stored at the sale are reversed exactly.

rights      how old a check may be for whoever refunds it
shares      which part of each line comes back (pure, told in prose there)
making      lock → the parts that come back → every mechanic undoes its own → money, standing, the refund's record
explaining  why each figure is what it is, kept with the refund as data

What a check earned is taken back by the base that has come back with all refunds so far, rounded down; a whole
refund takes the rest. Nothing here asks a program how it is set up today.
"""

from loyalty.checkout.refund.explaining import explain_refund, why_refunded
from loyalty.checkout.refund.making import refund
from loyalty.checkout.refund.rights import Ask, Reach, RefundTooOld, refundable_since
from loyalty.checkout.refund.shares import AlreadyRefunded, Back

__all__ = [
    "AlreadyRefunded",
    "Ask",
    "Back",
    "Reach",
    "RefundTooOld",
    "explain_refund",
    "refund",
    "refundable_since",
    "why_refunded",
]
