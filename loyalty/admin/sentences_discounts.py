"""What a discount does, in words, with an example in figures. Pure: values in, sentences out."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.admin import sentences_check_rules as common
from loyalty.admin.sentences import amount, days, listed, quoted, switched_off
from loyalty.admin.words import Ware, Words
from loyalty.explanations import show_percent
from loyalty.models import Discount, DiscountStep
from loyalty.money import Currency, Money, half_up, total

Kind = Discount.Kind


def discount(
    rule: Discount, steps: Sequence[DiscountStep], words: Words, currency: Currency, client: str = ""
) -> list[str]:
    """ "Everybody gets 5 % off everything …". `client`: the name of the only one it is for."""
    rungs = sorted(steps, key=lambda step: step.from_spent)
    missing = _missing(rule, rungs)
    if missing:
        return [*switched_off(rule), missing]
    named = rule.kind in (Kind.PERMANENT, Kind.HOURS)
    return [
        *switched_off(rule),
        _does(rule, rungs, words, currency, client),
        *common.paragraphs(
            [
                *([] if named else common.only_for(rule, words, client)),
                *common.conditions(
                    rule, words, currency, hours=rule.kind != Kind.HOURS, floor=rule.kind != Kind.DELIVERY
                ),
            ],
            common.together(rule),
        ),
        _example(rule, rungs, words, currency),
    ]


def _missing(rule: Discount, steps: Sequence[DiscountStep]) -> str:
    """What must be filled in before anything can be said."""
    if rule.kind == Kind.CUMULATIVE and not steps:
        # xgettext:no-python-format
        return _("No step yet: add one, for example 3 % from 1000.")
    if rule.kind in (Kind.REPEAT, Kind.BUNDLE, Kind.DELIVERY) and not rule.services:
        return _("Choose the services.")
    return ""


def _does(rule: Discount, steps: Sequence[DiscountStep], words: Words, currency: Currency, client: str) -> str:
    if rule.kind in (Kind.PERMANENT, Kind.HOURS):
        return _always(rule, words, currency, client)
    if rule.kind == Kind.CUMULATIVE:
        return _ladder(steps, rule, words, currency)
    if rule.kind == Kind.CHEAPEST:
        return _cheapest(rule, words)
    facts = {"services": words.all_called(rule.services), "less": _less(rule, currency)}
    if rule.kind == Kind.REPEAT:
        facts["time"] = days(rule.days or 1)
        return _("Whoever comes for %(services)s again within %(time)s pays %(less)s less for it.") % facts
    if rule.kind == Kind.BUNDLE:
        return _("On one check %(services)s cost %(less)s less.") % facts
    return _delivery(rule, {**facts, "check": amount(rule.min_check, currency)})


def _always(rule: Discount, words: Words, currency: Currency, client: str) -> str:
    facts = {"who": common.who(rule, words, client), "off": common.off(rule, words, currency)}
    if rule.kind == Kind.HOURS:
        return _("%(who)s gets %(off)s at these hours: %(hours)s.") % {**facts, "hours": common.hours_of(rule)}
    return _("%(who)s gets %(off)s.") % facts


def _less(rule: Discount, currency: Currency) -> str:
    """ "15 %" or "5.00"."""
    return show_percent(rule.percent) if rule.percent is not None else amount(rule.amount or 0, currency)


def _ladder(steps: Sequence[DiscountStep], rule: Discount, words: Words, currency: Currency) -> str:
    first, rest = steps[0], steps[1:]
    later = [
        _("%(part)s from %(spent)s") % {"part": show_percent(one.percent), "spent": amount(one.from_spent, currency)}
        for one in rest
    ]
    facts = {
        "part": show_percent(first.percent),
        "spent": amount(first.from_spent, currency),
        "services": words.all_called(rule.services),
    }
    if facts["services"]:
        text = _("A client who has spent %(spent)s gets %(part)s off %(services)s.") % facts
    else:
        text = _("A client who has spent %(spent)s gets %(part)s off everything.") % facts
    rises = _("With total spending it rises: %(later)s.") % {"later": listed(later)}
    return f"{text} {rises}" if later else text


def _cheapest(rule: Discount, words: Words) -> str:
    count = rule.buy or 2
    facts = {
        "count": count,
        "services": words.all_called(rule.services),
        "part": show_percent(rule.percent or Decimal(0)),
    }
    if rule.percent == 100:
        text = ngettext(
            "Of every %(count)d unit the cheapest is free.", "Of every %(count)d units the cheapest is free.", count
        )
    else:
        text = ngettext(
            "Of every %(count)d unit the cheapest costs %(part)s less.",
            "Of every %(count)d units the cheapest costs %(part)s less.",
            count,
        )
    counted = _("What counts: %(services)s.")
    return f"{text % facts} {counted % facts}" if facts["services"] else text % facts


def _delivery(rule: Discount, facts: dict[str, str]) -> str:
    if rule.percent == 100 and rule.min_check:
        return _("When the rest of the check comes to %(check)s or more, free: %(services)s.") % facts
    if rule.min_check:
        return _("When the rest of the check comes to %(check)s or more, %(less)s off: %(services)s.") % facts
    if rule.percent == 100:
        return _("Free on every check: %(services)s.") % facts
    return _("On every check %(less)s off: %(services)s.") % facts


# --- examples --------------------------------------------------------------------------------------------------------


def _example(rule: Discount, steps: Sequence[DiscountStep], words: Words, currency: Currency) -> str:
    if rule.kind == Kind.CUMULATIVE:
        return _ladder_example(rule, steps[-1], words, currency)
    if rule.kind == Kind.BUNDLE:
        return _set_example(rule, words, currency)
    if rule.kind == Kind.CHEAPEST:
        return _cheapest_example(rule, words, currency)
    if rule.kind == Kind.DELIVERY and rule.min_check:
        return _delivery_example(rule, words, currency)
    return common.example(rule, words, currency)


def _ladder_example(rule: Discount, step: DiscountStep, words: Words, currency: Currency) -> str:
    price = common.typical_ware(rule, words, currency).price
    facts = {
        "spent": amount(step.from_spent, currency),
        "price": amount(price, currency),
        "pays": amount(price - common.taken(rule, price, step.percent), currency),
    }
    return _("Example: a client who has spent %(spent)s pays %(pays)s instead of %(price)s.") % facts


def _set_example(rule: Discount, words: Words, currency: Currency) -> str:
    """One of each part; a percentage is rounded for each."""
    parts = [words.meant([name])[0] for name in rule.services if words.meant([name])]
    whole = total(part.price for part in parts)
    if rule.percent is not None:
        each = total(half_up(part.price, rule.percent) for part in parts)
        less = Money(min(each, rule.max_discount)) if rule.max_discount else each
    else:
        less = common.taken(rule, whole)
    facts = {
        "services": listed([quoted(part.name) for part in parts]),
        "price": amount(whole, currency),
        "pays": amount(whole - less, currency),
    }
    return _("Example: %(services)s together cost %(pays)s instead of %(price)s.") % facts


def _cheapest_example(rule: Discount, words: Words, currency: Currency) -> str:
    ware, count = common.typical_ware(rule, words, currency), rule.buy or 2
    whole = ware.price.times(count)
    facts = {
        "count": count,
        "name": ware.name,
        "price": amount(whole, currency),
        "pays": amount(whole - common.taken(rule, ware.price), currency),
    }
    if ware.name:
        return _("Example: “%(name)s”, %(count)d times, costs %(pays)s instead of %(price)s.") % facts
    return _("Example: a check of %(price)s costs %(pays)s.") % facts


def _delivery_example(rule: Discount, words: Words, currency: Currency) -> str:
    found = words.meant(rule.services)
    ware = found[0] if found else Ware("", words.all_called(rule.services), "", Money(0))
    facts = {
        "check": amount(rule.min_check, currency),
        "name": ware.name,
        "price": amount(ware.price, currency),
        "pays": amount(ware.price - common.taken(rule, ware.price), currency),
    }
    return _("Example: beside other services of %(check)s “%(name)s” costs %(pays)s instead of %(price)s.") % facts
