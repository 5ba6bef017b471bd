"""Revisions: one open draft, fixed once published, answered by day and by what was known when."""

import copy
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import Error, IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qifu.foundation import revisions
from qifu.foundation.action import Refused
from qifu.foundation.revisions import (
    Change,
    Revision,
    Series,
    as_of,
    canonical,
    diff,
    digest_of,
    discard,
    draft,
    edit,
    open_series,
    publish,
    withdraw,
)
from qifu.foundation.tests.acts import AT, act

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
DAY = date(2024, 3, 1)


@pytest.fixture
def series() -> Series:
    found = act(lambda: open_series(kind="test", key="a", title="甲"))
    assert isinstance(found, Series)
    return found


def published(
    series: Series, content: Any, start: date = DAY, end: date | None = None, at: datetime = AT
) -> Revision:
    found = act(lambda: publish(draft(series, content), effective_from=start, effective_to=end), at=at)
    assert isinstance(found, Revision)
    return found


def test_a_draft_becomes_a_dated_numbered_revision(series: Series) -> None:
    first = act(lambda: draft(series, {"乙": 1, "甲": [1, None, True]}))
    assert (first.number, first.state, first.content_text) == (1, "draft", '{"乙":1,"甲":[1,null,true]}')
    second = act(lambda: edit(first, {"x": 2}, expected_digest=first.digest))
    done = act(lambda: publish(second, effective_from=DAY))
    assert (done.number, done.state, done.content, done.published_at) == (1, "published", {"x": 2}, AT)
    assert done.digest == digest_of(done.content_text)
    assert published(series, {"x": 3}).number == 2


def test_what_may_not_be_done_is_refused_in_chinese(series: Series) -> None:
    first = act(lambda: draft(series, {}))
    for call in (
        lambda: draft(series, {}),
        lambda: edit(first, {}, expected_digest="another"),
        lambda: withdraw(first, reason="错"),
        lambda: publish(first, effective_from=DAY, effective_to=DAY),
    ):
        with pytest.raises(Refused):
            act(call)
    done = act(lambda: publish(first, effective_from=DAY))
    for call in (
        lambda: edit(done, {}, expected_digest=done.digest),
        lambda: publish(done, effective_from=DAY),
        lambda: discard(done),
        lambda: withdraw(done, reason="  "),
    ):
        with pytest.raises(Refused):
            act(call)
    act(lambda: withdraw(done, reason="错"))
    with pytest.raises(Refused):
        act(lambda: withdraw(done, reason="再"))
    with pytest.raises(TypeError, match="/a/0"):
        act(lambda: draft(series, {"a": [0.5]}))


def test_a_discarded_draft_makes_room(series: Series) -> None:
    act(lambda: discard(act(lambda: draft(series, {}))))
    assert act(lambda: draft(series, {})).number == 1


COLUMNS = {
    "content_text": "'{}'", "digest": "'x'", "number": "9", "note": "'改'", "effective_from": "'2020-01-01'",
    "effective_to": "'2030-01-01'", "published_at": "'2020-01-01 00:00:00+00:00'", "published_by": "9",
    "created_by": "9", "created_at": "'2020-01-01 00:00:00+00:00'", "state": "'draft'",
}  # fmt: skip


