"""The tables of the till, the ledger and the programs."""

from loyalty.models.access import ApiKey, PromisedRules, Reply
from loyalty.models.checks import Payment, Refund, RefundLine, RefundPayment, Service, Visit, VisitLine
from loyalty.models.closures import Closure, Extension
from loyalty.models.discounts import CheckRule, CodeBatch, Discount, DiscountStep, IssuedCode, PromoCode, PromoUse
from loyalty.models.events import Delivery, Event, Webhook
from loyalty.models.ledger import Account, Entry, Lot
from loyalty.models.mailings import Chain, ChainEvent, ChainRun, ChainStep, Mailing
from loyalty.models.night import NightRun, Watermark
from loyalty.models.presents import (
    FreeService,
    GiftProgram,
    Prize,
    PrizeClaim,
    PrizeStock,
    StampProgram,
)
from loyalty.models.programs import (
    BonusProgram,
    BonusTerms,
    Budget,
    CashbackMultiplier,
    CashbackProgram,
    CashbackTier,
    Hours,
    HouseRules,
    Program,
    TrialProgram,
    TrialService,
)
from loyalty.models.segments import RfmScale, Segment, SegmentMember
from loyalty.models.standing import Standing, TierChange, TierStanding

__all__ = [
    "Account",
    "ApiKey",
    "BonusProgram",
    "BonusTerms",
    "Budget",
    "CashbackMultiplier",
    "CashbackProgram",
    "CashbackTier",
    "Chain",
    "ChainEvent",
    "ChainRun",
    "ChainStep",
    "CheckRule",
    "Closure",
    "CodeBatch",
    "Delivery",
    "Discount",
    "DiscountStep",
    "Entry",
    "Event",
    "Extension",
    "FreeService",
    "GiftProgram",
    "Hours",
    "HouseRules",
    "IssuedCode",
    "Lot",
    "Mailing",
    "NightRun",
    "Payment",
    "Prize",
    "PrizeClaim",
    "PrizeStock",
    "Program",
    "PromisedRules",
    "PromoCode",
    "PromoUse",
    "Refund",
    "RefundLine",
    "RefundPayment",
    "Reply",
    "RfmScale",
    "Segment",
    "SegmentMember",
    "Service",
    "StampProgram",
    "Standing",
    "TierChange",
    "TierStanding",
    "TrialProgram",
    "TrialService",
    "Visit",
    "VisitLine",
    "Watermark",
    "Webhook",
]
