"""The effective reading: what was read plus the rulings of people, applied in order. Pure; the reading never changes.

A ruling addresses a place by part, row (0-based in the part's list, None for the document's own facts) and field.
Rows keep their places: a removed row stays, marked `removed`, until content is made of it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

LIST_PARTS = ("indicators", "tasks", "actions", "missing", "duties")
REMOVED = "removed"
"""The field name of a ruling that takes a row out (value true) or puts it back (value false)."""
ADDED = "added"
"""The field name of a ruling that adds a row; its value is the row."""


@dataclass(frozen=True)
class Ruling:
    """One change of one place, by a person; `order` is its turn among the rulings of a review."""

    order: int
    part: str
    row: int | None
    field: str
    value: Any


def effective(reading: Mapping[str, Any], rulings: Iterable[Ruling]) -> dict[str, Any]:
    """Return the reading with the rulings applied in order; `reading` itself is left as it is."""
    result: dict[str, Any] = copy.deepcopy(dict(reading))
    for ruling in sorted(rulings, key=lambda r: r.order):
        _apply(result, ruling)
    return result


def _apply(result: dict[str, Any], ruling: Ruling) -> None:
    value = copy.deepcopy(ruling.value)
    if ruling.row is None or ruling.part not in LIST_PARTS:
        result[ruling.field] = value
        return
    rows: list[dict[str, Any]] = result.setdefault(ruling.part, [])
    if ruling.field == ADDED:
        rows.append(value | {ADDED: True})
    elif 0 <= ruling.row < len(rows):
        rows[ruling.row][ruling.field] = value


def value_at(reading: Mapping[str, Any], part: str, row: int | None, field: str) -> Any:
    """Return what stands at a place, or None where there is nothing."""
    if row is None or part not in LIST_PARTS:
        return reading.get(field)
    rows = reading.get(part) or []
    return rows[row].get(field) if 0 <= row < len(rows) else None


def find_row(
    reading: Mapping[str, Any], part: str, number: int | None, line: int | None
) -> tuple[str, int | None]:
    """Return (part, row) of the row with `number`, the one nearest `line` when several have it; row None if none.

    A number that a numbering skips is found among `missing`.
    """
    if number is None or part not in LIST_PARTS:
        return part, None
    rows = reading.get(part) or []
    if part == "duties":
        found = [i for i, row in enumerate(rows) if line is not None and _line(row) == line]
        return part, (found[0] if found else number - 1 if 0 < number <= len(rows) else None)
    found = [i for i, row in enumerate(rows) if row.get("number") == number]
    if found:
        return part, min(found, key=lambda i: abs((_line(rows[i]) or 0) - (line or 0)))
    kind = part.rstrip("s")
    for i, row in enumerate(reading.get("missing") or []):
        if row.get("kind") == kind and row.get("number") == number:
            return "missing", i
    return part, None


def _line(row: Mapping[str, Any]) -> int | None:
    source = row.get("source") or {}
    line = source.get("line")
    return int(line) if line is not None else None
