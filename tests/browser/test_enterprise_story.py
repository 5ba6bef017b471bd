"""An enterprise in the real pages: it signs in with two steps, appoints a handler, takes the mandate back; the counter registers."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import NARROW, Visits

pytestmark = pytest.mark.browser
OWN = re.compile(r"/my-enterprise/\d+/$")
FIRM, OTHER = "杭州云舟智造科技有限公司（模拟）", "杭州云舟供应链管理有限公司（模拟）"
AT_COUNTER = "萧山睿创致电子商务有限公司（模拟）"
PASSWORD = "orange-river-2024"


def password_step(visits: Visits, page: Page, username: str, password: str) -> None:
    """Give name and password on the sign-in page."""
    page.goto(f"{visits.address}/sign-in/")
    page.get_by_label("登录名").fill(username)
    page.get_by_label("口令", exact=True).fill(password)
    page.get_by_role("main").get_by_role("button", name="登录").click()


def sign_in(visits: Visits, page: Page, username: str, password: str) -> None:
    """Sign in by hand: password, then the code of the text message."""
    password_step(visits, page, username, password)
    page.wait_for_url("**/sign-in/second/**")
    visits.second_step(page)
    page.wait_for_url(lambda url: "/sign-in/" not in url)


def choose(page: Page, firm: str) -> None:
    """Act for another of one's firms, by the bar under the header."""
    bar = page.locator(".firm-bar")
    if firm in bar.locator("summary").inner_text():
        return
    bar.locator("summary").click()
    bar.get_by_role("link", name=firm).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(firm)


def fact(page: Page, title: str) -> str:
    """Return what stands beside a title in the list of facts."""
    return (
        page.locator("dl.facts dt", has_text=title)
        .locator("xpath=following-sibling::dd[1]")
        .inner_text()
        .strip()
    )


def invite(page: Page, name: str, mobile: str) -> str:
    """Invite a handler for the firm that one acts for; return the link, shown this once."""
    page.get_by_role("link", name="邀请经办人").click()
    page.get_by_role("button", name="生成邀请链接").click()
    expect(page.locator(".errorlist").first).to_be_visible()  # nothing is guessed
    page.get_by_label("经办人姓名").fill(name)
    page.get_by_label("经办人手机号").fill(mobile)
    page.get_by_label("企业信息").check()
    page.get_by_label("有效至").fill((datetime.now(UTC).date() + timedelta(days=90)).isoformat())
    page.get_by_role("button", name="生成邀请链接").click()
    return page.get_by_label("邀请链接").input_value()


def join(page: Page, link: str, username: str) -> None:
    """Open the link without an account, make one, accept."""
    page.goto(link)
    expect(page.locator("main")).to_contain_text(f"{FIRM} 邀请您代表企业办事")
    assert "token" not in page.url, "the secret leaves the address bar"
    page.get_by_label("登录名").fill(username)
    page.get_by_label("口令", exact=True).fill(PASSWORD)
    page.get_by_label("再输一次口令").fill(PASSWORD)
    page.get_by_role("button", name="注册账号").click()
    page.get_by_role("button", name="接受邀请").click()
    page.wait_for_url(OWN)


def test_legal_representative_appoints_and_revokes_a_handler(visits: Visits) -> None:
    with visits.page() as boss, visits.page() as handler, visits.page() as again:
        sign_in(visits, boss, "legal", visits.password)
        expect(boss).to_have_url(OWN)
        choose(boss, FIRM)
        assert fact(boss, "法定代表人") == "沈云舟（模拟）"
        assert fact(boss, "所在区划") == "杭州市萧山区"
        link = invite(boss, "周小满（模拟）", "13800001111")

        join(handler, link, "zhouxiaoman")
        expect(handler.get_by_role("heading", level=1)).to_have_text(FIRM)
        expect(handler.locator("main")).to_contain_text("您是经办人")
        assert handler.get_by_role("link", name="邀请经办人").count() == 0
        sign_in(
            visits, again, "zhouxiaoman", PASSWORD
        )  # from now on with two steps, the code at the number given
        expect(again.get_by_role("heading", level=1)).to_have_text(FIRM)

        boss.goto(link)
        expect(boss.get_by_role("heading", level=1)).to_have_text("邀请已失效")
        boss.goto(f"{visits.address}/my-enterprise/")
        choose(boss, FIRM)
        boss.get_by_role("link", name="全部经办人和以往授权").click()
        row = boss.locator("tr", has_text="周小满（模拟）").filter(has=boss.locator(".confirm"))
        expect(row).to_contain_text("有效")
        expect(row).to_contain_text("企业信息")
        expect(row).not_to_contain_text("13800001111")
        row.locator(".confirm summary").click()
        row.get_by_role("button", name="撤销").click()
        expect(boss.get_by_text("授权已撤销，立即生效")).to_be_visible()

        for page in (handler, again):  # the next click of each of the handler's sessions
            page.get_by_role("link", name="全部经办人和以往授权").click()
            expect(page.get_by_role("heading", level=1)).to_have_text("没有找到这个页面")
        handler.goto(f"{visits.address}/my-enterprise/")
        expect(handler.locator("main")).not_to_contain_text(FIRM)

        boss.goto(f"{visits.address}/my-enterprise/")
        choose(boss, FIRM)
        boss.get_by_role("link", name="谁替企业办过什么").click()
        expect(boss.locator("main table")).to_contain_text("沈云舟（模拟）")


