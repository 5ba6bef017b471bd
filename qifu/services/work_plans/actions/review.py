"""Rulings on doubts: accept, correct, reject, undo; each signed with name and time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.utils import timezone

from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action, current_act
from qifu.services.work_plans.content import row_number, year_of
from qifu.services.work_plans.fields import (
    FIELDS,
    Entry,
    Field,
    FieldFault,
    field_of,
    proposed_value,
    read_entry,
)
from qifu.services.work_plans.models import Irregularity, PlanReview
from qifu.services.work_plans.queries.reviews import effective_reading
from qifu.services.work_plans.queries.units import resolver
from qifu.services.work_plans.rulings import ADDED, LIST_PARTS, REMOVED, value_at

State = Irregularity.State
REVIEWER = "reviewer"
"""The code of a correction that a person made without a doubt being raised."""


@action("work_plans.rule_irregularity", title="裁定疑点", permission="work_plans.review", on="irregularity")
def rule_irregularity(
    *,
    irregularity: Irregularity,
    verdict: str,
    expected_version: int,
    entry: Entry | None = None,
    note: str = "",
    by: Actor,
    at: datetime,
) -> Irregularity:
    """Rule on an open doubt: `accepted` takes the proposal, `corrected` takes `entry`, `rejected` needs a `note`.

    Refused when someone ruled on the same place since `expected_version` of the review was read.
    """
    review = _open_review(irregularity.review_id)
    row = Irregularity.objects.select_for_update().get(pk=irregularity.pk)
    _refuse_conflict(review, row, expected_version)
    if row.state != State.OPEN:
        raise Refused(f"这一条{_signature(row)}已裁定为“{row.get_state_display()}”，请先撤销再重新裁定")
    reading = effective_reading(review)
    field = field_of(row.part, row.field)
    if verdict == State.ACCEPTED:
        current = value_at(reading, row.part, row.row, row.field)
        value = proposed_value(field, row.proposal, current, year=year_of(reading), resolve=resolver())
        if value is not None:
            row.value_text = _text(value)
    elif verdict == State.CORRECTED:
        row.value_text = _text(_entered(field, entry, reading, row))
    elif verdict == State.REJECTED:
        if not note.strip():
            raise Refused("请写明不采纳的理由", note="请写明不采纳的理由，便于他人复核")
    else:
        raise Refused("请选择采纳、更正或不采纳")
    row.state = verdict
    row.note = _limited(note)
    _sign(review, row, by, at)
    return row


@action("work_plans.reopen_irregularity", title="撤销裁定", permission="work_plans.review", on="irregularity")
def reopen_irregularity(*, irregularity: Irregularity, by: Actor, at: datetime) -> None:
    """Undo a ruling before publication; a correction made without a doubt disappears with it."""
    review = _open_review(irregularity.review_id)
    row = Irregularity.objects.select_for_update().get(pk=irregularity.pk)
    act = current_act()
    act.about(review)
    act.note(irregularity=row.pk, code=row.code, was=row.state, ruled_by=row.ruled_by)
    if row.state == State.OPEN:
        return
    if row.field == ADDED and _depends(review, row):
        raise Refused("补录的这一条之后又有补录或更正，请先撤销后面的")
    _bump(review)
    if row.code == REVIEWER:
        row.delete()
        return
    row.state, row.value_text, row.note = State.OPEN, "", ""
    row.ruled_order = row.ruled_by = row.ruled_at = None
    row.ruled_name = ""
    row.save()


@action("work_plans.correct_field", title="更正识别结果", permission="work_plans.review", on="review")
def correct_field(
    *,
    review: PlanReview,
    part: str,
    row: int | None,
    field: str,
    entry: Entry,
    reason: str,
    expected_version: int,
    by: Actor,
    at: datetime,
) -> Irregularity:
    """Correct a field that raised no doubt, or take an item out (field `removed`); needs a reason."""
    locked = _open_review(review.pk)
    known = (
        Field(REMOVED, "删除本条", "flag")
        if field == REMOVED and part in LIST_PARTS
        else field_of(part, field)
    )
    reading = effective_reading(locked)
    rows = reading.get(part) or [] if part in LIST_PARTS else []
    if (
        known is None
        or (part in LIST_PARTS) != (row is not None)
        or (row is not None and not 0 <= row < len(rows))
    ):
        raise Refused("找不到要更正的地方，请刷新页面后重试")
    if not reason.strip():
        raise Refused("请写明更正的理由", reason="请写明更正的理由，如“原件第3页为6月”")
    source = (rows[row].get("source") or {}) if row is not None else {}
    position = (locked.irregularities.aggregate(top=Max("position"))["top"] or 0) + 1
    doubt = Irregularity(
        review=locked, position=position, code=REVIEWER, severity="info", part=part, row=row, field=field,
        number=row_number(part, rows[row], row) if row is not None else None, line=source.get("line"),
        text=f"审核人更正“{known.title}”", state=State.CORRECTED, note=_limited(reason),
    )  # fmt: skip
    _refuse_conflict(locked, doubt, expected_version)
    doubt.value_text = _text(_entered(known, entry, reading, doubt))
    _sign(locked, doubt, by, at)
    return doubt


@action("work_plans.add_item", title="补录条目", permission="work_plans.review", on="review")
def add_item(
    *,
    review: PlanReview,
    part: str,
    number: int,
    entries: Mapping[str, Entry],
    reason: str,
    by: Actor,
    at: datetime,
) -> Irregularity:
    """Enter an indicator, task or action that the reader did not find; `entries` by field; needs a reason.

    An open doubt that this number is missing is thereby corrected and signed.
    """
    locked = _open_review(review.pk)
    reading = effective_reading(locked)
    if part not in ("indicators", "tasks", "actions"):
        raise Refused("只能补录指标、任务和行动")
    rows = reading.get(part) or []
    if not 1 <= number <= 9999 or any(row.get("number") == number and not row.get(REMOVED) for row in rows):
        raise Refused(
            f"第{number}条已有或序号不对",
            number=f"第{number}条已有，请核对序号，或到“全部内容”更正原有的一条",
        )
    if not reason.strip():
        raise Refused("请写明补录的依据", reason="请写明依据，如“原件第7页第5行”")
    item: dict[str, Any] = {
        "number": number,
        "source": {"part": part, "page": None, "line": None, "cell": None},
    }
    faults = {}
    for field in FIELDS[part]:
        try:
            entry = entries.get(field.name, Entry())
            item[field.name] = read_entry(field, entry, year=year_of(reading), resolve=resolver())
        except FieldFault as fault:
            faults[field.name] = str(fault)
    if faults:
        raise Refused("；".join(faults.values()), **faults)
    position = (locked.irregularities.aggregate(top=Max("position"))["top"] or 0) + 1
    doubt = Irregularity(
        review=locked, position=position, code=REVIEWER, severity="info", part=part, row=len(rows), field=ADDED,
        number=number, text="审核人补录的条目", state=State.CORRECTED, note=_limited(reason), value_text=_text(item),
    )  # fmt: skip
    _sign(locked, doubt, by, at)
    for gap in locked.irregularities.filter(part="missing", number=number, state=State.OPEN):
        if reading["missing"][gap.row]["kind"] == part.rstrip("s"):
            gap.state, gap.note = State.CORRECTED, "已补录这一条"
            _sign(locked, gap, by, at)
    return doubt


@action("work_plans.accept_information", title="批量采纳提示", permission="work_plans.review", on="review")
def accept_information(*, review: PlanReview, by: Actor, at: datetime) -> int:
    """Accept every open doubt of the lowest severity as it stands; errors and warnings are ruled one by one."""
    locked = _open_review(review.pk)
    rows = list(locked.irregularities.select_for_update().filter(state=State.OPEN, severity="info"))
    locked.version += 1
    for row in rows:
        row.state, row.ruled_order = State.ACCEPTED, locked.version
        row.ruled_by, row.ruled_name, row.ruled_at = by.id, by.name, at
        row.note = "批量采纳：保持识别结果"
    Irregularity.objects.bulk_update(
        rows, ["state", "ruled_order", "ruled_by", "ruled_name", "ruled_at", "note"]
    )
    locked.save(update_fields=["version"])
    act = current_act()
    act.about(locked)
    act.note(count=len(rows))
    return len(rows)


def _depends(review: PlanReview, added: Irregularity) -> bool:
    """Tell whether a later ruling counts on a row that was added: it touches that row or one added after it."""
    later = review.irregularities.filter(
        ruled_order__gt=added.ruled_order, part=added.part, row__gte=added.row
    )
    return bool(later.exclude(pk=added.pk).exists())


def _open_review(pk: int) -> PlanReview:
    review = PlanReview.objects.select_for_update().get(pk=pk)
    if review.state != PlanReview.State.REVIEW:
        raise Refused(
            f"这份审核稿{review.get_state_display()}，不能再裁定；如需修改，请在工作要点页面起草更正"
        )
    return review


def _refuse_conflict(review: PlanReview, row: Irregularity, expected_version: int) -> None:
    """Refuse when the same place was ruled on after the page was read; rulings elsewhere do not disturb."""
    later = review.irregularities.filter(
        ruled_order__gt=expected_version, part=row.part, row=row.row, field=row.field
    ).first()
    if later is not None:
        raise Refused(f"{_signature(later)}刚刚裁定了同一处，页面已显示最新结果，请核对后再决定")


def _signature(row: Irregularity) -> str:
    when = timezone.localtime(row.ruled_at).strftime("%m月%d日 %H:%M") if row.ruled_at else ""
    return f"{row.ruled_name or '他人'}（{when}）"


def _entered(field: Field | None, entry: Entry | None, reading: dict[str, Any], row: Irregularity) -> Any:
    if field is None or (row.row is None and row.part in LIST_PARTS):
        raise Refused("这一条没有可直接更正的字段：请采纳，或写明理由不采纳；要改的内容可在“全部内容”中更正")
    try:
        value = read_entry(field, entry or Entry(), year=year_of(reading), resolve=resolver())
    except FieldFault as fault:
        raise Refused(str(fault), value=str(fault)) from fault
    if value == value_at(reading, row.part, row.row, row.field):
        raise Refused(
            "填写的内容与识别结果相同；如识别无误，请选“采纳建议”或“不采纳并说明”", value="与识别结果相同"
        )
    return value


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _limited(note: str) -> str:
    text = note.replace("\0", "").strip()
    if len(text) > 500:
        raise Refused(f"理由最多 500 字，现有 {len(text)} 字", note="请精简到 500 字以内")
    return text


def _sign(review: PlanReview, row: Irregularity, by: Actor, at: datetime) -> None:
    row.ruled_order = _bump(review)
    row.ruled_by, row.ruled_name, row.ruled_at = by.id, by.name, at
    row.save()
    act = current_act()
    act.about(review)
    act.note(
        irregularity=row.pk, code=row.code, verdict=row.state, part=row.part, row=row.row, field=row.field
    )


def _bump(review: PlanReview) -> int:
    review.version += 1
    review.save(update_fields=["version"])
    return review.version
