"""A registration file with dirt in it, in the real pages: columns put right, preview, progress, counts, corrected, again."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from playwright.sync_api import Page, expect

from qifu.registers.enterprises.generate import code_of
from tests.browser.chromium import Visits

pytestmark = pytest.mark.browser
RESULT = re.compile(r"/workbench/imports/\d+/$")
HEADINGS = ("主体全名", "统一社会信用代码", "从前叫", "成立日期", "注册资本（万元）", "登记状态", "住所")
GOOD, DIRTY, SPOILT = (
    "云栖织造（杭州）有限公司（模拟）",
    "云栖染整（杭州）有限公司（模拟）",
    "云栖印花（杭州）有限公司（模拟）",
)
ADDRESS = "浙江省杭州市萧山区模拟路2号"


def code(number: int) -> str:
    """Return a valid code of 18 characters that no demo enterprise has."""
    return code_of(31**6 - 100 - number, "330109")


def register() -> bytes:
    """Return the file as a registry might send it: a title line, a code in another guise, a wrong one, a footer."""
    sheet = (book := Workbook()).active
    assert sheet is not None
    wide = code(2).lower().translate({n: n + 0xFEE0 for n in range(0x21, 0x7F)})
    wrong = code(3)[:-1] + ("0" if code(3)[-1] != "0" else "1")
    for line in (
        ("萧山区经营主体名录（模拟）",),
        HEADINGS,
        (GOOD, code(1), "云栖手工坊（模拟）", "2019-03-05", 50, "存续", ADDRESS),
        (DIRTY, f" {wide} ", "", "2020年1月6日", 120.5, "在营（开业）企业", ADDRESS),
        (SPOILT, wrong, "", "2021/7/8", 30, "存续", ADDRESS),
        ("", code(4), "", "2021-07-09", 30, "存续", ADDRESS),
        ("合计：4户",),
    ):
        sheet.append(line)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def upload(
    page: Page, address: str, kind: str, name: str, content: bytes, mapping: Path | None = None
) -> None:
    """Choose the list and the file, and have the columns read; `mapping` is one that was kept."""
    page.goto(f"{address}/workbench/imports/")
    page.get_by_role("link", name="导入文件").first.click()
    page.get_by_label("导入到哪张表").select_option(label=kind)
    page.get_by_label("表格文件").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )
    if mapping is not None:
        page.get_by_label(re.compile("栏目对应文件")).set_input_files(mapping)
    page.get_by_label(re.compile("我确认")).check()
    page.get_by_role("button", name="上传并识别栏目").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("核对栏目")


def start(page: Page) -> dict[str, int]:
    """Start, watch the page until it tells the result, and return its counts."""
    page.get_by_role("button", name="开始导入").click()
    page.wait_for_url(RESULT)
    expect(page.get_by_role("heading", level=1)).to_have_text("导入结果", timeout=60_000)  # by itself
    told = page.locator(".figure-row").inner_text().replace("\n", " ").replace(",", "")
    return {
        word: int(re.search(rf"(\d+)\s*行\s*{word}", told)[1])  # type: ignore[index]
        for word in ("新增", "更新", "未变", "未导入", "空行")
    }


def test_a_file_with_dirt_arrives_or_is_told(visits: Visits, tmp_path: Path) -> None:
    address = visits.address
    with visits.page("province") as page:
        page.goto(f"{address}/workbench/")
        page.get_by_role("navigation").get_by_role("link", name="批量导入").first.click()
        page.wait_for_url("**/workbench/imports/")
        upload(page, address, "企业", "萧山区名录.xlsx", register())

        expect(page.get_by_label("表头在第几行")).to_have_value("2")  # the title above is no heading
        assert chosen(page, 2) == "统一社会信用代码（必填）"
        assert chosen(page, 3) == "不导入"
        page.get_by_label("第 1 列导入为").select_option(label="不导入")
        page.get_by_role("button", name="更新预览").click()
        expect(page.get_by_text("还没有对应的必填栏目：企业名称")).to_be_visible()
        page.get_by_label("第 1 列导入为").select_option(label="企业名称（必填）")
        page.get_by_label("第 3 列导入为").select_option(label="曾用名")
        page.get_by_role("button", name="更新预览").click()
        preview = page.get_by_role("region", name="预览")
        expect(preview.locator("tr", has_text=SPOILT)).to_contain_text("不能导入")
        expect(preview.locator("tr", has_text=SPOILT)).to_contain_text("校验")
        expect(preview.locator("tr", has_text=DIRTY)).not_to_contain_text("不能导入")
        assert start(page) == {"新增": 2, "更新": 0, "未变": 0, "未导入": 2, "空行": 1}

        page.get_by_role("link", name="逐行查看").click()
        expect(page.locator("main table tbody tr", has_text="校验").locator("td").first).to_have_text("5")
        page.go_back()
        with page.expect_download() as waiting:
            page.get_by_role("link", name="下载 Excel").click()
        corrected = correct(Path(waiting.value.path()).read_bytes())

        with page.expect_download() as waiting:
            page.locator("dl.facts").get_by_role("link", name="下载").click()
        kept = tmp_path / "栏目对应.yaml"
        kept.write_bytes(Path(waiting.value.path()).read_bytes())

        upload(page, address, "企业", "萧山区名录（改正）.xlsx", corrected)
        page.get_by_label("第 1 列导入为").select_option(label="企业名称（必填）")
        page.get_by_label("第 3 列导入为").select_option(label="曾用名")
        assert start(page) == {"新增": 1, "更新": 0, "未变": 0, "未导入": 1, "空行": 0}
        upload(page, address, "企业", "萧山区名录.xlsx", register(), kept)  # the same again changes nothing
        assert start(page) == {"新增": 0, "更新": 0, "未变": 2, "未导入": 2, "空行": 1}


def chosen(page: Page, column: int) -> str:
    """Return what a column of the file is taken for."""
    return page.get_by_label(f"第 {column} 列导入为").evaluate("one => one.selectedOptions[0].textContent")


def correct(content: bytes) -> bytes:
    """Put the code of the third enterprise right in the file of rejected rows; leave what was written beside it."""
    book = load_workbook(io.BytesIO(content))
    sheet = book.worksheets[0]
    headings = [cell.value for cell in sheet[1]]
    assert {"行号", "栏目", "原因", "建议"} <= set(headings)
    for row in sheet.iter_rows(min_row=2):
        if row[headings.index(HEADINGS[0])].value == SPOILT:
            assert "校验" in str(row[headings.index("原因")].value)
            row[headings.index(HEADINGS[1])].value = code(3)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def test_what_was_imported_is_found_by_two_characters(visits: Visits) -> None:
    with visits.page("county") as page:
        page.goto(f"{visits.address}/workbench/enterprises/")
        page.locator("main input[name=text]").fill("云栖")
        page.get_by_role("main").get_by_role("button", name="筛选").click()
        for name in (GOOD, DIRTY, SPOILT):
            expect(page.get_by_role("link", name=name)).to_be_visible()
        page.get_by_role("link", name=DIRTY).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(DIRTY)
        for words in (code(2), "120.5", "2020-01-06", "萧山区", "萧山区名录.xlsx"):
            expect(page.locator("main")).to_contain_text(words)
        page.goto(f"{visits.address}/workbench/enterprises/?text=手工")  # by the former name
        page.get_by_role("link", name=GOOD).click()
        expect(page.locator("main")).to_contain_text("云栖手工坊（模拟）")


def test_organisations_and_people_come_by_the_same_importer(visits: Visits) -> None:
    address, unit = visits.address, "萧山区惠企服务中心"
    units = lines(
        ("名称", "类型", "区划", "职责"),
        (unit, "事业单位", "330109", "模拟"),
        ("萧山区某处", "不知道", "330109", ""),
    )
    people = lines(
        ("登录名", "姓名", "单位", "角色", "任职日"),
        ("lixiaohe", "李小禾（模拟）", unit, "企服中心工作人员", "2024-03-01"),
        ("wuming", "吴名（模拟）", unit, "没有这种角色", "2024-03-01"),
    )
    with visits.page("admin") as page:
        upload(page, address, "组织机构", "单位.csv", units)
        assert start(page)["新增"] == 1
        upload(page, address, "人员与岗位", "人员.csv", people)
        counts = start(page)
        assert (counts["新增"], counts["未导入"]) == (1, 1)
        page.goto(f"{address}/workbench/people/first-passwords/")
        with page.expect_download() as waiting:
            page.get_by_role("button", name=re.compile("口令文件")).click()
        once = list(csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text(encoding="utf-8-sig"))))
        assert [row["登录名"] for row in once] == ["lixiaohe"]
    with visits.page() as page:
        page.goto(f"{address}/sign-in/")
        page.get_by_label("登录名").fill("lixiaohe")
        page.get_by_label("口令", exact=True).fill(once[0]["一次性口令"])
        page.get_by_role("main").get_by_role("button", name="登录").click()
        page.wait_for_url("**/account/password/")
    with visits.page() as page:
        page.goto(f"{address}/search/?q={unit}")
        expect(page.locator("main")).to_contain_text(unit)


def lines(*rows: tuple[str, ...]) -> bytes:
    """Return rows as a CSV file."""
    kept = io.StringIO()
    csv.writer(kept).writerows(rows)
    return kept.getvalue().encode("utf-8-sig")
