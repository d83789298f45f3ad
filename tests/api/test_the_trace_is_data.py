"""Each line of a trace comes with its facts, for a program that writes a sentence of its own."""

from __future__ import annotations

from loyalty.models import PromoCode
from loyalty.money import Money
from tests.api.conftest import Caller, basket
from tests.desk.offers import discount


def test_a_discount_says_of_what_how_much_and_on_which_line(till: Caller) -> None:
    PromoCode.objects.create(code="SPRING", name="Spring", percent=15, max_discount=Money(500), combinable=True)
    check = basket("personal", promo_codes=["spring"])
    quote = till.post("visits/quote", check).ok()
    [note] = [note for note in quote["trace"] if note["rule"] == "SPRING"]
    assert note == {
        "stage": "discount",
        "rule": "SPRING",
        "code": "discount.capped",
        "text": "SPRING: 15\N{NO-BREAK SPACE}% of 60.00 would be 9.00; at most 5.00 comes off a check.",
        "amount": "5.00",
        "facts": {
            "name": "SPRING",
            "base": "60.00",
            "percent": "15",
            "exact": "9.00",
            "most": "5.00",
            "would_be": "9.00",
            "lines": [{"line": 1, "amount": "5.00"}],
        },
    }
    payments = [{"method": "cash", "amount": "55.00"}]
    visit = till.post("visits", {**check, "payments": payments}).made()
    assert visit["trace"] == quote["trace"]


def test_what_did_not_act_says_what_was_missing(till: Caller) -> None:
    discount("big", "Big basket", min_check=Money(7200))
    trace = till.post("visits/quote", basket("personal")).ok()["trace"]
    missing = [(note["stage"], note["code"], note["facts"]) for note in trace if note["rule"] == "big"]
    facts = {"name": "Big basket", "min_check": "72.00", "missing": "12.00"}
    assert missing == [("discount", "discount.check_too_small", facts), ("hint", "hint.more", facts)]
