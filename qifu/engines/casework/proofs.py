"""What must hold of a case type before it is published: names, forms, effects here; the search over positions in `search_proofs`.

Pure. Every fault is collected, each with the place in the file where it is to be mended, in words for an official.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from qifu.engines.casework.case_type import NAMES_LEAD, CaseType, Effect, Transition, case_type
from qifu.engines.casework.machine import CLOCK_VALUES, MODES, OF_CLOCK, SYSTEM, Fault, Place, is_own_fact
from qifu.engines.casework.search_proofs import search_faults

OWN_FACTS = ("mode", "step", "clock_时限名")
"""The engine's own facts, as an official is told of them."""
BESIDE_ROLES = ("handler",)
"""Who may be told though it is no role: the person within the lead to whom a case was divided."""
OWN_WORDS = ("lead", "step", "number", "result")
"""Words that the engine itself can put into a sentence for the firm."""


@dataclass(frozen=True)
class Known:
    """What a service's binding offers to its case types: roles with a permission, guards, lists of choices, facts.

    `choices` names each list with its codes; `sources` are the rating sources that the engine can keep.
    """

    roles: Collection[str] = ()
    guards: Collection[str] = ()
    choices: Mapping[str, Collection[str]] = field(default_factory=dict)
    facts: Collection[str] = ()
    sources: Collection[str] = ()


def prove(content: Mapping[str, Any], known: Known) -> list[Fault]:
    """Return every fault of a case type (its content, whole and in shape), in the order of the file's parts; none if it holds."""
    faults = [*_names(content, known), *_unused(content)]
    definition = case_type(content)
    faults += _states(definition)
    faults += _fields(definition, known)
    faults += _clocks(definition, known)
    for transition in definition.transitions.values():
        faults += _transition(definition, transition, known)
    faults += _verbs(definition)
    faults += _rating(definition, known)
    known_states = all(name in content["states"] for _, name, pool in _uses(content) if pool == "states")
    if known_states and sum(state.initial for state in definition.states.values()) == 1:
        faults += search_faults(definition)
    return faults


# Names: whatever is used is declared, whatever is declared is used.

POOLS = {
    "states": "环节", "roles": "角色", "clocks": "时限", "fields": "表单项", "results": "结果", "transitions": "步骤",
    "guards": "条件", "choices": "选项清单",
}  # fmt: skip
OF_TRANSITION = {
    "by": "roles", "notify": "roles", "form": "fields", "optional": "fields", "results": "results", "starts": "clocks",
    "stops": "clocks", "pauses": "clocks", "resumes": "clocks", "guards": "guards", "from": "states",
}  # fmt: skip
OF_VERBS = {
    ("merge", "by"): "roles", ("merge", "states"): "states", ("co_handlers", "by"): "roles",
    ("co_handlers", "clock"): "clocks", ("extension", "clocks"): "clocks", ("extension", "asked_by"): "roles",
    ("extension", "approved_by"): "roles", ("pause", "clocks"): "clocks", ("pause", "asked_by"): "roles",
    ("pause", "approved_by"): "roles", ("escalation", "by"): "roles", ("escalation", "states"): "states",
    ("escalation", "clock"): "clocks",
}  # fmt: skip


def _uses(content: Mapping[str, Any]) -> Iterator[tuple[Place, str, str]]:
    """Yield each use of a name: where, the name, the pool in which it must stand."""

    def named(place: Place, value: Any, pool: str) -> Iterator[tuple[Place, str, str]]:
        if isinstance(value, str):
            yield place, value, pool
        for index, one in enumerate(value if isinstance(value, list) else ()):
            yield (*place, index), one, pool

    for name, one in content["states"].items():
        yield from named(("states", name, "starts"), one.get("starts"), "clocks")
    for name, one in content["fields"].items():
        yield from named(("fields", name, "choices_of"), one.get("choices_of"), "choices")
    for name, one in content["clocks"].items():
        yield from named(("clocks", name, "of"), one["of"], "roles")
    for name, one in content["transitions"].items():
        for key, pool in OF_TRANSITION.items():
            if key == "from" and one["from"] == ["open"]:
                continue
            yield from named(("transitions", name, key), one.get(key), pool)
        yield from named(("transitions", name, "to"), one.get("to"), "states")
    for (verb, key), pool in OF_VERBS.items():
        yield from named(("verbs", verb, key), ((content.get("verbs") or {}).get(verb) or {}).get(key), pool)
    for key in ("dissatisfied", "rework", "exempt"):
        yield from named(("rating", key), (content.get("rating") or {}).get(key), "transitions")


