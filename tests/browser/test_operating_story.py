"""The site in the hands of those who run it: its health, three administrators, a second factor, a stand-in."""

from __future__ import annotations

import re
import time

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import Visits

pytestmark = pytest.mark.browser
PASSWORD = "green-hill-2024"
COUNTY_WORK = "市县落地24个“一类事”并谋划地方特色事项"
"""Task 29: the county of the demo has a part of it."""


def password_step(visits: Visits, page: Page, username: str, password: str) -> None:
    """Give name and password on the sign-in page."""
    page.goto(f"{visits.address}/sign-in/")
    page.get_by_label("登录名").fill(username)
    page.get_by_label("口令", exact=True).fill(password)
    page.get_by_role("main").get_by_role("button", name="登录").click()
    page.wait_for_load_state()


def menu(page: Page, address: str, name: str) -> None:
    """Open a page from the menu of the workbench."""
    page.goto(f"{address}/workbench/")
    page.get_by_role("navigation").get_by_role("link", name=name, exact=True).first.click()
    page.wait_for_load_state()


def test_administrator_sees_the_health_of_the_site(visits: Visits) -> None:
    with visits.page("admin") as page:
        menu(page, visits.address, "运行状况")
        checks = page.locator("main table").first
        for name in ("数据库", "本省数据", "后台作业", "数据目录", "数据库结构"):
            expect(checks.locator("tr", has_text=name).first).to_contain_text("正常")
        workers = page.locator("main table").filter(has_text="最近心跳")
        expect(workers).to_contain_text("在运行")
        expect(page.get_by_role("heading", name="最近一次备份")).to_be_visible()
        before = page.get_by_text("检查于").first.inner_text()
        page.get_by_text("重新检查").first.click()
        page.wait_for_load_state()
        assert "检查于" in before
    with visits.page("province") as page:
        answer = page.goto(f"{visits.address}/workbench/operations/")
        assert answer is not None and answer.status == 404


def test_an_administrator_is_proposed_by_one_and_confirmed_by_another(visits: Visits) -> None:
    address = visits.address
    with visits.page("admin") as page:
        menu(page, address, "人员与岗位")
        page.get_by_role("link", name="新建人员").first.click()
        page.get_by_label("姓名").fill("许稳当（模拟）")
        page.get_by_label("登录名").fill("xuwendang")
        page.get_by_role("button", name="新建人员").click()
        once = page.locator("dl.facts code").inner_text()
        page.get_by_role("link", name="已记下，去任职").click()
        page.get_by_label("角色").select_option(label="系统管理员")
        page.locator("main select[name=place_code]").select_option(value="330000")
        page.get_by_label("任职日").fill("2024-06-01")
        page.get_by_role("button", name="任职").click()
        expect(page.locator("main table").first).to_contain_text("待安全管理员确认")
        answer = page.goto(f"{address}/workbench/security/")
        assert answer is not None and answer.status == 404, "whoever proposes does not confirm"

    with visits.page() as new:
        password_step(visits, new, "xuwendang", once)
        for number, text in enumerate((once, PASSWORD, PASSWORD)):
            new.locator("main input[type=password]").nth(number).fill(text)
        new.get_by_role("button", name="修改口令").click()
        new.wait_for_url(lambda url: "/account/password/" not in url)
        answer = new.goto(f"{address}/workbench/people/")
        assert answer is not None and answer.status == 404, "no right before the confirmation"
        with visits.page("security") as page:
            menu(page, address, "安全管理")
            page.get_by_role("button", name="确认许稳当（模拟）任系统管理员").click()
            page.goto(f"{address}/workbench/security/")
            expect(page.locator("main")).not_to_contain_text("许稳当（模拟）")
        answer = new.goto(f"{address}/workbench/people/")
        assert answer is not None and answer.status == 200
    with visits.page("auditor") as page:
        page.goto(f"{address}/workbench/audit/?username=security")
        expect(page.locator("main table").first).to_contain_text("确认任职")


