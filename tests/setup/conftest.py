"""A setup to begin with, and a picture of everything that a load may write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import models

from clients.actors import Actor
from clients.models import Business, LetterRules, LetterTemplate, Location
from giftcards.models import Denomination, GiftCardType
from loyalty.models import (
    BonusProgram,
    CashbackMultiplier,
    CashbackProgram,
    CashbackTier,
    Chain,
    ChainStep,
    Discount,
    DiscountStep,
    GiftProgram,
    HouseRules,
    IssuedCode,
    Prize,
    PromoCode,
    RfmScale,
    Segment,
    Service,
    StampProgram,
    TrialProgram,
    TrialService,
)
from loyalty.setup import Change, load, presets, read_yaml
from memberships.models import Plan, PlanService
from referrals.models import ReferralProgram

CONFIGURED: tuple[type[models.Model], ...] = (
    Business,
    HouseRules,
    Location,
    Service,
    LetterTemplate,
    LetterRules,
    Segment,
    RfmScale,
    CashbackProgram,
    CashbackTier,
    CashbackMultiplier,
    BonusProgram,
    Chain,
    ChainStep,
    Discount,
    DiscountStep,
    PromoCode,
    IssuedCode,
    ReferralProgram,
    TrialProgram,
    TrialService,
    GiftCardType,
    Denomination,
    StampProgram,
    GiftProgram,
    Prize,
    Plan,
    PlanService,
)
BY = Actor.command("test")
Picture = dict[str, list[dict[str, Any]]]


@pytest.fixture
def picture(db: None) -> Callable[[], Picture]:
    """Every configured row, the revision of the settings included."""

    def take() -> Picture:
        return {model.__name__: list(model._base_manager.order_by("pk").values()) for model in CONFIGURED}

    return take


@pytest.fixture
def load_text(db: None) -> Callable[..., list[str]]:
    """Load YAML; what changed, in words."""

    def load_it(text: str, *, dry_run: bool = False) -> list[str]:
        changes: list[Change] = load(read_yaml(text), by=BY, dry_run=dry_run)
        return [str(change) for change in changes]

    return load_it


@pytest.fixture
def flexgym(load_text: Callable[..., list[str]]) -> str:
    """FlexGym is set up; its document."""
    text = next(preset.text for preset in presets() if preset.code == "flexgym")
    load_text(text)
    return text
