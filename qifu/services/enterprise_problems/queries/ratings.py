"""How a case reads to whom, and which ratings whom: the desk one level above sees each, a unit only groups.

A bad rating puts a case in the state `dissatisfied` until the desk has decided. To everyone but that desk (and the
firm) such a case reads as what it was before: closed, with the day and result of its closing. What they learn is that
rework is ordered, when it is; never who rated, when, with how many stars or in which words. A case that was exempted
from rework reads as if nothing had happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from qifu.engines.casework.definitions import of_case
from qifu.engines.casework.models import Case, CaseClock, CaseEvent, Rating
from qifu.foundation.access import Actor, holds, visible
from qifu.services.enterprise_problems.models import RatingGroup

DISSATISFIED = "dissatisfied"
CLOSED_STATE = "closed"
HIDDEN_KINDS = ("rate_badly", "exempt")
"""Events that tell of a rating; with them go splits made by the system, which only a bad rating causes."""
HIDDEN_CLOCKS = ("callback",)
CLOSINGS = ("close", "sign_and_close", "closed_with_main")
"""Kinds of events that close a worked case with a result; each gives a right to rate."""
LEAST = 5
"""The smallest group of ratings that a unit may see (practice 10)."""
SEE = "enterprise_problems.see_ratings"

OPEN = Q(closed_at__isnull=True) & ~Q(state=DISSATISFIED)
"""What is open, in queries of staff: a case that waits for the desk's decision is not."""
CLOSED = Q(closed_at__isnull=False) | Q(state=DISSATISFIED)
"""What is closed, in queries of staff."""
BY_SYSTEM = Q(role="system") & (
    Q(kind="split", state=CLOSED_STATE) | Q(kind="released") & ~Q(state="withdrawn")
)


@dataclass(frozen=True)
class Seen:
    """A case as its reader may know it; `masked` where something is held back."""

    state: str
    state_title: str
    result: str
    closed_at: datetime | None
    due_at: datetime | None
    last_event_at: datetime
    masked: bool = False


@dataclass(frozen=True)
class Group:
    """Ratings of one unit from one source as they are published, and what they were taken from."""

    row: RatingGroup
    unit: str
    period: str

    @property
    def silent(self) -> int:
        """Closed, and not rated while the window was open."""
        return max(0, self.row.closed - self.row.rated)

    @property
    def unsolved(self) -> int:
        """Rated as not solved."""
        return self.row.rated - self.row.solved


def sees(actor: Actor, at: datetime, case: Case) -> bool:
    """Tell whether the actor may see single ratings of a case."""
    return case.pk in _open_to(actor, at, [case.pk])


def _open_to(actor: Actor, at: datetime, ids: Iterable[int]) -> set[int]:
    if actor.kind != "system" and not holds(actor, SEE, at):
        return set()
    return set(visible(Case.objects.filter(pk__in=list(ids)), actor, SEE, at).values_list("pk", flat=True))


def seen(case: Case, actor: Actor, at: datetime) -> Seen:
    """Return a case as the actor may know it."""
    return seen_many([case], actor, at)[case.pk]


def seen_many(cases: Sequence[Case], actor: Actor, at: datetime) -> dict[int, Seen]:
    """Return how each case reads to the actor, by case id; at most three queries for a page of them."""
    told = {case.pk for case in cases if case.state == DISSATISFIED or case.closed_at is not None}
    clear = _open_to(actor, at, told) if told else set()
    hidden = CaseEvent.objects.filter(case_id__in=told - clear).filter(Q(kind__in=HIDDEN_KINDS) | BY_SYSTEM)
    betrayed = set(hidden.values_list("case_id", flat=True)) if told - clear else set()
    before = _before(betrayed) if betrayed else {}
    return {case.pk: _masked(case, before[case.pk]) if case.pk in before else _plain(case) for case in cases}


def _before(ids: set[int]) -> dict[int, tuple[CaseEvent, CaseEvent | None]]:
    """Return, of each case, the last event that may be known, and the last closing."""
    found: dict[int, tuple[CaseEvent, CaseEvent | None]] = {}
    for event in shown_events(CaseEvent.objects.filter(case_id__in=ids)).order_by("case_id", "seq"):
        closing = (
            event if event.kind in CLOSINGS else found[event.case_id][1] if event.case_id in found else None
        )
        found[event.case_id] = (event, closing)
    return found


