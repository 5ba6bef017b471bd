"""The 2024 plan itself as a base document: its text from the shared reference, its truth written by hand (truth_2024.json).

The truth carries facts (names, figures, units, months); of long texts only the sha256 of the whitespace-free text.
Rows 15 and 16 belong to the group of row 13 (a page break put them under the next heading), row 23 to the group named beside row 24.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from .model import Block, PageBreak, Paragraph, Plan, Record, Row, Table

HERE = Path(__file__).parent
FAMILY = "plan_2024"
COLUMNS = {
    "indicators": ["dimension", "name", "unit", "target", "frequency"],
    "tasks": ["number", "group", "measure", "responsible", "deadline"],
    "actions": ["number", "name", "goal", "targets", "tasks", "lead", "cooperating"],
}
MERGED = {"indicators": {"dimension"}, "tasks": {"group"}, "actions": set[str]()}


def text_file() -> Path:
    """Where the plan's text is, there or not: $QIFU_SHARED, else ../shared beside the repository."""
    shared = Path(os.environ.get("QIFU_SHARED") or HERE.parents[1].parent / "shared")
    return shared / "plan" / "work-plan-2024.txt"


def truth_2024() -> Record:
    """The hand-written truth in contract form."""
    truth: Record = json.loads((HERE / "truth_2024.json").read_text(encoding="utf-8"))
    return truth


def load(seed: str = "2024") -> Plan:
    """The plan as blocks with its truth records attached to rows and paragraphs."""
    truth = truth_2024()
    oddities = [(part, number, field) for part, number, field in truth.pop("oddities")]
    duty_at = {line: d for d in truth["duties"] for line in range(d["lines"][0], d["lines"][1] + 1)}
    blocks: list[Block] = []
    parts = iter(COLUMNS)
    table: Table | None = None
    for number, line in enumerate(text_file().read_text(encoding="utf-8").splitlines(), 1):
        if "\t" in line:
            if table is None:
                part = next(parts)
                table = Table(part, list(COLUMNS[part]), [], set(MERGED[part]))
                blocks.append(table)
            table.rows.append(_row(table, line.split("\t"), truth))
        elif line.strip():
            if line.startswith("附件 "):
                blocks.append(PageBreak())
                table = None
            blocks.append(_paragraph(line, duty_at.get(number)))
    return Plan(FAMILY, 2024, blocks, truth, oddities=oddities, seed=seed)


def _row(table: Table, cells: list[str], truth: Record) -> Row:
    if cells[0] in ("维度", "序号"):
        return Row(cells, kind="heading")
    if cells[0].startswith("----"):
        return Row([""] * len(cells), kind="blank")
    if table.part == "indicators":
        return Row(cells, [truth["indicators"][len(table.data())]])
    number = int(cells[0])
    records: list[Any] = [record for record in truth[table.part] if record["number"] == number]
    return Row(cells, records, loose=table.part == "tasks" and number == 23)


def _paragraph(line: str, duty: Record | None) -> Paragraph:
    if duty is not None:
        return Paragraph(line, "item", [duty])
    if line.endswith("号") or line.startswith("附件 "):
        return Paragraph(line, "mark")
    if line.endswith(("日", "专班", "代章)")) and len(line) < 30:
        return Paragraph(line, "sign")
    return Paragraph(line, "title" if line.endswith(("通知", "要 点", "清单")) and len(line) < 45 else "body")
