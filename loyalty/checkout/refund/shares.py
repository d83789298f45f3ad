"""Which part of a line comes back. Pure: the check as it is stored, what came back of it before, and what is asked.

A line of three units of which two are paid and one is covered by a membership comes back unit by unit: paid
units first, then covered ones. Of the paid units that are still out, `k` of `m` take along their part of the
line's discount, bonuses, gift card and money: `price x k` is apportioned over what is left of these shares, by
largest remainder, so each refund adds up to its units and all refunds add up to the line, in any order.

    3 units of 10.00 less 1.00: shares 1.00 and 29.00.  One back: 0.33 and 9.67.  Another: 0.34 and 9.66.

The earning base and total spent mostly are what was received for the line, money and gift card; then they come back
with it, to the cent. Where they are something else (the house earns before discounts, gift cards earn nothing), they
come back by the unit, rounded down, and the last paid unit takes the rest: also of a line that brought in nothing.

    2 units of 10.00 at 100 % off that earned on 20.00: each takes 10.00 of the base along, and no money.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from clients.refusals import Invalid, Refusal
from loyalty.mechanics import BackLine
from loyalty.models import VisitLine
from loyalty.money import ZERO, Money, spread

SHARES = ("discount", "bonus", "gift_card", "to_pay")
SUMS = ("quantity", "covered", "list", "membership", *SHARES, "base", "spent")

Returnable = Callable[[VisitLine], tuple[int, int]]
"""The part of a sold item's price that comes back: services come back wholly. Raises `Refusal`."""


class AlreadyRefunded(Refusal):
    """There is not that much of the check left to refund."""

    code = "already_refunded"


@dataclass(frozen=True, slots=True)
class Back:
    """So many units of a line (by its number) come back; None means all that are left."""

    line: int
    quantity: int | None = None


@dataclass(frozen=True, slots=True)
class StillOut:
    """What of a check has not come back: its lines in order, and what earlier refunds took of each (line id → sums)."""

    lines: Sequence[VisitLine]
    gone: Mapping[int, Mapping[str, int]] = field(default_factory=dict)

    def out(self, line: VisitLine, share: str) -> int:
        """What of a line's share has not come back."""
        return int(getattr(line, share)) - int(self.gone.get(line.pk, {}).get(share, 0))

    def back_lines(self, asked: Sequence[Back] | None, returnable: Returnable) -> list[BackLine]:
        """The lines that come back; `asked` None: all that is left. Raises `AlreadyRefunded`, `Invalid`."""
        if asked is None:
            asked = [Back(line.number) for line in self.lines if self.out(line, "quantity")]
        if not asked:
            raise AlreadyRefunded(_("All of this check has been refunded."))
        by_number = {line.number: line for line in self.lines}
        if len({back.line for back in asked}) != len(asked):
            raise Invalid(_("A line is named twice."), field="lines")
        backs = []
        for i, back in enumerate(asked):
            line = by_number.get(back.line)
            if line is None:
                raise Invalid(_("The check has no line %(line)d.") % {"line": back.line}, field=f"lines[{i}].line")
            backs.append(self._back_line(line, self._quantity(line, back, i), returnable))
        return backs

    def is_whole(self, backs: Sequence[BackLine]) -> bool:
        """Whether nothing of the check is left after these."""
        now_back = {back.line.pk: back.quantity for back in backs}
        return all(self.out(line, "quantity") == now_back.get(line.pk, 0) for line in self.lines)

    def _quantity(self, line: VisitLine, back: Back, i: int) -> int:
        left = self.out(line, "quantity")
        quantity = left if back.quantity is None else back.quantity
        if quantity < 1:
            if left:
                raise Invalid(_("must be at least 1"), field=f"lines[{i}].quantity")
            raise AlreadyRefunded(_("%(name)s has been refunded.") % {"name": line.name}, field=f"lines[{i}]")
        if quantity > left:
            message = _("%(left)d of %(name)s are left to refund.") % {"left": left, "name": line.name}
            raise AlreadyRefunded(message, field=f"lines[{i}].quantity")
        return quantity

    def _back_line(self, line: VisitLine, quantity: int, returnable: Returnable) -> BackLine:
        paid_out = self.out(line, "quantity") - self.out(line, "covered")
        paid = min(quantity, paid_out)
        covered = quantity - paid
        shares = self._shares(line, paid, paid_out)
        part, whole = returnable(line)
        base, spent = (self._along(line, name, shares, paid, paid_out) for name in ("base", "spent"))
        return BackLine(
            line=line,
            quantity=quantity,
            covered=covered,
            list=line.price.times(quantity),
            membership=line.price.times(covered),
            discount=shares["discount"],
            bonus=shares["bonus"],
            gift_card=shares["gift_card"],
            to_pay=Money(shares["to_pay"] * part // whole),
            base=Money(base * part // whole),
            spent=Money(spent * part // whole),
        )

    def _shares(self, line: VisitLine, paid: int, paid_out: int) -> dict[str, Money]:
        """The part of each share that goes with `paid` of the `paid_out` units still out."""
        left = [self.out(line, share) for share in SHARES]
        parts = spread(sum(left) * paid // paid_out if paid_out else 0, left)
        return dict(zip(SHARES, parts, strict=True))

    def _along(self, line: VisitLine, name: str, shares: Mapping[str, Money], paid: int, paid_out: int) -> Money:
        """The part of the base (or of total spent) that goes with them: with what was received, or by the unit."""
        if getattr(line, name) == line.to_pay + line.gift_card:
            return shares["to_pay"] + shares["gift_card"]
        return Money(self.out(line, name) * paid // paid_out) if paid_out else ZERO
