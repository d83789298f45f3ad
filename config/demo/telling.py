"""What `manage.py demo` prints: addresses, sign-ins, somebody's balance page, and what the sample came to."""

from __future__ import annotations

import os
from datetime import date

from django.conf import settings
from rich.console import Console
from rich.table import Table

from clients.models import Client
from config.demo.figures import figures
from config.demo.ground import STAFF
from config.demo.stage import LETTERS
from loyalty.house import House
from loyalty.portal.links import balance_link
from referrals.models import Code


def tell(console: Console, house: House, today: date) -> None:
    """Everything a first visitor needs to know."""
    base = settings.BASE_URL
    console.print(f"\n[bold]{house.name}[/bold]  (Ctrl+C stops it)\n")
    for address, what in (
        (f"{base}/desk/", "the front desk"),
        (f"{base}/admin/", "the back office"),
        (f"{base}/", "what a client sees"),
        (f"{base}/api/v1/docs/", "the API"),
        (f"{base}/health/", "is everything well?"),
    ):
        console.print(f"  {address:<34} {what}")
    if "EMAIL_URL" not in os.environ:
        console.print(f"  Letters are not sent, but kept as files in {LETTERS}")
    console.print()
    console.print(_sign_ins())
    _tell_of_a_client(console, base)
    console.print(_sums(house, today))


def _sign_ins() -> Table:
    table = Table("role", "user name", "password", box=None, pad_edge=True)
    for role, username, password, *_rest in STAFF:
        table.add_row(role.replace("_", " "), username, password)
    return table


def _tell_of_a_client(console: Console, base: str) -> None:
    """The client who has spent most."""
    client = Client.objects.order_by("-standing__total_spent").first()
    if client is None:
        return
    code = Code.objects.filter(client=client).values_list("code", flat=True).first()
    console.print(f"\n  {client}, {client.phone}: balance page {balance_link(client)}")
    console.print(f"  A friend of theirs joins at {base}/join/{code}/\n")


def _sums(house: House, today: date) -> Table:
    found = figures(today)
    show = house.currency.text
    table = Table("in this sample", "", box=None, pad_edge=True)
    table.columns[1].justify = "right"
    for what, figure in (
        ("visits", str(found.visits)),
        ("paid in money", show(found.sales)),
        ("bonuses earned", show(found.earned)),
        ("  of which for bringing friends", show(found.rewards)),
        ("bonuses spent", show(found.spent)),
        ("bonuses expired", show(found.expired)),
        ("bonuses outstanding", show(found.outstanding)),
        ("gift cards sold", show(found.cards_sold)),
        ("gift cards spent", show(found.cards_spent)),
        ("membership sessions used", str(found.sessions_used)),
        ("membership sessions expired", str(found.sessions_ended)),
    ):
        table.add_row(what, figure)
    return table
