"""A policy of a county from the first line to its publication, in the real pages, by the unit, a colleague and the reviewer."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import Visits

pytestmark = pytest.mark.browser
CODE = "xs-story"
TITLE = "萧山区夜班交通补助（模拟）"
TEXT = f"""\
code: {CODE}
title: {TITLE}
kind: policy
issuers: [萧山区经信局]
document: 萧经信（模拟）〔2024〕30号
kinds: [资金]
confidence: verified
versions:
- effective_from: 2024-01-01
  effective_to: 2025-01-01
  source: 第一条
  require:
    all:
    - 注册地 属于 萧山区
    - 投资性质 属于 内资
    - 从业人数 >= 5人
  amount: 1万元
examples:
- {{title: 五人, as_of: 2024-06-20, facts: {{注册地: 330109, 投资性质: 内资, 从业人数: 5人}}, expect: 符合, amount: 1万元}}
- {{title: 四人, as_of: 2024-06-20, facts: {{注册地: 330109, 投资性质: 内资, 从业人数: 4人}}, expect: 不符合}}
"""
WHOLE = re.sub("投资性质: 内资, ", "", TEXT.replace("    - 投资性质 属于 内资\n", ""))


def test_drafted_sent_back_changed_reviewed_and_published(visits: Visits) -> None:
    with visits.page("unit") as page:
        draft(page, visits.address)
        decide_to_change(page, visits.address)
        save(page, visits.address, WHOLE)
        page.goto(f"{visits.address}/workbench/policies/{CODE}/reviews/competition/")
        expect(page.locator("main")).to_contain_text("没有找出可能偏向某些企业的条款")
        page.get_by_label("审查结论").fill("已征求企业代表意见，没有异议（模拟）")
        page.get_by_role("button", name="记录审查").click()
        page.get_by_role("button", name="送审").click()
        expect(page.locator("main")).to_contain_text("已送审")
        expect(page.get_by_role("button", name="发布")).to_have_count(0)
    with visits.page("justice") as page:
        page.goto(f"{visits.address}/workbench/policies/due/")
        page.get_by_role("link", name=TITLE).click()
        page.get_by_role("link", name="出具意见").click()
        opine(page, "通过", "制定依据充分，内容合法（模拟）")
        expect(page.get_by_role("link", name="出具意见")).to_have_count(0)
    with visits.page("unit2") as page:
        page.goto(f"{visits.address}/workbench/policies/{CODE}/")
        page.get_by_role("link", name="记录", exact=True).click()
        page.get_by_label("会议名称、届次").fill("局长办公会〔2024〕第9次（模拟）")
        opine(page, "通过", "同意印发（模拟）")
        page.locator("summary", has_text="发布").click()
        page.get_by_role("button", name="发布").click()
        expect(page.locator("main")).to_contain_text("执行中")
        expect(page.locator("main")).to_contain_text("待备案")
    with visits.page("city") as page:  # published: staff of every place read it, and the search finds it
        page.goto(f"{visits.address}/search/?q=夜班交通补助")
        page.get_by_role("link", name=TITLE).click()
        expect(page.locator("h1")).to_have_text(TITLE)
        expect(page.get_by_role("link", name="起草新版本")).to_have_count(0)


def draft(page: Page, address: str) -> None:
    """A new policy with one thing wrong first, which is told by its line."""
    page.goto(f"{address}/workbench/policies/")
    page.get_by_role("link", name="新建政策").click()
    text = page.get_by_label("政策条款")
    text.fill(TEXT.replace("从业人数 >=", "从业人员数目 >="))
    page.get_by_role("button", name="保存草稿").click()
    expect(page.locator("main [role=alert]").first).to_contain_text("从业人员数目")
    text.fill(TEXT)
    page.get_by_label("怎么领").fill("核对账户后确认")
    page.get_by_label("咨询单位和电话").fill("萧山区经信局（模拟）")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.locator("h1")).to_have_text(TITLE)


def decide_to_change(page: Page, address: str) -> None:
    page.get_by_role("link", name="办理", exact=True).click()
    expect(page.locator("main")).to_contain_text("按所有制、组织形式或资本来源区别对待")
    page.get_by_label("改", exact=True).check()
    page.get_by_label("理由").fill("没有依据，删去（模拟）")
    page.get_by_label("审查结论").fill("有一处要改（模拟）")
    page.get_by_role("button", name="记录审查").click()
    expect(page.locator("main")).to_contain_text("已退回，请先改草稿")


def save(page: Page, address: str, text: str) -> None:
    page.goto(f"{address}/workbench/policies/{CODE}/edit/")
    page.get_by_label("政策条款").fill(text)
    page.get_by_role("button", name="保存草稿").click()
    expect(page.locator("main")).to_contain_text("草稿已保存")


def opine(page: Page, result: str, words: str) -> None:
    page.get_by_label(result, exact=True).check()
    page.get_by_label("意见", exact=True).fill(words)
    page.get_by_role("button", name="提交").click()
    expect(page.locator("main")).to_contain_text("已记录")
