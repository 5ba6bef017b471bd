"""One enterprise problem from the photo to the last rating, in the real pages, on a phone and at five desks."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import Visits
from tests.browser.problem_acts import (
    UNIT,
    Receipt,
    act,
    answer,
    assign,
    close,
    done,
    fill,
    filter_in,
    fits,
    look_up,
    now,
    offered,
    open_case,
    phone,
    rate,
    report,
    stands,
)

pytestmark = pytest.mark.browser
WORDS = "纺织厂更换节能织机的技改补助申报后，两个月没有任何回音，窗口说材料在局里，局里说没有收到。"
ASKED = "请两个工作日内联系企业（内部标记甲）"
DRAFTED = "材料错放在档案柜（内部标记乙）"
TALKED = "企业情绪稳定（内部标记丙）"
AGAIN = "换了经办人（内部标记丁）"
INSIDE = re.compile("内部标记")
REPLY = (
    "经核查，贵公司更换节能织机的技改补助申报材料已由窗口转到我局，6月20日补录完成，"
    "符合技改补助条件，补助资金列入本月拨付。联系人李模拟，联系电话0571-82000000。"
)
SECOND = (
    "经再次核实，更换节能织机的技改补助已于今日拨付到贵公司账户，银行回单另附，"
    "窗口与我局的材料交接从本周起逐件签收。咨询电话0571-82000000，联系人赵模拟。"
)
MOBILE = "13900007781"


def test_from_a_photo_to_one_star_rework_and_closure(visits: Visits) -> None:
    with phone(visits) as firm:
        receipt = report(
            firm, visits.address, WORDS, mobile=MOBILE, firm="萧山模拟织造厂（模拟）", photo="机器.png"
        )
        expect(firm.locator(".receipt-facts")).to_contain_text("机器.png")
    into_the_pool_and_to_the_unit(visits, receipt)
    the_unit_takes_it_and_answers(visits, receipt)
    close(visits, receipt.number)
    the_firm_reads_and_rates_one_star(visits, receipt)
    the_unit_sees_it_closed_and_no_star(visits, receipt)
    the_desk_above_calls_and_orders_rework(visits, receipt)
    the_unit_answers_again(visits, receipt)
    close(visits, receipt.number)
    the_firm_rates_once_more_and_no_third_time(visits, receipt)


def into_the_pool_and_to_the_unit(visits: Visits, receipt: Receipt) -> None:
    with visits.page("clerk") as page:
        filter_in(page, visits.address, receipt.number)
        assign(page, UNIT, ASKED)
        done(page, f"{receipt.number} 已交办")
        open_case(page, visits.address, receipt.number)
        stands(page, "待签收")
        expect(page.locator(".case-words .file-list")).to_contain_text("机器.png")
        expect(page.locator(".case-words")).not_to_contain_text(MOBILE)


def the_unit_takes_it_and_answers(visits: Visits, receipt: Receipt) -> None:
    with visits.page("unit") as page:
        open_case(page, visits.address, receipt.number)
        act(page, "签收")
        stands(page, "办理中")
        act(page, "联系企业", {"联系方式": "电话", "说明": TALKED})
        act(page, "拟答复", {"办理结果": "已解决", "给企业的答复": REPLY, "内部说明": DRAFTED})
        stands(page, "答复待审核")
        expect(page.locator("main")).to_contain_text("答复由您拟稿，请由本单位其他人员审核、签发")
        assert "审核通过" not in offered(page) and "签发" not in offered(page)
    with visits.page("unit2") as page:
        open_case(page, visits.address, receipt.number)
        act(page, "审核通过")
        act(page, "签发", {"签批人": "区经信局分管负责人（模拟）"})
        stands(page, "待办结审核")


def only_what_is_meant_for_the_firm(page: Page) -> None:
    """Nothing internal stands anywhere in the page, shown or not."""
    assert not INSIDE.search(page.content())
    fits(page)


def clicks_for(page: Page, solved: str, stars: int) -> int:
    """Return how many clicks a rating costs, up to the button that sends it; nothing is sent."""
    page.reload()
    form, clicks = page.locator("#rate"), 0
    expect(form.get_by_role("radio", checked=True)).to_have_count(0)
    for target in (form.get_by_text(solved, exact=True), form.get_by_text(re.compile(f"^{stars}星"))):
        target.click()
        clicks += 1
    expect(form.get_by_role("radio", checked=True)).to_have_count(2)
    assert page.evaluate("document.querySelector('#rate form').checkValidity()"), "nothing else is asked"
    expect(form.get_by_role("button", name="提交评价")).to_be_enabled()
    return clicks + 1


def the_firm_reads_and_rates_one_star(visits: Visits, receipt: Receipt) -> None:
    with phone(visits) as firm:
        look_up(firm, visits.address, receipt)
        expect(now(firm)).to_contain_text("已办结，请您评价")
        expect(now(firm)).to_contain_text(UNIT)
        expect(firm.locator("#reply")).to_contain_text(REPLY)
        for words in ("已受理", f"已交{UNIT}办理", f"已由{UNIT}签收", "已与您联系（电话）"):
            expect(firm.locator("ol.own-line")).to_contain_text(words)
        only_what_is_meant_for_the_firm(firm)
        assert clicks_for(firm, "没解决", 1) == clicks_for(firm, "解决了", 5) == 3
        firm.reload()
        rate(firm, "没解决", 1, "钱还没有到账，电话也没有人接。")
        expect(now(firm)).to_contain_text("将由上一级与您联系")
        expect(firm.locator("#rate")).to_have_count(0)
        only_what_is_meant_for_the_firm(firm)


def the_unit_sees_it_closed_and_no_star(visits: Visits, receipt: Receipt) -> None:
    for who in ("unit", "unit2", "clerk"):
        with visits.page(who) as page:
            open_case(page, visits.address, receipt.number)
            stands(page, "已办结")
            for word in ("星", "没解决", "不满意", "待回访", "没有人接"):
                expect(page.locator("main")).not_to_contain_text(word)


def the_desk_above_calls_and_orders_rework(visits: Visits, receipt: Receipt) -> None:
    with visits.page("callback") as page:
        page.goto(f"{visits.address}/workbench/")
        page.get_by_role("navigation").get_by_role("link", name="回访").first.click()
        page.locator("main tr", has_text=receipt.number).get_by_role("link").first.click()
        expect(page.locator("main")).to_contain_text("没解决，1星")
        expect(page.locator("main")).not_to_contain_text(MOBILE)
        page.get_by_role("button", name="显示联系方式").click()
        expect(page.locator("main")).to_contain_text(MOBILE)
        form = page.locator("form", has=page.get_by_role("button", name="登记", exact=True))
        fill(form, "联系结果", "联系上了")
        fill(form, "企业说问题解决了吗", "没解决")
        form.get_by_label("企业给几星").select_option("1")
        form.get_by_label("回访记录").fill("企业说钱没有到账（内部标记戊）")
        form.get_by_role("button", name="登记", exact=True).click()
        expect(page.get_by_role("heading", name="重办，还是免于重办")).to_be_visible()
        page.get_by_label("要求或理由").fill("请核对拨付进度，与企业当面说明。（内部标记己）")
        page.get_by_role("button", name="交办重办").click()
        expect(page.get_by_role("heading", name="重办，还是免于重办")).to_have_count(0)


def the_unit_answers_again(visits: Visits, receipt: Receipt) -> None:
    with visits.page("unit") as page:
        open_case(page, visits.address, receipt.number)
        stands(page, "重办中")
    answer(visits, receipt.number, SECOND, inside=AGAIN)


def the_firm_rates_once_more_and_no_third_time(visits: Visits, receipt: Receipt) -> None:
    with phone(visits) as firm:
        look_up(firm, visits.address, receipt)
        expect(firm.locator("#reply")).to_contain_text(SECOND)
        expect(firm.get_by_role("heading", name="追加评价")).to_be_visible()
        rate(firm, "解决了", 5)
        look_up(firm, visits.address, receipt)
        expect(firm.locator("#rate")).to_have_count(0)
        expect(firm.get_by_role("button", name="提交评价")).to_have_count(0)
        expect(firm.locator("main")).to_contain_text("追加：解决了，5星")
        only_what_is_meant_for_the_firm(firm)