def _names(content: Mapping[str, Any], known: Known) -> Iterator[Fault]:
    pools: dict[str, Collection[str]] = {pool: content[pool] for pool in POOLS if pool in content}
    pools |= {"guards": known.guards, "choices": known.choices}
    for place, name, pool in _uses(content):
        if name in pools[pool] or (place[2:3] == ("notify",) and name in BESIDE_ROLES):
            continue
        near = difflib.get_close_matches(name, list(pools[pool]), 1)
        remedy = f"是否为“{near[0]}”" if near else f"请在 {pool} 中写明，或删去"
        if pool in ("guards", "choices"):
            remedy = f"是否为“{near[0]}”" if near else f"可用：{'、'.join(sorted(pools[pool])) or '（没有）'}"
        yield Fault(place, f"{POOLS[pool]}“{name}”没有定义", remedy)
    for role in content["roles"]:
        if role != SYSTEM and role not in known.roles:
            yield Fault(
                ("roles", role),
                f"角色“{role}”没有对应的权限，谁也担任不了",
                f"可用：{'、'.join(known.roles)}",
            )


def _unused(content: Mapping[str, Any]) -> Iterator[Fault]:
    used: dict[str, set[str]] = {pool: set() for pool in POOLS}
    for _, name, pool in _uses(content):
        used[pool].add(name)
    for pool in ("roles", "fields", "results"):
        for name in content[pool]:
            if name not in used[pool]:
                yield Fault(
                    (pool, name), f"{POOLS[pool]}“{name}”没有任何步骤用到", "请删去，或写进用到它的步骤"
                )


# States, fields, clocks.


def _states(definition: CaseType) -> Iterator[Fault]:
    initial = [state.name for state in definition.states.values() if state.initial]
    if not initial:
        yield Fault(("states",), "没有起始环节", "请给一个环节写 initial: true")
    for name in initial[1:]:
        yield Fault(
            ("states", name, "initial"), f"起始环节不止一个：{'、'.join(initial)}", "只留一个 initial: true"
        )
    for state in definition.states.values():
        if state.initial and state.final:
            yield Fault(("states", state.name, "final"), "起始环节不能同时是终结环节", "请去掉其中一个")
        if state.starts and not state.initial:
            yield Fault(
                ("states", state.name, "starts"), "只有起始环节写 starts", "请写到进入这个环节的步骤里"
            )
    if not any(state.final for state in definition.states.values()):
        yield Fault(("states",), "没有终结环节，办不完", "请给一个环节写 final: true")


def _fields(definition: CaseType, known: Known) -> Iterator[Fault]:
    for one in definition.fields.values():
        place = ("fields", one.name)
        listed = bool(one.choices) + bool(one.choices_of)
        if one.kind == "choice" and listed != 1:
            yield Fault(
                place, f"“{one.title}”是选择项，应有且只有一份选项", "请写 choices 或 choices_of 中的一个"
            )
        if one.kind != "choice" and listed:
            yield Fault(place, f"“{one.title}”不是选择项，却写了选项", "请写 kind: choice，或删去选项")


def _values(definition: CaseType, known: Known, fact: str) -> Collection[str] | None:
    """Return the values that a fact can have, None where it is not a fact with known values."""
    if is_own_fact(fact):
        clock_known = fact.removeprefix(OF_CLOCK) in definition.clocks
        return {"mode": MODES, "step": tuple(definition.steps)}.get(
            fact, CLOCK_VALUES if clock_known else None
        )
    one = definition.fields.get(fact)
    if one is None or fact not in known.facts:
        return None
    return known.choices.get(one.choices_of, ()) if one.choices_of else one.choices


def _clocks(definition: CaseType, known: Known) -> Iterator[Fault]:
    for clock in definition.clocks.values():
        if clock.of == SYSTEM:
            yield Fault(("clocks", clock.name, "of"), f"时限“{clock.title}”不能由系统负责", "请写负责的角色")
        for fact, limits in clock.by.items():
            values = _values(definition, known, fact)
            if values is None:
                yield Fault(("clocks", clock.name, "by", fact), f"时限“{clock.title}”按“{fact}”区分，但没有这项事实", f"可用：{_listed(known.facts)}")  # fmt: skip
                continue
            for value in limits:
                if value not in values:
                    yield Fault(("clocks", clock.name, "by", fact, value), f"“{fact}”没有“{value}”这个值", f"可用：{_listed(values)}")  # fmt: skip


# Transitions: effects, forms, words.


