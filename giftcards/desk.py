"""Gift cards at the desk, under /desk/gift-cards/: find one, see its state, block it, replace it, send it, print it.

A code is posted, never in an address. Whoever has no code names its last four symbols and the phone of the buyer.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from clients import registration, throttle
from clients.models import Business
from clients.refusals import Invalid, Refusal
from giftcards import cards, delivery, story
from giftcards.cards import Status
from giftcards.codes import SHOWN, read_code, show_code
from giftcards.models import GiftCard, GiftCardDelivery
from giftcards.pdf import pdf_of
from giftcards.printing import Paper, paper_of
from giftcards.replacing import replace
from giftcards.words import STATUS_NAMES
from loyalty.desk.access import Desk, at_the_desk

app_name = "giftcards_desk"
VIEW, BLOCK, REPLACE = "giftcards.view_giftcard", "giftcards.block_giftcard", "giftcards.replace_giftcard"
HAND_OVER = "loyalty.hand_over_prize"
TRIES, PERIOD = 60, timedelta(minutes=10)
"""So many cards can be looked up by one person: nobody at a desk needs more, and guessing does not pay."""
PDF = "application/pdf"


@require_GET
@at_the_desk
def counter(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The box for a code."""
    _may_look(desk)
    return render(request, "giftcards/counter.html", {"desk": desk, "typed": {}})


