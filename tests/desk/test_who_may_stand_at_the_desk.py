"""Sign-in, roles, locations; odd addresses and odd input are answered, never with a server error."""

from __future__ import annotations

import pytest
from django.test import Client as Browser

from clients.models import Client, Location, Staff
from loyalty.desk import urls
from loyalty.models import Visit
from tests import factories
from tests.desk.screen import HTMX, Screen, signed_in, text_of

PAGES = [
    "/desk/",
    "/desk/clients/?q=a",
    "/desk/goods/?add_text=a",
    "/desk/register/",
    "/desk/visits/",
    "/desk/visits/1/",
    "/desk/clients/1/prizes/",
]
POSTS = [
    "/desk/check/",
    "/desk/pay/",
    "/desk/register/",
    "/desk/actions/",
    "/desk/visits/1/refund/",
    "/desk/clients/1/prizes/take/",
    "/desk/clients/1/prizes/1/hand-over/",
    "/desk/clients/1/prizes/1/take-back/",
    "/desk/location/",
]


OPEN = {"sign_in", "sign_out"}
STAFF = {"screen", "check", "pay", "clients", "goods", "register", "today", "receipt", "refund", "location", "count"}
STAFF |= {"prizes", "prize_take", "prize_hand_over", "prize_take_back"}


def test_no_address_is_without_an_audience() -> None:
    """Whoever adds a page says here who may see it, and tries it below."""
    assert {pattern.name for pattern in urls.urlpatterns} == OPEN | STAFF
    assert len(PAGES) + len(POSTS) == len(STAFF) + 1  # the form to register is looked at and sent


def sign_in(browser: Browser, name: str, password: str = factories.PASSWORD) -> str:
    answer = browser.post("/desk/sign-in/", {"username": name, "password": password})
    return answer.headers.get("Location") or text_of(answer.content.decode())


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_is_sent_to_sign_in(path: str, flexgym: Location) -> None:
    assert Browser().get(path).headers["Location"].startswith("/desk/sign-in/?next=")
    assert Browser().get(path, headers=HTMX).headers["HX-Redirect"] == "/desk/sign-in/"


@pytest.mark.parametrize("path", POSTS)
def test_a_stranger_changes_nothing(path: str, flexgym: Location) -> None:
    assert Browser().post(path).headers["Location"].startswith("/desk/sign-in/")


@pytest.mark.parametrize(("role", "status"), [("owner", 200), ("manager", 200), ("front_desk", 200), ("auditor", 403)])
def test_roles_at_the_desk(role: str, status: int, flexgym: Location) -> None:
    staff: Staff = factories.StaffFactory(role=role)
    for path in PAGES[:5]:
        assert signed_in(staff).browser.get(path).status_code == status


def test_somebody_whose_account_was_closed_is_out_at_once(desk: Screen, vera: Staff) -> None:
    vera.is_active = False
    vera.save()
    assert desk.open().status_code == 302


def test_signing_in_and_out(vera: Staff) -> None:
    browser = Browser()
    assert "do not belong together" in sign_in(browser, "vera", "wrong")
    assert sign_in(browser, "vera") == "/desk/"
    assert browser.post("/desk/sign-out/").headers["Location"] == "/desk/sign-in/"
    assert browser.get("/desk/").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_guessing_a_password_is_throttled(vera: Staff) -> None:
    browser = Browser()
    for _try in range(10):
        assert "do not belong together" in sign_in(browser, "vera", "wrong")
    assert "That was tried too often." in sign_in(browser, "Vera", factories.PASSWORD)


@pytest.mark.django_db(transaction=True)
def test_an_auditor_is_told_at_the_sign_in(flexgym: Location) -> None:
    factories.StaffFactory(username="alan", role="auditor")
    assert "Your role does not include the desk." in sign_in(Browser(), "alan")


def test_a_next_page_elsewhere_is_not_followed(vera: Staff) -> None:
    sent = {"username": "vera", "password": factories.PASSWORD, "next": "https://evil.example/"}
    assert Browser().post("/desk/sign-in/", sent).headers["Location"] == "/desk/"


