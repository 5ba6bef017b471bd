"""From a version of a plan to work: an assignment for each indicator, task and action, kept through later versions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from qifu.foundation.access import Actor
from qifu.foundation.action import action, current_act
from qifu.foundation.notices import finish_to_dos, notify
from qifu.registers.organisations.models import Organisation
from qifu.registers.organisations.queries import expansion
from qifu.services.work_plans.actions.record import link_to, prepare, record_many
from qifu.services.work_plans.actions.remind import schedule_reminders
from qifu.services.work_plans.models import Assignment, AssignmentUnit, Event, Plan, PlanItem, PlanUnit
from qifu.services.work_plans.queries.recipients import officers_of
from qifu.services.work_plans.status import EventKind

FOLLOWED = (PlanItem.Kind.INDICATOR, PlanItem.Kind.TASK, PlanItem.Kind.ACTION)
"""What is followed. Duties stated in the body repeat tasks or have no measure of their own; they stay to be read."""

_Key = tuple[str, int, int]


@dataclass(frozen=True)
class _Unit:
    """A unit's part as the document has it; `expanded_from` names the generic unit that a rule made it of."""

    name: str
    role: str
    organisation_id: int | None
    generic: bool
    expanded_from: str = ""

    @property
    def key(self) -> tuple[str, int | None]:
        return (self.expanded_from or self.name, self.organisation_id)

    def row(self, assignment: Assignment, order: int) -> AssignmentUnit:
        return AssignmentUnit(
            assignment=assignment, order=order, organisation_id=self.organisation_id, name=self.name,
            role=self.role, generic=self.generic, expanded_from=self.expanded_from,
        )  # fmt: skip


def sync_work(plan: Plan) -> None:
    """Bring the assignments of a plan in line with its version in force, inside the act that changed it.

    New items are opened; what stands already keeps all that people decided and is told what the document changed;
    an item that the version no longer has loses its place among the current ones but none of its history.
    """
    items = _items(plan)
    standing: defaultdict[_Key, list[Assignment]] = defaultdict(list)
    for row in Assignment.objects.select_for_update().filter(plan=plan).order_by("pk"):
        standing[(row.kind, row.number, row.occurrence)].append(row)
    fresh = {
        key: item
        for key, item in items.items()
        if key not in standing and item.standing != PlanItem.Standing.HELD
    }
    units = _units_of(plan, items.values())
    opened = _open(plan, fresh, units)
    changed = _follow(plan, standing, items, units)
    schedule_reminders()
    current_act().note(opened=opened, followed=changed)


def _items(plan: Plan) -> dict[_Key, PlanItem]:
    if plan.revision_id is None:
        return {}
    counted: defaultdict[tuple[str, int], int] = defaultdict(int)
    found: dict[_Key, PlanItem] = {}
    rows = PlanItem.objects.filter(plan=plan, revision_id=plan.revision_id, kind__in=FOLLOWED)
    for item in rows.order_by("order").prefetch_related("units"):
        counted[(item.kind, item.number)] += 1
        found[(item.kind, item.number, counted[(item.kind, item.number)])] = item
    return found


def _units_of(plan: Plan, items: Iterable[PlanItem]) -> dict[int, list[_Unit]]:
    """The parts of units by item: each organisation once, generic ones expanded where a rule was approved."""
    day = timezone.localdate(current_act().at)
    rules: dict[str, tuple[Organisation, ...] | None] = {}
    found: dict[int, list[_Unit]] = {}
    for item in items:
        parts: dict[Any, _Unit] = {}
        for unit in item.units.all():
            for part in _parts(unit, plan.place_code, day, rules):
                parts.setdefault(part.organisation_id or part.name, part)
        found[item.pk] = list(parts.values())
    return found


