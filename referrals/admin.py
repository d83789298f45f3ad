"""The referral program's one page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clients.admin_base import SoleAdmin
from loyalty.admin.currency import bonus_step, present_currency
from loyalty.admin.fields import either
from loyalty.admin.pages import ProgramAdmin, Rows
from loyalty.admin.program_forms import DATES_HELP, TERMS_HELP, TermsForm
from loyalty.admin.programs import DATES, TERMS
from referrals import sentences
from referrals.models import Referral, ReferralProgram


class ReferralForm(TermsForm):
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
            "referrer_when": gettext_lazy("For a share; a fixed amount is given once."),
            "months": gettext_lazy("For example 12: a year from the day the friend was brought. Empty: for ever."),
            "max_per_month": gettext_lazy("For example 50, for all friends of a client together. Empty: no limit."),
            "friend_amount": gettext_lazy("For example 100 bonuses to begin with."),
            "friend_discount_percent": gettext_lazy("Instead of bonuses, for example 20: a fifth off the first check."),
        }
        labels = {
            "referrer_percent": gettext_lazy("A share of what the friend pays"),
            "referrer_amount": gettext_lazy("Or a fixed amount"),
            "friend_amount": gettext_lazy("Bonuses"),
            "friend_discount_percent": gettext_lazy("Or a discount on the first check"),
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        either(self, "referrer_percent", "referrer_amount", _("Either a share or a fixed amount, not both."))
        either(self, "friend_amount", "friend_discount_percent", _("Either bonuses or a discount, not both."))
        return cleaned

    def save(self, commit: bool = True) -> Any:
        self.instance.code = ReferralProgram.CODE
        return super().save(commit)


@admin.register(ReferralProgram)
class ReferralAdmin(SoleAdmin, ProgramAdmin):
    form = ReferralForm
    radio_fields = {"referrer_when": admin.HORIZONTAL, "friend_when": admin.HORIZONTAL}
    fieldsets = (
        (None, {"fields": ("name", "enabled")}),
        (
            gettext_lazy("The client gets"),
            {"fields": ("referrer_percent", "referrer_amount", "referrer_when", "months", "max_per_month")},
        ),
        (gettext_lazy("The friend gets"), {"fields": ("friend_amount", "friend_when", "friend_discount_percent")}),
        TERMS,
        DATES,
    )

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"name": _("Referral program")}

    def sentences(self, program: ReferralProgram, rows: Rows) -> Sequence[str]:
        return sentences.referral(program, present_currency(), bonus_step())

    def now(self, program: ReferralProgram) -> str:
        count = Referral.objects.aggregate(clients=Count("referrer", distinct=True), friends=Count("pk"))
        clients = ngettext("%(count)d client", "%(count)d clients", count["clients"]) % {"count": count["clients"]}
        friends = ngettext("%(count)d friend", "%(count)d friends", count["friends"]) % {"count": count["friends"]}
        return _("Now taking part: %(clients)s, %(friends)s.") % {"clients": clients, "friends": friends}
