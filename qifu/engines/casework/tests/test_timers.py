"""The service is told once when a clock is near and once when it is over, and nothing else changes."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, timedelta

import pytest

from qifu.engines.casework.clocks import Pause
from qifu.engines.casework.definitions import forget
from qifu.engines.casework.models import Case, CaseClock, CaseEvent, ClockPause
from qifu.engines.casework.tests.running_clocks import Heard, hear, lay_ground, open_cases, snapshot
from qifu.engines.casework.timers import TICK, set_up_tick, tick
from qifu.foundation import jobs
from qifu.foundation.access import SYSTEM
from qifu.foundation.jobs import Job
from qifu.foundation.tests.acts import act
from qifu.foundation.working_days import SHANGHAI

pytestmark = pytest.mark.django_db
START = datetime(2024, 6, 17, 10, tzinfo=SHANGHAI)  # a Monday


@pytest.fixture
def heard() -> Heard:
    forget()
    return hear()


def one(name: str, pauses: list[Pause] | None = None) -> Case:
    """Return a case with one clock, begun on Monday 17 June 2024 at ten."""
    [case] = open_cases(
        by=SYSTEM, at=START, ground=lay_ground(by=SYSTEM, at=START), terms=[[(name, START, pauses or [])]]
    )
    return case


def test_the_life_of_a_clock_that_nobody_stops(heard: Heard) -> None:
    case = one("handle")  # ten working days: ends on Monday 1 July at five
    before = snapshot(Case), snapshot(CaseEvent)
    told = []
    at = START
    while at < datetime(2024, 7, 3, tzinfo=SHANGHAI):
        if tick(at=at):
            told.append(f"{at:%m-%d %H:%M}")
        at += timedelta(hours=1)
    assert told == ["06-28 09:00", "07-01 18:00"]  # one working day before; after the end
    assert heard.near == heard.over == [(case.pk, "handle")]
    row = CaseClock.objects.get()
    assert row.warned_at == datetime(2024, 6, 28, 9, tzinfo=SHANGHAI)
    assert row.overdue_at == datetime(2024, 7, 1, 18, tzinfo=SHANGHAI)
    assert (snapshot(Case), snapshot(CaseEvent)) == before


@pytest.mark.parametrize(
    ("name", "not_yet", "near"),
    [
        # ends on Wednesday 17 July, told seven calendar days before
        ("plan", "2024-07-10 08:59", "2024-07-10 09:00"),
        # ends on Wednesday at eleven, told two working hours before
        ("reply", "2024-06-18 16:59", "2024-06-18 17:00"),
        # ends on Tuesday at ten, told four hours before
        ("call", "2024-06-18 05:59", "2024-06-18 06:00"),
    ],
)
def test_the_case_type_says_how_long_before(heard: Heard, name: str, not_yet: str, near: str) -> None:
    one(name)
    moments = [datetime.fromisoformat(written).replace(tzinfo=SHANGHAI) for written in (not_yet, near)]
    assert [tick(at=moment) for moment in moments] == [0, 1] and len(heard.near) == 1


def test_before_half_of_a_term_is_gone_nobody_is_warned(heard: Heard) -> None:
    one("handle")
    act(lambda: CaseClock.objects.update(amount=1, due_at=datetime(2024, 6, 18, 17, tzinfo=SHANGHAI)))
    assert [tick(at=START + timedelta(hours=hours)) for hours in (0, 7, 22, 23)] == [0, 0, 0, 1]


@pytest.mark.both_databases
def test_stopped_paused_and_closed_are_never_told_of(heard: Heard) -> None:
    held = [Pause(START + timedelta(days=1), None)]
    ground = lay_ground(by=SYSTEM, at=START)
    terms = [[("call", START, [])], [("handle", START, held)], [("call", START, [])]]
    stopped, _paused, running = open_cases(by=SYSTEM, at=START, ground=ground, terms=terms)
    act(lambda: CaseClock.objects.filter(case=stopped).update(stopped_at=START))
    assert tick(at=START + timedelta(days=60)) == 1
    assert heard.over == [(running.pk, "call")] and heard.near == []


def test_a_service_that_fails_on_one_case_hears_of_the_others_and_is_asked_again(
    heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    ground = lay_ground(by=SYSTEM, at=START)
    cases = open_cases(by=SYSTEM, at=START, ground=ground, terms=[[("call", START, [])]] * 3)
    heard.fails = {cases[1].pk}
    late = START + timedelta(days=2)
    with caplog.at_level(logging.ERROR, logger="qifu.casework"):
        assert tick(at=late) == 2
    assert [record.getMessage() for record in caplog.records] == ["clocks not told of"]
    assert CaseClock.objects.get(case=cases[1]).overdue_at is None
    heard.fails = set()
    assert tick(at=late + timedelta(minutes=5)) == 1
    assert sorted(heard.over) == [(case.pk, "call") for case in cases]


@pytest.fixture
def half_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qifu.engines.casework.timers.EVERY", timedelta(minutes=30))


@pytest.mark.usefixtures("half_hours")
def test_one_job_looks_all_day_and_sets_up_the_next_day(heard: Heard) -> None:
    one("call")
    now = datetime(2024, 6, 17, 2, 0, tzinfo=UTC)
    set_up_tick(by=SYSTEM, at=now)
    set_up_tick(by=SYSTEM, at=now)
    assert Job.objects.filter(kind=TICK).count() == 1
    looks = 0
    while now < datetime(2024, 6, 18, 16, 0, tzinfo=UTC):  # the end of Tuesday in Shanghai
        looks += jobs.run_one(worker="w:1", clock=lambda now=now: now)
        now += timedelta(minutes=30)
    assert looks == 14 * 2 + 24 * 2
    states = list(Job.objects.filter(kind=TICK).order_by("pk").values_list("state", "run_at"))
    assert [state for state, _ in states] == ["done", "done", "waiting"]
    assert states[-1][1] == datetime(2024, 6, 19, tzinfo=SHANGHAI)
    assert heard.near and heard.over


def test_a_pause_that_has_come_to_its_last_day_ends_by_itself(heard: Heard) -> None:
    case = one("handle")

    def pause() -> None:
        ClockPause.objects.create(
            clock=case.clocks.get(), from_at=START + timedelta(days=1), reason="waiting", text="等待材料",
            approved_by_name="甲", until_on=date(2024, 6, 20),
        )  # fmt: skip
        CaseClock.objects.update(due_at=None)
        Case.objects.update(due_at=None)

    act(pause)
    for day, due_at in ((19, None), (20, datetime(2024, 7, 3, 17, tzinfo=SHANGHAI))):
        now = datetime(2024, 6, day, 9, tzinfo=SHANGHAI)
        Job.objects.all().delete()
        set_up_tick(by=SYSTEM, at=now)
        assert jobs.run_one(worker="w:1", clock=lambda now=now: now)
        case.refresh_from_db()
        assert case.due_at == CaseClock.objects.get().due_at == due_at
    assert ClockPause.objects.get().to_at is not None and case.version == 2


@pytest.mark.usefixtures("half_hours")
def test_a_day_that_was_missed_does_not_break_the_chain(heard: Heard) -> None:
    now = datetime(2024, 6, 17, 2, 0, tzinfo=UTC)
    set_up_tick(by=SYSTEM, at=now)
    assert jobs.run_one(worker="w:1", clock=lambda: now)
    now += timedelta(days=3)  # no worker for three days: two jobs are due now
    for _ in range(3):
        jobs.run_one(worker="w:1", clock=lambda: now)
    while now < datetime(2024, 6, 20, 16, 0, tzinfo=UTC):
        jobs.run_one(worker="w:1", clock=lambda now=now: now)
        jobs.run_one(worker="w:1", clock=lambda now=now: now)
        now += timedelta(minutes=30)
    waiting = Job.objects.filter(kind=TICK, state=Job.State.WAITING)
    assert [row.run_at for row in waiting] == [datetime(2024, 6, 21, tzinfo=SHANGHAI)]