def _parts(
    unit: PlanUnit, place_code: str, day: date, rules: dict[str, tuple[Organisation, ...] | None]
) -> list[_Unit]:
    if unit.kind != PlanUnit.Kind.GENERIC:
        return [_Unit(unit.name, unit.role, unit.organisation_id, generic=False)]
    if unit.name not in rules:
        rules[unit.name] = expansion(unit.name, place_code, day)
    members = rules[unit.name]
    if not members:
        return [_Unit(unit.name, unit.role, None, generic=True)]
    return [_Unit(one.name, unit.role, one.pk, False, unit.name) for one in members]


def proposed_lead(units: Sequence[_Unit]) -> int | None:
    """Return the unit to propose as lead: one named as lead, else the first registered one that is named itself."""
    named = [one for one in units if one.organisation_id is not None and not one.expanded_from]
    leads = [one for one in named if one.role == PlanUnit.Role.LEAD]
    others = [one for one in named if one.role == PlanUnit.Role.RESPONSIBLE]
    first = next(iter(leads or others), None)
    return first.organisation_id if first else None


def _open(plan: Plan, items: dict[_Key, PlanItem], units: dict[int, list[_Unit]]) -> int:
    rows, events, parts = [], [], []
    for (kind, number, occurrence), item in items.items():
        row = Assignment(
            plan=plan, kind=kind, number=number, occurrence=occurrence, place_code=plan.place_code, item=item,
            order=item.order, title=item.title,
        )  # fmt: skip
        rows.append(row)
        due = item.due_on.isoformat() if item.due_on else None
        events.append(prepare(row, EventKind.OPENED, facts={"due_on": due, "plan_due_on": due}))
        lead = proposed_lead(units[item.pk])
        if lead is not None:
            events.append(_propose(row, lead, units[item.pk]))
        parts += [unit.row(row, order) for order, unit in enumerate(units[item.pk], start=1)]
    insert(rows, events, parts)
    return len(rows)


def insert(rows: list[Assignment], events: list[Event], parts: list[AssignmentUnit]) -> None:
    """Save new rows with the events prepared for them and their units."""
    Assignment.objects.bulk_create(rows, batch_size=300)
    Event.objects.bulk_create(events, batch_size=500)
    AssignmentUnit.objects.bulk_create(parts, batch_size=500)


def _propose(row: Assignment, lead: int | None, units: Sequence[_Unit]) -> Event:
    name = next((one.name for one in units if one.organisation_id == lead), "")
    return prepare(row, EventKind.LEAD_PROPOSED, facts={"lead": lead, "lead_name": name})


def _follow(
    plan: Plan,
    standing: dict[_Key, list[Assignment]],
    items: dict[_Key, PlanItem],
    units: dict[int, list[_Unit]],
) -> int:
    events: list[Event] = []
    rows = [row for key in standing for row in standing[key]]
    kept: defaultdict[int, list[AssignmentUnit]] = defaultdict(list)
    for unit in AssignmentUnit.objects.filter(assignment__in=rows):
        kept[unit.assignment_id].append(unit)
    for key, places in standing.items():
        for row in places:
            item = items.get(key)
            if item is None:
                events += _dropped(row, withdrawn=plan.revision_id is None)
            else:
                events += _changed(plan, row, item, units[item.pk], kept[row.pk])
    told = {event.assignment.pk: event.assignment for event in events}
    relinked = [row for row in rows if row.pk not in told]
    Assignment.objects.bulk_update(relinked, ["item", "order"], batch_size=300)
    record_many(events, extra=("item", "order", "title"))
    _tell_leads(plan, told.values())
    return len(told)


def _dropped(row: Assignment, *, withdrawn: bool) -> list[Event]:
    if row.item_id is None:
        return []
    row.item = None
    finish_to_dos(row, at=current_act().at)
    return [prepare(row, EventKind.PLAN_CHANGED, facts={"standing": "withdrawn" if withdrawn else "dropped"})]


