"""Opening a case and moving it: the only two ways in which its state comes about. Inside an act of the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qifu.engines.casework import clock_rows
from qifu.engines.casework.binding import binding_of
from qifu.engines.casework.case_type import NAMES_LEAD, CaseType, Effect, Transition
from qifu.engines.casework.definitions import in_force, of_case
from qifu.engines.casework.models import Case, CaseEvent, CaseNumber
from qifu.engines.casework.record import Standing, lock, record, standing
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
    CaseNumber.objects.get_or_create(place_code=place_code, month=month, defaults={"last": 0})
    row = CaseNumber.objects.select_for_update().get(place_code=place_code, month=month)
    first, row.last = row.last + 1, row.last + count
    row.save(update_fields=["last"])
    return [f"{place_code}{month}{number:05d}" for number in range(first, row.last + 1)]


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
    case.state = of_case(case).initial.name
    case.save(force_insert=True)
    return case


def opened(case: Case, *, who: Standing, starts: tuple[str, ...], shown: str = "", text: str = "", facts: Any = None) -> CaseEvent:  # fmt: skip
    """Record that a new case was opened, and start its first clocks."""
    clock_rows.start(case, starts)
    clock_rows.refresh_due(case)
    return record(case, OPENED, title="收到", who=who, shown=shown, text=text, facts=facts)


def may_move(case: Case, transition: Transition, facts: Mapping[str, str]) -> bool:
    """Tell whether a transition may be offered: the state fits, the facts fit, returns are left."""
    if case.merged_into_id is not None or case.state not in transition.from_states:
        return False
    if any(facts.get(name, "") not in values for name, values in transition.when.items()):
        return False
    definition = of_case(case)
    if transition.effect is Effect.RETURN and (case.ruled or case.returns >= definition.most_returns):
        return False
    return not (transition.effect is Effect.STEP and next_step(case, definition) is None)


def next_step(case: Case, definition: CaseType) -> str | None:
    """Return the step of the ladder above the present one."""
    names = list(definition.steps)
    at = names.index(case.step) if case.step in names else -1
    return names[at + 1] if at + 1 < len(names) else None


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
    an engine verb that has seen to it.
    """
    given = dict(form or {})
    row = lock(case, expected_version=expected_version)
    definition = of_case(row)
    transition = definition.transitions.get(name)
    if transition is None:
        raise Refused(f"办理规则里没有“{name}”这一步，请刷新页面")
    who = who or standing(row, transition.roles)
    binding = binding_of(row.kind)
    facts = {**binding.facts(row), "mode": row.mode}
    if not may_move(row, transition, facts):
        raise Refused(_why_not(row, definition, transition))
    _see_form(row, definition, transition, given)
    for guard in transition.guards:
        why = binding.guards[guard](row, given)
        if why:
            raise Refused(why)
    binding.fill(row, transition, given)
    _apply(row, definition, transition, given)
    clock_rows.stop(row, None if transition.effect is Effect.CLOSE else transition.stops)
    clock_rows.start(row, transition.starts)
    if transition.pauses:
        clock_rows.pause(
            row, transition.pauses, reason=transition.name, text=text or transition.title, approved_by_name=""
        )
    clock_rows.resume(row, transition.resumes) if transition.resumes else None
    clock_rows.refresh_due(row)
    event = record(
        row, transition.name, title=transition.title, who=who, text=text, facts=_kept(given),
        shown=_shown(transition, definition, row, given), transition=transition,
    )  # fmt: skip
    if transition.effect is Effect.CLOSE:
        _close_children(row, event)
    return event


def _why_not(row: Case, definition: CaseType, transition: Transition) -> str:
    state = definition.states[row.state]
    if row.state in transition.from_states and transition.effect is Effect.RETURN:
        return f"每件最多退回 {definition.most_returns} 次，已由中枢裁定的不再退回；确有困难请申请上报协调"
    if row.state in transition.from_states and transition.effect is Effect.STEP:
        return "已是最高办理层次，请申请上报协调"
    allowed = "、".join(dict.fromkeys(definition.states[name].title for name in transition.from_states))
    return f"这一件现为“{state.title}”，不能“{transition.title}”（只在“{allowed}”时可以），请刷新页面"


