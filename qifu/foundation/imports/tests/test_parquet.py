"""Parquet files as lists: exact texts, damaged and hostile files refused with a word about what to do."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qifu.foundation.files.checks import TABLES, FileRefused, check
from qifu.foundation.imports.lines import UnreadableTable
from qifu.foundation.imports.table_file import open_table


def written(table: pa.Table, **options: object) -> io.BytesIO:
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out


def test_cells_come_as_people_would_write_them_and_again() -> None:
    rows = {
        "统一社会信用代码": pa.array(["913301", None, "x"]).dictionary_encode(),
        "营业收入": pa.array([Decimal("12.50"), None, Decimal("-0.01")]),
        "从业人数": [3, 2**53 + 1, None],
        "比例": [0.1, float("nan"), 3.0],
        "成立": [date(2024, 1, 2), None, date(1999, 12, 31)],
        "时间": pa.array(["2024-01-02", "2024-01-02T03:04:05", None]).cast(pa.timestamp("s")),
        "有效": [True, False, None],
    }
    table = open_table(written(pa.table(rows), row_group_size=1))
    lines = list(table.lines())
    assert lines == list(table.lines()) and [line.number for line in lines] == [1, 2, 3, 4]
    assert lines[0].cells == list(rows) and table.filled_rows() == 4 and table.sheets == ()
    assert lines[1].cells == ["913301", "12.50", "3", "0.1", "2024-01-02", "2024-01-02", "是"]
    assert lines[2].cells == ["", "", "9007199254740993", "", "", "2024-01-02 03:04:05", "否"]
    assert lines[3].cells == ["x", "-0.01", "", "3", "1999-12-31", "", ""]


@pytest.mark.parametrize("column", [[[1], [2]], [{"a": 1}, {"a": 2}], [b"x", b"y"]])
def test_what_is_no_list_is_refused(column: list[object]) -> None:
    with pytest.raises(UnreadableTable):
        open_table(written(pa.table({"a": pa.array(column)})))


def test_snapshots_bombs_and_broken_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = pa.table({"uscc": ["1"]}).replace_schema_metadata({"qifu.kept_values": "1"})
    with pytest.raises(UnreadableTable, match="快照"):
        open_table(written(kept))
    whole = written(pa.table({"a": list(range(1000))})).getvalue()
    for broken in (whole[:-9], whole[:4], b"PAR1" + bytes(50), whole[:40] + bytes(500) + whole[540:]):
        with pytest.raises(UnreadableTable):
            list(open_table(io.BytesIO(broken)).lines())
    monkeypatch.setattr("qifu.foundation.imports.parquet_table.LARGEST_UNPACKED", 100)
    with pytest.raises(UnreadableTable, match="巨大"):
        open_table(io.BytesIO(whole))


def test_parquet_is_kept_as_a_table_only() -> None:
    file = written(pa.table({"a": [1]}))
    assert check(file, "表.parquet", limit=1 << 20, allowed=TABLES).type.code == "parquet"
    with pytest.raises(FileRefused):
        check(file, "表.parquet", limit=1 << 20)
