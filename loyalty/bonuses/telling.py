"""What is told of a bonus program: a letter to whoever got something, a promise on the welcome page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from loyalty import budgets, letters
from loyalty.bonuses.program import Occasion, Trigger
from loyalty.explanations import show_day, show_percent
from loyalty.house import House
from loyalty.ledger import Grant
from loyalty.letters import Notice
from loyalty.models import BonusProgram
from loyalty.periods import is_running


@dataclass(frozen=True, slots=True)
class Given:
    """Something that a program gives a client now."""

    occasion: Occasion
    client: int
    grant: Grant


def tell(given: Iterable[Given], *, house: House, now: datetime) -> None:
    """Write the letters of the programs that have one. Inside the transaction of what is given, and only if it is new.

    No query where no program has a letter.
    """
    notices = [_notice(one, one.occasion.letter) for one in given if one.occasion.letter is not None]
    if notices:
        letters.write(notices, house=house, now=now)


def _notice(given: Given, template: int) -> Notice:
    grant, occasion = given.grant, given.occasion
    return Notice(
        operation=f"letter:{grant.operation}",
        client=given.client,
        template=template,
        occasion=f"program:{occasion.code}",
        amount=grant.amount,
        last_day=grant.last_day,
        program=occasion.name,
    )


def promises(house: House, occasions: Sequence[Occasion], today: date) -> Sequence[str]:
    """What programs give everybody, in sentences. One query for birthdays, one more if a program has a budget."""
    running = [one for one in occasions if is_running(one, today) and not one.segment and not one.places]
    left = budgets.left_of([one.code for one in running if one.budget is not None])
    said = [_promise(one, house) for one in running if one.code not in left or left[one.code] >= (one.amount or 1)]
    rows = BonusProgram.objects.filter(enabled=True, trigger=Trigger.BIRTHDAY, segment=None)
    amounts = [_number(row.amount or 0, house) for row in rows if is_running(row, today) and not row.locations]
    said += [_("%(amount)s bonuses for your birthday.") % {"amount": amount} for amount in amounts]
    return [text for text in said if text]


def _promise(occasion: Occasion, house: House) -> str:
    """What the program gives, in a sentence; "" for what is not told beforehand (the Nth visit but the first)."""
    facts = {"amount": _number(occasion.amount or 0, house), "name": occasion.name}
    if occasion.trigger == Trigger.REGISTRATION:
        return _("%(amount)s bonuses on joining.") % facts
    if occasion.trigger == Trigger.FIRST_CHECK and occasion.percent is None:
        return _("%(amount)s bonuses for your first check.") % facts
    if occasion.percent is None:
        return ""
    facts["percent"] = show_percent(occasion.percent)
    if occasion.trigger == Trigger.CAMPAIGN and occasion.to_day:
        facts["day"] = show_day(occasion.to_day)
        return _("%(name)s: %(percent)s of what you pay comes back as bonuses, until %(day)s.") % facts
    if occasion.trigger == Trigger.FIRST_CHECK or (occasion.trigger == Trigger.NTH_VISIT and occasion.nth == 1):
        return _("%(percent)s of your first check comes back as bonuses.") % facts
    return ""


def _number(amount: int, house: House) -> str:
    return house.currency.number(amount, get_language() or "en")
