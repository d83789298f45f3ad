"""What a check and its refund say of rewards: the sentence of each note."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

EXPLANATIONS: Mapping[str, Any] = {
    "referral.referrer_share": _("Whoever brought this client gets %(amount)s bonuses: %(percent)s of %(base)s."),
    "referral.referrer_amount": _("Whoever brought this client gets %(amount)s bonuses for the first paid visit."),
    "referral.referrer_discount": _(
        "Whoever brought this client gets %(percent)s off the next check, for the first paid visit."
    ),
    "referral.referrer_gift_card": _(
        "Whoever brought this client gets a gift card of %(worth)s for the first paid visit."
    ),
    "referral.referrer_membership": _(
        "Whoever brought this client gets the membership “%(good)s” for the first paid visit."
    ),
    "referral.month_full": _(
        "Whoever brought this client gets %(amount)s bonuses instead of %(would_be)s: at most %(limit)s a month."
    ),
    "referral.friend_full": _(
        "Whoever brought this client gets %(amount)s bonuses instead of %(would_be)s: at most %(limit)s for one friend."
    ),
    "referral.friend_amount": _("The first paid visit of a client whom a friend brought: %(amount)s bonuses."),
    "referral.friend_gift_card": _("The first paid visit of a client whom a friend brought: a gift card of %(worth)s."),
    "referral.friend_membership": _(
        "The first paid visit of a client whom a friend brought: the membership “%(good)s”."
    ),
    "referral.milestone_bonus": _(
        "With this client, whoever brought them has brought so many friends: %(friends)s. For that they get %(amount)s"
        " bonuses."
    ),
    "referral.milestone_discount": _(
        "With this client, whoever brought them has brought so many friends: %(friends)s. For that they get %(percent)s"
        " off the next check."
    ),
    "referral.milestone_gift_card": _(
        "With this client, whoever brought them has brought so many friends: %(friends)s. For that they get a gift card"
        " of %(worth)s."
    ),
    "referral.milestone_membership": _(
        "With this client, whoever brought them has brought so many friends: %(friends)s. For that they get the"
        " membership “%(good)s”."
    ),
    "referral.waits": _("It comes on %(day)s, when the time for refunds is over."),
    "referral.held": _("What whoever brought this client gets is set aside: somebody is to look at this pair first."),
    "referral.held_bonuses": _(
        "%(worth)s bonuses for whoever brought this client are set aside: somebody is to look at this pair first."
    ),
    "referral.held_own": _("%(worth)s bonuses for the first paid visit are set aside: somebody is to look first."),
    "referral.held_own_thing": _(
        "What the client gets for having come by a friend is set aside: somebody is to look first."
    ),
    "referral.cancelled": _(
        "Somebody has looked at this client and whoever brought them, and said that nobody gets anything for it."
    ),
    "referral.only_first": _("Whoever brought this client is rewarded for the first visit only."),
    "referral.too_late": _("Whoever brought this client was rewarded until %(last_day)s."),
    "referral.nothing_paid": _(
        "Nothing on this check was paid with money, so whoever brought this client gets nothing for it."
    ),
    "referral.earning_off": _(
        "Staff have said that this check earns nothing, so whoever brought this client gets nothing for it."
    ),
    "referral.program_off": _("The referral program is not running, so whoever brought this client gets nothing."),
    "referral.called_off": _(
        "For this check something was to come for bringing a friend. All that was paid has come back, so it is called"
        " off."
    ),
    "referral.discount_gone": _(
        "For this check somebody had %(percent)s off a next check. All that was paid has come back, so it is gone."
    ),
    "referral.discount_ready_again": _(
        "The discount of %(percent)s for bringing a friend was used on this check. It is ready for another one."
    ),
    "referral.milestone_lost": _(
        "With this client, whoever brought them had brought so many friends: %(friends)s. Now there are fewer, so what"
        " they got for that goes, as far as it was not used."
    ),
    "referral.milestone_back": _(
        "“%(name)s” gave %(granted)s for so many friends: %(friends)s. Now there are fewer, so %(due)s is due:"
        " %(parts)s."
    ),
}
KINDS = ("bonus", "discount", "gift_card", "membership")
FOR_OTHERS = frozenset(
    {"referral.referrer_share", "referral.referrer_amount", "referral.month_full", "referral.friend_full"}
    | {f"referral.milestone_{kind}" for kind in KINDS}
)
"""Notes whose amount is not the client's."""
IN_KIND = frozenset(f"referral.{whose}_{kind}" for whose in ("referrer", "friend", "milestone") for kind in KINDS[1:])
"""Notes of something that is no amount."""
