"""What a bonus program is limited to, in words: for whom, where, how much in all, with which letter. Pure."""

from __future__ import annotations

from django.utils.translation import gettext as _

from loyalty.admin.sentences import amount, quoted
from loyalty.admin.words import Words
from loyalty.models import BonusProgram
from loyalty.money import Currency

Trigger = BonusProgram.Trigger
HERE = (Trigger.FIRST_CHECK, Trigger.NTH_VISIT, Trigger.CAMPAIGN, Trigger.SPENT, Trigger.ACTION)
"""Where the client is; on joining, and by night, it is where they registered."""


def limits(program: BonusProgram, words: Words, currency: Currency, letter: str = "") -> list[str]:
    """ "Only clients of the segment “VIP” get it.", "It gives at most 5,000.00 in all.", ..."""
    said = []
    if program.segment_id:
        name = words.segments.get(program.segment_id, str(program.segment_id))
        said.append(_("Only clients of the segment %(segment)s get it.") % {"segment": quoted(name)})
    if program.locations and program.trigger in HERE:
        said.append(_("Only at %(places)s.") % {"places": words.at(program.locations)})
    elif program.locations:
        said.append(_("Only for clients who registered at %(places)s.") % {"places": words.at(program.locations)})
    if program.budget is not None:
        said.append(
            _("It gives at most %(budget)s in all, then it stops.") % {"budget": amount(program.budget, currency)}
        )
    if letter:
        said.append(_("Whoever gets it is written the letter %(letter)s.") % {"letter": quoted(letter)})
    return said
