"""One batch of rows, written so that each row is counted exactly once whatever the list's own code does."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import InterfaceError, OperationalError, transaction

from qifu.foundation.access import SYSTEM, Actor, NotFound
from qifu.foundation.action import Refused
from qifu.foundation.imports.kinds import ImportKind, Outcome, Remark, SourceRow
from qifu.foundation.imports.models import Import
from qifu.foundation.imports.readings import Reading
from qifu.foundation.jobs import JobCancelled

log = logging.getLogger("qifu.imports")
STOPS = (NotFound, OperationalError, InterfaceError, JobCancelled)
"""What no smaller batch would mend: the permission is gone, the database is away, the job is cancelled."""
LONGEST_TEXT = 300


class Miscounted(Exception):
    """A list's `write` did not count each row once."""


def starter(row: Import) -> Actor:
    """Return who runs the import: its rows are written by this person's permission, asked anew for each batch."""
    return SYSTEM if row.run_by is None else Actor(kind="person", id=row.run_by, name=row.run_by_name)


@dataclass
class BatchResult:
    """What became of a batch: `refused` and `remarked` hold row numbers, `told` all remarks."""

    outcome: Outcome = field(default_factory=Outcome)
    told: list[Remark] = field(default_factory=list)
    blank: int = 0

    @property
    def refused(self) -> set[int]:
        """The rows that were not taken."""
        return {remark.number for remark in self.told if remark.refused}

    @property
    def remarked(self) -> set[int]:
        """The rows that were taken, or left out as totals, with a word about it."""
        return {remark.number for remark in self.told} - self.refused

    def remarks(self, kind: ImportKind, batch: Sequence[Reading]) -> Iterator[dict[str, Any]]:
        """Yield the columns of a remark's row each; the first one of a refused row keeps its cells."""
        titles = {column.name: column.title for column in kind.columns}
        lines = {reading.line.number: reading.line.cells for reading in batch}
        refused, seen = self.refused, set()
        for remark in sorted(self.told, key=lambda one: (one.number, not one.refused)):
            first = remark.number not in seen
            seen.add(remark.number)
            yield {
                "row_number": remark.number,
                "column": _plain(titles.get(remark.column, remark.column))[:80],
                "reason": _plain(remark.reason)[:LONGEST_TEXT],
                "proposal": _plain(remark.proposal)[:LONGEST_TEXT],
                "refused": remark.refused,
                "line": _storable(lines[remark.number]) if first and remark.number in refused else None,
            }


def write_rows(
    kind: ImportKind, batch: Sequence[Reading], *, source: str, by: Actor, at: datetime
) -> BatchResult:
    """Write what is data among `batch` and say what became of every row of it."""
    result = BatchResult()
    rows, doubts = sort_out(batch, result)
    if rows:
        result.outcome = _write(kind, rows, source=source, by=by, at=at)
    result.told.extend(result.outcome.remarks)
    refused = result.refused
    result.told.extend(doubt for doubt in doubts if doubt.number not in refused)
    return result


def sort_out(batch: Sequence[Reading], result: BatchResult) -> tuple[list[SourceRow], list[Remark]]:
    """Put blank, skipped and broken rows into `result`; return the data rows and the doubts about their form."""
    rows, doubts = [], []
    for reading in batch:
        number = reading.line.number
        if reading.broken:
            result.told.append(Remark(number, reading.broken_column, reading.broken, reading.proposal))
        elif reading.row is None:
            result.blank += 1
            if reading.skipped:
                result.told.append(Remark(number, "", reading.skipped, refused=False))
        else:
            rows.append(reading.row)
            if reading.line.doubt:
                doubts.append(Remark(number, "", reading.line.doubt, refused=False))
    return rows, doubts


def check_rows(kind: ImportKind, rows: Sequence[SourceRow]) -> list[Remark]:
    """Return what the list's check tells of rows; where it fails, each row is asked by itself and the failing ones told."""
    if not rows:
        return []
    try:
        return list(kind.check(rows))
    except STOPS:
        raise
    except Exception as error:
        if len(rows) > 1:
            return [remark for row in rows for remark in check_rows(kind, [row])]
        log.warning("check failed", extra={"row": rows[0].number, "fault": type(error).__name__})
        return [Remark(rows[0].number, "", f"检查这一行时出错（{type(error).__name__}）", "请核对这一行；导入时会再判断", refused=False)]  # fmt: skip


def _write(kind: ImportKind, rows: Sequence[SourceRow], *, source: str, by: Actor, at: datetime) -> Outcome:
    """Write rows; should that fail, halve them until the failing row stands alone, and refuse it with the reason."""
    try:
        with transaction.atomic():
            outcome = kind.write(rows=rows, source=source, by=by, at=at)
            _recount(outcome, rows)
            return outcome
    except STOPS:
        raise
    except Exception as error:
        if len(rows) > 1:
            half = len(rows) // 2
            parts = (_write(kind, part, source=source, by=by, at=at) for part in (rows[:half], rows[half:]))
            return _sum(parts)
        # The message of the error may hold personal data: the log has its type only.
        log.warning(
            "row refused", extra={"import": source, "row": rows[0].number, "fault": type(error).__name__}
        )
        return Outcome(remarks=[Remark(rows[0].number, "", _reason(error), "请核对这一行；仍不能导入时请联系系统管理员")])  # fmt: skip


def _reason(error: Exception) -> str:
    if isinstance(error, Refused):
        return error.message
    return f"写入这一行时出错（{type(error).__name__}）"


def _recount(outcome: Outcome, rows: Sequence[SourceRow]) -> None:
    numbers = {row.number for row in rows}
    counted = outcome.created + outcome.updated + outcome.unchanged + outcome.refused
    if counted != len(rows) or min(outcome.created, outcome.updated, outcome.unchanged) < 0:
        raise Miscounted(f"{counted} of {len(rows)} rows are counted")
    if any(remark.number not in numbers for remark in outcome.remarks):
        raise Miscounted("a remark about a row that was not given")


def _sum(parts: Iterator[Outcome]) -> Outcome:
    whole = Outcome()
    for part in parts:
        whole.created += part.created
        whole.updated += part.updated
        whole.unchanged += part.unchanged
        whole.remarks.extend(part.remarks)
    return whole


def _storable(cells: Sequence[str]) -> list[str]:
    return [_plain(cell) for cell in cells]


def _plain(text: str) -> str:
    """PostgreSQL keeps no NUL and no lone surrogates; a row that has them is told all the same."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
