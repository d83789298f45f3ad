"""FlexGym as published, and somebody who calls its API."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # comes with drf-spectacular
import pytest
from django.test import Client as Browser

from clients.actors import Actor
from loyalty.api.keys import make_key
from loyalty.api.pages import description
from tests.published import load_preset

ROOT = "/api/v1/"


@pytest.fixture
def flexgym(db: None) -> None:
    """The preset: a trial session of 50 %, cashback from 3 %, referral 5 % and 100 for the friend."""
    load_preset("flexgym", by=Actor.staff("anna"))


@pytest.fixture
def make_caller(flexgym: None) -> Callable[..., Caller]:
    def make(scope: str = "owner", *locations: Any, name: str = "") -> Caller:
        name = name or f"{scope} {len(locations)}"
        return Caller(make_key(name, scope=scope, locations=locations))

    return make


@pytest.fixture
def owner(make_caller: Callable[..., Caller]) -> Caller:
    """Anna's own key: everything."""
    return make_caller("owner", name="anna")


@pytest.fixture
def till(make_caller: Callable[..., Caller]) -> Caller:
    return make_caller("till", name="till-1")


@dataclass
class Caller:
    """Whoever holds a key. Every answer is held against the description of the API."""

    key: str
    browser: Browser = field(default_factory=lambda: Browser(raise_request_exception=False))

    def send(
        self, method: str, path: str, body: Any = None, *, idempotency: str | None = None, **extra: Any
    ) -> Answered:
        headers = {"Authorization": f"Bearer {self.key}"}
        if idempotency is not None:
            headers["Idempotency-Key"] = idempotency
        raw = body if isinstance(body, bytes | str) else json.dumps(body)
        sent: Any = self.browser.generic(
            method,
            ROOT + path,
            "" if body is None else raw,
            content_type=extra.pop("content_type", "application/json"),
            headers={**headers, **extra},
        )
        answered = Answered(sent.status_code, sent.content, sent.headers)
        check_shape(method, path, answered)
        return answered

    def get(self, path: str) -> Answered:
        return self.send("GET", path)

    def post(self, path: str, body: Any, **extra: Any) -> Answered:
        return self.send("POST", path, body, **extra)

    def patch(self, path: str, body: Any) -> Answered:
        return self.send("PATCH", path, body)

    # --- what tests do over and over ---

    def register(self, **said: Any) -> Any:
        return self.post("clients", said).made()

    def balance(self, client: Any) -> Any:
        return self.get(f"clients/{client['id']}/balance").ok()

    def settle(self, *services: str, client: Any = None, pay: str | None = None, **more: Any) -> Any:
        """A settled visit at the main hall; `pay` in cash, whatever is to pay if it is not said."""
        check = basket(*services, client=client, **more)
        if pay is None:
            pay = self.post("visits/quote", check).ok()["to_pay"]
        return self.post("visits", {**check, "payments": [{"method": "cash", "amount": pay}]}).made()


def basket(*services: str, client: Any = None, **more: Any) -> dict[str, Any]:
    who = {"client": client["id"]} if client is not None else {}
    return {**who, "location": "main", "lines": [{"service": service} for service in services], **more}


@dataclass
class Answered:
    """What came back."""

    status: int
    content: bytes
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    def ok(self) -> Any:
        assert self.status == 200, self.content
        return self.json

    def made(self) -> Any:
        assert self.status == 201, self.content
        return self.json

    def refused(self, status: int, code: str, field: str = "") -> Any:
        """The problem, after a look that it is this one."""
        assert (self.status, self.json["code"]) == (status, code), self.content
        assert self.headers["Content-Type"] == "application/problem+json"
        if field:
            assert list(self.json["errors"]) == [field]
        return self.json


def check_shape(method: str, path: str, answered: Answered) -> None:
    """The answer is one that the description names, and looks as described."""
    document = json.loads(description())
    for template, operations in document["paths"].items():
        pattern = re.sub(r"\{\w+\}", "[^/]+", template)
        if re.fullmatch(pattern, (ROOT + path).split("?")[0].removesuffix("/")) and method.lower() in operations:
            answers = operations[method.lower()]["responses"]
            if answered.status in (405, 406, 413, 503):
                return
            assert str(answered.status) in answers, (answered.status, answered.content)
            schema = next(iter(answers[str(answered.status)]["content"].values()))["schema"]
            jsonschema.validate(answered.json, {**schema, "components": document["components"]})
