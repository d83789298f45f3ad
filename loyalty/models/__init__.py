"""The tables of the till, the ledger and the programs."""

from loyalty.models.access import ApiKey, Reply
from loyalty.models.checks import Payment, Refund, RefundLine, RefundPayment, Service, Visit, VisitLine
from loyalty.models.ledger import Account, Entry, Lot
from loyalty.models.night import NightRun, Watermark
from loyalty.models.programs import (
    BonusProgram,
    BonusTerms,
    CashbackProgram,
    CashbackTier,
    HouseRules,
    Program,
    TrialProgram,
    TrialService,
)
from loyalty.models.standing import Standing, TierStanding

__all__ = [
    "Account",
    "ApiKey",
    "BonusProgram",
    "BonusTerms",
    "CashbackProgram",
    "CashbackTier",
    "Entry",
    "HouseRules",
    "Lot",
    "NightRun",
    "Payment",
    "Program",
    "Refund",
    "RefundLine",
    "RefundPayment",
    "Reply",
    "Service",
    "Standing",
    "TierStanding",
    "TrialProgram",
    "TrialService",
    "Visit",
    "VisitLine",
    "Watermark",
]
