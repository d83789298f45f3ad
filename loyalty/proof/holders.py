"""Gift-card money and sessions are always somebody's: each such account is held by exactly one thing of a mechanic.

Which things those are is read from the models, because `loyalty` does not know the mechanics above it.
"""

from __future__ import annotations

from django.db.models import Q

from loyalty.models import Account


def accounts_without_holder() -> list[str]:
    """Accounts in money or sessions that no gift card, membership or the like points to."""
    holders = [relation.name for relation in Account._meta.related_objects if relation.one_to_one]
    held = Q()
    for name in holders:
        held |= Q(**{f"{name}__isnull": False})
    own = (Account.Unit.BONUS, Account.Unit.STAMP)  # the client's, and nothing stands between
    orphans = Account.objects.exclude(unit__in=own).exclude(held).order_by("pk")
    return [f"account {account.pk}: holds {account.unit} and belongs to nothing" for account in orphans]
