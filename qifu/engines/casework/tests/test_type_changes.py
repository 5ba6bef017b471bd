"""Running cases keep their version until they are moved; a move is whole, told beforehand, and leaves closed cases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from qifu.engines.casework import type_changes
from qifu.engines.casework.definitions import forget, of_case
from qifu.engines.casework.models import Case, CaseClock, CaseEvent
from qifu.engines.casework.publish import publish_case_type
from qifu.engines.casework.tests.running_clocks import (
    CASE_TYPE,
    Heard,
    hear,
    lay_ground,
    open_cases,
    snapshot,
)
from qifu.engines.casework.type_changes import NEW, Moved, migrate_cases, outlook, version
from qifu.foundation.access import ANONYMOUS, SYSTEM, NotFound
from qifu.foundation.action import Refused
from qifu.foundation.revisions import Revision
from qifu.foundation.tests.acts import act
from qifu.foundation.working_days import SHANGHAI

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
START = datetime(2026, 11, 20, 10, tzinfo=SHANGHAI)
SHORTER = CASE_TYPE.replace("limit: {working_days: 10}", "limit: {working_days: 7}").replace(
    "handle: 2024-06-18", "handle: 2024-06-13"
)
RENAMED = SHORTER.replace("  open: {", "  busy: {").replace("from: [open], to", "from: [busy], to")


@pytest.fixture
def heard() -> Heard:
    forget()
    return hear()


def publish(text: str) -> Revision:
    return publish_case_type(by=SYSTEM, at=AT, document=text.encode(), where="clock_test.yaml")


def lay(count: int = 3) -> list[Case]:
    """Open cases, each with a clock of 10 working days and one of 24 hours."""
    terms: list[Any] = [[("handle", START, []), ("call", START, [])] for _ in range(count)]
    return open_cases(by=SYSTEM, at=AT, ground=lay_ground(by=SYSTEM, at=AT), terms=terms)


def move(before: Revision, after: Revision, **more: Any) -> list[Moved]:
    return list(migrate_cases(before, after, by=SYSTEM, at=AT, **more))


def test_the_same_content_publishes_nothing_and_new_content_is_the_next_version(heard: Heard) -> None:
    first = publish(CASE_TYPE)
    assert publish(CASE_TYPE) == first
    second = publish(SHORTER)
    assert (second.number, second.series_id) == (2, first.series_id)
    assert version("clock_test", 2) == second


@pytest.mark.both_databases
def test_a_running_case_keeps_its_version_until_it_is_moved(heard: Heard) -> None:
    cases = lay()
    first, second = cases[0].revision, publish(SHORTER)
    before = snapshot(CaseClock)
    assert {case.revision_id for case in Case.objects.all()} == {first.pk}
    assert of_case(Case.objects.all()[0]).clocks["handle"].limit.amount == 10
    gone = Case.objects.filter(pk=cases[2].pk)
    act(lambda: gone.update(state="closed", result="done", closed_at=AT, due_at=None))
    assert outlook(first, second).states == {"open": 2}
    assert outlook(first, second).clocks == {"handle": 2, "call": 2}
    assert outlook(first, second).faults == ()
    assert snapshot(CaseClock) == before

    assert [done.cases for done in move(first, second, most=1)] == [1, 1]
    assert snapshot(CaseClock) == before
    for case in Case.objects.exclude(pk=cases[2].pk):
        assert (case.revision_id, case.version, case.state) == (second.pk, 2, "open")
        event = case.events.get(seq=2)
        assert (event.kind, event.title, event.shown) == ("rules_changed", "办理规则更新", "")
        assert "第 1 版改按“时限测试”第 2 版" in event.text
    assert Case.objects.get(pk=cases[2].pk).revision_id == first.pk
    assert move(first, second) == []


@pytest.mark.both_databases
def test_new_limits_keep_the_start_and_the_firm_reads_the_new_day(heard: Heard) -> None:
    first = lay(1)[0].revision
    second = publish(SHORTER)
    [done] = move(first, second, limits=NEW)
    assert (done.cases, done.ends) == (1, 1)
    row = CaseClock.objects.get(name="handle")
    assert (row.amount, row.started_at) == (7, START)
    assert row.due_at == datetime(2026, 12, 1, 17, tzinfo=SHANGHAI)
    assert CaseEvent.objects.get(kind="rules_changed").shown == "办理规则有更新，时限调整为 办理：2026-12-01"
    assert Case.objects.get().due_at == CaseClock.objects.get(name="call").due_at


def test_a_state_without_a_place_is_refused_by_name_until_it_is_mapped(heard: Heard) -> None:
    cases = lay(2)
    first, second = cases[0].revision, publish(RENAMED)
    told = "新版没有环节“办理中”（open，2 件正在此环节），请指明转到哪个环节"
    assert outlook(first, second).faults == (told,)
    with pytest.raises(Refused, match="新版没有环节“办理中”"):
        move(first, second)
    for wrong, why in (({"open": "nowhere"}, "新版没有环节“nowhere”"), ({"open": "closed"}, "终结环节“已办结”"), ({"opn": "busy"}, "原版没有环节“opn”")):  # fmt: skip
        with pytest.raises(Refused, match=why):
            move(first, second, states=wrong)
    assert {case.revision_id for case in Case.objects.all()} == {first.pk}
    move(first, second, states={"open": "busy"})
    assert {(case.revision_id, case.state) for case in Case.objects.all()} == {(second.pk, "busy")}
    assert {event.state for event in CaseEvent.objects.filter(kind="rules_changed")} == {"busy"}


def test_a_clock_that_runs_and_is_gone_is_refused_by_name(heard: Heard) -> None:
    first = lay(1)[0].revision
    text = CASE_TYPE.replace("  call: {title: 联系, of: hub, limit: {hours: 24}, warn: {hours: 4}}\n", "")
    second = publish(text.replace(", call]", "]").replace(", call: 2024-06-04 10:00", ""))
    with pytest.raises(Refused, match="新版没有时限“联系”（1 个正在计时）"):
        move(first, second)


def test_only_versions_of_one_kind_and_only_by_those_who_may(
    heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = lay(1)[0].revision
    assert "两个版本是同一版" in outlook(first, first).faults
    second = publish(SHORTER)
    with pytest.raises(NotFound):
        list(migrate_cases(first, second, by=ANONYMOUS, at=AT))
    with pytest.raises(Refused, match="没有已发布的第 9 版"):
        version("clock_test", 9)
    with pytest.raises(Refused, match="时限请选择"):
        move(first, second, limits="shorter")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("half way")

    monkeypatch.setattr(type_changes, "record", broken)
    with pytest.raises(RuntimeError):
        move(first, second)
    assert Case.objects.get().revision_id == first.pk
