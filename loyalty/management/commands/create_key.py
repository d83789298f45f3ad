"""`manage.py create_key NAME [--scope owner|till|read] [--location CODE]`: a key of the API, shown only now."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clients.models import Location
from clients.refusals import Invalid
from loyalty.api.keys import make_key
from loyalty.models import ApiKey


class Command(BaseCommand):
    help = "Makes a key of the API. The key is the last word printed; it is kept nowhere, so note it now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help="who uses it, for example: till-1")
        parser.add_argument(
            "--scope",
            choices=ApiKey.Scope.values,
            default=ApiKey.Scope.TILL.value,
            help="owner: everything; till: clients, visits and sales (the default); read: reading and quotes only",
        )
        parser.add_argument(
            "--location", action="append", default=[], metavar="CODE", help="only for this location; may be repeated"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        name = options["name"].strip()
        if not 1 <= len(name) <= 80 or not name.isprintable():
            raise CommandError("NAME must have 1 to 80 characters.")
        try:
            key = make_key(name, scope=options["scope"], locations=_places(options["location"]))
        except Invalid as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"{options['scope']} key {name}: {key}")


def _places(codes: list[str]) -> list[Location]:
    places = list(Location.objects.filter(code__in=codes))
    unknown = sorted(set(codes) - {place.code for place in places})
    if unknown:
        raise CommandError(f"There is no location {', '.join(unknown)}.")
    return places
