"""Questions about imports: what a file would become, how far an import is, which rows were not taken. Never writes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby, islice
from typing import BinaryIO

from django.db.models import Count, QuerySet

from qifu.foundation.access import Actor, find, holds, visible
from qifu.foundation.action import Refused
from qifu.foundation.files.storage import open_file
from qifu.foundation.imports.batches import BatchResult, check_rows, sort_out
from qifu.foundation.imports.file_mapping import FileMapping, FileProposal, apply_kept, left_out, propose_file
from qifu.foundation.imports.kinds import ImportKind, Remark, import_kinds
from qifu.foundation.imports.mapping import ColumnMapping, propose
from qifu.foundation.imports.models import Import, ImportRemark
from qifu.foundation.imports.readings import Reading, readings
from qifu.foundation.imports.sheets import TOLD, workbooks
from qifu.foundation.imports.table_file import Table, UnreadableTable, open_table
from qifu.foundation.jobs import Job

CHECKED_ROWS = 200
_PASSING = re.compile(r"\d{4}-\d\d-\d\d|(?<=第 )\d+(?= 行)")
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
    file: BinaryIO, kind: ImportKind, *, sheets: Sequence[str] = (), kept: Mapping[str, object] | None = None
) -> FileProposal:
    """Return how a file may be read: as `kept` says, else as proposed; raises Refused in Chinese.

    `sheets` names the sheets to import; without it, all that have the required columns.
    """
    try:
        table = open_table(file)
        if kept is not None:
            return apply_kept(kept, table, kind.columns, sheets=sheets)
        return propose_file(table, kind.columns, sheets=sheets)
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
    """The first rows of a part, read by its mapping; `checked` rows were looked at, `refused` would not be taken."""

    mapping: ColumnMapping
    columns: list[FileColumn] = field(default_factory=list)
    rows: list[PreviewRow] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    encoding: str = ""
    checked: int = 0
    refused: int = 0


def read_as(
    row: Import, kind: ImportKind, known: Sequence[ColumnMapping], *, sheets: Sequence[str],
    heading_lines: Mapping[str, int],
) -> FileProposal:  # fmt: skip
    """Return how the file would be read with these sheets and rows of headings; raises Refused.

    A sheet among `known` keeps its columns, unless its heading stands in another row than before.
    """
    kept = {part.sheet: part for part in known}
    parts: list[ColumnMapping] = []
    told: list[str] = []
    try:
        with _open(row) as file:
            table = open_table(file)
            for sheet in sheets:
                line = heading_lines.get(sheet)
                part = kept.get(sheet)
                if part is None or (line is not None and line != part.heading_line):
                    if table.sheets and sheet not in table.sheets:
                        raise Refused(f"工作簿里没有名为“{sheet[:40]}”的工作表")
                    table.choose(sheet)
                    found = propose(table, kind.columns, heading_line=line if part else None)
                    part = found.mapping
                    told += found.remarks
                parts.append(part)
            return FileProposal(FileMapping(tuple(parts), left_out(table, sheets)), tuple(told))
    except (UnreadableTable, FileNotFoundError) as error:
        raise Refused(str(error)) from error


def _open(row: Import) -> BinaryIO:
    if row.file is None:
        raise FileNotFoundError("原文件已按保存期限删除")
    return open_file(row.file)


def previews(row: Import, kind: ImportKind) -> list[Preview]:
    """Return what the first rows of each part would become; raises UnreadableTable or FileNotFoundError."""
    with _open(row) as file:
        table = open_table(file)
        return [preview(table, kind, part) for part in row.read_by.parts]


def preview(table: Table, kind: ImportKind, mapping: ColumnMapping) -> Preview:
    """Return what the first rows of one part would become."""
    first = list(islice(readings(table, mapping), CHECKED_ROWS))
    told = BatchResult()
    rows, doubts = sort_out(first, told)
    remarks = [*told.told, *doubts, *check_rows(kind, rows)]
    by_row: dict[int, list[Remark]] = {}
    for remark in remarks:
        by_row.setdefault(remark.number, []).append(remark)
    refused = {remark.number for remark in remarks if remark.refused}
    worst_first = sorted(first, key=lambda reading: reading.line.number not in by_row)
    shown = sorted(worst_first[:SHOWN_ROWS], key=lambda reading: reading.line.number)
    return Preview(
        mapping,
        columns=_file_columns(first, mapping),
        rows=[_preview_row(reading, mapping, kind, by_row.get(reading.line.number, [])) for reading in shown],
        encoding=table.encoding,
        titles=[column.title for column in kind.columns if column.name in mapping.places],
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
    """Return what is told of an import's rows, in the order of the file: of refused ones, of taken ones, or of all."""
    found = ImportRemark.objects.filter(of=row).order_by("pk")
    return found if refused is None else found.filter(refused=refused)


