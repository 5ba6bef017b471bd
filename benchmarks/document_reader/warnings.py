"""Which errors and warnings of a reading name which leaf, and which of them cry wolf."""

from __future__ import annotations

import re
from typing import Any

from .leaves import Leaf
from .model import Plan, Record

PART_OF_MISSING = {"task": "tasks", "action": "actions", "indicator": "indicators"}


def root(field: Any) -> str | None:
    """`deadline.due` and `responsible[0].name` speak of the fields deadline and responsible."""
    return re.split(r"[.\[]", str(field))[0] if field else None


class Warnings:
    """The errors and warnings of one reading, asked leaf by leaf."""

    def __init__(self, plan: Plan, reading: Record, leaves: list[Leaf]) -> None:
        self.plan = plan
        self.leaves = leaves
        self.reading = reading
        self.all = [
            w for w in reading.get("irregularities") or [] if w.get("severity") in ("error", "warning")
        ]
        self.glued = self._glued()
        self.lines = {
            part: sorted({line for row in reading.get(part) or [] if (line := _line(row))})
            for part in ("indicators", "tasks", "actions", "duties")
        }
        self.index = {id(row): i for part in ("duties",) for i, row in enumerate(reading.get(part) or [], 1)}

    def _glued(self) -> dict[int, list[Record]]:
        """Records that stand in one physical row: a word on one speaks of the others too."""
        together: dict[int, list[Record]] = {}
        for table in self.plan.tables():
            for row in table.rows:
                for record in row.records:
                    together.setdefault(id(record), []).extend(row.records)
        return together

    def covers(self, leaf: Leaf) -> bool:
        """Whether some error or warning names the row or the field of this leaf."""
        return any(self._names(w, leaf) for w in self.all)

    def _names(self, warning: Record, leaf: Leaf) -> bool:
        where = warning.get("where") or {}
        part, number, line, field = (
            where.get("part"),
            where.get("number"),
            where.get("line"),
            root(where.get("field")),
        )
        if leaf.part == "document":
            return part in ("document", "body") and field == leaf.field
        if leaf.part == "missing":
            entry = leaf.record or leaf.row or {}
            here = PART_OF_MISSING.get(str(entry.get("kind")))
            named = re.search(rf"(?<!\d){entry.get('number')}(?!\d)", str(warning.get("text")))
            return part == here and (number == entry.get("number") or (number is None and named is not None))
        if leaf.row is None and number is None and field is None and warning.get("severity") == "error":
            # an error on the part, or on the document with the line where a table could not be read, names the missing rows
            return part == leaf.part or (part in ("document", "body") and line is not None)
        if part != leaf.part or field not in (None, leaf.field):
            return False
        if number is not None and number in self._numbers(leaf):
            return True
        if line is not None and leaf.row is not None and self._row_line(leaf.part, line) == _line(leaf.row):
            return True
        return number is None and line is None and field == leaf.field

    def _numbers(self, leaf: Leaf) -> set[Any]:
        numbers: set[Any] = set()
        if leaf.row is not None:
            numbers |= {leaf.row.get("number"), self.index.get(id(leaf.row))}
        if leaf.record is not None:
            for record in [leaf.record, *self.glued.get(id(leaf.record), [])]:
                value = record.get("number")
                numbers |= (
                    set(value["any"])
                    if isinstance(value, dict) and "any" in value
                    else {value if not isinstance(value, dict) else None}
                )
        return numbers - {None}

    def _row_line(self, part: str, line: int) -> int | None:
        """The line on which the row of the reading starts that this line belongs to."""
        return max((start for start in self.lines.get(part, []) if start <= line), default=None)

    def false_ones(self) -> list[Record]:
        return [w for w in self.all if not self._justified(w)]

    def _justified(self, warning: Record) -> bool:
        """A warning is justified on damage, on what is odd from birth, and on a leaf that is wrong."""
        where = warning.get("where") or {}
        part, number, line, field = (
            where.get("part"),
            where.get("number"),
            where.get("line"),
            root(where.get("field")),
        )
        if any(p == part and n in (None, number) and f in (None, field) for p, n, f in self.plan.oddities):
            return True
        if part in ("document", "body") or (number is None and line is None):
            return self._part_damaged(part, field) or any(
                self._names(warning, leaf) and not leaf.right for leaf in self.leaves
            )
        named = [leaf for leaf in self.leaves if self._names(warning, leaf)]
        if any(not leaf.right for leaf in named):
            return True
        records = {id(leaf.record) for leaf in named if leaf.record is not None}
        for damage in self.plan.damages:
            if field not in (None, *damage.fields) and damage.fields:
                continue
            if any(
                id(r) in records or (damage.part == part and r.get("number") == number)
                for r in damage.records
            ):
                return True
        return not named and self._part_damaged(part, field)

    def _part_damaged(self, part: Any, field: str | None) -> bool:
        parts = ("document", "body") if part in ("document", "body") else (part,)
        return any(
            d.part in parts and (field is None or not d.fields or field in d.fields)
            for d in self.plan.damages
        )


def _line(row: Record) -> int | None:
    source = row.get("source") or {}
    line = source.get("line")
    return int(line) if line is not None else None
