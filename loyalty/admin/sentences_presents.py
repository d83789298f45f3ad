"""What stamps, gifts and prizes do, in words, with an example in figures. Pure: values in, sentences out."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.admin.sentences import amount, bonus_terms, dates, days, months, quoted, switched_off, typical_check
from loyalty.admin.words import Words
from loyalty.models import GiftProgram, Prize, StampProgram
from loyalty.money import Currency


def stamps(program: StampProgram, words: Words, currency: Currency) -> list[str]:
    """ "Each “Session” that is paid for gives a stamp. 10 stamps give a free one at the next check." """
    return [
        *switched_off(program),
        _collecting(program, words, currency),
        _turning(program, words),
        *_lives(program),
        *_whom(program, words),
        *dates(program),
        *_example(program, currency),
    ]


def _collecting(program: StampProgram, words: Words, currency: Currency) -> str:
    what = words.all_called(program.services) if program.services else ""
    if program.kind == StampProgram.Kind.MILES:
        facts = {"sum": amount(program.per_amount or 0, currency), "what": what}
        if what:
            text = _("Each %(sum)s that a client pays for %(what)s gives a mile.") % facts
        else:
            text = _("Each %(sum)s that a client pays gives a mile.") % facts
    elif what:
        text = _("Each unit of %(what)s that is paid for gives a stamp.") % {"what": what}
    else:
        text = _("Each service that is paid for gives a stamp.")
    if not program.exclude:
        return text
    return f"{text} " + _("Not for %(what)s.") % {"what": words.all_called(program.exclude)}


def _turning(program: StampProgram, words: Words) -> str:
    facts = {"needed": program.needed, "what": words.all_called(program.free) if program.free else ""}
    if program.free:
        text = ngettext(
            "%(needed)d of them gives one unit of %(what)s for free, at the next check.",
            "%(needed)d of them give one unit of %(what)s for free, at the next check.",
            program.needed,
        )
    else:
        text = ngettext(
            "%(needed)d of them gives a free one, at the next check.",
            "%(needed)d of them give a free one, at the next check.",
            program.needed,
        )
    return text % facts


def _lives(program: StampProgram) -> list[str]:
    said = []
    if program.stamp_days:
        said.append(_("What is collected lives %(time)s.") % {"time": days(program.stamp_days)})
    if program.free_days:
        said.append(_("The free one can be used for %(time)s.") % {"time": days(program.free_days)})
    return said


def _whom(program: StampProgram | GiftProgram, words: Words) -> list[str]:
    said = []
    if program.segment_id:
        name = words.segments.get(program.segment_id, str(program.segment_id))
        said.append(_("Only clients of the segment %(segment)s get it.") % {"segment": quoted(name)})
    if program.locations:
        said.append(_("Only at %(places)s.") % {"places": words.at(program.locations)})
    return said


def _example(program: StampProgram, currency: Currency) -> list[str]:
    if program.kind != StampProgram.Kind.MILES or not program.per_amount:
        return []
    check = typical_check(currency)
    facts = {"check": amount(check, currency), "miles": check // program.per_amount, "needed": program.needed}
    return [_("Example: a check of %(check)s gives %(miles)s of the %(needed)s.") % facts]


# --- gifts -----------------------------------------------------------------------------------------------------------


def gift(program: GiftProgram, words: Words, currency: Currency, card: str = "") -> list[str]:
    """`card`: the name of the gift card type."""
    return [
        *switched_off(program),
        _given(program, currency, card),
        *_how_often(program),
        *_whom(program, words),
        *_terms(program, currency),
        *dates(program),
        *([] if program.service_id is None else [_("The free one comes for the next check.")]),
        _("A refund of the whole check takes back what is not used yet."),
    ]


def _given(program: GiftProgram, currency: Currency, card: str) -> str:
    if program.service is not None:
        what = _("one unit of %(service)s for free") % {"service": quoted(program.service.name)}
    elif program.good:
        facts = {"amount": amount(program.amount or 0, currency), "card": quoted(card or program.good)}
        what = _("a gift card %(card)s with %(amount)s on it") % facts
    else:
        what = _("%(amount)s bonuses") % {"amount": amount(program.amount or 0, currency)}
    facts = {"what": what, "sum": amount(program.from_sum or 0, currency)}
    if program.when == GiftProgram.When.TOTAL:
        return _("A client who has spent %(sum)s in all gets %(what)s.") % facts
    return _("A client who pays %(sum)s or more for the services of a check gets %(what)s.") % facts


def _how_often(program: GiftProgram) -> list[str]:
    if program.when == GiftProgram.When.TOTAL or program.once:
        return [_("Once a client.")]
    return [_("With every such check.")]


def _terms(program: GiftProgram, currency: Currency) -> list[str]:
    if program.good:
        return []
    if program.service_id is None:
        return bonus_terms(program, currency)
    if program.lifetime_days:
        return [_("It can be used for %(time)s.") % {"time": days(program.lifetime_days)}]
    if program.lifetime_months:
        return [_("It can be used for %(time)s.") % {"time": months(program.lifetime_months)}]
    return [_("It never ends.")]


# --- prizes ----------------------------------------------------------------------------------------------------------


def prize(row: Prize, words: Words, currency: Currency) -> Sequence[str]:
    """ "For 50.00 bonuses a client gets “Bottle”. It waits at the desk for 30 days." """
    facts = {"name": quoted(row.name), "price": amount(row.price or 0, currency)}
    said = [] if row.enabled else [_("Switched off: nobody can take it until it is switched on.")]
    if row.service is not None:
        service = quoted(row.service.name)
        said.append(
            _("For %(price)s bonuses a client gets one unit of %(service)s for free.") % {**facts, "service": service}
        )
    else:
        said.append(_("For %(price)s bonuses a client gets %(name)s. It is handed over at the desk.") % facts)
    if row.free_days:
        text = _("It can be used for %(time)s.") if row.service is not None else _("It is kept for %(time)s.")
        said.append(text % {"time": days(row.free_days)})
    if row.per_client:
        said.append(_("At most %(count)s a client.") % {"count": row.per_client})
    if row.segment_id:
        name = words.segments.get(row.segment_id, str(row.segment_id))
        said.append(_("Only clients of the segment %(segment)s get it.") % {"segment": quoted(name)})
    said.append(
        _("Clients take it on their page, or at the desk.") if row.by_client else _("It is taken at the desk only.")
    )
    return said
