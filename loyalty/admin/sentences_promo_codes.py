"""What a promo code does, in words, with an example in figures. Pure: values in, sentences out."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.admin import sentences_check_rules as common
from loyalty.admin.sentences import amount, bonus_terms, switched_off
from loyalty.admin.words import Words
from loyalty.models import PromoCode
from loyalty.money import Currency
from loyalty.terms import Terms


def promo_code(rule: PromoCode, words: Words, currency: Currency, client: str = "") -> list[str]:
    """ "Whoever types SPRING gets 10 % off everything. …". `client`: the name of the only one it is for."""
    return [
        *switched_off(rule),
        _does(rule, words, currency),
        *common.paragraphs(
            [*_uses(rule), *_for_whom(rule, words, client)],
            common.conditions(rule, words, currency),
            bonus_terms(terms_of(rule), currency) if rule.bonus_amount else common.together(rule),
        ),
        *([] if rule.bonus_amount else [_example(rule, words, currency)]),
    ]


def terms_of(rule: PromoCode) -> Terms:
    return Terms(
        lifetime_days=rule.bonus_lifetime_days,
        lifetime_months=rule.bonus_lifetime_months,
        pending_days=rule.bonus_pending_days,
        limit_percent=rule.bonus_limit_percent,
        min_check=rule.bonus_min_check,
    )


def _does(rule: PromoCode, words: Words, currency: Currency) -> str:
    facts = {"code": rule.code, "gets": _gets(rule, words, currency)}
    if rule.is_batch:
        return _("Each of the unique codes of %(code)s gives %(gets)s.") % facts
    return _("Whoever says %(code)s gets %(gets)s.") % facts


def _gets(rule: PromoCode, words: Words, currency: Currency) -> str:
    if rule.bonus_amount:
        return _("%(amount)s bonuses when the check is paid") % {"amount": amount(rule.bonus_amount, currency)}
    return common.off(rule, words, currency)


def _uses(rule: PromoCode) -> list[str]:
    said = []
    if rule.is_batch:
        count = rule.max_uses or 1
        text = ngettext("Each code is used once.", "Each code is used up to %(count)d times.", count)
        said.append(text % {"count": count})
    elif rule.max_uses:
        text = ngettext("It is used once in all.", "It is used up to %(count)d times in all.", rule.max_uses)
        said.append(text % {"count": rule.max_uses})
    if rule.max_uses_per_client:
        count = rule.max_uses_per_client
        text = ngettext("Once by each client.", "Up to %(count)d times by each client.", count)
        said.append(text % {"count": count})
    if rule.valid_hours and rule.is_batch:
        hours = rule.valid_hours
        text = ngettext(
            "A code is valid for %(count)d hour after it was handed out.",
            "A code is valid for %(count)d hours after it was handed out.",
            hours,
        )
        said.append(text % {"count": hours})
    return said


def _for_whom(rule: PromoCode, words: Words, client: str) -> list[str]:
    said = common.only_for(rule, words, client)
    if rule.new_clients_only:
        said.append(_("Only for clients who have not been here before."))
    if rule.staff_only:
        said.append(_("Only staff may enter it."))
    return said


def _example(rule: PromoCode, words: Words, currency: Currency) -> str:
    ware = common.typical_ware(rule, words, currency)
    facts = {
        "name": ware.name,
        "price": amount(ware.price, currency),
        "pays": amount(ware.price - common.taken(rule, ware.price), currency),
    }
    if ware.name:
        return _("Example: with a code “%(name)s” of %(price)s costs %(pays)s.") % facts
    return _("Example: with a code a check of %(price)s costs %(pays)s.") % facts
