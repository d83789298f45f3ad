"""What discounts and promo codes say alike: what is off, for whom, when, where, and how they go together. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from decimal import Decimal

from django.utils.translation import gettext as _

from loyalty.admin.sentences import amount, dates, listed, quoted, typical_check
from loyalty.admin.words import Ware, Words, weekdays_called
from loyalty.explanations import show_percent
from loyalty.models import CheckRule, Hours
from loyalty.money import Currency, Money, half_up


def off(rule: CheckRule, words: Words, currency: Currency) -> str:
    """ "5 % off “Session”", "5.00 off the check"."""
    services = words.all_called(rule.services)
    if rule.percent is not None:
        facts = {"part": show_percent(rule.percent), "services": services}
        return (_("%(part)s off %(services)s") if services else _("%(part)s off everything")) % facts
    facts = {"amount": amount(rule.amount or 0, currency), "services": services}
    return (_("%(amount)s off %(services)s") if services else _("%(amount)s off the check")) % facts


def conditions(
    rule: CheckRule, words: Words, currency: Currency, *, hours: bool = True, floor: bool = True
) -> list[str]:
    """On which checks, and of what. `hours`, `floor`: whether they (and from which sum) were not said yet."""
    said = []
    if rule.exclude:
        said.append(_("Not off %(services)s.") % {"services": words.all_called(rule.exclude)})
    if floor and rule.min_check:
        check = amount(rule.min_check, currency)
        said.append(_("For checks from %(check)s, by their price before any discount.") % {"check": check})
    if rule.max_discount:
        said.append(_("At most %(most)s off a check.") % {"most": amount(rule.max_discount, currency)})
    if hours and (when := hours_of(rule)):
        said.append(_("Only at these hours: %(hours)s.") % {"hours": when})
    if rule.locations:
        said.append(_("Only at %(places)s.") % {"places": words.at(rule.locations)})
    return [*said, *dates(rule)]


def together(rule: CheckRule) -> list[str]:
    """With other discounts, and with earning."""
    said = [
        _("It combines with others: each takes its part of what those before it have left.")
        if rule.combinable
        else _("It does not combine: the client gets it alone, if nothing else makes the check cheaper.")
    ]
    if not rule.earns:
        said.append(_("What it makes cheaper earns no bonuses."))
    return said


def paragraphs(*groups: Sequence[str]) -> list[str]:
    """Sentences that belong together stand in one paragraph."""
    return [" ".join(group) for group in groups if group]


def hours_of(rule: Hours) -> str:
    """ "Monday and Tuesday, 09:00 to 12:00"; empty: always."""
    days, clock = weekdays_called(rule.weekdays), _clock(rule.from_time, rule.to_time)
    if days and clock:
        return _("%(days)s, %(clock)s") % {"days": days, "clock": clock}
    return days or (_("every day, %(clock)s") % {"clock": clock} if clock else "")


def _clock(begin: time | None, end: time | None) -> str:
    facts = {"begin": f"{begin:%H:%M}" if begin else "", "end": f"{end:%H:%M}" if end else ""}
    if begin and end:
        over = end <= begin
        text = _("%(begin)s to %(end)s of the next day") if over else _("%(begin)s to %(end)s")
        return text % facts
    if begin:
        return _("from %(begin)s") % facts
    return _("until %(end)s") % facts if end else ""


# --- for whom --------------------------------------------------------------------------------------------------------


def whoever(rule: CheckRule, words: Words) -> str:
    """ "is in the segment “Regulars” and pays with ..."; empty: everybody. `tier` and `card_kind` of discounts."""
    said = []
    if rule.segment_id:
        name = words.segments.get(rule.segment_id, str(rule.segment_id))
        said.append(_("is in the segment %(name)s") % {"name": quoted(name)})
    if tier := getattr(rule, "tier", ""):
        said.append(_("stands on the tier %(name)s") % {"name": quoted(tier)})
    if kind := getattr(rule, "card_kind", ""):
        said.append(_("has a plastic card") if kind == "plastic" else _("has an electronic card"))
    return listed(said)


def who(rule: CheckRule, words: Words, client: str = "") -> str:
    """ "Everybody", "Boris Petrov", "Whoever is in the segment “Regulars”". `client`: the name of the only one."""
    conditions = whoever(rule, words)
    if client and conditions:
        return _("%(client)s, as one who %(conditions)s,") % {"client": client, "conditions": conditions}
    return client or (_("Whoever %(conditions)s") % {"conditions": conditions} if conditions else _("Everybody"))


def only_for(rule: CheckRule, words: Words, client: str = "") -> list[str]:
    """The same, where it is not what the first sentence begins with."""
    conditions = whoever(rule, words)
    said = [_("Only for %(client)s.") % {"client": client}] if client else []
    return [*said, _("Only for whoever %(conditions)s.") % {"conditions": conditions}] if conditions else said


# --- examples --------------------------------------------------------------------------------------------------------


def typical_ware(rule: CheckRule, words: Words, currency: Currency) -> Ware:
    """Something that the rule makes cheaper: of the price list what costs about as much as a usual check."""
    excluded, usual = set(rule.exclude), typical_check(currency)
    wares = [ware for ware in words.meant(rule.services) if not excluded & {ware.code, ware.category}]
    enough = [ware for ware in wares if ware.price and ware.price >= (rule.min_check or 0)]
    if enough:
        return min(enough, key=lambda ware: abs(ware.price - usual))
    return Ware("", "", "", Money(max(usual, rule.min_check or 0)))


def taken(rule: CheckRule, price: Money, percent: Decimal | None = None) -> Money:
    """What the rule takes off this price; `percent` where it is that of a step."""
    percent = rule.percent if percent is None else percent
    full = half_up(price, percent) if percent is not None else Money(min(rule.amount or 0, price))
    return Money(min(full, rule.max_discount)) if rule.max_discount else full


def example(rule: CheckRule, words: Words, currency: Currency) -> str:
    """ "Example: “Session” of 20.00 costs 19.00."""
    ware = typical_ware(rule, words, currency)
    facts = {
        "name": ware.name,
        "price": amount(ware.price, currency),
        "pays": amount(ware.price - taken(rule, ware.price), currency),
    }
    if ware.name:
        return _("Example: “%(name)s” of %(price)s costs %(pays)s.") % facts
    return _("Example: a check of %(price)s costs %(pays)s.") % facts
