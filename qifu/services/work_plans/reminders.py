"""When work is reminded of: a pure rule over days, its figures kept as the province's data with examples.

A rule may remind and warn, never give an order. Each reminder has its mark, the day it falls on; it goes out on the
first working day from then on, and once for each mark, so that a day of rest or a worker that stood still loses none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from qifu.foundation.working_calendar import shipped_calendar
from qifu.foundation.working_days import WorkingCalendar
from qifu.foundation.yaml_data import Day, Effective, Fields, ListOf, OneOf, Text, Whole, load, register_kind
from qifu.services.work_plans.status import Phase

FILE = "follow_through.yaml"


class Cause(StrEnum):
    """Why somebody is reminded."""

    DUE = "due"
    OVERDUE = "overdue"
    SILENT = "silent"
    LEAD = "lead"
    WAITING = "waiting"


@dataclass(frozen=True)
class Reminder:
    """One reason: its mark, and the days until the due day, or since the work was due, told of, opened or submitted."""

    cause: Cause
    days: int
    mark: date

    @property
    def words(self) -> str:
        """The reason as it is shown."""
        return _WORDS[self.cause].format(days=self.days)


_WORDS = {
    Cause.DUE: "距期限还有 {days} 天",
    Cause.OVERDUE: "已逾期 {days} 天",
    Cause.SILENT: "已 {days} 天没有报告进展",
    Cause.LEAD: "建立已 {days} 天，牵头单位仍未确认",
    Cause.WAITING: "申请销号已 {days} 天，仍未核定",
}


@dataclass(frozen=True)
class Rules:
    """How many days before, after and between; `lead_days` and `decide_days` are working days."""

    before_due: tuple[int, ...]
    overdue_first: int
    overdue_every: int
    silent_days: int
    lead_days: int
    decide_days: int


@dataclass(frozen=True)
class Course:
    """What a reminder looks at; the days are local ones."""

    phase: str
    lead_state: str
    opened_on: date
    due_on: date | None = None
    last_report_on: date | None = None
    submitted_on: date | None = None


def reminders(
    course: Course, rules: Rules, *, since: date, today: date, calendar: WorkingCalendar
) -> list[Reminder]:
    """Return the latest mark of each cause that lies after `since` and not after `today`; nothing for closed work."""
    if course.phase == Phase.CLOSED or since >= today:
        return []
    if course.phase == Phase.PENDING:
        start = course.submitted_on or course.opened_on
        late = calendar.add_working_days(start, rules.decide_days).day + timedelta(days=1)
        return _repeated(Cause.WAITING, late, rules.overdue_every, start, since, today)
    found = _due(course.due_on, rules, since, today) if course.due_on is not None else []
    told = course.last_report_on or course.opened_on
    found += _repeated(
        Cause.SILENT, told + timedelta(days=rules.silent_days), rules.silent_days, told, since, today
    )
    if course.lead_state != "confirmed":
        late = calendar.add_working_days(course.opened_on, rules.lead_days).day + timedelta(days=1)
        if since < late <= today:  # once: it stays among the office's open work
            found.append(Reminder(Cause.LEAD, (today - course.opened_on).days, late))
    return found


def _due(due_on: date, rules: Rules, since: date, today: date) -> list[Reminder]:
    if today > due_on:
        first = due_on + timedelta(days=rules.overdue_first)
        return _repeated(Cause.OVERDUE, first, rules.overdue_every, due_on, since, today)
    marks = [due_on - timedelta(days=days) for days in rules.before_due]
    passed = [mark for mark in marks if since < mark <= today < due_on]
    return [Reminder(Cause.DUE, (due_on - today).days, max(passed))] if passed else []


def _repeated(cause: Cause, first: date, every: int, start: date, since: date, today: date) -> list[Reminder]:
    """One reminder if `first`, or a day a multiple of `every` after it, lies after `since` and not after `today`."""
    if today < first:
        return []
    last = first + timedelta(days=(today - first).days // every * every)
    return [Reminder(cause, (today - start).days, last)] if last > since else []


_EXAMPLE = Fields(
    {
        "title": Text(), "phase": OneOf(*(phase.value for phase in Phase)), "lead": OneOf("none", "proposed", "confirmed"),
        "opened_on": Day(), "since": Day(), "today": Day(), "expect": ListOf(OneOf(*(cause.value for cause in Cause))),
    },
    {"due_on": Day(), "last_report_on": Day(), "submitted_on": Day()},
)  # fmt: skip
_SHAPE = Fields(
    {
        "title": Text(), "basis": Text(), "effective": Effective(), "before_due": ListOf(Whole(1, 365), least=1),
        "overdue": Fields({"first": Whole(1, 365), "every": Whole(1, 365)}), "silent": Whole(1, 365),
        "confirm_lead": Whole(1, 60), "decide": Whole(1, 60), "examples": ListOf(_EXAMPLE, least=1),
    }
)  # fmt: skip


def _rules(data: Mapping[str, Any]) -> Rules:
    return Rules(
        tuple(data["before_due"]), data["overdue"]["first"], data["overdue"]["every"], data["silent"],
        data["confirm_lead"], data["decide"],
    )  # fmt: skip


def _run_example(data: Any, example: Any) -> str | None:
    course = Course(
        example["phase"], example["lead"], example["opened_on"], example.get("due_on"),
        example.get("last_report_on"), example.get("submitted_on"),
    )  # fmt: skip
    came = reminders(
        course, _rules(data), since=example["since"], today=example["today"], calendar=shipped_calendar()
    )
    causes = [one.cause.value for one in came]
    return None if causes == example["expect"] else "、".join(causes) or "不提醒"


register_kind("follow_through", _SHAPE, _run_example)


def rules_of(province_dir: Path) -> Rules:
    """Return the province's rules, its examples run; raises DataError with the line of what is wrong."""
    path = province_dir / FILE
    return _loaded(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _loaded(path: Path, modified: int) -> Rules:
    return _rules(load(path, "follow_through").data)
