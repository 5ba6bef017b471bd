"""Reading tables: every row of whatever people send comes out once, or is told; junk is refused in Chinese."""

from __future__ import annotations

import csv
import io
import random
import resource
import zipfile
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qifu.foundation.imports.table_file import Line, UnreadableTable, open_table


def lines(data: bytes | str, **options: Any) -> list[Line]:
    content = data.encode() if isinstance(data, str) else data
    return list(open_table(io.BytesIO(content), **options).lines())


def cells(data: bytes | str, **options: Any) -> list[list[str]]:
    return [line.cells for line in lines(data, **options)]


def book(*rows: list[Any], merge: str = "", sheets: dict[str, list[list[Any]]] | None = None) -> bytes:
    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.active.append(row)
    if merge:
        workbook.active.merge_cells(merge)
    for name, content in (sheets or {}).items():
        sheet = workbook.create_sheet(name)
        for row in content:
            sheet.append(row)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_encodings_and_delimiters_are_found(encoding: str, delimiter: str) -> None:
    rows = [["名称", "编号", "备注"], ["甲公司", "001", "龘"], ["乙公司", "002", ""], ["丙公司", "003", "㐂"]]
    text = "\r\n".join(delimiter.join(row) for row in rows)
    assert cells(text.encode(encoding)) == rows


def test_quotes_line_breaks_and_blank_rows_count_as_in_excel() -> None:
    found = lines('a,b\n"x\ny","say ""hi"""\n\n1,2\n')
    assert [(line.number, line.cells) for line in found] == [
        (1, ["a", "b"]), (2, ["x\ny", 'say "hi"']), (3, []), (4, ["1", "2"]),
    ]  # fmt: skip
    assert found[2].is_blank


def test_an_unpaired_quote_swallows_no_row() -> None:
    rows = [f"甲{n},{n},x" for n in range(500)]
    rows[100] = '"甲100,100,x'
    rows[300] = '甲300,"300"号,x'
    found = lines("\n".join(["名称,编号,备注", *rows]))
    assert len(found) == 501
    assert [line.number for line in found if line.doubt] == [102, 302]
    assert found[101].cells == ["甲100", "100", "x"]
    assert [line.cells[1] for line in found[1:101]] == [str(n) for n in range(100)]


def test_a_row_with_too_many_cells_is_broken_and_a_short_one_doubtful() -> None:
    found = lines("a,b,c\n" + "1,2,3\n" * 30 + "1,2,3,4\n1,2\n1,2,3,\n")
    assert "有 4 格" in found[31].broken and "少 1 格" in found[32].doubt
    assert not found[33].broken and not found[33].doubt


def test_nul_bytes_and_a_broken_character_spoil_one_row_only() -> None:
    data = "名称,编号\n甲,1\n乙\0,2\n".encode() + b"\xff\xfe\xfa,3\n" + "丁,4\n".encode("gb18030")
    found = lines(data)
    assert [line.cells[1] for line in found] == ["编号", "1", "2", "3", "4"]
    assert found[2].cells[0] == "乙" and found[4].cells[0] == "丁"
    assert "\ufffd" in found[3].cells[0]


def test_a_line_that_names_its_delimiter_is_obeyed() -> None:
    assert cells("sep=;\na;b,c\n1;2\n") == [[], ["a", "b,c"], ["1", "2"]]


def _zip_of(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, "a,b")
    return out.getvalue()


JUNK = [
    (b"", "空"),
    (random.Random(1).randbytes(5000), "不是文本表格"),
    (b"PK\x03\x04" + b"\0" * 100, "损坏"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000, "损坏"),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + random.Random(2).randbytes(9000),
        "损坏",
    ),
    (b"<html><table><tr><td>1</td></tr></table>", "另存为 .xlsx"),
    (b"\xef\xbb\xbf<?xml version='1.0'?><Workbook/>", "另存为 .xlsx"),
    (b'[\n {"name": "a"}]', "JSON"),
    (b"{\\rtf1 abc}", "RTF"),
    (b"%PDF-1.7 ...", "PDF"),
    (_zip_of("名录.csv"), "压缩包"),
    (",".join(f"c{n}" for n in range(10_000)).encode(), "10000 列"),
]


@pytest.mark.parametrize(
    ("data", "part"), JUNK, ids=[f"{number} {part}" for number, (_, part) in enumerate(JUNK)]
)
def test_junk_is_refused_with_a_remedy(data: bytes, part: str) -> None:
    with pytest.raises(UnreadableTable, match=part) as caught:
        lines(data)
    assert "请" in str(caught.value)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=400))
def test_any_bytes_give_rows_or_a_refusal(data: bytes) -> None:
    try:
        found = lines(data)
    except UnreadableTable:
        return
    assert [line.number for line in found] == list(range(1, len(found) + 1))


