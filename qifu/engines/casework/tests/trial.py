"""A small service of the engine's tests: the general case type of the province under a kind of its own, and its people.

What a service keeps beside a case (classes, the draft) is read from the events here, so there is no table to make.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.conf import settings

from qifu.engines.casework import binding
from qifu.engines.casework.binding import Binding, bind
from qifu.engines.casework.case_type_file import read_case_type
from qifu.engines.casework.definitions import forget
from qifu.engines.casework.models import Case, CaseEvent
from qifu.engines.casework.moves import move, new_case, opened
from qifu.engines.casework.publish import publish_case_type
from qifu.engines.casework.record import Standing
from qifu.foundation.access import (
    ANYONE,
    ANYWHERE,
    SIGNED_IN,
    SYSTEM,
    Actor,
    Grant,
    Permission,
    declare_permissions,
    declare_roles,
)
from qifu.foundation.action import action, current_act
from qifu.registers.organisations.models import Organisation
from qifu.registers.people.models import Person

KIND = "trial"
COUNTY, CITY, PROVINCE = "330109", "330100", "330000"
T = TypeVar("T")

declare_roles({"trial_hub": "测试中枢", "trial_unit": "测试单位", "trial_callback": "测试回访"})
declare_permissions(
    Permission("trial.as_hub", "测试中枢", {"trial_hub": ("own_place",)}),
    Permission("trial.as_upper_hub", "测试上级中枢", {"trial_hub": ("below_place", "raised_here")}),
    Permission("trial.as_lead", "测试主办", {"trial_unit": ("leads",), "trial_hub": ("leads",)}),
    Permission("trial.as_co_handler", "测试协办", {"trial_unit": ("takes_part",)}),
    Permission("trial.as_callback", "测试回访岗", {"trial_callback": ("below_place",)}),
    Permission("trial.as_reporter", "测试反映人", {SIGNED_IN: ("reporter",)}),
    Permission("test.casework", "测试办理", {ANYONE: (ANYWHERE,)}),
)

HUB, UPPER, CALLBACK = (Actor("person", number, f"第{number}人（模拟）") for number in (1, 2, 3))
UNIT_A, UNIT_A2, UNIT_B, UNIT_B2 = (
    Actor("person", number, f"第{number}人（模拟）") for number in (4, 5, 6, 7)
)
STAFF = (HUB, UPPER, CALLBACK, UNIT_A, UNIT_A2, UNIT_B, UNIT_B2)


def reporter(number: int) -> Actor:
    """Return the person who reported something; each number is another person."""
    return Actor("person", 100 + number, f"反映人{number}（模拟）")


@dataclass(frozen=True)
class World:
    """The units of the trial: hub of the county, hub of the city, two departments; the case type's definition."""

    hub: int
    upper: int
    unit_a: int
    unit_b: int
    handler: int

    def grants(self, actor_id: int, at: datetime) -> Iterable[Grant]:
        """Return what the people of the trial hold: this is their Authority."""
        both = frozenset({COUNTY, CITY})
        held = {
            HUB.id: Grant("trial_hub", HUB.id, self.hub, COUNTY, frozenset({COUNTY})),
            UPPER.id: Grant("trial_hub", UPPER.id, self.upper, CITY, both),
            CALLBACK.id: Grant("trial_callback", CALLBACK.id, self.upper, CITY, both),
        }
        for one, unit in ((UNIT_A, self.unit_a), (UNIT_A2, self.unit_a), (UNIT_B, self.unit_b), (UNIT_B2, self.unit_b)):  # fmt: skip
            held[one.id] = Grant("trial_unit", one.id, unit, COUNTY, frozenset({COUNTY}))
        return [held[actor_id]] if actor_id in held else []

    def people_of(self, unit: int) -> tuple[Actor, Actor]:
        """Return two people by whom a lead unit acts; the hub has but one, and is given twice."""
        named = {self.unit_a: (UNIT_A, UNIT_A2), self.unit_b: (UNIT_B, UNIT_B2), self.hub: (HUB, HUB)}
        return named.get(unit, (UPPER, UPPER))


@action("test.casework", title="测试办理", permission="test.casework")
def run(*, body: Callable[[], Any], by: Actor, at: datetime) -> Any:
    """Run `body` as an act."""
    return body()


def do(body: Callable[[], T], *, by: Actor, at: datetime) -> T:
    """Run `body` as an act of somebody and return what it returns."""
    result: T = run(body=body, by=by, at=at)
    return result


def document(key: str = KIND) -> bytes:
    """Return the province's general case type under the kind of the trial."""
    text = (settings.PROVINCE_DIR / "enterprise_problems" / "standard.yaml").read_text(encoding="utf-8")
    return text.replace("\nkey: enterprise_problem\n", f"\nkey: {key}\n").replace("\nkind: enterprise_problem\n", f"\nkind: {KIND}\n").encode()  # fmt: skip


