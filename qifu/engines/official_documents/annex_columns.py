"""Columns whose heading is unknown, lost, or says something else than what stands below it: each is told."""

from __future__ import annotations

import re

from .annex_cells import COLUMN_NAMES
from .headers import Role, heading_year, period_end
from .irregularities import Findings
from .tables import TypedTable


def tell_columns(table: TypedTable, findings: Findings, year: int | None) -> None:
    """Columns whose heading is unknown or says something else than what stands below it."""
    _tell_later_year(table, findings, year)
    for column, role in enumerate(table.roles):
        heading = table.headings[column]
        if role is None:
            _tell_unread(table, findings, column, heading)
        elif role in ("note", "office", "baseline", "number"):
            if role == "note" and "目标" in heading:
                _tell_unread(table, findings, column, heading)
        elif heading and not table.named[column]:
            findings.add(
                "column_guessed",
                table.kind,
                f"第{column + 1}列的表头“{heading}”不认识，从内容看是“{COLUMN_NAMES.get(role, role)}”。",
                field=_field(table, role),
                proposal="请核对该列。",
            )
        elif table.unfit(column):
            name = COLUMN_NAMES.get(role, role)
            findings.add(
                "column_doubtful",
                table.kind,
                f"第{column + 1}列“{heading or name}”的内容多不像{name}，请核对该列。",
                field=_field(table, role),
            )


def _tell_later_year(table: TypedTable, findings: Findings, year: int | None) -> None:
    """The target of a later year beside a column of figures whose heading is lost."""
    years = [
        heading_year(h) or 0 for h, role in zip(table.headings, table.roles, strict=True) if role == "target"
    ]
    blank = any(
        not h and role in (None, "baseline", "unit") and table.share(i, "target") >= 0.5
        for i, (h, role) in enumerate(zip(table.headings, table.roles, strict=True))
    )
    if table.kind == "indicators" and year and max(years, default=0) > year and blank:
        findings.add(
            "column_doubtful",
            table.kind,
            f"有一列数字没有表头，目标值取自{years[0]}年一列，请核对是否应取没有表头的一列。",
            field="target",
        )


def _tell_unread(table: TypedTable, findings: Findings, column: int, heading: str) -> None:
    """A column without role that may hold units or deadlines the rows lack."""
    if (
        table.kind == "indicators"
        and re.search(r"目标|计划", heading)
        and not heading_year(heading)
        and table.share(column, "target") >= 0.5
    ):
        findings.add(
            "column_unread",
            table.kind,
            f"另有一列“{heading}”也像目标值，没有读取。",
            field="target",
            proposal="请核对以哪一列为准。",
        )
    roles = set(table.roles)
    lacking: list[Role] = []
    if not roles & {"lead", "responsible"}:
        lacking.append("responsible")
    if table.kind == "tasks" and "deadline" not in roles:
        lacking.append("deadline")
    for role in lacking:
        if table.share(column, role) >= 0.5 or (role == "deadline" and period_end(heading)):
            findings.add(
                "column_unread",
                table.kind,
                f"第{column + 1}列“{heading}”没有读取，其中可能写有{COLUMN_NAMES[role]}。",
                field=_field(table, role),
                proposal="请核对该列。",
            )


def _field(table: TypedTable, role: Role) -> str:
    """The plan's field that a column fills."""
    return "responsible" if table.kind == "tasks" and role in ("lead", "cooperating") else role
