"""Decomposition: an assignment is handed on to cities or counties, from one template with exceptions by place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action
from qifu.foundation.notices import notify
from qifu.registers.divisions import queries as divisions
from qifu.registers.divisions.division_book import Division
from qifu.registers.organisations.models import Organisation
from qifu.services.work_plans.actions.open_work import insert
from qifu.services.work_plans.actions.record import link_to, lock, own_grant, prepare, record, worded
from qifu.services.work_plans.models import Assignment, AssignmentUnit, Event, PlanUnit
from qifu.services.work_plans.queries.recipients import officers_of, offices_of
from qifu.services.work_plans.status import EventKind

CITIES, COUNTIES = "cities", "counties"
PLACE = "{地区}"
MOST_PLACES = 300
_ORGANISE = "work_plans.organise_work"


@dataclass(frozen=True)
class PlaceException:
    """Where one place differs from the template: left out, or with its own due day, requirement or lead (a key)."""

    left_out: bool = False
    due_on: date | None = None
    requirement: str = ""
    lead: int | None = None


@action("work_plans.decompose", title="分解到地方", permission=_ORGANISE, on="assignment")
def decompose(
    *, assignment: Assignment, places: str | Sequence[str], requirement: str = "", due_on: date | None = None,
    exceptions: Mapping[str, PlaceException] | None = None, expected_seq: int | None = None, by: Actor, at: datetime,
) -> list[Assignment]:  # fmt: skip
    """Open the assignment at places under its own: `cities`, `counties`, or codes; return those that are new.

    `requirement` may contain {地区}; without `due_on` the day of the assignment counts. A place that has it already
    is left as it is, so that the same can be asked again and places added later. As lead of each place the
    counterpart of the lead is proposed (the same body there), else the place's reform office.
    """
    row = lock(assignment, EventKind.DECOMPOSED, expected_seq=expected_seq)
    differing = dict(exceptions or {})
    chosen = _chosen(row, places)
    strays = [code for code in differing if code not in {one.code for one in chosen}]
    if strays:
        raise Refused(f"例外中的地区 {strays[0]} 不在分解范围内，请核对", exceptions="例外的地区不在范围内")
    template = _template(requirement)
    wanted = [one for one in chosen if not differing.get(one.code, PlaceException()).left_out]
    there = _existing(row, [one.code for one in wanted])
    new = [one for one in wanted if one.code not in there]
    if not new:
        return []
    rows = _children(row, new, differing, template=template, due_on=due_on or row.due_on)
    facts = {
        "places": [one.code for one in new],
        "left_out": sorted(code for code, own in differing.items() if own.left_out),
        "part_due_on": due_on.isoformat() if due_on else None,
    }
    record(row, EventKind.DECOMPOSED, text=template, facts=facts, grant=own_grant(row, _ORGANISE))
    _tell(row, rows, at)
    return rows


def _children(
    row: Assignment, places: Sequence[Division], differing: Mapping[str, PlaceException], *, template: str, due_on: date | None
) -> list[Assignment]:  # fmt: skip
    """Open one part at each place, from the template or as its exception says, with its proposed lead."""
    leads = _leads(row, places, differing)
    rows, events, parts = [], [], []
    for place in places:
        own = differing.get(place.code, PlaceException())
        child = _part(row, place, _template(own.requirement) or template)
        rows.append(child)
        events.append(_opened(child, own.due_on or due_on, row))
        lead = leads.get(place.code)
        if lead is not None:
            named = {"lead": lead.pk, "lead_name": lead.name}
            events.append(prepare(child, EventKind.LEAD_PROPOSED, facts=named))
            role = PlanUnit.Role.LEAD
            parts.append(
                AssignmentUnit(assignment=child, order=1, organisation=lead, name=lead.name, role=role)
            )
    insert(rows, events, parts)
    return rows


def _chosen(row: Assignment, places: str | Sequence[str]) -> list[Division]:
    """The divisions in force under the row's place that were asked for; Refused for any other."""
    book, below = divisions.book(), divisions.subtree(row.place_code) - {row.place_code}
    if isinstance(places, str):
        if places not in (CITIES, COUNTIES):
            raise Refused("请选择分解到各市、各县（市、区），或逐个选择地区", places="请选择范围")
        found = [one for one in book.of_kind("city" if places == CITIES else "county") if one.code in below]
        if not found:
            raise Refused("这个地区下面没有所选层级的地区", places="请改选其他层级")
        return found
    codes = list(dict.fromkeys(places))
    if not codes or len(codes) > MOST_PLACES:
        raise Refused(f"请选择 1 至 {MOST_PLACES} 个地区", places="请选择地区")
    found = [one for code in codes if (one := book.get(code)) is not None and code in below]
    if len(found) != len(codes):
        raise Refused("所选地区中有的不在本地区辖区内或已撤销，请重新选择", places="有的地区不在辖区内")
    return found


