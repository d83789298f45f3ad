"""Promo codes: read as they are typed, refused with the reason, counted when the check settles.

A code is read in any case, trimmed; typed twice it is one. What can be told without looking at the lines is told
here; whether anything of the check fits is told by `fitting`. A use is counted under the lock of the code's row and
released by a whole refund, so a limit of one is used once, however many tills try; without the lock the database
would still refuse the second.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError
from django.db.models import Count, F, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from clients.refusals import Invalid, Refusal
from loyalty.basket import Basket
from loyalty.discounts.rules import CodeRule, DiscountBook
from loyalty.explanations import show_day
from loyalty.mechanics import Reversal, Sale, Scene
from loyalty.models import IssuedCode, PromoUse
from loyalty.reader import Reader

KEY = "promo_codes"
MAX_CODES = 20
LONGEST = 60


class PromoCodeUnknown(Refusal):
    """There is no such promo code, or it is switched off."""

    code = "promo_code_unknown"


class PromoCodeExpired(Refusal):
    """Its last day, or its hours after being handed out, have passed."""

    code = "promo_code_expired"


class PromoCodeUsedUp(Refusal):
    """It was used as often as it may be, in all or by this client."""

    code = "promo_code_used_up"


class PromoCodeNotApplicable(Refusal):
    """It is for another day, place, client or check. `facts["missing"]`: how much is missing to its minimum check."""

    code = "promo_code_not_applicable"


@dataclass(frozen=True, slots=True)
class Typed:
    """A code that was typed and may be used by this client now. `field` is its place in the input."""

    issued: int
    text: str
    rule: CodeRule
    field: str


def normal(text: str) -> str:
    """A code as it is compared: "  spring " is "SPRING"."""
    return text.strip().upper()


def read(reader: Reader) -> tuple[str, ...]:
    """`promo_codes`: a list of texts, as they were typed. Raises `Invalid`, `PromoCodeUnknown` for what is none."""
    typed = reader.items(KEY) if reader.raw.get(KEY) is not None else ()
    if len(typed) > MAX_CODES:
        raise Invalid(_("must have at most %(limit)d codes") % {"limit": MAX_CODES}, field=KEY)
    for i, code in enumerate(typed):
        if not isinstance(code, str):
            raise Invalid(_("must be a code in a string"), field=f"{KEY}[{i}]")
        if not normal(code) or len(normal(code)) > LONGEST or not normal(code).isprintable():
            raise PromoCodeUnknown(_("There is no such promo code."), field=f"{KEY}[{i}]")
    return tuple(typed)


def lock(typed: Sequence[str]) -> None:
    """Lock the rows of these codes, in id order: whoever else uses them waits."""
    if typed:
        codes = {normal(text) for text in typed}
        list(IssuedCode.objects.select_for_update(no_key=True).filter(code__in=codes).order_by("pk").values_list("pk"))


def usable(basket: Basket, book: DiscountBook, scene: Scene) -> tuple[Typed, ...]:
    """The codes that were typed, in order, once each. One query. Raises a refusal that names the place of the first
    that cannot be used.
    """
    typed: Sequence[str] = basket.offers.get(KEY, ())
    if not typed:
        return ()
    places: dict[str, str] = {}
    for i, text in enumerate(typed):
        places.setdefault(normal(text), f"{KEY}[{i}]")
    rows = {row.code: row for row in _asked(places, scene)}
    found = [_usable(code, rows.get(code), book, scene, field, basket) for code, field in places.items()]
    for i, one in enumerate(found):
        if any(one.rule is earlier.rule for earlier in found[:i]):
            message = _("Another code of “%(name)s” is on this check already.") % {"name": one.rule.rule.name}
            raise PromoCodeNotApplicable(message, field=one.field)
    return tuple(found)


def _asked(codes: Iterable[str], scene: Scene) -> Iterable[IssuedCode]:
    """The rows of these codes, each with how often this client has used the promo code."""
    person = scene.person.id if scene.person is not None else None
    uses = PromoUse.objects.filter(promo=OuterRef("promo"), client=person, released_at=None).order_by().values("promo")
    own = Subquery(uses.annotate(count=Count("pk")).values("count"))
    return IssuedCode.objects.filter(code__in=list(codes)).annotate(own_uses=Coalesce(own, 0))


def _usable(text: str, row: IssuedCode | None, book: DiscountBook, scene: Scene, field: str, basket: Basket) -> Typed:
    code = book.codes.get(row.promo_id) if row is not None else None
    if row is None or code is None or (code.is_batch and row.batch_id is None):
        raise PromoCodeUnknown(_("There is no such promo code."), field=field)
    if not code.rule.enabled:
        raise PromoCodeUnknown(_("The promo code %(code)s is switched off.") % {"code": text}, field=field)
    _refuse_untimely(text, row, code, scene, field)
    _refuse_used_up(text, row, code, field)
    _refuse_for_others(text, row, code, scene, field, basket)
    return Typed(row.pk, text, code, field)


def _refuse_untimely(text: str, row: IssuedCode, code: CodeRule, scene: Scene, field: str) -> None:
    rule, facts = code.rule, {"code": text}
    if rule.to_day is not None and scene.today > rule.to_day:
        message = _("The promo code %(code)s ended on %(day)s.") % {**facts, "day": show_day(rule.to_day)}
        raise PromoCodeExpired(message, field=field)
    if rule.from_day is not None and scene.today < rule.from_day:
        message = _("The promo code %(code)s begins on %(day)s.") % {**facts, "day": show_day(rule.from_day)}
        raise PromoCodeNotApplicable(message, field=field)
    if code.valid_hours is None or not code.is_batch:
        return
    if row.handed_out_at is None:
        raise PromoCodeNotApplicable(_("The promo code %(code)s was not handed out yet.") % facts, field=field)
    if scene.now > _end(row.handed_out_at, code.valid_hours):
        message = _("The promo code %(code)s was valid for %(hours)d hours after it was handed out.")
        raise PromoCodeExpired(message % {**facts, "hours": code.valid_hours}, field=field)


def _end(handed_out_at: datetime, hours: int) -> datetime:
    return handed_out_at + timedelta(hours=hours)


def _refuse_used_up(text: str, row: IssuedCode, code: CodeRule, field: str) -> None:
    if row.limit is not None and row.used >= row.limit:
        raise PromoCodeUsedUp(_("The promo code %(code)s has been used up.") % {"code": text}, field=field)
    own: int = row.own_uses  # type: ignore[attr-defined]  # annotated by `_asked`
    if code.per_client is not None and own >= code.per_client:
        message = _("This client has used the promo code %(code)s as often as one client may.")
        raise PromoCodeUsedUp(message % {"code": text}, field=field)


def _refuse_for_others(text: str, row: IssuedCode, code: CodeRule, scene: Scene, field: str, basket: Basket) -> None:
    why = _why_not(row, code, scene, basket)
    if why is not None:
        raise PromoCodeNotApplicable(why % {"code": text}, field=field)


def _why_not(row: IssuedCode, code: CodeRule, scene: Scene, basket: Basket) -> str | None:
    """A sentence with a place for the code; None if nothing keeps this client from it."""
    person, owner = scene.person, row.client_id or code.rule.client
    if code.staff_only and not basket.by_staff:
        return _("The promo code %(code)s is used by staff only.")
    if person is None and (owner or code.per_client or code.new_clients_only or code.bonus):
        return _("The promo code %(code)s is for clients: say who it is.")
    if person is not None and owner and owner != person.id:
        return _("The promo code %(code)s belongs to another client.")
    if person is not None and code.new_clients_only and person.visits:
        return _("The promo code %(code)s is for clients who have not been here before.")
    if code.bonus and not basket.offers.get("earn", True):
        return _("This check earns nothing, so the promo code %(code)s cannot give its bonuses.")
    return None


# --- counting --------------------------------------------------------------------------------------------------------


def count(used: Sequence[Typed], sale: Sale) -> None:
    """Count these codes on the check. Raises `PromoCodeUsedUp` where the database knows better than what was read."""
    if not used:
        return
    client = sale.scene.person.id if sale.scene.person is not None else None
    try:
        IssuedCode.objects.filter(pk__in=[one.issued for one in used]).update(used=F("used") + 1)
    except IntegrityError:
        message = _("The promo code %(code)s has been used up.") % {"code": used[0].text}
        raise PromoCodeUsedUp(message, field=used[0].field) from None
    PromoUse.objects.bulk_create(
        PromoUse(promo_id=one.rule.rule.id, issued_id=one.issued, visit_id=sale.visit, client_id=client) for one in used
    )


def release(reversal: Reversal) -> None:
    """A whole refund gives the uses of its codes back."""
    if not reversal.is_whole:
        return
    uses = PromoUse.objects.filter(visit=reversal.visit, released_at=None)
    issued = dict(uses.order_by("pk").values_list("issued_id", "issued__code"))
    if issued:
        IssuedCode.objects.filter(pk__in=issued, used__gt=0).update(used=F("used") - 1)
        uses.update(released_at=reversal.now)
    for code in issued.values():
        reversal.note("discount", code, "promo.released", name=code)
