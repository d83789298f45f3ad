"""The balance page of FlexGym's clients, figure by figure."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from clients.models import Client
from loyalty.money import Money
from loyalty.portal.history import PAGE
from loyalty.terms import Terms
from loyalty.wallet import adjust
from tests.portal.conftest import Opened, text_of
from tests.till import VERA, Till

MOST_QUERIES = 29


def page_of(client: Client, opened: Opened, address: str = "/me/") -> str:
    return opened(client).get(address).content.decode()


def test_boris_has_70_90_after_his_first_training(till: Till, boris: Client, opened: Opened) -> None:
    till.sell("personal", client=boris, redeem="max")

    page = text_of(page_of(boris, opened))

    assert "Boris Petrov 70.90 bonuses · pay up to half of a check from 50.00" in page
    assert "Start 3 % Silver 5 % in 470.00" in page
    assert "2 March 2026 Personal training paid 30.00 used 30.00 earned 0.90 why" in page
    assert "3 % of 30.00, 0.90 bonuses" in page


def test_alice_sees_what_the_visit_of_her_friend_brought(
    till: Till, alice: Client, boris: Client, opened: Opened
) -> None:
    till.sell("personal", client=boris, redeem="max")

    page = text_of(page_of(alice, opened))

    assert "Alice Ivanova 1.50 bonuses" in page
    assert "Referral program +1.50 a friend's visit" in page
    assert "Personal training" not in page
    assert "Boris P." in page
    assert "Petrov" not in page


def test_a_refund_is_told_on_both_pages(till: Till, alice: Client, boris: Client, opened: Opened) -> None:
    sold = till.sell("personal", client=boris, redeem="max")
    till.later(days=1).refund(sold)

    own, hers = text_of(page_of(boris, opened)), text_of(page_of(alice, opened))

    assert "Boris Petrov 100.00 bonuses" in own
    assert "Refund of the visit of 2 March 2026" in own
    assert "paid back 30.00 bonuses returned 30.00 earned bonuses taken back 0.90" in own
    assert "taken back −1.50 a friend's visit was refunded" in hers
    assert "Alice Ivanova 0.00" in hers


def test_what_ends_soon_is_told_first_and_everything_below(till: Till, boris: Client, opened: Opened) -> None:
    adjust(client=boris, amount=Money(1240), reason="for waiting", by=VERA, now=till.now, key="a", terms=Terms(20))

    page = text_of(page_of(boris, opened))

    assert "112.40 bonuses · 100.00 pay up to half of a check from 50.00, 12.40 pay up to a whole check" in page
    assert "12.40 end on 22 March 2026" in page
    assert "until 22 March 2026 · pay up to a whole check 12.40" in page
    assert "until 2 March 2027 · pay up to half of a check from 50.00 100.00" in page
    assert "Changed by hand +12.40 for waiting" in text_of(page_of(boris, opened).replace("</h2>", " "))


def test_what_cannot_be_spent_yet_is_apart(till: Till, boris: Client, opened: Opened) -> None:
    till.give(boris, "5.00", first_day=till.today + timedelta(days=3), program="later")

    page = text_of(page_of(boris, opened))

    assert "Boris Petrov 100.00 bonuses" in page
    assert "5.00 more are on their way" in page
    assert "from 5 March 2026" in page


def test_a_debt_is_explained_and_the_figure_is_not_negative(till: Till, alice: Client, opened: Opened) -> None:
    till.give(alice, "10.00")
    earned = till.sell("10 x personal", client=alice)
    till.sell("personal", client=alice, redeem="28.00")
    till.refund(earned)

    page = text_of(page_of(alice, opened))

    assert re.search(r"Alice Ivanova 0\.00 bonuses", page)
    assert "bonuses were spent before the check that earned them was refunded" in page


def test_memberships_are_dots_and_words(till: Till, boris: Client, opened: Opened) -> None:
    till.sell({"membership_plan": "five"}, client=boris)
    till.sell("2 x session", client=boris, memberships="auto")

    html = page_of(boris, opened)

    assert '●●●<span class="used">○○</span>' in html
    assert "5 sessions until 31 May 2026 ●●● ○○ 3 sessions left" in text_of(html)
    assert "Training session × 2 paid 0.00 2 sessions used" in text_of(html)


def test_gift_cards_show_their_rest_but_never_the_code(till: Till, boris: Client, opened: Opened) -> None:
    sold = till.sell({"gift_card_type": "gift", "amount": "50"}, client=boris)
    code = sold.revealed[1][0]["code"]

    html = page_of(boris, opened)

    assert f"ends in {code[-4:]} until 29 August 2026 $50.00" in text_of(html)
    assert code not in html
    assert code.replace(" ", "") not in html


def test_a_client_invites_with_their_own_link(till: Till, boris: Client, opened: Opened) -> None:
    code = boris.referral_code.code

    html = page_of(boris, opened)

    assert f'href="/join/{code}/"' in html
    assert f"http://localhost:8000/join/{code}/" in html
    assert "You get 5 % of what they pay, at every visit. They start with 100.00 bonuses." in text_of(html)


def test_an_empty_history_says_what_will_stand_there(till: Till, alice: Client, opened: Opened) -> None:
    assert "Your visits will stand here" in text_of(page_of(alice, opened))


def test_the_page_speaks_the_language_of_the_client(till: Till, boris: Client, opened: Opened) -> None:
    till.sell("personal", client=boris, redeem="max")
    Client.objects.filter(pk=boris.pk).update(language="ru")

    html = page_of(boris, opened)

    assert '<html lang="ru">' in html
    assert "70,90" in html


def test_the_pages_of_a_history_hold_each_thing_once(till: Till, boris: Client, opened: Opened) -> None:
    for number in range(1, 13):
        till.later(days=number).sell("session", client=boris)
    for number in range(15):  # all of the same moment
        adjust(client=boris, amount=Money(100 + number), reason="same", by=VERA, now=till.now, key=f"same:{number}")
    for number in (3, 5):
        till.refund(till.later(days=20).sell(f"{number} x towel", client=boris))

    seen, address, browser = [], "/me/", opened(boris)
    while address:
        html = browser.get(address).content.decode()
        items = re.findall(r"<li>\s*<div.*?</div>", html, flags=re.DOTALL)
        assert len(items) <= PAGE
        seen += [text_of(item) for item in items]
        found = re.search(r'href="(/me/\?after=[0-9-]+)"', html)
        address = found[1] if found else ""

    expected = 12 + 15 + 2 + 2 + 1  # visits, adjustments, sales and refunds of towels, the welcome
    assert len(seen) == expected
    assert sorted(item for item in seen if "by hand" in item) == sorted(
        f"2 March 2026 Changed by hand +{1 + number / 100:.2f}" for number in range(15)
    )


@pytest.mark.parametrize("visits", [1, 25])
def test_the_page_asks_no_more_for_a_long_history(till: Till, boris: Client, opened: Opened, visits: int) -> None:
    for number in range(visits):
        till.later(hours=number).sell("session", "towel", client=boris)
    till.sell({"membership_plan": "five"}, client=boris)
    till.sell({"gift_card_type": "gift", "amount": "20"}, client=boris)
    browser = opened(boris)
    browser.get("/me/")

    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert browser.get("/me/").status_code == 200

    assert len(queries) <= MOST_QUERIES, "\n".join(query["sql"][:160] for query in queries)


def test_the_welcome_page_says_what_the_program_gives(till: Till) -> None:
    page = text_of(Browser().get("/").content.decode())

    assert "3 % of what you pay comes back as bonuses, up to 15 % as you go on." in page
    assert "They pay up to half of a check from 50.00." in page
    assert "Bring a friend. You get 5 % of what they pay, at every visit. They start with 100.00 bonuses." in page
    assert "5 sessions valid 90 days $90.00" in page
