"""Chains come back exactly as they were given; what contradicts itself is named by its path, and loops are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from loyalty.models import BonusProgram, Chain, ChainStep
from loyalty.setup import SetupRefused, dump, load
from tests import factories
from tests.setup.conftest import BY, Picture

Load = Callable[..., list[str]]

CHAINS: list[dict[str, Any]] = [
    {
        "code": "ending",
        "name": "Bonuses end",
        "begins": "lot_ends",
        "days": 7,
        "min_amount": "10.00",
        "segment": "regulars",
        "stop_when_visited": False,
        "stop_when_spent": True,
        "steps": [
            {"do": "letter", "letter": "ending"},
            {"after": {"days": 4}, "if": "not_spent", "do": "letter", "letter": "ending", "channel": "sms", "then": 5},
            {
                "number": 4,
                "after": {"days": 1, "hours": 12},
                "if": "in_segment",
                "segment": "regulars",
                "do": "bonus",
                "program": "thanks",
                "otherwise": 6,
            },
            {"do": "wait", "if": "has_email"},
            {"do": "stop"},
        ],
        "enabled": False,
    },
    {"code": "hello", "name": "Hello", "begins": "registered", "steps": [{"do": "letter", "letter": "ending"}]},
    {"code": "absent", "name": "Absent", "begins": "absent", "days": 60, "steps": []},
]


@pytest.fixture
def letters(flexgym: str) -> None:
    factories.SegmentFactory()
    factories.BonusProgramFactory(code="thanks", name="Thanks", trigger="action")
    load({"letters": [{"code": "ending", "name": "Ending", "short": {"en": "{amount} end soon"}}]}, by=BY)


def refused(*chains: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(SetupRefused) as refusal:
        load({"chains": list(chains)}, by=BY)
    return refusal.value.errors


def test_a_dump_says_what_was_loaded(letters: None) -> None:
    load({"chains": CHAINS}, by=BY)

    assert dump()["chains"] == CHAINS
    steps = ChainStep.objects.filter(chain__code="ending")
    assert list(steps.values_list("number", flat=True)) == [1, 2, 4, 5, 6]
    assert steps.get(number=4).program is not None


def test_a_chain_gives_a_program_of_the_same_document(letters: None) -> None:
    given = chain({"do": "bonus", "program": "review"})
    load({"bonuses": [{"code": "review", "name": "R", "trigger": "action", "amount": "5"}], "chains": [given]}, by=BY)

    assert ChainStep.objects.get().program == BonusProgram.objects.get(code="review")
    errors = refused(chain({"do": "bonus", "program": "cumulative"}))
    assert "cumulative" in errors[0][1]


def test_loading_it_back_changes_nothing(letters: None, picture: Callable[[], Picture]) -> None:
    load({"chains": CHAINS}, by=BY)
    before = picture()

    assert load(dump(), by=BY) == []
    assert picture() == before


def test_a_load_tells_what_changed(letters: None) -> None:
    load({"chains": CHAINS}, by=BY)
    first, *others = CHAINS
    changed = {
        **first,
        "days": 5,
        "steps": [first["steps"][0], {**first["steps"][1], "after": {"days": 3}, "then": None}],
    }

    said = [str(change) for change in load({"chains": [changed, *others[:1]]}, by=BY)]
    assert said[0].split(": ", 1)[1].split("; ") == [
        "days 7 → 5",
        "steps step 2 after days 4 → 3, then 5 → none, step 4 switched off, step 5 switched off, step 6 switched off",
    ]
    assert said[1:] == ["switch off chain absent"]
    kept = ChainStep.objects.filter(chain__code="ending", enabled=True)
    assert list(kept.values_list("number", flat=True)) == [1, 2]
    assert Chain.objects.get(code="absent").enabled is False


def chain(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"code": "odd", "name": "Odd", "begins": "lot_ends", "steps": list(steps), **more}


WAIT = {"do": "wait"}


@pytest.mark.parametrize(
    ("given", "path", "words"),
    [
        (chain(WAIT, {"do": "wait", "then": 1}), "steps[1].then", "must name a later step: a chain never goes back"),
        (chain(WAIT, {"do": "wait", "then": 2}), "steps[1].then", "must name a later step: a chain never goes back"),
        (
            chain({"do": "wait", "if": "visited", "otherwise": 1}, WAIT),
            "steps[0].otherwise",
            "must name a later step: a chain never goes back",
        ),
        (chain({"do": "wait", "then": 3}, WAIT), "steps[0].then", "there is no step 3"),
        (chain({"do": "wait", "otherwise": 2}, WAIT), "steps[0].otherwise", "needs a condition: say if"),
        (chain({"do": "letter"}), "steps[0].letter", "is missing"),
        (chain({"do": "wait", "letter": "ending"}), "steps[0].letter", "goes with do letter only"),
        (chain({"do": "letter", "letter": "nobody"}), "steps[0].letter", 'there is no letter "nobody"'),
        (chain({"do": "wait", "channel": "sms"}), "steps[0].channel", "goes with do letter only"),
        (chain({"do": "bonus"}), "steps[0].program", "is missing"),
        (chain({"do": "bonus", "program": "nobody"}), "steps[0].program", 'there is no bonus program "nobody"'),
        (chain({"do": "wait", "if": "in_segment"}), "steps[0].segment", "is missing"),
        (chain({"do": "wait", "segment": "regulars"}), "steps[0].segment", "goes with if in_segment only"),
        (chain({"number": 2, "do": "wait"}, {"number": 2, "do": "wait"}), "steps[1].number", "must be more than"),
        (chain({"do": "dance"}), "steps[0].do", "must be letter or bonus or wait or stop"),
        (chain({"do": "wait", "after": {"weeks": 1}}), "steps[0].after.weeks", "unknown key"),
        (chain({"do": "wait", "after": 4}), "steps[0].after", "must be a mapping"),
        (chain("stop"), "steps[0]", "must be a mapping"),  # type: ignore[arg-type]
        (chain(WAIT, begins="registered", days=3), "days", "goes with begins lot_ends or absent or birthday or tier_f"),
        (chain(WAIT, begins="absent"), "days", "is missing"),
        (chain(WAIT, begins="absent", days=0), "days", "must be at least 1"),
        (chain(WAIT, begins="birthday", min_amount="5"), "min_amount", "goes with begins lot_ends only"),
        (chain(WAIT, begins="birthday", stop_when_spent=True), "stop_when_spent", "goes with begins lot_ends only"),
        (chain({"do": "wait", "if": "spent"}, begins="birthday"), "steps[0].if", "spent is asked of bonuses that end"),
    ],
)
def test_a_mistake_is_named_by_its_path(letters: None, given: dict[str, Any], path: str, words: str) -> None:
    errors = refused(given)

    assert [where for where, _what in errors] == [f"chains[0].{path}"]
    assert errors[0][1].startswith(words)
    assert not Chain.objects.exists()


def test_steps_must_be_given(letters: None) -> None:
    assert refused({"code": "odd", "name": "Odd", "begins": "visited"}) == [("chains[0].steps", "is missing")]


def test_bonuses_with_an_occasion_of_their_own_are_refused(letters: None) -> None:
    factories.BonusProgramFactory(code="welcome")
    errors = refused(chain({"do": "bonus", "program": "welcome"}))

    assert errors == [
        ("chains", 'the bonus program "welcome" has an occasion of its own; a chain gives those with trigger action')
    ]
