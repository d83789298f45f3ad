"""The first page of the admin: a preset to begin with, then what needs attention and a few figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clients.admin_base import is_owner, own_locations
from clients.models import Location, Staff
from config.nights import LastNight, last_night
from giftcards.models import GiftCardType
from loyalty import watermarks
from loyalty.admin.currency import business, shown
from loyalty.admin.findings import findings_for, page_of
from loyalty.findings import Severity
from loyalty.models import Account, BonusProgram, CashbackProgram, Lot, NightRun, Refund, Service, TrialProgram, Visit
from loyalty.models.ledger import summed
from loyalty.money import ZERO
from loyalty.setup import presets
from memberships.models import Plan
from referrals.admin_suspicion import to_decide
from referrals.models import ReferralProgram

SOON = timedelta(days=14)
SILENT = timedelta(hours=26)
AWAKE = timedelta(minutes=15)
PROGRAMS = (ReferralProgram, CashbackProgram, BonusProgram, TrialProgram, GiftCardType, Plan)
BONUS, MONEY, SESSION = Account.Unit.BONUS, Account.Unit.MONEY, Account.Unit.SESSION


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to look at. `grave` stands for what is wrong, the rest is good to know."""

    text: str
    link: str = ""
    grave: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the page, with what it counts."""

    value: str
    label: str
    note: str = ""


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What unfold hands to `templates/admin/index.html`."""
    if business() is None:
        return {
            **context,
            "presets": presets() if is_owner(request.user) else [],
            "is_new": True,
            "title": _("Welcome"),
        }
    now = timezone.now()
    own = own_locations(request.user)
    night = last_night(now)
    return {
        **context,
        "title": _("Overview"),
        "notices": notices(request.user, now, night),
        "night": night if request.user.has_perm("loyalty.view_nightrun") else None,
        "figures": figures(request.user, now, own),
    }


# --- what needs attention ---------------------------------------------------------------------------------------------


def notices(user: Any, now: datetime, night: LastNight) -> list[Notice]:
    """What is grave first; then programs to look at, what is off, what ends soon. Settings for those who see them."""
    page = reverse("admin:loyalty_nightrun_changelist") if user.has_perm("loyalty.view_nightrun") else ""
    found = _night(now, [Notice(text, page, grave=True) for text in night.troubles])
    if user.has_perm("loyalty.view_cashbackprogram"):
        found += [*_missing(), *_found(user), *_switched_off()]
    if user.has_perm("referrals.decide_referral"):
        found += _suspicious()
    if user.has_perm("loyalty.view_lot") and own_locations(user) is None:
        found += _ending(timezone.localdate(now))
    return sorted(found, key=lambda notice: not notice.grave)


def _night(now: datetime, wrong: list[Notice]) -> list[Notice]:
    """The night's work leaves a record each time; silence means that the background processes do not run."""
    last = NightRun.objects.order_by("-started_at").first()
    if last is None:
        woke = watermarks.last_seen("loyalty.catch_up")
        if woke and woke >= now - AWAKE:
            return []  # new here: its first night comes within minutes
        return [
            Notice(
                _("The nightly work has never run: start the worker and beat, or run “manage.py run_daily”."),
                grave=True,
            )
        ]
    if last.started_at < now - SILENT:
        at = timezone.localtime(last.started_at).strftime("%d.%m.%Y %H:%M")
        return [
            Notice(_("The nightly work last ran on %(at)s. Are the worker and beat running?") % {"at": at}, grave=True)
        ]
    return wrong


def _missing() -> list[Notice]:
    found = []
    if not Location.objects.filter(enabled=True).exists():
        link = reverse("admin:clients_location_add")
        found.append(Notice(_("There is no open location: nothing can be sold."), link, grave=True))
    if not Service.objects.filter(enabled=True).exists():
        link = reverse("admin:loyalty_service_add")
        found.append(Notice(_("The price list is empty: nothing can be sold."), link, grave=True))
    if not Staff.objects.filter(is_active=True, groups__name="front_desk").exists():
        link = reverse("admin:clients_staff_add")
        found.append(Notice(_("Nobody has the role “Front desk” yet. Add those who stand at the desk."), link))
    return found


def _found(user: Any) -> list[Notice]:
    """What the linter finds in the programs."""
    return [Notice(one.text, page_of(one.where), grave=one.severity == Severity.GRAVE) for one in findings_for(user)]