def _template(requirement: str) -> str:
    text = worded(requirement, field="requirement", what="分解要求", needed=False)
    unknown = set(re.findall(r"\{[^{}]*\}", text)) - {PLACE}
    if unknown:
        raise Refused(
            f"分解要求中的 {min(unknown)} 不能识别，只能写 {PLACE}", requirement=f"只能用 {PLACE} 代替地名"
        )
    return text


def _existing(row: Assignment, codes: Sequence[str]) -> set[str]:
    same = Assignment.objects.filter(
        plan_id=row.plan_id, kind=row.kind, number=row.number, occurrence=row.occurrence, place_code__in=codes
    )
    return set(same.values_list("place_code", flat=True))


def _part(row: Assignment, place: Division, requirement: str) -> Assignment:
    return Assignment(
        plan_id=row.plan_id, kind=row.kind, number=row.number, occurrence=row.occurrence, place_code=place.code,
        item_id=row.item_id, parent=row, order=row.order, title=row.title,
        requirement=requirement.replace(PLACE, place.name),
    )  # fmt: skip


def _opened(child: Assignment, due: date | None, parent: Assignment) -> Event:
    facts: dict[str, Any] = {"due_on": due.isoformat() if due else None, "parent": parent.pk}
    facts["plan_due_on"] = parent.plan_due_on.isoformat() if parent.plan_due_on else None
    return prepare(child, EventKind.OPENED, text=child.requirement, facts=facts)


def _leads(
    row: Assignment, places: Iterable[Division], differing: Mapping[str, PlaceException]
) -> dict[str, Organisation]:
    """The lead to propose at each place; a place where neither counterpart nor office is registered has none."""
    body = row.lead.code.partition(".")[2] if row.lead is not None else ""
    codes = {f"{place.code}.{name}" for place in places for name in (body, "reform_office") if name}
    by_code = {one.code: one for one in Organisation.objects.filter(code__in=codes, effective_to=None)}
    named = Organisation.objects.filter(effective_to=None).in_bulk(
        [own.lead for own in differing.values() if own.lead is not None]
    )
    found = {}
    for place in places:
        own = differing.get(place.code, PlaceException())
        if own.lead is not None and own.lead not in named:
            raise Refused(f"为{place.name}指定的牵头单位未登记或已撤销", exceptions="牵头单位未登记")
        lead = named.get(own.lead or 0) or by_code.get(f"{place.code}.{body}")
        lead = lead or by_code.get(f"{place.code}.reform_office")
        if lead is not None:
            found[place.code] = lead
    return found


def _tell(parent: Assignment, rows: Sequence[Assignment], at: datetime) -> None:
    """Tell the office and the proposed lead of each place, each person once, with a link to his own part."""
    offices = offices_of([row.place_code for row in rows], at)
    leads = officers_of([row.lead_id for row in rows], at)
    for row in rows:
        people = [*offices.get(row.place_code, ()), *leads.get(row.lead_id or 0, ())]
        if people:
            notify(people, title=f"分解到本地：{parent.title}"[:200], link=link_to(row))
