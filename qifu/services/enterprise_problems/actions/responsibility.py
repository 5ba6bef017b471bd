"""Who answers for a topic in a place is ruled by a person, dated, with its basis; what held before is kept."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from qifu.foundation.access import Actor, NotFound
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.working_days import SHANGHAI
from qifu.registers.organisations.models import Organisation
from qifu.services.enterprise_problems.lists import lists
from qifu.services.enterprise_problems.models import Responsibility
from qifu.services.enterprise_problems.queries.responsibility import RULE, ruling_places, units


@action("enterprise_problems.rule_responsibility", title="确定责任单位", permission=RULE, on="place_code")
def rule_responsibility(
    *, by: Actor, at: datetime, place_code: str, topic: str, organisation_id: int, effective_from: date, basis: str
) -> Responsibility:  # fmt: skip
    """Rule that a unit owns a topic in a place from a day on; the ruling before it ends on that day.

    A second ruling for the same first day takes the place of the first (a slip put right; the audit keeps both).
    """
    _see_place(by, at, place_code)
    if topic not in lists().topics:
        raise Refused("没有这个事由，请从列出的事由中选择", topic="请选择事由")
    if not basis.strip():
        raise Refused("请写明依据：文件、会议或本次裁定", basis="请写明依据")
    if not units(place_code).filter(pk=organisation_id).exists():
        raise Refused("责任单位应是本地或上级现有的单位", organisation="请选择单位")
    day = current_act().moment.astimezone(SHANGHAI).date()
    if abs((effective_from - day).days) > 3 * 366:
        raise Refused("生效日应在今天前后三年之内", effective_from="请核对生效日")
    row = _after(_open_row(topic, place_code), effective_from) or Responsibility(
        topic=topic, place_code=place_code, effective_from=effective_from
    )
    row.organisation = Organisation.objects.get(pk=organisation_id)
    row.basis, row.ruled_at = basis.strip()[:300], current_act().moment
    row.ruled_by, row.ruled_by_name = by.id, by.name[:60]
    row.save()
    current_act().about(row)
    current_act().note(topic=topic, organisation=organisation_id)
    return row


@action("enterprise_problems.end_responsibility", title="终止责任单位", permission=RULE, on="place_code")
def end_responsibility(
    *, by: Actor, at: datetime, place_code: str, topic: str, effective_to: date
) -> Responsibility:
    """End the ruling in force on a day, so that the topic is without owner from then on until someone rules."""
    _see_place(by, at, place_code)
    row = _open_row(topic, place_code)
    if row is None:
        raise Refused("这个事由现在没有责任单位，不需要终止")
    if effective_to <= row.effective_from:
        raise Refused(f"终止日应晚于生效日 {row.effective_from}", effective_to="请核对终止日")
    row.effective_to = effective_to
    row.save()
    current_act().about(row)
    current_act().note(topic=topic)
    return row


def _see_place(by: Actor, at: datetime, place_code: str) -> None:
    """A place's list is ruled on by those who work for that very place."""
    if by.kind != "system" and place_code not in ruling_places(by, at):
        raise NotFound(place_code)


def _open_row(topic: str, place_code: str) -> Responsibility | None:
    rows = Responsibility.objects.select_for_update()
    return rows.filter(topic=topic, place_code=place_code, effective_to=None).first()


def _after(present: Responsibility | None, effective_from: date) -> Responsibility | None:
    """End the present ruling on a day; return it instead where it began on that very day and so is put right."""
    if present is None or present.effective_from == effective_from:
        return present
    if effective_from < present.effective_from:
        raise Refused(
            f"现在的责任单位自 {present.effective_from} 起负责，新的生效日不能早于 {present.effective_from + timedelta(days=1)}",
            effective_from="请核对生效日",
        )
    present.effective_to = effective_from
    present.save()
    return None
