"""The tables of the till, the ledger and the programs."""

from loyalty.models.access import ApiKey, PromisedRules, Reply
from loyalty.models.checks import Payment, Refund, RefundLine, RefundPayment, Service, Visit, VisitLine
from loyalty.models.discounts import CheckRule, CodeBatch, Discount, DiscountStep, IssuedCode, PromoCode, PromoUse
from loyalty.models.ledger import Account, Entry, Lot
from loyalty.models.night import NightRun, Watermark
from loyalty.models.programs import (
    BonusProgram,
    BonusTerms,
    CashbackMultiplier,
    CashbackProgram,
    CashbackTier,
    Hours,
    HouseRules,
    Program,
    TrialProgram,
    TrialService,
)
from loyalty.models.segments import Segment
from loyalty.models.standing import Standing, TierStanding

__all__ = [
    "Account",
    "ApiKey",
    "BonusProgram",
    "BonusTerms",
    "CashbackMultiplier",
    "CashbackProgram",
    "CashbackTier",
    "CheckRule",
    "CodeBatch",
    "Discount",
    "DiscountStep",
    "Entry",
    "Hours",
    "HouseRules",
    "IssuedCode",
    "Lot",
    "NightRun",
    "Payment",
    "Program",
    "PromisedRules",
    "PromoCode",
    "PromoUse",
    "Refund",
    "RefundLine",
    "RefundPayment",
    "Reply",
    "Segment",
    "Service",
    "Standing",
    "TierStanding",
    "TrialProgram",
    "TrialService",
    "Visit",
    "VisitLine",
    "Watermark",
]
