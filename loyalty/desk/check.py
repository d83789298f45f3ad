"""The screen of the desk: a client, a check, what it comes to; and paying for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from clients.refusals import Refusal
from loyalty import checkout, promises
from loyalty.checkout import Paid, Quote, QuoteChanged, Settled
from loyalty.counter import read_basket
from loyalty.desk import shelf
from loyalty.desk.access import BY_HAND, OVERRIDE, Desk, at_the_desk
from loyalty.desk.codes import takes_codes
from loyalty.desk.draft import METHODS, ByHand, Draft, DraftLine, line_of, written
from loyalty.desk.finding import LONGEST, find_clients
from loyalty.desk.guest import find_client, guest_of
from loyalty.desk.till import Till, changes, known_offers, payments_of, work_out
from loyalty.models import Visit
from loyalty.money import ZERO, BadAmount, Money

REVEALED = "desk_revealed"
METHOD = "desk_method"
RECENTLY = timedelta(hours=1)
PAYING = ("split", "nothing", *METHODS)


@require_GET
@at_the_desk
def screen(request: HttpRequest, desk: Desk) -> HttpResponse:
    """An empty check, for `?client=` if there is one; `?q=` looks for a client without script."""
    draft = Draft.new(client=request.GET.get("client", ""))
    guest, problem = guest_of(draft.client, desk)
    if guest is None:
        draft = replace(draft, client="")
    context = {
        "till": work_out(draft, desk),
        "guest": guest,
        "guest_problem": problem,
        "focus": "add" if guest else "find",
    }
    text = request.GET.get("q", "").strip()
    found = {"found": find_clients(text[:LONGEST]), "text": text} if text else {}
    return render(request, "desk/screen.html", _shown(request, desk, context | found))


@require_POST
@at_the_desk
def update(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The check after a click: a client chosen, a line added or removed, a code, bonuses, a quantity."""
    draft = read_draft(request, desk)
    chosen = request.POST.get("choose")
    draft, focus = _acted(draft, request) if chosen is None else (draft.for_client(chosen.strip()), "add")
    scanned = shelf.waiting(draft.code, desk) if draft.code else None
    line = line_of(scanned.ref) if scanned is not None else None
    if line is not None:  # a printed card that waits to be sold pays nothing yet: it is what is being bought
        draft = replace(draft.with_line(line), code="")
    return answer(request, desk, draft, focus=focus, changed_client=chosen is not None)


