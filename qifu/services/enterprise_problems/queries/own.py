"""What a reporter sees of an own problem: who has it, what is next and by when, all that was shown, what may be done.

A reporter is whoever reported while signed in, the firm's people with a mandate for problems, or whoever holds the
query code of the number. Everything here is 企业可见进展: `shown` texts and given files only, never what is internal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.paginator import Page, Paginator

from qifu.engines.casework import query_codes
from qifu.engines.casework.case_type import CaseType, ClockType
from qifu.engines.casework.clock_lines import left_of, limit_of
from qifu.engines.casework.definitions import of_case
from qifu.engines.casework.models import Case, CaseAsk, CaseClock, CaseEvent, CaseFile, Rating
from qifu.foundation.access import Actor, NotFound, visible
from qifu.foundation.working_days import SHANGHAI
from qifu.registers.divisions.queries import names
from qifu.registers.organisations.hubs import hub_of
from qifu.registers.people.models import Person
from qifu.services.enterprise_problems.lists import choices
from qifu.services.enterprise_problems.models import Problem, Promise, UnitTelephone
from qifu.services.enterprise_problems.queries.ratings import CLOSINGS, DISSATISFIED

FOLLOW = "enterprise_problems.follow_own"
HOTLINE = "12345"
PAGE_SIZE = 20
STATES = {
    "received": "info", "appealed": "info", "pooled": "info", "closed": "good", "excluded": "warn", "statutory": "warn",
    "withdrawn": "idle", "shelved": "warn", "dissatisfied": "warn",
}  # fmt: skip
"""Colours of states; what is not named is under way."""
NOT_FOR_CHILDREN = ("contact", "pause_asked", "merged", "split")
"""What is shown of a main case to its own reporter only."""


def proof_fits(problem: Problem | None, proof: str) -> bool:
    """Tell whether a proof (what is kept of a query code) is that of a problem; the same work for an unknown number."""
    return query_codes.proof_fits(problem.query_code if problem is not None else "", proof)


def own_case(actor: Actor, at: datetime, number: str, proof: str = "") -> Case:
    """Return an own case: by report or mandate, or by the proof of its query code; NotFound for any other."""
    rows = Case.objects.filter(number=number, kind="enterprise_problem").select_related(
        "lead", "merged_into__lead"
    )
    if actor.is_person:
        found = visible(rows, actor, FOLLOW, at).first()
        if found is not None:
            return found
    if proof:
        problem = Problem.objects.filter(case__number=number).first()
        if proof_fits(problem, proof) and (found := rows.first()) is not None:
            return found
    raise NotFound(f"problem {number}")


@dataclass(frozen=True)
class OwnRow:
    """A line of 我的诉求."""

    number: str
    title: str
    state: str
    colour: str
    unit: str
    opened_at: datetime
    firm: str
    asked: str


def own_list(actor: Actor, at: datetime, page: str | None) -> Page[OwnRow]:
    """Return the problems of whoever asks and of the firms that he or she acts for, the newest first."""
    rows = visible(Case.objects.filter(kind="enterprise_problem"), actor, FOLLOW, at)
    rows = rows.select_related("lead", "merged_into__lead", "enterprise").order_by("-opened_at", "-pk")
    found: Page[Any] = Paginator(rows, PAGE_SIZE).get_page(page)
    cases = list(found.object_list)
    waiting = set(
        CaseAsk.objects.filter(case__in=cases, decision="open", kind="pause", consent=None).values_list("case_id", flat=True)
    )  # fmt: skip
    rated = set(Rating.objects.filter(case__in=cases, source="enterprise").values_list("case_id", flat=True))
    found.object_list = [_row(case, case.pk in waiting, case.pk in rated) for case in cases]
    return found


def _row(case: Case, waits: bool, rated: bool) -> OwnRow:
    asked = "等您答复" if waits else "请您评价" if case.state == "closed" and not rated else ""
    return OwnRow(
        case.number, case.title, _words(case, plain=case.state == "closed"), STATES.get(case.state, "info"),
        _leading(case).lead.name, case.opened_at, case.enterprise.name if case.enterprise else "", asked,
    )  # fmt: skip


def _words(case: Case, *, plain: bool) -> str:
    """Return how a problem stands as its firm reads it, of a merged one how the main case does; `plain` without 请您评价."""
    words = of_case(case).states[_leading(case).state].shown
    return words.partition("，")[0] if plain else words


def _leading(case: Case) -> Case:
    """Return the case that is worked: the main one while this one is merged and open."""
    return case.merged_into if case.merged_into is not None and case.closed_at is None else case


# ---- who has it ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Holder:
    """Who has a problem now: unit, the person at work on it, and a telephone of an office, never a private one."""

    unit: str
    person: str
    telephone: str
    whose: str
    deciding: bool


def holder(case: Case) -> Holder:
    """Return who has it: the lead, else the hub that is finding one; with the unit's telephone, else the hub's, else 12345."""
    row = _leading(case)
    person = (
        Person.objects.filter(pk=row.handler_id).values_list("name", flat=True).first()
        if row.handler_id
        else None
    )
    hub = hub_of(row.place_code)
    known = dict(
        UnitTelephone.objects.filter(pk__in=[row.lead_id, hub]).values_list("organisation_id", "number")
    )
    telephone, whose = HOTLINE, "政务服务便民热线"
    if row.lead_id in known:
        telephone, whose = known[row.lead_id], row.lead.name
    elif hub in known:
        telephone, whose = known[hub], "企服中心"
    return Holder(row.lead.name, person or "", telephone, whose, row.mode == Case.Mode.HUB)


# ---- by when ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Term:
    """A promised time limit: how long, by when, how much is left; `paused` while it stands still."""

    title: str
    limit: str
    due_at: datetime | None
    left: str
    paused: bool
    over: bool
    provisional: bool


def terms(case: Case, moment: datetime) -> list[Term]:
    """Return the promised clocks that run for a problem, the earliest end first."""
    definition = of_case(case)
    rows = CaseClock.objects.filter(case=case, stopped_at=None, part=None).prefetch_related("pauses")
    found = [_term(row, definition, moment) for row in rows if definition.clocks[row.name].promised]
    return sorted(found, key=lambda one: (one.due_at is None, one.due_at or moment))


def _term(row: CaseClock, definition: CaseType, moment: datetime) -> Term:
    left = left_of(definition, row, moment)
    paused = any(one.to_at is None for one in row.pauses.all())
    over = row.due_at is not None and row.due_at < moment
    return Term(
        definition.clocks[row.name].title,
        limit_of(row).words(),
        row.due_at,
        left,
        paused,
        over,
        row.provisional,
    )


def how_long(case: Case) -> list[str]:
    """Return how long each promised step may take, in words: 筛选：1个工作日; 办理：一般5个工作日，复杂15个工作日."""
    definition = of_case(case)
    usual = ("filter", "contact", "handle")
    return [
        f"{one.title}：{_limits(one, definition)}"
        for name, one in definition.clocks.items()
        if name in usual and one.promised
    ]


def _limits(clock: ClockType, definition: CaseType) -> str:
    for fact, limits in clock.by.items():
        titles = _titles(definition, fact)
        return "，".join(f"{titles.get(value, value)}的{limit.words()}" for value, limit in limits.items())
    return clock.limit.words()


def _titles(definition: CaseType, fact: str) -> dict[str, str]:
    field = definition.fields.get(fact)
    if field is None:
        return {}
    return dict(choices(field.choices_of) if field.choices_of else field.choices)


# ---- what was shown --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One thing that the firm was shown, with the files given to it; `own`: the reporter's own act."""

    at: datetime
    text: str
    unit: str
    files: tuple[CaseFile, ...]
    own: bool
    main: str = ""


