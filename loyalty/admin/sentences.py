"""What a program does, in words, with an example in figures. Pure: values in, sentences out.

`currency` writes the amounts; `step` is what bonuses are rounded down to, in minor units.

Each sentence is a whole text for the translator, with its figures named. Times are counted with plural forms.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from loyalty.explanations import show_day, show_percent
from loyalty.models import BonusProgram, BonusTerms, CashbackProgram, CashbackTier, Program, TrialProgram
from loyalty.money import Currency, Money, down, half_up
from loyalty.terms import Terms

Trigger = BonusProgram.Trigger


def amount(money: int, currency: Currency) -> str:
    """ "100.00", in the reader's language."""
    return currency.number(money, get_language() or "en")


def days(count: int) -> str:
    return ngettext("%(count)d day", "%(count)d days", count) % {"count": count}


def months(count: int) -> str:
    return ngettext("%(count)d month", "%(count)d months", count) % {"count": count}


def listed(parts: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return _("%(most)s and %(last)s") % {"most": ", ".join(parts[:-1]), "last": parts[-1]}


def quoted(name: str) -> str:
    """A name in the quotes of the language."""
    return _("“%(name)s”") % {"name": name}


def typical_check(currency: Currency) -> Money:
    """What examples pay: 60 units of the currency, thousands where a unit is small."""
    units = 6000 if currency.digits == 0 or currency.code in {"RUB", "INR", "KZT", "HUF"} else 60
    return Money(units * 10**currency.digits)


# --- what all programs say --------------------------------------------------------------------------------------------


def switched_off(program: Program) -> list[str]:
    """A program that is off says so first."""
    return [] if program.enabled else [_("Switched off: nobody gets anything from it until it is switched on.")]


def dates(program: Program) -> list[str]:
    begin, end = program.from_day, program.to_day
    if begin and end:
        return [_("From %(begin)s to %(end)s.") % {"begin": _day(begin), "end": _day(end)}]
    if begin:
        return [_("From %(begin)s.") % {"begin": _day(begin)}]
    return [_("Until %(end)s.") % {"end": _day(end)}] if end else []


def _day(day: date) -> str:
    return show_day(day)


def bonus_terms(terms: BonusTerms | Terms, currency: Currency) -> list[str]:
    """How the bonuses may be used: "They live 180 days and pay up to 50 % of a check from 50.00." """
    said = [_lifetime(terms), _limit(terms, currency)]
    if terms.pending_days:
        said.append(_("They can be used after %(days)s.") % {"days": days(terms.pending_days)})
    return said


def _lifetime(terms: BonusTerms | Terms) -> str:
    if terms.lifetime_days:
        return _("These bonuses live %(time)s.") % {"time": days(terms.lifetime_days)}
    if terms.lifetime_months:
        return _("These bonuses live %(time)s.") % {"time": months(terms.lifetime_months)}
    return _("These bonuses never end.")


def _limit(terms: BonusTerms | Terms, currency: Currency) -> str:
    part = show_percent(terms.limit_percent)
    if terms.limit_percent == 100 and terms.min_check:
        return _("They pay the whole of a check from %(check)s.") % {"check": amount(terms.min_check, currency)}
    if terms.limit_percent == 100:
        return _("They pay the whole of any check.")
    if terms.min_check:
        check = amount(terms.min_check, currency)
        return _("They pay up to %(part)s of a check from %(check)s.") % {"part": part, "check": check}
    return _("They pay up to %(part)s of any check.") % {"part": part}


# --- cashback ---------------------------------------------------------------------------------------------------------


def cashback(
    program: CashbackProgram,
    tiers: Sequence[CashbackTier],
    currency: Currency,
    step: int = 1,
    *,
    limits: Sequence[str] = (),
    times: Decimal | None = None,
) -> list[str]:
    """ "A client gets 3 % of every payment back as bonuses, 5 % after spending 500.00 …"

    `limits`: for whom, of what, when and how much (`rule_words`); `times`: the most that a multiplier gives.
    """
    rungs = sorted(tiers, key=lambda tier: tier.from_spent)
    if not rungs:
        # xgettext:no-python-format
        return [*switched_off(program), _("No tier yet: add one, for example 3 % from 0.")]
    return [
        *switched_off(program),
        _ladder(rungs, currency),
        _counted(program),
        *limits,
        *bonus_terms(program, currency),
        *dates(program),
        _cashback_example(program, rungs[-1], currency, step),
        *_multiplied_example(program, rungs[-1], currency, step, times),
    ]


def _ladder(rungs: Sequence[CashbackTier], currency: Currency) -> str:
    first, rest = rungs[0], rungs[1:]
    later = [
        _("%(part)s from %(spent)s") % {"part": show_percent(t.percent), "spent": amount(t.from_spent, currency)}
        for t in rest
    ]
    facts = {"part": show_percent(first.percent), "spent": amount(first.from_spent, currency), "later": listed(later)}
    if first.from_spent:
        text = _("A client who has spent %(spent)s gets %(part)s of each payment back as bonuses.")
    else:
        text = _("A client gets %(part)s of each payment back as bonuses.")
    rises = _("With total spending it rises: %(later)s.")
    return f"{text % facts} {rises % facts}" if later else text % facts


def _counted(program: CashbackProgram) -> str:
    if program.window_days:
        return _("What was spent in the last %(time)s counts.") % {"time": days(program.window_days)}
    return _("All that a client has ever spent counts.")


def _cashback_example(program: CashbackProgram, tier: CashbackTier, currency: Currency, step: int) -> str:
    check = typical_check(currency)
    earned, is_capped = _earned(program, tier.percent, check, step)
    facts = {
        "spent": amount(tier.from_spent, currency),
        "check": amount(check, currency),
        "earned": amount(earned, currency),
    }
    if is_capped:
        text = _("Example: a client who has spent %(spent)s pays %(check)s → gets %(earned)s, the most that it gives.")
        return text % facts
    return _("Example: a client who has spent %(spent)s pays %(check)s → gets %(earned)s.") % facts


def _multiplied_example(
    program: CashbackProgram, tier: CashbackTier, currency: Currency, step: int, times: Decimal | None
) -> list[str]:
    if times is None:
        return []
    earned, is_capped = _earned(program, tier.percent * times, typical_check(currency), step)
    facts = {"earned": amount(earned, currency)}
    if is_capped:
        return [_("When it gives more, the same client gets %(earned)s, the most that it gives.") % facts]
    return [_("When it gives more, the same client gets %(earned)s.") % facts]


def _earned(program: CashbackProgram, percent: Decimal, check: Money, step: int) -> tuple[Money, bool]:
    """What one check earns, and whether a cap cuts it."""
    caps = (program.max_per_check, program.max_per_day, program.max_per_month)
    full = down(check, percent, step)
    least = min([full, *(cap for cap in caps if cap is not None)])
    return Money(least // step * step), least < full


# --- bonus programs ---------------------------------------------------------------------------------------------------


def bonus(program: BonusProgram, currency: Currency, step: int = 1, *, limits: Sequence[str] = ()) -> list[str]:
    """What is given on which occasion. `limits`: for whom, where and how much in all (`sentences_bonuses`)."""
    return [
        *switched_off(program),
        _occasion(program, _given(program, currency), currency),
        *_conditions(program),
        *limits,
        *bonus_terms(program, currency),
        *dates(program),
        *_bonus_example(program, currency, step),
    ]


def _given(program: BonusProgram, currency: Currency) -> str:
    if program.percent is not None:
        return _("%(part)s of the check as bonuses") % {"part": show_percent(program.percent)}
    return _("%(amount)s bonuses") % {"amount": amount(program.amount or 0, currency)}


def _occasion(program: BonusProgram, given: str, currency: Currency) -> str:
    facts = {
        "given": given,
        "time": days(program.days or 1),
        "sum": amount(program.reaches or 0, currency),
        "name": program.name,
    }
    said = {
        Trigger.REGISTRATION: _("Whoever joins gets %(given)s at once."),
        Trigger.FIRST_CHECK: _("For the first check that is paid a client gets %(given)s."),
        Trigger.INACTIVITY: _("A client who has not come for %(time)s gets %(given)s."),
        Trigger.CAMPAIGN: _("For every check of the campaign a client gets %(given)s."),
        Trigger.ACTION: _("When staff or a till confirm “%(name)s”, the client gets %(given)s."),
        Trigger.SPENT: _("When all that a client has spent reaches %(sum)s, they get %(given)s, once."),
        Trigger.BALANCE: _("When the bonuses of a client reach %(sum)s, they get %(given)s, once."),
    }
    if program.trigger == Trigger.NTH_VISIT:
        return _nth_visit(program, facts)
    if program.trigger in said:
        return said[Trigger(program.trigger)] % facts
    return _day_of_life(program, facts)


def _day_of_life(program: BonusProgram, facts: dict[str, str]) -> str:
    """A birthday, the anniversary of joining, another day of the client."""
    facts = facts | {"time": days(program.days_before), "name": program.date_name}
    if program.trigger == Trigger.ANNIVERSARY:
        on, before = (
            _("A client gets %(given)s on each anniversary of joining."),
            _("A client gets %(given)s %(time)s before each anniversary of joining."),
        )
    elif program.trigger == Trigger.PERSONAL_DATE:
        on, before = (
            _("A client gets %(given)s each year on the day “%(name)s”."),
            _("A client gets %(given)s each year %(time)s before the day “%(name)s”."),
        )
    else:
        on, before = (
            _("A client gets %(given)s on each birthday."),
            _("A client gets %(given)s %(time)s before each birthday."),
        )
    return (before if program.days_before else on) % facts


def _nth_visit(program: BonusProgram, facts: dict[str, str]) -> str:
    if program.nth == 1:
        return _("After the first visit a client gets %(given)s.") % facts
    return _("After visit number %(nth)s a client gets %(given)s.") % (facts | {"nth": str(program.nth or 1)})


def _conditions(program: BonusProgram) -> list[str]:
    said = []
    if program.trigger in (Trigger.BIRTHDAY, Trigger.ANNIVERSARY, Trigger.PERSONAL_DATE) and program.registered_days:
        said.append(
            _("Only clients who registered at least %(time)s earlier.") % {"time": days(program.registered_days)}
        )
    if program.trigger == Trigger.INACTIVITY:
        said.append(_again(program, _("Once only.")))
    if program.trigger == Trigger.ACTION:
        said.append(_("Once a client.") if program.once else _again(program, _("Each time it is confirmed.")))
    return said


def _again(program: BonusProgram, otherwise: str) -> str:
    if not program.repeat_days:
        return otherwise
    return _("Again after %(time)s at the earliest.") % {"time": days(program.repeat_days)}


def _bonus_example(program: BonusProgram, currency: Currency, step: int) -> list[str]:
    if program.percent is None:
        return []
    check = typical_check(currency)
    facts = {"check": amount(check, currency), "earned": amount(down(check, program.percent, step), currency)}
    return [_("Example: the client pays %(check)s → gets %(earned)s.") % facts]


# --- trial session ----------------------------------------------------------------------------------------------------


def trial(
    program: TrialProgram, services: Sequence[tuple[str, Money]], currency: Currency, *, limits: Sequence[str] = ()
) -> list[str]:
    """`services`: name and list price of what may be tried. `limits`: for whom."""
    if not services:
        return [*switched_off(program), _("Choose what a newcomer may try.")]
    facts = {"part": show_percent(program.percent), "services": listed([quoted(name) for name, _price in services])}
    return [
        *switched_off(program),
        _("Whoever has not been here before gets %(part)s off one unit of %(services)s, once.") % facts,
        *limits,
        *dates(program),
        _trial_example(services[0][0], services[0][1], program.percent, currency),
    ]


def _trial_example(name: str, price: Money, percent: Decimal, currency: Currency) -> str:
    facts = {
        "name": name,
        "price": amount(price, currency),
        "pays": amount(price - half_up(price, percent), currency),
    }
    return _("Example: “%(name)s” costs %(price)s; the newcomer pays %(pays)s.") % facts
