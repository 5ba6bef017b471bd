"""The effective reading is a pure function of the reading and the rulings: replay, undo, order."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from qifu.services.work_plans.rulings import ADDED, Ruling, effective, find_row, value_at

WORDS = st.text(max_size=12)
VALUES = st.one_of(st.none(), WORDS, st.lists(WORDS, max_size=3), st.booleans())
ROWS = st.lists(
    st.fixed_dictionaries({"number": st.integers(1, 40), "measure": WORDS, "group": WORDS}), max_size=5
)
READINGS = st.fixed_dictionaries(
    {"title": WORDS, "tasks": ROWS, "actions": ROWS, "indicators": ROWS, "missing": ROWS}
)
PLACES = st.one_of(
    st.tuples(st.just("document"), st.none(), st.sampled_from(["title", "issuer"])),
    st.tuples(
        st.sampled_from(["tasks", "actions", "missing"]),
        st.integers(0, 6),
        st.sampled_from(["measure", "group"]),
    ),
)


@st.composite
def rulings(draw: Any) -> list[Ruling]:
    places = draw(st.lists(PLACES, max_size=12))
    return [Ruling(order, *place, draw(VALUES)) for order, place in enumerate(places, start=1)]


@given(READINGS, rulings())
def test_replaying_gives_the_same_and_leaves_the_reading_alone(
    reading: dict[str, Any], made: list[Ruling]
) -> None:
    before = copy.deepcopy(reading)
    first = effective(reading, made)
    assert reading == before
    assert effective(reading, list(reversed(made))) == first
    assert effective(reading, made) == first


@given(READINGS, rulings(), st.data())
def test_undoing_a_ruling_is_as_if_it_had_never_been(
    reading: dict[str, Any], made: list[Ruling], data: Any
) -> None:
    if not made:
        assert effective(reading, made) == reading
        return
    undone = data.draw(st.sampled_from(made))
    rest = [ruling for ruling in made if ruling != undone]
    result = effective(reading, rest)
    place = (undone.part, undone.row, undone.field)
    later = [ruling for ruling in rest if (ruling.part, ruling.row, ruling.field) == place]
    if not later:
        assert value_at(result, *place) == value_at(reading, *place)
    others = {(r.part, r.row, r.field) for r in rest} - {place}
    whole = effective(reading, made)
    assert all(value_at(result, *other) == value_at(whole, *other) for other in others)


@given(READINGS, PLACES, VALUES, VALUES)
def test_the_last_ruling_on_a_place_counts(
    reading: dict[str, Any], place: Any, first: Any, last: Any
) -> None:
    result = effective(reading, [Ruling(1, *place, first), Ruling(2, *place, last)])
    part, row, _ = place
    if row is None or row < len(reading.get(part, [])):
        assert value_at(result, *place) == last
    else:
        assert result == reading


def test_an_added_row_can_be_ruled_on() -> None:
    made = [
        Ruling(1, "tasks", 1, ADDED, {"number": 2, "measure": "甲"}),
        Ruling(2, "tasks", 1, "measure", "乙"),
    ]
    result = effective({"tasks": [{"number": 1, "measure": "一"}]}, made)
    assert [row["measure"] for row in result["tasks"]] == ["一", "乙"]


def test_a_row_is_found_by_number_and_by_the_nearest_line() -> None:
    def row(number: int, line: int) -> dict[str, Any]:
        return {"number": number, "source": {"line": line}}

    reading = {
        "tasks": [row(1, 10), row(2, 11), row(2, 40)], "missing": [{"kind": "task", "number": 5}], "duties": [row(1, 7)],
    }  # fmt: skip
    assert find_row(reading, "tasks", 2, 41) == ("tasks", 2)
    assert find_row(reading, "tasks", 2, None) == ("tasks", 1)
    assert find_row(reading, "tasks", 5, None) == ("missing", 0)
    assert find_row(reading, "tasks", 9, None) == ("tasks", None)
    assert find_row(reading, "duties", 1, None) == ("duties", 0)
    assert find_row(reading, "body", 3, 7) == ("body", None)
