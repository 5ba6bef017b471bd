"""Intake in the real pages: a visitor on a phone, a call noted by keyboard alone, a foreign spreadsheet twice and counted once."""

from __future__ import annotations

import csv
import io
import re
import time

import pytest
from openpyxl import Workbook
from playwright.sync_api import Page, expect

from tests.browser.chromium import NARROW, Visits, shared_folder
from tests.browser.test_import_story import RESULT, upload

pytestmark = pytest.mark.browser
COLUMNS = ("留言编号", "留言主题", "留言时间", "留言详情")
MESSAGES = 4000
WORDS = "厂门口道路积水，货车进不来，已经耽误两批订单。"
PNG = {"name": "现场.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n" + b"0" * 200}


def spreadsheet() -> bytes:
    """The messages of the shared sample, under new numbers until there are 4,000, as another system's workbook."""
    path = shared_folder() / "data" / "complaints" / "labelled_dev.csv"
    if not path.is_file():
        pytest.skip("没有 labelled_dev.csv：请把 QIFU_SHARED 指向共享资料目录")
    with path.open(encoding="utf-8", newline="") as file:
        found = [[row[name] for name in COLUMNS] for row in csv.DictReader(file)]
    book = Workbook(write_only=True)
    sheet = book.create_sheet("留言")
    sheet.append(COLUMNS)
    for number in range(MESSAGES):
        first, *others = found[number % len(found)]
        sheet.append([f"{first}-{number}", *others])
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def imported(page: Page) -> dict[str, int]:
    """Start the import, wait for its result, return its counts."""
    page.get_by_role("button", name="开始导入").click()
    page.wait_for_url(RESULT)
    expect(page.get_by_role("heading", level=1)).to_have_text("导入结果", timeout=300_000)
    told = page.locator(".figure-row").inner_text().replace("\n", " ").replace(",", "")
    return {
        word: int(re.search(rf"(\d+)\s*行\s*{word}", told)[1])  # type: ignore[index]
        for word in ("新增", "更新", "未变", "未导入", "空行")
    }


def test_a_foreign_spreadsheet_comes_in_twice_and_counts_once(visits: Visits) -> None:
    content = spreadsheet()
    with visits.page("clerk") as page:
        for counts in ((MESSAGES, 0), (0, MESSAGES)):
            upload(page, visits.address, "热线工单、留言（涉企问题）", "留言.xlsx", content)
            told = imported(page)
            assert (told["新增"], told["未变"]) == counts, told
            assert told["更新"] == told["未导入"] == told["空行"] == 0, told


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_a_visitor_on_a_phone_loses_nothing_and_gets_a_receipt(visits: Visits, scripts: bool) -> None:
    with visits.page(viewport=NARROW, java_script_enabled=scripts) as page:
        page.goto(f"{visits.address}/problems/report/")
        page.get_by_label("遇到了什么问题").fill(WORDS)
        if scripts:
            page.reload()  # the draft is still there
            expect(page.get_by_label("遇到了什么问题")).to_have_value(WORDS)
        page.get_by_label("在哪里").select_option(label="萧山区")
        page.get_by_role("button", name="提交").click()
        expect(page.get_by_text("有 1 处需要修改")).to_be_visible()
        expect(page.get_by_label("遇到了什么问题")).to_have_value(WORDS)
        page.get_by_label("怎么联系您").fill("13800009876")
        page.get_by_label("照片或文件").set_input_files([PNG, {**PNG, "name": "路口.png"}])
        page.get_by_role("button", name="提交").click()
        page.wait_for_url("**/problems/report/received/")
        expect(page.locator(".receipt .receipt-number")).to_have_text(re.compile(r"^330109\d{11}$"))
        expect(page.locator(".receipt .receipt-code")).to_have_text(re.compile(r"^\d{4} \d{4}$"))
        expect(page.locator(".receipt")).to_contain_text("最迟6月21日（周五）")
        expect(page.locator(".receipt")).to_contain_text("现场.png、路口.png")


def test_a_call_is_noted_by_keyboard_alone_in_half_a_minute(visits: Visits) -> None:
    with visits.page("clerk") as page:
        page.goto(f"{visits.address}/workbench/problems/intake/phone/")
        begun = time.monotonic()
        page.keyboard.type("冷库停电两天，货要坏了。")
        page.keyboard.press("Tab")
        page.keyboard.type("138 0000 9876")
        expect(page.locator("#caller h2")).to_have_text("这个电话以前反映过")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.type("云舟智造")
        expect(page.locator("#firms input[type=radio]").first).to_be_visible()
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowDown")
        expect(page.locator("#firms input[type=radio]").first).to_be_checked()
        page.keyboard.press("Control+Enter")
        page.wait_for_url("**/intake/received/")
        expect(page.locator(".read-back .receipt-number")).to_have_text(re.compile(r"^330109 \d{6} \d{5}$"))
        expect(page.locator(".receipt")).to_contain_text("云舟智造")
        assert time.monotonic() - begun < 30
        page.keyboard.press("Enter")  # the next one
        page.wait_for_url("**/intake/phone/")
        assert page.evaluate("document.activeElement.name") == "words"
