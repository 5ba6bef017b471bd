"""Opening a case and moving it: the only two ways in which its state comes about. Inside an act of the service."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import F

from qifu.engines.casework.binding import binding_of
from qifu.engines.casework.case_type import NAMES_LEAD, CaseType, Effect, Transition
from qifu.engines.casework.clock_rows import RunningClocks
from qifu.engines.casework.definitions import in_force, of_case
from qifu.engines.casework.forms import checked
from qifu.engines.casework.forms import choices_of as choices_of
from qifu.engines.casework.merge import SYSTEM, close_children, release_children, split
from qifu.engines.casework.models import Case, CaseEvent, CaseNumber
from qifu.engines.casework.record import Standing, lock_family, moment_of, record, standing
from qifu.engines.casework.waiting import withdraw_asks
from qifu.foundation.action import Refused, current_act
from qifu.foundation.working_days import SHANGHAI

OPENED = "opened"


def new_number(place_code: str) -> str:
    """Return the next number of a place: division code, year and month, five digits; inside an act.

    Take it late: the counter stays locked until the act ends.
    """
    return new_numbers(place_code, 1)[0]


def new_numbers(place_code: str, count: int) -> list[str]:
    """Return the next `count` numbers of a place, as one block."""
    month = current_act().moment.astimezone(SHANGHAI).strftime("%Y%m")
    rows = CaseNumber.objects.filter(place_code=place_code, month=month)
    if not rows.update(last=F("last") + count):
        CaseNumber.objects.get_or_create(place_code=place_code, month=month, defaults={"last": 0})
        rows.update(last=F("last") + count)
    last = rows.values_list("last", flat=True).get()
    return [f"{place_code}{month}{number:05d}" for number in range(last - count + 1, last + 1)]


def new_case(
    *, kind: str, type_key: str, place_code: str, title: str, lead_id: int, enterprise_id: int | None = None,
    reporter_id: int | None = None, complained_id: int | None = None,
) -> Case:  # fmt: skip
    """Return a saved case in the initial state, still without events: the service adds its own row, then calls `opened`."""
    act = current_act()
    revision = in_force(type_key, act.moment.astimezone(SHANGHAI).date())
    case = Case(
        kind=kind, revision=revision, number=new_number(place_code), title=title[:200], place_code=place_code,
        lead_id=lead_id, enterprise_id=enterprise_id, reporter_id=reporter_id, complained_id=complained_id, opened_at=act.moment,
        last_event_at=act.moment, state="",
    )  # fmt: skip
    definition = of_case(case)
    case.state, case.step = definition.initial.name, next(iter(definition.steps), "")
    case.save(force_insert=True)
    return case


def opened(case: Case, *, who: Standing, shown: str = "", text: str = "", facts: Any = None) -> CaseEvent:  # fmt: skip
    """Record that a new case was opened, and start the clocks that its case type names for the opening."""
    clocks = RunningClocks(case, new=True)
    starts = clocks.definition.initial.starts
    differs = any(clocks.definition.clocks[name].by for name in starts)
    clocks.start(starts, facts=binding_of(case.kind).facts(case) if differs else {})
    clocks.save()
    return record(case, OPENED, title="收到", who=who, shown=shown, text=text, facts=facts)


def facts_of(case: Case, clocks: RunningClocks | None = None) -> dict[str, str]:
    """Return all that `when` and limits may ask of a case: the service's facts, and the engine's own.

    The engine's: `mode`, `step`, and for each clock of the case type `clock_NAME`: running, paused or none.
    """
    clocks = clocks or RunningClocks(case)
    return {**binding_of(case.kind).facts(case), **clocks.facts(), "mode": case.mode, "step": case.step}


def may_move(case: Case, transition: Transition, facts: Mapping[str, str]) -> bool:
    """Tell whether a transition may be offered, by `facts_of` the case: the state fits, the facts fit, returns are left."""
    apart = case.merged_into_id is None or _leaves_merge(case, transition)
    if not apart or case.state not in transition.from_states:
        return False
    if any(facts.get(name, "") not in values for name, values in transition.when.items()):
        return False
    definition = of_case(case)
    if transition.effect is Effect.RETURN and (case.ruled or case.returns >= definition.most_returns):
        return False
    return not (transition.effect is Effect.STEP and next_step(case, definition) is None)


def _leaves_merge(case: Case, transition: Transition) -> bool:
    """Tell whether a merged case is split off by an act: closed with its main case, it may be opened again for itself."""
    return (
        case.merged_into_id is not None and case.closed_at is not None and transition.effect is Effect.REOPEN
    )


def next_step(case: Case, definition: CaseType) -> str | None:
    """Return the step of the ladder above the present one, None at its top or without a ladder."""
    above = dict(itertools.pairwise(definition.steps))
    return above.get(case.step)


def move(
    case: Case,
    name: str,
    *,
    form: Mapping[str, Any] | None = None,
    text: str = "",
    expected_version: int | None = None,
    who: Standing | None = None,
) -> CaseEvent:
    """Do one transition: locked, checked, applied, recorded; Refused in Chinese when it may not happen now.

    `form` holds what the transition asks, by field name: `lead` an organisation id, `result` a result's name. `text`
    is internal. Whoever acts must hold one of the transition's roles on the case (else NotFound), unless `who` is given by
    an engine verb that has seen to it. A merged case that was closed with its main case is split off when it is opened
    again (an appeal of its own reporter).
    """
    definition = of_case(case)
    transition = definition.transitions.get(name)
    if transition is None:
        raise Refused(f"办理规则里没有“{name}”这一步，请刷新页面")
    if _leaves_merge(case, transition):
        who = who or standing(case, transition.roles)
        split(case, text="单独办理", who=SYSTEM, expected_version=expected_version)
        expected_version = None
    row, children = lock_family(case, expected_version=expected_version)
    who = who or standing(row, transition.roles)
    binding = binding_of(row.kind)
    clocks = RunningClocks(row, [child for child in children if child.closed_at is None])
    facts = facts_of(row, clocks)
    if not may_move(row, transition, facts):
        raise Refused(_why_not(row, definition, transition))
    given = checked(row, definition, transition, form or {})
    if transition.effect in NAMES_LEAD:
        see_lead(row, children, given["lead"])
    for guard in transition.guards:
        why = binding.guards[guard](row, given)
        if why:
            raise Refused(why)
    binding.fill(row, transition, given)
    if not given.keys().isdisjoint(binding.fact_names):
        facts |= binding.facts(row)
    lead_before = row.lead_id
    _apply(row, definition, transition, given)
    if row.lead_id != lead_before:
        leave_lead(row, clocks)
    _run_clocks(row, transition, clocks, facts, text)
    event = record(
        row, transition.name, title=transition.title, who=who, text=text, facts={**given, **clocks.withdrawn},
        shown=_shown(transition, definition, row, given, facts), transition=transition,
    )  # fmt: skip
    if transition.effect is Effect.CLOSE and children:
        _end_merge(row, children, event)
    return event


def _run_clocks(
    row: Case, transition: Transition, clocks: RunningClocks, facts: Mapping[str, str], text: str
) -> None:
    if transition.effect is Effect.CLOSE:
        clocks.stop_all()
    else:
        clocks.stop(transition.stops)
    clocks.start(transition.starts, facts=facts)
    if transition.pauses:
        clocks.pause(transition.pauses, reason=transition.name, text=text or transition.title)
    if transition.resumes:
        clocks.resume(transition.resumes)
    clocks.save()


def _end_merge(row: Case, children: Sequence[Case], closing: CaseEvent) -> None:
    """Close what is merged into a closed case with it; what its own reporter took back is taken back for that one alone."""
    still_open = [child for child in children if child.closed_at is None]
    if closing.role == "reporter":
        release_children(row, still_open)
    else:
        close_children(row, still_open, closing)


def see_lead(row: Case, children: Sequence[Case], lead_id: int) -> None:
    """Refuse a lead of whom the case, or one that is merged into it, complains."""
    if lead_id == row.complained_id:
        raise Refused(
            "这件反映的就是该单位或其人员，不能交其办理，请交其他单位或报上一级", lead="请选择其他单位"
        )
    for child in children:
        if lead_id == child.complained_id:
            raise Refused(
                f"并入的 {child.number} 反映的就是该单位或其人员，请先拆分，或者交其他单位",
                lead="请选择其他单位",
            )


def leave_lead(row: Case, clocks: RunningClocks) -> None:
    """End what the former lead asked for, and what the new one was asked for as a co-handler."""
    verbs = clocks.definition.verbs
    asked = {*verbs.extension_clocks, *verbs.pause_clocks}
    if clocks.own(asked):
        clocks.withdrawn.update(withdraw_asks(row))
    helping = [clock for clock in clocks.own() if clock.part_id is not None]
    if helping:
        mine = set(row.parts.filter(organisation_id=row.lead_id).values_list("pk", flat=True))
        clocks.stop_rows([clock for clock in helping if clock.part_id in mine])


def _why_not(row: Case, definition: CaseType, transition: Transition) -> str:
    state = definition.states[row.state]
    if row.state in transition.from_states and transition.effect is Effect.RETURN:
        return f"每件最多退回 {definition.most_returns} 次，已由中枢裁定的不再退回；确有困难请申请上报协调"
    if row.state in transition.from_states and transition.effect is Effect.STEP:
        return "已是最高办理层次，请申请上报协调"
    if row.state in transition.from_states:
        return f"这一件现在的情况不能“{transition.title}”，请刷新页面后选择列出的操作"
    allowed = "、".join(dict.fromkeys(definition.states[name].title for name in transition.from_states))
    return f"这一件现为“{state.title}”，不能“{transition.title}”（只在“{allowed}”时可以），请刷新页面"


def _apply(row: Case, definition: CaseType, transition: Transition, given: Mapping[str, Any]) -> None:
    if transition.to is not None:
        row.state = transition.to
    effect = transition.effect
    if effect in NAMES_LEAD:
        row.lead_id, row.handler_id = given["lead"], None
        row.mode = Case.Mode.TRANSFERRED if effect is Effect.TRANSFER else Case.Mode.ASSIGNED
        row.ruled = row.ruled or effect is Effect.RULE
    elif effect is Effect.DIVIDE:
        row.handler_id = given["handler"]
    elif effect in (Effect.RETURN, Effect.RECALL):
        row.returns += effect is Effect.RETURN
        row.lead_id, row.handler_id, row.mode = binding_of(row.kind).hub(row.place_code), None, Case.Mode.HUB
    elif effect is Effect.STEP:
        row.step = next_step(row, definition) or row.step
    elif effect is Effect.CLOSE:
        row.result, row.closed_at = given["result"], moment_of(row)
    elif effect is Effect.REOPEN:
        row.result, row.closed_at = "", None


_NAMED = re.compile(r"\{([a-z_]+)\}")


def _shown(
    transition: Transition,
    definition: CaseType,
    row: Case,
    given: Mapping[str, Any],
    facts: Mapping[str, str],
) -> str:
    """Return what the firm reads of an act: the type's sentence with the fields that it names, titles for codes."""

    def word(name: str) -> str:
        if name == "lead":
            return row.lead.name
        if name == "result":
            return definition.results.get(row.result or str(given.get("result", "")), "")
        if name == "number":
            return row.number
        if name == "step":
            return definition.steps.get(row.step, "")
        value = str(given.get(name, facts.get(name, "")))
        return choices_of(row, definition, name).get(value, value)

    return _NAMED.sub(lambda found: word(found[1]), transition.shown)
