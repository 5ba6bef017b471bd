"""What a printed 交办单 holds, and what the firm will read of an act before it is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from qifu.engines.casework.clocks import Limit, Unit
from qifu.engines.casework.definitions import of_case
from qifu.engines.casework.models import Case, CaseClock, CaseEvent
from qifu.engines.casework.moves import choices_of
from qifu.foundation.access import Actor, visible
from qifu.foundation.sealed import mask_name, mask_phone
from qifu.registers.divisions import queries as divisions
from qifu.services.enterprise_problems.case_binding import KIND
from qifu.services.enterprise_problems.lists import lists
from qifu.services.enterprise_problems.models import Problem

MOST = 50
NAMING = ("assign", "transfer", "rule")


@dataclass(frozen=True)
class LimitLine:
    """One limit that runs for the unit: what, how long in words, until when."""

    title: str
    length: str
    due_at: datetime | None


@dataclass(frozen=True)
class Order:
    """One 交办单: the case, what was said, what is asked and by when, who handed it over and when; the contact masked."""

    case: Case
    problem: Problem
    place: str
    board: str
    topic: str
    event: CaseEvent
    instruction: str
    limits: tuple[LimitLine, ...]
    contact: tuple[str, str] = ("", "")

    @property
    def act(self) -> str:
        """Return 交办, 转办 or 裁定."""
        return self.event.title


def orders(actor: Actor, at: datetime, numbers: Iterable[str]) -> list[Order]:
    """Return the orders of cases that were handed to a unit, for the hub and for the lead; others are left out."""
    wanted = list(dict.fromkeys(numbers))[:MOST]
    mine = {
        pk
        for role in ("as_hub", "as_lead")
        for pk in visible(Case.objects.filter(kind=KIND, number__in=wanted), actor, f"enterprise_problems.{role}", at)
        .order_by()
        .values_list("pk", flat=True)
    }  # fmt: skip
    cases = {case.number: case for case in Case.objects.filter(pk__in=mine).select_related("lead")}
    problems = Problem.objects.filter(pk__in=mine).defer("search_text").in_bulk()
    handed: dict[int, CaseEvent] = {}
    for event in (
        CaseEvent.objects.filter(case__in=mine, kind__in=NAMING)
        .select_related("organisation")
        .order_by("case", "seq")
    ):
        handed[event.case_id] = event
    clocks: dict[int, list[CaseClock]] = {}
    for clock in CaseClock.objects.filter(case__in=mine, stopped_at=None, part=None).order_by("pk"):
        clocks.setdefault(clock.case_id, []).append(clock)
    places = divisions.names({case.place_code for case in cases.values()})
    return [
        _order(case, problems[case.pk], places, handed[case.pk], clocks.get(case.pk, []))
        for number in wanted
        if (case := cases.get(number)) is not None and case.mode != Case.Mode.HUB and case.pk in handed
    ]


def _order(
    case: Case, problem: Problem, places: Mapping[str, str], event: CaseEvent, clocks: Sequence[CaseClock]
) -> Order:
    definition, known = of_case(case), lists()
    limits = tuple(
        LimitLine(
            definition.clocks[clock.name].title, Limit(Unit(clock.unit), clock.amount + clock.extended).words(), clock.due_at
        )
        for clock in clocks
        if clock.name in definition.clocks and definition.clocks[clock.name].of == "lead"
    )  # fmt: skip
    topic = known.topics.get(problem.topic)
    said = event.facts.get("instruction") or event.facts.get("explanation") or ""
    return Order(
        case, problem, places.get(case.place_code, case.place_code), known.boards.get(problem.board, ""),
        topic["title"] if topic else "", event, str(said), limits,
        (mask_name(str(problem.contact_name)), mask_phone(str(problem.contact_mobile))),
    )  # fmt: skip


def preview(case: Case, transition: str, given: Mapping[str, str]) -> str:
    """Return the sentence that the firm will read when a transition is done with these values."""
    definition = of_case(case)
    shown = definition.transitions[transition].shown
    for name, value in given.items():
        shown = shown.replace("{" + name + "}", choices_of(case, definition, name).get(value, value))
    return shown


def last_return(case: Case) -> CaseEvent | None:
    """Return the event by which a unit gave a case back last, None where none did."""
    return CaseEvent.objects.filter(case=case, kind="return").select_related("organisation").order_by("-seq").first()  # fmt: skip
