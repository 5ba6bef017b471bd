"""The annex of special actions: goal, figures, tasks, who leads and who cooperates, one action a row."""

from __future__ import annotations

import re

from .annex_cells import NONE, AnnexCells
from .cell_types import fit, is_measure_unit
from .characters import bare, squeeze
from .data_row import DataRow
from .figures import read_targets
from .headers import Role
from .plan import Action, Plan, Target
from .tables import TypedTable
from .units import UnitList


class ActionRows:
    """Reads the rows of an action table into the plan."""

    def __init__(self, plan: Plan, cells: AnnexCells) -> None:
        self.plan = plan
        self.cells = cells
        self.findings = cells.findings

    def read(self, table: TypedTable, rows: list[DataRow]) -> None:
        """Add one action a row."""
        has = set(table.roles)
        for row in rows:
            name = self._without_number(
                row, squeeze(re.sub(r"\s+", "", self.cells.text("actions", row, "name", required=True)))
            )
            goal = self.cells.text("actions", row, "goal", required=True) or None if "goal" in has else None
            targets = self._targets(row) if "targets" in has else []
            if "targets" in has and not targets:
                self._no_targets(row, goal)
            self._tell_swapped(row)
            tasks = self.cells.items("tasks", row, required=True) if "tasks" in has else []
            lead_role: Role = "lead" if "lead" in has else "responsible"
            lead = self.cells.units("actions", row, lead_role, "lead") if lead_role in has else UnitList()
            if lead_role in has and not lead.units and not NONE.match(row.text(lead_role) or " x"):
                self.findings.add(
                    "units_missing",
                    "actions",
                    "该行动没有牵头单位。",
                    number=row.number,
                    field="lead",
                    line=row.line,
                )
                if bare(row.text("cooperating")):
                    self.findings.add(
                        "units_doubtful",
                        "actions",
                        "牵头单位一栏是空的，协同单位一栏可能错了位。",
                        number=row.number,
                        field="cooperating",
                        line=row.line,
                    )
            cooperating = (
                self.cells.units("actions", row, "cooperating", "cooperating")
                if "cooperating" in has
                else UnitList()
            )
            if lead_role == "lead" and "responsible" in has:
                cooperating.units += [
                    u
                    for u in self.cells.units("actions", row, "responsible", "cooperating").units
                    if u.name not in lead.names
                ]
            if "cooperating" in has and not bare(row.text("cooperating")) and "cooperating" not in row.merged:
                self.findings.add(
                    "units_missing",
                    "actions",
                    "协同单位一栏是空的。",
                    number=row.number,
                    field="cooperating",
                    line=row.line,
                    severity="warning",
                )
            self.plan.actions.append(
                Action(
                    row.number or 0,
                    name,
                    goal,
                    targets,
                    tasks,
                    lead.names,
                    cooperating.names,
                    self.cells.source("actions", row, "name"),
                )
            )

    def _without_number(self, row: DataRow, name: str) -> str:
        """The name of an action without the row's own number in front of it."""
        found = re.match(rf"{row.number}[.．、]?(?=[\u4e00-\u9fff“])", name) if row.number else None
        if not found or is_measure_unit(name[found.end()]):
            return name
        self.findings.add(
            "text_repaired",
            "actions",
            f"序号与名称连在一起：“{name}”，已分开。",
            number=row.number,
            field="name",
            line=row.line,
        )
        return name[found.end() :]

    def _tell_swapped(self, row: DataRow) -> None:
        """Units where figures belong, or the other way round: two columns may have changed places."""
        targets, lead = row.text("targets"), row.text("lead") or row.text("responsible")
        if bare(targets) and fit("responsible", targets) >= 1.6 and not re.search(r"\d", targets):
            self.findings.add(
                "text_doubtful",
                "actions",
                f"主要指标一栏写的像是单位：“{squeeze(targets)[:30]}”，请核对是否错列。",
                number=row.number,
                field="targets",
                line=row.line,
            )
        figures = [
            t
            for t in (lead, row.text("responsible"), row.text("cooperating"))
            if re.search(r"\d", t) and any(f.value is not None for f in read_targets(t))
        ]
        if figures or (bare(lead) and fit("lead", lead) <= -1.5):
            shown = squeeze((figures or [lead])[0])[:30]
            for field in ("lead", "cooperating", *(("targets",) if figures else ())):
                self.findings.add(
                    "units_doubtful",
                    "actions",
                    f"单位一栏写的不像单位：“{shown}”，请核对是否错列。",
                    number=row.number,
                    field=field,
                    line=row.line,
                )

    def _no_targets(self, row: DataRow, goal: str | None) -> None:
        """An empty cell of targets is told; where the goal holds a figure, two cells may have run together."""
        if bare(row.text("targets")) or "targets" in row.merged:
            return
        self.findings.add(
            "text_missing",
            "actions",
            "主要指标一栏是空的。",
            number=row.number,
            field="targets",
            line=row.line,
            severity="warning",
        )
        if goal and read_targets(goal):
            self.findings.add(
                "text_doubtful",
                "actions",
                "目标一栏写有数字而主要指标一栏是空的，可能是两格连在一起。",
                number=row.number,
                field="goal",
                line=row.line,
            )

    def _targets(self, row: DataRow) -> list[Target]:
        targets: list[Target] = []
        for item in self.cells.items("targets", row, required=False):
            targets += read_targets(item)
        return targets
