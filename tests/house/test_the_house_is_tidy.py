"""Limits on size and place: a file, a function and the top level of the repository stay small enough to be read."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

ROOMS = ["config", "referrals", "giftcards", "memberships", "loyalty", "clients"]
TOP_LEVEL = {
    *ROOMS,
    *("manage.py", "pyproject.toml", "README.md", "templates", "static", "tests"),
    *("uv.lock", "LICENSE", "CHANGELOG.md"),
}
LONGEST_FUNCTION = 59
LONGEST_FILE = 399

# The rules: every module but the faces, which speak HTTP, and what only wires things together.
FACES = {"admin", "desk", "portal", "api", "tasks", "management", "templatetags", "migrations", "apps", "letter"}
FACE_NAMES = (re.compile("admin_"), re.compile("api_"), re.compile(".*_pages$"))
WEB = (
    *("django.http", "django.shortcuts", "django.urls", "django.views", "django.contrib.admin", "django.template"),
    *("rest_framework", "unfold", "django_htmx", "celery"),
)


def sources(*folders: str) -> list[Path]:
    files = [path for folder in folders for path in (settings.BASE_DIR / folder).rglob("*.py")]
    return sorted(path for path in files if "migrations" not in path.parts)


def name(path: Path) -> str:
    return str(path.relative_to(settings.BASE_DIR))


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function with its length in lines, decorators and docstring included."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            yield node.name, (node.end_lineno or first) - first + 1


def imports(path: Path) -> set[str]:
    """What a file imports, also inside functions: `from a import b` gives both `a` and `a.b`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def is_a_rule(path: Path) -> bool:
    module = path.relative_to(settings.BASE_DIR).with_suffix("").parts[1]
    return module not in FACES and not any(named.match(module) for named in FACE_NAMES)


RULES = [path for path in sources(*(room for room in ROOMS if room != "config")) if is_a_rule(path)]


def test_the_top_level_holds_only_what_the_plan_names() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=settings.BASE_DIR,
        capture_output=True,
        check=False,
        text=True,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    top = {path.split("/")[0] for path in listed.stdout.split("\0") if path}

    assert {entry for entry in top if not entry.startswith(".")} <= TOP_LEVEL


def test_a_file_is_short_enough_to_read() -> None:
    lengths = {name(path): len(path.read_text().splitlines()) for path in sources(*ROOMS, "tests")}

    assert {path: lines for path, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_a_function_fits_on_a_screen() -> None:
    lengths = {
        (name(path), function): lines for path in sources(*ROOMS, "tests") for function, lines in functions(path)
    }

    assert {where: lines for where, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}


def test_a_function_of_sixty_lines_is_found(tmp_path: Path) -> None:
    long = tmp_path / "long.py"
    long.write_text("def settle():\n" + "    pass\n" * 59)

    assert list(functions(long)) == [("settle", 60)]


def test_a_rule_knows_no_web() -> None:
    known = {(name(path), module) for path in RULES for module in imports(path)}

    assert {
        (path, module) for path, module in known if module in WEB or module.startswith(tuple(f"{web}." for web in WEB))
    } == set()


def test_the_rules_are_looked_at() -> None:
    assert {"loyalty/money.py", "loyalty/models/ledger.py", "clients/models/people.py"} <= {
        name(path) for path in RULES
    }


def test_no_text_stands_inside_an_f_string() -> None:
    """The collector of texts does not look there, so it would never be translated."""
    hidden = [
        f"{name(path)}:{call.lineno}"
        for path in sources(*ROOMS)
        for joined in ast.walk(ast.parse(path.read_text()))
        if isinstance(joined, ast.JoinedStr)
        for call in ast.walk(joined)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in {"_", "gettext", "ngettext"}
    ]
    assert hidden == []
