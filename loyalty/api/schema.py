"""The OpenAPI 3.1 description of the API. Views say what they do (`described`), `components` what things look like."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from loyalty.api.components import Schema, answer, either, many, ref
from loyalty.api.named import COMPONENTS

PROBLEMS = {
    400: "What was sent makes no sense as it is (`invalid`).",
    401: "No key, or one that is not known.",
    403: "Not with this key, or not at this location.",
    404: "There is no such thing.",
    409: "`quote_changed` (with the new `quote`), `already_refunded` or `action_already_counted`.",
    410: "The client has asked to be forgotten.",
    415: "Only JSON is read.",
    422: "A rule says no: see `code`.",
    429: "Too many tries; see `Retry-After`.",
}
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Operation:
    """A call: what goes in, what comes out, how it can be refused."""

    id: str
    tag: str
    summary: str
    returns: Schema
    status: int = 200
    takes: Schema | None = None
    query: Mapping[str, str] | None = None
    problems: Sequence[int] = ()
    is_change: bool = False


def described(operation: Operation) -> Callable[[View], View]:
    """Say of a view's method which call it is."""
    codes = sorted({400, 401, 403, *operation.problems, *([415, 422] if operation.takes else [])})
    problems = {
        (code, "application/problem+json"): OpenApiResponse(ref("Problem"), description=PROBLEMS[code])
        for code in codes
    }
    return extend_schema(
        operation_id=operation.id,
        tags=[operation.tag],
        summary=operation.summary,
        description=" ",  # else the view's docstring, which is for whoever reads the code
        request={"application/json": operation.takes} if operation.takes is not None else None,
        responses={
            (operation.status, "application/json"): OpenApiResponse(operation.returns, description="Done."),
            **problems,
        },
        parameters=[*_query(operation), *([IDEMPOTENCY_KEY] if operation.is_change else [])],
    )


def _query(operation: Operation) -> list[OpenApiParameter]:
    return [
        OpenApiParameter(name, type={"type": "string"}, location="query", description=text)
        for name, text in (operation.query or {}).items()
    ]


IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    type={"type": "string", "minLength": 1, "maxLength": 255},
    location="header",
    description="Sent again within 24 hours with the same body, the request counts once and gets the same answer.",
)


def paged(name: str) -> Schema:
    link = either({"type": "string", "format": "uri"})
    return answer({"next": link, "previous": link, "results": many(ref(name))})


PAGES = {"limit": "How many, from 1 to 200; 50 if left out.", "cursor": "Out of `next` or `previous`."}

REGISTER = Operation(
    "register_client", "clients", "Register a client", ref("Client"), 201, ref("NewClient"), is_change=True
)
FIND_CLIENTS = Operation(
    "find_clients",
    "clients",
    "Find clients",
    paged("Client"),
    query={
        "phone": "With this phone.",
        "email": "With this e-mail.",
        "card": "With this card.",
        "q": "Name, phone, e-mail or card, as it is typed.",
        "segment": "Who belongs to the segment of this code now.",
        **PAGES,
    },
)
READ_CLIENT = Operation("read_client", "clients", "A client", ref("Client"), problems=(404, 410))
CHANGE_CLIENT = Operation(
    "change_client",
    "clients",
    "Change a client",
    ref("Client"),
    takes=ref("ClientChange"),
    problems=(404, 410),
    is_change=True,
)
READ_BALANCE = Operation("read_balance", "clients", "What a client has", ref("Balance"), problems=(404, 410))
READ_ENTRIES = Operation(
    "list_entries", "clients", "Every movement, newest first", paged("Entry"), query=PAGES, problems=(404, 410)
)
READ_LETTERS = Operation(
    "list_letters", "clients", "Every letter, newest first", paged("Letter"), query=PAGES, problems=(404, 410)
)
ADJUST = Operation(
    "adjust_balance",
    "clients",
    "Add or take bonuses by hand",
    ref("Entry"),
    201,
    ref("Adjustment"),
    problems=(404, 410),
    is_change=True,
)
ACT = Operation(
    "count_action",
    "clients",
    "Count an action that brings bonuses: a review, a survey, a post",
    ref("CountedAction"),
    201,
    ref("Action"),
    problems=(404, 409, 410),
    is_change=True,
)
QUOTE = Operation(
    "quote_check",
    "visits",
    "What a check would come to; writes nothing",
    ref("Quote"),
    takes=ref("Basket"),
    problems=(404, 410),
)
SETTLE = Operation(
    "settle_check",
    "visits",
    "Settle a check",
    ref("Visit"),
    201,
    ref("Check"),
    problems=(404, 409, 410),
    is_change=True,
)
LIST_VISITS = Operation(
    "list_visits",
    "visits",
    "Visits, newest first",
    paged("Visit"),
    query={
        "client": "Of this client.",
        "location": "At this location (its code).",
        "from": "From this day (or time with offset) on.",
        "to": "To the end of this day (or to this time).",
        **PAGES,
    },
)
READ_VISIT = Operation("read_visit", "visits", "A visit", ref("Visit"), problems=(404,))
REFUND = Operation(
    "refund_visit",
    "visits",
    "Refund a visit, wholly or in part",
    ref("Refund"),
    201,
    ref("Return"),
    problems=(404, 409),
    is_change=True,
)
READ_SETUP = Operation("read_setup", "setup", "The setup document", ref("Setup"))
LOAD_SETUP = Operation(
    "load_setup",
    "setup",
    "Load a setup document: all of it or nothing",
    ref("Setup"),
    takes=ref("Setup"),
    is_change=True,
)


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """`Authorization: Bearer KEY`."""

    target_class = "loyalty.api.keys.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A key of `manage.py create_key`."}


def one_of_each(endpoints: Sequence[tuple[str, str, str, Any]], **_kwargs: Any) -> list[tuple[str, str, str, Any]]:
    """Every address is there with a slash at its end, too; it is described once."""
    paths = {path for path, *_rest in endpoints}
    return [endpoint for endpoint in endpoints if endpoint[0].rstrip("/") not in paths - {endpoint[0]}]


def with_components(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """The shapes that operations refer to; and a body is never optional."""
    result.setdefault("components", {}).setdefault("schemas", {}).update(COMPONENTS)
    operations = [operation for path in result["paths"].values() for operation in path.values()]
    for operation in operations:
        if "requestBody" in operation:
            operation["requestBody"]["required"] = True
    return result
