"""`kill -9` in the middle of making codes, again and again: in the end there are as many as were asked for."""

from __future__ import annotations

import signal
import subprocess
import time

import pytest
from django.db.models import F
from django.db.utils import OperationalError, ProgrammingError

from loyalty.models import CodeBatch, IssuedCode
from tests.night.test_a_killed_expiry_goes_on import Manage, manage, own_database, said

__all__ = ["manage", "own_database"]

WANTED = 6_000
ASK = f"""
from django.utils import timezone
from clients.actors import Actor
from loyalty import promo_batches
from loyalty.models import PromoCode
promo = PromoCode.objects.create(code="Winter", name="Winter letters", percent=10, is_batch=True)
promo_batches.ask(promo=promo, count={WANTED}, by=Actor.staff("anna"), now=timezone.now())
"""
MAKE = "from loyalty import promo_batches as p; p.AT_ONCE = 100; print('made', p.make_unfinished())"


def made() -> int:
    try:
        return CodeBatch.objects.using("own").values_list("made", flat=True).get()
    except (OperationalError, ProgrammingError):
        return 0


def kill_in_the_middle(process: subprocess.Popen[bytes], before: int, pause: float) -> None:
    while made() == before and process.poll() is None:
        time.sleep(0.005)
    time.sleep(pause)
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.long
def test_no_code_is_lost_or_counted_twice_however_often_the_maker_is_killed(manage: Manage) -> None:
    said(manage("migrate", "-v0"))
    said(manage("load_setup", "loyalty/presets/flexgym.yaml"))
    said(manage("shell", "-v0", "-c", ASK))
    seen = []

    for pause in (0.0, 0.02):
        kill_in_the_middle(manage("shell", "-v0", "-c", MAKE), made(), pause)
        seen.append((made(), IssuedCode.objects.using("own").count()))
    said(manage("shell", "-v0", "-c", MAKE))

    assert 0 < seen[0][0] < WANTED, f"the kill came too late to prove anything: {seen}"
    assert all(counted == there for counted, there in seen)
    assert IssuedCode.objects.using("own").count() == WANTED
    assert CodeBatch.objects.using("own").get(made=F("wanted")).made == WANTED
