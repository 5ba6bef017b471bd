"""What is told of an assignment: progress with figures and evidence, comments, questions to the office and answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action
from qifu.foundation.notices import finish_to_dos
from qifu.services.work_plans.actions.record import (
    Upload,
    ask_office,
    attach,
    lock,
    own_grant,
    record,
    tell,
    tell_lead,
    worded,
)
from qifu.services.work_plans.models import Assignment, Event, PlanTarget, ReportedFigure
from qifu.services.work_plans.status import EventKind

LARGEST = Decimal(10) ** 18
MOST_FIGURES = 50
_REPORT, _DISCUSS, _ORGANISE = (
    "work_plans.report_work", "work_plans.discuss_work", "work_plans.organise_work",
)  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """A figure as it is reported (填报): exact, as of a day; `target_order` names the item's target it speaks to."""

    value: Decimal
    as_of: date
    target_order: int | None = None
    name: str = ""
    unit: str = ""


@action("work_plans.report_progress", title="报告进展", permission=_REPORT, on="assignment")
def report_progress(
    *, assignment: Assignment, text: str, today: date, figures: Sequence[Figure] = (), files: Sequence[Upload] = (),
    unclassified: bool = False, expected_seq: int | None = None, by: Actor, at: datetime,
) -> Event:  # fmt: skip
    """Report what was done, with figures and evidence; `unclassified` is the person's word that no file is a secret.

    Figures are refused when they are not exact to six decimals, name no target of the item and bear no name, or
    stand for a day after `today`.
    """
    row = lock(assignment, EventKind.REPORTED, expected_seq=expected_seq)
    said = worded(text, field="text", what="进展情况")
    rows = _figures(row, figures, today)
    event = record(row, EventKind.REPORTED, text=said, grant=own_grant(row, _REPORT))
    for one in rows:
        one.event = event
    ReportedFigure.objects.bulk_create(rows)
    attach(event, files, unclassified=unclassified, place_code=row.place_code)
    return event


@action("work_plans.add_comment", title="留言", permission=_DISCUSS, on="assignment")
def add_comment(*, assignment: Assignment, text: str, by: Actor, at: datetime) -> Event:
    """Leave a comment, for those inside only."""
    row = lock(assignment, EventKind.COMMENTED)
    return record(
        row, EventKind.COMMENTED, text=worded(text, field="text", what="留言"), grant=own_grant(row, _DISCUSS)
    )


@action("work_plans.ask_question", title="提问", permission=_REPORT, on="assignment")
def ask_question(*, assignment: Assignment, text: str, by: Actor, at: datetime) -> Event:
    """Ask the office: that of the place, or where it asks itself, that of the place above."""
    row = lock(assignment, EventKind.ASKED)
    grant = own_grant(row, _REPORT)
    said = worded(text, field="text", what="问题")
    event = record(row, EventKind.ASKED, text=said, grant=grant)
    ask_office(row, f"有提问待答复：{row.title}", event, grant)
    return event


@action("work_plans.answer_question", title="答复", permission=_ORGANISE, on="assignment")
def answer_question(*, assignment: Assignment, question: int, text: str, by: Actor, at: datetime) -> Event:
    """Answer a question, once; whoever asked may not answer it."""
    row = lock(assignment, EventKind.ANSWERED)
    asked = row.events.filter(pk=question, kind=EventKind.ASKED.value).first()
    if asked is None:
        raise Refused("找不到这个提问，请刷新后再答复")
    if Event.objects.filter(answers=asked).exists():
        raise Refused("这个提问刚刚已有人答复，请刷新后查看")
    if asked.by_id is not None and asked.by_id == by.id:
        raise Refused("不能答复自己的提问；如已清楚，请留言说明")
    said = worded(text, field="text", what="答复")
    event = record(row, EventKind.ANSWERED, text=said, answers=asked, grant=own_grant(row, _ORGANISE))
    finish_to_dos(asked, at=at)
    title = f"提问已有答复：{row.title}"
    tell_lead(row, title) if asked.by_id is None else tell(row, [asked.by_id], title)
    return event


def _figures(row: Assignment, figures: Sequence[Figure], today: date) -> list[ReportedFigure]:
    if len(figures) > MOST_FIGURES:
        raise Refused(f"一次最多报 {MOST_FIGURES} 个数", figures=f"最多 {MOST_FIGURES} 个")
    targets = {one.order: one for one in PlanTarget.objects.filter(item_id=row.item_id)} if figures else {}
    return [_figure(one, targets, today) for one in figures]


def _figure(one: Figure, targets: dict[int, PlanTarget], today: date) -> ReportedFigure:
    target = targets.get(one.target_order) if one.target_order is not None else None
    if one.target_order is not None and target is None:
        raise Refused("所选目标已不在现行版本中，请刷新后再填", figures="请重新选择目标")
    name = worded(one.name, field="figures", what="数据名称", needed=target is None, most=300)
    name = name or (target.name if target else "")
    if not one.value.is_finite() or abs(one.value) >= LARGEST:
        raise Refused(f"“{name}”的数值不正确，请填写数字", figures="请填写数字")
    if one.value != one.value.quantize(Decimal("0.000001")):
        raise Refused(f"“{name}”的小数超过六位，请换用较大的计量单位", figures="小数最多六位")
    if one.as_of > today:
        raise Refused(f"“{name}”的截至日不能晚于今天", figures="截至日不能晚于今天")
    unit = worded(one.unit, field="figures", what="计量单位", needed=False, most=40)
    return ReportedFigure(
        target_order=one.target_order, name=name, value=one.value, as_of=one.as_of,
        unit=unit or (target.unit if target else ""),
    )  # fmt: skip
