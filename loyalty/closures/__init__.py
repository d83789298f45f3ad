"""Closures: a location is closed for some days, and what its clients hold lives so much longer.

**Whom it affects.** Clients who registered at the location, and those who were there within 90 days before it closed (a
visit that came back whole is none). Gift cards: those that were sold there. Where there is one open location only, it
affects everybody and everything.

**What of theirs.** What they held when the closure was made: lots with something left, pending ones too, that begin
before the closed days are over and end on the first of them or later. Each lives N days longer. What lives for ever
stays as it is, and so does what ended before the closure was made, also within closed days that have begun already:
nothing is brought back. What comes in afterwards was given by people who knew. The term of a tier that falls on the
first closed day or later is N days longer.

**How.** `close` writes down the closure; `go_on` does the work, a thousand lots a transaction, each with an `adjust`
entry of 0 and the note that the client reads. An `Extension` says of each lot and each tier that it is done, so a run
that was killed goes on where it stopped, and two at once do nothing twice. The night sees to it before anything else,
so that nothing ends which was to live longer.

**Undo.** Each lot gets the last day it would have if the closure had never been: other closures, and what a refund
promised, are kept. Never a day before today: what lives by the closure alone ends today at the earliest. What was
spent or has ended since is left. Closures that overlap add up, and each is undone by itself.

Visits at a closed location are not refused: somebody may have come to work after all.
"""

from loyalty.closures.affected import LOOK_BACK, Closing, affected_clients, affected_lots, affected_tiers
from loyalty.closures.closing import (
    FARTHEST,
    LONGEST,
    REACHES_BACK,
    ask_to_close,
    close,
    go_on,
    go_on_with,
    is_finished,
    refuse_senseless,
    undo,
)
from loyalty.closures.preview import Example, Preview, Sum, preview

__all__ = [
    "FARTHEST",
    "LONGEST",
    "LOOK_BACK",
    "REACHES_BACK",
    "Closing",
    "Example",
    "Preview",
    "Sum",
    "affected_clients",
    "affected_lots",
    "affected_tiers",
    "ask_to_close",
    "close",
    "go_on",
    "go_on_with",
    "is_finished",
    "preview",
    "refuse_senseless",
    "undo",
]