@require_POST
@at_the_desk
def find(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The card with this code, or with these last four symbols and bought by the client with this phone."""
    _may_look(desk)
    typed = {name: request.POST.get(name, "").strip()[:100] for name in ("code", "last_four", "phone")}
    try:
        throttle.count("giftcards.desk", f"staff:{desk.staff.pk}", limit=TRIES, period=PERIOD, now=desk.now)
        found = _found(typed, desk)
    except Refusal as refusal:
        shown = {"desk": desk, "typed": typed, "problem": str(refusal), "place": refusal.field}
        return render(request, "giftcards/counter.html", shown, status=422)
    if len(found) == 1:
        return redirect("giftcards_desk:card", card=found[0])
    rows = GiftCard.objects.filter(pk__in=found).select_related("type").order_by("-pk")
    return render(request, "giftcards/counter.html", {"desk": desk, "typed": typed, "found": rows})


def _found(typed: dict[str, str], desk: Desk) -> list[int]:
    if typed["code"]:
        return [cards.check(typed["code"], desk.now).id]
    end = typed["last_four"].upper()
    if len(end) != SHOWN or not typed["phone"]:
        raise Invalid(_("Type the code, or its last four symbols and the buyer's phone."), field="code")
    buyers = [client.pk for client in registration.search(typed["phone"])]
    found = GiftCard.objects.filter(last_four=end, buyer__in=buyers).values_list("pk", flat=True)
    if not found:
        raise cards.GiftCardUnknown(_("No client with this phone has bought such a card."), field="phone")
    return list(found)


@require_GET
@at_the_desk
def card(request: HttpRequest, desk: Desk, card: str) -> HttpResponse:
    """Its state, and what can be done with it."""
    return _page(request, desk, _card(card, desk))


@require_POST
@at_the_desk
def act(request: HttpRequest, desk: Desk, card: str, verb: str) -> HttpResponse:
    """Block, unblock, send again, or stop the letter."""
    row = _card(card, desk)
    reason = request.POST.get("reason", "")
    letter = GiftCardDelivery.objects.filter(card=row).first()
    try:
        if verb in ("block", "unblock"):
            _must(desk, BLOCK)
            _mark(row, verb, reason, desk)
        elif letter is None:
            raise Http404
        elif verb == "send":
            email = request.POST.get("email", "").strip()
            if email and email != letter.email:
                _must(desk, REPLACE)  # whoever gets the letter can pay with the card
            delivery.send_again(delivery=letter.pk, email=email, by=desk.by, now=desk.now)
        else:
            _must(desk, REPLACE)
            delivery.cancel(delivery=letter.pk, by=desk.by, now=desk.now)
    except Refusal as refusal:
        return _page(request, desk, row, problem=str(refusal), verb=verb, typed=reason)
    return redirect("giftcards_desk:card", card=row.pk)


def _mark(row: GiftCard, verb: str, reason: str, desk: Desk) -> None:
    if verb == "block":
        cards.block(row, reason=reason, by=desk.by, now=desk.now)
    else:
        cards.unblock(row, reason=reason, by=desk.by)


@require_POST
@at_the_desk
def give_new(request: HttpRequest, desk: Desk, card: str) -> HttpResponse:
    """Replace a lost card: the new code is told once, here; if the old one was mailed, so is the new."""
    row = _card(card, desk)
    _must(desk, REPLACE)
    reason = request.POST.get("reason", "")
    try:
        replaced = replace(card=row, reason=reason, by=desk.by, now=desk.now)
    except Refusal as refusal:
        return _page(request, desk, row, problem=str(refusal), verb="replace", typed=reason)
    return _page(request, desk, _card(str(replaced.card.pk), desk), code=show_code(replaced.code))


@require_POST
@at_the_desk
def tell(request: HttpRequest, desk: Desk, card: str) -> HttpResponse:
    """Tell a code that no letter has brought: a present to whoever hands presents over, others who may replace."""
    row = _card(card, desk)
    letter = GiftCardDelivery.objects.filter(card=row).first()
    _must(desk, HAND_OVER if letter is None else REPLACE)
    try:
        code = delivery.tell(card=row.pk, now=desk.now)
    except Refusal as refusal:
        return _page(request, desk, row, problem=str(refusal))
    return _page(request, desk, row, code=code)


@require_POST
@at_the_desk
def paper(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The card to print, for whoever has its code in hand: a page of A6, or a PDF."""
    _may_look(desk)
    code = read_code(request.POST.get("code", "")[:100])
    row = cards.cards_with([code]).select_related("type").first() if code is not None else None
    if row is None or code is None or row.voided_at is not None:
        raise Http404
    house = desk.house
    drawn = paper_of(row, code, house=house, business=Business.objects.get(), today=house.day(desk.now))
    if request.POST.get("as") == "pdf":
        return as_file(drawn)
    return render(request, "giftcards/paper.html", {"paper": drawn})


def as_file(*papers: Paper) -> HttpResponse:
    """The papers as a file to keep or to print."""
    name = "gift-card.pdf" if len(papers) == 1 else "gift-cards.pdf"
    return HttpResponse(
        pdf_of(papers), content_type=PDF, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _may_look(desk: Desk) -> None:
    _must(desk, VIEW)


def _must(desk: Desk, right: str) -> None:
    """Raises `Http404`: what is not theirs is not there."""
    if not desk.may(right):
        raise Http404


def _card(text: str, desk: Desk) -> GiftCard:
    _may_look(desk)
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Http404
    rows = GiftCard.objects.select_related("type", "buyer", "batch", "replaces", "merged_into")
    row = rows.filter(pk=int(text)).first()
    if row is None:
        raise Http404
    return row


def _page(
    request: HttpRequest,
    desk: Desk,
    row: GiftCard,
    *,
    problem: str = "",
    verb: str = "",
    typed: str = "",
    code: str = "",
) -> HttpResponse:
    row.refresh_from_db(fields=["sealed_code", "blocked_at", "block_reason", "voided_at", "void_reason"])
    state = cards.state_of(row, desk.house.day(desk.now))
    heir, origins = story.neighbours(row)
    shown: dict[str, Any] = {
        "desk": desk,
        "card": row,
        "state": state,
        "state_name": STATUS_NAMES[state.status],
        "currency": desk.house.currency,
        "zone": desk.house.zone,
        "code": code,
        "problem": problem,
        "verb": verb,
        "typed": typed,
        "can": _can(desk, row, state),
        "heir": heir,
        "origins": origins,
        "story": story.story_of(row),
        **_letter(row, desk),
    }
    return render(request, "giftcards/card.html", shown, status=422 if problem else 200)


def _can(desk: Desk, row: GiftCard, state: cards.CardState) -> set[str]:
    """What may be done with it, by whoever stands here."""
    lives = state.status is not Status.VOID
    can = set()
    if lives and desk.may(BLOCK):
        can.add("unblock" if row.blocked_at else "block")
    if lives and state.status is not Status.NEW and desk.may(REPLACE):
        can.add("replace")
    return can


def _letter(row: GiftCard, desk: Desk) -> dict[str, Any]:
    """Where its letter is, and what can be done about that."""
    letter = GiftCardDelivery.objects.filter(card=row).first()
    has_code = bool(row.sealed_code) and row.voided_at is None and (row.batch_id is None or row.sold_on_id is not None)
    if letter is None:
        return {"may_tell": has_code and desk.may(HAND_OVER)}
    letter.card = row
    state = delivery.state_of(letter, desk.now)
    waits = state in (delivery.State.WAITING, delivery.State.HELD)
    stuck = state in (delivery.State.FAILED, delivery.State.CANCELLED, delivery.State.IN_DOUBT)
    return {
        "letter": letter,
        "letter_state": state,
        "letter_name": delivery.STATE_NAMES[state],
        "failure": delivery.failure_text(letter),
        "may_send": has_code and stuck,
        "may_stop": waits and letter.sent_at is None and desk.may(REPLACE),
        "may_tell": has_code and stuck and state is not delivery.State.IN_DOUBT and desk.may(REPLACE),
    }


urlpatterns = [
    path("", counter, name="counter"),
    path("find/", find, name="find"),
    path("paper/", paper, name="paper"),
    path("<str:card>/", card, name="card"),
    path("<str:card>/replace/", give_new, name="replace"),
    path("<str:card>/tell/", tell, name="tell"),
    *(path(f"<str:card>/{verb}/", act, {"verb": verb}, name=verb) for verb in ("block", "unblock", "send", "stop")),
]
