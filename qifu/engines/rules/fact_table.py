"""Facts of many enterprises, from CSV or Parquet in declared units, as one table of kept values (`kept_table`). Pure."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from qifu.engines.rules.fact_columns import PlaceCode, is_readable, kept
from qifu.engines.rules.fact_headings import USCC, facts_of_headings
from qifu.engines.rules.fact_problems import MOST_PROBLEMS, FactProblem, FactTableError, readable
from qifu.engines.rules.kept_file import KeptFile, is_code
from qifu.engines.rules.row_order import in_order
from qifu.registers.enterprises.fact_book import Fact, FactBook, Value
from qifu.registers.enterprises.kept_table import holds_kept_values, kept_schema

__all__ = [
    "MOST_PROBLEMS",
    "USCC",
    "FactProblem",
    "FactTableError",
    "in_order",
    "layout",
    "plain_codes",
    "read_table",
    "rows",
    "rows_at",
]
_LONGEST_CODE = 64
_LOST_CODE = r"^(?i:[0-9]\.[0-9]+E\+?[0-9]+|[0-9]E\+[0-9]+)$"
"""9.13306E+17: a code of digits that a spreadsheet took for a number."""
_CSV_BLOCK = 16 << 20
_PARQUET_ROWS = 1 << 16
_OTHERS = ((b"PK\x03\x04", "Excel 文件"), (b"\xd0\xcf\x11\xe0", "旧版 Excel 文件"), (b"\xff\xfe", "UTF-16 文本"), (b"\xfe\xff", "UTF-16 文本"), (b"\x1f\x8b", "压缩包"))  # fmt: skip


def read_table(
    path: Path,
    facts: FactBook,
    *,
    only: Collection[str] | None = None,
    place_code: PlaceCode | None = None,
) -> pa.Table:
    """Return the kept values of a CSV (UTF-8 or GB18030) or Parquet file, in the file's order of rows.

    Headings are ids, labels or aliases of facts, maybe with a unit in brackets, and `uscc`; facts without a column are missing for all. With `only`, the
    table has just these facts (all columns are still checked). A Parquet file of kept values is taken as it is. Names of
    places are read by `place_code`; without it they are refused.
    Raises FactTableError.
    """
    return Reading(Path(path), facts, only, place_code).table()


def layout(facts: FactBook, only: Collection[str] | None = None) -> pa.Schema:
    """Return the schema of a table of kept values, of all stored facts or of those in `only`."""
    whole = kept_schema(facts)
    chosen = [column for column in whole if only is None or column.name == USCC or column.name in only]
    return pa.schema(chosen, metadata=whole.metadata)


def rows(table: pa.Table, index: int) -> dict[str, Value]:
    """Return the kept values of one row by fact, as `judge` takes them."""
    return rows_at(table, [index])[0]


def rows_at(table: pa.Table, indices: Sequence[int] | NDArray[np.int64]) -> list[dict[str, Value]]:
    """Return the kept values of several rows."""
    facts = table.select([name for name in table.column_names if name != USCC])
    if not facts.num_columns:
        return [{} for _ in indices]
    return facts.take(pa.array(indices, pa.int64())).to_pylist()  # type: ignore[no-any-return]


@dataclass
class Reading:
    """One file on its way to a table."""

    path: Path
    facts: FactBook
    only: Collection[str] | None
    place_code: PlaceCode | None = None
    problems: list[FactProblem] = field(default_factory=list)

    def table(self) -> pa.Table:
        with self._opened() as file:
            head = file.read(4)
            if head != b"PAR1":
                return self._csv(head)
            return self.kept_file().whole() if self._is_kept() else self._parquet()

    def holds_kept_values(self) -> bool:
        with self._opened() as file:
            return file.read(4) == b"PAR1" and self._is_kept()

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        with readable(self.path), self.path.open("rb") as file:
            yield file

    def _refused(self, reason: str) -> FactTableError:
        return FactTableError(str(self.path), [FactProblem(reason)])

    def _stop_if_wrong(self) -> None:
        if self.problems:
            raise FactTableError(str(self.path), self.problems)

    # --- CSV

    def _csv(self, head: bytes) -> pa.Table:
        for start, kind in _OTHERS:
            if head.startswith(start):
                raise self._refused(f"这是{kind}，请另存为 UTF-8 编码的 CSV 文件")
        encoding = self._encoding()
        headings = self._first_record(encoding)
        columns = self._columns(headings)
        names = [f"c{number}" for number in range(len(headings))]
        try:
            batches = arrow_csv.open_csv(
                self._utf8(encoding),
                read_options=arrow_csv.ReadOptions(
                    column_names=names, skip_rows_after_names=1, block_size=_CSV_BLOCK
                ),
                parse_options=arrow_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
                convert_options=arrow_csv.ConvertOptions(
                    column_types={name: pa.string() for name in names},
                    strings_can_be_null=True,
                    null_values=[""],
                ),
            )
            return self._gather(columns, batches, first_row=2)
        except pa.ArrowInvalid:
            self.problems = list(self._uneven_rows(encoding, len(headings)))
            self._stop_if_wrong()
            raise

    def _utf8(self, encoding: str) -> str | pa.BufferReader:
        """The file for Arrow, whose threads may outlive a refused reading and so must never call Python (no row
        handler, no decoder): at the interpreter's end such a call aborts the process."""
        if encoding == "utf-8":
            return str(self.path)
        return pa.BufferReader(self.path.read_text(encoding).encode())

    def _encoding(self) -> str:
        for encoding in ("utf-8", "gb18030"):
            decoder = codecs.getincrementaldecoder(encoding)()
            try:
                with self.path.open("rb") as file:
                    while block := file.read(1 << 20):
                        decoder.decode(block)
                    decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                continue
            return encoding
        raise self._refused("文字编码既不是 UTF-8 也不是 GB18030，请另存为 UTF-8 编码的 CSV 文件")

    def _records(self, encoding: str) -> Iterator[list[str]]:
        with self.path.open(
            "r", encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline=""
        ) as file:
            try:
                yield from csv.reader(file)
            except csv.Error as error:
                raise self._refused(f"不是完整的 CSV（{error}），请检查引号是否成对") from error

    def _first_record(self, encoding: str) -> list[str]:
        headings = next(self._records(encoding), None)
        if not headings:
            raise self._refused("没有表头：第一行应为 uscc 和各事实的代码或名称")
        return headings

    def _uneven_rows(self, encoding: str, width: int) -> Iterator[FactProblem]:
        for number, record in enumerate(self._records(encoding), start=1):
            if record and len(record) != width:
                yield FactProblem(f"有 {len(record)} 栏，表头有 {width} 栏，请补齐或检查逗号与引号", number)

    # --- Parquet

    def _parquet(self) -> pa.Table:
        file = pq.ParquetFile(self.path)
        schema = file.schema_arrow
        columns = self._columns(schema.names)
        for number, name in enumerate(schema.names):
            if not is_readable(schema.field(number).type):
                self.problems.append(
                    FactProblem("这一栏的类型读不了，应为文本、数字、日期或真假", column=name)
                )
        self._stop_if_wrong()
        return self._gather(columns, file.iter_batches(_PARQUET_ROWS), first_row=1)

    def _is_kept(self) -> bool:
        return holds_kept_values(pq.read_schema(self.path))

    def kept_file(self) -> KeptFile:
        """A file of kept values, whose types are checked and whose values are believed."""
        wanted = layout(self.facts, self.only)
        with self._opened():
            schema = pq.read_schema(self.path)
            if USCC not in schema.names:
                raise self._refused("没有 uscc 栏")
            for name in wanted.names:
                found, kind = (
                    schema.field(name).type if name in schema.names else None,
                    wanted.field(name).type,
                )
                if found not in (None, kind) and not (
                    is_code(kind) and is_code(pa.dictionary(pa.int32(), found))
                ):
                    self.problems.append(FactProblem("数据类型与事实目录不符，请重新生成快照", column=name))
            self._stop_if_wrong()
            return KeptFile(self.path, wanted)

    # --- both

    def _columns(self, headings: Sequence[str]) -> list[Fact | None]:
        """The fact of each column, None for uscc; raises FactTableError naming every wrong heading."""
        found, self.problems = facts_of_headings(headings, self.facts)
        self._stop_if_wrong()
        return found

    def _gather(
        self,
        columns: Sequence[Fact | None],
        batches: Iterator[pa.RecordBatch],
        *,
        first_row: int,
    ) -> pa.Table:
        schema = layout(self.facts, self.only)
        parts: dict[str, list[pa.Array]] = {name: [] for name in schema.names}
        numbers: list[NDArray[np.int64]] = []
        row = first_row
        for batch in batches:
            filled, numbering = _filled(batch, row)
            row += batch.num_rows
            numbers.append(numbering)
            for fact, cells in zip(columns, filled.columns, strict=True):
                name = fact.id if fact else USCC
                made = self._kept(fact, cells, numbering)
                if name in parts:
                    parts[name].append(made)
            if len(self.problems) >= MOST_PROBLEMS:
                break
        self.problems.sort(key=lambda problem: problem.row or 0)
        total = sum(len(numbering) for numbering in numbers)
        made_columns = []
        for column in schema:
            chunks = parts[column.name]
            whole = pa.chunked_array(chunks, column.type) if chunks else pa.nulls(total, column.type)
            made_columns.append(
                whole.unify_dictionaries() if chunks and pa.types.is_dictionary(column.type) else whole
            )
        table = pa.table(made_columns, schema=schema)
        if not self.problems:
            self._refuse_repeated(table[USCC], np.concatenate(numbers) if numbers else np.zeros(0, np.int64))
        self._stop_if_wrong()
        return table

    def _kept(self, fact: Fact | None, cells: pa.Array, numbering: NDArray[np.int64]) -> pa.Array:
        if fact is None:
            return self._codes(cells, numbering)
        made, odd = kept(fact, cells, MOST_PROBLEMS, self.place_code)
        for cell in odd:
            self.problems.append(FactProblem(cell.reason, int(numbering[cell.index]), fact.label))
        return made

    def _codes(self, cells: pa.Array, numbering: NDArray[np.int64]) -> pa.Array:
        codes = plain_codes(pc.cast(cells, pa.string()))
        sizes = np.asarray(pc.fill_null(pc.utf8_length(codes), 0))
        lost = np.asarray(pc.match_substring_regex(codes, _LOST_CODE).fill_null(False))
        if pa.types.is_floating(cells.type):
            lost |= sizes > 0
        for place in np.flatnonzero((sizes == 0) | (sizes > _LONGEST_CODE) | lost)[:MOST_PROBLEMS]:
            reason = "过长，请检查引号是否成对" if sizes[place] else "没有填写统一社会信用代码"
            if lost[place]:
                reason = f"“{codes[int(place)]}”是被 Excel 当作数字的代码，末几位已丢失，请把该列设为文本格式后重新填写、导出"
            self.problems.append(FactProblem(reason, int(numbering[place]), USCC))
        return codes

    def _refuse_repeated(self, uscc: pa.ChunkedArray, numbers: NDArray[np.int64]) -> None:
        if pc.count_distinct(uscc).as_py() == len(uscc):
            return
        first: dict[str, int] = {}
        for code, row in zip(uscc.to_pylist(), numbers.tolist(), strict=True):
            if code in first:
                self.problems.append(
                    FactProblem(f"“{code}”与第 {first[code]} 行重复，每户只能有一行", row, USCC)
                )
                if len(self.problems) >= MOST_PROBLEMS:
                    return
            first.setdefault(code, row)


def plain_codes(codes: pa.Array) -> pa.Array:
    """Return codes without blanks around them; those of eighteen letters and digits in capitals and half width, unbroken."""
    whole = pc.utf8_upper(pc.replace_substring_regex(pc.utf8_normalize(codes, "NFKC"), r"\s+", ""))
    return pc.if_else(
        pc.match_substring_regex(whole, "^[0-9A-Z]{18}$"), whole, pc.utf8_trim_whitespace(codes)
    )


def _filled(batch: pa.RecordBatch, first_row: int) -> tuple[pa.RecordBatch, NDArray[np.int64]]:
    """The rows that hold anything, and their numbers in the file: blank lines are no enterprises."""
    numbering = np.arange(first_row, first_row + batch.num_rows, dtype=np.int64)
    if all(column.null_count for column in batch.columns):
        holds = np.zeros(batch.num_rows, dtype=bool)
        for column in batch.columns:
            holds |= np.asarray(column.is_valid())
        if not holds.all():
            return batch.filter(pa.array(holds)), numbering[holds]
    return batch, numbering