def prepare(at: datetime) -> World:
    """Bind the kind, publish the case type, make the units; return them."""
    forget()
    binding._bindings.pop(KIND, None)
    world = do(_ground, by=SYSTEM, at=at)
    bind(_binding(world))
    publish_case_type(by=SYSTEM, at=at, document=document(), where="trial.yaml")
    return world


def _ground() -> World:
    made = []
    for code, place in (("hub", COUNTY), ("upper", CITY), ("unit_a", COUNTY), ("unit_b", COUNTY)):
        unit = Organisation(
            code=f"{place}.trial_{code}", name=f"模拟{code}", full_name=f"模拟{code}", kind="government_department",
            level="county", place_code=place,
        )  # fmt: skip
        unit.save()
        made.append(unit.pk)
    handler = Person(username="trial_handler", name="模拟经办", password="!", created_at=current_act().at)
    handler.save()
    return World(*made, handler.pk)


def open_case(
    number: int = 1, *, at: datetime, complained: int | None = None, lead: int, title: str = "模拟事务"
) -> Case:
    """Open a case of that reporter in the county."""

    def body() -> Case:
        case = new_case(
            kind=KIND, type_key=KIND, place_code=COUNTY, title=title, lead_id=lead, reporter_id=reporter(number).id,
            complained_id=complained,
        )  # fmt: skip
        opened(case, who=Standing("reporter"), shown="已收到")
        return case

    return do(body, by=reporter(number), at=at)


FACTS = ("board", "topic", "scope", "difficulty", "reason_code", "statutory_channel", "reply")
CHOICES = {
    "boards": {"one": "板块一"}, "topics": {"one": "事由一"}, "exclusion_reasons": {"one": "原因一"},
    "statutory_channels": {"one": "渠道一"},
}  # fmt: skip


def _facts(case: Case) -> Mapping[str, str]:
    found = dict.fromkeys(FACTS, "")
    for said in case.events.order_by("seq").values_list("facts", flat=True):
        found |= {name: str(said[name]) for name in FACTS if name in said}
    return found


def _drafted(case: Case) -> CaseEvent | None:
    return case.events.filter(kind="draft").order_by("-seq").first()


def _another_than_drafter(case: Case, given: Mapping[str, Any]) -> str | None:
    last = _drafted(case)
    same = last is not None and last.by_id == current_act().by.id
    return "拟稿人不能审核、签发自己的答复" if same else None


def _as_drafted(case: Case, given: Mapping[str, Any]) -> str | None:
    last = _drafted(case)
    return (
        None if last is not None and last.facts["result"] == given["result"] else "办理结果与签发的答复不一致"
    )


def _no_open_co_handling(case: Case, given: Mapping[str, Any]) -> str | None:
    waiting = case.parts.filter(kind="co_handler", answered_at=None, withdrawn_at=None).exists()
    return "协办意见还没有回复" if waiting else None


def _meeting_step_reached(case: Case, given: Mapping[str, Any]) -> str | None:
    return None if case.step == "meeting" else "请先提升办理层次"


def _nothing(case: Case, given: Mapping[str, Any]) -> str | None:
    return None


GUARDS: dict[str, binding.Guard] = {
    "another_than_drafter": _another_than_drafter, "result_as_drafted": _as_drafted, "result_as_closed": _as_drafted,
    "no_open_co_handling": _no_open_co_handling, "meeting_step_reached": _meeting_step_reached,
}  # fmt: skip


def _guards() -> dict[str, binding.Guard]:
    """Return a guard for every name in the case type: those above, and for the rest one that never refuses."""
    content = read_case_type(document(), where="trial.yaml").content
    named = {name for one in content["transitions"].values() for name in one.get("guards") or ()}
    return {name: GUARDS.get(name, _nothing) for name in named}


def _binding(world: World) -> Binding:
    return Binding(
        kind=KIND, title="测试事务",
        permissions={role: f"trial.as_{role}" for role in ("hub", "upper_hub", "lead", "co_handler", "callback", "reporter")},
        facts=_facts, fact_names=FACTS, hub=lambda place: world.hub if place == COUNTY else world.upper,
        choices=lambda name: CHOICES.get(name, {}), guards=_guards(),
    )  # fmt: skip


def walk(case: Case, steps: Iterable[tuple[str, Actor, Mapping[str, Any]]], *, at: datetime) -> Case:
    """Do transitions one after another; return the case as it stands then."""
    for name, by, form in steps:
        do(lambda name=name, form=form: move(case, name, form=form), by=by, at=at)  # type: ignore[misc]
    return Case.objects.get(pk=case.pk)
