"""The section `promo_codes`: what is off, or given, for whoever types a code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, models
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.models import IssuedCode, PromoCode
from loyalty.money import ZERO, Currency
from loyalty.promo_batches import follow_limit
from loyalty.setup.discounts import CONDITIONS, REWARD, check_rule
from loyalty.setup.document import SetupRefused
from loyalty.setup.parts import DATES, ENABLED, Group, Key, Span, Values, priority
from loyalty.setup.programs import BONUS_PROGRAMS
from loyalty.setup.reading import Context, Spot
from loyalty.setup.section import Change
from loyalty.setup.shapes import MAX_COUNT, MAX_DAYS, MAX_HOURS, Amount, Flag, Percent, Text, Whole
from loyalty.setup.table import Table
from loyalty.terms import ALL


def _check_bonus(values: Values, at: Spot) -> None:
    if values["bonus_amount"] is None:
        at.key("amount").refuse(_("is missing"))


BONUS = Group(
    "bonus",
    (
        Key("amount", Amount(positive=True), "bonus_amount", default=None),
        Span("lifetime", "bonus_lifetime_days", "bonus_lifetime_months", shown=True),
        Key("pending_days", Whole(0, MAX_DAYS), "bonus_pending_days", default=0, shown=True),
        Key("limit_percent", Percent(), "bonus_limit_percent", default=ALL, shown=True),
        Key("min_check", Amount(), "bonus_min_check", default=ZERO, shown=True),
    ),
    check=_check_bonus,
    used_by=("bonus_amount",),
)


class PromoCodes(Table):
    """Codes that many may type, and batches of unique ones. They are compared in any case."""

    key = "promo_codes"
    noun = gettext_lazy("promo code")
    model = PromoCode
    related = ("segment",)
    namespace = BONUS_PROGRAMS
    parts = (
        Key("name", Text(120), default=""),
        *REWARD,
        BONUS,
        Key("unique", Flag(), "is_batch", default=False),
        Key("max_uses", Whole(1, MAX_COUNT), default=None),
        Key("max_uses_per_client", Whole(1, MAX_COUNT), default=None),
        Key("new_clients_only", Flag(), default=False),
        Key("staff_only", Flag(), default=False),
        Key("valid_hours", Whole(1, MAX_HOURS), default=None),
        *CONDITIONS,
        ENABLED,
        *DATES,
        priority(200),
    )

    def read(self, raw: Any, at: Spot) -> list[Values]:
        data = super().read(raw, at)
        found = [(values, at.item(index)) for index, values in enumerate(data) if values.get("code")]
        first = [(values, spot) for values, spot in found if self._stands(values["code"], spot)]
        stored = {self.same(row.code): row for row in at.reading.context.rows(PromoCode)}
        _check_uses(first, stored, at)
        for values, spot in first:
            if values.get("bonus_amount") is not None:
                kept = stored.get(self.same(values["code"]))
                self._claim_program(kept.code if kept else values["code"], spot)
        return data

    def apply(self, data: list[Values], context: Context) -> list[Change]:
        try:
            changes = super().apply(data, context)
        except IntegrityError:  # a till has just used one more, or its code was made for another
            message = _("a code was used meanwhile, or is one of those made for another promo code: load it again")
            raise SetupRefused([(self.key, message)]) from None
        changed = [change.code for change in changes if change.action == "change" and not context.dry_run]
        for promo in PromoCode.objects.filter(code__in=changed) if changed else ():
            follow_limit(promo)
        return changes

    def _stands(self, code: str, at: Spot) -> bool:
        """Whether no earlier row of the document has the code."""
        return at.reading.codes[self.key][self.same(code)] == at.path

    def claim(self, values: Values, at: Spot) -> None:
        at.key("code").claim(self.key, values["code"], at, self.same)

    def _claim_program(self, code: str, at: Spot) -> None:
        """Lots name their program by its code, so a code that gives bonuses may not be that of another program."""
        if at.key("code").claim(self.namespace, code, at):
            self.claim_from_stored(code, at)

    def shared_codes(self, context: Context) -> set[str]:
        return {row.code for row in context.rows(PromoCode) if row.bonus_amount is not None}

    def check(self, values: Values, raw: Any, at: Spot) -> None:
        check_rule(values, at)
        given = sum(values[column] is not None for column in ("percent", "amount", "bonus_amount"))
        if given == 0:
            at.refuse(_("must have percent, amount or bonus"))
        elif given > 1:
            at.refuse(_("must have one of percent, amount and bonus, not more"))
        if not values["is_batch"]:
            if raw.get("valid_hours") is not None:
                at.key("valid_hours").refuse(_("goes with unique codes only: they are handed out one by one"))
            del values["valid_hours"]

    def same(self, code: str) -> str:
        return code.upper()

    def complete(self, values: Values, row: PromoCode) -> Values:
        return {**values, "name": values["name"] or row.code}

    def write(self, row: models.Model, currency: Currency) -> dict[str, Any]:
        written = super().write(row, currency)
        if written["name"] == written["code"]:
            del written["name"]
        if not written.get("unique"):
            written.pop("valid_hours", None)
        return written


def _check_uses(found: Sequence[tuple[Values, Spot]], stored: Mapping[str, PromoCode], at: Spot) -> None:
    """A limit is not below what is used already, and a shared code is not one of those that were made for another."""
    if not at.reading.context.has_tables:
        return
    used = dict(IssuedCode.objects.filter(used__gt=0).values_list("promo").annotate(Max("used")))
    codes = [values["code"].upper() for values, _spot in found if not values.get("is_batch")]
    made = dict(IssuedCode.objects.filter(code__in=codes).values_list("code", "promo__code"))
    for values, spot in found:
        code, limit = values["code"].upper(), values.get("max_uses") or (1 if values.get("is_batch") else None)
        if code in stored and stored[code].is_batch != values.get("is_batch"):
            spot.key("unique").refuse(_("cannot be changed: make another promo code"))
        count = used.get(stored[code].pk, 0) if code in stored else 0
        if limit is not None and limit < count:
            spot.key("max_uses").refuse(_("must be at least %(count)d: so many are used already") % {"count": count})
        if code in made and made[code].upper() != code:
            spot.key("code").refuse(_("is one of the codes that were made for %(code)s") % {"code": made[code]})
