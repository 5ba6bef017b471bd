"""Exports say exactly what the page shows: read back and compared; nothing in them runs."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client
from docx import Document
from docx.oxml.ns import qn
from openpyxl import load_workbook

from qifu.foundation.access import SYSTEM
from qifu.services.work_plans import actions
from qifu.services.work_plans.export_excel import excel
from qifu.services.work_plans.export_rows import Facts, Sheet
from qifu.services.work_plans.export_word import word
from qifu.services.work_plans.models import Plan
from qifu.services.work_plans.tests.factories import AT, TODAY

FACTS = Facts("标题", "文号", "单位", "主动公开", False, 1, date(2024, 6, 20))


@pytest.fixture
def plan(province: Any) -> Plan:
    return actions.load_plan_from_data(path=province / "work_plan_2024.yaml", by=SYSTEM, at=AT, today=TODAY)


@pytest.mark.django_db
def test_the_workbook_holds_the_plan_as_numbered(plan: Plan) -> None:
    answer = Client().get(f"/plans/{plan.pk}/export.xlsx")
    assert "浙营商专发〔2024〕1号" in unquote(answer.headers["Content-Disposition"])
    book = load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["主要指标", "重点任务", "专项行动"]
    indicators, tasks, acts = (
        list(book[name].iter_rows(min_row=4, values_only=True)) for name in book.sheetnames
    )
    assert [row[0] for row in indicators] == list(range(1, 26))
    assert indicators[5][2:6] == ("企业开办全流程网办率", "%", 95.5, "月度")
    assert [row[0] for row in tasks] == list(range(1, 37))
    assert tasks[0][5].date() == date(2024, 3, 31)
    assert [row[0] for row in acts] == list(range(1, 17))
    assert [row[-1] for row in acts if row[0] in (9, 10)] == ["附件缺行", "附件缺行"]
    assert "65天" in acts[4][3]
    sheet = book["重点任务"]
    assert sheet.freeze_panes == "C4" and sheet.page_setup.orientation == "landscape"
    assert "第1版" in sheet.oddFooter.left.text and "截至" in sheet["A2"].value


@pytest.mark.django_db
def test_what_is_filtered_is_what_is_exported(plan: Plan) -> None:
    query = {"kind": "task", "unit": "省人大法工委"}
    book = load_workbook(io.BytesIO(Client().get(f"/plans/{plan.pk}/export.xlsx", query).content))
    assert [row[0] for row in book["重点任务"].iter_rows(min_row=4, values_only=True)] == [33]
    assert "责任单位：省人大法工委" in book["重点任务"]["A2"].value
    document = Document(io.BytesIO(Client().get(f"/plans/{plan.pk}/export.docx", query).content))
    (table,) = document.tables
    assert [cell.text for cell in table.rows[0].cells][:3] == ["序号", "重点任务", "工作举措"]
    assert [row.cells[0].text for row in table.rows[1:]] == ["33"]
    assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    section = document.sections[0]
    assert section.page_width > section.page_height


def test_text_that_looks_like_a_formula_stays_text() -> None:
    evil = ["=1+1", "+cmd|' /C calc'!A0", "-2", "@SUM(A1)", "\t=1", "正常\x0b文字"]
    sheet = Sheet("表", (("列", 10),), [(text,) for text in evil])
    page = load_workbook(io.BytesIO(excel(FACTS, [sheet])))["表"]
    cells = [page.cell(4 + i, 1) for i in range(len(evil))]
    assert all(
        cell.data_type == "s" and not cell.value.startswith(("=", "+", "-", "@", "\t")) for cell in cells
    )
    assert cells[-1].value == "正常文字"


def test_numbers_are_numbers_and_internal_is_marked() -> None:
    facts = Facts("标题", "文号", "单位", "不予公开", True, 2, date(2024, 6, 20))
    sheet = Sheet("表", (("序号", 6), ("值", 10), ("空", 5)), [(Decimal(1), Decimal("95.5"), "")])
    page = load_workbook(io.BytesIO(excel(facts, [sheet])))["表"]
    assert (page["A4"].value, page["B4"].value) == (1, 95.5)
    assert page.oddHeader.right.text == "内部" and "不得公开" in page.oddFooter.left.text
    document = Document(io.BytesIO(word(facts, [sheet, Sheet("空表", (("列", 5),), [])])))
    assert document.sections[0].header.paragraphs[0].text == "内部"
    (table,) = document.tables
    assert [cell.text for cell in table.rows[1].cells] == ["1", "95.5"]
