"""Setups to begin with: a gym, a salon, a shop. The owner chooses one on the admin's first page and changes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FOLDER = Path(__file__).resolve().parent.parent / "presets"


@dataclass(frozen=True, slots=True)
class Preset:
    """A setup document that ships with the program."""

    code: str
    name: str | Promise
    description: str | Promise

    @property
    def path(self) -> Path:
        return FOLDER / f"{self.code}.yaml"

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")


def presets() -> list[Preset]:
    """Every preset, in the order in which they are offered."""
    return [
        Preset(
            "flexgym",
            _("Gym"),
            _(
                "Cashback of 3 to 15 % by total spent, a reward for bringing friends, memberships, gift cards"
                " and a trial session at half price. US dollars."
            ),
        ),
        Preset(
            "salon",
            _("Salon"),
            _("A birthday gift of 1000 bonuses, 5 % back after the first visit, cashback for regulars. Roubles."),
        ),
        Preset(
            "shop",
            _("Shop"),
            _("3 or 5 % back on every purchase, a welcome bonus, a birthday bonus and gift cards. Euros."),
        ),
    ]
