"""What the explanation of a check says of discounts: why each acted, with its figures, or why not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

TAKEN: Mapping[str, Any] = {
    "discount.percent": _("%(name)s: %(percent)s of %(base)s, %(amount)s off."),
    "discount.rounded": _("%(name)s: %(percent)s of %(base)s is %(exact)s; rounded on each line, %(amount)s off."),
    "discount.capped": _(
        "%(name)s: %(percent)s of %(base)s would be %(would_be)s; at most %(most)s comes off a check."
    ),
    "discount.amount": _("%(name)s: %(amount)s off."),
    "discount.amount_limited": _("%(name)s: %(amount)s off, of %(would_be)s; no more is left of what it is for."),
    "discount.amount_capped": _("%(name)s: %(amount)s off, of %(would_be)s; at most %(most)s comes off a check."),
    "discount.by_hand_percent": _("By hand, %(percent)s of %(base)s: %(amount)s off. Reason: %(reason)s"),
    "discount.by_hand_amount": _("By hand: %(amount)s off. Reason: %(reason)s"),
    "discount.bars_earning": _("Lines that %(name)s makes cheaper earn nothing."),
    # Of checks that were settled before there was more to say.
    "discount.taken": _("%(name)s: %(percent)s off, %(amount)s less."),
}

NOT_TAKEN: Mapping[str, Any] = {
    "discount.outbid": _("%(name)s is not used: another discount makes this check cheaper."),
    "discount.crowded": _("%(name)s is left out: without it the other discounts make this check cheaper."),
    "discount.nothing_left": _("%(name)s has nothing left to make cheaper."),
    "discount.elsewhere": _("%(name)s is not given at this location (%(place)s)."),
    "discount.other_hours": _("%(name)s is for other days or hours."),
    "discount.nobody": _("%(name)s is for clients: say who it is."),
    "discount.another_client": _("%(name)s is for another client."),
    "discount.other_card": _("%(name)s is for holders of another kind of card."),
    "discount.other_tier": _("%(name)s is for clients on the tier “%(tier)s”."),
    "discount.outside": _("%(name)s is for “%(segment)s”; this client does not belong there."),
    "discount.not_listed": _("%(name)s is for the list “%(segment)s”; this client is not on it."),
    "discount.segment_off": _("%(name)s is for a segment that is switched off."),
    "discount.no_step": _("%(name)s begins when %(missing)s more has been spent."),
    "discount.nothing_fits": _("%(name)s: nothing on this check is among what it is for."),
    "discount.check_too_small": _("%(name)s is for checks from %(min_check)s: %(missing)s more is needed."),
    "discount.not_again": _("%(name)s: none of it was taken in the last %(days)s days."),
    "discount.not_complete": _("%(name)s: the set is not complete."),
    "discount.too_few": _("%(name)s is for %(buy)s or more; missing: %(missing_units)s."),
}

HINTS: Mapping[str, Any] = {
    "hint.more": _("%(missing)s more and “%(name)s” applies."),
    "hint.spend_more": _("When %(missing)s more has been spent, “%(name)s” applies."),
    "hint.more_bonuses": _("With %(missing)s bonuses more “%(name)s” applies."),
    "hint.one_visit": _("One more visit and “%(name)s” applies."),
    "hint.complete": _("Together with %(part)s “%(name)s” applies."),
    "hint.one_more": _("One more and “%(name)s” applies."),
}

REFUNDED: Mapping[str, Any] = {"promo.released": _("The use of the promo code %(name)s is given back.")}

ALL: Mapping[str, Any] = {**TAKEN, **NOT_TAKEN, **HINTS, **REFUNDED}
