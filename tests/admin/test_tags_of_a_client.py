"""The tags of a client on the client's page: one field, with commas."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from clients.models import Client, Staff
from clients.tags import set_tags, tags_of
from tests.admin.conftest import ANNA, Gym, SignIn


def page(client: Client) -> str:
    return reverse("admin:clients_client_change", args=[client.pk])


def form(**said: str) -> dict[str, str]:
    return {"first_name": "Boris", "last_name": "Petrov", "phone": "212 555 0102", **said}


def refused(answer: Any) -> list[str]:
    return list(answer.context["adminform"].form.errors.get("tags", []))


def test_tags_are_written_with_commas(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)
    browser.post(page(gym.boris), form(tags=" VIP,, allergic to latex ,VIP,"))
    assert tags_of(gym.boris) == ["VIP", "allergic to latex"]
    assert 'value="VIP, allergic to latex"' in browser.get(page(gym.boris)).content.decode()


def test_a_new_client_may_have_some(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    sign_in(anna).post(reverse("admin:clients_client_add"), {"first_name": "Dora", "tags": "VIP"})
    assert tags_of(Client.objects.get(first_name="Dora")) == ["VIP"]


def test_an_empty_field_takes_them_all_away(gym: Gym, mike: Staff, sign_in: SignIn) -> None:
    set_tags(gym.boris, ["VIP"], by=ANNA)
    sign_in(mike).post(page(gym.boris), form(tags=""))
    assert tags_of(gym.boris) == []


def test_what_is_no_tag_is_said_at_the_field(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)
    assert refused(browser.post(page(gym.boris), form(tags="x" * 41))) == ["Must be at most 40 characters long"]
    many = ",".join(str(n) for n in range(21))
    assert refused(browser.post(page(gym.boris), form(tags=many))) == ["Must be at most 20 tags"]
    assert tags_of(gym.boris) == []


def test_the_change_is_told_on_the_page_with_its_author(gym: Gym, anna: Staff, sign_in: SignIn) -> None:
    browser = sign_in(anna)
    browser.post(page(gym.boris), form(tags="VIP"))
    browser.post(page(gym.boris), form(tags="VIP, gym"))
    newest, oldest = browser.get(page(gym.boris)).context["changes"]
    assert (newest.by, newest.told) == (str(anna), ["tags: VIP → VIP, gym"])
    assert oldest.told == ["tags: — → VIP"]
    assert "tags: VIP → VIP, gym" in browser.get(reverse("admin:auditlog_logentry_changelist")).content.decode()


def test_an_auditor_reads_them(gym: Gym, olga: Staff, sign_in: SignIn) -> None:
    set_tags(gym.boris, ["VIP", "gym"], by=ANNA)
    assert "VIP, gym" in sign_in(olga).get(page(gym.boris)).content.decode()