def reasons(row: Import, *, refused: bool = True, most: int = 8) -> list[tuple[str, str, int]]:
    """Return the commonest reasons for refusal, or of warnings: column, reason without quoted values, number of remarks."""
    counts: dict[tuple[str, str], int] = {}
    found = ImportRemark.objects.filter(of=row, refused=refused).values_list("column", "reason")
    for column, reason in found.iterator(chunk_size=5000):
        key = (column, _general(reason))
        counts[key] = counts.get(key, 0) + 1
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return [(column, reason, number) for (column, reason), number in ordered[:most]]


def _general(reason: str) -> str:
    """A reason without what it quotes, days and row numbers: “abc”不是日期 and “xyz”不是日期 are one reason."""
    reason = _PASSING.sub("…", reason)
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


def part_titles(row: Import) -> list[str]:
    """Return how each part of the file is called: its sheet, where there are several."""
    parts = row.read_by.parts
    return [part.sheet for part in parts] if len(parts) > 1 else [""]


def refused_parts(row: Import) -> list[tuple[int, str, int]]:
    """Return (number of the part, its sheet, refused rows) of each part that has any."""
    found = remarks(row, refused=True).values("sheet").annotate(rows=Count("row_number", distinct=True))
    counts = {one["sheet"]: one["rows"] for one in found.order_by()}
    titles = part_titles(row)
    return [(n, title, counts[title[:40]]) for n, title in enumerate(titles) if title[:40] in counts]


def rejected_headings(row: Import, part: int = 0) -> list[str]:
    """Return the headings of a file of refused rows: the part's own ones, then row number, column, reason, proposal."""
    mapping = row.read_by.parts[part]
    names = {place: name for name, place in mapping.places.items()}
    titles = {column.name: column.title for column in import_kinds()[row.kind].columns}
    full = [heading or titles.get(names.get(place, ""), "") for place, heading in enumerate(mapping.headings)]
    return [*full, *TOLD]


def rejected_rows(row: Import, part: int = 0) -> Iterator[list[str]]:
    """Yield each refused row of a part with its original cells and what is told of it, all remarks in one line."""
    width, sheet = len(row.read_by.parts[part].headings), part_titles(row)[part][:40]
    told = remarks(row, refused=True).filter(sheet=sheet).iterator(chunk_size=2000)
    for _, of_row in groupby(told, key=lambda remark: remark.row_number):
        yield _rejected(list(of_row), width)


def warned_rows(row: Import) -> Iterator[list[str]]:
    """Yield what is told of rows that were taken or left out: sheet, row number, column, reason, proposal."""
    for remark in remarks(row, refused=False).iterator(chunk_size=2000):
        yield [remark.sheet, str(remark.row_number), remark.column, remark.reason, remark.proposal]


def rejected_book(row: Import) -> bytes:
    """Return the refused rows as a workbook with a sheet for each sheet of the file that has any."""
    parts = refused_parts(row) or [(0, "", 0)]
    return workbooks(
        (title or "未导入", rejected_headings(row, number), rejected_rows(row, number))
        for number, title, _ in parts
    )


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
