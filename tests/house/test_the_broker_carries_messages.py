"""The broker that the settings name takes a message and hands it out again: the folder by default, Redis in CI too."""

from __future__ import annotations

import uuid

import pytest
from django.conf import settings

from config.celery import app


@pytest.mark.broker
def test_a_message_comes_out_as_it_went_in() -> None:
    with app.connection_for_write() as broker, broker.SimpleQueue(f"test-{uuid.uuid4()}") as queue:
        queue.put({"lot": 7})
        message = queue.get(timeout=5)
        message.ack()

        assert message.payload == {"lot": 7}
        queue.queue.delete()


@pytest.mark.skipif(not settings.BROKER_URL.startswith("filesystem"), reason="another broker was chosen")
def test_the_folder_of_the_tests_is_not_that_of_the_installation() -> None:
    assert app.conf.broker_transport_options["data_folder_in"].startswith(
        settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_in"]
    )
    assert str(settings.VAR_DIR) not in app.conf.broker_transport_options["data_folder_in"]
