"""The service's side of the casework engine: facts, choices, guards, the hub of a place, whom to tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qifu.engines.casework.binding import Binding
from qifu.engines.casework.case_type import Transition
from qifu.engines.casework.models import Case, CaseEvent
from qifu.foundation.action import current_act
from qifu.registers.organisations.hubs import hub_of
from qifu.services.enterprise_problems import guards, telling
from qifu.services.enterprise_problems.lists import choices
from qifu.services.enterprise_problems.models import Problem

KIND = "enterprise_problem"
ROLES = ("hub", "upper_hub", "lead", "co_handler", "callback", "reporter")
FILLED = ("board", "topic", "scope", "difficulty", "reason_code", "statutory_channel", "reply")


def facts(case: Case) -> Mapping[str, str]:
    """Return what `when`, limits and sentences of the case type may ask of a problem."""
    return Problem.objects.values(*FILLED).get(pk=case.pk)


def fill(case: Case, transition: Transition, given: Mapping[str, Any]) -> None:
    """Keep on the problem what a form said about it."""
    said = {name: given[name] for name in FILLED if given.get(name) not in (None, "")}
    if guards.ANSWERS in transition.guards:
        said |= {"drafted_result": given["result"], "drafted_by": current_act().by.id}
    if said:
        Problem.objects.filter(pk=case.pk).update(**said)


def happened(event: CaseEvent, transition: Transition | None) -> None:
    """Tell those whom the transition names."""
    telling.tell(event, transition)


BINDING = Binding(
    kind=KIND,
    title="涉企问题",
    permissions={role: f"enterprise_problems.as_{role}" for role in ROLES},
    facts=facts,
    hub=hub_of,
    fact_names=FILLED,
    choices=choices,
    fill=fill,
    happened=happened,
    clock_near=telling.clock_near,
    clock_over=telling.clock_over,
    guards=guards.GUARDS,
)