@pytest.mark.parametrize("column", COLUMNS)
def test_a_published_revision_is_fixed_by_the_database(series: Series, column: str) -> None:
    published(series, {"x": 1})
    before = list(Revision.objects.values())
    with (
        pytest.raises(Error, match="已发布的版本不得修改"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE foundation_revision SET {column} = {COLUMNS[column]}")
    assert list(Revision.objects.values()) == before


def test_a_withdrawn_revision_is_fixed_altogether(series: Series) -> None:
    act(lambda: withdraw(published(series, {"x": 1}), reason="错"))
    for change in ("state = 'published'", "withdrawn_at = NULL", "withdrawal_reason = '改'"):
        with pytest.raises(Error, match="不得修改"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE foundation_revision SET {change}")


def test_a_published_revision_cannot_be_deleted(series: Series) -> None:
    row = published(series, {})
    for remove in (row.delete, Revision.objects.all().delete, series.delete):
        with pytest.raises((Error, IntegrityError)), transaction.atomic():
            act(remove)
    assert Revision.objects.count() == 1


def test_the_database_holds_one_draft_and_no_empty_range(series: Series) -> None:
    act(lambda: draft(series, {}))
    common = {"series": series, "content_text": "{}", "digest": "x", "created_at": AT}
    for values in (
        {"number": 2},
        {"number": 1, "state": "published", "published_at": AT, "effective_from": DAY},
        {"number": 3, "state": "published"},
        {"number": 4, "state": "published", "published_at": AT, "effective_from": DAY, "effective_to": DAY},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            act(Revision(**common, **values).save)


@dataclass
class Step:
    """One thing that happened: a publication over a range, or the withdrawal of an earlier one."""

    at: datetime
    start: date
    end: date | None
    withdrawn_at: datetime | None = None
    row: Revision | None = None


def day(n: int) -> date:
    return DAY + timedelta(days=n)


def moment(n: int) -> datetime:
    return datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=n)


STEPS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 6), st.integers(0, 99)), min_size=1, max_size=8)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_as_of_agrees_with_a_plain_replay(steps: list[tuple[int, int, int]]) -> None:
    key = f"k{Series.objects.count()}"
    line = act(lambda: open_series(kind="replay", key=key, title="甲"))
    history: list[Step] = []
    for hour, (start, length, choice) in enumerate(steps):
        alive = [step for step in history if step.withdrawn_at is None]
        if alive and choice < 35:
            chosen = alive[choice % len(alive)]
            act(lambda chosen=chosen: withdraw(chosen.row, reason="错"), at=moment(hour))
            chosen.withdrawn_at = moment(hour)
        else:
            step = Step(moment(hour), day(start), day(start + length) if length else None)
            step.row = published(line, {"hour": hour}, step.start, step.end, step.at)
            history.append(step)
    for known in [None, *range(len(steps))]:
        for n in range(-1, 17):
            then = None if known is None else moment(known)
            fits = [
                step.row
                for step in history
                if (then is None or step.at <= then)
                and (step.withdrawn_at is None or (then is not None and step.withdrawn_at > then))
                and step.start <= day(n)
                and (step.end is None or day(n) < step.end)
            ]
            found = as_of(kind="replay", key=key, day=day(n), known_at=then)
            assert found == (fits[-1] if fits else None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(alphabet="甲乙a", max_size=2),
    lambda part: (
        st.lists(part, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "code", "name"]), part, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON, JSON)
def test_equal_content_has_one_text_and_no_difference(before: Any, after: Any) -> None:
    same = canonical(before) == canonical(after)
    assert (diff(before, after) == []) == same
    assert diff(before, copy.deepcopy(before)) == []


@given(JSON, JSON)
def test_a_difference_seen_backwards_is_the_same_difference(before: Any, after: Any) -> None:
    there = {(c.path, canonical(c.before), canonical(c.after)) for c in diff(before, after)}
    back = {(c.path, canonical(c.after), canonical(c.before)) for c in diff(after, before)}
    assert there == back


def test_rows_are_compared_by_their_number_or_code() -> None:
    before = {"tasks": [{"number": 1, "title": "甲"}, {"number": 2, "title": "乙"}], "codes": ["x", "y"]}
    after = {"tasks": [{"number": 2, "title": "乙改"}, {"number": 3, "title": "丙"}], "codes": ["x"]}
    assert diff(before, after) == [
        Change("tasks/1", {"number": 1, "title": "甲"}, None),
        Change("tasks/2/title", "乙", "乙改"),
        Change("tasks/3", None, {"number": 3, "title": "丙"}),
        Change("codes/2", "y", None),
    ]
    swapped = {"tasks": list(reversed(before["tasks"]))}
    assert diff({"tasks": before["tasks"]}, swapped) == [Change("tasks", ["1", "2"], ["2", "1"])]


def test_series_are_opened_once() -> None:
    def both() -> tuple[Series, Series]:
        return open_series(kind="k", key="x", title="甲"), open_series(kind="k", key="x", title="乙")

    first, second = act(both)
    assert first == second and first.title == "甲"
    assert as_of(kind="k", key="x", day=DAY) is None
    assert revisions.as_of(kind="no", key="such", day=DAY) is None
