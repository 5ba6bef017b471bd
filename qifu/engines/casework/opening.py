"""Opening many cases at once, for lists that come in as files: a handful of queries for a batch instead of a dozen each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qifu.engines.casework.clocks import due
from qifu.engines.casework.definitions import hours_of, in_force, of_case
from qifu.engines.casework.models import Case, CaseClock, CaseEvent
from qifu.engines.casework.moves import OPENED, new_numbers
from qifu.engines.casework.record import Standing
from qifu.foundation.action import current_act
from qifu.foundation.revisions import Revision
from qifu.foundation.working_calendar import load_calendar
from qifu.foundation.working_days import SHANGHAI


@dataclass(frozen=True)
class Draft:
    """A case to be opened, as `moves.new_case` takes it; `text` (internal) and `facts` go into its first event."""

    type_key: str
    place_code: str
    title: str
    lead_id: int
    enterprise_id: int | None = None
    reporter_id: int | None = None
    complained_id: int | None = None
    text: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


def open_many(
    kind: str,
    drafts: Sequence[Draft],
    *,
    who: Standing,
    shown: str,
    keep: Callable[[Sequence[Case]], None],
) -> list[Case]:
    """Open a case for each draft, in their order, with its clocks and its first event; inside an act.

    `keep` saves the service's own rows once the cases have theirs. What `moves.opened` does for one, with two
    differences: limits are those of a case that nobody has classed yet, and the binding's `happened` is not called (no
    notice for each row of a file): whoever imports tells the hub by one.
    """
    if not drafts:
        return []
    act = current_act()
    day = act.moment.astimezone(SHANGHAI).date()
    revisions: dict[str, Revision] = {key: in_force(key, day) for key in {one.type_key for one in drafts}}
    numbers = _numbers(drafts)
    cases = [
        _case(kind, one, revisions[one.type_key], number) for one, number in zip(drafts, numbers, strict=True)
    ]
    clocks = _first_clocks(cases)
    Case.objects.bulk_create(cases)
    CaseClock.objects.bulk_create(clocks)
    keep(cases)
    CaseEvent.objects.bulk_create(
        CaseEvent(
            case=case, seq=1, kind=OPENED, title="收到", at=act.moment, by_id=act.by.id, by_name=act.by.name[:60], role=who.role,
            organisation_id=who.organisation_id, state=case.state, text=one.text, shown=shown, facts=dict(one.facts),
        )
        for case, one in zip(cases, drafts, strict=True)
    )  # fmt: skip
    return cases


def _numbers(drafts: Sequence[Draft]) -> list[str]:
    """Numbers in the order of the drafts: a block for each place, the places always locked in the same order."""
    by_place: dict[str, list[int]] = defaultdict(list)
    for position, one in enumerate(drafts):
        by_place[one.place_code].append(position)
    numbers = [""] * len(drafts)
    for place in sorted(by_place):
        block = new_numbers(place, len(by_place[place]))
        for position, number in zip(by_place[place], block, strict=True):
            numbers[position] = number
    return numbers


def _case(kind: str, one: Draft, revision: Revision, number: str) -> Case:
    at = current_act().moment
    case = Case(
        kind=kind, revision=revision, number=number, title=one.title[:200], place_code=one.place_code, lead_id=one.lead_id,
        enterprise_id=one.enterprise_id, reporter_id=one.reporter_id, complained_id=one.complained_id, opened_at=at,
        last_event_at=at, version=1,
    )  # fmt: skip
    definition = of_case(case)
    case.state, case.step = definition.initial.name, next(iter(definition.steps), "")
    return case


def _first_clocks(cases: Sequence[Case]) -> list[CaseClock]:
    """The clocks of new cases; all of one type start alike, so their ends are computed once."""
    alike: dict[int, list[CaseClock]] = {}
    made = []
    for case in cases:
        if case.revision_id not in alike:
            alike[case.revision_id] = [_clock(case, name) for name in of_case(case).initial.starts]
        for pattern in alike[case.revision_id]:
            made.append(
                CaseClock(
                    case=case, name=pattern.name, unit=pattern.unit, amount=pattern.amount, started_at=pattern.started_at,
                    due_at=pattern.due_at, provisional=pattern.provisional,
                )
            )  # fmt: skip
        ends = [one.due_at for one in alike[case.revision_id] if one.due_at is not None]
        case.due_at = min(ends, default=None)
    return made


def _clock(case: Case, name: str) -> CaseClock:
    definition, at = of_case(case), current_act().moment
    limit = definition.clocks[name].limit
    ends = due(load_calendar(at.astimezone(SHANGHAI).date()), hours_of(definition), at, limit)
    return CaseClock(
        case=case, name=name, unit=limit.unit.value, amount=limit.amount, started_at=at, due_at=ends.at,
        provisional=ends.provisional,
    )  # fmt: skip
