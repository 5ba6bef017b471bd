"""What exports of work hold: the 分解表 (tasks by divisions) and the 台账 (every report), with the plan's own numbering."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone

from qifu.services.work_plans.export_rows import Cell, Sheet
from qifu.services.work_plans.fields import grouped
from qifu.services.work_plans.queries.work import KINDS, due_words, status_of
from qifu.services.work_plans.queries.work_list import part_name
from qifu.services.work_plans.status import EVENT_TITLES, STATUS_TITLES, EventKind


def decomposition(
    rows: Iterable[Any], units: Mapping[int, Sequence[Any]], places: Mapping[str, str], today: date
) -> Sheet:
    """Return one row for each task at each division: requirement, lead, other units, deadline, status, last report."""
    headings = (
        ("序号", 6), ("类别", 10), ("事项", 30), ("地区", 16), ("要求", 50), ("牵头单位", 20), ("其他单位", 36), ("期限", 12),
        ("状态", 8), ("最近报告", 12), ("销号日", 12),
    )  # fmt: skip
    lines: list[tuple[Cell, ...]] = []
    for row in rows:
        others = [
            part_name(one)
            for one in units.get(row.pk, ())
            if one.organisation_id != row.lead_id or row.lead_id is None
        ]
        lines.append(
            (
                Decimal(row.number), KINDS[row.kind], row.title, places.get(row.place_code, row.place_code),
                row.requirement or (row.item.text if row.item else ""), _lead(row), "、".join(others), row.due_on or due_words(row),
                STATUS_TITLES[status_of(row, today)], _day(row.last_report_at), _day(row.closed_at),
            )
        )  # fmt: skip
    return Sheet("分解表", headings, lines)


def ledger(
    rows: Iterable[Any], events: Mapping[int, Sequence[Any]], places: Mapping[str, str], today: date
) -> Sheet:
    """Return one row for each report, submission, decision or question; work without any has one row that says so."""
    headings = (
        ("序号", 6), ("类别", 10), ("事项", 26), ("地区", 14), ("牵头单位", 18), ("期限", 12), ("状态", 8), ("日期", 12), ("记录", 10),
        ("单位", 18), ("内容", 50), ("填报数", 30), ("佐证材料", 24),
    )  # fmt: skip
    lines: list[tuple[Cell, ...]] = []
    for row in rows:
        head: tuple[Cell, ...] = (
            Decimal(row.number), KINDS[row.kind], row.title, places.get(row.place_code, row.place_code), _lead(row),
            row.due_on or due_words(row), STATUS_TITLES[status_of(row, today)],
        )  # fmt: skip
        told = events.get(row.pk, ())
        lines += [(*head, *_told(event)) for event in told] or [(*head, None, "没有报告", "", "", "", "")]
    return Sheet("台账", headings, lines)


def _told(event: Any) -> tuple[Cell, ...]:
    figures = "\n".join(
        f"{one.name} {grouped(one.value)} {one.unit}（截至 {one.as_of}）" for one in event.figures.all()
    )
    files = "\n".join(one.file.name for one in event.evidence.all())
    unit = event.organisation.name if event.organisation_id else ""
    title = EVENT_TITLES[EventKind(event.kind)]
    return (timezone.localdate(event.at), title, unit, event.text, figures, files)


def _lead(row: Any) -> str:
    if row.lead is None:
        return "未定"
    return row.lead.name if row.lead_state == "confirmed" else f"{row.lead.name}（拟定）"


def _day(at: Any) -> date | None:
    return timezone.localdate(at) if at else None