def _switched_off() -> list[Notice]:
    """One line for each program that gives nothing."""
    return [
        Notice(
            _("“%(name)s” is switched off.") % {"name": program},
            reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[program.pk]),
        )
        for model in PROGRAMS
        for program in model._default_manager.filter(enabled=False)[:10]
    ]


def _suspicious() -> list[Notice]:
    """Pairs that wait for a person to decide."""
    count = to_decide()
    text = ngettext(
        "%(count)d referral looks suspicious: have a look at it.",
        "%(count)d referrals look suspicious: have a look at them.",
        count,
    )
    link = reverse("admin:referrals_referral_suspicious")
    return [Notice(text % {"count": count}, link)] if count else []


def _ending(today: date) -> list[Notice]:
    """What clients lose soon if they do not come."""
    soon = lots().filter(last_day__gte=today, last_day__lte=today + SOON)
    sums = {
        row["account__unit"]: row
        for row in soon.values("account__unit").annotate(
            left=Sum("remaining", filter=summed()), clients=Count("account", distinct=True)
        )
    }
    found = []
    for unit, text in (
        (BONUS, _("Bonuses of %(left)s end within two weeks, of %(clients)s.")),
        (SESSION, _("Sessions that end within two weeks: %(left)s, of %(clients)s.")),
        (MONEY, _("Gift cards with %(left)s on them end within two weeks.")),
    ):
        if unit in sums:
            left, count = sums[unit]["left"], sums[unit]["clients"]
            clients = ngettext("%(count)d client", "%(count)d clients", count) % {"count": count}
            amount = shown(left) if unit != SESSION else str(int(left)) if left is not None else _("any number")
            found.append(Notice(text % {"left": amount, "clients": clients}))
    return found


# --- figures ----------------------------------------------------------------------------------------------------------


def figures(user: Any, now: datetime, own: Sequence[int] | None) -> list[Figure]:
    """Visits of the locations this person sees; what the whole business owes only for who sees all of it."""
    if not user.has_perm("loyalty.view_visit"):
        return []
    today = timezone.localdate(now)
    visits = Visit.objects.all() if own is None else Visit.objects.filter(location__in=own)
    return [*_sold(visits, today), *([] if own is not None else _owed(today))]


def _sold(visits: QuerySet[Visit], today: date) -> list[Figure]:
    """A check that came back whole counts for nothing; of the others what has come back is taken off."""
    month = visits.filter(at__gte=_start(today.replace(day=1))).exclude(refunds__is_whole=True)
    is_today = Q(at__gte=_start(today))
    sums = month.aggregate(
        today=Count("pk", filter=is_today),
        paid_today=Sum("to_pay", filter=is_today),
        count=Count("pk"),
        paid=Sum("to_pay"),
        earned=Sum("earned_total"),
        bonuses=Sum("bonus_total"),
    )
    back = Refund.objects.filter(visit__in=month).aggregate(
        paid_today=Sum("money", filter=Q(visit__at__gte=_start(today))),
        paid=Sum("money"),
        earned=Sum("bonus_taken_back"),
        bonuses=Sum("bonus_returned"),
    )
    net = {name: (sums[name] or ZERO) - (back[name] or ZERO) for name in back}
    return [
        Figure(str(sums["today"]), _("checks today"), _("%(paid)s paid") % {"paid": shown(net["paid_today"])}),
        Figure(shown(net["paid"]), _("paid this month"), _count(sums["count"])),
        Figure(shown(net["earned"]), _("bonuses earned this month")),
        Figure(shown(net["bonuses"]), _("paid with bonuses this month")),
    ]


def _count(checks: int) -> str:
    return ngettext("%(count)d check", "%(count)d checks", checks) % {"count": checks}


def _owed(today: date) -> list[Figure]:
    """What clients can still use: the liability of the business."""
    live = lots().filter(Q(last_day=None) | Q(last_day__gte=today))
    sums = dict(live.values_list("account__unit").annotate(left=Sum("remaining", filter=summed())))
    return [
        Figure(shown(sums.get(BONUS) or ZERO), _("bonuses that clients hold")),
        Figure(shown(sums.get(MONEY) or ZERO), _("on gift cards")),
        Figure(str(int(sums.get(SESSION) or 0)), _("sessions not used yet")),
    ]


def lots() -> QuerySet[Lot]:
    return Lot.objects.filter(remaining__gt=0)


def _start(day: date) -> datetime:
    """Midnight of the day where the business is (the admin's middleware has set the zone)."""
    return timezone.make_aware(datetime.combine(day, time.min))
