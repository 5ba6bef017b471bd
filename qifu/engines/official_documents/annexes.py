"""Whole rows become indicators, tasks and actions; each cell is read by its column's meaning."""

from __future__ import annotations

import re
from collections.abc import Callable

from .annex_actions import ActionRows
from .annex_cells import COLUMN_NAMES, AnnexCells
from .annex_columns import tell_columns
from .annex_indicators import IndicatorRows
from .characters import key
from .data_row import DataRow
from .groups import Topic, assign_groups
from .headers import Role
from .irregularities import Findings
from .plan import Deadline, Indicator, Missing, Plan, Task, UnitRef
from .rows import RowReader
from .tables import TypedTable
from .text_repair import TextMender
from .units import UnitList, UnitNames


class AnnexReader:
    """Reads typed tables into one plan; what is doubtful goes to `findings`."""

    def __init__(
        self,
        plan: Plan,
        findings: Findings,
        *,
        year: int | None,
        names: UnitNames | None,
        topics: list[Topic],
        mender: TextMender,
    ) -> None:
        self.plan = plan
        self.findings = findings
        self.year = year
        self.topics = topics
        self.cells = AnnexCells(findings, year=year, names=names, mender=mender)
        self._last_group: tuple[str, str, str | None] = ("", "", None)

    def read(self, table: TypedTable) -> None:
        counts = {
            "indicators": len(self.plan.indicators),
            "tasks": len(self.plan.tasks),
            "actions": len(self.plan.actions),
        }
        rows = RowReader(table, self.findings, self._running_heads(), counts[table.kind]).read()
        for row in rows:
            if row.line in table.raw.marked:
                self.findings.add(
                    "markup_left",
                    table.kind,
                    "单元格里残留网页标记，已去除。",
                    number=row.number,
                    line=row.line,
                )
        tell_columns(table, self.findings, self.year)
        numbered = "number" in table.roles
        if numbered:
            self._gaps(table, rows)
        reader: dict[str, Callable[[TypedTable, list[DataRow]], None]] = {
            "indicators": self._indicators,
            "tasks": self._tasks,
            "actions": ActionRows(self.plan, self.cells).read,
        }
        reader[table.kind](table, rows)
        for column in table.blank_headings:
            self.findings.add(
                "header_blank",
                table.kind,
                f"第{column + 1}列没有表头，从内容看是“{COLUMN_NAMES.get(table.roles[column] or '', '')}”。",
                line=table.raw.line,
            )

    def _running_heads(self) -> frozenset[str]:
        """What pages repeat at their top: title, issuer, number."""
        plan = self.plan
        title = plan.title or ""
        heads = [
            title,
            re.sub(r"^.*?印发[《]?|[》]?的通知$", "", title),
            plan.issuer or "",
            f"{plan.issuer}文件",
            plan.document_number or "",
        ]
        return frozenset(key(head) for head in heads if len(head) > 3)

    def _gaps(self, table: TypedTable, rows: list[DataRow]) -> None:
        seen = {row.number for row in rows if row.number}
        if not seen:
            return
        kinds = {"tasks": "task", "actions": "action", "indicators": "indicator"}
        top = max(seen)
        if top > 3 * len(seen) + 10:
            return
        for number in range(1, top):
            if number in seen:
                continue
            after = min((r for r in rows if r.number and r.number > number), key=lambda r: r.number or 0)
            self.plan.missing.append(Missing(kinds[table.kind], number))  # type: ignore[arg-type]
            self.findings.add(
                "number_gap",
                table.kind,
                f"表中缺少第{number}行（序号由前一行直接跳到{after.number}）。",
                number=number,
                line=after.line,
                proposal="请对照原件补录该行。",
            )

    def _groups(self, table: TypedTable, rows: list[DataRow], role: Role) -> list[str | None]:
        """The rows' groups; a table that goes on after a page break goes on in the last group."""
        kind, title, last = self._last_group
        before = last if (kind, title) == (table.kind, table.raw.title) else None
        groups = assign_groups(rows, role, table.kind, self.findings, self.topics, before)
        if role not in table.roles and not any(groups) and self._has_unread_column(table):
            text = f"第{table.raw.line}行起的表格有一列看不出含义，所属类别没有读出。"
            self.findings.add("group_missing", table.kind, text, field=role)
        read = self.plan.indicators if table.kind == "indicators" else self.plan.tasks
        earlier = any((item.dimension if isinstance(item, Indicator) else item.group) for item in read)
        if role not in table.roles and groups and not all(groups) and (earlier or table.raw.heading is None):
            self.findings.add(
                "group_missing",
                table.kind,
                f"第{table.raw.line}行起的表格没有读出类别一栏，请核对所属类别。",
                field=role,
            )
        self._last_group = (table.kind, table.raw.title, groups[-1] if groups else None)
        return groups

    def _has_unread_column(self, table: TypedTable) -> bool:
        """True where a column of repeated short words, such as categories have, has no role."""
        return any(role is None and table.like_categories(i) for i, role in enumerate(table.roles))

    def _indicators(self, table: TypedTable, rows: list[DataRow]) -> None:
        groups = self._groups(table, rows, "dimension")
        IndicatorRows(self.plan, self.cells).read(table, rows, groups)

    def _tasks(self, table: TypedTable, rows: list[DataRow]) -> None:
        groups = self._groups(table, rows, "group")
        has = set(table.roles)
        deadline: Deadline | None = None
        lists: dict[Role, UnitList] = {}
        for row, group in zip(rows, groups, strict=True):
            measure = self.cells.text("tasks", row, "measure", required=True)
            responsible: list[UnitRef] = []
            open_list = False
            unit_roles: tuple[Role, ...] = tuple(
                r for r in ("lead", "responsible", "cooperating") if r in has
            )
            for role in unit_roles:
                lists[role] = self.cells.role_units("tasks", row, role, lists.get(role))
                responsible += lists[role].units
                open_list = open_list or lists[role].open_list
            if unit_roles and not responsible:
                self.findings.add(
                    "units_missing",
                    "tasks",
                    "该行没有责任单位。",
                    number=row.number,
                    field="responsible",
                    line=row.line,
                )
            if "deadline" in has:
                deadline = self.cells.deadline("tasks", row, deadline)
            self.plan.tasks.append(
                Task(
                    row.number or 0,
                    group,
                    measure,
                    responsible,
                    open_list,
                    deadline,
                    self.cells.source("tasks", row, "measure"),
                )
            )
