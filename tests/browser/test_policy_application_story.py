"""A firm applies for a policy in the real pages, supplies what is missing, is supported by a second person; a visitor asks and is answered."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import NARROW, Visits

pytestmark = pytest.mark.browser
FIRM = "杭州云舟智造科技有限公司（模拟）"
PAPER = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def test_applied_supplied_and_supported(visits: Visits) -> None:
    with visits.page("legal") as page:
        number = applied(page, visits.address)
    with visits.page("unit") as page:
        page.goto(f"{visits.address}/workbench/policy-requests/?kind=application")
        page.get_by_role("link", name=number).click()
        do(page, "一次性告知补正", 需要补正的全部内容="项目情况说明缺第二页（模拟）")
    with visits.page("legal", viewport=NARROW) as page:
        page.goto(f"{visits.address}/inbox/")
        page.get_by_role("link", name=re.compile("项目情况说明缺第二页")).first.click()
        expect(page.get_by_role("heading", name="请您补正")).to_be_visible()
        page.get_by_label("补正说明").fill("补齐第二页（模拟）")
        page.get_by_label("补正的材料").set_input_files(paper("第二页.pdf"))
        page.get_by_label("涉密不上网").check()
        page.get_by_role("button", name="提交补正").click()
        expect(page.locator(".lead")).to_contain_text("已收到补正")
    with visits.page("unit") as page:
        page.goto(f"{visits.address}/workbench/policy-requests/{number}/")
        do(page, "受理")
        do(page, "拟予支持", 理由="情况属实（模拟）", 支持金额="2万元")
        expect(page.get_by_role("main")).to_contain_text("请由本单位另一位人员审定")
    with visits.page("unit2") as page:
        page.goto(f"{visits.address}/workbench/policy-requests/{number}/")
        do(page, "审定支持")
        expect(page.locator(".lead")).to_contain_text("予以支持")
    with visits.page("legal") as page:
        page.goto(f"{visits.address}/my-requests/{number}/")
        expect(page.locator("#decision")).to_contain_text("支持金额 2 万元")
        expect(page.locator("#decision")).to_contain_text("我的兑付")


def test_a_visitor_asks_and_reads_the_answer_by_code(visits: Visits) -> None:
    with visits.page(viewport=NARROW, java_script_enabled=False) as page:
        page.goto(f"{visits.address}/policies/ask/?policy=xs-step-up")
        page.get_by_label("要问什么").fill("去年的营业收入算哪张表上的？（模拟）")
        page.get_by_role("button", name="提交").click()
        number = page.locator("dd strong").inner_text()
        code = page.locator(".request-code").inner_text()
        with visits.page("unit") as desk:
            desk.goto(f"{visits.address}/workbench/policy-requests/?kind=question")
            desk.get_by_role("link", name=number).click()
            do(desk, "答复", 答复="以年度纳税申报表为准（模拟）")
        page.get_by_role("link", name="看进展").click()
        page.get_by_label("查询码").fill(code)
        page.get_by_role("button", name="查询").click()
        expect(page.locator("#decision")).to_contain_text("以年度纳税申报表为准")


def applied(page: Page, address: str) -> str:
    """The firm applies with two materials; return the number on the receipt."""
    page.goto(f"{address}/my-policies/")
    if FIRM in page.locator(".page-head a").all_inner_texts():
        page.locator(".page-head a", has_text=FIRM).click()
    expect(page.locator(".lead")).to_have_text(re.compile(f"^{FIRM}"))
    page.goto(f"{page.url.split('?')[0]}one/xs-step-up/")
    page.get_by_role("link", name="去申报").click()
    expect(page.get_by_role("main")).to_contain_text("平台已有的，不用再交")
    page.get_by_label("申报说明").fill("营业收入首次上台阶（模拟）")
    page.get_by_label("上年度财务报表").set_input_files(paper("报表.pdf"))
    page.get_by_label("项目情况说明").set_input_files(paper("说明.pdf"))
    page.get_by_label("涉密不上网").check()
    page.get_by_role("button", name="提交申报").click()
    expect(page.get_by_role("heading", name="受理凭证")).to_be_visible()
    return page.locator("dd strong").inner_text()


def do(page: Page, title: str, **fields: str) -> None:
    """Do a step of the unit: open its form, fill it in, send it."""
    form = page.locator("details.card").filter(has=page.get_by_role("heading", name=title, exact=True))
    if form.get_attribute("open") is None:
        form.locator("summary").click()
    for label, words in fields.items():
        form.get_by_label(label).fill(words)
    form.get_by_role("button", name=title, exact=True).click()
    expect(page.get_by_text(f"已{title}。")).to_be_visible()


def paper(name: str) -> dict[str, object]:
    """A small PDF as a browser sends it."""
    return {"name": name, "mimeType": "application/pdf", "buffer": PAPER}
