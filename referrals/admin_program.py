"""The form of the referral program and of its milestones: one thing for each side, and what contradicts itself is said.

They refuse what the setup document refuses (`referrals.setup`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import StackedInline
from unfold.widgets import UnfoldAdminSelectWidget

from loyalty.admin.check_rules import while_filled
from loyalty.admin.currency import once
from loyalty.admin.pages import MoneyInline
from loyalty.admin.program_forms import DATES_HELP, TERMS_HELP, TermsForm
from referrals.kinds import goods
from referrals.models import Kind, Milestone, ReferralProgram

KINDS = ("amount", "discount_percent", "gift_card", "membership")
SIDES = ("referrer_", "friend_")
GOODS = {"gift_card": Kind.GIFT_CARD, "membership": Kind.MEMBERSHIP}


def _good(label: Any, help_text: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, widget=UnfoldAdminSelectWidget(), help_text=help_text)


CARD = gettext_lazy("Or a gift card of the type")
CARD_HELP = gettext_lazy("What is on it is said below. Whoever gets it is written its code.")
PLAN = gettext_lazy("Or a membership")
PLAN_HELP = gettext_lazy("For example a membership of two months: a present, it costs nothing.")
WORTH_HELP = gettext_lazy("For example 50. Empty without a gift card.")


def offer(form: forms.ModelForm[Any], side: str) -> None:
    """The types of gift cards and the plans there are, and what the row says already."""
    for name, kind in GOODS.items():
        field = form.fields.get(f"{side}{name}")
        if field is None:
            continue
        said = getattr(form.instance, f"{side}{name}")
        kept = {said: said} if said else {}
        field.choices = [("", _("None")), *{**kept, **names_of(kind)}.items()]  # type: ignore[attr-defined]


def names_of(kind: Kind) -> dict[str, str]:
    """Code → name of what can be given, read once a page."""
    names: dict[str, str] = once(f"referrals give {kind}", lambda: dict(goods(kind)))
    return names


def one_thing(form: forms.ModelForm[Any], side: str, *more: str, needed: bool = False) -> None:
    """Refuse two things for one side, at the second of them; with `needed` none; and a gift card of no amount."""
    columns = [f"{side}{name}" for name in (*more, *KINDS)]
    worth = f"{side}gift_amount"
    if {*columns, worth} & set(form.errors):
        return
    given = [name for name in columns if form.cleaned_data.get(name) not in (None, "")]
    if len(given) > 1:
        form.add_error(given[1], _("One thing only: leave the others empty."))
    elif not given and needed:
        form.add_error(columns[0], _("Say what it gives."))
    _worth(form, f"{side}gift_card", worth)


def _worth(form: forms.ModelForm[Any], card: str, worth: str) -> None:
    """What is on the gift card; without one it says nothing."""
    if worth not in form.fields or card in form.errors:
        return
    if not form.cleaned_data.get(card):
        form.cleaned_data[worth] = None
    elif form.cleaned_data.get(worth) is None:
        form.add_error(worth, _("Say how much is on the gift card."))


class ReferralForm(TermsForm):
    referrer_gift_card = _good(CARD, CARD_HELP)
    referrer_membership = _good(PLAN, PLAN_HELP)
    friend_gift_card = _good(CARD, CARD_HELP)
    friend_membership = _good(PLAN, PLAN_HELP)

    class Meta:
        model = ReferralProgram
        exclude = ("code", "priority")  # there is one program, and its code is fixed
        help_texts = {
            **DATES_HELP,
            **TERMS_HELP,
            "referrer_percent": gettext_lazy("For example 5: the friend pays 60, the client gets 3."),
            "referrer_amount": gettext_lazy(
                "Instead of a share, once, when the friend has first paid. For example 10."
            ),
            "referrer_when": gettext_lazy("For a share; everything else is given once."),
            "referrer_discount_percent": gettext_lazy("Off the services of one check. For example 20."),
            "referrer_gift_amount": WORTH_HELP,
            "months": gettext_lazy("For example 12: a year from the day the friend was brought. Empty: for ever."),
            "max_per_month": gettext_lazy(
                "In bonuses, for example 50, for all friends of a client together. Empty: no limit."
            ),
            "max_per_friend": gettext_lazy(
                "In bonuses, for example 100, over all checks of a friend. Empty: no limit."
            ),
            "max_friends": gettext_lazy(
                "For example 30. Whoever has brought so many cannot be named. Empty: no limit."
            ),
            "friend_amount": gettext_lazy("For example 100 bonuses to begin with."),
            "friend_when": gettext_lazy("A discount always comes with the first check."),
            "friend_discount_percent": gettext_lazy("Instead of bonuses, for example 20: a fifth off the first check."),
            "friend_gift_amount": WORTH_HELP,
            "pending_days": gettext_lazy(
                "For example 14: bonuses can be used, and other things come, when a refund is no longer likely."
                " 0 means at once."
            ),
        }
        labels = {
            "referrer_percent": gettext_lazy("A share of what the friend pays"),
            "referrer_amount": gettext_lazy("Or a fixed amount"),
            "referrer_discount_percent": gettext_lazy("Or a discount on the next check"),
            "friend_amount": gettext_lazy("Bonuses"),
            "friend_discount_percent": gettext_lazy("Or a discount on the first check"),
            "max_friends": gettext_lazy("Friends a client can bring"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for side in SIDES:
            offer(self, side)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        one_thing(self, "referrer_", "percent")
        one_thing(self, "friend_")
        return cleaned

    def save(self, commit: bool = True) -> Any:
        self.instance.code = ReferralProgram.CODE
        return super().save(commit)


class MilestoneForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    gift_card = _good(CARD, "")
    membership = _good(PLAN, "")

    class Meta:
        model = Milestone
        fields = ("friends", "amount", "discount_percent", "gift_card", "gift_amount", "membership")
        help_texts = {
            "friends": gettext_lazy("For example 5: with the fifth friend who comes and pays."),
            "amount": gettext_lazy("For example 500."),
            "gift_amount": WORTH_HELP,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        one_thing(self, "", needed=True)
        return cleaned


class MilestoneInline(MoneyInline, StackedInline):  # type: ignore[misc]  # unfold has no types
    """One below the other: a milestone gives one thing of four."""

    model = Milestone
    form = MilestoneForm
    template = StackedInline.template
    fields = ("friends", "amount", "discount_percent", ("gift_card", "gift_amount"), "membership")
    verbose_name = gettext_lazy("milestone")
    verbose_name_plural = gettext_lazy("Milestones: for so many friends who came and paid")
    extra = 0


PARTS: Sequence[Any] = (
    (
        gettext_lazy("The client gets"),
        {
            "fields": (
                "referrer_percent",
                "referrer_when",
                "months",
                "referrer_amount",
                "referrer_discount_percent",
                "referrer_gift_card",
                "referrer_gift_amount",
                "referrer_membership",
            )
        },
    ),
    (
        gettext_lazy("The friend gets"),
        {
            "fields": (
                "friend_amount",
                "friend_discount_percent",
                "friend_gift_card",
                "friend_gift_amount",
                "friend_membership",
                "friend_when",
            )
        },
    ),
    (gettext_lazy("At most"), {"fields": ("max_per_month", "max_per_friend", "max_friends")}),
)
CONDITIONAL = {f"{side}gift_amount": while_filled(f"{side}gift_card") for side in SIDES}
