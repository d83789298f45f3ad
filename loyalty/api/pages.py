"""The description of the API, and a page to try it. Both are public: they say nothing of anybody."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import View
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView


@cache
def description() -> bytes:
    """The OpenAPI document; it changes with the code only."""
    document: Any = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    rendered: bytes = OpenApiJsonRenderer().render(document)
    return rendered


class SchemaPage(APIView):
    """`GET schema/`."""

    schema = None
    authentication_classes = []
    permission_classes = [AllowAny]
    renderer_classes = [JSONRenderer]
    metadata_class = None

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[JSONRenderer, str]:
        """Whatever a browser or a tool says it accepts, this is JSON."""
        return JSONRenderer(), "application/json"

    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(description(), content_type="application/json")


class DocsPage(View):
    """`GET docs/`: Swagger UI from our own files; nothing is fetched from elsewhere."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "api/docs.html")
