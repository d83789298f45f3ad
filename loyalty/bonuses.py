"""Bonuses pay part of a check; bonus programs give them on an occasion.

How much may be paid (`domain.md` section 4.4): B is the sum of what is left on lines that accept bonuses. A lot
is usable if B reaches its program's minimum check. From program p at most floor(B x limit_p); all together at
most floor(B x the highest limit among the usable lots) and at most the house's own limit. Lots are used soonest
last day first, then oldest.

Worked example (salon): birthday lot 1000 (15 %, ends in 5 days), first-visit lot 40 (15 %, 20 days), cashback lot
300 (10 %, 5 months), check 2000.00: together at most 300; all 300 from the birthday lot. With 120 left in the
birthday lot: 120 + 40 + 140.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from clients.refusals import Invalid, Refusal
from loyalty import ledger
from loyalty.basket import Basket
from loyalty.explanations import show_day, show_percent
from loyalty.house import House
from loyalty.ledger import InsufficientBalance, Movement, Stock
from loyalty.mechanics import Mechanic, Newcomer, Person, Reversal, Sale, Scene
from loyalty.models import Account, BonusProgram, Entry
from loyalty.money import ZERO, Money, down, spread, total
from loyalty.periods import is_running
from loyalty.pricing import Bill, Earning, Idle, Note, Step
from loyalty.reader import Reader
from loyalty.terms import Terms

BONUS = Account.Unit.BONUS
Trigger = BonusProgram.Trigger


class RedeemExceedsLimit(Refusal):
    """More bonuses than may pay of this check (`facts["max"]`)."""

    code = "redeem_exceeds_limit"


@dataclass(frozen=True, slots=True)
class Redemption:
    """What bonuses pay: lot by lot, and what kept it from being more."""

    takes: tuple[tuple[Stock, Money], ...] = ()
    cap: Money = ZERO
    cap_percent: Decimal = Decimal(0)

    @property
    def total(self) -> Money:
        return total(amount for _lot, amount in self.takes)


def redeem(lots: Sequence[Stock], base: Money, house_limit: Decimal, wanted: Money | None = None) -> Redemption:
    """The most that these active lots may pay of `base`, or `wanted` if that is less. Pure."""
    usable = [lot for lot in lots if lot.min_check <= base and lot.remaining > 0]
    percent = min(max((lot.limit_percent for lot in usable), default=Decimal(0)), house_limit)
    cap = down(base, percent)
    left = cap if wanted is None else min(cap, wanted)
    by_program: dict[str | None, Money] = {}
    takes = []
    for lot in ledger.soonest_first(usable):
        room = down(base, lot.limit_percent) - by_program.get(lot.program, ZERO)
        amount = min(lot.remaining, room, left)
        if amount > 0:
            takes.append((lot, amount))
            by_program[lot.program] = by_program.get(lot.program, ZERO) + amount
            left -= amount
    return Redemption(tuple(takes), cap, percent)


@dataclass(frozen=True, slots=True)
class BonusStep(Idle):
    """Pays part of the check with bonuses. `wanted` None means as much as may be."""

    lots: tuple[Stock, ...]
    today: date
    house: House
    wanted: Money | None

    def apply(self, bill: Bill, steps: Sequence[Step]) -> Bill:
        accepting = [line for line in bill.lines if line.accepts_bonus and line.rest]
        base = total(line.rest for line in accepting)
        active = [lot for lot in self.lots if lot.is_active(self.today)]
        most = redeem(active, base, self.house.bonus_limit_percent)
        self._check_wanted(base, most, active)
        used = redeem(active, base, self.house.bonus_limit_percent, self.wanted)
        shares = spread(used.total, [line.rest for line in accepting])
        lines = (replace(line, bonus=share) for line, share in zip(accepting, shares, strict=True))
        bill = replace(bill.with_lines(lines), bonus_spendable=most.total)
        return bill.planned(BonusPayment.code, used).noted(*self._notes(bill, base, most, used, active))

    def _check_wanted(self, base: Money, most: Redemption, active: Sequence[Stock]) -> None:
        """Raise the refusal that says which it was: nothing accepts them, not that many there, over the limit."""
        if not self.wanted or self.wanted <= most.total:
            return
        if not base:
            raise Invalid(_("Nothing on this check can be paid with bonuses."), field="redeem")
        held = total(lot.remaining for lot in active)
        show = self.house.currency.number
        if self.wanted > held:
            message = _("The client has %(held)s bonuses.") % {"held": show(held)}
            raise InsufficientBalance(message, field="redeem", max=most.total)
        message = _("Bonuses can pay at most %(max)s of this check.") % {"max": show(most.total)}
        raise RedeemExceedsLimit(message, field="redeem", max=most.total)

    def _notes(
        self, bill: Bill, base: Money, most: Redemption, used: Redemption, active: Sequence[Stock]
    ) -> Iterable[Note]:
        for lot, amount in used.takes:
            facts = {"name": lot.name or lot.program or "", "limit": lot.limit_percent, "base": base}
            yield Note("bonus", lot.program or "", "bonus.lot_used", amount, facts)
        for lot in active:
            if lot.min_check > base > 0:
                facts = {"name": lot.name or lot.program or "", "min_check": lot.min_check, "base": base}
                yield Note("bonus", lot.program or "", "bonus.check_too_small", facts=facts)
        if active and base and most.total == most.cap and most.cap:
            yield Note("bonus", "", "bonus.limit", most.cap, {"percent": most.cap_percent, "base": base})
        if active and not base:
            yield Note("bonus", "", "bonus.nothing_accepts")


class BonusPayment(Mechanic):
    """Paying with bonuses."""

    code = "bonuses"
    basket_keys = frozenset({"redeem"})
    explanations: ClassVar[Mapping[str, Any]] = {
        "bonus.lot_used": gettext_lazy(
            "%(amount)s bonuses of “%(name)s” pay (it may pay up to %(limit)s of %(base)s)."
        ),
        "bonus.check_too_small": gettext_lazy(
            "Bonuses of “%(name)s” pay for checks from %(min_check)s; this one comes to %(base)s."
        ),
        "bonus.limit": gettext_lazy("Bonuses can pay at most %(amount)s of this check (%(percent)s of %(base)s)."),
        "bonus.nothing_accepts": gettext_lazy("Nothing on this check can be paid with bonuses."),
    }

    def read_offer(self, reader: Reader) -> Mapping[str, Any]:
        """`redeem`: "max" or an amount; "0" if left out."""
        if reader.raw.get("redeem") == "max":
            return {"redeem": None}
        return {"redeem": reader.money("redeem") or ZERO}

    def prepare(self, basket: Basket, scene: Scene) -> Step:
        wanted = basket.offers.get("redeem", ZERO)
        if scene.person is None:
            if wanted:
                raise Invalid(_("Bonuses belong to a client: say who it is."), field="redeem")
            return Idle()
        _moves, lots = ledger.repay(self._own(scene), "", scene.today)
        return BonusStep(tuple(lot for lot in lots if not lot.is_debt), scene.today, scene.house, wanted)

    def settle(self, sale: Sale) -> Iterable[Movement]:
        used: Redemption = sale.bill.plans.get(self.code, Redemption())
        if not used.takes:
            return []
        repaid, _lots = ledger.repay(self._own(sale.scene), sale.operation(self.code, "repay"), sale.scene.today)
        paid = [ledger.spend(lot, amount, sale.operation(self.code, "pay")) for lot, amount in used.takes]
        return [*repaid, *paid]

    def undo(self, reversal: Reversal) -> Iterable[Movement]:
        amount = total(line.bonus for line in reversal.lines)
        return reversal.give_back_spent(self.code, amount) if amount else ()

    @staticmethod
    def _own(scene: Scene) -> list[Stock]:
        return [lot for lot in scene.lots if lot.unit == BONUS]


@dataclass(frozen=True, slots=True)
class Occasion:
    """A bonus program that acts on checks or on joining."""

    code: str
    name: str
    trigger: str
    amount: Money | None
    percent: Decimal | None
    nth: int | None
    from_day: date | None
    to_day: date | None
    terms: Terms


@dataclass(frozen=True, slots=True)
class OccasionStep(Idle):
    """Earns what the Nth visit, or a campaign, brings."""

    occasions: tuple[Occasion, ...]
    person: Person
    step: Money

    def apply(self, bill: Bill, steps: Sequence[Step]) -> Bill:
        for occasion in self.occasions if bill.earns else ():
            if occasion.trigger == Trigger.NTH_VISIT and not self._is_its_visit(occasion, bill):
                continue
            if occasion.percent is None:
                amount = occasion.amount or ZERO
            else:
                amount = down(bill.base, occasion.percent, self.step)
            if amount:
                bill = bill.earning(Earning("occasions", occasion.code, occasion.name, amount, occasion.percent))
                bill = bill.noted(self._note(occasion, bill, amount))
        return bill

    def _is_its_visit(self, occasion: Occasion, bill: Bill) -> bool:
        return bill.is_visit and self.person.visits + 1 == occasion.nth

    def _note(self, occasion: Occasion, bill: Bill, amount: Money) -> Note:
        facts: dict[str, Any] = {"name": occasion.name}
        if occasion.percent is None:
            return Note("earning", occasion.code, "occasion.amount", amount, facts)
        return Note(
            "earning",
            occasion.code,
            "occasion.percent",
            amount,
            {**facts, "percent": occasion.percent, "base": bill.base},
        )


def _given_for_visits_that_count(person: Person) -> set[str | None]:
    """Programs that have rewarded the client for a visit already, other than one that has wholly come back.

    With an earlier visit refunded, a later one would be the Nth for the second time. One query, for an Nth visit only.
    """
    grants = Entry.objects.filter(account=person.account, kind=Entry.Kind.GRANT, visit__isnull=False)
    earned = grants.filter(operation__contains=f":{BonusPrograms.code}:").exclude(visit__refunds__is_whole=True)
    return set(earned.values_list("lot__program", flat=True))


class BonusPrograms(Mechanic):
    """Programs that give bonuses on joining and on checks. Birthdays and absences are the night's."""

    code = "occasions"
    explanations: ClassVar[Mapping[str, Any]] = {
        "occasion.amount": gettext_lazy("%(name)s: %(amount)s bonuses."),
        "occasion.percent": gettext_lazy("%(name)s: %(percent)s of %(base)s, %(amount)s bonuses."),
    }

    def rules(self, house: House) -> tuple[Occasion, ...]:
        triggers = [Trigger.REGISTRATION, Trigger.NTH_VISIT, Trigger.CAMPAIGN]
        return tuple(
            Occasion(
                code=row.code,
                name=row.name,
                trigger=row.trigger,
                amount=row.amount,
                percent=row.percent,
                nth=row.nth,
                from_day=row.from_day,
                to_day=row.to_day,
                terms=Terms.of(row),
            )
            for row in BonusProgram.objects.filter(enabled=True, trigger__in=triggers)
        )

    def prepare(self, basket: Basket, scene: Scene) -> Step:
        if scene.person is None:
            return Idle()
        occasions = [o for o in self._running(scene.rules, scene.today) if o.trigger != Trigger.REGISTRATION]
        next_visit = scene.person.visits + 1
        if next_visit > 1 and any(occasion.nth == next_visit for occasion in occasions):
            given = _given_for_visits_that_count(scene.person)
            occasions = [occasion for occasion in occasions if occasion.nth is None or occasion.code not in given]
        return OccasionStep(tuple(occasions), scene.person, scene.house.bonus_step)

    def settle(self, sale: Sale) -> Iterable[Movement]:
        terms = {occasion.code: occasion.terms for occasion in sale.scene.rules[self.code]}
        return sale.grants(self.code, terms)

    def undo(self, reversal: Reversal) -> Iterable[Movement]:
        return reversal.take_back_earned(self.code)

    def join(self, newcomer: Newcomer) -> Iterable[Movement]:
        return [
            ledger.grant(
                operation=f"client:{newcomer.client.pk}:{self.code}:{occasion.code}",
                account=newcomer.account,
                amount=occasion.amount,
                terms=occasion.terms,
                today=newcomer.today,
                program=occasion.code,
                name=occasion.name,
            )
            for occasion in self._running(newcomer.rules, newcomer.today)
            if occasion.trigger == Trigger.REGISTRATION and occasion.amount
        ]

    def promises(self, house: House, rules: tuple[Occasion, ...], today: date) -> Sequence[str]:
        said = [_promise(occasion, house) for occasion in rules if is_running(occasion, today)]
        birthdays = BonusProgram.objects.filter(enabled=True, trigger=Trigger.BIRTHDAY)
        amounts = [house.currency.number(row.amount or 0, _language()) for row in birthdays if is_running(row, today)]
        said += [_("%(amount)s bonuses for your birthday.") % {"amount": amount} for amount in amounts]
        return [text for text in said if text]

    def _running(self, rules: Mapping[str, Any], today: date) -> list[Occasion]:
        return [occasion for occasion in rules[self.code] if is_running(occasion, today)]


def _promise(occasion: Occasion, house: House) -> str:
    """What the program gives, in a sentence; "" for what is not told beforehand (the Nth visit but the first)."""
    if occasion.trigger == Trigger.REGISTRATION and occasion.amount:
        return _("%(amount)s bonuses on joining.") % {"amount": house.currency.number(occasion.amount, _language())}
    if occasion.percent is None:
        return ""
    percent = show_percent(occasion.percent)
    if occasion.trigger == Trigger.CAMPAIGN and occasion.to_day:
        facts = {"percent": percent, "name": occasion.name, "day": show_day(occasion.to_day)}
        return _("%(name)s: %(percent)s of what you pay comes back as bonuses, until %(day)s.") % facts
    if occasion.trigger == Trigger.NTH_VISIT and occasion.nth == 1:
        return _("%(percent)s of your first check comes back as bonuses.") % {"percent": percent}
    return ""


def _language() -> str:
    return get_language() or "en"
