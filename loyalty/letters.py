"""What the house writes to clients about: bonuses given, value that ends, a tier that falls, offers.

A rule says what it is about (`Notice`); here it becomes a letter in the client's language: amounts with the currency's
digits, dates in words. Notices are taken in batches, and each batch costs the same few queries however many there are:
the templates, the languages of its clients, and their tiers only where a template has a place for them.

{link} and {balance} are filled when the letter goes, by the paper it is written on (`settings.STATIONERY`): the balance
of that moment is told, not the one of the night in which the letter was written. So are {name}, {business}, {days}.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clients import letters
from clients.letters.stationery import stationery
from clients.letters.wording import LAST_DAY_ON, NoText, Words, language_of, words_for
from clients.models import Business, Channel, Client, LetterTemplate
from loyalty.explanations import show_day
from loyalty.house import House
from loyalty.mechanics import falls_of
from loyalty.models import CashbackTier, Standing, TierStanding
from loyalty.models.ledger import is_any_number
from loyalty.money import ZERO, Money
from loyalty.periods import starts_at

AT_ONCE = 1000
TEXTS = ("subject_en", "body_en", "short_en", "subject_ru", "body_ru", "short_ru")


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell a client, with the template that says it. `operation` is unique for ever."""

    operation: str
    client: int
    template: int
    occasion: str
    channel: str = ""
    amount: Money | None = None
    """{amount}: bonuses, or the money of a gift card."""
    sessions: int | None = None
    """{amount} in the place of bonuses: "3 sessions"."""
    last_day: date | None = None
    """{last_day}, and {days} that are left until it when the letter goes: "7"."""
    program: str = ""
    """{program}: what the client knows it by."""
    tier: str = ""
    """{tier}; empty: the one that the client has."""
    missing: Money | None = None
    """{missing}: what is still to be spent."""
    due_at: datetime | None = None
    useless_at: datetime | None = None


def write(notices: Iterable[Notice], *, house: House, now: datetime) -> int:
    """Write these letters, in batches; how many there were. Inside the caller's transaction."""
    count, left = 0, iter(notices)
    while batch := list(islice(left, AT_ONCE)):
        known = _read(batch, house, now)
        count += letters.write([_letter(notice, known, house) for notice in batch], now=now)
    return count


def end_of(day: date, house: House) -> datetime:
    """The moment after the last of this day: a letter about what ends on it is of no use from then on."""
    return starts_at(day + timedelta(days=1), house.zone)


def preview(notice: Notice, *, house: House, now: datetime) -> Words:
    """What the letter says to this client at this moment. Raises `NoText`, and `NoFigure` for a place without one."""
    known = _read([notice], house, now)
    template, client = known.templates[notice.template], Client.objects.get(pk=notice.client)
    channel = notice.channel or Channel.EMAIL
    language = language_of(template, channel, client.language, house.language)
    figures = stationery().figures([(client.pk, language)], now=now)
    return words_for(
        template,
        channel,
        language,
        client=client,
        business=Business.objects.get(),
        facts={**_facts(notice, known, house, language), **figures.get((client.pk, language), {})},
        today=house.day(now),
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """What a batch of letters needs to know of its clients."""

    languages: Mapping[int, str]
    templates: Mapping[int, LetterTemplate]
    tiers: Mapping[int, str]

    def language(self, notice: Notice, house: House) -> str:
        """The client's, else that of the business; the other one where the template lacks it."""
        preferred = (self.languages.get(notice.client) or "", house.language)
        template = self.templates.get(notice.template)
        try:
            channel = notice.channel or Channel.EMAIL
            return house.language if template is None else language_of(template, channel, *preferred)
        except NoText:
            return next(filter(None, preferred))


def _read(batch: Sequence[Notice], house: House, now: datetime) -> _Known:
    clients = {notice.client for notice in batch}
    templates = LetterTemplate.objects.in_bulk({notice.template for notice in batch})
    asking = {pk for pk, template in templates.items() if any("{tier}" in getattr(template, text) for text in TEXTS)}
    of_tier = {notice.client for notice in batch if notice.template in asking and not notice.tier}
    return _Known(
        languages=dict(Client.objects.filter(pk__in=clients).values_list("pk", "language")),
        templates=templates,
        tiers=_tiers(of_tier, house.day(now)) if of_tier else {},
    )


def _tiers(clients: Collection[int], today: date) -> dict[int, str]:
    """The tier that each has today, of the program that comes first. Three queries.

    Time decides: from a day on which a tier falls the lower one holds, whether the night has written it down or not.
    Whoever has none on record stands where their spending reaches, as `Cumulative.rung_of` has it.
    """
    tiers = list(CashbackTier.objects.select_related("program").order_by("from_spent"))
    names = {tier.pk: tier.name for tier in tiers}
    rows = TierStanding.objects.filter(client__in=clients, program__enabled=True)
    rows = rows.order_by("-program__priority", "-program__code")
    held = {client: _held(tier, falls, today) for client, tier, falls in rows.values_list("client", "tier", "falls")}
    programs = sorted({t.program for t in tiers if t.program.enabled and t.enabled}, key=lambda p: (p.priority, p.code))
    ladder = [tier for tier in tiers if tier.enabled and tier.program in programs[:1]]
    others = Standing.objects.filter(client__in=set(clients) - held.keys())
    spent = dict(others.values_list("client", "total_spent")) if ladder else {}
    for client in set(clients) - held.keys():
        counts = spent.get(client, ZERO) if ladder and ladder[0].program.window_days is None else ZERO
        reached = [tier.pk for tier in ladder if tier.from_spent <= counts]
        held[client] = reached[-1] if reached else 0
    return {client: names.get(tier, "") for client, tier in held.items()}


def _held(tier: int, falls: Sequence[Sequence[Any]], today: date) -> int:
    over = [lower for day, lower, _short in falls_of(falls or ()) if day <= today]
    return (over[-1] or 0) if over else tier


def _letter(notice: Notice, known: _Known, house: House) -> letters.Letter:
    return letters.Letter(
        operation=notice.operation,
        client=notice.client,
        template=notice.template,
        occasion=notice.occasion,
        channel=notice.channel,
        facts=_facts(notice, known, house, known.language(notice, house)),
        due_at=notice.due_at,
        useless_at=notice.useless_at,
    )


def _facts(notice: Notice, known: _Known, house: House, language: str) -> dict[str, str]:
    """The texts for the places, those that there is something to say for."""
    number = house.currency.number
    facts = {
        "amount": _amount(notice, house, language),
        "last_day": show_day(notice.last_day, language) if notice.last_day else "",
        LAST_DAY_ON: notice.last_day.isoformat() if notice.last_day else "",
        "program": notice.program,
        "tier": notice.tier or known.tiers.get(notice.client, ""),
        "missing": "" if notice.missing is None else number(notice.missing, language),
    }
    return {place: text for place, text in facts.items() if text}


def _amount(notice: Notice, house: House, language: str) -> str:
    if notice.sessions is not None:
        with translation.override(language):
            if is_any_number(notice.sessions):
                return _("any number of sessions")
            return ngettext("%(count)d session", "%(count)d sessions", notice.sessions) % {"count": notice.sessions}
    return "" if notice.amount is None else house.currency.number(notice.amount, language)
