"""Whoever is limited to a location sees the friends of a client who joined there, were there, or joined nowhere."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client as Browser

from clients.models import Client, Location, Staff
from referrals.admin_tree import Tree, tree_of
from referrals.models import ReferralProgram
from tests import factories
from tests.referrals.conftest import Join, code_of
from tests.till import Till, cents

pytestmark = pytest.mark.django_db


@pytest.fixture
def riverside(till: Till) -> Location:
    place: Location = factories.LocationFactory(code="riverside", name="Riverside")
    return place


@pytest.fixture
def friends(till: Till, program: ReferralProgram, ann: Client, join: Join, riverside: Location) -> dict[str, Client]:
    """Bob and Dora are of Riverside; Dora has been at main, too. Carl joined nowhere. Each paid 20.00."""
    found = {name: join(name, code_of(ann)) for name in ("Bob", "Carl", "Dora")}
    homes = {"Bob": riverside, "Carl": None, "Dora": riverside}
    for name, home in homes.items():
        Client.objects.filter(pk=found[name].pk).update(home=home)
    till.sell("session", client=found["Bob"], location="riverside")
    till.sell("session", client=found["Carl"], location="riverside")
    till.sell("session", client=found["Dora"])
    return found


@pytest.fixture
def manager(till: Till) -> Staff:
    staff: Staff = factories.StaffFactory(username="mike", locations=[Location.objects.get(code="main")])
    rights = ["view_referral", "view_client"]
    staff.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return staff


def names(tree: Tree) -> list[str]:
    return [row.friend.client.first_name for row in tree.rows]


def test_a_manager_of_one_location_sees_the_pairs_of_it(
    till: Till, ann: Client, friends: dict[str, Client], manager: Staff
) -> None:
    tree = tree_of(ann, manager, till.now)
    assert (names(tree), tree.is_partial) == (["Dora", "Carl"], True)
    assert (tree.totals.friends, tree.totals.came, tree.totals.bonuses.net) == (2, 2, cents("2"))


def test_the_owner_sees_all(till: Till, ann: Client, friends: dict[str, Client], anna: Staff) -> None:
    tree = tree_of(ann, anna, till.now)
    assert (names(tree), tree.is_partial) == (["Dora", "Carl", "Bob"], False)
    assert (tree.totals.friends, tree.totals.came, tree.totals.bonuses.net) == (3, 3, cents("3"))


def test_the_page_and_the_list_show_the_same(
    ann: Client, friends: dict[str, Client], manager: Staff, client: Browser
) -> None:
    client.force_login(manager)
    page = client.get(f"/admin/referrals/referral/of/{ann.pk}/")
    listed = client.get("/admin/referrals/referral/")
    assert (page.status_code, listed.status_code) == (200, 200)
    assert names(page.context["tree"]) == [row.friend.first_name for row in listed.context["cl"].result_list]
    assert "Bob" not in page.content.decode()