def _transition(definition: CaseType, one: Transition, known: Known) -> Iterator[Fault]:
    place = ("transitions", one.name)
    yield from _closing(definition, one, place)
    yield from _effects(definition, one, place)
    if len(set(one.form)) < len(one.form):
        yield Fault((*place, "optional"), f"“{one.title}”同一项既必填又选填", "请只写一处")
    if one.automatic != (one.roles == (SYSTEM,)):
        yield Fault((*place, "by"), f"“{one.title}”：系统的步骤写 automatic: true 且 by: [system]，其他步骤都不写", "请改成一致")  # fmt: skip
    if not one.roles:
        yield Fault((*place, "by"), f"“{one.title}”没有写谁可以做", "请在 by 中写角色")
    if not one.from_states:
        yield Fault((*place, "from"), f"“{one.title}”没有写在哪个环节可以做", "请在 from 中写环节")
    for fact, values in one.when.items():
        possible = _values(definition, known, fact)
        if possible is None:
            yield Fault((*place, "when", fact), f"“{one.title}”的前提“{fact}”不是已知的事实", f"可用：{_listed([*OWN_FACTS, *known.facts])}")  # fmt: skip
            continue
        for index, value in enumerate(values):
            if value not in possible:
                yield Fault((*place, "when", fact, index), f"“{fact}”没有“{value}”这个值", f"可用：{_listed(possible)}")  # fmt: skip
    may_stand = {*OWN_WORDS, *one.needed, *known.facts}
    for word in re.findall(r"\{([^{}]*)\}", one.shown):
        if word in one.form and word not in may_stand:
            yield Fault((*place, "shown"), f"给企业看的话引用了选填的“{word}”，没填时会空着", "请把它改为必填，或换一句话")  # fmt: skip
        elif word not in may_stand:
            yield Fault((*place, "shown"), f"给企业看的话引用了“{word}”，这一步没有这项内容", f"可用：{_listed(sorted(may_stand))}")  # fmt: skip


def _closing(definition: CaseType, one: Transition, place: Place) -> Iterator[Fault]:
    """Closed if and only if final: into a final state by closing alone, out of it by reopening alone."""
    finals = {state.name for state in definition.states.values() if state.final}
    closes, reopens = one.effect is Effect.CLOSE, one.effect is Effect.REOPEN
    if closes and one.to not in finals:
        yield Fault(
            (*place, "to" if one.to else "effect"),
            f"“{one.title}”是办结，却没有到终结环节",
            "请把 to 写成终结环节",
        )
    if not closes and one.to in finals:
        yield Fault((*place, "to"), f"“{one.title}”到了终结环节，却不是办结", "请写 effect: close 和 results")
    if closes and not one.results:
        yield Fault(place, f"“{one.title}”办结时没有结果", "请在 results 中写可选的结果")
    if not closes and one.results:
        yield Fault(
            (*place, "results"), f"“{one.title}”不是办结，不应有结果", "请删去 results，或写 effect: close"
        )
    for key, clocks in (("starts", one.starts), ("pauses", one.pauses)):
        if closes and clocks:
            yield Fault((*place, key), f"“{one.title}”办结时不能再起算或暂停时限", f"请删去 {key}")
    leaves = [name for name in one.from_states if name in finals]
    if reopens and (not leaves or one.to is None or one.to in finals):
        yield Fault(
            (*place, "effect"), f"“{one.title}”是重新打开，应从终结环节到未终结的环节", "请改正 from 和 to"
        )
    if leaves and not reopens:
        yield Fault((*place, "from"), f"“{one.title}”离开终结环节“{definition.states[leaves[0]].title}”，却不是重新打开", "请写 effect: reopen，或从 from 中删去")  # fmt: skip
    offered = definition.fields["result"].choices if "result" in definition.fields else {}
    for index, result in enumerate(one.results):
        if "result" in one.form and result not in offered:
            yield Fault((*place, "results", index), f"表单项 result 没有“{result}”这个选项", "请加进选项，或从 results 中删去")  # fmt: skip


_NEEDS = {
    **dict.fromkeys(NAMES_LEAD, ("lead", "organisation")),
    Effect.DIVIDE: ("handler", "person"),
}


