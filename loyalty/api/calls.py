"""What every call of the API has in common: who may, what is read, how lists are paged, how it is answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlencode

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clients.refusals import Invalid, NotFound
from loyalty.api.keys import Caller, KeyAuthentication, MayCall, caller_of
from loyalty.api.reading import Query, StrictJSONParser, is_id

PAGE_SIZE = 50
LARGEST_PAGE = 200
PAGING = ("cursor", "limit")
Row = TypeVar("Row", bound=Model)


class Call(APIView):
    """A call: `scopes` says for each method whose keys may; `filters` are the parameters that GET reads."""

    scopes: ClassVar[Mapping[str, frozenset[str]]] = {}
    filters: ClassVar[Sequence[str]] = ()
    authentication_classes = [KeyAuthentication]
    permission_classes = [MayCall]
    parser_classes = [StrictJSONParser]
    renderer_classes = [JSONRenderer]
    metadata_class = None
    http_method_names = ["get", "post", "put", "patch", "delete", "head"]

    query: Query

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.query = Query(request, self.filters if request.method in {"GET", "HEAD"} else ())

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Whatever a key may read is nobody else's to keep."""
        answer = super().dispatch(request, *args, **kwargs)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @property
    def caller(self) -> Caller:
        return caller_of(self.request)


class Nowhere(APIView):
    """Every other address under the API."""

    authentication_classes = []
    permission_classes = [AllowAny]
    renderer_classes = [JSONRenderer]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        from loyalty.api.problems import problem

        return problem("not_found", _("There is no such address."))


def addresses(route: str, view: Callable[..., Any]) -> list[URLPattern]:
    """An address, with and without a slash at its end."""
    return [path(route, view), path(f"{route}/", view)]


# --- lists -----------------------------------------------------------------------------------------------------------


def page_of(request: Request, query: Query, rows: QuerySet[Row], shape: Callable[[list[Row]], list[Any]]) -> Response:
    """A page of these rows, newest first: `?limit=`, and `?cursor=` of the `next` or `previous` of another page.

    The cursor names the row at the edge, so a page stays right while rows come in. Raises `Invalid`.
    """
    size = query.count("limit", PAGE_SIZE, LARGEST_PAGE)
    backwards, edge = _cursor(query)
    if edge is not None:
        rows = rows.filter(pk__gt=edge) if backwards else rows.filter(pk__lt=edge)
    found = list(rows.order_by("pk" if backwards else "-pk")[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    after = found and (more or backwards)
    before = found and (more if backwards else edge is not None)
    return Response(
        {
            "next": _link(request, f"n{found[-1].pk}") if after else None,
            "previous": _link(request, f"p{found[0].pk}") if before else None,
            "results": shape(found),
        }
    )


def _cursor(query: Query) -> tuple[bool, int | None]:
    """Whether to read backwards, and from which row. Raises `Invalid`."""
    text = query.text("cursor")
    if text is None:
        return False, None
    if text[0] not in "np" or not is_id(text[1:]):
        raise Invalid(_("is not a cursor of this list"), field="cursor")
    return text[0] == "p", int(text[1:])


def _link(request: Request, cursor: str) -> str:
    kept = {name: value for name, value in request.query_params.items() if name != "cursor"}
    return request.build_absolute_uri(f"{request.path}?{urlencode({**kept, 'cursor': cursor})}")


def require(row: Row | None, message: str) -> Row:
    """The row, if there is one. Raises `NotFound`."""
    if row is None:
        raise NotFound(message)
    return row
