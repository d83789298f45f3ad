"""Why each figure of a refund is what it is: notes as data, kept with the refund, and their texts.

The form is that of a visit's trace (`loyalty.explanations`). A fact may be a tuple of notes: parts of the sentence,
each with a text of its own. The mechanics add their notes to the reversal; what no mechanic does is noted here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from loyalty.checkout.record import note_as_data
from loyalty.explanations import Chapter, Explained, Reason, Why, explain
from loyalty.mechanics import BackLine, Reversal
from loyalty.models import Refund
from loyalty.models.checks import Method
from loyalty.money import Currency, Money, total
from loyalty.pricing import Note

OTHERS = "referrer"
"""The stage of what somebody else gives back: staff read it, the client does not."""

TEXTS: Mapping[str, Any] = {
    "refund.line": _("%(units)s x %(name)s, %(amount)s at list price: %(parts)s."),
    "refund.line_free": _("%(units)s x %(name)s: it cost nothing."),
    "refund.part.membership": _("%(amount)s covered by a membership"),
    "refund.part.discount": _("%(amount)s discount"),
    "refund.part.bonus": _("%(amount)s in bonuses"),
    "refund.part.gift_card": _("%(amount)s by gift card"),
    "refund.part.to_pay": _("%(amount)s in money"),
    "refund.part.kept": _("%(amount)s is kept"),
    "refund.money": _("Money back, %(method)s: %(amount)s, the way it was paid."),
    "refund.money_share": _(
        "Money back, %(method)s: %(amount)s, in proportion: of the %(whole)s not given back yet, %(out)s had been paid"
        " this way."
    ),
    "refund.no_money": _("No money goes back: none was paid for it."),
    "refund.method.cash": Method.CASH.label,
    "refund.method.card": Method.CARD.label,
    "refund.method.transfer": Method.TRANSFER.label,
    "refund.bonus_spread": _(
        "The %(amount)s of bonuses return to where they were taken from, in proportion to the %(out)s not returned yet."
    ),
    "refund.bonus": _("“%(name)s”: %(amount)s of bonuses that had paid return. They can be used %(until)s."),
    "refund.bonus_settles": _(
        "“%(name)s”: %(amount)s of them are taken at once: an earlier refund let it go, as it was spent then."
    ),
    "refund.until": _("until %(last_day)s, as before"),
    "refund.until_longer": _(
        "until %(last_day)s instead of %(ended)s: what returns can be used for at least so many days: %(days)s"
    ),
    "refund.for_ever": _("for ever"),
    "refund.nameless": _("Bonuses"),
    "refund.earned": _(
        "“%(name)s” gave %(granted)s for this check. Of the %(base)s that counted, %(back)s has come back so far,"
        " so now %(due)s is due: %(parts)s."
    ),
    "refund.earned_rest": _(
        "“%(name)s” gave %(granted)s for this check. Nothing of the check is left, so now %(due)s is due: %(parts)s."
    ),
    "refund.referrer": _(
        "Whoever brought this client got %(granted)s for this check. Of the %(base)s that counted, %(back)s has come"
        " back so far, so now %(due)s is due: %(parts)s."
    ),
    "refund.referrer_rest": _(
        "Whoever brought this client got %(granted)s for this check. Nothing of the check is left, so %(due)s is due:"
        " %(parts)s."
    ),
    "refund.from_own": _("%(amount)s from these bonuses"),
    "refund.from_pending": _("%(amount)s from “%(name)s”, which cannot be used yet"),
    "refund.from_soonest": _("%(amount)s from “%(name)s”, the soonest to end"),
    "refund.becomes_debt": _("%(amount)s had been spent: the next bonuses repay it"),
    "refund.let_go": _("%(amount)s had been spent and is let go"),
    "refund.ended": _("%(amount)s had ended unused: nobody owes it"),
    "refund.spent": _("Total spent goes down by %(amount)s; the tier is looked at again at night."),
    "refund.whole": _("Nothing of the check is left: it no longer counts as a visit."),
}


def explain_refund(refund: Refund, currency: Currency) -> tuple[Explained, ...]:
    """Every figure of a refund and its reason, in the language that is active; nothing of refunds that kept none."""
    return tuple(explain(refund.facts.get("trace", ()), currency, TEXTS))


def why_refunded(trace: Sequence[Explained], *, for_client: bool = False) -> Why:
    """The explanation of a refund as it is read, a chapter for each kind of figure."""
    titles = _titles()
    titles |= {note.stage: gettext("Other") for note in trace if note.stage not in titles}
    chapters = (
        Chapter(title, tuple(Reason(note.text, None) for note in trace if note.stage == stage))
        for stage, title in titles.items()
        if not (for_client and stage == OTHERS)
    )
    return Why(tuple(chapter for chapter in chapters if chapter.reasons), ())


def _titles() -> dict[str, str]:
    """The stages of a refund, as people call them."""
    return {
        "line": gettext("What comes back"),
        "money": gettext("Money"),
        "membership": gettext("Membership"),
        "free": gettext("Free services"),
        "bonus": gettext("Bonuses"),
        "gift_card": gettext("Gift cards"),
        "earning": gettext("Earned on the check"),
        "stamps": gettext("Stamps"),
        "gift": gettext("Gifts"),
        OTHERS: gettext("Whoever brought the client"),
        "standing": gettext("Total spent and visits"),
    }


def trace_as_data(notes: Iterable[Note]) -> list[dict[str, Any]]:
    """Notes as JSON, with their parts."""
    return [note_as_data(replace(note, facts=dict(_facts(note)))) for note in notes]


def _facts(note: Note) -> Iterable[tuple[str, Any]]:
    for key, value in note.facts.items():
        yield key, {"parts": trace_as_data(value)} if isinstance(value, tuple) else value


def note_lines(reversal: Reversal) -> None:
    """Each line that comes back, and what its price had been made of."""
    for back in reversal.lines:
        facts = {"units": back.quantity, "name": back.line.name, "parts": tuple(_parts(back))}
        code = "refund.line" if back.list else "refund.line_free"
        reversal.note("line", back.line.code, code, back.list, **facts)


def _parts(back: BackLine) -> Iterable[Note]:
    shares = {name: getattr(back, name) for name in ("membership", "discount", "bonus", "gift_card", "to_pay")}
    # Of a sold membership only part of its price may come back.
    shares["kept"] = back.list - total(shares.values())
    return (Note("line", back.line.code, f"refund.part.{name}", part) for name, part in shares.items() if part)


def note_money(reversal: Reversal, paid: Mapping[str, Money], back: Sequence[tuple[str, Money]]) -> None:
    """Each method that money goes back by. `paid`: what of each had not come back before this refund."""
    if not back:
        reversal.note("money", "", "refund.no_money")
    whole = total(paid.values())
    out = {method: amount for method, amount in paid.items() if amount}
    for method, amount in back:
        name = (Note("money", method, f"refund.method.{method}"),)
        code = "refund.money_share" if len(out) > 1 and amount < out[method] else "refund.money"
        reversal.note("money", method, code, amount, method=name, out=out[method], whole=whole)


def note_standing(reversal: Reversal) -> None:
    """What the client's total spent and visits lose."""
    if reversal.visit.client_id is None:
        return
    spent = total(back.spent for back in reversal.lines)
    if spent:
        reversal.note("standing", "", "refund.spent", spent)
    if reversal.is_whole and reversal.visit.is_visit:
        reversal.note("standing", "", "refund.whole")
