"""A newcomer's story in the real pages: upload the notice, rule on every doubt, publish, browse by owner and deadline."""

from __future__ import annotations

import contextlib
import io
import os
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from tests.browser.chromium import Visits
from tests.browser.site import ROOT

pytestmark = pytest.mark.browser
SHARED = Path(os.environ.get("QIFU_SHARED", ROOT.parent / "shared"))
NOTICE = SHARED / "plan" / "work-plan-2024.txt"
DESK = re.compile(r"/workbench/plans/reviews/\d+/(\?|$)")
PLAN = re.compile(r"/plans/\d+/$")


@pytest.fixture(scope="module")
def notice() -> Path:
    """The 2024 notice as it was issued."""
    if not NOTICE.is_file():
        if os.environ.get("CI") == "true":
            pytest.fail(f"没有 {NOTICE.name}：请设置 QIFU_SHARED")
        pytest.skip(f"没有 {NOTICE.name}：请设置 QIFU_SHARED")
    return NOTICE


def test_from_upload_to_a_plan_that_everyone_can_browse(visits: Visits, notice: Path) -> None:
    with contextlib.closing(visits.context("city")) as context:
        page = context.new_page()
        upload(page, visits.address, notice)
        rule_on_every_doubt(page)
        plan = publish(page)
    with contextlib.closing(visits.context()) as context:
        page = context.new_page()
        browse(page, plan)
        export(page, plan)


def upload(page: Page, address: str, notice: Path) -> None:
    """Refused without the word that the file is no secret; then read within seconds."""
    page.goto(f"{address}/workbench/plans/upload/")
    expect(page.get_by_role("heading", name="涉密不上网")).to_be_visible()
    page.set_input_files("input[type=file]", notice)
    page.get_by_role("button", name="上传并识别").click()
    expect(page.get_by_role("alert")).to_contain_text("涉密文件不得上传")
    page.set_input_files("input[type=file]", notice)
    page.get_by_label("我确认").check()
    page.get_by_label("主动公开", exact=True).check()
    page.get_by_role("button", name="上传并识别").click()
    page.wait_for_url(DESK, timeout=30_000)


def rule_on_every_doubt(page: Page) -> None:
    """The original shows the line in doubt; one correction, one refusal, one undo, the rest accepted."""
    expect(page.locator(".original .is-lit").first).to_be_in_viewport()
    desk = page.url.split("?")[0]
    if page.get_by_text("一次采纳全部提示").count():
        page.get_by_text("一次采纳全部提示").click()
        page.get_by_role("button", name="全部采纳").click()
        expect(page.get_by_text("识别结果不变")).to_be_visible()

    page.goto(f"{desk}?part=tasks&severity=warning")
    first = page.locator(".doubt h2").inner_text()
    page.keyboard.press("j")
    expect(page.locator(".doubt h2")).not_to_have_text(first)
    page.keyboard.press("k")
    expect(page.locator(".doubt h2")).to_have_text(first)
    page.get_by_text("不采纳并说明").click()
    page.get_by_role("button", name="不采纳", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("理由")
    page.locator("#note-rejected").fill("原件如此，照录")
    page.get_by_role("button", name="不采纳", exact=True).click()
    page.goto(f"{desk}?part=tasks&severity=warning&item=")
    ruled = page.locator("[data-leaf=previous]")
    while ruled.count():
        ruled.first.click()
        page.wait_for_load_state()
    page.get_by_role("button", name="撤销这次裁定").click()
    expect(page.get_by_text("已撤销")).to_be_visible()

    page.goto(f"{desk}?state=open")
    for _ in range(200):
        accept = page.locator("button[name=verdict][value=accepted]")
        if not accept.count():
            break
        accept.click()
        page.wait_for_load_state()
    expect(page.get_by_text("疑点已全部裁定", exact=False).first).to_be_visible()


def publish(page: Page) -> str:
    """Say what would be published, then publish; return the address of the plan."""
    page.get_by_role("link", name="去发布").click()
    expect(page.get_by_text("附件缺行，公开列明")).to_be_visible()
    page.get_by_role("button", name=re.compile("发布第")).click()
    page.wait_for_url(PLAN)
    expect(page.get_by_text("已发布")).to_be_visible()
    return page.url


def browse(page: Page, plan: str) -> None:
    """A visitor finds the figures of the notice, an owner's work and what is due in a month."""
    page.goto(plan)
    for count, label in (("25", "主要指标"), ("36", "重点任务"), ("14", "专项行动"), ("2", "附件缺行")):
        expect(page.locator("main a.figure", has_text=label)).to_contain_text(count)
    page.goto(f"{plan}units/")
    page.get_by_role("link", name="省人大法工委").click()
    expect(page.locator("table tbody tr")).to_have_count(1)
    expect(page.locator("table tbody tr")).to_contain_text("重点任务 33")
    page.goto(f"{plan}deadlines/")
    expect(page.get_by_role("link", name=re.compile("2024年3月"))).to_contain_text("12")
    page.goto(f"{plan}action/9/")
    expect(page.locator("main")).to_contain_text("省科技厅")
    page.goto(f"{plan}task/15/")
    expect(page.locator("main")).to_contain_text("附件2第15行")


def export(page: Page, plan: str) -> None:
    """What is filtered is exported, numbered as in the notice."""
    page.goto(f"{plan}items/?kind=task&due_to=2024-02-29")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="导出 Excel").click()
    book = load_workbook(io.BytesIO(Path(waiting.value.path()).read_bytes()))
    rows = list(book["重点任务"].iter_rows(min_row=4, values_only=True))
    assert [row[0] for row in rows] == [18, 33]
    said = page.request.get(waiting.value.url).headers["content-disposition"]
    assert "浙营商专发〔2024〕1号" in unquote(said)
