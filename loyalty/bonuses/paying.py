"""Bonuses pay part of a check.

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

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.refusals import Invalid, Refusal
from loyalty import ledger
from loyalty.basket import Basket
from loyalty.house import House
from loyalty.ledger import InsufficientBalance, Movement, Stock
from loyalty.mechanics import Mechanic, Reversal, Sale, Scene
from loyalty.models import Account
from loyalty.money import ZERO, Money, down, spread, total
from loyalty.pricing import Bill, Idle, Note, Step
from loyalty.reader import Reader

BONUS = Account.Unit.BONUS


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
