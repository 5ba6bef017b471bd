"""What goes beyond the county, in the real pages: raised to the city and the province; left out and appealed; kept from a unit."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import Visits
from tests.browser.problem_acts import (
    Receipt,
    act,
    assign,
    done,
    filter_in,
    fits,
    look_up,
    now,
    open_case,
    phone,
    report,
    stands,
)

pytestmark = pytest.mark.browser
LAND = "新厂房用地指标两年没有落实，设备已经到港，镇里说要等市里统筹，市里说要等省里下达。"
TO_THE_CITY = "镇、区两级已协调三次，指标由市里统筹，请市级协调（内部标记庚）"
TO_THE_PROVINCE = "本市本年指标已用完，请省级统筹（内部标记辛）"
FROM_THE_PROVINCE = "省级预留指标中安排，请先办预审（内部标记壬）"
QUARREL = "与合伙人分红有争议，对方拿走了公章，希望政府出面要回公章。"
EXPLAINED = "股东之间的分红争议由公司章程和法院解决（标记一）"
APPEALED = "我们请求的是公章补刻备案，不是分红，请重新核对。"
OVERRULED = "公章补刻备案属行政事项，应当纳入（标记二）"
RUDE = "办理变更登记时，窗口人员要求到指定的代办点，否则退件，已经三次。"
MARKET = "萧山区市场监管局"


# ---- raised ------------------------------------------------------------------------------------------------------------


def test_raised_to_the_city_and_to_the_province(visits: Visits) -> None:
    with phone(visits) as firm:
        receipt = report(firm, visits.address, LAND, mobile="13900005511", firm="萧山模拟装备厂（模拟）")
    number = receipt.number
    with (
        visits.page("clerk") as clerk,
        visits.page("hub_city") as city,
        visits.page("hub_province") as province,
    ):
        filter_in(clerk, visits.address, number, topic="用地与规划", difficulty="疑难")
        assign(clerk)
        with visits.page("unit") as unit:
            open_case(unit, visits.address, number)
            act(unit, "签收")
        open_case(clerk, visits.address, number)
        act(clerk, "上报协调", {"上报理由": TO_THE_CITY})
        holds_the_evidence(clerk, number)
        raised_card(clerk, "待答复")

        open_case(city, visits.address, number)
        expect(city.locator("main")).to_contain_text(TO_THE_CITY)
        holds_the_evidence(city, number)
        the_firm_sees(visits, receipt, "已报上一级协调")
        act(city, "答复上报", {"决定": "提级办理：由本级接手", "答复意见": "由市里直接办理"})
        the_firm_sees(visits, receipt, "已由上一级直接办理")

        open_case(city, visits.address, number)
        act(city, "上报协调", {"上报理由": TO_THE_PROVINCE})
        open_case(province, visits.address, number)
        expect(province.locator("main")).to_contain_text(TO_THE_PROVINCE)
        act(
            province,
            "答复上报",
            {"决定": "批转意见：提出协调意见，仍由下级办理", "答复意见": FROM_THE_PROVINCE},
        )

        for page in (clerk, city):  # the county still sees what it raised
            if page is clerk:
                page.goto(f"{visits.address}/workbench/problems/")
                page.get_by_role("link", name="已提级").click()
                page.get_by_role("link", name=number).click()
            else:
                open_case(page, visits.address, number)
            expect(page.locator("main")).to_contain_text(FROM_THE_PROVINCE)
        the_firm_sees(visits, receipt, "上一级已提出协调意见")


def not_seen(page: Page, visits: Visits, number: str) -> None:
    """The case is neither found nor opened by this person."""
    page.goto(f"{visits.address}/workbench/problems/?queue=all&text={number}")
    expect(page.locator("main").get_by_role("link", name=number)).to_have_count(0)
    answer = page.goto(f"{visits.address}/workbench/problems/{number}/")
    assert answer is not None and answer.status == 404


def raised_card(page: Page, state: str) -> None:
    expect(page.get_by_role("region", name="上报协调").locator("li").last).to_contain_text(state)


def holds_the_evidence(page: Page, number: str) -> None:
    """The evidence pack can be downloaded, opened, and tells of this case; no telephone is in it."""
    with page.expect_download() as waiting:
        page.get_by_role("link", name="证据包").last.click()
    assert waiting.value.suggested_filename == f"{number}-证据包.zip"
    with zipfile.ZipFile(io.BytesIO(Path(waiting.value.path()).read_bytes())) as pack:
        assert pack.testzip() is None and len(pack.namelist()) >= 2
        texts = "".join(pack.read(name).decode("utf-8", "replace") for name in pack.namelist())
    assert number in texts and LAND in texts
    assert "13900005511" not in texts


def the_firm_sees(visits: Visits, receipt: Receipt, words: str) -> None:
    """The firm reads these words and nothing internal."""
    with phone(visits) as firm:
        look_up(firm, visits.address, receipt)
        expect(firm.locator("main")).to_contain_text(words)
        assert "内部标记" not in firm.content()
        fits(firm)


# ---- left out, and kept from a unit --------------------------------------------------------------------------------------


def test_left_out_appealed_and_taken_in_by_the_city(visits: Visits) -> None:
    with phone(visits) as firm:
        receipt = report(firm, visits.address, QUARREL, mobile="13900005522")
    with visits.page("clerk") as page:
        open_case(page, visits.address, receipt.number)
        page.get_by_role("link", name="筛选，看建议").click()
        form = page.locator(".card", has=page.get_by_role("heading", name="不予纳入", exact=True))
        form.get_by_label("不予纳入的原因").select_option(index=1)
        form.get_by_label("给企业的说明").fill(EXPLAINED)
        form.get_by_role("button", name="先看企业看到什么").click()
        expect(page.locator("blockquote")).to_contain_text(EXPLAINED)
        page.get_by_role("button", name="确认不予纳入").click()
        done(page, "已作不予纳入处理")
    with phone(visits) as firm:
        look_up(firm, visits.address, receipt)
        expect(now(firm)).to_contain_text("未纳入涉企问题，可以申诉")
        expect(firm.locator("main")).to_contain_text(EXPLAINED)
        firm.get_by_label("申诉理由").fill(APPEALED)
        firm.get_by_role("button", name="提出申诉").click()
        done(firm, "已提出申诉")
        expect(firm.get_by_role("button", name="提出申诉")).to_have_count(0)
        expect(now(firm)).to_contain_text("由上级复核")
    with visits.page("hub_city") as page:
        open_case(page, visits.address, receipt.number)
        stands(page, "申诉待复核")
        expect(page.locator("main")).to_contain_text(APPEALED)
        act(page, "改为纳入", {"说明": OVERRULED})
    with visits.page("clerk") as page:
        open_case(page, visits.address, receipt.number)
        stands(page, "待交办")
    with phone(visits) as firm:
        look_up(firm, visits.address, receipt)
        expect(firm.locator("main")).to_contain_text("经复核，您的诉求已纳入办理")
        expect(firm.get_by_role("heading", name=re.compile("申诉"))).to_have_count(0)


def test_a_complaint_about_a_unit_never_goes_to_it(visits: Visits) -> None:
    with phone(visits) as firm:
        receipt = report(firm, visits.address, RUDE, mobile="13900005533", against=MARKET)
        expect(firm.locator("main")).to_contain_text("您反映的单位不办理这件事，也看不到它。")
    with visits.page("clerk") as page:
        filter_in(page, visits.address, receipt.number, topic="登记注册与审批")
        expect(page.locator("main")).to_contain_text(f"这件反映的是“{MARKET}”或其人员")
        lead = page.get_by_label("主办单位", exact=True)
        expect(lead.locator("option", has_text="萧山区经信局")).to_have_count(1)
        expect(lead.locator("option", has_text=MARKET)).to_have_count(0)
        assign(page)
        open_case(page, visits.address, receipt.number)
        stands(page, "待签收")
    with visits.page("market_county") as page:
        not_seen(page, visits, receipt.number)
        page.goto(f"{visits.address}/workbench/problems/?queue=all&text={RUDE[:6]}")
        expect(page.locator("main")).not_to_contain_text(RUDE)
