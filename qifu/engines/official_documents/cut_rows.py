"""Rows that a page break or a converter cut in two, and rows that a page printed twice."""

from __future__ import annotations

import re

from .cell_types import fit
from .characters import bare, likeness
from .data_row import DataRow
from .headers import Role
from .plan import Part
from .tables import TypedTable
from .units import looks_like_unit

_TEXT: dict[str, Role] = {"tasks": "measure", "indicators": "name", "actions": "tasks"}


class CutRows:
    """Joins the parts of rows of one table."""

    def __init__(self, table: TypedTable, essential: list[Role]) -> None:
        self.roles = table.roles
        self.part: Part = table.kind
        self.numbered = "number" in table.roles
        self.essential = essential

    def joined(self, rows: list[DataRow]) -> list[DataRow]:
        """Put the two parts of each cut row together."""
        joined: list[DataRow] = []
        pending: DataRow | None = None
        for index, row in enumerate(rows):
            if pending is not None:
                row = self._joined(pending, row)
                pending = None
            if self._is_rest(row, joined[-1] if joined else None):
                following = rows[index + 1] if index + 1 < len(rows) else None
                if joined and self._complete(joined[-1]) and following and self._open_start(following):
                    pending = row
                elif joined:
                    joined[-1] = self._joined(joined[-1], row)
                else:
                    pending = row
                continue
            joined.append(row)
        if pending is not None:
            joined.append(pending)
        return joined

    def _lacks(self, row: DataRow) -> list[Role]:
        units: list[Role] = [r for r in self.essential if r in ("responsible", "lead")]
        lacking = [
            r for r in self.essential if r not in units and not bare(row.text(r)) and r not in row.merged
        ]
        if units and not any(bare(row.text(r)) or r in row.merged for r in units):
            lacking.append("responsible")
        return lacking

    def _complete(self, row: DataRow) -> bool:
        return (
            not self._lacks(row)
            and self._text_ends(row)
            and all(fit(r, row.text(r)) >= -0.3 for r in self.essential if bare(row.text(r)))
        )

    def _text_ends(self, row: DataRow) -> bool:
        text = bare(row.text(_TEXT[self.part]))
        return self.part == "indicators" or text.endswith(("。", "；", "”", "！", "）", ")", ";", "."))

    def _open_start(self, row: DataRow) -> bool:
        return bool(self._lacks(row))

    def _is_rest(self, row: DataRow, before: DataRow | None) -> bool:
        """True for the second half of a row: no number, not whole, and the row above is not whole or reads on."""
        if row.number is not None:
            return False
        lacking = self._lacks(row)
        if self.numbered and not bare(row.text("number")):
            if lacking or before is None:
                return before is not None or bool(lacking)
            return (
                not self._complete(before)
                and (not self._text_ends(before) or bool(self._lacks(before)))
                and not row.merged
                and self._halves(before, row)
            )
        if self.numbered or before is None:
            return False
        key: Role = "measure" if self.part == "tasks" else "name"
        others = [
            r for r in self.roles if r and r not in (key, "group", "dimension", "note") and bare(row.text(r))
        ]
        if self.part != "tasks" and not bare(row.text(key)) and len(lacking) >= 2:
            return True
        if self.part == "indicators" and not others:
            return True
        return (
            bool(lacking)
            and (not self._complete(before))
            and not (row.text("group") and "group" in self.roles)
        )

    def _halves(self, before: DataRow, row: DataRow) -> bool:
        """True when each row holds a part only: some cell of the two together is better than apart."""
        for role in self.essential:
            upper, lower = before.text(role), row.text(role)
            if (
                bare(upper)
                and bare(lower)
                and min(fit(role, upper), fit(role, lower)) < 0 <= fit(role, upper + lower)
            ):
                return True
        return bool(self._lacks(before)) or not self._text_ends(before)

    def _joined(self, upper: DataRow, lower: DataRow) -> DataRow:
        for role, text in lower.texts.items():
            if not bare(text):
                continue
            above = upper.text(role)
            upper.texts[role] = _continued(role, above, text) if bare(above) else text
            upper.cells.setdefault(role, lower.cells[role]) if role in lower.cells else None
            if not bare(above) and role in lower.cells:
                upper.cells[role] = lower.cells[role]
        upper.number = upper.number if upper.number is not None else lower.number
        upper.number_repaired = upper.number_repaired or lower.number_repaired
        upper.page_start = upper.page_start
        upper.repairs += lower.repairs
        upper.mark(
            "row_joined",
            None,
            f"该行被分页或换行切成两段（第{upper.line}行与第{lower.line}行），已接成一行。",
        )
        return upper

    def without_repeated(self, rows: list[DataRow]) -> list[DataRow]:
        """Keep one of two rows that say the same."""
        kept: list[DataRow] = []
        for row in rows:
            twin = next((k for k in kept[-40:] if self._twins(k, row)), None)
            if twin is None:
                kept.append(row)
            else:
                twin.mark("row_repeated", None, f"第{row.line}行与第{twin.line}行重复，只保留一行。")
        return kept

    def _twins(self, first: DataRow, second: DataRow) -> bool:
        if not self.numbered or second.number is None:
            return all(
                bare(text) == bare(second.text(role))
                for role, text in first.texts.items()
                if role not in ("group", "dimension", "number")
            )
        role: Role = "measure" if self.part == "tasks" else "name"
        a, b = bare(first.text(role)), bare(second.text(role))
        return bool(a) and bool(b) and first.number == second.number and likeness(a, b) > 0.85


def _continued(role: Role, upper: str, lower: str) -> str:
    """Two halves of a cell put together; two whole unit names keep a separator."""
    if (
        role in ("responsible", "lead", "cooperating")
        and looks_like_unit(upper.split("、")[-1])
        and re.match(r"^省|^市、|^各", lower)
    ):
        return f"{upper}、{lower}" if not upper.endswith(("、", "，")) else upper + lower
    return upper.rstrip() + lower.lstrip()
