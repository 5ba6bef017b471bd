"""An enterprise in the real pages: it finds a policy that it is one condition short of, tells the fact, sees 可享（按自报）; a visitor calculates."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import NARROW, Visits
from tests.browser.pages import Place

pytestmark = pytest.mark.browser
FIRM = "杭州云舟智造科技有限公司（模拟）"
POLICY = "萧山区小微企业研发机构建设补助（模拟）"


def test_a_firm_finds_what_it_is_short_of_tells_it_and_may_have_the_policy(visits: Visits) -> None:
    with visits.page("legal") as page:
        visits.open(page, Place("own-policies", "/my-policies/", who="legal"))
        if FIRM in page.locator(".page-head a").all_inner_texts():
            page.locator(".page-head a", has_text=FIRM).click()
        expect(page.locator(".lead")).to_have_text(re.compile(f"^{FIRM}"))
        page.get_by_role("link", name=re.compile("^差一项")).click()
        page.wait_for_url("**group=short")
        listed = page.url.split("?")[0]
        card = page.locator(".policy-list li", has_text=POLICY)
        expect(card).to_contain_text("距达标还差：建有研发机构")
        card.get_by_role("link", name=POLICY).click()
        expect(page.get_by_role("heading", name="为什么不是我")).to_be_visible()
        page.get_by_label("建有研发机构").select_option("是")
        page.get_by_role("button", name="申报“建有研发机构”").click()
        expect(page.locator(".lead")).to_contain_text("可享（按自报）")
        expect(page.locator(".lead")).to_contain_text("3 万元")
        expect(page.get_by_role("main")).to_contain_text("这项政策要等权威来源的数据核实后才兑付")
        page.goto(listed)
        expect(page.locator(".policy-list li", has_text=POLICY)).to_contain_text("按自报")
        page.get_by_role("main").get_by_role("link", name="政策体检").first.click()
        risks = page.locator("table", has=page.get_by_role("columnheader", name="留意"))
        expect(risks).to_contain_text("是自报的")


def test_a_visitor_calculates_without_scripts_and_leaves_nothing_in_the_address(visits: Visits) -> None:
    with visits.page(viewport=NARROW, java_script_enabled=False) as page:
        page.goto(f"{visits.address}/")
        page.get_by_role("link", name="政策计算器").click()
        for _ in range(3):
            page.get_by_role("button", name="不清楚").click()
        expect(page.get_by_role("heading", name="第 4 问")).to_be_visible()
        page.get_by_role("button", name="上一步").click()
        expect(page.get_by_role("heading", name="第 3 问")).to_be_visible()
        page.get_by_role("button", name="看结果").click()
        expect(page.get_by_role("heading", name="您的回答")).to_be_visible()
        assert page.url == f"{visits.address}/policy-calculator/"
        assert not [one for one in page.context.cookies() if "session" in one["name"]]
