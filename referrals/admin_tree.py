"""The friends of one client as staff see them: each with how far they are, with dates and sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clients.admin_base import own_locations
from clients.models import Client
from loyalty.house import House
from loyalty.rulebook import rulebook
from referrals import words
from referrals.tree import PAGE, Friend, Status, Totals, totals, tree

GRAVE = {Status.CANCELLED, Status.TAKEN_BACK, Status.HELD}


@dataclass(frozen=True, slots=True)
class FriendRow:
    """A friend in the table. `paid` is of the locations that the reader sees."""

    friend: Friend
    lines: Sequence[str]

    @property
    def status(self) -> str:
        return str(words.NAMES[self.friend.status])

    @property
    def is_grave(self) -> bool:
        return self.friend.status in GRAVE


@dataclass(frozen=True, slots=True)
class Tree:
    """A page of them, what all of them came to, and whether they, and what they paid, are of some locations only."""

    totals: Totals
    rows: Sequence[FriendRow]
    next: int
    is_partial: bool


def tree_of(client: Client, user: Any, now: datetime, *, after: int = 0, size: int = PAGE) -> Tree:
    """Only the friends whose pairs this person sees. A number of queries that does not grow with the friends."""
    house = rulebook().house
    own = own_locations(user)
    page = tree(client, house, now, after=after, size=size, places=own)
    return Tree(totals(client, house, now, places=own), _rows(page.friends, house), page.next, own is not None)


def _rows(friends: Sequence[Friend], house: House) -> list[FriendRow]:
    plans = words.plans_of(row for friend in friends for row in friend.rewards)
    return [FriendRow(friend, words.for_staff(friend, house, plans)) for friend in friends]
