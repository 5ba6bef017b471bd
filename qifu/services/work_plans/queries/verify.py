"""Whether the living plan holds together: every rule that the actions keep, asked of the tables again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from qifu.registers.divisions import queries as divisions
from qifu.services.work_plans.models import (
    Assignment,
    AssignmentUnit,
    Event,
    Evidence,
    Milestone,
    Plan,
    PlanItem,
    Precedence,
)
from qifu.services.work_plans.status import EVENT_TITLES, EventKind, Happening, State, after, may_happen

FOLLOWED = ("indicator", "task", "action")
CHUNK = 1000


def faults() -> Iterator[str]:
    """Yield, in Chinese, each place where tables and rules disagree; nothing when all is well."""
    pks = list(Assignment.objects.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(pks), CHUNK):
        yield from _of_rows(pks[start : start + CHUNK])
    yield from _of_plans()
    yield from _of_order()


def named(row: Assignment) -> str:
    """Return an assignment as a person finds it."""
    place = divisions.names([row.place_code]).get(row.place_code, row.place_code)
    return f"{PlanItem.Kind(row.kind).label}第{row.number}项（{place}，编号 {row.pk}）"


def _of_rows(pks: list[int]) -> Iterator[str]:
    events: defaultdict[int, list[Event]] = defaultdict(list)
    for event in Event.objects.filter(assignment__in=pks).order_by("assignment", "seq"):
        events[event.assignment_id].append(event)
    proofs = _pairs(Evidence.objects.filter(event__assignment__in=pks), "event__assignment_id", "event__seq")
    units = _pairs(AssignmentUnit.objects.filter(assignment__in=pks), "assignment_id", "organisation_id")
    reached = _pairs(
        Milestone.objects.filter(assignment__in=pks, reached_on__isnull=False), "assignment_id", "pk"
    )
    rows = Assignment.objects.filter(pk__in=pks).select_related("parent", "item", "plan").order_by("pk")
    for row in rows:
        found = [
            *_of_events(row, events[row.pk]),
            *_of_closing(events[row.pk], proofs[row.pk]),
            *_of_place(row),
        ]
        if row.lead_id is not None and row.lead_id not in units[row.pk]:
            found.append("牵头单位不在参与单位中")
        steps = sum(event.kind == EventKind.MILESTONE_REACHED for event in events[row.pk])
        if steps != len(reached[row.pk]):
            found.append(f"完成的节点 {len(reached[row.pk])} 个，记录有 {steps} 条")
        yield from (f"{named(row)}：{fault}" for fault in found)


def _pairs(rows: Any, first: str, second: str) -> defaultdict[int, list[int]]:
    found: defaultdict[int, list[int]] = defaultdict(list)
    for one, other in rows.values_list(first, second):
        found[one].append(other)
    return found


def _of_events(row: Assignment, events: list[Event]) -> Iterator[str]:
    """Numbers without gaps, one opening at the start, each event possible in its phase, the row as they leave it."""
    if [event.seq for event in events] != list(range(1, row.last_seq + 1)):
        yield f"推进记录的次序不连续，应为 1 至 {row.last_seq}"
    opened = [event.seq for event in events if event.kind == EventKind.OPENED]
    if opened != [1]:
        yield "第一条记录不是“建立事项”，或有多条"
    state, asked, answered = State(), set(), set()
    for event in events:
        kind = EventKind(event.kind)
        if not may_happen(state.phase, kind):
            yield f"第 {event.seq} 条“{EVENT_TITLES[kind]}”不能发生在当时的阶段（{state.phase}）"
        state = after(state, Happening(kind, event.at, event.by_id, event.facts))
        if kind == EventKind.ASKED:
            asked.add(event.pk)
        elif kind == EventKind.ANSWERED:
            answered.add(event.answers_id)
    if answered - asked:
        yield "有答复不对应本事项的提问"
    for name in (one.name for one in fields(State)):
        if getattr(row, name) != getattr(state, name):
            yield f"“{name}”为 {getattr(row, name)}，按推进记录应为 {getattr(state, name)}"


def _of_closing(events: list[Event], proofs: list[int]) -> Iterator[str]:
    """Closed by a second person, with evidence since the work was opened or last reopened."""
    reopened, request = 0, None
    for event in events:
        if event.kind == EventKind.REOPENED:
            reopened = event.seq
        elif event.kind == EventKind.SUBMITTED:
            request = event
            if not any(reopened < seq <= event.seq for seq in proofs):
                yield f"第 {event.seq} 条申请销号没有佐证材料"
        elif event.kind == EventKind.CLOSED and request is not None:
            first = {request.by_id, request.facts.get("on_behalf_of")} - {None}
            if event.by_id is None or first & {event.by_id, event.facts.get("on_behalf_of")}:
                yield f"第 {event.seq} 条销号不是第二人核定"


def _of_place(row: Assignment) -> Iterator[str]:
    parent, item = row.parent, row.item
    if parent is not None:
        same = all(
            getattr(row, name) == getattr(parent, name)
            for name in ("plan_id", "kind", "number", "occurrence")
        )
        if not same:
            yield "与上级事项不是同一项"
        if row.place_code not in divisions.subtree(parent.place_code) - {parent.place_code}:
            yield "所在地区不在上级事项的地区之下"
    elif row.place_code != row.plan.place_code:
        yield "没有上级事项，却不在发文地区"
    if item is not None and (item.revision_id, item.kind, item.number) != (
        row.plan.revision_id,
        row.kind,
        row.number,
    ):
        yield "所对应的不是现行版本中的同一项"


def _of_plans() -> Iterator[str]:
    """Every item of a version in force that is followed has its assignment at the plan's place."""
    for plan in Plan.objects.filter(revision__isnull=False):
        items = PlanItem.objects.filter(plan=plan, revision=plan.revision, kind__in=FOLLOWED)
        wanted = set(items.exclude(standing=PlanItem.Standing.HELD).values_list("pk", flat=True))
        there = Assignment.objects.filter(plan=plan, parent=None, item__isnull=False)
        absent = wanted - set(there.values_list("item_id", flat=True))
        for item in items.filter(pk__in=absent):
            yield f"《{plan.title}》{PlanItem.Kind(item.kind).label}第{item.number}项没有落实事项"


def _of_order() -> Iterator[str]:
    """The order between assignments stays within a plan and never runs in a circle."""
    after_of: defaultdict[int, set[int]] = defaultdict(set)
    waits: dict[int, int] = defaultdict(int)
    for link in Precedence.objects.select_related("before", "after"):
        if link.before.plan_id != link.after.plan_id:
            yield f"{named(link.after)}：先后关系跨了两份工作要点"
        after_of[link.before_id].add(link.after_id)
        waits[link.before_id] += 0
        waits[link.after_id] += 1
    free = [pk for pk, count in waits.items() if not count]
    while free:
        pk = free.pop()
        del waits[pk]
        for then in after_of[pk]:
            waits[then] -= 1
            if not waits[then]:
                free.append(then)
    if waits:
        rows = Assignment.objects.filter(pk__in=waits).order_by("pk")[:5]
        yield f"先后关系成环：{'、'.join(row.title for row in rows)}"
