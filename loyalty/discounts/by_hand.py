"""A discount that staff give by hand, with a reason: on what the programs have left, whatever they were.

It is no program's, so it neither keeps others out nor is kept out. Who may give one is for the faces to ask
(`loyalty.discount_by_hand`); who gave it and why stays with the check.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from clients.refusals import Invalid
from loyalty.discounts.fitting import Goods
from loyalty.money import BadAmount, Money, parse_percent
from loyalty.pricing import Bill
from loyalty.reader import Reader
from loyalty.stacking import Offer

KEY = "discount"
REASON_LENGTH = 250


@dataclass(frozen=True, slots=True)
class ByHand:
    """So many per cent, or so much, off the services of the check, or off some of its lines."""

    percent: Decimal | None
    amount: Money | None
    reason: str
    lines: tuple[int, ...] = ()

    def offer(self, bill: Bill) -> Offer:
        """What it would take. Raises `Invalid` for a line that the check does not have, or that sells no service."""
        goods = {line.number: line for line in Goods.of(bill).lines}
        for i, number in enumerate(self.lines):
            if number not in goods:
                message = _("line %(line)d is no service that is paid for") % {"line": number}
                raise Invalid(message, field=f"{KEY}.lines[{i}]")
        if not goods:
            raise Invalid(_("Nothing on this check can be made cheaper."), field=KEY)
        chosen = self.lines or tuple(goods)
        units = {n: (goods[n].paid_units, goods[n].paid_units) for n in sorted(chosen)}
        return Offer("by_hand", "", "", units, self.percent, self.amount)


def read(reader: Reader) -> ByHand | None:
    """`discount`: {percent or amount, reason, lines?}. Raises `Invalid`."""
    if reader.raw.get(KEY) is None:
        return None
    said = Reader(reader.raw[KEY], reader.at(KEY), reader.currency)
    said.only({"percent", "amount", "reason", "lines"})
    percent, amount = _percent(said), said.money("amount", positive=True)
    if (percent is None) == (amount is None):
        raise Invalid(_("must have a percent or an amount"), field=reader.at(KEY))
    return ByHand(percent, amount, said.text("reason", limit=REASON_LENGTH), _lines(said))


def _percent(said: Reader) -> Decimal | None:
    value = said.raw.get("percent")
    if value is None:
        return None
    if not isinstance(value, str):
        raise Invalid(_('must be a percentage in a string, like "7.5"'), field=said.at("percent"))
    try:
        percent = parse_percent(value)
    except BadAmount as error:
        raise Invalid(str(error), field=said.at("percent")) from error
    if not percent:
        raise Invalid(_("must be more than nothing"), field=said.at("percent"))
    return percent


def _lines(said: Reader) -> tuple[int, ...]:
    if said.raw.get("lines") is None:
        return ()
    numbers = said.items("lines")
    if not numbers:
        raise Invalid(_("name at least one line, or leave it out for all"), field=said.at("lines"))
    for i, number in enumerate(numbers):
        if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= 9999:
            raise Invalid(_("must be the number of a line"), field=f"{said.at('lines')}[{i}]")
    return tuple(dict.fromkeys(numbers))