CELL = st.text(
    st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cc", "Cs"]), max_size=8
)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=12))
def test_what_csv_writes_is_read_back(rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["甲", "乙", "丙"], *rows])
    assert cells(out.getvalue()) == [["甲", "乙", "丙"], *rows]


def test_a_cell_of_fifty_megabytes_is_one_broken_row() -> None:
    found = lines(b"a,b\n1," + b"x" * (50 << 20) + b"\n3,4\n")
    assert [line.number for line in found] == [1, 2, 3]
    assert "100 万字" in found[1].broken and found[2].cells == ["3", "4"]


def test_an_open_quote_over_a_whole_file_costs_little() -> None:
    found = lines('a,b\n"1,2\n' + "3,4\n" * 20_000)
    assert len(found) == 20_002 and found[-1].cells == ["3", "4"]


def test_memory_stays_flat_over_a_million_rows(tmp_path: Any) -> None:
    path = tmp_path / "big.csv"
    with path.open("w") as out:
        out.write("名称,编号,地址\n")
        for n in range(0, 1_000_000, 1000):
            out.write("".join(f"某某公司{k},{k},某市某区某路{k}号\n" for k in range(n, n + 1000)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with path.open("rb") as file:
        assert sum(1 for _ in open_table(file).lines()) == 1_000_001
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 60_000, f"grew by {grown} KB"


def test_workbook_cells_are_exact_text() -> None:
    data = book(
        ["日期", "时间", "数", "小数", "代码", "是否", "空"],
        [
            date(2024, 3, 31),
            datetime.fromisoformat("2024-01-01 08:30"),
            12,
            1200.5,
            913307833502567780,
            True,
            None,
        ],
        [
            datetime.fromisoformat("2024-02-29"),
            None,
            0.1 + 0.2,
            123456789012.34,
            "91330783350256778T",
            False,
            " x ",
        ],
    )
    assert cells(data)[1:] == [
        ["2024-03-31", "2024-01-01 08:30:00", "12", "1200.5", "9.13307833502568E+17", "TRUE", ""],
        ["2024-02-29", "", "0.3", "123456789012.34", "91330783350256778T", "FALSE", " x "],
    ]


def test_the_sheet_with_most_rows_is_read_unless_one_is_named() -> None:
    data = book(["说明"], sheets={"名单": [["名称"], ["甲"], ["乙"]], "空": []})
    table = open_table(io.BytesIO(data))
    assert (table.sheet, table.sheets) == ("名单", ("名单", "Sheet"))
    assert cells(data, sheet="Sheet") == [["说明"]]
    with pytest.raises(UnreadableTable, match="没有名为“别的”的工作表，有：名单、Sheet"):
        lines(data, sheet="别的")


def test_numbers_of_rows_are_those_of_the_sheet_and_merged_cells_are_filled() -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for place, value in {
        "B3": "单位",
        "C3": "姓名",
        "B4": "省改革办",
        "C4": "甲",
        "C5": "乙",
        "C6": "丙",
    }.items():
        sheet[place] = value
    sheet.merge_cells("B4:B5")
    out = io.BytesIO()
    workbook.save(out)
    found = lines(out.getvalue())
    assert [(line.number, line.cells) for line in found if not line.is_blank] == [
        (3, ["单位", "姓名"]), (4, ["省改革办", "甲"]), (5, ["省改革办", "乙"]), (6, ["", "丙"]),
    ]  # fmt: skip


def patched(data: bytes, part: str, old: bytes, new: bytes) -> bytes:
    """Return the workbook with something else in one of its parts."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for entry in source.infolist():
            content = source.read(entry)
            assert entry.filename != part or old in content
            target.writestr(entry.filename, content.replace(old, new) if entry.filename == part else content)
    return out.getvalue()


@pytest.mark.parametrize("new", [b' r="XFD1048576"', b" r='XFD1048576'", b' r = "XFD1048576"'])
def test_a_workbook_that_spans_a_giant_area_is_refused(new: bytes) -> None:
    data = patched(book(["a"], ["b"]), "xl/worksheets/sheet1.xml", b' r="A2"', new)
    with pytest.raises(UnreadableTable, match="大得不正常"):
        lines(data)


def test_a_zip_bomb_and_a_damaged_workbook_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"\0" * (40 << 20))
    with pytest.raises(UnreadableTable, match="压缩炸弹"):
        lines(out.getvalue())
    whole = book(["a"], ["b"])
    for cut in (10, 100, len(whole) // 2, len(whole) - 5):
        with pytest.raises(UnreadableTable):
            lines(whole[:cut])


SMALL = book(["名称", "编号"], ["甲", 1], ["乙", 2])


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_workbook_with_changed_bytes_gives_rows_or_a_refusal(data: st.DataObject) -> None:
    whole = bytearray(SMALL)
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        lines(bytes(whole))
    except UnreadableTable as error:
        assert "请" in str(error)
