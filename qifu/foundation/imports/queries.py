"""Questions about imports: what a file would become, how far an import is, which rows were not taken. Never writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import BinaryIO

from django.db.models import QuerySet

from qifu.foundation.access import Actor, find, holds, visible
from qifu.foundation.action import Refused
from qifu.foundation.files.storage import open_file
from qifu.foundation.imports.batches import BatchResult, sort_out
from qifu.foundation.imports.kinds import ImportKind, Remark, import_kinds
from qifu.foundation.imports.mapping import ColumnMapping, Proposal, apply_kept, propose, propose_best
from qifu.foundation.imports.models import Import, ImportRemark
from qifu.foundation.imports.readings import Reading, readings
from qifu.foundation.imports.sheets import TOLD
from qifu.foundation.imports.table_file import UnreadableTable, open_table
from qifu.foundation.jobs import Job

CHECKED_ROWS = 200
SHOWN_ROWS = 10


def kinds_for(actor: Actor, at: datetime) -> list[ImportKind]:
    """Return the lists that the actor may import, in order of title."""
    mine = (kind for kind in import_kinds().values() if holds(actor, kind.permission, at))
    return sorted(mine, key=lambda kind: kind.title)


def imports(actor: Actor, at: datetime) -> QuerySet[Import]:
    """Return the imports that the actor may see, the newest first."""
    return visible(Import.objects.all(), actor, "imports.use", at).order_by("-created_at", "-pk")


def one_import(actor: Actor, at: datetime, pk: int) -> Import:
    """Return one import; raises access.NotFound."""
    return find(Import.objects.select_related("file"), actor, "imports.use", at, pk=pk)


def job_of(row: Import) -> Job | None:
    """Return the job that runs an import."""
    return Job.objects.filter(pk=row.job_id).first() if row.job_id else None


def proposal_for(
    file: BinaryIO, kind: ImportKind, *, sheet: str = "", kept: Mapping[str, object] | None = None
) -> Proposal:
    """Return how the columns of a file may be read: as `kept` says, else as proposed; raises Refused in Chinese."""
    try:
        if kept is not None:
            table = open_table(file, sheet=str(kept.get("sheet") or sheet))
            return apply_kept(kept, table, kind.columns)
        table = open_table(file, sheet=sheet)
        return propose(table, kind.columns) if sheet else propose_best(table, kind.columns)
    except UnreadableTable as error:
        raise Refused(str(error), file=str(error)) from error


@dataclass(frozen=True)
class FileColumn:
    """One column of the file for the mapping page: its heading, a few of its cells, the column it is read as."""

    place: int
    heading: str
    cells: tuple[str, ...]
    column: str


@dataclass(frozen=True)
class PreviewRow:
    """One row as it would be taken: cells by column with what would be remarked beside each, and about the row."""

    number: int
    cells: tuple[tuple[str, str, tuple[Remark, ...]], ...]
    remarks: tuple[Remark, ...]
    refused: bool


@dataclass
class Preview:
    """The first rows of a file, read by a mapping; `checked` rows were looked at, `refused` of them would not be taken."""

    columns: list[FileColumn] = field(default_factory=list)
    rows: list[PreviewRow] = field(default_factory=list)
    encoding: str = ""
    sheets: tuple[str, ...] = ()
    checked: int = 0
    refused: int = 0


def fresh_mapping(row: Import, kind: ImportKind, *, sheet: str, heading_line: int | None) -> Proposal:
    """Return the proposal for another sheet or heading row than the kept mapping has; raises Refused."""
    try:
        with open_file(row.file) as file:
            return propose(open_table(file, sheet=sheet), kind.columns, heading_line=heading_line)
    except (UnreadableTable, FileNotFoundError) as error:
        raise Refused(str(error)) from error


def preview(file: BinaryIO, kind: ImportKind, mapping: ColumnMapping) -> Preview:
    """Return what the first rows would become; raises UnreadableTable."""
    table = open_table(file, sheet=mapping.sheet)
    first = list(islice(readings(table, mapping), CHECKED_ROWS))
    told = BatchResult()
    rows, doubts = sort_out(first, told)
    remarks = [*told.told, *doubts, *(kind.check(rows) if rows else ())]
    by_row: dict[int, list[Remark]] = {}
    for remark in remarks:
        by_row.setdefault(remark.number, []).append(remark)
    refused = {remark.number for remark in remarks if remark.refused}
    worst_first = sorted(first, key=lambda reading: reading.line.number not in by_row)
    shown = sorted(worst_first[:SHOWN_ROWS], key=lambda reading: reading.line.number)
    return Preview(
        columns=_file_columns(first, mapping),
        rows=[_preview_row(reading, mapping, kind, by_row.get(reading.line.number, [])) for reading in shown],
        encoding=table.encoding,
        sheets=table.sheets,
        checked=len(first),
        refused=len(refused),
    )


def _file_columns(first: list[Reading], mapping: ColumnMapping) -> list[FileColumn]:
    names = {place: name for name, place in mapping.places.items()}
    width = max([len(mapping.headings), *(len(reading.line.cells) for reading in first[:50])])
    found = []
    for place in range(width):
        cells = (r.line.cells[place].strip() for r in first[:50] if place < len(r.line.cells))
        sample = tuple(islice(dict.fromkeys(cell[:40] for cell in cells if cell), 3))
        heading = mapping.headings[place] if place < len(mapping.headings) else ""
        found.append(FileColumn(place, heading, sample, names.get(place, "")))
    return found


def _preview_row(
    reading: Reading, mapping: ColumnMapping, kind: ImportKind, remarks: list[Remark]
) -> PreviewRow:
    cells = []
    raw = reading.line.cells
    for column in kind.columns:
        place = mapping.places.get(column.name)
        if place is None:
            continue
        written = raw[place].strip() if place < len(raw) else ""
        text = reading.row.values.get(column.name, "") if reading.row else written
        beside = tuple(remark for remark in remarks if remark.column == column.name)
        cells.append((column.title, text[:120], beside))
    shown = set(mapping.places)
    apart = tuple(remark for remark in remarks if remark.column not in shown)
    return PreviewRow(reading.line.number, tuple(cells), apart, any(remark.refused for remark in remarks))


def remarks(row: Import, *, refused: bool | None = None) -> QuerySet[ImportRemark]:
    """Return what is told of an import's rows, in order of rows: of refused ones, of taken ones, or of all."""
    found = ImportRemark.objects.filter(of=row).order_by("row_number", "-refused", "pk")
    return found if refused is None else found.filter(refused=refused)