def _plain(case: Case) -> Seen:
    title = of_case(case).states[case.state].title
    return Seen(case.state, title, case.result, case.closed_at, case.due_at, case.last_event_at)


def _masked(case: Case, before: tuple[CaseEvent, CaseEvent | None]) -> Seen:
    last, closing = before
    definition = of_case(case)
    state, result, closed_at = case.state, case.result, case.closed_at
    if closing is not None:
        state, closed_at = CLOSED_STATE, closing.at
        result = str(closing.facts.get("result", "")) or case.result
    return Seen(state, definition.states[state].title, result, closed_at, None, last.at, masked=True)


def shown_events(events: QuerySet[CaseEvent]) -> QuerySet[CaseEvent]:
    """Return the events that do not betray a rating. Never show their `seq`: a gap would."""
    return events.exclude(kind__in=HIDDEN_KINDS).exclude(BY_SYSTEM)


def events_seen(case: Case, actor: Actor, at: datetime) -> QuerySet[CaseEvent]:
    """Return the events of a case that the actor may know of."""
    rows = CaseEvent.objects.filter(case=case)
    return rows if sees(actor, at, case) else shown_events(rows)


def clocks_seen(case: Case, actor: Actor, at: datetime) -> QuerySet[CaseClock]:
    """Return the clocks of a case that the actor may know of."""
    rows = CaseClock.objects.filter(case=case)
    return rows if sees(actor, at, case) else rows.exclude(name__in=HIDDEN_CLOCKS)


def children_seen(main: Case, actor: Actor, at: datetime) -> QuerySet[Case]:
    """Return the cases merged into one as the actor may know it: one split off by its bad rating still stands there."""
    merged = Q(merged_into=main)
    if not sees(actor, at, main):
        split = CaseEvent.objects.filter(BY_SYSTEM, kind="released", case=main).values_list(
            "facts__child", flat=True
        )
        merged |= Q(number__in=list(split), state__in=(DISSATISFIED, CLOSED_STATE))
    return Case.objects.filter(merged)


# ---- groups ----------------------------------------------------------------------------------------------------------


def blocks(counts: Sequence[int], least: int = LEAST) -> list[tuple[int, int]]:
    """Cut consecutive quarters into groups of at least `least` ratings: half-open index pairs, none overlapping.

    A quarter too small joins the next; what is left at the end waits. More quarters later never change earlier groups.
    """
    if least < 1:
        raise ValueError("a group holds at least one")
    found, start, held = [], 0, 0
    for index, count in enumerate(counts):
        held += count
        if held >= least:
            found.append((start, index + 1))
            start, held = index + 1, 0
    return found


def period_title(starts_on: date, ends_on: date) -> str:
    """Return 2024年一季度, or 2023年四季度至2024年一季度."""
    from qifu.foundation.periods import periods_between

    quarters = list(periods_between(starts_on, ends_on, "quarter"))
    first, last = quarters[0].label, quarters[-1].label
    return first if first == last else f"{first}至{last}"


def groups(actor: Actor, at: datetime, *, source: str = "enterprise", unit: int | None = None) -> list[Group]:
    """Return the published groups that the actor may see: a unit its own, a hub or office those of its places."""
    rows = visible(
        RatingGroup.objects.filter(source=source), actor, "enterprise_problems.see_rating_groups", at
    )
    if unit is not None:
        rows = rows.filter(organisation_id=unit)
    rows = rows.select_related("organisation").order_by("-ends_on", "place_code", "organisation_id")
    return [Group(row, row.organisation.name, period_title(row.starts_on, row.ends_on)) for row in rows[:500]]


def totals(found: Sequence[Group]) -> Mapping[str, int]:
    """Return the sums of groups; of whole groups only, so that a total hides no smaller rest."""
    names = ("closed", "rated", "solved", "satisfied", "fair", "bad")
    sums = {name: sum(getattr(one.row, name) for one in found) for name in names}
    return {**sums, "silent": sum(one.silent for one in found), "unsolved": sums["rated"] - sums["solved"]}


# ---- figures of the desk ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PlaceFigures:
    """How the cases closed in a span stand, for those who may see each: of `closed`, the rest in cases."""

    place_code: str
    place: str
    closed: int
    rated: int
    solved: int
    bad: int
    reworked: int
    exempted: int
    waiting: int

    @property
    def silent(self) -> int:
        """Closed and not rated so far."""
        return self.closed - self.rated


