"""Registration files of other places and programs, written here by code: every row arrives, with its values, or is told."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from qifu.foundation.access import SYSTEM
from qifu.foundation.imports import actions, queries
from qifu.foundation.imports.kinds import import_kinds
from qifu.foundation.imports.models import Import
from qifu.foundation.imports.run import run_import
from qifu.registers.enterprises.generate import code_of
from qifu.registers.enterprises.models import Enterprise

AT = datetime(2024, 6, 20, 2, 0, tzinfo=UTC)
CODES = [code_of(number, "330109") for number in range(40)]
HEADING = ["企业名称", "统一社会信用代码", "成立日期", "注册资本", "住所"]
PLACE = "浙江省杭州市萧山区示例路1号"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_files(province: Path, settings: Any, tmp_path: Path) -> None:
    """Keep files in a folder of the test."""
    options = {"location": tmp_path / "files"}
    storage = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "default": storage}


def bring(data: bytes, name: str = "名录.csv") -> Import:
    """Import a file whole."""
    file, kind = io.BytesIO(data), import_kinds()["enterprises"]
    mapping = queries.proposal_for(file, kind).mapping
    row = actions.upload_import(
        kind=kind.name, filename=name, content=file, mapping=mapping, unclassified=True, by=SYSTEM, at=AT
    )
    actions.confirm_import(row=row, by=SYSTEM, at=AT, by_worker=False)
    row = run_import(row.pk, clock=lambda: AT, report=lambda *_: None)
    assert row.state == "done" and row.dealt_with == row.total, row.fault
    return row


def counts(row: Import) -> tuple[int, int, int]:
    """Return how many rows were created, refused, and blank or beside the data."""
    return row.created, row.refused, row.blank


def saved(book: Workbook) -> bytes:
    """Return a workbook's bytes."""
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def name(number: int) -> str:
    return f"杭州测验{number}号贸易有限公司"


def test_an_export_of_a_database() -> None:
    odd = ["{}", "\u200b{}", "{}\u3000", '"{}"']
    lines = ["\t".join([*HEADING, "核准日期", "曾用名", "参保人数"])]
    for number, form in enumerate(odd):
        code = CODES[number][:9] + "\u00a0" + CODES[number][9:] if number == 0 else form.format(CODES[number])
        lines.append("\t".join([f"\u00a0杭州测\u00ad验{number}号贸易有限公司", code, r"\N", "NULL", r"\N", "NULL", r"\N", "(null)"]))  # fmt: skip
    row = bring(("\n".join(lines) + "\n").encode())
    assert counts(row) == (4, 0, 0) and row.remarked == 0
    for number in range(4):
        found = Enterprise.objects.get(uscc=CODES[number])
        assert found.name == name(number)
        assert (found.established_on, found.capital, found.address, found.insured) == (None, None, "", None)
        assert not found.former_names.exists()


def test_semicolons_carriage_returns_and_characters_of_four_bytes() -> None:
    text = ";".join(HEADING) + "\r"
    for number in range(3):
        text += f'杭州㛃𠮷😀{number}贸易有限公司;{CODES[number]};2015.06.18;３亿日元;"{PLACE}；\n二楼"\r'
    row = bring(text.encode("gb18030"))
    assert counts(row) == (3, 0, 0)
    found = Enterprise.objects.get(uscc=CODES[2])
    assert found.name == "杭州㛃𠮷😀2贸易有限公司" and found.address == f"{PLACE}； 二楼"
    assert (found.capital, found.capital_currency) == (300_000_000, "JPY")


def test_titles_three_headings_hidden_parts_and_footers() -> None:
    book = Workbook()
    page = book.active
    page.append(["××省2019年企业名录"])
    page.append(["主体", "", "", "登记", "", "资金", "地址"])
    page.append(["序号", "名称", "社会信用代码", "设立日期", "登记状态", "注册资本（万元）", "住所"])
    statuses = {"吊销未注销": "revoked", "迁出": "moved_out", "迁入": "in_operation", "存续（在营、开业、在册）": "in_operation"}  # fmt: skip
    for number, status in enumerate(statuses):
        page.append([number, name(number), CODES[number], date(2015, 6, 18), status, 100, PLACE])
    page.append(["", "合计（户）", 4])
    page.append(["制表人：某某", "", "审核人：某某", "", "", "日期：2020-01-02"])
    page.row_dimensions[5].hidden = page.column_dimensions["D"].hidden = True
    hidden = book.create_sheet("底稿")
    hidden.append(["名称", "社会信用代码"])
    hidden.append([name(9), CODES[9]])
    hidden.sheet_state = "hidden"
    row = bring(saved(book), "名录.xlsx")
    assert counts(row) == (4, 0, 2) and row.read_by.left == (("底稿", 2),)
    assert row.read_by.parts[0].untaken == ("序号",)
    for number, status in enumerate(statuses.values()):
        found = Enterprise.objects.get(uscc=CODES[number])
        assert (found.status, found.capital) == (status, 100_0000_00)
        assert str(found.established_on) == "2015-06-18"