def timeline(case: Case) -> list[Line]:
    """Return all that was shown, the newest first: the case's own, and the main case's while merged and open."""
    events = list(
        CaseEvent.objects.filter(case=case).exclude(shown="").select_related("organisation").prefetch_related("files__file")
    )  # fmt: skip
    lines = [(event.at, 1, event.seq, _line(event)) for event in events]
    for event, number in _of_mains(case):
        lines.append((event.at, 0, event.seq, _line(event, number)))
    return [line for *_, line in sorted(lines, key=lambda one: one[:3], reverse=True)]


def _line(event: CaseEvent, main: str = "") -> Line:
    files = tuple(one for one in event.files.all() if one.public)
    unit = event.organisation.name if event.organisation is not None and event.role != "reporter" else ""
    return Line(event.at, event.shown, unit, files, event.role == "reporter", main)


def _of_mains(case: Case) -> list[tuple[CaseEvent, str]]:
    """Return what was shown of main cases while this one was merged into them: nothing of what their reporters said or did."""
    found: list[tuple[CaseEvent, str]] = []
    for number in merged_into(case):
        within = False
        rows = (
            CaseEvent.objects.filter(case__number=number)
            .select_related("organisation")
            .prefetch_related("files__file")
        )
        for event in rows.order_by("seq"):
            if event.kind == "took_in" and case.number in event.facts.get("children", ()):
                within = True
            elif event.kind in CLOSINGS or (
                event.kind == "released" and event.facts.get("child") == case.number
            ):
                within = False
            elif within and event.shown and event.role != "reporter" and event.kind not in NOT_FOR_CHILDREN:
                found.append((event, number))
    return found


def merged_into(case: Case) -> list[str]:
    """Return the numbers of the cases that this one was ever merged into, in order."""
    rows = (
        CaseEvent.objects.filter(case=case, kind="merged")
        .order_by("seq")
        .values_list("facts__main", flat=True)
    )
    return list(dict.fromkeys(rows))


