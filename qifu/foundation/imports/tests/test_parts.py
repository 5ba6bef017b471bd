"""Several sheets in one import; what stands below a table; checks that fail; files that are forgotten."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from openpyxl import Workbook

from qifu.foundation import access
from qifu.foundation.action import Refused
from qifu.foundation.files.models import StoredFile
from qifu.foundation.imports import actions, queries
from qifu.foundation.imports.kinds import Remark, SourceRow
from qifu.foundation.imports.models import Import, ImportRemark
from qifu.foundation.imports.retention import forget_imports
from qifu.foundation.imports.run import run_import
from qifu.foundation.imports.table_file import open_table
from qifu.foundation.imports.tests.lists import AT, KIND, begin, counts, run, table, upload
from qifu.foundation.notices import Notice
from qifu.foundation.tests.acts import act

pytestmark = [pytest.mark.django_db]


def test_files_and_cells_are_forgotten_when_their_time_is_up() -> None:
    row, twin = run(begin(table("x,张三"))), run(begin(table("x,张三")))
    waiting, running = upload(table("1,a")), begin(table("1,b"))
    place = row.file.stored_at
    later = AT + timedelta(days=90)
    act(lambda: Import.objects.filter(pk=twin.pk).update(finished_at=AT + timedelta(days=1)))
    assert forget_imports(days=90, by=access.SYSTEM, at=later) == 2
    for one in (row, twin, waiting, running):
        one.refresh_from_db()
    assert row.file is None and row.refused == 1 and not queries.remarks(row).exists()
    assert waiting.file is None and running.file is not None
    assert twin.file is not None and default_storage.exists(place)
    assert forget_imports(days=90, by=access.SYSTEM, at=later + timedelta(days=1)) == 1
    assert not StoredFile.objects.filter(sha256=place[-64:]).exists()
    assert "张三" not in str(list(ImportRemark.objects.values()))


def test_every_sheet_with_the_columns_is_imported_and_the_others_are_named() -> None:
    pages = {
        "甲": [["题头"], ["收件人", "标题", "备注"], ["1", "a", "x"], ["坏", "b", ""], ["合计", "2", ""]],
        "乙": [
            ["标题", "人员编号"],
            ["c", "3"],
            ["d", "坏"],
            ["a", "1"],
            *[[f"n{n}", "4"] for n in range(20)],
        ],
        "说明": [["本表来源：登记系统"]],
        "藏": [["收件人", "标题"], ["9", "z"]],
    }
    row = upload(workbook_of(pages, hidden="藏"), name="表.xlsx")
    assert [part.sheet for part in row.read_by.parts] == ["乙", "甲"]
    assert row.read_by.left == (("说明", 1), ("藏", 2)) and row.read_by.parts[1].untaken == ("备注",)
    row = actions.confirm_import(row=row, by=access.SYSTEM, at=AT, by_worker=False)
    for _ in range(2):  # stopped within each sheet, it goes on there
        with pytest.raises(KeyboardInterrupt):
            run_import(row.pk, clock=lambda: AT, report=_after_a_batch)
    row = run(row)
    assert row.state == "done", row.fault
    assert counts(row) == {"created": 22, "unchanged": 1, "refused": 2, "blank": 1} and row.total == 26
    told = [(r.sheet, r.row_number, r.refused) for r in queries.remarks(row)]
    assert told == [("乙", 3, True), ("甲", 4, True), ("甲", 5, False)]
    assert queries.refused_parts(row) == [(0, "乙", 1), (1, "甲", 1)]
    assert {n.link for n in Notice.objects.filter(title__in=["b", "c"])} == {row.source(0)}
    back = open_table(io.BytesIO(queries.rejected_book(row)))
    found = {}
    for sheet in back.sheets:
        back.choose(sheet)
        found[sheet] = [line.cells[:4] for line in back.lines()]
    assert found == {
        "乙": [["标题", "人员编号", "行号", "栏目"], ["d", "坏", "3", "收件人"]],
        "甲": [["收件人", "标题", "备注", "行号"], ["坏", "b", "", "4"]],
    }


def _after_a_batch(done: int, total: int, text: str) -> None:
    if done:
        raise KeyboardInterrupt


def workbook_of(pages: dict[str, list[list[str]]], hidden: str = "") -> bytes:
    book = Workbook()
    book.remove(book.active)
    for title, lines in pages.items():
        page = book.create_sheet(title)
        page.sheet_state = "hidden" if title == hidden else "visible"
        for line in lines:
            page.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_check_that_fails_is_told_beside_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def check(rows: Sequence[SourceRow]) -> list[Remark]:
        return [Remark(row.number, "title", "看") for row in rows if 1 // int(row.values["recipient"])]

    row = upload(table("2,甲", "0,乙", "1,丙"))
    [preview] = queries.previews(row, dataclasses.replace(KIND, check=check))
    assert [[r.reason for r in one.remarks] for one in preview.rows] == [
        [], ["检查这一行时出错（ZeroDivisionError）"], [],
    ]  # fmt: skip
    assert [r.reason for r in preview.rows[2].cells[1][2]] == ["看"]


@pytest.mark.parametrize(
    "line", ["共120条记录", "合计：35户", "制表人：", "填报单位：历下区局", "第 1 页 共 3 页", "制表人：甲,审核人：乙", "合计,", "注：以上不含个体", "以下空白"]
)  # fmt: skip
def test_a_footer_is_told_as_such(line: str) -> None:
    row = run(begin(table("1,a", line)))
    assert counts(row) == {"created": 1, "blank": 1}, line
    assert "未作为数据" in ImportRemark.objects.get().reason


@pytest.mark.parametrize("line", ["1,注：以上", "备注：甲,乙", "合计,甲公司", "共同,1", "单位甲,"])
def test_a_row_with_another_filled_cell_is_no_footer(line: str) -> None:
    row = run(begin(table("1,a", line)))
    assert row.blank == 0 and row.dealt_with == 2


def test_a_sheet_of_too_many_columns_is_left_out_and_the_others_come_in() -> None:
    pages = {"甲": [["收件人", "标题"], ["1", "a"]], "宽": [["x"] * 2001]}
    row = upload(workbook_of(pages), name="表.xlsx")
    assert row.read_by.left == (("宽", 1),)
    with pytest.raises(Refused, match="工作表“宽”有 2001 列"):
        queries.proposal_for(io.BytesIO(workbook_of(pages)), KIND, sheets=["宽"])
