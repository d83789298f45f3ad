"""Ids of forty digits, NUL, junk keys: no page of the admin answers 500 (`reliability.md`, P12)."""

from __future__ import annotations

from itertools import product

import pytest
from django.contrib import admin
from django.urls import reverse

from clients.models import Staff
from loyalty.models import Segment
from tests.admin.conftest import Gym, SignIn

IDS = ["9" * 40, "9" * 18, "0", "-1", "x", "1%00", "_00", "%2e%2e", "1'--", "é", "1.5", "__", "None", "%F0%9F%98%80"]
ODDEST = ["9" * 40, "9" * 18, "x", "1%00"]
QUERIES = [
    "q=%00",
    "q=" + "9" * 40,
    "q=%27%22%3C%3E%25",
    "p=x",
    "p=-1",
    "p=99999999",
    "o=x",
    "o=99.-1.",
    "o=-",
    "all=",
    "e=1",
    "_popup=1",
    "_to_field=password",
    "junk__key=1",
    "location__id__exact=x",
    "location__id__exact=" + "9" * 40,
    "location__id__exact=%00",
    "type__id__exact=x",
    "plan__id__exact=999999999999999999",
    "kind__exact=nothing",
    "account__unit__exact=%F0%9F%98%80",
    "state=x",
    "action__exact=x",
    "is_active__exact=x",
    "_changelist_filters=%00",
    "client__user__password__startswith=a",
    "enabled__exact=maybe",
]
PAGES = {model._meta.label_lower.replace(".", "_"): page for model, page in admin.site._registry.items()}
LABELS = sorted(PAGES)


@pytest.mark.parametrize("label", LABELS)
def test_odd_queries(gym: Gym, anna: Staff, sign_in: SignIn, label: str) -> None:
    browser, url = sign_in(anna), reverse(f"admin:{label}_changelist")
    broken = [query for query in QUERIES if browser.get(f"{url}?{query}", follow=True).status_code >= 500]
    assert broken == []


@pytest.mark.parametrize("label", LABELS)
def test_odd_ids(gym: Gym, anna: Staff, sign_in: SignIn, label: str) -> None:
    browser, url = sign_in(anna), reverse(f"admin:{label}_changelist")
    further = ["history/", "delete/", "effect/", "progress/", "preview/", "paste/", "password/", "adjust"]
    verbs = getattr(PAGES[label], "actions_detail", ())
    broken = []
    for odd, way in [*product(IDS, ["change/", ""]), *product(ODDEST, [*further, *verbs])]:
        path = f"{url}{odd}/{way}"
        codes = {
            browser.get(path).status_code,
            browser.post(path, {"_form_submitted": "True", "reason": "x"}).status_code,
        }
        if max(codes) >= 500:
            broken.append(path)
    assert broken == []


@pytest.mark.parametrize("label", LABELS)
def test_odd_forms(gym: Gym, anna: Staff, sign_in: SignIn, label: str) -> None:
    """Junk in each field of the page that adds, and in the page that lists."""
    browser = sign_in(anna)
    junk = ["", "x", "9" * 40, "\x00", "1e5", "-1", "é" * 300, "9999999999999999999"]
    for path in (reverse(f"admin:{label}_add"), reverse(f"admin:{label}_changelist")):
        page = browser.get(path)
        shown = [page.context.get(name) for name in ("adminform", "form")] if page.context else []
        fields = [name for form in shown for name in getattr(getattr(form, "form", form), "fields", ())]
        names = [*fields, "tiers-0-from_spent", "tiers-TOTAL_FORMS", "steps-TOTAL_FORMS", "_selected_action"]
        for text in junk:
            data = dict.fromkeys(names, text) | {"tiers-INITIAL_FORMS": text, "action": "delete_selected"}
            assert browser.post(path, data).status_code < 500, (path, text)


def test_odd_addresses_of_the_site_itself(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)
    listed = Segment.objects.create(code="listed", name="Listed", is_static=True)
    for path in (
        f"loyalty/segment/{listed.pk}/clients/{'9' * 40}/",
        f"loyalty/segment/{'9' * 40}/clients/1/",
        f"loyalty/segment/{listed.pk}/change/?page={'9' * 40}",
        f"loyalty/promocode/{'9' * 40}/codes/1/",
        f"loyalty/closure/add/?location={'9' * 40}",
        f"loyalty/nightrun/?task=%00&p={'9' * 40}",
        f"loyalty/chainrun/?chain__id__exact={'9' * 40}",
        f"loyalty/prizeclaim/?q=P{'9' * 40}",
        "loyalty/rfmscale/add/?fit=x",
        "search/?s=a&page=x",
        "search/?s=a&page=-1",
        "r/x/1/",
        f"r/{'9' * 40}/1/",
        "r/1/x/",
        "autocomplete/",
        "autocomplete/?app_label=x&model_name=y&field_name=z&term=a",
        "autocomplete/?app_label=loyalty&model_name=visit&field_name=client&page=x",
        "jsi18n/?x=%00",
        "start/flexgym/",
        "start/%00/",
        "nothing/",
        "clients/",
        "password_change/",
    ):
        assert browser.get(f"/admin/{path}").status_code < 500, path


def test_a_control_character_is_refused_before_anything_reads_it(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)
    assert browser.get("/admin/clients/client/?q=%00").status_code == 404
    assert browser.post("/admin/clients/client/add/", {"first_name": "Bo\x00ris"}).status_code == 400


def test_a_long_number_in_a_note_is_no_odd_input(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    answer = sign_in(anna).post("/admin/clients/client/add/", {"first_name": "Carla", "note": "passport " + "1" * 25})
    assert answer.status_code == 302