def _changed(
    plan: Plan, row: Assignment, item: PlanItem, wanted: list[_Unit], kept: list[AssignmentUnit]
) -> list[Event]:
    """Relink a row; report title, deadline and units that the document changed, with the values before."""
    facts: dict[str, Any] = {"standing": "returned"} if row.item_id is None else {}
    before: dict[str, Any] = {}
    row.item, row.order = item, item.order
    if row.title != item.title:
        before["title"], facts["title"] = row.title, item.title
        row.title = item.title
    if row.plan_due_on != item.due_on:
        before["plan_due_on"], facts["plan_due_on"] = _iso(row.plan_due_on), _iso(item.due_on)
        if row.due_on == row.plan_due_on:  # nobody decided otherwise
            before["due_on"], facts["due_on"] = _iso(row.due_on), _iso(item.due_on)
    is_root = row.parent_id is None
    if is_root:
        facts |= _sync_units(row, wanted, kept)
    if before:
        facts["before"] = before
    events = [prepare(row, EventKind.PLAN_CHANGED, facts=facts)] if facts else []
    lead = proposed_lead(wanted)
    if is_root and row.lead_state != Assignment.LeadState.CONFIRMED and lead != row.lead_id:
        events.append(_propose(row, lead, wanted))
    return events


def _sync_units(row: Assignment, wanted: list[_Unit], kept: list[AssignmentUnit]) -> dict[str, list[str]]:
    """Add the units that the document added, take out those it dropped; what people added or expanded stays."""
    wording = {one.expanded_from or one.name for one in wanted}
    sources = {unit.expanded_from for unit in kept if unit.expanded_from}
    fresh = [
        one
        for one in wanted
        if (one.expanded_from or one.name) not in sources and not any(_same(one, unit) for unit in kept)
    ]
    gone = []
    for unit in kept:
        named = any(_same(one, unit) for one in wanted)
        if unit.added and named:
            unit.added = False  # the document names it now
            unit.save()
        elif not unit.added and not named and unit.expanded_from not in wording:
            gone.append(unit)
    confirmed = row.lead_id if row.lead_state == Assignment.LeadState.CONFIRMED else None
    for unit in gone:
        if unit.organisation_id is not None and unit.organisation_id == confirmed:
            unit.added = True  # decided by a person: stays, now outside the document
            unit.save()
        else:
            unit.delete()
    order = max((unit.order for unit in kept), default=0)
    AssignmentUnit.objects.bulk_create(
        [one.row(row, order + step) for step, one in enumerate(fresh, start=1)]
    )
    facts = {"units_added": [one.name for one in fresh], "units_removed": [unit.name for unit in gone]}
    return {name: value for name, value in facts.items() if value}


def _same(one: _Unit, unit: AssignmentUnit) -> bool:
    if one.organisation_id is not None or unit.organisation_id is not None:
        return one.organisation_id == unit.organisation_id
    return one.name == unit.name


def _tell_leads(plan: Plan, rows: Iterable[Assignment]) -> None:
    confirmed = [row for row in rows if row.lead_state == Assignment.LeadState.CONFIRMED]
    people = officers_of([row.lead_id for row in confirmed], current_act().at)
    for row in confirmed:
        words = "不再列入" if row.item_id is None else "有更正"
        notify(
            people.get(row.lead_id or 0, ()), title=f"《{plan.title[:60]}》中“{row.title[:80]}”{words}", link=link_to(row)
        )  # fmt: skip


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


@action("work_plans.open_work", title="建立落实事项", permission="work_plans.load")
def open_work(*, by: Actor, at: datetime) -> int:
    """Open the work of plans in force that have none yet (published before work was followed); return how many."""
    waiting = Plan.objects.filter(revision__isnull=False).exclude(pk__in=Assignment.objects.values("plan_id"))
    plans = list(waiting)
    for plan in plans:
        sync_work(plan)
    schedule_reminders()
    current_act().note(plans=len(plans))
    return len(plans)
