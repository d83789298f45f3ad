"""The forms of the programs: help with examples, and what contradicts itself is said where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.admin_codes import CodeForm
from loyalty.admin.fields import CoversForm, either, order
from loyalty.models import BonusProgram, CashbackProgram, GiftProgram, PromoCode, TrialProgram, TrialService

DATES_HELP = {
    "from_day": gettext_lazy("Empty: from now on."),
    "to_day": gettext_lazy("The last day, to its end. Empty: until it is switched off."),
}
TERMS_HELP = {
    "lifetime_days": gettext_lazy("For example 180. Empty here and in months: for ever."),
    "lifetime_months": gettext_lazy("Instead of days, for example 6."),
    "limit_percent": gettext_lazy("For example 50: bonuses pay at most half of a check."),
    "min_check": gettext_lazy("On smaller checks these bonuses cannot be used. 0 means any check."),
    "pending_days": gettext_lazy(
        "For example 14, so that a refund comes before the bonuses are spent. 0 means at once."
    ),
}


class ProgramForm(CodeForm):
    """Name, dates and switch of a program."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        order(self, "from_day", "to_day", _("The last day is before the first."))
        return cleaned


def namesakes(model: type[Model], **asked: str) -> Iterator[QuerySet[Any]]:
    """What else gives bonuses, of these codes. The ledger names who gave them by the code."""
    for other in (CashbackProgram, BonusProgram, GiftProgram):
        if other is not model:
            yield other.objects.filter(**asked)
    if model is not PromoCode:
        yield PromoCode.objects.filter(bonus_amount__isnull=False, **asked)


def refuse_namesake(model: type[Model], code: str) -> None:
    """Two of one code could not be told apart. Raises `ValidationError`."""
    for rows in namesakes(model, code=code):
        for other in rows[:1]:
            text = _("The program “%(name)s” has this code, and gives bonuses too.")
            raise ValidationError(text, params={"name": other.name})


class TermsForm(ProgramForm):
    """A program that gives bonuses."""

    def clean_code(self) -> str:
        code = super().clean_code()
        refuse_namesake(self._meta.model, code)
        return code

    def taken(self, stem: str) -> set[str]:
        others = namesakes(self._meta.model, code__startswith=stem)
        return super().taken(stem).union(*(rows.values_list("code", flat=True) for rows in others))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        either(self, "lifetime_days", "lifetime_months", _("Either days or months, not both."))
        for name in ("lifetime_days", "lifetime_months"):
            if cleaned.get(name) == 0:
                self.add_error(name, _("At least 1. Leave it empty for bonuses that never end."))
        return cleaned


class TrialForm(CoversForm, ProgramForm):
    through = TrialService
    through_field = "trial"

    class Meta:
        model = TrialProgram
        fields = "__all__"
        help_texts = {
            **DATES_HELP,
            "percent": gettext_lazy("For example 50: the newcomer pays half."),
            "segment": gettext_lazy("For example those with a tag that the front desk puts on."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "segment" in self.fields:
            self.fields["segment"].empty_label = _("Every newcomer")  # type: ignore[attr-defined]