def reasons(row: Import, *, most: int = 8) -> list[tuple[str, str, int]]:
    """Return the commonest reasons for refusal: column, reason without quoted values, number of remarks."""
    counts: dict[tuple[str, str], int] = {}
    found = ImportRemark.objects.filter(of=row, refused=True).values_list("column", "reason")
    for column, reason in found.iterator(chunk_size=5000):
        key = (column, _general(reason))
        counts[key] = counts.get(key, 0) + 1
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return [(column, reason, number) for (column, reason), number in ordered[:most]]


def _general(reason: str) -> str:
    """A reason without what it quotes: “abc”不是日期 and “xyz”不是日期 are one reason."""
    out, depth = [], 0
    for char in reason:
        if char == "“":
            depth += 1
            out.append("“…”" if depth == 1 else "")
        elif char == "”":
            depth = max(depth - 1, 0)
        elif not depth:
            out.append(char)
    return "".join(out)


def rejected_headings(row: Import) -> list[str]:
    """Return the headings of the file of refused rows: the original ones, then row number, column, reason, proposal."""
    given = [str(heading) for heading in row.mapping.get("headings", ())]
    names = {int(place): name for name, place in row.mapping.get("columns", {}).items()}
    kind = import_kinds()[row.kind]
    titles = {column.name: column.title for column in kind.columns}
    full = [heading or titles.get(names.get(place, ""), "") for place, heading in enumerate(given)]
    return [*full, *TOLD]


def rejected_rows(row: Import) -> Iterator[list[str]]:
    """Yield each refused row with its original cells and what is told of it, all remarks in one line."""
    width = len(row.mapping.get("headings", ()))
    current: list[ImportRemark] = []
    for remark in remarks(row, refused=True).iterator(chunk_size=2000):
        if current and remark.row_number != current[0].row_number:
            yield _rejected(current, width)
            current = []
        current.append(remark)
    if current:
        yield _rejected(current, width)


def _rejected(told: list[ImportRemark], width: int) -> list[str]:
    cells: list[str] = next((remark.line for remark in told if remark.line is not None), [])
    padded = [*cells[:width], *[""] * (width - len(cells))]
    extra = "；".join(cell for cell in cells[width:] if cell)
    columns = "；".join(dict.fromkeys(remark.column for remark in told if remark.column))
    reasons_ = "；".join(dict.fromkeys(remark.reason for remark in told))
    if extra:
        reasons_ += f"；表头以外的内容：{extra}"
    proposals = "；".join(dict.fromkeys(remark.proposal for remark in told if remark.proposal))
    return [*padded, str(told[0].row_number), columns, reasons_, proposals]
