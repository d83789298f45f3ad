"""The referral program's one page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clients.admin_base import SoleAdmin
from loyalty.admin.currency import bonus_step, present_currency
from loyalty.admin.pages import ProgramAdmin, Rows
from loyalty.admin.programs import DATES, TERMS
from referrals import (
    admin_partners,  # noqa: F401  # registers its pages
    sentences,
)
from referrals.admin_people import ReferralPages
from referrals.admin_program import CONDITIONAL, PARTS, MilestoneInline, ReferralForm, names_of
from referrals.models import Kind, Milestone, Referral, ReferralProgram


@admin.register(ReferralProgram)
class ReferralAdmin(ReferralPages, SoleAdmin, ProgramAdmin):
    form = ReferralForm
    radio_fields = {"referrer_when": admin.HORIZONTAL, "friend_when": admin.HORIZONTAL}
    fieldsets = ((None, {"fields": ("name", "enabled")}), *PARTS, TERMS, DATES)
    conditional_fields = CONDITIONAL
    inlines = (MilestoneInline,)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"name": _("Referral program")}

    def rows(self, program: ReferralProgram) -> Rows:
        return {Milestone: list(program.milestones.all())}

    def sentences(self, program: ReferralProgram, rows: Rows) -> Sequence[str]:
        names = {**names_of(Kind.GIFT_CARD), **names_of(Kind.MEMBERSHIP)}
        return sentences.referral(program, present_currency(), bonus_step(), rows.get(Milestone, ()), names)

    def now(self, program: ReferralProgram) -> str:
        count = Referral.objects.aggregate(clients=Count("referrer", distinct=True), friends=Count("pk"))
        clients = ngettext("%(count)d client", "%(count)d clients", count["clients"]) % {"count": count["clients"]}
        friends = ngettext("%(count)d friend", "%(count)d friends", count["friends"]) % {"count": count["friends"]}
        return _("Now taking part: %(clients)s, %(friends)s.") % {"clients": clients, "friends": friends}
