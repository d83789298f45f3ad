"""The four roles and exactly what each may do (`domain.md` section 11). Migration `0001_roles` makes them groups.

- Owner: everything, except writing history by hand: visits, refunds and the ledger are written by the till only,
  and nothing is deleted.
- Manager: clients, refunds, adjustments up to a limit, the figures of their locations. A manager also stands in
  at the desk and blocks a lost gift card: the owner of a gym would expect that.
- Front desk: finds and registers clients, records visits, sells, sees balances. No settings, no adjustments, no
  exports, and no admin: they sign in at the desk. Refunds only as young as the house rules say (none by default).
- Auditor: looks at everything, changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions

# What the owner configures in forms.
SETTINGS = (
    "clients.business",
    "clients.location",
    "clients.staff",
    "loyalty.houserules",
    "loyalty.service",
    "loyalty.cashbackprogram",
    "loyalty.cashbacktier",
    "loyalty.cashbackmultiplier",
    "loyalty.segment",
    "loyalty.segmentmember",
    "loyalty.rfmscale",
    "loyalty.stampprogram",
    "loyalty.giftprogram",
    "loyalty.prize",
    "loyalty.mailing",
    "loyalty.chain",
    "loyalty.chainstep",
    "loyalty.closure",
    "clients.lettertemplate",
    "clients.letterrules",
    "clients.gateway",
    "loyalty.discount",
    "loyalty.discountstep",
    "loyalty.promocode",
    "loyalty.codebatch",
    "loyalty.bonusprogram",
    "loyalty.trialprogram",
    "loyalty.trialservice",
    "loyalty.apikey",
    "loyalty.webhook",
    "referrals.referralprogram",
    "referrals.milestone",
    "referrals.partner",
    "giftcards.giftcardtype",
    "giftcards.denomination",
    "memberships.plan",
    "memberships.planservice",
    "django_celery_beat.periodictask",
)
PEOPLE = ("clients.client", "clients.card", "clients.consent", "clients.clienttag", "clients.personaldate")
# What only the till and the night write.
HISTORY = (
    "loyalty.visit",
    "loyalty.visitline",
    "loyalty.payment",
    "loyalty.refund",
    "loyalty.refundline",
    "loyalty.refundpayment",
    "loyalty.account",
    "loyalty.lot",
    "loyalty.entry",
    "loyalty.standing",
    "loyalty.tierstanding",
    "loyalty.tierchange",
    "loyalty.budget",
    "loyalty.freeservice",
    "loyalty.prizestock",
    "loyalty.prizeclaim",
    "loyalty.chainrun",
    "loyalty.chainevent",
    "loyalty.extension",
    "clients.message",
    "clients.silence",
    "loyalty.issuedcode",
    "loyalty.promouse",
    "giftcards.giftcard",
    "giftcards.giftcardbatch",
    "giftcards.giftcarddelivery",
    "memberships.membership",
    "memberships.membershipperson",
    "memberships.freeze",
    "memberships.change",
    "memberships.renewal",
    "referrals.referral",
    "referrals.reward",
    "referrals.partnerclient",
    "referrals.code",
)
RECORDS = (
    "auditlog.logentry",
    "loyalty.nightrun",
    "loyalty.event",
    "loyalty.delivery",
    "referrals.partnerstatement",
)

AT_THE_DESK = (
    "loyalty.record_visit",
    "loyalty.refund_recent_visit",
    "loyalty.hand_over_prize",
    "memberships.freeze_membership",
    "memberships.count_no_show",
)
MANAGING = (
    "loyalty.refund_visit",
    "loyalty.override_price",
    "loyalty.discount_by_hand",
    "loyalty.adjust_balance",
    "loyalty.set_tier",
    "giftcards.block_giftcard",
    "giftcards.replace_giftcard",
    "memberships.extend_membership",
    "memberships.transfer_membership",
    "referrals.decide_referral",
)

OWNING = ("loyalty.send_mailing", "loyalty.undo_closure", "giftcards.export_codes", "referrals.pay_partner")

OWNER, MANAGER, FRONT_DESK, AUDITOR = "owner", "manager", "front_desk", "auditor"


def rights(models: Iterable[str], verbs: Sequence[str]) -> set[str]:
    """ "clients.client" and "view" → "clients.view_client"."""
    return {f"{app}.{verb}_{name}" for app, name in (model.split(".") for model in models) for verb in verbs}


ROLES: dict[str, set[str]] = {
    OWNER: rights(SETTINGS + PEOPLE, ("view", "add", "change"))
    | rights(HISTORY + RECORDS, ("view",))
    | {*AT_THE_DESK, *MANAGING, *OWNING},
    MANAGER: rights(PEOPLE, ("view", "add", "change")) | rights(HISTORY, ("view",)) | {*AT_THE_DESK, *MANAGING},
    FRONT_DESK: rights(["clients.client", "clients.card"], ("view", "add", "change"))
    | rights(
        [
            "loyalty.account",
            "loyalty.lot",
            "loyalty.entry",
            "loyalty.visit",
            "giftcards.giftcard",
            "giftcards.giftcarddelivery",
            "memberships.membership",
            "memberships.membershipperson",
            "memberships.freeze",
            "memberships.change",
            "memberships.renewal",
            "loyalty.freeservice",
            "loyalty.prizeclaim",
            "clients.personaldate",
        ],
        ("view",),
    )
    | {*AT_THE_DESK},
    AUDITOR: rights(SETTINGS + PEOPLE + HISTORY + RECORDS, ("view",)),
}

ROOMS = ("clients", "loyalty", "referrals", "giftcards", "memberships", "django_celery_beat", "auditlog")


def set_roles(apps: Any, schema_editor: Any) -> None:
    """For migrations: the roles with their rights. A right that comes later is given by the migration that brings it.

    Django makes rights after all migrations have run; here they are needed before.
    """
    known = _known_rights(apps, schema_editor)
    for name, wanted in ROLES.items():
        group, _made = (
            apps.get_model("auth", "Group").objects.using(schema_editor.connection.alias).get_or_create(name=name)
        )
        group.permissions.set([known[right] for right in sorted(wanted) if right in known])


def giving(*brought: str) -> Callable[[Any, Any], None]:
    """For later migrations: give each role its rights on these models, or these rights; what it has stays."""

    def give(apps: Any, schema_editor: Any) -> None:
        known = _known_rights(apps, schema_editor)
        new = rights((one for one in brought if "_" not in one), ("view", "add", "change")) | set(brought)
        groups = apps.get_model("auth", "Group").objects.using(schema_editor.connection.alias)
        for group in groups.filter(name__in=ROLES):
            group.permissions.add(*(known[right] for right in sorted(ROLES[group.name] & new)))

    return give


def _known_rights(apps: Any, schema_editor: Any) -> dict[str, Any]:
    alias = schema_editor.connection.alias
    for room in ROOMS:
        create_permissions(installed.get_app_config(room), apps=apps, verbosity=0, using=alias)
    rows = apps.get_model("auth", "Permission").objects.using(alias).select_related("content_type")
    return {f"{right.content_type.app_label}.{right.codename}": right for right in rows}


def remove_roles(apps: Any, schema_editor: Any) -> None:
    """For migrations, backwards: no roles; staff keep their accounts."""
    groups = apps.get_model("auth", "Group").objects.using(schema_editor.connection.alias)
    groups.filter(name__in=ROLES).delete()
