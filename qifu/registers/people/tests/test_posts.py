"""Posts: half-open ranges, overlaps, what they grant and when they stop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qifu.foundation.access import SYSTEM, NotFound, grants_of, holds
from qifu.foundation.action import Refused
from qifu.foundation.request_id import request_id
from qifu.registers.people import actions
from qifu.registers.people.models import Person, Post

AT = datetime(2024, 3, 1, 2, 0, tzinfo=UTC)
DAY = date(2024, 3, 1)
DAYS = st.dates(date(2024, 1, 1), date(2024, 3, 1))
MakePerson = Callable[..., Person]
database = pytest.mark.django_db
both = pytest.mark.both_databases


@given(starts=DAYS, ends=st.none() | DAYS, other=DAYS, other_ends=st.none() | DAYS, day=DAYS)
def test_ranges_are_half_open(
    starts: date, ends: date | None, other: date, other_ends: date | None, day: date
) -> None:
    post = Post(starts_on=starts, ends_on=ends)
    assert post.holds_on(day) == (starts <= day and (ends is None or day < ends))
    horizon = [date(2024, 1, 1) + timedelta(days=n) for n in range(62)]
    shared = [
        d for d in horizon if post.holds_on(d) and other <= d and (other_ends is None or d < other_ends)
    ]
    assert post.meets(other, other_ends) == bool(shared)


def add(person: Person, role: str = "reform_officer", place: str = "330100", **changes: Any) -> Post:
    given = {"starts_on": DAY} | changes
    return actions.add_post(by=SYSTEM, at=AT, person=person, role=role, place_code=place, **given)


@database
@both
def test_a_post_grants_its_subtree_from_its_first_day_until_the_last_is_over(
    province: Path, make_person: MakePerson
) -> None:
    person = make_person("officer")
    add(person, starts_on=DAY, ends_on=date(2024, 4, 1))
    by, midnight = person.as_actor(), datetime(2024, 2, 29, 16, 0, tzinfo=UTC)  # 1 March, 00:00 in Shanghai
    held = [
        holds(by, "organisations.approve_expansion", at, place="330109")
        for at in (midnight - timedelta(seconds=1), midnight, datetime(2024, 3, 31, 15, 59, tzinfo=UTC),
                   datetime(2024, 3, 31, 16, 0, tzinfo=UTC))
    ]  # fmt: skip
    assert held == [False, True, True, False]
    assert not holds(by, "organisations.approve_expansion", AT, place="330200")
    grant = grants_of(by, AT)[-1]
    assert {"330100", "330103", "330109", "F330100-04"} <= grant.places and "330000" not in grant.places


@database
@both
def test_a_post_ended_at_noon_grants_nothing_on_the_next_request(
    province: Path, make_person: MakePerson, django_assert_num_queries: Any
) -> None:
    person = make_person("officer")
    post, by = add(person), person.as_actor()
    with request_id():
        with django_assert_num_queries(3):  # posts, their divisions, mandates
            assert holds(by, "organisations.approve_expansion", AT)
        with django_assert_num_queries(0):
            assert holds(by, "organisations.approve_expansion", AT, place="330100")
        actions.end_post(by=SYSTEM, at=AT, person=person, post_id=post.pk, ends_on=DAY)
        assert not holds(by, "organisations.approve_expansion", AT)
    other = add(person, place="330200")
    with request_id():
        assert holds(by, "organisations.approve_expansion", AT)
        Post.objects.all()._raw_delete("default")  # another process, of which this one hears nothing
    with request_id():
        assert not holds(by, "organisations.approve_expansion", AT), other.pk


@database
@both
def test_the_same_post_is_not_held_twice_on_a_day(province: Path, make_person: MakePerson) -> None:
    person = make_person("officer")
    add(person, starts_on=DAY, ends_on=date(2024, 4, 1), organisation_code="330100.reform_office")
    with pytest.raises(Refused, match="重复"):
        add(person, starts_on=date(2024, 3, 31), organisation_code="330100.reform_office")
    with pytest.raises(Refused, match="重复"):
        add(person, starts_on=date(2024, 1, 1), organisation_code="330100.reform_office")
    add(person, starts_on=date(2024, 4, 1), organisation_code="330100.reform_office")
    add(person, starts_on=date(2024, 2, 1), ends_on=DAY, organisation_code="330100.reform_office")
    add(person, place="330200")
    assert Post.objects.count() == 4


@database
@both
@pytest.mark.parametrize(
    "changes",
    [
        {"role": "king"}, {"place": "999999"}, {"place": ""}, {"place": "330103"}, {"place": "\0"},
        {"ends_on": DAY}, {"ends_on": date(2023, 1, 1)}, {"organisation_code": "none"}, {"organisation_code": "\0x"},
    ],
)  # fmt: skip
def test_a_post_that_cannot_be_is_refused(
    province: Path, make_person: MakePerson, changes: dict[str, Any]
) -> None:
    with pytest.raises(Refused):
        add(make_person("officer"), **changes)
    assert not Post.objects.exists()


@database
@both
def test_administration_and_audit_stay_in_different_hands(province: Path, make_person: MakePerson) -> None:
    person = make_person("admin", "system_administrator")
    with pytest.raises(Refused, match="不能由同一人"):
        add(person, "auditor", "330000")
    add(person, "reform_officer")
    later = make_person("later")
    add(later, "auditor", "330000", ends_on=date(2024, 5, 1))
    add(later, "system_administrator", "330000", starts_on=date(2024, 5, 1))


@database
@both
def test_a_site_is_never_left_without_an_administrator(province: Path, make_person: MakePerson) -> None:
    only = make_person("admin", "system_administrator")
    post = only.posts.get()
    with pytest.raises(Refused, match="没有系统管理员"):
        actions.end_post(by=only.as_actor(), at=AT, person=only, post_id=post.pk, ends_on=DAY)
    with pytest.raises(Refused, match="不能停用自己"):
        actions.disable_person(by=only.as_actor(), at=AT, person=only)
    second = make_person("second", "system_administrator")
    actions.disable_person(by=second.as_actor(), at=AT, person=only)
    with pytest.raises(NotFound):
        actions.enable_person(by=only.as_actor(), at=AT, person=only)
    actions.enable_person(by=second.as_actor(), at=AT, person=only)
    post.refresh_from_db()
    assert post.ends_on is None


@database
@both
def test_ending_follows_the_calendar(province: Path, make_person: MakePerson) -> None:
    person = make_person("officer")
    post = add(person, ends_on=date(2024, 6, 1))
    end = {"by": SYSTEM, "at": AT, "person": person, "post_id": post.pk}
    with pytest.raises(Refused, match="早于任职日"):
        actions.end_post(**end, ends_on=date(2024, 2, 1))
    with pytest.raises(Refused, match="晚于原定"):
        actions.end_post(**end, ends_on=date(2024, 6, 2))
    actions.end_post(**end, ends_on=DAY)
    with pytest.raises(Refused, match="已经结束"):
        actions.end_post(**end, ends_on=DAY)
    with pytest.raises(Refused, match="已经结束"):
        actions.end_post(**(end | {"person": make_person("other")}), ends_on=DAY)
