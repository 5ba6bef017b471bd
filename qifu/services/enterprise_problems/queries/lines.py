"""Cases as lists show them: number, what, who, where it stands, who has it, by when in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Subquery

from qifu.engines.casework.case_type import CaseType
from qifu.engines.casework.definitions import of_case
from qifu.engines.casework.models import Case, CaseClock
from qifu.foundation.access import Actor
from qifu.foundation.working_calendar import calendar_at
from qifu.foundation.working_days import SHANGHAI, WorkingCalendar
from qifu.registers.divisions import queries as divisions
from qifu.services.enterprise_problems.lists import lists
from qifu.services.enterprise_problems.models import Problem
from qifu.services.enterprise_problems.queries.ratings import Seen, seen_many

DAY = timedelta(days=1)
CHANNELS: dict[str, str] = dict(Problem.Channel.choices)
DIFFICULTIES: dict[str, str] = dict(Problem.Difficulty.choices)
SCOPES: dict[str, str] = dict(Problem.Scope.choices)
STATE_COLOURS = {
    "received": "info", "pooled": "info", "returned": "warn", "reviewing": "info", "appealed": "warn",
    "closed": "good", "excluded": "idle", "statutory": "idle", "withdrawn": "idle",
}  # fmt: skip


@dataclass(frozen=True)
class DueWords:
    """By when, in words: `kind` overdue, today, soon, later, paused or none; `clock` names the limit that ends first."""

    kind: str
    words: str
    at: datetime | None = None
    clock: str = ""

    @property
    def late(self) -> bool:
        """Tell whether the end has passed."""
        return self.kind == "overdue"


def due_words(calendar: WorkingCalendar, due_at: datetime | None, moment: datetime) -> tuple[str, str]:
    """Return (kind, words) of an end: 还剩3个工作日, 今天到期, 已超期2个工作日; the day of the end is counted."""
    if due_at is None:
        return "none", ""
    end, today = due_at.astimezone(SHANGHAI).date(), moment.astimezone(SHANGHAI).date()
    if due_at < moment:
        late = calendar.working_days_between(end + DAY, today + DAY).days
        return "overdue", f"已超期{late}个工作日" if late else "已超期"
    if end == today:
        return "today", "今天到期"
    left = calendar.working_days_between(today + DAY, end + DAY).days
    return (
        "soon" if left <= 1 else "later"
    ), f"还剩{left}个工作日" if left else f"{end.month}月{end.day}日到期"


@dataclass(frozen=True)
class Line:
    """One case in a list."""

    case: Case
    problem: Problem
    seen: Seen
    place: str
    state: str
    colour: str
    result: str
    lead: str
    due: DueWords
    channel: str
    board: str
    topic: str
    difficulty: str
    merged_into: str
    children: int = 0

    @property
    def title(self) -> str:
        """Return the first 80 characters of what it is about."""
        return self.case.title if len(self.case.title) <= 80 else self.case.title[:79] + "…"


def lines(pks: Sequence[int], actor: Actor, at: datetime, moment: datetime) -> list[Line]:
    """Return the cases of these numbers as lists show them to the actor, in the given order; for one query, and two more where some are closed."""
    if not pks:
        return []
    problems = _problems(pks)
    cases = [problem.case for problem in problems.values()]
    known = seen_many(cases, actor, at)
    places = divisions.names({case.place_code for case in cases})
    calendar = calendar_at(moment)
    return [_line(problems[pk], known[pk], places, calendar, moment) for pk in pks if pk in problems]


def _problems(pks: Sequence[int]) -> dict[int, Problem]:
    """Return problems with their cases, leads and main cases, how many are merged into each, and which clock ends first, for one query."""
    children = Case.objects.filter(merged_into=OuterRef("pk")).order_by().values("merged_into")
    running = CaseClock.objects.filter(case=OuterRef("pk"), stopped_at=None).order_by("pk")
    rows = Problem.objects.filter(pk__in=pks).select_related("case__lead", "case__merged_into")
    rows = rows.annotate(
        children=Subquery(children.annotate(number=Count("pk")).values("number")),
        first_clock=Subquery(running.filter(due_at=OuterRef("case__due_at")).values("name")[:1]),
        has_clock=Exists(running),
    )
    return rows.defer("search_text", "reply").in_bulk()


def _line(
    problem: Problem, seen: Seen, places: dict[str, str], calendar: WorkingCalendar, moment: datetime
) -> Line:  # fmt: skip
    case = problem.case
    definition, known = of_case(case), lists()
    topic = known.topics.get(problem.topic)
    is_open = seen.closed_at is None  # a bad rating splits a closed case off: what is merged would betray it
    return Line(
        case=case, problem=problem, place=places.get(case.place_code, case.place_code),
        seen=seen, state=seen.state_title, colour=STATE_COLOURS.get(seen.state, "idle"),
        result=definition.results.get(seen.result, ""), lead=case.lead.name,
        due=_due(problem, seen, definition, calendar, moment), channel=CHANNELS.get(problem.channel, ""),
        board=known.boards.get(problem.board, ""), topic=topic["title"] if topic else "",
        difficulty=DIFFICULTIES.get(problem.difficulty, ""),
        merged_into=case.merged_into.number if case.merged_into and is_open else "",
        children=(getattr(problem, "children", None) or 0) if is_open else 0,
    )  # fmt: skip


def _due(
    problem: Problem, case: Seen, definition: CaseType, calendar: WorkingCalendar, moment: datetime
) -> DueWords:
    if case.closed_at is not None:
        return DueWords("none", "")
    if case.due_at is None:
        return (
            DueWords("paused", "计时暂停") if getattr(problem, "has_clock", False) else DueWords("none", "")
        )
    kind, words = due_words(calendar, case.due_at, moment)
    named = definition.clocks.get(getattr(problem, "first_clock", None) or "")
    return DueWords(kind, words, case.due_at, named.title if named else "")