def closed_between(rows: QuerySet[Case], start: datetime, end: datetime) -> QuerySet[Case]:
    """Return those of `rows` that were closed with a result at some moment of the span."""
    closings = CaseEvent.objects.filter(kind__in=CLOSINGS, at__gte=start, at__lt=end)
    return rows.filter(pk__in=closings.values("case_id"))


def first_ratings(rows: QuerySet[Case]) -> QuerySet[Any]:
    """Annotate cases with what their firm said first: `own_solved`, `own_stars`, `own_bad`; null where it said nothing."""
    own = Rating.objects.filter(case=OuterRef("pk"), source=Rating.Source.ENTERPRISE).order_by("round")
    return rows.annotate(
        own_solved=Subquery(own.values("solved")[:1]), own_stars=Subquery(own.values("stars")[:1]),
        own_bad=Subquery(own.values("bad")[:1]),
    )  # fmt: skip


def desk_rows(actor: Actor, at: datetime, start: datetime, end: datetime) -> QuerySet[Any]:
    """Return the closed cases of a span whose ratings the actor may see one by one."""
    rows = visible(Case.objects.filter(kind="enterprise_problem"), actor, SEE, at)
    return first_ratings(closed_between(rows, start, end))


CONDITIONS: Mapping[str, Q] = {
    "closed": Q(),
    "rated": Q(own_bad__isnull=False),
    "silent": Q(own_bad__isnull=True),
    "solved": Q(own_solved=True),
    "bad": Q(own_bad=True),
}
"""What a figure of the desk's counts, by name."""


def desk_figures(actor: Actor, at: datetime, start: datetime, end: datetime) -> list[PlaceFigures]:
    """Return the figures of each place below the desk, by place; none for whoever may not see single ratings."""
    from qifu.registers.divisions.queries import names

    rows = list(
        desk_rows(actor, at, start, end).values_list("pk", "place_code", "state", "own_solved", "own_bad")
    )
    after = CaseEvent.objects.filter(case_id__in=[row[0] for row in rows], kind__in=("rework", "exempt"))
    done: dict[str, set[int]] = {"rework": set(), "exempt": set()}
    for case_id, kind in after.values_list("case_id", "kind"):
        done[kind].add(case_id)
    titles = names({row[1] for row in rows})
    found = []
    for code in sorted({row[1] for row in rows}):
        mine = [row for row in rows if row[1] == code]
        ids = {row[0] for row in mine}
        found.append(
            PlaceFigures(
                code, titles.get(code, code), len(mine), sum(row[4] is not None for row in mine),
                sum(row[3] is True for row in mine), sum(row[4] is True for row in mine), len(ids & done["rework"]),
                len(ids & done["exempt"]), sum(row[2] == DISSATISFIED for row in mine),
            )
        )  # fmt: skip
    return found


# ---- figures of the process, which say nothing of single ratings -----------------------------------------------------


@dataclass(frozen=True)
class ProcessFigures:
    """Of the cases closed in a span: how many were ordered anew, and how many within the days in which they count as not closed."""

    closed: int
    reopened: int
    reopened_early: int
    days: int

    @property
    def stayed(self) -> int:
        """Closed and not re-opened within those days."""
        return self.closed - self.reopened_early


def process_figures(
    actor: Actor, at: datetime, start: datetime, end: datetime, days: int = 30
) -> ProcessFigures:
    """Count the cases that the actor may see: closed in the span, and opened again since, early or late."""
    rows = visible(Case.objects.filter(kind="enterprise_problem"), actor, "enterprise_problems.view", at)
    first = CaseEvent.objects.filter(
        case=OuterRef("pk"), kind__in=CLOSINGS, at__gte=start, at__lt=end
    ).order_by("seq")
    again = CaseEvent.objects.filter(
        case=OuterRef("pk"), kind__in=("rework", "reopen"), seq__gt=OuterRef("shut_seq")
    )
    found = closed_between(rows, start, end).annotate(
        shut_seq=Subquery(first.values("seq")[:1]), shut_at=Subquery(first.values("at")[:1])
    )
    pairs = found.annotate(again_at=Subquery(again.order_by("seq").values("at")[:1])).values_list(
        "shut_at", "again_at"
    )
    closed = reopened = early = 0
    for shut_at, again_at in pairs.iterator():
        closed += 1
        if again_at is not None:
            reopened += 1
            early += (again_at - shut_at).days <= days
    return ProcessFigures(closed, reopened, early, days)
