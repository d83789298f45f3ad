"""Nothing that the demonstration started outlives it, however it is told to stop."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest

from config.demo import stage
from config.demo.stage import Bell, Stage

POLITE = "import time; print('up', flush=True); time.sleep(60)"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {POLITE}"


def child(program: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    with process.stdout as said:
        assert said.readline() == b"up\n"
    return process


def test_both_are_asked_and_both_end() -> None:
    web, worker = child(POLITE), child(POLITE)

    Stage(0, Bell(), {"web": web, "worker": worker}).stop()

    assert [web.returncode, worker.returncode] == [-signal.SIGTERM, -signal.SIGTERM]


def test_one_that_does_not_listen_is_ended_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "STOP_SECONDS", 0.3)
    web, worker = child(DEAF), child(POLITE)

    Stage(0, Bell(), {"web": web, "worker": worker}).stop()

    assert [web.returncode, worker.returncode] == [-signal.SIGKILL, -signal.SIGTERM]


def test_a_second_ctrl_c_ends_them_at_once_and_leaves_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "STOP_SECONDS", 600)  # left alone, the deaf ones would end by themselves before
    web, worker = child(DEAF), child(DEAF)
    bell = Bell()
    threading.Timer(0.3, setattr, [bell, "again", True]).start()

    Stage(0, bell, {"web": web, "worker": worker}).stop()

    assert [web.returncode, worker.returncode] == [-signal.SIGKILL, -signal.SIGKILL]


def test_only_the_first_signal_interrupts(monkeypatch: pytest.MonkeyPatch) -> None:
    bell = Bell()

    with pytest.raises(KeyboardInterrupt):
        bell.ring(signal.SIGINT, None)

    bell.ring(signal.SIGTERM, None)
    assert not bell.again, "uv hands on what the terminal has sent already"
    monkeypatch.setattr(stage, "TWICE_SECONDS", 0)
    bell.ring(signal.SIGINT, None)
    assert bell.again
