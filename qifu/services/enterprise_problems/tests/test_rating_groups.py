"""What units see are whole groups of five or more: whoever subtracts any two tables is left with none, or with five or more."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qifu.engines.casework.models import Case, CaseEvent, Rating
from qifu.foundation.access import SYSTEM, Actor
from qifu.foundation.action import action
from qifu.foundation.periods import containing, periods_between
from qifu.foundation.working_days import SHANGHAI
from qifu.registers.organisations.models import Organisation
from qifu.services.enterprise_problems.actions.rating import (
    last_final_quarter,
    publish_rating_groups,
    window_days,
)
from qifu.services.enterprise_problems.models import RatingGroup
from qifu.services.enterprise_problems.queries import ratings
from qifu.services.enterprise_problems.tests.rated import OTHER, START, UNIT, World, closed, rate, world


@given(st.lists(st.integers(0, 9), max_size=24), st.integers(1, 7), st.integers(0, 24))
def test_groups_never_overlap_are_large_enough_and_never_change(
    counts: list[int], least: int, later: int
) -> None:
    cut = ratings.blocks(counts, least)
    assert all(sum(counts[a:b]) >= least for a, b in cut)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(cut))
    assert ratings.blocks(counts[: min(later, len(counts))], least) == [one for one in cut if one[1] <= later]
    rest = counts[cut[-1][1] :] if cut else counts
    assert sum(rest) < least


@given(st.dates(date(2023, 1, 1), date(2027, 1, 1)), st.integers(1, 120))
def test_a_quarter_is_final_only_when_every_window_in_it_is_over(day: date, window: int) -> None:
    final = last_final_quarter(day, window)
    assert final.last_day + timedelta(days=window) < day
    assert final.next().last_day + timedelta(days=window) >= day


@action("tests.rating_groups.lay", title="测试：铺设评价", permission="enterprise_problems.run_jobs")
def lay(
    *,
    by: Actor,
    at: datetime,
    pattern: Case,
    unit: Organisation,
    closings: Iterable[tuple[datetime, int | None]],
) -> None:
    """Write closed cases of a unit past the rules, some of them rated: the arithmetic of groups alone is tested."""
    for shut_at, stars in closings:
        row = Case.objects.get(pk=pattern.pk)
        row.pk = None
        row.number, row.lead, row.version = f"T{Case.objects.count():09}", unit, 1
        row.opened_at = row.last_event_at = row.closed_at = shut_at
        row.save(force_insert=True)
        CaseEvent.objects.create(
            case=row,
            seq=1,
            kind="close",
            title="办结",
            at=shut_at,
            state="closed",
            facts={"result": "solved"},
        )
        if stars is not None:
            Rating.objects.create(
                case=row, source="enterprise", round=1, solved=stars > 2, stars=stars, bad=stars <= 2, text="秘密",
                at=shut_at + timedelta(days=3), channel="code", closed_seq=1,
            )  # fmt: skip


def _histories(rng: random.Random) -> list[tuple[datetime, int | None]]:
    """Two years of closings, few in some quarters, many in others."""
    found: list[tuple[datetime, int | None]] = []
    for quarter in periods_between(date(2024, 1, 1), date(2026, 1, 1), "quarter"):
        for _ in range(rng.choice([0, 1, 2, 3, 4, 5, 6, 9])):
            day = quarter.start + timedelta(days=rng.randrange((quarter.end - quarter.start).days))
            stars = rng.choice([None, 1, 2, 3, 4, 5, 5])
            found.append((datetime.combine(day, START.timetz(), SHANGHAI), stars))
    return found


def _members(row: RatingGroup) -> frozenset[int]:
    """Return, as only the test can, the very ratings behind a published row."""
    start, end = (
        datetime.combine(day, datetime.min.time(), SHANGHAI) for day in (row.starts_on, row.ends_on)
    )
    rows = Rating.objects.filter(
        source=row.source, case__lead=row.organisation, case__closed_at__gte=start, case__closed_at__lt=end
    )
    return frozenset(rows.values_list("pk", flat=True))


@pytest.mark.django_db
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_an_adversary_who_subtracts_any_two_tables_is_left_with_none_or_five(seed: int) -> None:
    people = world()
    rng = random.Random(seed)
    pattern = closed(people).fresh()
    units = [Organisation.objects.get(code=code) for code in (UNIT, OTHER)]
    for unit in units:
        lay(by=SYSTEM, at=START, pattern=pattern, unit=unit, closings=_histories(rng))
    viewers = {
        "drafter": people.drafter,
        "other": people.other,
        "clerk": people.clerk,
        "office": people.office,
        "city": people.city_hub,
        "province": people.province_hub,
    }
    tables: set[frozenset[int]] = set()
    numbers: dict[int, tuple[int, ...]] = {}
    day = date(2024, 1, 15)
    while day < date(2026, 6, 1):
        at = datetime.combine(day, START.timetz(), SHANGHAI)
        publish_rating_groups(by=SYSTEM, at=at)
        for who in viewers.values():
            seen = ratings.groups(who, at)
            spans = [frozenset(), *(_members(one.row) for one in seen)]
            tables.update(spans)
            tables.add(frozenset().union(*spans))  # the total beneath
            tables.update(
                frozenset().union(*(_members(one.row) for one in seen if one.row.organisation_id == unit.pk))
                for unit in units
            )
            years = [
                frozenset().union(
                    *(
                        _members(one.row)
                        for one in seen
                        if one.row.starts_on >= date(y, 1, 1) and one.row.ends_on <= date(y + 1, 1, 1)
                    )
                )
                for y in (2024, 2025)
            ]
            tables.update(years)
            for one in seen:
                said = (
                    one.row.closed,
                    one.row.rated,
                    one.row.solved,
                    one.row.satisfied,
                    one.row.fair,
                    one.row.bad,
                )
                assert numbers.setdefault(one.row.pk, said) == said, "a published group changed"
                assert one.row.rated == len(_members(one.row))
        day += timedelta(days=17)
    assert len(tables) > 5
    for a, b in itertools.combinations(tables, 2):
        for left in (a - b, b - a, a & b):
            assert not left or len(left) >= 5
    for who, unit in (("drafter", units[0]), ("other", units[1])):
        assert {one.row.organisation_id for one in ratings.groups(viewers[who], at)} == {unit.pk}


@pytest.mark.django_db
def test_publishing_waits_for_the_window_and_repeats_nothing() -> None:
    people = world()
    pattern = closed(people).fresh()
    march = [(datetime(2024, 3, 29, 10, tzinfo=SHANGHAI), n) for n in (1, 2, 3, 4, 5)]
    lay(by=SYSTEM, at=START, pattern=pattern, unit=Organisation.objects.get(code=OTHER), closings=march)
    last = date(2024, 3, 31) + timedelta(days=window_days())
    assert window_days() == 60
    for day, count in ((last, 0), (last + timedelta(days=1), 1), (last + timedelta(days=2), 0)):
        at = datetime.combine(day, START.timetz(), SHANGHAI)
        assert publish_rating_groups(by=SYSTEM, at=at) == count, day
    (one,) = ratings.groups(people.other, at)
    row = one.row
    assert (row.closed, row.rated, row.solved, row.satisfied, row.fair, row.bad, one.silent) == (
        5,
        5,
        3,
        2,
        1,
        2,
        0,
    )
    assert (one.period, row.starts_on, row.ends_on) == ("2024年一季度", date(2024, 1, 1), date(2024, 4, 1))
    assert ratings.groups(people.drafter, at) == [] and ratings.groups(people.reporter, at) == []


@pytest.mark.django_db
def test_four_ratings_wait_for_the_next_quarter_and_silence_is_counted() -> None:
    people: World = world()
    pattern = closed(people).fresh()
    unit = Organisation.objects.get(code=OTHER)
    lay(
        by=SYSTEM,
        at=START,
        pattern=pattern,
        unit=unit,
        closings=[(datetime(2024, 2, 5 + n, 10, tzinfo=SHANGHAI), 5) for n in range(4)],
    )
    lay(
        by=SYSTEM,
        at=START,
        pattern=pattern,
        unit=unit,
        closings=[(datetime(2024, 5, 6, 10, tzinfo=SHANGHAI), s) for s in (1, None, None)],
    )
    assert publish_rating_groups(by=SYSTEM, at=datetime(2024, 7, 1, 10, tzinfo=SHANGHAI)) == 0
    assert publish_rating_groups(by=SYSTEM, at=datetime(2024, 10, 1, 10, tzinfo=SHANGHAI)) == 1
    (one,) = ratings.groups(people.clerk, START)
    assert (one.period, one.row.closed, one.row.rated, one.silent) == ("2024年一季度至2024年二季度", 7, 5, 2)
    assert containing(one.row.starts_on, "quarter").start == one.row.starts_on


@pytest.mark.django_db
def test_the_database_refuses_a_group_of_four() -> None:
    from django.db import IntegrityError, transaction
    from django.db.models import QuerySet

    world()
    unit = Organisation.objects.get(code=UNIT)
    row = RatingGroup(
        organisation=unit, place_code=unit.place_code, source="enterprise", starts_on=date(2024, 1, 1), ends_on=date(2024, 4, 1),
        closed=9, rated=4, solved=4, satisfied=4, fair=0, bad=0, published_at=START,
    )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        QuerySet(RatingGroup).bulk_create([row])


@pytest.mark.django_db
def test_a_rating_on_the_portal_changes_no_group_before_its_time() -> None:
    people = world()
    for n in range(6):
        rate(closed(people), START + timedelta(days=1), 1 + n % 5)
    assert publish_rating_groups(by=SYSTEM, at=START + timedelta(days=40)) == 0
    assert publish_rating_groups(by=SYSTEM, at=START + timedelta(days=100)) == 1
    (one,) = ratings.groups(people.drafter, START)
    assert (one.row.rated, one.row.bad, one.row.fair, one.row.satisfied) == (6, 3, 1, 2)
