"""A holiday that is published moves exactly the clocks whose end it changes, however often the work is interrupted."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from qifu.engines.casework import clocks
from qifu.engines.casework.clocks import Pause
from qifu.engines.casework.definitions import forget, hours_of, of_case
from qifu.engines.casework.models import Case, CaseClock, CaseEvent, ClockPause
from qifu.engines.casework.recompute import CLOCK_RECOMPUTED, RECOMPUTE, Recomputed, recompute_open_clocks
from qifu.engines.casework.tests.running_clocks import (
    LIMITS,
    Heard,
    fill,
    hear,
    lay_ground,
    open_cases,
    snapshot,
)
from qifu.engines.casework.verify import verify
from qifu.foundation import jobs
from qifu.foundation.access import SYSTEM
from qifu.foundation.jobs import Job
from qifu.foundation.tests.acts import act
from qifu.foundation.working_calendar import SHIPPED, calendar_of, publish_calendar, read_calendar
from qifu.foundation.working_days import SHANGHAI, WorkingCalendar

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TEXT = SHIPPED.read_text(encoding="utf-8").rstrip() + "\n"
HOLIDAY = TEXT.replace(
    "    - {name: 国庆节, from: 2026-10-01, to: 2026-10-08}\n",
    "    - {name: 国庆节, from: 2026-10-01, to: 2026-10-08}\n    - {name: 纪念日, from: 2026-12-02, to: 2026-12-04}\n",
)
NEXT_YEAR = TEXT + (
    "  2027:\n    status: official\n    notice: {title: 关于2027年部分节假日安排的通知, number: null}\n"
    "    holidays:\n    - {name: 元旦, from: 2027-01-01, to: 2027-01-04}\n"
)


@pytest.fixture
def heard() -> Heard:
    forget()
    return hear()


def publish(text: str, start: date = date(2026, 11, 23)) -> WorkingCalendar:
    publish_calendar(document=text.encode(), effective_from=start, by=SYSTEM, at=AT)
    return calendar_of(read_calendar(text.encode()))


def due_by(calendar: WorkingCalendar, row: CaseClock) -> clocks.Due:
    pauses = [Pause(one.from_at, one.to_at) for one in row.pauses.all()]
    return clocks.due(calendar, hours_of(of_case(row.case)), row.started_at, LIMITS[row.name], pauses)


def see_that_all_is_right(calendar: WorkingCalendar) -> None:
    """Every clock has the end that it must have, every case its nearest end and as many events as its version says."""
    for row in CaseClock.objects.filter(stopped_at=None):
        assert (row.due_at, row.provisional) == (due_by(calendar, row).at, due_by(calendar, row).provisional)
    for case in Case.objects.filter(closed_at=None):
        ends = [row.due_at for row in case.clocks.filter(stopped_at=None) if row.due_at]
        assert case.due_at == min(ends, default=None)
        assert [one.seq for one in case.events.order_by("seq")] == list(range(1, case.version + 1))
    assert [str(fault) for fault in verify(at=AT)] == []


@pytest.mark.both_databases
def test_a_holiday_moves_exactly_the_clocks_whose_end_it_changes(heard: Heard) -> None:
    fill(lay_ground(by=SYSTEM, at=AT), AT, count=300, chooser=Random("holiday"))
    before, cases, pauses = snapshot(CaseClock), snapshot(Case), snapshot(ClockPause)
    calendar = publish(HOLIDAY)
    expected = {
        row.pk: due_by(calendar, row).at
        for row in CaseClock.objects.all()
        if due_by(calendar, row).at != row.due_at
    }
    assert 20 < len(expected) < 200
    touched = {before[pk]["case_id"] for pk in expected}

    done = recompute_open_clocks(at=AT, batch=40)
    assert done == Recomputed(len(cases), len(touched), len(expected), max(cases))
    after = snapshot(CaseClock)
    assert {pk: row["due_at"] for pk, row in after.items() if row != before[pk]} == expected
    for pk, row in snapshot(Case).items():
        changed = {name for name in row if row[name] != cases[pk][name]}
        assert changed <= {"version", "last_event_at", "due_at"} if pk in touched else not changed
    assert snapshot(ClockPause) == pauses
    see_that_all_is_right(calendar)
    assert Counter(heard.events) == {(pk, CLOCK_RECOMPUTED): 1 for pk in touched}


def test_what_was_moved_is_told_and_the_firm_reads_what_it_was_promised(heard: Heard) -> None:
    start = datetime(2026, 11, 20, 10, tzinfo=SHANGHAI)
    [case] = open_cases(
        by=SYSTEM,
        at=AT,
        ground=lay_ground(by=SYSTEM, at=AT),
        terms=[[("handle", start, []), ("reply", start, [])]],
    )
    publish(HOLIDAY)
    assert recompute_open_clocks(at=AT) == Recomputed(1, 1, 1, case.pk)
    event = CaseEvent.objects.get(kind=CLOCK_RECOMPUTED)
    assert (event.seq, event.role, event.state, event.by_name) == (2, "system", "open", SYSTEM.name)
    assert event.shown == "因国家节假日安排更新，“办理”期限由2026年12月4日17:00改为2026年12月8日17:00"
    assert event.text == event.shown
    assert event.facts == {
        "clocks": [
            {"clock": "handle", "before": "2026-12-04T17:00:00+08:00", "after": "2026-12-08T17:00:00+08:00"}
        ]
    }


def test_a_clock_that_is_not_promised_moves_without_a_word_to_the_firm(heard: Heard) -> None:
    start = datetime(2026, 11, 2, 10, tzinfo=SHANGHAI)  # the 30th day is 2 December
    open_cases(by=SYSTEM, at=AT, ground=lay_ground(by=SYSTEM, at=AT), terms=[[("plan", start, [])]])
    publish(HOLIDAY)
    recompute_open_clocks(at=AT)
    event = CaseEvent.objects.get(kind=CLOCK_RECOMPUTED)
    assert "“计划”期限由2026年12月2日17:00改为2026年12月4日17:00" in event.text and event.shown == ""


def test_closed_cases_and_stopped_and_paused_clocks_stay_as_they_are(heard: Heard) -> None:
    start = datetime(2026, 11, 20, 10, tzinfo=SHANGHAI)
    held = [Pause(start + timedelta(days=2), None)]
    terms = [
        [("handle", start, [])],
        [("handle", start, [])],
        [("handle", start, held)],
        [("handle", start, [])],
    ]
    closed, stopped, _paused, running = open_cases(
        by=SYSTEM, at=AT, ground=lay_ground(by=SYSTEM, at=AT), terms=terms
    )

    def end() -> None:
        CaseClock.objects.filter(case__in=[closed, stopped]).update(stopped_at=AT)
        Case.objects.filter(pk=closed.pk).update(closed_at=AT, result="done", state="closed", due_at=None)

    act(end)
    before = snapshot(CaseClock), snapshot(Case)
    publish(HOLIDAY)
    assert recompute_open_clocks(at=AT).cases == 1
    for was, now in zip(before, (snapshot(CaseClock), snapshot(Case)), strict=True):
        moved = {pk for pk in was if was[pk] != now[pk]}
        assert len(moved) == 1
    running.refresh_from_db()
    assert running.version == 2 and running.due_at == datetime(2026, 12, 8, 17, tzinfo=SHANGHAI)


@pytest.mark.both_databases
def test_interrupted_and_repeated_it_ends_the_same(heard: Heard) -> None:
    fill(lay_ground(by=SYSTEM, at=AT), AT, count=120, chooser=Random("interrupted"))
    calendar = publish(HOLIDAY)
    reports: list[tuple[int, int]] = []

    def cancel(done: int, total: int, text: str) -> None:
        reports.append((done, total))
        raise jobs.JobCancelled

    with pytest.raises(jobs.JobCancelled):
        recompute_open_clocks(at=AT, batch=10, report=cancel)
    assert reports == [(10, Case.objects.count())]
    first = CaseEvent.objects.filter(kind=CLOCK_RECOMPUTED).count()
    assert 0 < first <= 10
    again = recompute_open_clocks(at=AT + timedelta(minutes=1), batch=7)
    assert again.cases + first == CaseEvent.objects.filter(kind=CLOCK_RECOMPUTED).count()
    see_that_all_is_right(calendar)
    third = recompute_open_clocks(at=AT + timedelta(minutes=2))
    assert (third.cases, third.clocks) == (0, 0)


def test_a_batch_whose_service_fails_is_not_half_done(heard: Heard) -> None:
    start = datetime(2026, 11, 20, 10, tzinfo=SHANGHAI)
    cases = open_cases(
        by=SYSTEM,
        at=AT,
        ground=lay_ground(by=SYSTEM, at=AT),
        terms=[[("handle", start, [])], [("handle", start, [])]],
    )
    calendar = publish(HOLIDAY)
    heard.fails = {cases[1].pk}
    before = snapshot(CaseClock), snapshot(Case), snapshot(CaseEvent)
    with pytest.raises(RuntimeError):
        recompute_open_clocks(at=AT)
    assert (snapshot(CaseClock), snapshot(Case), snapshot(CaseEvent)) == before
    heard.fails = set()
    assert recompute_open_clocks(at=AT).cases == 2
    see_that_all_is_right(calendar)


def test_publishing_sets_up_the_work_for_the_day_the_calendar_comes_into_force(heard: Heard) -> None:
    start = datetime(2026, 11, 20, 10, tzinfo=SHANGHAI)
    open_cases(by=SYSTEM, at=AT, ground=lay_ground(by=SYSTEM, at=AT), terms=[[("handle", start, [])]])
    publish(HOLIDAY, date(2026, 11, 25))
    job = Job.objects.get(kind=RECOMPUTE)
    assert job.run_at == datetime(2026, 11, 25, tzinfo=SHANGHAI)
    assert not jobs.run_one(worker="w:1", clock=lambda: AT)
    assert jobs.run_one(worker="w:1", clock=lambda: AT + timedelta(days=2))
    job.refresh_from_db()
    assert (job.state, job.done_count, job.total_count, job.progress) == (
        "done",
        1,
        1,
        "已重算 1 件，改动 1 件",
    )
    assert CaseClock.objects.get().due_at == datetime(2026, 12, 8, 17, tzinfo=SHANGHAI)


def test_an_official_year_settles_what_was_provisional_without_an_event(heard: Heard) -> None:
    late, early = datetime(2026, 12, 21, 10, tzinfo=SHANGHAI), datetime(2026, 12, 3, 10, tzinfo=SHANGHAI)
    moved, settled = open_cases(
        by=SYSTEM, at=AT, ground=lay_ground(by=SYSTEM, at=AT), terms=[[("handle", late, [])], [("plan", early + timedelta(days=3), [])]]
    )  # fmt: skip
    assert list(CaseClock.objects.order_by("pk").values_list("provisional", flat=True)) == [True, True]
    publish(NEXT_YEAR)
    assert recompute_open_clocks(at=AT) == Recomputed(2, 1, 1, settled.pk)
    assert not CaseClock.objects.filter(provisional=True).exists()
    moved.refresh_from_db(), settled.refresh_from_db()
    assert (moved.version, settled.version) == (2, 1)


def test_a_clock_that_has_time_again_may_be_told_of_again(heard: Heard) -> None:
    start = datetime(2026, 11, 20, 10, tzinfo=SHANGHAI)
    ground = lay_ground(by=SYSTEM, at=AT)
    open_cases(by=SYSTEM, at=AT, ground=ground, terms=[[("handle", start, [])], [("call", start, [])]])
    act(lambda: CaseClock.objects.update(warned_at=AT, overdue_at=AT))
    publish(HOLIDAY)
    recompute_open_clocks(at=datetime(2026, 12, 7, tzinfo=SHANGHAI))
    handle, call = CaseClock.objects.order_by("pk")
    assert (handle.warned_at, handle.overdue_at, call.warned_at, call.overdue_at) == (None, None, AT, AT)
