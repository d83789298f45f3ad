"""Birthday bonuses: so many days before, once per birthday.

A night looks at every birthday from its day to `days_before` days ahead. So 2 January with 7 days before is granted
on 26 December, for the birthday of the coming year; whoever joins, or tells their birthday, within those days gets it
in the next night, like everybody when the program is switched on. A night that was missed is run afterwards as that
night: the bonuses count from the day they should have come, and live no longer for having come late.

A birthday is named by its year in the operation (`birthday:2027:birthday:client:7`), so each year brings one, whatever
date of birth is told in it; and a client who got one is left alone for half a year, so that no other date brings the
next year's right after it. With a corrected date the next year's comes on its day.
29 February is kept on 28 February in other years (`domain.md` section 3).

Clients are found by the index of month and day (`Client.birthday_on`): a night reads those who celebrate soon, not
everybody.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Exists, F, QuerySet

from loyalty.dates import Window, given_lately, registered_in_time
from loyalty.models import Account, BonusProgram
from loyalty.occasions import Due, Tonight, audience, give_all, pages, running


def grant_birthday_bonuses(night: Tonight) -> int:
    """Grant what is due in this night; how many grants this run made."""
    programs = running(BonusProgram.Trigger.BIRTHDAY, night)
    return sum(give_all(program, _due(program, night), night) for program in programs)


def celebrants(program: BonusProgram, night: Tonight) -> QuerySet[Account]:
    """Those who celebrate soon and got nothing from the program lately."""
    days = Window.of(program, night.day).calendar_days()
    return audience(program, night).filter(
        ~Exists(given_lately(program, night, "birthday:")),
        registered_in_time(program, night),
        client__birthday_on__in=days,
    )


def _due(program: BonusProgram, night: Tonight) -> Iterator[Due]:
    window = Window.of(program, night.day)
    for page in pages(celebrants(program, night), F("client__birthday")):
        for account, client, born in page:
            year = window.year_of(born)
            if year is not None:
                yield Due(account, client, f"birthday:{year}:{program.code}:client:{client}")
