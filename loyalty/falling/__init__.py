"""When a client falls from a tier. Up a client goes at the till, at once; down only by what is said here.

A client is *short* in a night when less counts than the threshold of the tier they stand on. In a program that counts
everything, that begins with the night after a refund; in one that counts N days, a visit on day V counts up to the
night of V + N and no longer in the night of V + N + 1 (the night of a day is the one that begins it).

- The fall is due `min_days` after the tier was reached, or in the first short night if that is later; `grace_days`
  more are given from there. 0 and 0: the next night lowers the client. Days that a closure gave come on top, once.
- If the spending reaches the threshold again before that day, the fall is forgotten.
- The client falls to the tier that the spending reaches on the day of the fall; or, if the program says so, one step.
  Each lower tier then begins its own `min_days` on that day, and its own grace.
- A tier that was set by hand is a floor up to its last day, that day included: nobody falls below it, and whoever earns
  a higher one has the higher one. The day after, the client goes to what they have earned: at once, whatever terms the
  tier has, unless they had reached it before it was set by hand; then their own term goes on if it is longer.

**Time decides, not the job.** Whenever something changes (a check, a refund, a closure, thresholds, a hand), all that
will come if nobody spends any more is worked out and kept with the client: on these days, to these tiers (`plan`). A
quote on some day takes the last fall that is not after it, whether a night has run or not. The night only writes it
down, with the day of the fall, not of the run. A night that is run by hand later on the same day lowers at once whoever
is only waiting for the next one (`is_due`).

Worked example. Silver from 500.00 with min_days 60, grace_days 30; all that was spent counts. Boris reaches Silver on
1 March with 520.00. On 10 March 106.00 come back: 414.00 count. He is short from the night of 11 March; the 60 days end
on 30 April; 30 more: he falls on 30 May. "86.00 more by 29 May keeps Silver." On 20 May he spends 90.00: the fall is
forgotten, and the next one, if there is one, begins anew.

Worked example, a step at a time. Only 60 days count; Gold from 240.00 (min_days 20), Silver from 120.00 (grace_days
10), Start from 0. Alice spends 250.00 on 1 March, and nothing after. On 30 April it still counts. On 1 May it does not:
20 days are over, so she falls to Silver on 1 May; Silver has 10 days of grace, so to Start on 11 May.
"""

from loyalty.falling.ahead import FallAhead, Missing, mark_warned, missing_for, warnings
from loyalty.falling.plan import Fall, Floor, Held, Plan, Stairs, come_to, plan, stand
from loyalty.falling.rows import (
    NO_HAND,
    bring_up,
    counted_for,
    evaluate,
    held_of,
    is_as,
    on_record,
    reschedule,
    row_of,
    save,
    stairs_of,
    tier_on,
    write_down,
)
from loyalty.falling.telling import Changed, happened, tell

__all__ = [
    "NO_HAND",
    "Changed",
    "Fall",
    "FallAhead",
    "Floor",
    "Held",
    "Missing",
    "Plan",
    "Stairs",
    "bring_up",
    "come_to",
    "counted_for",
    "evaluate",
    "happened",
    "held_of",
    "is_as",
    "mark_warned",
    "missing_for",
    "on_record",
    "plan",
    "reschedule",
    "row_of",
    "save",
    "stairs_of",
    "stand",
    "tell",
    "tier_on",
    "warnings",
    "write_down",
]
