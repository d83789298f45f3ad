"""The side menu of the admin: how the owner thinks of the house. An entry shows to those who may see its page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clients.models import Staff
from loyalty.admin.currency import business
from loyalty.templatetags.accent import accent

# How much of the accent is in each step; the rest is white (below 600) or black (above).
STEPS = {50: 6, 100: 12, 200: 24, 300: 42, 600: 100, 700: 84, 800: 68, 900: 52, 950: 36}
GREY = {50: "#f8f8f7", 100: "#f1f1ef", 200: "#e4e4e1", 300: "#d0d0cc", 400: "#9b9b95", 500: "#6d6d67", 600: "#52524d"}
INK = {700: "#3c3c38", 800: "#292926", 900: "#1b1b19", 950: "#111110"}
DEFAULT_ACCENT = "#1f6f5c"

GROUPS: list[tuple[Any, list[tuple[Any, str]]]] = [
    (
        _("Loyalty"),
        [
            (_("Referral program"), "referrals.referralprogram"),
            (_("Partners"), "referrals.partner"),
            (_("Statements of partners"), "referrals.partnerstatement"),
            (_("Cashback"), "loyalty.cashbackprogram"),
            (_("Discounts"), "loyalty.discount"),
            (_("Promo codes"), "loyalty.promocode"),
            (_("Bonus programs"), "loyalty.bonusprogram"),
            (_("Stamps and miles"), "loyalty.stampprogram"),
            (_("Gifts"), "loyalty.giftprogram"),
            (_("Prizes"), "loyalty.prize"),
            (_("Trial session"), "loyalty.trialprogram"),
            (_("Gift cards"), "giftcards.giftcardtype"),
            (_("Memberships"), "memberships.plan"),
            (_("Segments"), "loyalty.segment"),
            (_("Classes of clients"), "loyalty.rfmscale"),
        ],
    ),
    (
        _("Letters"),
        [
            (_("Letter templates"), "clients.lettertemplate"),
            (_("Mailings"), "loyalty.mailing"),
            (_("Chains"), "loyalty.chain"),
            (_("Letters sent"), "clients.message"),
            (_("Rules of letters"), "clients.letterrules"),
            (_("Gateways"), "clients.gateway"),
        ],
    ),
    (
        _("Clients and till"),
        [
            (_("Clients"), "clients.client"),
            (_("Visits"), "loyalty.visit"),
            (_("Who brought whom"), "referrals.referral"),
            (_("Sold gift cards"), "giftcards.giftcard"),
            (_("Batches of gift cards"), "giftcards.giftcardbatch"),
            (_("Gift cards on their way"), "giftcards.giftcarddelivery"),
            (_("Sold memberships"), "memberships.membership"),
            (_("Periods of subscriptions"), "memberships.renewal"),
            (_("Taken prizes"), "loyalty.prizeclaim"),
            (_("Ledger"), "loyalty.entry"),
            (_("Price list"), "loyalty.service"),
            (_("Locations"), "clients.location"),
            (_("Closures"), "loyalty.closure"),
            (_("Staff"), "clients.staff"),
        ],
    ),
    (
        _("Installation"),
        [
            (_("Business"), "clients.business"),
            (_("Schedule"), "django_celery_beat.periodictask"),
            (_("Nights"), "loyalty.nightrun"),
            (_("API keys"), "loyalty.apikey"),
            (_("Webhooks"), "loyalty.webhook"),
            (_("Events sent"), "loyalty.delivery"),
            (_("Changes"), "auditlog.logentry"),
        ],
    ),
]


def side_menu(request: HttpRequest) -> list[dict[str, Any]]:
    """What unfold draws: the first page and the desk, then the groups."""
    top = [
        {"title": gettext("Overview"), "link": reverse("admin:index")},
        {"title": gettext("Desk"), "link": "/desk/", "active": _never, "permission": _may("loyalty.record_visit")},
    ]
    groups = [
        {"title": title, "separator": True, "items": [_entry(name, label) for name, label in entries]}
        for title, entries in GROUPS
    ]
    return [{"items": top}, *groups]


def _entry(name: Any, label: str) -> dict[str, Any]:
    app, model = label.split(".")
    link = reverse(f"admin:{app}_{model}_changelist")
    return {"title": name, "link": link, "permission": _may(f"{app}.view_{model}")}


def _may(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: isinstance(request.user, Staff) and request.user.has_perm(permission)


def _never(_request: HttpRequest) -> bool:
    return False


def title(_request: HttpRequest) -> str:
    """The name of the business; before there is one, ours."""
    one = business()
    return one.name if one else "Regulars"


def stylesheet(_request: HttpRequest) -> str:
    return static("regulars/admin.css")


def icon(_request: HttpRequest) -> str:
    return static("regulars/icon.svg")


def script(_request: HttpRequest) -> str:
    return static("regulars/admin.js")


def _mix(colour: str, step: int, part: int) -> str:
    return f"color-mix(in oklab, {colour} {part}%, {'white' if step < 600 else 'black'})"


def colors(_request: HttpRequest) -> dict[str, dict[str, str]]:
    """unfold's palette from the owner's accent colour, as far darkened or lightened as it must be to be read."""
    one = business()
    shades = accent(one.accent if one else DEFAULT_ACCENT)
    mixed = {str(step): _mix(shades.on_light, step, part) for step, part in STEPS.items()}
    mixed |= dict.fromkeys(("400", "500"), shades.on_dark)  # unfold writes with them on dark pages
    grey = {str(step): colour for step, colour in (GREY | INK).items()}
    font = {
        "subtle-light": "var(--color-base-500)",
        "subtle-dark": "var(--color-base-400)",
        "default-light": "var(--color-base-700)",
        "default-dark": "var(--color-base-300)",
        "important-light": "var(--color-base-900)",
        "important-dark": "var(--color-base-100)",
    }
    return {"primary": mixed, "base": grey, "font": font}