def test_a_second_factor_from_enrolment_to_signing_in(visits: Visits) -> None:
    with visits.page() as page:
        password_step(visits, page, "data", visits.password)
        page.goto(f"{visits.address}/account/second-factor/")
        page.get_by_role("button", name="开始设置").click()
        expect(page.get_by_role("img", name="动态口令二维码")).to_be_visible()
        telephone = pyotp.TOTP(page.locator("dl.facts code").inner_text().replace(" ", ""))
        page.locator("main input[name=code]").fill("000000")
        page.get_by_role("button", name="确认启用").click()
        expect(page.locator("main")).to_contain_text("动态口令不正确")
        page.locator("main input[name=code]").fill(telephone.now())
        page.get_by_role("button", name="确认启用").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("动态口令已启用")
        recovery = page.locator("main li code").all_inner_texts()
        assert len(set(recovery)) == 10
    next_code = telephone.at(int(time.time()) + telephone.interval)  # a step serves once
    for code in (next_code, recovery[0]):
        with visits.page() as page:
            password_step(visits, page, "data", visits.password)
            assert "/sign-in/second/" in page.url
            answer = page.goto(f"{visits.address}/workbench/work/")
            assert answer is not None and "/sign-in/" in page.url, "the password alone opens nothing"
            password_step(visits, page, "data", visits.password)
            page.locator("main input[name=code]").fill(code)
            page.get_by_role("button", name="完成登录").click()
            page.wait_for_url(lambda url: "/sign-in/" not in url)
            menu(page, visits.address, "我的工作")
            expect(page.get_by_role("heading", level=1)).to_have_text("我的工作")
    with visits.page() as page:  # what was used up serves no more
        password_step(visits, page, "data", visits.password)
        page.locator("main input[name=code]").fill(recovery[0])
        page.get_by_role("button", name="完成登录").click()
        expect(page).to_have_url(re.compile("/sign-in/second/"))


def test_a_stand_in_reports_and_the_record_says_so(visits: Visits) -> None:
    address = visits.address
    with visits.page("county") as county, visits.page("clerk") as clerk:
        county.goto(f"{address}/workbench/work/")
        county.get_by_role("link", name=COUNTY_WORK).first.click()
        work = county.url
        answer = clerk.goto(work)
        assert answer is not None and answer.status == 404

        county.goto(f"{address}/account/")
        county.get_by_role("link", name="安排代理").click()
        county.get_by_label("岗位").select_option(index=1)
        county.get_by_label("代理人").select_option(label="沈可欣（模拟）")
        county.get_by_label("原因").select_option(label="休假")
        county.get_by_role("button", name="安排代理").click()
        expect(county.locator("main table", has_text="沈可欣（模拟）")).to_contain_text("代理中")

        menu(clerk, address, "我的工作")
        clerk.get_by_role("link", name=COUNTY_WORK).first.click()
        fold = clerk.locator("details#report_progress")
        if fold.get_attribute("open") is None:
            fold.locator("summary").click()
        fold.get_by_label("进展情况").fill("代吴若溪报告：窗口已全部就位。")
        fold.get_by_role("button", name="报告进展").click()
        told = county.locator("ol.stream > li").first
        county.goto(work)
        expect(told).to_contain_text("代吴若溪报告")
        expect(told).to_contain_text("沈可欣（模拟）")
        expect(told).to_contain_text("受委托代行")

        county.goto(f"{address}/account/")
        county.get_by_role("button", name="结束沈可欣（模拟）的代理").click()
        expect(county.locator("main table", has_text="沈可欣（模拟）")).to_contain_text("已结束")
        answer = clerk.reload()
        assert answer is not None and answer.status == 404, "from that moment on"
    with visits.page("auditor") as page:
        page.goto(f"{address}/workbench/audit/?username=clerk")
        row = page.locator("main table tbody tr", has_text="报告").first
        expect(row).to_contain_text("沈可欣（模拟）")
        expect(row).to_contain_text("吴若溪（模拟）")