@require_POST
@at_the_desk
def pay(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Settle the check, and show its receipt. Sent twice, it is settled once."""
    draft = read_draft(request, desk)
    method = request.POST.get("pay", "")
    try:
        settled = _settle(draft, method if method in PAYING else "nothing", desk)
    except (Refusal, BadAmount) as refusal:
        earlier = _settled_before(draft)  # by the other click, in the middle of this one
        if earlier is None:
            return _not_paid(request, desk, draft, refusal, method)
        settled = earlier
    if not settled.is_repeat:  # a repeated request must not write back a session without the codes
        _remember(request, settled, method)
    return to_page(request, resolve_url("desk:receipt", settled.visit.pk))


def read_draft(request: HttpRequest, desk: Desk) -> Draft:
    """The check in the form. Prices and discounts that were typed count only from those who may give them."""
    draft = Draft.read(request.POST)
    if not desk.may(BY_HAND):
        draft = replace(draft, by_hand=ByHand())
    if desk.may(OVERRIDE):
        return draft
    return replace(draft, lines=tuple(replace(line, price="", reason="") for line in draft.lines))


def answer(
    request: HttpRequest,
    desk: Desk,
    draft: Draft,
    *,
    focus: str = "",
    changed_client: bool = False,
    more: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """The open check as it is now: the whole page, or for htmx only what changed. `more`: what else is shown."""
    context: dict[str, Any] = {"focus": focus, **(more or {})}
    if changed_client or not is_partial(request):
        guest, problem = guest_of(draft.client, desk)
        draft = draft if guest else replace(draft, client="")
        context |= {"guest": guest, "guest_problem": problem, "changed_client": True}
    return show(request, desk, work_out(draft, desk), context)


def show(request: HttpRequest, desk: Desk, till: Till, context: dict[str, Any], status: int = 200) -> HttpResponse:
    template = "desk/update.html" if is_partial(request) else "desk/screen.html"
    return render(request, template, _shown(request, desk, context | {"till": till}), status=status)


def is_partial(request: HttpRequest) -> bool:
    return bool(request.headers.get("HX-Request"))


def to_page(request: HttpRequest, address: str) -> HttpResponse:
    """Go to another page, also out of a part of this one."""
    if is_partial(request):
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return redirect(address)


def _shown(request: HttpRequest, desk: Desk, context: dict[str, Any]) -> dict[str, Any]:
    """What the page needs. Whoever sees the figures of a quote holds its promise from now on."""
    till: Till = context["till"]
    if till.quoted is not None:
        promises.keep(till.quoted.book, now=desk.now)
    shown = {
        "desk": desk,
        "currency": desk.house.currency,
        "zone": desk.house.zone,
        "favourites": shelf.favourites(desk),
        "goods": shelf.goods(desk),
        "free_goods": shelf.free_goods(desk),
        "nothing": written(ZERO, desk.house.currency),
        "takes_codes": takes_codes(known_offers()),
        "may_price": desk.may(OVERRIDE),
        "may_discount": desk.may(BY_HAND),
        "may_earn_nothing": "earn" in known_offers(),
        "method": request.session.get(METHOD, "cash"),
        "methods": [(value, label, till.draft.split.get(value, "")) for value, label in method_names()],
    }
    return shown | context


def method_names() -> list[tuple[str, str]]:
    """Ways to pay, as their buttons say."""
    return [("cash", _("Cash")), ("card", _("Bank card")), ("transfer", _("Transfer"))]


def _acted(draft: Draft, request: HttpRequest) -> tuple[Draft, str]:
    """The check after the button that was pressed, and where the cursor goes."""
    sent = request.POST
    line = line_of(sent.get("add", ""))
    if line is not None:
        return draft.with_line(line), "add" if sent.get("add_text") else ""  # else the pressed button keeps the focus
    free = line_of(sent.get("add_free", ""))
    if free is not None:
        return draft.with_line(_free_line(free, sent)), ""
    if "remove" in sent:
        return draft.without_line(sent["remove"]), ""
    if "drop" in sent:
        return draft.without_code(sent["drop"]), "code"
    if sent.get("use_most"):
        return replace(draft, redeem="max", uses_most=True), "redeem"
    return draft, ""


def _free_line(line: DraftLine, sent: QueryDict) -> DraftLine:
    """A line for the amount that was typed; with the code that was typed, where it is for a thing that has one."""
    ref = line.ref
    code = sent.get(f"free-code-{ref}", "").replace(":", "").strip() or line.code
    return replace(line, code=code, amount=sent.get(f"free-{ref}", "").replace(":", "").strip())


def _settle(draft: Draft, method: str, desk: Desk) -> Settled:
    """Settle what was seen, for the amount that was seen. Raises `Refusal`, `BadAmount`."""
    earlier = _settled_before(draft)
    if earlier is not None:
        return earlier
    basket = read_basket(draft.raw(desk.place.code, draft.offers(known_offers())), desk.house)
    paid = payments_of(method, draft, desk, Money(draft.seen.get("to_pay", 0)))
    settle = partial(
        checkout.settle,
        basket=basket,
        payments=[Paid(name, amount) for name, amount in paid.items()],
        key=_operation(draft),
        by=desk.by,
        now=desk.now,
    )
    try:
        return settle(token=draft.token)
    except QuoteChanged as changed:
        fresh: Quote = changed.facts["quote"]
        promise = promises.read_token(draft.token)
        if promise is None or promise.seen != fresh.seen:
            raise
        return settle(token=fresh.token)  # only older than a quote is held: what was shown is still so


def _remember(request: HttpRequest, settled: Settled, method: str) -> None:
    """How was paid, for the next check; and what is told once, for the receipt that comes next."""
    if method in METHODS and request.session.get(METHOD) != method:
        request.session[METHOD] = method
    if settled.revealed:
        told = request.session.get(REVEALED, {})
        request.session[REVEALED] = told | {str(settled.visit.pk): _told(settled)}


def _settled_before(draft: Draft) -> Settled | None:
    """The check that was settled from this very form."""
    visit = Visit.objects.filter(operation=_operation(draft)).first()
    return Settled(visit, is_repeat=True) if visit is not None else None


def _operation(draft: Draft) -> str:
    return f"desk:{draft.key}"


def _not_paid(
    request: HttpRequest, desk: Desk, draft: Draft, refusal: Refusal | BadAmount, method: str
) -> HttpResponse:
    """The check as it is now, with what was refused and what has changed since it was shown."""
    till = work_out(draft, desk)
    notices = []
    if isinstance(refusal, QuoteChanged) or till.errors:
        notices = [*_elsewhere(draft, desk), *(changes(draft, till.receipt, desk) if till.receipt else [])]
    if isinstance(refusal, QuoteChanged):
        notices = [_("Something changed while this check was open."), *notices]
    elif not till.errors:
        place = "split" if method == "split" else "paying"
        till = replace(till, errors={place: _sentence(refusal)})
    guest, problem = guest_of(till.draft.client, desk) if not is_partial(request) else (None, "")
    context = {"guest": guest, "guest_problem": problem, "focus": "pay" if not till.errors else ""}
    return show(request, desk, replace(till, notices=tuple(notices)), context, status=422)


def _sentence(refusal: Refusal | BadAmount) -> str:
    return str(refusal) if isinstance(refusal, Refusal) else _("An amount of the split %(why)s.") % {"why": refusal}


def _elsewhere(draft: Draft, desk: Desk) -> list[str]:
    """If the client's bonuses were used somewhere else just now: where, and how many."""
    client = find_client(draft.client)
    latest = Visit.objects.filter(client=client, client__isnull=False, at__gte=desk.now - RECENTLY, bonus_total__gt=0)
    visit = latest.select_related("location").order_by("-at").first()
    if visit is None:
        return []
    facts = {"amount": desk.house.currency.number(visit.bonus_total), "place": visit.location.name}
    return [_("%(amount)s of the bonuses were used at %(place)s.") % facts]


def _told(settled: Settled) -> list[dict[str, str]]:
    """What is told once: the codes of gift cards that were sold, for the session."""
    cards = [card for told in settled.revealed.values() for card in told]
    return [
        {"code": card["code"], "last_day": card["last_day"].isoformat() if card["last_day"] else ""} for card in cards
    ]
