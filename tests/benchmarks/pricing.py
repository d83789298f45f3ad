"""How long it takes to work a check out, and what it asks the database.

    uv run python -m tests.benchmarks.pricing           SQLite, in a temporary file
    DATABASE_URL=postgres://… uv run python -m tests.benchmarks.pricing

Pure pricing, in one process: 50 lines under 30 programs of every kind with 5 promo codes, bonuses and cashback (the
goal is 5 ms), and 1 line under 1 program (1 ms). The programs of `tests/loyalty/every_kind.py` as they are; all
combinable, which is the most work; all capped; and so few of them that cents are looked for which a spread has moved.
Then the queries of a quote of each: the first after a change of settings, which reads them, and a later one.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
TIMES = int(os.environ.get("TIMES", "200"))


def milliseconds(work: Callable[[], object]) -> tuple[float, float]:
    """The middle of many runs: by the clock, and of the processor, which other work does not lengthen."""
    clock, processor = [], []
    for _ in range(TIMES):
        began, busy = time.perf_counter(), time.process_time()
        work()
        clock.append(time.perf_counter() - began)
        processor.append(time.process_time() - busy)
    return statistics.median(clock) * 1000, statistics.median(processor) * 1000


def pricing(till: Any, basket: Any) -> Callable[[], Any]:
    """Pure pricing of a basket: everything that it needs is loaded beforehand."""
    from loyalty.checkout import quote
    from loyalty.checkout.quote import line_of
    from loyalty.mechanics import mechanics
    from loyalty.pricing import price

    scene = quote(basket, now=till.now).scene
    lines = [line_of(line, number, scene) for number, line in enumerate(basket.lines, start=1)]
    steps = [mechanic.prepare(basket, scene) for mechanic in mechanics()]
    return lambda: price(lines, steps)


def queries(till: Any, basket: Any) -> tuple[int, int]:
    """Of the first quote after a change of settings, and of one after it."""
    from clients.configured import renew_revision
    from loyalty.checkout import quote
    from tests.till import statements

    renew_revision()
    first, later = (len(statements(lambda: quote(basket, now=till.now))) for _time in range(2))
    return first, later


def report(name: str, till: Any, basket: Any) -> None:
    work = pricing(till, basket)
    bill = work()
    acted = len({note.rule for note in bill.notes if note.stage == "discount" and note.amount})
    first, later = queries(till, basket)
    clock, processor = milliseconds(work)
    print(f"{name}: {clock:.2f} ms, {processor:.2f} of them on the processor; {acted} discounts acted;", end=" ")
    print(f"{first} queries, later {later}")


def main() -> None:
    django.setup()
    from django.db import connection
    from django.utils import timezone

    from loyalty.models import Discount, PromoCode
    from tests import factories
    from tests.benchmarks.settle import scratch_database
    from tests.loyalty import every_kind
    from tests.till import Till

    with scratch_database():
        factories.HouseRulesFactory()
        factories.LocationFactory()
        factories.CashbackTierFactory()
        every_kind.price_list()
        till, boris = Till(now=timezone.now().replace(hour=17)), factories.ClientFactory()
        every_kind.came_before(till, boris)
        print(connection.vendor)
        one = factories.DiscountFactory(code="one")
        factories.PromoCodeFactory(code="FIRST")
        small = till.basket("s0", client=boris, promo_codes=["FIRST"], redeem="max")
        report("1 line, 1 program, 1 code", till, small)
        Discount.objects.filter(pk=one.pk).update(kind="repeat", days=30, card_kind="electronic")
        report("the same, of the kind that asks most", till, small)
        Discount.objects.filter(pk=one.pk).update(enabled=False)
        every_kind.thirty_programs(boris)
        every_kind.five_codes()
        lines, codes = every_kind.fifty_lines(), list(every_kind.CODES)
        large = till.basket(*lines, client=boris, promo_codes=codes, redeem="max")
        report("50 lines, 30 programs, 5 codes", till, large)
        for model in (Discount, PromoCode):
            model._default_manager.update(combinable=True)
        report("the same, all combinable", till, large)
        Discount.objects.filter(amount=None).exclude(kind="cumulative").update(percent=Decimal(2), max_discount=1500)
        report("the same, all capped", till, large)
        kept = (
            Discount.objects.filter(enabled=True, kind="permanent").order_by("code").values_list("pk", flat=True)[:10]
        )
        Discount.objects.exclude(pk__in=list(kept)).update(enabled=False)
        report("50 lines, 10 of them, where cents are looked for", till, till.basket(*lines, client=boris))


if __name__ == "__main__":
    main()