def test_pavel_sees_no_check_of_another_branch(desk: Screen, flexgym: Location) -> None:
    desk.open()
    desk.add("service:towel")
    desk.pay()
    visit = Visit.objects.get()
    pavel = factories.StaffFactory(role="manager", locations=[Location.objects.get(code="riverside")])
    browser = signed_in(pavel).browser
    assert browser.get(f"/desk/visits/{visit.pk}/").status_code == 404
    refund = {"whole": "1", "confirm": "1", "reason": "x"}
    assert browser.post(f"/desk/visits/{visit.pk}/refund/", refund).status_code == 404
    assert not visit.refunds.exists()


def test_pavel_stands_only_where_he_works(flexgym: Location) -> None:
    pavel = signed_in(factories.StaffFactory(role="front_desk", locations=[Location.objects.get(code="riverside")]))
    pavel.browser.post("/desk/location/", {"location": "main"})
    pavel.open()
    pavel.add("service:towel")
    pavel.pay()
    assert Visit.objects.get().location.code == "riverside"


def test_an_open_check_stays_where_it_was_begun(desk: Screen) -> None:
    """Another tab moves the desk; what is open in this one is settled where its header says."""
    desk.open()
    desk.add("service:towel")
    desk.browser.post("/desk/location/", {"location": "riverside"})
    desk.pay("cash")
    assert Visit.objects.get().location.code == "main"


def test_the_desk_moves_to_another_location(desk: Screen) -> None:
    desk.browser.post("/desk/location/", {"location": "riverside"})
    desk.open()
    desk.add("service:towel")
    desk.pay()
    assert Visit.objects.get().location.code == "riverside"


def test_before_the_business_is_set_up_the_desk_says_what_to_do(db: None) -> None:
    owner: Staff = factories.StaffFactory(is_superuser=True)
    answer = signed_in(owner).browser.get("/desk/")
    assert answer.status_code == 503
    assert "Choose a preset on the first page of the admin." in text_of(answer.content.decode())


@pytest.mark.parametrize("odd", ["0", "-1", "9" * 40, "1%00", "abc", "١", "1e3", "%F0%9F%98%80"])
def test_odd_ids_are_not_found(odd: str, desk: Screen) -> None:
    assert desk.browser.get(f"/desk/visits/{odd}/").status_code == 404
    assert desk.browser.get(f"/desk/?client={odd}").status_code == 200


@pytest.mark.parametrize(
    "odd", ["\x00", "9" * 400, "' OR 1=1 --", "<script>alert(1)</script>", "\U0001f600", "\u202e", "%"]
)
def test_odd_input_is_answered(odd: str, desk: Screen, boris: Client) -> None:
    names = [
        "client",
        "line",
        "add",
        "remove",
        "drop",
        "choose",
        "code",
        "redeem",
        "most",
        "taken",
        "token",
        "seen",
    ]
    names += ["quantity-0", "price-0", "split-cash", "sessions", "key", "pay", "method", "earn"]
    names += ["by_hand", "by_hand_unit", "by_hand_reason"]
    for name in names:
        for path in ("/desk/check/", "/desk/pay/"):
            desk.open(boris)
            desk.add("service:towel")
            assert desk.press(path, **{name: odd}).status_code in (200, 204, 422)
    for path in ("/desk/clients/", "/desk/goods/", "/desk/register/", "/desk/"):
        assert desk.browser.get(path, {"q": odd, "add_text": odd}).status_code == 200
    for name in ("first_name", "phone", "email", "birthday", "referrer", "card", "register_key"):
        sent = {"first_name": "Bob", name: odd}
        assert desk.browser.post("/desk/register/", sent).status_code in (302, 422)
    assert "<script>alert" not in desk.html


def test_a_page_speaks_the_language_of_the_staff(desk: Screen, vera: Staff) -> None:
    vera.language = "ru"
    vera.save()
    answer = desk.open()
    assert '<html lang="ru">' in desk.html
    assert answer.headers["Content-Language"] == "ru"


def test_pages_are_not_kept_and_allow_no_foreign_script(desk: Screen) -> None:
    answer = desk.open()
    assert "no-store" in answer.headers["Cache-Control"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "onclick" not in desk.html
    assert ' style="' not in desk.html


def test_an_erased_client_is_not_served(desk: Screen, boris: Client) -> None:
    Client.objects.filter(pk=boris.pk).update(erased_at=factories.NOW)
    desk.open(boris)
    assert "This client has asked to be forgotten." in desk.text
    desk.add("service:towel")
    desk.press(client=str(boris.pk))
    assert desk.pay().status_code == 422
    assert not Visit.objects.exists()