def choices_of(row: Case, definition: CaseType, name: str) -> Mapping[str, str]:
    """Return what a field of a form may be, code to title; empty where it is free."""
    asked = definition.fields.get(name)
    if asked is None:
        return {}
    return binding_of(row.kind).choices(asked.choices_of) if asked.choices_of else asked.choices


def _see_form(row: Case, definition: CaseType, transition: Transition, given: Mapping[str, Any]) -> None:
    for name in transition.needed:
        if given.get(name) in (None, "", []):
            title = definition.fields[name].title
            raise Refused(f"请填写“{title}”", **{name: f"请填写{title}"})
    unknown = set(given) - set(transition.form) - {"result"}
    if unknown:
        raise Refused(f"“{transition.title}”不收这些内容：{'、'.join(sorted(unknown))}")
    for name, value in given.items():
        choices = choices_of(row, definition, name)
        if choices and value not in (None, "") and value not in choices:
            raise Refused(f"“{definition.fields[name].title}”没有这个选项", **{name: "请从列出的选项中选择"})
    if transition.effect is Effect.CLOSE and given.get("result") not in transition.results:
        allowed = "、".join(definition.results[one] for one in transition.results)
        raise Refused(f"请选择办理结果：{allowed}", result="请选择办理结果")


def _apply(row: Case, definition: CaseType, transition: Transition, given: Mapping[str, Any]) -> None:
    if transition.to is not None:
        row.state = transition.to
    effect = transition.effect
    if effect in NAMES_LEAD:
        row.lead_id, row.handler_id = int(given["lead"]), None
        row.mode = Case.Mode.TRANSFERRED if effect is Effect.TRANSFER else Case.Mode.ASSIGNED
        row.ruled = row.ruled or effect is Effect.RULE
    elif effect is Effect.DIVIDE:
        row.handler_id = int(given["handler"])
    elif effect in (Effect.RETURN, Effect.RECALL):
        row.returns += effect is Effect.RETURN
        row.lead_id, row.handler_id, row.mode = binding_of(row.kind).hub(row.place_code), None, Case.Mode.HUB
    elif effect is Effect.STEP:
        row.step = next_step(row, definition) or row.step
    elif effect is Effect.CLOSE:
        row.result, row.closed_at = given["result"], current_act().moment
    elif effect is Effect.REOPEN:
        row.result, row.closed_at = "", None


def _kept(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an event keeps of a form: plain values, days as text."""
    return {name: value if isinstance(value, (int, str, bool, list)) else str(value) for name, value in given.items() if value not in (None, "")}  # fmt: skip


def _shown(transition: Transition, definition: CaseType, row: Case, given: Mapping[str, Any]) -> str:
    """Return what the firm reads of an act: the type's sentence with the fields that it names, titles for codes."""
    if not transition.shown:
        return ""
    words = {"lead": row.lead.name, "step": definition.steps.get(row.step, ""), "number": row.number}
    for name, value in given.items():
        words.setdefault(name, choices_of(row, definition, name).get(value, str(value)))
    for name, fact in binding_of(row.kind).facts(row).items():
        words.setdefault(name, choices_of(row, definition, name).get(fact, fact))
    words["result"] = definition.results.get(row.result or str(given.get("result", "")), "")
    shown = transition.shown
    for name, value in words.items():
        shown = shown.replace("{" + name + "}", value)
    return shown


def _close_children(row: Case, closing: CaseEvent) -> None:
    """Close what is merged into a case with the case's own result, each with its own event, clocks and right to rate."""
    act = current_act()
    for child in Case.objects.select_for_update().filter(merged_into=row, closed_at=None).order_by("pk"):
        clock_rows.stop(child)
        child.state, child.result, child.closed_at, child.due_at = row.state, row.result, act.moment, None
        record(
            child, "closed_with_main", title="随主件办结", who=Standing("system"), shown=closing.shown,
            facts={"main": row.number, "result": row.result},
        )  # fmt: skip
