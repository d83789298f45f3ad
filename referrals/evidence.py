"""What was found of a pair, in words with its figures and days (`referrals.suspicion` finds it)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.explanations import show_day

Facts = Mapping[str, Any]


def told(facts: Facts, names: Mapping[int, str]) -> str:
    """A sentence or two. `names` are those of the clients whom it may speak of (`speaks_of`)."""
    said = {"same_device": _device, "same_phone": _phone, "staff": _staff, "one_visit_each": _once}[facts["code"]]
    found = _("Found on %(day)s.") % {"day": show_day(date.fromisoformat(facts["day"]))}
    return f"{said(facts, names)} {found}"


def speaks_of(facts: Facts) -> list[int]:
    """The clients besides the pair that the sentence names."""
    return [facts["friend"]] if "friend" in facts else []


def kind(facts: Facts) -> str:
    """In two or three words, for a list."""
    names = {
        "same_device": _("same device"),
        "same_phone": _("same phone"),
        "staff": _("works here"),
        "one_visit_each": _("one visit each"),
    }
    return names[facts["code"]]


def _device(facts: Facts, names: Mapping[int, str]) -> str:
    if facts["whose"] == "referrer":
        text = _("The friend joined with the same device that whoever brought them uses.")
    else:
        text = _("The friend joined with the same device as %(name)s, whom the same client brought.")
        text %= {"name": names.get(facts["friend"], _("another friend"))}
    known = ngettext("%(count)d client is known from it.", "%(count)d clients are known from it.", facts["clients"]) % {
        "count": facts["clients"]
    }
    return f"{text} {known}"


def _phone(facts: Facts, _names: Mapping[int, str]) -> str:
    texts = {
        "referrer_had": _("The friend has the phone that whoever brought them had before."),
        "friend_had": _("Whoever brought the friend has the phone that the friend had before."),
        "alike": _("Both phones are the same number, one of them with a prefix more."),
    }
    return texts[facts["how"]]


def _staff(facts: Facts, _names: Mapping[int, str]) -> str:
    if facts["how"] == "email":
        return _("Whoever brought the friend has the e-mail of %(who)s, who works here.") % {"who": facts["who"]}
    text = _("Whoever brought the friend has the name of %(who)s, who works here and entered them as the referrer.")
    return text % {"who": facts["who"]}


def _once(facts: Facts, _names: Mapping[int, str]) -> str:
    text = ngettext(
        "%(once)d of the %(friends)d friend who was brought over 30 days ago came exactly once.",
        "%(once)d of the %(friends)d friends who were brought over 30 days ago came exactly once.",
        facts["friends"],
    ) % {"once": facts["once"], "friends": facts["friends"]}
    if "who" not in facts:
        return text
    named = ngettext("%(who)s entered %(count)d of them.", "%(who)s entered %(count)d of them.", facts["named"])
    return f"{text} {named % {'who': facts['who'], 'count': facts['named']}}"
