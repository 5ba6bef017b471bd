"""Who carries an assignment: its lead, the units that take part, and what a generic unit is made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action
from qifu.registers.organisations.models import Organisation
from qifu.registers.organisations.queries import expansion
from qifu.services.work_plans.actions.record import lock, own_grant, record, tell, tell_lead, worded
from qifu.services.work_plans.content import storable
from qifu.services.work_plans.models import Assignment, AssignmentUnit, PlanUnit
from qifu.services.work_plans.queries.recipients import officers_of
from qifu.services.work_plans.status import EventKind

MOST_MEMBERS = 200
_ORGANISE = "work_plans.organise_work"


@action(
    "work_plans.confirm_lead", title="确认牵头单位", permission="work_plans.confirm_lead", on="assignment"
)
def confirm_lead(
    *, assignment: Assignment, expected_seq: int | None = None, by: Actor, at: datetime
) -> Assignment:
    """Confirm the proposed lead; the office or the lead unit itself may."""
    row = lock(assignment, EventKind.LEAD_CONFIRMED, expected_seq=expected_seq)
    if row.lead_id is None:
        raise Refused("还没有拟定牵头单位，请先选择一个单位")
    if row.lead_state == Assignment.LeadState.CONFIRMED:
        raise Refused("牵头单位已经确认；如需更换，请用“更换牵头单位”")
    lead = Organisation.objects.get(pk=row.lead_id)
    record(
        row, EventKind.LEAD_CONFIRMED, facts={"lead": lead.pk, "lead_name": lead.name},
        grant=own_grant(row, "work_plans.confirm_lead"),
    )  # fmt: skip
    tell_lead(row, f"已确认由{lead.name}牵头：{row.title}")
    return row


@action("work_plans.change_lead", title="更换牵头单位", permission=_ORGANISE, on="assignment")
def change_lead(
    *, assignment: Assignment, organisation: int, reason: str, expected_seq: int | None = None, by: Actor, at: datetime
) -> Assignment:  # fmt: skip
    """Choose another lead and confirm it at once; a unit that did not take part yet is added. Refused without a reason."""
    row = lock(assignment, EventKind.LEAD_CONFIRMED, expected_seq=expected_seq)
    said = worded(reason, field="reason", what="更换的理由", most=500)
    lead = _standing([organisation])[0]
    if lead.pk == row.lead_id and row.lead_state == Assignment.LeadState.CONFIRMED:
        raise Refused(f"{lead.name}已经是牵头单位")
    before = row.lead_id
    if not row.units.filter(organisation=lead).exists():
        _add(row, [lead], role=PlanUnit.Role.RESPONSIBLE, added=True)
    facts = {"lead": lead.pk, "lead_name": lead.name, "before": before}
    record(row, EventKind.LEAD_CONFIRMED, text=said, facts=facts, grant=own_grant(row, _ORGANISE))
    people = officers_of([before], at).get(before or 0, ())
    tell_lead(row, f"改由{lead.name}牵头：{row.title}")
    tell(row, people, f"改由{lead.name}牵头：{row.title}")
    return row


@action("work_plans.add_unit", title="增加参与单位", permission=_ORGANISE, on="assignment")
def add_unit(
    *, assignment: Assignment, organisation: int, role: str, expected_seq: int | None = None, by: Actor, at: datetime
) -> Assignment:  # fmt: skip
    """Add a registered unit that the document does not name; `role` is responsible or cooperating."""
    row = lock(assignment, EventKind.UNITS_CHANGED, expected_seq=expected_seq)
    if role not in (PlanUnit.Role.RESPONSIBLE, PlanUnit.Role.COOPERATING):
        raise Refused("请选择责任或协同", role="请选择责任或协同；牵头单位请用“更换牵头单位”")
    unit = _standing([organisation])[0]
    if row.units.filter(organisation=unit).exists():
        raise Refused(f"{unit.name}已经参与这一项", organisation="这个单位已经在名单里")
    _add(row, [unit], role=role, added=True)
    record(row, EventKind.UNITS_CHANGED, facts={"added": [unit.name]}, grant=own_grant(row, _ORGANISE))
    tell(row, officers_of([unit.pk], at).get(unit.pk, ()), f"{unit.name}参与落实：{row.title}")
    return row


@action("work_plans.remove_unit", title="移出参与单位", permission=_ORGANISE, on="assignment")
def remove_unit(
    *, assignment: Assignment, unit: int, expected_seq: int | None = None, by: Actor, at: datetime
) -> Assignment:
    """Take out a unit that was added here; what the document names stays, and so does the lead."""
    row = lock(assignment, EventKind.UNITS_CHANGED, expected_seq=expected_seq)
    part = row.units.filter(pk=unit).first()
    if part is None:
        raise Refused("名单里没有这个单位，可能刚被移出，请刷新后再看")
    if not part.added:
        raise Refused(f"{part.name}是文件载明的单位，不能移出；文件有误请起草更正")
    if part.organisation_id == row.lead_id:
        raise Refused(f"{part.name}是牵头单位，请先更换牵头单位")
    record(row, EventKind.UNITS_CHANGED, facts={"removed": [part.name]}, grant=own_grant(row, _ORGANISE))
    part.delete()
    return row


@action("work_plans.expand_generic", title="分解泛指单位", permission=_ORGANISE, on="assignment")
def expand_generic(
    *, assignment: Assignment, unit_name: str, organisations: Sequence[int], expected_seq: int | None = None,
    by: Actor, at: datetime,
) -> Assignment:  # fmt: skip
    """Say which registered units a generic one is here; said again, the new choice replaces the one before."""
    row = lock(assignment, EventKind.UNITS_CHANGED, expected_seq=expected_seq)
    chosen = _standing(organisations)
    parts = [part for part in row.units.all() if unit_name in (_generic_name(part), part.expanded_from)]
    if not parts:
        raise Refused(f"名单里没有“{storable(unit_name)[:40]}”这个泛指单位，请刷新后再看")
    _expand(row, unit_name, parts, chosen)
    facts = {"generic": unit_name, "members": [one.name for one in chosen]}
    record(row, EventKind.UNITS_CHANGED, facts=facts, grant=own_grant(row, _ORGANISE))
    people = officers_of([one.pk for one in chosen], at)
    tell(
        row,
        [one for found in people.values() for one in found],
        f"{unit_name}（含贵单位）参与落实：{row.title}",
    )
    return row


@action("work_plans.apply_expansions", title="套用展开规则", permission=_ORGANISE, on="assignment")
def apply_expansions(
    *, assignment: Assignment, today: date, expected_seq: int | None = None, by: Actor, at: datetime
) -> Assignment:
    """Expand every generic unit of the assignment for which an approved rule counts today; Refused where none does."""
    row = lock(assignment, EventKind.UNITS_CHANGED, expected_seq=expected_seq)
    members: dict[str, list[str]] = {}
    for part in list(row.units.filter(generic=True)):
        chosen = expansion(part.name, row.place_code, today)
        if chosen:
            _expand(row, part.name, [part], list(chosen))
            members[part.name] = [one.name for one in chosen]
    if not members:
        raise Refused("没有可以套用的展开规则：请先在“单位”中批准，或直接选择单位")
    record(row, EventKind.UNITS_CHANGED, facts={"rules": members}, grant=own_grant(row, _ORGANISE))
    return row


def _generic_name(part: AssignmentUnit) -> str | None:
    return part.name if part.generic else None


def _expand(
    row: Assignment, name: str, parts: Sequence[AssignmentUnit], chosen: Sequence[Organisation]
) -> None:
    role, order = parts[0].role, min(part.order for part in parts)
    wanted = {one.pk for one in chosen}
    if row.lead_id in {part.organisation_id for part in parts} - wanted - {None}:
        raise Refused("牵头单位是由这个泛指单位分解出来的，不能漏选；请先更换牵头单位")
    AssignmentUnit.objects.filter(pk__in=[part.pk for part in parts]).exclude(
        organisation_id__in=wanted
    ).delete()
    there = set(row.units.exclude(organisation=None).values_list("organisation_id", flat=True))
    new = [one for one in chosen if one.pk not in there]
    if not new and not row.units.filter(expanded_from=name).exists():
        raise Refused("所选单位都已单独列名，请选择其他单位", organisations="所选单位都已在名单里")
    AssignmentUnit.objects.bulk_create(
        [
            AssignmentUnit(
                assignment=row, order=order, organisation=one, name=one.name, role=role, expanded_from=name
            )
            for one in new
        ]
    )


def _add(row: Assignment, chosen: Sequence[Organisation], *, role: str, added: bool) -> None:
    last = row.units.order_by("-order").first()
    first = (last.order if last else 0) + 1
    AssignmentUnit.objects.bulk_create(
        [
            AssignmentUnit(
                assignment=row, order=order, organisation=one, name=one.name, role=role, added=added
            )
            for order, one in enumerate(chosen, start=first)
        ]
    )


def _standing(chosen: Sequence[int]) -> list[Organisation]:
    """The registered organisations that were chosen, in order; Refused for none, too many, or one that is no more."""
    wanted = list(dict.fromkeys(chosen))
    if not wanted:
        raise Refused("请至少选择一个单位", organisations="请至少选择一个单位")
    if len(wanted) > MOST_MEMBERS:
        raise Refused(f"一次最多选择 {MOST_MEMBERS} 个单位", organisations=f"最多 {MOST_MEMBERS} 个")
    rows = Organisation.objects.filter(pk__in=wanted, effective_to=None).in_bulk()
    if len(rows) != len(wanted):
        raise Refused("所选单位中有的未登记或已撤销，请重新选择", organisations="有的单位未登记或已撤销")
    return [rows[pk] for pk in wanted]