@dataclass(frozen=True)
class Reply:
    """The answer: what it says, when, and the files given with it."""

    text: str
    at: datetime
    result: str
    files: tuple[CaseFile, ...]


def reply(case: Case) -> Reply | None:
    """Return the answer with which a problem was closed last, the main case's files with it; None while there is none."""
    closing = (
        CaseEvent.objects.filter(case=case, kind__in=CLOSINGS)
        .order_by("-seq")
        .prefetch_related("files__file")
        .first()
    )
    if closing is None or case.state not in ("closed", DISSATISFIED):
        return None
    files = [one for one in closing.files.all() if one.public]
    main = str(closing.facts.get("main", ""))
    if main:
        given = CaseFile.objects.filter(
            event__case__number=main, event__kind__in=CLOSINGS, event__at=closing.at, public=True
        )
        files += list(given.select_related("file"))
    result = of_case(case).results.get(str(closing.facts.get("result", "")) or case.result, "")
    return Reply(closing.shown, closing.at, result, tuple(files))


def file_of(case: Case, pk: int) -> CaseFile:
    """Return a file that the reporter of a case may open; NotFound for any other."""
    shown = [one for line in timeline(case) for one in line.files]
    answer = reply(case)
    for one in [*shown, *(answer.files if answer else ())]:
        if one.pk == pk:
            return one
    raise NotFound(f"file {pk}")


def promises(case: Case) -> Sequence[Promise]:
    """Return what was promised to the firm with its answer, or with the main case's that answered for it too."""
    numbers = [case.number, *(merged_into(case) if case.closed_at is not None else [])]
    return list(Promise.objects.filter(case__number__in=numbers).select_related("organisation"))


# ---- what may be done ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Offer:
    """What the reporter may do now; `rate` until `rate_by`, `again` where it is the additional rating."""

    material: bool
    withdraw: bool
    appeal: bool
    rate: bool
    again: bool
    rate_by: date | None


def offer(case: Case, moment: datetime) -> Offer:
    """Return which acts are open to the reporter: what is offered would not be refused."""
    definition = of_case(case)
    rule = definition.rating
    merged = case.merged_into_id is not None
    may = {one.name for one in definition.leaving(case.state) if "reporter" in one.roles}
    given = list(Rating.objects.filter(case=case, source="enterprise").order_by("round"))
    rate, last = False, None
    if (
        rule is not None
        and case.state == "closed"
        and case.closed_at is not None
        and "enterprise" in rule.sources
    ):
        ends = case.closed_at + timedelta(days=rule.open_days)
        last = ends.astimezone(SHANGHAI).date()
        rate = moment <= ends and len(given) < rule.rounds and (not given or _answered_anew(case, given[-1]))
    appealed = CaseEvent.objects.filter(case=case, kind="appeal").exists()
    return Offer(
        material=case.closed_at is None and case.state != DISSATISFIED, withdraw="withdraw" in may and not merged,
        appeal="appeal" in may and not appealed, rate=rate, again=rate and bool(given), rate_by=last,
    )  # fmt: skip


def _answered_anew(case: Case, rating: Rating) -> bool:
    """Tell whether a case was closed with a new answer after a rating; an exemption from rework is none."""
    later = CaseEvent.objects.filter(case=case, seq__gt=rating.closed_seq, kind__in=CLOSINGS)
    return later.exists()


@dataclass(frozen=True)
class Consent:
    """A pause that waits for the firm's word: why, until when, and what it means for the time limit."""

    ask_id: int
    reason: str
    text: str
    until_on: date | None
    clock: str


def consents(case: Case) -> list[Consent]:
    """Return the pauses that wait for the firm's yes or no."""
    grounds = of_case(case).verbs.pause_reasons
    rows = CaseAsk.objects.filter(case=case, kind="pause", decision="open", consent=None).select_related(
        "clock"
    )
    return [
        Consent(
            row.pk,
            grounds[row.reason].title,
            row.text,
            row.until_on,
            of_case(case).clocks[row.clock.name].title,
        )
        for row in rows
        if row.reason in grounds and grounds[row.reason].consent
    ]


def own_ratings(case: Case) -> list[Rating]:
    """Return what the firm itself has rated."""
    return list(Rating.objects.filter(case=case, source="enterprise").order_by("round"))


def problem_of(case: Case) -> Problem:
    """Return the request beside a case."""
    return Problem.objects.get(pk=case.pk)


def state_words(case: Case) -> str:
    """Return how a problem stands, as its firm reads it; when it was rated, no more than that."""
    rated = case.state == "closed" and Rating.objects.filter(case=case, source="enterprise").exists()
    return _words(case, plain=rated)


def place_name(case: Case) -> str:
    """Return the name of the place that handles it."""
    return names([case.place_code]).get(case.place_code, case.place_code)


def levels(case: Case) -> list[tuple[int, str]]:
    """Return the stars with their words, one to five."""
    rule = of_case(case).rating
    return list(enumerate(rule.levels, start=1)) if rule is not None else []