def test_merged_counties_days_since_1904_and_a_page_without_heading() -> None:
    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    page = book.active
    page.append(["区县", *HEADING])
    for number in range(8):
        page.append(["萧山区" if number % 4 == 0 else None, name(number), CODES[number], date(2015, 6, 18), "", "示例路1号"])  # fmt: skip
    page.merge_cells("A2:A5")
    page.merge_cells("A6:A9")
    second = book.create_sheet("续表")
    for number in range(8, 14):
        second.append([name(number), CODES[number], "2015-06-18", PLACE])
    row = bring(saved(book), "名录.xlsx")
    assert counts(row) == (14, 0, 0) and not row.read_by.left
    found = Enterprise.objects.values_list("division_code", "established_on").distinct().order_by()
    assert [(code, str(day)) for code, day in found] == [("330109", "2015-06-18")]


def test_codes_kept_as_numbers_and_formulas_never_computed_are_told() -> None:
    book = Workbook()
    page = book.active
    page.append(HEADING)
    page.append([name(0), 913301097909376071, "2015-06-18", "100万元", PLACE])
    page.append([f'="{name(1)}"', CODES[1], "2015-06-18", "100万元", PLACE])
    page.append([name(2), CODES[2], "2015-06-18", "100万元", PLACE])
    row = bring(saved(book), "名录.xlsx")
    assert counts(row) == (1, 2, 0)
    told = [remark.reason for remark in queries.remarks(row, refused=True)]
    assert "科学计数法" in told[0] and "没有填写企业名称" in told[1]


def test_headings_twice_english_ones_and_two_hundred_columns() -> None:
    english = (
        "Company Name,Unified Social Credit Code,Establishment Date,Registered Capital,Registered Address\n"
    )
    assert counts(bring(f"{english}{name(0)},{CODES[0]},2015/06/18,100万元,{PLACE}\n".encode())) == (1, 0, 0)
    twice = bring(f"名称,名称,统一社会信用代码\n{name(1)},某局,{CODES[1]}\n".encode())
    assert counts(twice) == (1, 0, 0) and twice.read_by.parts[0].untaken == ("名称",)
    many = [f"指标{number}" for number in range(100)]
    data = [",".join([*many, *HEADING, "经营范围", *many])]
    data.append(",".join([*"7" * 100, name(2), CODES[2], "2015-06-18", "100万元", PLACE, "批发；" * 7000, *"7" * 100]))  # fmt: skip
    wide = bring("\n".join(data).encode())
    assert counts(wide) == (1, 0, 0) and len(wide.read_by.parts[0].untaken) == 200
    assert len(Enterprise.objects.get(uscc=CODES[2]).scope) == 20_000 and wide.remarked == 1


def test_an_export_of_a_statistics_program_and_months_on_sheets() -> None:
    lines = [",".join(["", *HEADING, "注册号", "核准日期"])]
    lines += [
        f"{n},{name(n)},{CODES[n]},2015-06-18,100.0万元,{PLACE},330181000123456.0,NaT" for n in range(2)
    ]
    row = bring("\n".join(lines).encode())
    assert counts(row) == (2, 0, 0) and row.remarked == 0
    assert set(Enterprise.objects.values_list("registration_number", flat=True)) == {"330181000123456"}
    book = Workbook()
    book.remove(book.active)
    for month in range(1, 5):
        page = book.create_sheet(f"{month}月")
        cells = dict(zip(HEADING, [name(month + 9), CODES[month + 9], date(2015, month, 18), "100万元", PLACE], strict=True))  # fmt: skip
        order = [*HEADING[month:], *HEADING[:month]]
        for line in ([f"{month}月新设企业"], order, [cells[heading] for heading in order], ["共1户"]):
            page.append(line)
    row = bring(saved(book), "名录.xlsx")
    assert counts(row) == (4, 0, 4) and not row.read_by.left
    days = Enterprise.objects.filter(uscc__in=CODES[10:14]).values_list("established_on", flat=True)
    assert sorted(day.month for day in days) == [1, 2, 3, 4]


def test_two_tables_in_one_sheet_lose_no_row() -> None:
    lines = [
        "企业名称,统一社会信用代码,成立日期",
        f"{name(0)},{CODES[0]},2015-06-18",
        "小计：1户,,",
        "",
        "二、个体,,",
    ]
    lines += ["统一社会信用代码,企业名称,成立日期", f"{CODES[1]},{name(1)},2015-06-18"]
    row = bring("\n".join(lines).encode())
    assert counts(row) == (1, 3, 2) and row.total == 6
