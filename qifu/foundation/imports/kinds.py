"""What a room declares to have its list imported. Pure; no Django."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Column:
    """One column of a list: `name` in code, `title` on screen and in the template file, other headings it goes by.

    `example` is shown beside the mapping and stands in the template file; `note` says what is accepted.
    `looks_like` recognises the column by a sample of its filled cells, where its heading is unknown or missing.
    """

    name: str
    title: str
    synonyms: tuple[str, ...] = ()
    required: bool = False
    example: str = ""
    note: str = ""
    looks_like: Callable[[Sequence[str]], bool] | None = None


@dataclass(frozen=True)
class SourceRow:
    """One row of the file: its number as the user counts (the first line of the file or sheet is 1) and its texts.

    `values` holds the text of each mapped column by the column's name, trimmed; dates and numbers of a workbook come
    as text too (2024-03-31; 1200.5 without binary rounding). A column that is not mapped is absent. Where the heading
    names a unit of money, as in 注册资本（万元）, a bare number gets it: 20万元.
    """

    number: int
    values: Mapping[str, str]


@dataclass(frozen=True)
class Remark:
    """Something to tell of one row: why it was refused (`refused`), or what to look at though it was taken.

    `column` is a column's name, or empty when the row as a whole is meant; `reason` and `proposal` are Chinese.
    """

    number: int
    column: str
    reason: str
    proposal: str = ""
    refused: bool = True


@dataclass
class Outcome:
    """What became of a batch. Each row of it is counted once: created + updated + unchanged + refused = rows given."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    remarks: list[Remark] = field(default_factory=list)

    @property
    def refused(self) -> int:
        """How many different rows were refused."""
        return len({remark.number for remark in self.remarks if remark.refused})


WriteBatch = Callable[..., Outcome]
"""An `@action` called as write(rows: Sequence[SourceRow], source: str, by: Actor, at: datetime) -> Outcome.

`source` names the import (for provenance). It must be safe to repeat: the same rows again are `unchanged`. It writes
one audit row with counts. A row that cannot be read is a Remark, never an exception.
"""

Check = Callable[[Sequence[SourceRow]], list[Remark]]


@dataclass(frozen=True)
class ImportKind:
    """One importable list. `write` saves a batch; `check` (no writes) tells for the preview what it would remark.

    `next_step` is what to do once all is in: the words of a button and the name of the route that it leads to.
    """

    name: str
    title: str
    permission: str
    columns: tuple[Column, ...]
    write: WriteBatch
    check: Check
    rows_at_once: int = 2000
    next_step: tuple[str, str] | None = None


_kinds: dict[str, ImportKind] = {}


def declare_import(kind: ImportKind) -> ImportKind:
    """Make a list importable; a room does so once, at start."""
    if _kinds.setdefault(kind.name, kind) is not kind:
        raise ValueError(f"import kind {kind.name} is declared twice")
    return kind


def import_kinds() -> dict[str, ImportKind]:
    """Return every importable list by name."""
    return dict(_kinds)
