"""Web server, worker and beat as child processes: started together, stopped together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from django.conf import settings

LETTERS = settings.VAR_DIR / "letters"
MAILBOX = {"EMAIL_URL": f"filemail:///{LETTERS}"}
"""Where letters go unless the environment says otherwise."""
STOP_SECONDS = 10
START_SECONDS = 40
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl+C, `kill`, and the closed window of a terminal."""


TWICE_SECONDS = 0.5
"""Two signals nearer than this are one: what the terminal sends to all of us, `uv` hands on once more."""


class PortTaken(Exception):
    """Something else listens there."""


class DidNotStart(Exception):
    """A child process ended at once, or never answered. `str()` ends with what it said."""


def check_port(port: int) -> None:
    """Raise `PortTaken` if something listens on this port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise PortTaken(f"Port {port} is taken ({error.strerror}): choose another with --port.") from None


@dataclass
class Bell:
    """Hears that all is to stop. Only the first signal interrupts; later ones hasten the end and never break it."""

    first: float | None = None
    again: bool = False

    def listen(self) -> None:
        for number in STOPPING:
            signal.signal(number, self.ring)

    def ring(self, _number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self.first is None:
            self.first = now
            raise KeyboardInterrupt
        self.again = self.again or now - self.first > TWICE_SECONDS


@dataclass
class Stage:
    """The child processes, each with a session of its own, so that Ctrl+C reaches them through us only."""

    port: int
    bell: Bell = field(default_factory=Bell)
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self) -> None:
        """Start everything; returns when the web server answers. Raises `DidNotStart`."""
        web = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port)]
        # SQLite has one writer at a time: two processes keep pages coming while one of them waits for it.
        self._run("web", [*web, "--workers", "2", "--blocking-threads", "2", "--no-ws", "config.wsgi:application"])
        worker = ["celery", "--app", "config", "worker", "--beat", "--concurrency", "1", "--loglevel", "INFO"]
        self._run("worker", [*worker, "--without-mingle", "--without-gossip", "--schedule", os.devnull])
        self._wait_for_the_web()

    def _run(self, name: str, module: Sequence[str]) -> None:
        with self.log(name).open("wb") as log:
            self.children[name] = subprocess.Popen(  # noqa: S603  # our own program, constant arguments
                [sys.executable, "-m", *module],
                cwd=settings.BASE_DIR,
                env={**MAILBOX, **os.environ, "BASE_URL": settings.BASE_URL, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @staticmethod
    def log(name: str) -> Path:
        folder = settings.VAR_DIR / "demo"
        folder.mkdir(exist_ok=True)
        return Path(folder / f"{name}.log")

    def _wait_for_the_web(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            self.check_alive()
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5):
                    return
            except urllib.error.HTTPError:
                return  # it answers
            except OSError:
                time.sleep(0.1)
        raise DidNotStart(f"The web server does not answer.\n{self._last_words('web')}")

    def check_alive(self) -> None:
        """Raise `DidNotStart` if a child has ended."""
        for name, child in self.children.items():
            if child.poll() is not None:
                raise DidNotStart(f"The {name} has ended ({child.returncode}).\n{self._last_words(name)}")

    def _last_words(self, name: str) -> str:
        return "\n".join(self.log(name).read_text(errors="replace").splitlines()[-15:])

    def stop(self) -> None:
        """Ask each to finish what it does; after `STOP_SECONDS`, or when asked again, insist. Nobody is left behind."""
        try:
            for child in self._alive():
                child.send_signal(signal.SIGTERM)
            self._wait_for_the_end()
        except KeyboardInterrupt:
            pass  # asked while stopping for another reason: no more patience
        finally:
            self._insist()

    def _alive(self) -> list[subprocess.Popen[bytes]]:
        return [child for child in self.children.values() if child.poll() is None]

    def _wait_for_the_end(self) -> None:
        until = time.monotonic() + STOP_SECONDS
        while self._alive() and time.monotonic() < until and not self.bell.again:
            time.sleep(0.1)

    def _insist(self) -> None:
        """End whatever still runs, each with its own children, however often Ctrl+C is pressed meanwhile."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
        try:
            for child in self._alive():
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
