"""A manager of one location sees and refunds its visits only: in lists, on pages, in actions, in forms."""

from __future__ import annotations

from django.urls import reverse

from clients.models import Client, Staff
from loyalty.models import Closure, Entry, PromoCode, PromoUse, Refund
from tests.admin.conftest import Gym, SignIn
from tests.factories import NOW


def test_lists_hold_only_visits_of_the_own_location(gym: Gym, mike: Staff, sign_in: SignIn) -> None:
    page = sign_in(mike).get(reverse("admin:loyalty_visit_changelist"))
    assert {visit.location_id for visit in page.context["cl"].result_list} == {gym.main.pk}


def test_an_owner_sees_all_locations(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    anna.locations.add(gym.main)
    page = sign_in(anna).get(reverse("admin:loyalty_visit_changelist"))
    assert {visit.location_id for visit in page.context["cl"].result_list} == {gym.main.pk, gym.riverside.pk}


def test_a_visit_elsewhere_is_not_there(gym: Gym, mike: Staff, sign_in: SignIn) -> None:
    browser = sign_in(mike)
    assert browser.get(reverse("admin:loyalty_visit_change", args=[gym.elsewhere.pk])).status_code == 302
    assert browser.get(reverse("admin:loyalty_visit_change", args=[gym.visit.pk])).status_code == 200


def test_a_visit_elsewhere_is_not_refunded(gym: Gym, mike: Staff, sign_in: SignIn) -> None:
    url = reverse("admin:loyalty_visit_refund_visit", args=[gym.elsewhere.pk])
    data = {"_form_submitted": "True", "line_1": "1", "reason": "came too late", "key": "k"}
    browser = sign_in(mike)
    assert browser.get(url).status_code == 403
    assert browser.post(url, data).status_code == 403
    assert not Refund.objects.exists()


def test_filters_do_not_reach_elsewhere(gym: Gym, mike: Staff, sign_in: SignIn) -> None:
    page = sign_in(mike).get(
        reverse("admin:loyalty_visit_changelist"), {"location__id__exact": gym.riverside.pk}, follow=True
    )
    assert gym.elsewhere.pk not in {visit.pk for visit in page.context["cl"].result_list}


def test_the_ledger_holds_no_movement_of_a_visit_elsewhere(gym: Gym, mike: Staff, sign_in: SignIn) -> None:
    page = sign_in(mike).get(reverse("admin:loyalty_entry_changelist"))
    shown = {entry.pk for entry in page.context["cl"].result_list}
    hidden = set(Entry.objects.filter(visit=gym.elsewhere).values_list("pk", flat=True))
    assert hidden
    assert not shown & hidden
    assert shown


def test_a_clients_page_shows_visits_of_the_own_location(gym: Gym, mike: Staff, sign_in: SignIn) -> None:
    page = sign_in(mike).get(reverse("admin:clients_client_change", args=[gym.alice.pk])).context["page"]
    assert page.visits == []
    assert {row.visit for row in page.entries if row.visit} <= {
        gym.visit.pk,
        *gym.boris.visits.values_list("pk", flat=True),
    }


def test_a_form_offers_and_takes_the_own_location_only(gym: Gym, mike: Staff, sign_in: SignIn) -> None:
    browser = sign_in(mike)
    url = reverse("admin:clients_client_add")
    offered = browser.get(url).context["adminform"].form.fields["home"].queryset
    assert [place.code for place in offered] == ["main"]
    answer = browser.post(url, {"first_name": "Carla", "home": gym.riverside.pk})
    assert answer.status_code == 200
    assert "home" in answer.context["adminform"].form.errors
    assert not Client.objects.filter(first_name="Carla").exists()


def test_figures_of_a_manager_are_of_the_own_location(gym: Gym, mike: Staff, anna: Staff, sign_in: SignIn) -> None:
    of_mike = sign_in(mike).get(reverse("admin:index")).context["figures"]
    of_anna = sign_in(anna).get(reverse("admin:index")).context["figures"]
    assert [figure.label for figure in of_mike] == [figure.label for figure in of_anna][:4]
    assert int(of_mike[0].value) == int(of_anna[0].value) - 1


def test_the_uses_of_a_promo_code_are_those_of_the_own_location(
    gym: Gym, olga: Staff, anna: Staff, sign_in: SignIn
) -> None:
    promo = PromoCode.objects.create(code="SPRING", name="Spring", percent=10)
    for visit in (gym.visit, gym.elsewhere):
        PromoUse.objects.create(promo=promo, issued=promo.issued.get(), visit=visit, client=visit.client)
    olga.locations.add(gym.main)
    url = reverse("admin:loyalty_promocode_change", args=[promo.pk])
    assert [use.visit_id for use in sign_in(olga).get(url).context["uses"]] == [gym.visit.pk]
    assert {use.visit_id for use in sign_in(anna).get(url).context["uses"]} == {gym.visit.pk, gym.elsewhere.pk}


def test_closures_are_those_of_the_own_location(gym: Gym, olga: Staff, anna: Staff, sign_in: SignIn) -> None:
    here, elsewhere = (
        Closure.objects.create(
            operation=place.code, location=place, from_day=NOW.date(), days=1, reason="Flood", by="staff:anna"
        )
        for place in (gym.main, gym.riverside)
    )
    olga.locations.add(gym.main)
    url = reverse("admin:loyalty_closure_changelist")
    browser = sign_in(olga)
    assert [row.pk for row in browser.get(url).context["cl"].result_list] == [here.pk]
    assert browser.get(reverse("admin:loyalty_closure_change", args=[elsewhere.pk])).status_code == 302
    assert {row.pk for row in sign_in(anna).get(url).context["cl"].result_list} == {here.pk, elsewhere.pk}
