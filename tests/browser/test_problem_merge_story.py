"""Three firms, one problem: found, merged, split and merged again in the real pages; each keeps its number and its rating."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import Visits
from tests.browser.problem_acts import (
    Receipt,
    act,
    answer,
    assign,
    close,
    done,
    filter_in,
    look_up,
    now,
    offered,
    open_case,
    phone,
    rate,
    report,
)

pytestmark = pytest.mark.browser
TOLD = (
    "瓜沥工业园三号变压器每到夜里十点跳闸，印染缸里的布全部报废，希望尽快增容。",
    "瓜沥工业园三号变压器夜里十点又跳闸，我们的印染缸停了两次，请尽快增容。",
    "夜里十点瓜沥工业园三号变压器跳闸，冷库里的货化了，请求增容或者错峰。",
)
WHY = "同一台变压器跳闸"
REPLY = (
    "经现场核查，瓜沥工业园三号变压器夜里跳闸系容量不足，已协调供电单位于6月25日前完成增容，"
    "增容前夜间十点安排错峰供电，印染缸和冷库优先保障。联系人钱模拟，电话0571-82000011。"
)


def test_three_reporters_merged_split_and_merged_again(visits: Visits) -> None:
    receipts = three_report(visits)
    main, second, third = receipts
    with visits.page("clerk") as page:
        filter_in(page, visits.address, main.number, topic="水电气等要素保障")
        merge_from_the_filter(page, visits, main, [second, third])
    for one in (second, third):
        the_firm_sees(visits, one, f"与同类问题 {main.number} 合并办理")
    with visits.page("clerk") as page:
        split_off(page, visits, main, third)
        the_firm_sees(visits, third, "已与其他问题分开，单独办理")
        merge_from_the_filter(page, visits, third, [main], into=main)
        a_merged_one_cannot_be_moved(page, visits, third, main)
        open_case(page, visits.address, main.number)
        page.get_by_role("link", name="按责任清单交办").click()
        assign(page)
    with visits.page("unit") as page:
        open_case(page, visits.address, main.number)
        act(page, "签收")
        act(page, "联系企业", {"联系方式": "上门", "说明": "三家企业都去了"})
    answer(visits, main.number, REPLY)
    close(visits, main.number)
    all_three_are_closed_and_each_rates(visits, receipts)


def three_report(visits: Visits) -> list[Receipt]:
    found = []
    for n, words in enumerate(TOLD):
        with phone(visits) as firm:
            found.append(
                report(
                    firm, visits.address, words, mobile=f"1390000661{n}", firm=f"瓜沥模拟{n + 1}厂（模拟）"
                )
            )
    assert len({one.number for one in found}) == len({one.code for one in found}) == 3
    return found


def duplicates(page: Page, visits: Visits, one: Receipt) -> None:
    open_case(page, visits.address, one.number)
    page.get_by_role("link", name="查重与合并").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("查重与合并")


def row(page: Page, one: Receipt) -> Locator:
    return page.locator("main table tbody tr", has_text=one.number)


def merge_from_the_filter(
    page: Page, visits: Visits, here: Receipt, others: Sequence[Receipt], into: Receipt | None = None
) -> None:
    """Merge what is found to be like the case; `into` names the main one where it is not the case itself."""
    duplicates(page, visits, here)
    for one in others:
        expect(row(page, one)).to_contain_text("内容相近")
        expect(row(page, one).locator("mark").first).to_be_visible()
        page.get_by_role("checkbox", name=f"{one.number} 与本件相同").check()
    page.get_by_role("radio", name=f"以 {(into or here).number} 为主件").check()
    page.get_by_label("为什么是同一件事").fill(WHY)
    page.get_by_role("button", name="合并勾选的问题").click()
    done(page, f"并入 {(into or here).number}")


def split_off(page: Page, visits: Visits, main: Receipt, child: Receipt) -> None:
    duplicates(page, visits, main)
    merged = page.locator(".card", has=page.get_by_role("heading", name="已并入本件")).locator("li")
    expect(merged).to_have_count(2)
    merged.filter(has_text=child.number).get_by_role("button", name="拆分").click()
    done(page, f"{child.number} 已拆分")
    expect(merged).to_have_count(1)


def a_merged_one_cannot_be_moved(page: Page, visits: Visits, child: Receipt, main: Receipt) -> None:
    open_case(page, visits.address, child.number)
    expect(page.locator("main")).to_contain_text(f"这一件已并入 {main.number}")
    for word in ("纳入问题池", "交办", "不予纳入", "转法定渠道"):
        assert word not in offered(page)


def the_firm_sees(visits: Visits, receipt: Receipt, words: str) -> None:
    with phone(visits) as firm:
        look_up(firm, visits.address, receipt)
        expect(firm.locator("main")).to_contain_text(words)


def all_three_are_closed_and_each_rates(visits: Visits, receipts: Sequence[Receipt]) -> None:
    for n, receipt in enumerate(receipts):
        with phone(visits) as firm:
            look_up(firm, visits.address, receipt)
            expect(now(firm)).to_contain_text("已办结，请您评价")
            expect(firm.locator("#reply")).to_contain_text(REPLY)
            expect(firm.locator(".own-words.verbatim").first).to_have_text(TOLD[n])
            for other in range(3):
                if other != n:
                    expect(firm.locator("main")).not_to_contain_text(TOLD[other][:20])
                    expect(firm.locator("main")).not_to_contain_text(f"瓜沥模拟{other + 1}厂")
            rate(firm, "解决了", 5 - n)
            expect(firm.locator("main")).to_contain_text(re.compile(f"解决了，{5 - n}星"))