def test_several_firms_are_kept_apart(visits: Visits) -> None:
    with visits.page("legal") as page:
        page.goto(f"{visits.address}/my-enterprise/")
        for firm in (FIRM, OTHER, FIRM):
            choose(page, firm)
            assert fact(page, "名称") == firm
            expect(page.locator(".firm-bar summary")).to_contain_text(firm)
        page.get_by_role("link", name="全部经办人和以往授权").click()
        expect(page.locator("main")).to_contain_text("孙小妹（模拟）")
        page.goto(f"{visits.address}/")  # the choice holds on every page
        expect(page.locator(".firm-bar")).to_contain_text(FIRM)
    with visits.page("handler") as page:
        page.goto(f"{visits.address}/my-enterprise/")
        expect(page.get_by_role("heading", level=1)).to_have_text(FIRM)
        expect(page.locator("body")).not_to_contain_text(OTHER)


def test_counter_registers_a_legal_representative(visits: Visits) -> None:
    with visits.page("clerk") as page:
        page.goto(f"{visits.address}/workbench/enterprise-people/")
        page.get_by_label("企业名称或统一社会信用代码").fill("睿创致")
        page.get_by_role("main").get_by_role("button", name="筛选").click()
        page.get_by_role("link", name=AT_COUNTER).click()
        expect(page.locator("main")).to_contain_text("还没有人")
        page.get_by_role("link", name="登记法定代表人").click()
        page.get_by_label("法定代表人姓名").fill("王新任（模拟）")
        page.locator("input[name=document]").first.check()
        page.get_by_label("登录名").fill("wangxinren")
        page.get_by_label("手机号", exact=False).first.fill("13800002222")
        page.get_by_role("button", name="登记").click()
        expect(page.locator(".errorlist").first).to_contain_text("刘某某")  # the register names somebody else
        page.get_by_label(re.compile("与登记信息不一致")).check()
        page.get_by_role("button", name="登记").click()
        once = page.locator("dl.facts code").inner_text()
        page.get_by_role("link", name="已交给本人").click()
        expect(page.locator("main table")).to_contain_text("王新任（模拟）")
        expect(page.locator("main table")).not_to_contain_text("13800002222")

    with (
        visits.page() as page
    ):  # the paper with the password is good for one thing only: a password of one's own
        password_step(visits, page, "wangxinren", once)
        page.wait_for_url("**/account/password/")
        page.goto(f"{visits.address}/my-enterprise/")
        page.wait_for_url("**/account/password/")
        for number, text in enumerate((once, PASSWORD, PASSWORD)):
            page.locator("main input[type=password]").nth(number).fill(text)
        page.get_by_role("button", name="修改口令").click()
        page.wait_for_url(lambda url: "/account/password/" not in url)
    with visits.page() as page:
        sign_in(visits, page, "wangxinren", PASSWORD)
        expect(page.get_by_role("heading", level=1)).to_have_text(AT_COUNTER)
        expect(page.get_by_role("link", name="邀请经办人")).to_be_visible()


def test_inviting_on_a_phone(visits: Visits) -> None:
    with visits.page("legal", viewport=NARROW) as page:
        page.goto(f"{visits.address}/my-enterprise/")
        choose(page, FIRM)
        assert fits(page)
        link = invite(page, "赵小雪（模拟）", "13800003333")
        assert fits(page)
    with visits.page(viewport=NARROW) as page:
        join(page, link, "zhaoxiaoxue")
        assert fits(page)
        expect(page.get_by_role("heading", level=1)).to_have_text(FIRM)


def fits(page: Page) -> bool:
    """Tell whether nothing reaches beyond the screen."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_own_firm_reads_without_scripts(visits: Visits) -> None:
    with visits.page("legal", java_script_enabled=False, viewport=NARROW) as page:
        page.goto(f"{visits.address}/my-enterprise/")
        choose(page, OTHER)
        assert fact(page, "名称") == OTHER
        page.get_by_role("link", name="全部经办人和以往授权").click()
        expect(page.locator("main table")).to_contain_text("沈云舟（模拟）")