def _effects(definition: CaseType, one: Transition, place: Place) -> Iterator[Fault]:
    needs = _NEEDS.get(one.effect)
    if needs is not None:
        name, kind = needs
        asked = definition.fields.get(name)
        if name not in one.needed:
            yield Fault(
                (*place, "effect"), f"“{one.title}”没有问“{name}”，不知道交给谁", f"请在 form 中写 {name}"
            )
        elif asked is not None and asked.kind != kind:
            yield Fault(("fields", name, "kind"), f"“{asked.title}”应是 {kind}", f"请写 kind: {kind}")
    if one.effect is Effect.STEP and not definition.steps:
        yield Fault((*place, "effect"), f"“{one.title}”提升办理层次，但没有写层次", "请在 steps 中写明各层次")
    if one.effect is Effect.RETURN and not definition.most_returns:
        yield Fault((*place, "effect"), f"“{one.title}”是退回，但最多退回次数为零", "请写 most_returns")


# The engine's verbs and the rating.


def _verbs(definition: CaseType) -> Iterator[Fault]:
    verbs = definition.verbs
    for verb, states in (("merge", verbs.merge_states), ("escalation", verbs.escalate_states)):
        for index, name in enumerate(states):
            if name in definition.states and definition.states[name].final:
                yield Fault(("verbs", verb, "states", index), f"“{definition.states[name].title}”已终结，不能再合并或上报", "请删去这个环节")  # fmt: skip
    for verb, clock in (("co_handlers", verbs.co_handler_clock), ("escalation", verbs.escalation_clock)):
        for one in definition.transitions.values():
            for index, name in enumerate(one.starts):
                if clock and name == clock:
                    yield Fault(("transitions", one.name, "starts", index), f"时限“{name}”由{'协办' if verb == 'co_handlers' else '上报'}自行起止，不应由步骤起算", "请删去，或另写一个时限")  # fmt: skip
    if verbs.extension_clocks and not verbs.extension_times:
        yield Fault(
            ("verbs", "extension", "times"), "可以延期，最多次数却是零", "请写明次数，或删去 extension"
        )
    if set(verbs.extension_asked_by) & set(verbs.extension_approved_by):
        yield Fault(
            ("verbs", "extension", "approved_by"), "延期的申请人和批准人是同一角色", "请由另一角色批准"
        )
    if set(verbs.pause_asked_by) & set(verbs.pause_approved_by):
        yield Fault(("verbs", "pause", "approved_by"), "暂停的申请人和批准人是同一角色", "请由另一角色批准")
    if verbs.pause_clocks and not verbs.pause_reasons:
        yield Fault(("verbs", "pause", "reasons"), "可以暂停，却没有写任何事由", "请写明事由，或删去 pause")
    if verbs.extension_most is not None:
        for index, name in enumerate(verbs.extension_clocks):
            clock_type = definition.clocks.get(name)
            units = {limit.unit for limit in clock_type.limits()} if clock_type is not None else set()
            if units - {verbs.extension_most.unit} and clock_type is not None:
                yield Fault(("verbs", "extension", "clocks", index), f"时限“{clock_type.title}”与延期的计量单位不同", "请用同一种单位")  # fmt: skip


def _rating(definition: CaseType, known: Known) -> Iterator[Fault]:
    rule = definition.rating
    if rule is None:
        return
    for source in rule.sources:
        if source not in known.sources:
            yield Fault(
                ("rating", "sources", source), f"不认识评价主体“{source}”", f"可用：{_listed(known.sources)}"
            )
    if len(rule.levels) != 5:
        yield Fault(("rating", "levels"), f"评价应有五档，现有 {len(rule.levels)} 档", "请按一星到五星写五档")
    bad, rework, exempt = (
        definition.transitions.get(name) for name in (rule.dissatisfied, rule.rework, rule.exempt)
    )
    if bad is None or rework is None or exempt is None:
        return
    if bad.effect is not Effect.REOPEN or bad.roles != (SYSTEM,):
        yield Fault(("rating", "dissatisfied"), f"“{bad.title}”应由系统在办结后重新打开", "请写 effect: reopen 和 by: [system]")  # fmt: skip
    for key, one in (("rework", rework), ("exempt", exempt)):
        if bad.to not in one.from_states:
            yield Fault(("rating", key), f"不满意之后做不了“{one.title}”", f"请在它的 from 中写 {bad.to}")
    if rework.to is None or definition.states[rework.to].final if rework.to in definition.states else False:
        yield Fault(("rating", "rework"), f"“{rework.title}”没有回到办理", "请把它的 to 写成未终结的环节")
    if exempt.effect is not Effect.CLOSE or "signer" not in exempt.needed:
        yield Fault(("rating", "exempt"), f"“{exempt.title}”应是有人签批的办结", "请写 effect: close，并在 form 中写 signer")  # fmt: skip


def _listed(names: Collection[str]) -> str:
    return "、".join(names) or "（没有）"
