"""Statuses and clocks: pure properties, and a machine that drives the real actions against a plain model."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qifu.foundation.access import SYSTEM, Actor
from qifu.foundation.action import Refused
from qifu.services.work_plans import actions
from qifu.services.work_plans.actions import MilestoneDraft
from qifu.services.work_plans.models import Assignment
from qifu.services.work_plans.queries.verify import faults
from qifu.services.work_plans.status import (
    EVENT_TITLES,
    SOON,
    EventKind,
    Happening,
    Phase,
    State,
    Status,
    after,
    may_happen,
    phase_after,
    state_after,
    status_on,
)
from qifu.services.work_plans.tests.test_two_at_once import at_once
from qifu.services.work_plans.tests.work import (
    evidence,
    fresh,
    load_2024,
    moment,
    officer_of,
    work,
)

days = st.dates(date(2020, 1, 1), date(2030, 12, 31))
kinds = st.sampled_from(list(EventKind))


@given(st.sampled_from([Phase.NOT_STARTED, Phase.UNDER_WAY]), days, st.integers(-400, 400))
def test_open_work_turns_on_the_day_itself(phase: Phase, due: date, offset: int) -> None:
    today = due + timedelta(days=offset)
    expected = Status.OVERDUE if offset > 0 else Status.DUE_SOON if offset >= -SOON.days else Status(phase)
    assert status_on(phase, due, today) == expected


@given(st.sampled_from(list(Phase)), st.none() | days, days)
def test_waiting_and_closed_work_is_never_late_and_ongoing_work_never_due(
    phase: Phase, due: date | None, today: date
) -> None:
    status = status_on(phase, due, today)
    if phase in (Phase.PENDING, Phase.CLOSED) or due is None:
        assert status == Status(phase)
    else:
        assert (status == Status.OVERDUE) == (today > due)


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        ("2024-04-30", "under_way"), ("2024-05-01", "due_soon"), ("2024-05-31", "due_soon"), ("2024-06-01", "overdue"),
    ],
)  # fmt: skip
def test_the_four_boundary_days(today: str, expected: str) -> None:
    assert status_on("under_way", date(2024, 5, 31), date.fromisoformat(today)) == expected
    assert status_on("pending", date(2024, 5, 31), date.fromisoformat(today)) == "pending"


@given(st.lists(kinds, max_size=30))
def test_the_phase_is_the_fold_of_events(happened: list[EventKind]) -> None:
    at, state = datetime(2024, 2, 19, tzinfo=UTC), State()
    for step, kind in enumerate(happened):
        state = after(state, Happening(kind, at + timedelta(hours=step), 7, {"lead": 3}))
        closed = state.phase == Phase.CLOSED
        assert not closed or state.closed_at is not None or EventKind.CLOSED not in happened
    assert state.phase == phase_after(happened)
    again = state_after(
        Happening(kind, at + timedelta(hours=step), 7, {"lead": 3}) for step, kind in enumerate(happened)
    )
    assert again == state


def test_every_kind_has_a_title_and_a_closed_item_takes_only_talk_and_reopening() -> None:
    assert set(EVENT_TITLES) == set(EventKind)
    allowed = {kind for kind in EventKind if may_happen(Phase.CLOSED, kind)}
    assert allowed == {EventKind.COMMENTED, EventKind.ANSWERED, EventKind.PLAN_CHANGED, EventKind.REOPENED}
    assert not may_happen(Phase.PENDING, EventKind.SUBMITTED) and may_happen(
        Phase.PENDING, EventKind.REPORTED
    )


class _Model:
    """What an assignment must be after each verb, said plainly and apart from the code."""

    def __init__(self) -> None:
        self.phase, self.confirmed, self.submitter, self.proof = "not_started", False, None, False
        self.events, self.milestones, self.open_questions = 2, 0, 0


_Verb = Callable[["_Machine", str], None]


class _Machine:
    """Drives one assignment by real actions; each verb says whether it must succeed."""

    def __init__(self, people: dict[str, Actor]) -> None:
        self.people, self.model, self.clock = people, _Model(), 0
        self.row = work("task", 28)

    def act(self, run: Callable[..., Any], allowed: bool, who: str, **given: Any) -> bool:
        self.clock += 1
        try:
            run(assignment=self.row, by=self.people[who], at=moment(hours=self.clock), **given)
        except Refused as refused:
            assert not allowed, refused.message
            assert any("\u4e00" <= letter <= "\u9fff" for letter in refused.message)
            return False
        assert allowed, f"{run} was not refused in {vars(self.model)}"
        self.model.events += 1
        return True

    def check(self) -> None:
        row, model = fresh(self.row), self.model
        assert (row.phase, row.last_seq) == (model.phase, model.events)
        assert (row.lead_state == "confirmed") == model.confirmed
        assert (row.closed_at is not None) == (model.phase == "closed")
        assert row.submitted_by == model.submitter
        assert list(faults()) == []


def _report(m: _Machine, who: str) -> None:
    proof = who == "second"
    given = {"text": "进展", "today": date(2024, 6, 20), **(evidence() if proof else {})}
    if m.act(actions.report_progress, m.model.phase != "closed", who, **given):
        m.model.proof = m.model.proof or proof
        m.model.phase = "under_way" if m.model.phase == "not_started" else m.model.phase


def _submit(m: _Machine, who: str) -> None:
    allowed = m.model.phase in ("not_started", "under_way") and m.model.proof
    if m.act(actions.submit_work, allowed, who, text="完成"):
        m.model.phase, m.model.submitter = "pending", m.people[who].id


def _close(m: _Machine, who: str) -> None:
    allowed = m.model.phase == "pending" and m.people[who].id != m.model.submitter
    if m.act(actions.close_work, allowed, who):
        m.model.phase = "closed"


def _return(m: _Machine, who: str) -> None:
    if m.act(actions.return_work, m.model.phase == "pending", who, reason="不全"):
        m.model.phase, m.model.submitter = "under_way", None


def _reopen(m: _Machine, who: str) -> None:
    if m.act(actions.reopen_work, m.model.phase == "closed", who, reason="有新增"):
        m.model.phase, m.model.submitter, m.model.proof = "under_way", None, False


def _confirm(m: _Machine, who: str) -> None:
    if m.act(actions.confirm_lead, m.model.phase != "closed" and not m.model.confirmed, who):
        m.model.confirmed = True


def _due(m: _Machine, who: str) -> None:
    day = date(2024, 1, 1) + timedelta(days=m.clock)
    m.act(actions.set_due, m.model.phase != "closed", who, due_on=day, reason="调整")


def _comment(m: _Machine, who: str) -> None:
    m.act(actions.add_comment, True, who, text="知悉")


def _milestones(m: _Machine, who: str) -> None:
    drafts = [MilestoneDraft(f"节点{m.clock}", date(2024, 5, 1))]
    if m.act(actions.set_milestones, m.model.phase != "closed", who, milestones=drafts):
        m.model.milestones = 1


def _reach(m: _Machine, who: str) -> None:
    step = m.row.milestones.filter(reached_on=None).first()
    pk = step.pk if step else 0
    allowed = m.model.phase != "closed" and m.model.milestones > 0
    given = {"milestone": pk, "reached_on": date(2024, 5, 1), "today": date(2024, 6, 20)}
    if m.act(actions.reach_milestone, allowed, who, **given):
        m.model.milestones = 0
        m.model.phase = "under_way" if m.model.phase == "not_started" else m.model.phase


def _unseen(m: _Machine, who: str) -> None:
    """A page that was opened before anything but the opening was written may decide nothing."""
    decided = (
        fresh(m.row).events.filter(seq__gt=2).exclude(kind__in=["commented", "reminded", "asked"]).exists()
    )
    allowed = m.model.phase != "closed" and not decided
    m.act(actions.set_due, allowed, who, due_on=None, reason="旧页", expected_seq=2)


VERBS: list[_Verb] = [
    _report, _report, _submit, _submit, _close, _close, _return, _reopen, _confirm, _due, _comment, _milestones, _reach,
    _unseen,
]  # fmt: skip


@pytest.mark.django_db
def test_actions_keep_to_the_model(province: Any) -> None:
    from django.db import transaction

    load_2024()
    people = {
        "first": officer_of("330000.reform_office", "first", "reform_officer"),
        "second": officer_of("330000.reform_office", "second", "reform_officer"),
    }

    @settings(max_examples=30, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(st.sampled_from(VERBS), st.sampled_from(list(people))), max_size=25))
    def drive(steps: list[tuple[_Verb, str]]) -> None:
        point = transaction.savepoint()
        machine = _Machine(people)
        for verb, who in steps:
            verb(machine, who)
        machine.check()
        transaction.savepoint_rollback(point)

    drive()


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_two_writers_leave_no_gap(province: Any) -> None:
    load_2024()
    row = work("task", 28)
    first = officer_of("330000.reform_office", "first", "reform_officer")
    second = officer_of("330000.reform_office", "second", "reform_officer")

    def talk(who: Actor) -> Callable[[], Any]:
        return lambda: [
            actions.add_comment(assignment=row, text=f"第{n}条", by=who, at=moment(n)) for n in range(8)
        ]

    results = at_once(talk(first), talk(second))
    assert not [one for one in results if isinstance(one, Exception)], results
    seqs = list(row.events.order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, fresh(row).last_seq + 1)) and len(seqs) == 18

    seen = fresh(row).last_seq

    def settle(who: Actor, day: int) -> Callable[[], Any]:
        return lambda: actions.set_due(
            assignment=row, due_on=date(2024, 7, day), reason="延期", expected_seq=seen, by=who, at=moment(9)
        )

    results = at_once(settle(first, 1), settle(second, 2))
    assert sorted(isinstance(result, Refused) for result in results) == [False, True], results

    rows = [work("task", number) for number in (17, 18)]

    def order(n: int) -> Callable[[], Any]:
        return lambda: actions.set_precedence(assignment=rows[n], before=rows[1 - n], by=SYSTEM, at=moment(9))

    results = at_once(order(0), order(1))
    assert sorted(isinstance(result, Refused) for result in results) == [False, True], results
    parts = at_once(
        *[
            lambda: actions.decompose(assignment=work("task", 28), places="cities", by=SYSTEM, at=moment(10))
            for _ in range(2)
        ]
    )
    assert sorted(len(found) for found in parts) == [0, 11], parts
    assert Assignment.objects.filter(parent=row).count() == 11
    assert list(faults()) == []
