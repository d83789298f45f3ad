"""A table may know its own room and the rooms below. import-linter cannot see a foreign key that is a string."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import Model

# What each room may point to beside itself and Django's own tables.
BELOW = {
    "clients": set[str](),
    "loyalty": {"clients"},
    "referrals": {"loyalty", "clients"},
    "giftcards": {"loyalty", "clients"},
    "memberships": {"loyalty", "clients"},
    "config": {"referrals", "giftcards", "memberships", "loyalty", "clients"},
}
DJANGO = {"auth", "contenttypes"}


def relations() -> list[tuple[type[Model], str, type[Model]]]:
    return [
        (model, field.name, field.related_model)
        for room in BELOW
        for model in apps.get_app_config(room).get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if field.is_relation and not field.auto_created and isinstance(field.related_model, type)
    ]


@pytest.mark.parametrize(
    ("model", "name", "target"), [pytest.param(*row, id=f"{row[0]._meta.label}.{row[1]}") for row in relations()]
)
def test_a_relation_points_to_its_own_room_or_down(model: type[Model], name: str, target: type[Model]) -> None:
    room = model._meta.app_label

    assert target._meta.app_label in {room} | BELOW[room] | DJANGO


def test_the_rooms_are_those_of_the_plan() -> None:
    ours = {app.label for app in apps.get_app_configs() if Path(app.path).parent == settings.BASE_DIR}

    assert ours == set(BELOW)
