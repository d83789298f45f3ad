"""What makes a pair look as if it had been made up. A person decides (`referrals.deciding`); until then it counts.

Looked for when somebody is named, and by the night for what came to light since. Found is:

- `same_device`: the friend joined with a browser in which the referrer, or another friend of theirs, joined or opened
  their page. The browsers of a family or a tablet at the desk look the same: how many clients it knows is said.
- `same_phone`: the friend has the phone that the referrer had before, or the other way round, by the record of changes;
  or both have the same number with a prefix more (+54 11… and +54 9 11…). One phone for two clients cannot be, and
  relatives with phones of their own are not found.
- `staff`: the referrer has the e-mail of somebody who works here; or their first and last name, and that person has
  named the pair themselves.
- `one_visit_each`: of at least five friends who were named over thirty days ago most have come exactly once. It is
  said of those, and who at the desk named how many of them.

Each kind is found once for a pair and stays with the day and the figures of then.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import phonenumbers
from django.db import transaction
from django.db.models import Count, F, Q
from django.db.models.functions import Lower

from clients import former_phones
from clients.models import Device, Staff
from referrals.models import Referral

Evidence = dict[str, Any]
Found = Mapping[int, Sequence[Evidence]]
"""Friend → what was found of the pair."""

SAME_DEVICE, SAME_PHONE, STAFF, ONE_VISIT_EACH = "same_device", "same_phone", "staff", "one_visit_each"
FRIENDS = 5
OLD = timedelta(days=30)
BATCH = 500
Decision = Referral.Decision


def look(referral: Referral, *, today: date, now: datetime) -> None:
    """Look at a pair that is being named, in the transaction that names it. At most five queries."""
    _note({referral.friend_id: _of_the_pair([referral], today).get(referral.friend_id, [])}, [referral], now)


def look_again(*, since: datetime, today: date, now: datetime) -> int:
    """Look for what came to light since then; how many pairs have something new. Safe to repeat."""
    count = _in_batches(_touched(since), lambda pairs: _of_the_pair(pairs, today), now)
    once = _one_visit_each(today, now)
    return count + _in_batches(sorted(once), lambda pairs: {one.friend_id: [once[one.friend_id]] for one in pairs}, now)


def _in_batches(friends: Sequence[int], find: Callable[[Sequence[Referral]], Found], now: datetime) -> int:
    """The pairs are locked while they are looked at: whoever decides about one waits, and sees what was found."""
    count = 0
    for first in range(0, len(friends), BATCH):
        with transaction.atomic():
            pairs = Referral.objects.select_for_update(no_key=True, of=("self",)).select_related("friend", "referrer")
            rows = list(pairs.filter(friend__in=friends[first : first + BATCH]).order_by("friend"))
            count += _note(find(rows), rows, now)
    return count


def _note(found: Found, pairs: Sequence[Referral], now: datetime) -> int:
    """Keep what is new of its kind. A pair that was approved without knowing it is looked at once more."""
    count = 0
    for pair in pairs:
        known = {one["code"] for one in pair.evidence}
        new = [one for one in found.get(pair.friend_id, ()) if one["code"] not in known]
        if not new:
            continue
        pair.evidence = [*pair.evidence, *new]
        if pair.decision == Decision.APPROVED:
            pair.decision, pair.flagged_at = Decision.NONE, now
        pair.flagged_at = pair.flagged_at or now
        pair.save(update_fields=["evidence", "flagged_at", "decision"])
        count += 1
    return count


# --- which pairs ------------------------------------------------------------------------------------------------------


def _touched(since: datetime) -> list[int]:
    """Friends of pairs of which somebody was seen with a device, has changed their phone, or works here."""
    marks = Device.objects.filter(seen_at__gte=since).values("mark")
    people = Device.objects.filter(mark__in=marks).values("client")
    staff = Staff.objects.filter(is_active=True).exclude(email="").annotate(mail=Lower("email")).values("mail")
    phones = former_phones.changed_since(since)
    where = Q(friend__in=people) | Q(referrer__in=people) | Q(referrer__email__in=staff)
    where |= Q(friend__in=phones) | Q(referrer__in=phones)
    return list(Referral.objects.filter(where).order_by("friend").values_list("friend", flat=True))


def _of_the_pair(pairs: Sequence[Referral], today: date) -> Found:
    """What two people have in common."""
    found: dict[int, list[Evidence]] = defaultdict(list)
    for kind in (_devices, _phones, _staff):
        for friend, one in kind(pairs):
            found[friend].append({**one, "day": today.isoformat()})
    return found


# --- the same device --------------------------------------------------------------------------------------------------


def _devices(pairs: Sequence[Referral]) -> Iterator[tuple[int, Evidence]]:
    joined = Device.objects.filter(client__in=[pair.friend_id for pair in pairs], seen_at__lte=F("client__created_at"))
    marks = defaultdict(list)
    for client, mark in joined.values_list("client", "mark"):
        marks[client].append(mark)
    if not marks:
        return
    seen = _seen_with({mark for held in marks.values() for mark in held}, pairs)
    known = _people({mark for mark, people in seen.items() if people})
    for pair in pairs:
        for mark in marks.get(pair.friend_id, ()):
            whose = _whose(pair, seen.get(mark, {}))
            if whose:
                yield pair.friend_id, {"code": SAME_DEVICE, **whose, "clients": known[mark]}
                break


def _seen_with(marks: set[str], pairs: Sequence[Referral]) -> Mapping[str, Mapping[int, int | None]]:
    """Mark → client → who brought them, of the referrers of the pairs and their friends."""
    referrers = [pair.referrer_id for pair in pairs]
    theirs = Q(client__in=referrers) | Q(client__referral__referrer__in=referrers)
    seen: dict[str, dict[int, int | None]] = defaultdict(dict)
    rows = Device.objects.filter(theirs, mark__in=marks).values_list("mark", "client", "client__referral__referrer")
    for mark, client, referrer in rows:
        seen[mark][client] = referrer
    return seen


def _people(marks: set[str]) -> Mapping[str, int]:
    """How many clients are known with each."""
    if not marks:
        return {}
    rows = Device.objects.filter(mark__in=marks).order_by().values("mark").annotate(people=Count("client"))
    return dict(rows.values_list("mark", "people"))


def _whose(pair: Referral, seen: Mapping[int, int | None]) -> Evidence | None:
    if pair.referrer_id in seen:
        return {"whose": "referrer"}
    others = [client for client, by in seen.items() if by == pair.referrer_id and client != pair.friend_id]
    return {"whose": "friend", "friend": min(others)} if others else None


# --- the same phone ---------------------------------------------------------------------------------------------------


def _phones(pairs: Sequence[Referral]) -> Iterator[tuple[int, Evidence]]:
    with_phone = [pair for pair in pairs if pair.friend.phone or pair.referrer.phone]
    former = former_phones.former_phones({one for pair in with_phone for one in (pair.friend_id, pair.referrer_id)})
    for pair in with_phone:
        how = _how_alike(pair, former)
        if how:
            yield pair.friend_id, {"code": SAME_PHONE, "how": how}


def _how_alike(pair: Referral, former: Mapping[int, set[str]]) -> str:
    friend, referrer = pair.friend.phone or "", pair.referrer.phone or ""
    if friend and former_phones.hidden(friend) in former.get(pair.referrer_id, ()):
        return "referrer_had"
    if referrer and former_phones.hidden(referrer) in former.get(pair.friend_id, ()):
        return "friend_had"
    return "alike" if friend and referrer and _are_alike(friend, referrer) else ""


def _are_alike(one: str, other: str) -> bool:
    """Of the same country, and one is the end of the other."""
    return bool(phonenumbers.is_number_match(one, other) == phonenumbers.MatchType.SHORT_NSN_MATCH)


# --- those who work here ----------------------------------------------------------------------------------------------


def _staff(pairs: Sequence[Referral]) -> Iterator[tuple[int, Evidence]]:
    emails = {pair.referrer.email for pair in pairs if pair.referrer.email}
    named_by = {_username(pair.by) for pair in pairs} - {""}
    rows = Staff.objects.filter(is_active=True).annotate(mail=Lower("email"))
    people = list(rows.filter(Q(mail__in=emails) | Q(username__in=named_by)).order_by("username"))
    for pair in pairs:
        for person in people:
            how = _is_the_same(pair, person)
            if how:
                yield pair.friend_id, {"code": STAFF, "how": how, "who": person.get_username()}
                break


def _is_the_same(pair: Referral, person: Staff) -> str:
    client = pair.referrer
    if client.email and client.email == person.email.lower():
        return "email"
    mine = (_plain(client.first_name), _plain(client.last_name))
    theirs = (_plain(person.first_name), _plain(person.last_name))
    return "name" if all(mine) and mine == theirs and _username(pair.by) == person.get_username() else ""


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def _username(by: str) -> str:
    kind, _colon, name = by.partition(":")
    return name if kind == "staff" else ""


# --- many friends with one visit each ---------------------------------------------------------------------------------


def _one_visit_each(today: date, now: datetime) -> Mapping[int, Evidence]:
    """The friends who came once, of referrers most of whose friends did, and what is said of each. Two queries."""
    old = Referral.objects.filter(named_at__lte=now - OLD)
    once = Q(friend__standing__visits=1)
    counted = old.order_by().values("referrer").annotate(friends=Count("pk"), once=Count("pk", filter=once))
    many = counted.annotate(twice=F("once") * 2).filter(friends__gte=FRIENDS, twice__gt=F("friends"))
    figures = {row["referrer"]: {"friends": row["friends"], "once": row["once"]} for row in many}
    theirs = old.filter(once, referrer__in=many.values("referrer")).values_list("friend", "referrer", "by")
    rows = [row for row in theirs if row[1] in figures]
    said = {
        referrer: {"code": ONE_VISIT_EACH, **figures[referrer], **_mostly_named_by(rows, referrer), "day": str(today)}
        for referrer in {referrer for _friend, referrer, _by in rows}
    }
    return {friend: said[referrer] for friend, referrer, _by in rows}


def _mostly_named_by(rows: Iterable[tuple[int, int, str]], referrer: int) -> Evidence:
    """Who at the desk named the most of them, and how many."""
    names = Counter(_username(by) for _friend, other, by in rows if other == referrer and _username(by))
    (who, count), *_others = names.most_common(1) or [("", 0)]
    return {"who": who, "named": count} if who else {}
