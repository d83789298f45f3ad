"""`manage.py load_setup` and `manage.py dump_setup`, as somebody at a terminal meets them."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from clients.models import Business
from loyalty.setup import presets
from tests.setup.conftest import Picture

SALON = next(preset.path for preset in presets() if preset.code == "salon")


def said(*command: Any, **options: Any) -> list[str]:
    out = io.StringIO()
    call_command(*map(str, command), stdout=out, **options)
    return out.getvalue().splitlines()


def test_loading_prints_what_changed_and_then_that_nothing_does(db: None) -> None:
    first = said("load_setup", SALON)
    assert first[0] == "create business Салон красоты"
    assert first[-1] == "create discount cut-and-colour"
    assert said("load_setup", SALON) == ["nothing to change"]


def test_a_dry_run_on_an_empty_database_says_what_it_would_create(db: None, picture: Callable[[], Picture]) -> None:
    before = picture()
    dry = said("load_setup", SALON, "--dry-run")
    assert dry[-1] == "this was a dry run: nothing was changed"
    assert picture() == before
    assert not Business.objects.exists()
    assert said("load_setup", SALON) == dry[:-1]


def test_what_was_dumped_loads_back(db: None, tmp_path: Path) -> None:
    said("load_setup", SALON)
    (tmp_path / "dump.yaml").write_text("\n".join(said("dump_setup")), encoding="utf-8")
    assert said("load_setup", tmp_path / "dump.yaml") == ["nothing to change"]


def test_before_the_first_load_the_dump_is_empty(db: None) -> None:
    assert said("dump_setup") == ["{}"]


def test_a_refused_file_is_told_line_by_line(db: None, tmp_path: Path, picture: Callable[[], Picture]) -> None:
    said("load_setup", SALON)
    file = tmp_path / "setup.yaml"
    file.write_text("services: [{code: a, name: A, price: '1', colour: red}]\ntrials: [{code: t, name: T}]\n")
    before = picture()
    with pytest.raises(CommandError) as refused:
        said("load_setup", file)
    assert str(refused.value).splitlines() == [
        f"{file} was not loaded, nothing was stored:",
        "services[0].colour: unknown key",
        "trials[0].services: is missing",
    ]
    assert picture() == before


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"services: [\n", "line 2: "),
        (b"\nname: \xff\xfe\n", "cannot be read: line 2: it is not UTF-8 text"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(content: bytes | None, why: str, db: None, tmp_path: Path) -> None:
    file = tmp_path / "setup.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CommandError, match=why):
        said("load_setup", file)


def manage(*arguments: str, database: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": database, "SECRET_KEY": "x" * 60, "PYTHONIOENCODING": "utf-8"},
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def test_a_database_without_tables_takes_a_dry_run_and_asks_to_be_prepared_for_more(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    dry = manage("load_setup", "-", "--dry-run", database=database, stdin=SALON.read_text(encoding="utf-8"))
    assert dry.returncode == 0
    assert dry.stdout.splitlines()[0] == "create business Салон красоты"
    real = manage("load_setup", str(SALON), database=database)
    assert (real.returncode, real.stdout) == (1, "")
    assert real.stderr == "CommandError: The database is not prepared: run `manage.py migrate` first.\n"
    refused = manage("load_setup", "-", "--dry-run", database=database, stdin="puzzles: []")
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[1:] == [
        "business: is missing, and there is no business yet",
        "puzzles: unknown key",
    ]
