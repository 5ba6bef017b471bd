"""What people do with enterprise problems in the pages, for the stories: report, look up, filter, assign, act, answer."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import NARROW, Visits

UNIT = "萧山区经信局"
PHOTO = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
"""A picture of one pixel."""
Fields = dict[str, str]


@dataclass(frozen=True)
class Receipt:
    """What a reporter takes home."""

    number: str
    code: str


# ---- the firm ----------------------------------------------------------------------------------------------------------


@contextmanager
def phone(visits: Visits) -> Iterator[Page]:
    """A visitor without account, on a phone."""
    with visits.page("", viewport=NARROW) as page:
        yield page


def fits(page: Page) -> None:
    """Nothing on the page is wider than the phone."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


def report(
    page: Page, address: str, words: str, *, mobile: str, firm: str = "", photo: str = "", against: str = ""
) -> Receipt:
    """Report a problem of 萧山区 as a visitor, from the start page; return number and query code."""
    page.goto(address)
    page.get_by_role("main").get_by_role("link", name="反映问题").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("反映问题")
    page.get_by_label("遇到了什么问题").fill(words)
    page.get_by_label("在哪里").select_option(label="萧山区")
    page.get_by_label("怎么联系您").fill(mobile)
    if photo:
        page.get_by_label(re.compile("照片或文件")).set_input_files(
            {"name": photo, "mimeType": "image/png", "buffer": PHOTO}
        )
    if firm:
        page.get_by_text("留下称呼和企业名称").click()
        page.get_by_label("企业名称").fill(firm)
    if against:
        page.get_by_text("反映的是某个单位或它的工作人员").click()
        page.get_by_label("单位名称").press_sequentially(against)
        page.get_by_role("radio", name=re.compile(against)).first.check()
    fits(page)
    page.get_by_role("main").get_by_role("button", name="提交").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("已收到，请保存编号")
    fits(page)
    facts = page.locator(".receipt-facts")
    number = facts.locator(".receipt-number").inner_text().replace(" ", "")
    code = facts.locator(".receipt-code").inner_text().replace(" ", "")
    assert re.fullmatch(r"330109[0-9]{11}", number) and re.fullmatch(r"[0-9]{8}", code)
    expect(facts).to_contain_text("萧山区企服中心")
    expect(facts).to_contain_text(words)
    expect(page.get_by_role("main")).to_contain_text(re.compile("最迟.+（1个工作日）"))
    return Receipt(number, code)


def look_up(page: Page, address: str, receipt: Receipt) -> None:
    """Open one's own problem by number and query code, from the start page."""
    page.goto(f"{address}/problems/look-up/")
    page.get_by_label("编号").fill(receipt.number)
    page.get_by_label("查询码").fill(receipt.code)
    page.get_by_role("main").get_by_role("button", name="查询").click()
    page.wait_for_url(f"**/my-problems/{receipt.number}/")
    expect(page.locator("main, header").get_by_text(f"编号 {receipt.number}").first).to_be_visible()
    fits(page)


def now(page: Page) -> Locator:
    """The card that says where the problem stands."""
    return page.locator(".card", has=page.get_by_role("heading", name="现在", exact=True))


def rate(page: Page, solved: str, stars: int, text: str = "") -> None:
    """Rate what was answered."""
    form = page.locator("#rate")
    form.get_by_text(solved, exact=True).click()
    form.get_by_text(re.compile(f"^{stars}星")).click()
    if text:
        form.get_by_label(re.compile("想说的话")).fill(text)
    form.get_by_role("button", name="提交评价").click()
    done(page, "已收到您的评价，谢谢")


# ---- the staff -------------------------------------------------------------------------------------------------------


def done(page: Page, words: str) -> None:
    """The page says that it was done."""
    expect(
        page.locator(".messages, [role=status], [role=alert]").filter(has_text=words).first
    ).to_be_visible()


def open_case(page: Page, address: str, number: str) -> None:
    """Open a case as people do who have its number: find it among all and press its title."""
    page.goto(f"{address}/workbench/problems/?queue=all")
    page.get_by_label("查找").fill(number)
    if (level := page.get_by_label("范围")).count():
        level.select_option(label="本级和下级")
    page.get_by_role("main").get_by_role("button", name="筛选").click()
    page.locator("main table").get_by_role("link", name=number, exact=True).click()
    page.wait_for_url(f"**/workbench/problems/{number}/")


def stands(page: Page, state: str) -> None:
    """The case that is open stands in this state."""
    expect(page.locator(".case-line .state").first).to_have_text(state)


def filter_in(
    page: Page, address: str, number: str, topic: str = "惠企政策兑现", difficulty: str = "一般"
) -> None:
    """Take a new request into the pool, from the page with suggestions."""
    open_case(page, address, number)
    stands(page, "待筛选")
    page.get_by_role("link", name="筛选，看建议").click()
    form = page.locator(".card", has=page.get_by_role("heading", name="纳入问题池"))
    form.get_by_label("事由").select_option(label=topic)
    form.get_by_label("板块").select_option(label="政策")
    form.get_by_role("radio", name=difficulty, exact=True).check()
    form.get_by_role("button", name="纳入，去交办").click()
    done(page, "已纳入问题池")
    expect(page.get_by_role("heading", level=1)).to_contain_text("交办")


def assign(page: Page, unit: str = UNIT, words: str = "") -> None:
    """Assign the case whose page 交办 is open."""
    page.get_by_label("主办单位", exact=True).select_option(label=unit)
    page.get_by_role("radio", name=re.compile("^交办")).check()
    page.get_by_label(re.compile("交办要求")).fill(words)
    page.get_by_role("main").get_by_role("button", name="交办", exact=True).click()
    page.wait_for_load_state()


def act(page: Page, title: str, fields: Fields | None = None, *, button: str = "") -> None:
    """Do an act on the case that is open: the one in front, or one of 其他操作; `fields` by label."""
    main = page.locator("section.main-act", has=page.get_by_role("heading", name=title, exact=True))
    if not main.count():
        fold = page.locator("details.case-others")
        if fold.get_attribute("open") is None:
            fold.locator("summary").click()
        fold.get_by_role("link", name=re.compile(f"^{re.escape(title)}( |$)")).first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        main = page.locator("main")
    form = main.locator("form.act-form")
    for label, value in (fields or {}).items():
        fill(form, label, value)
    form.get_by_role("button", name=button or title, exact=True).click()
    done(page, f"已{title}")


def fill(form: Locator, label: str, value: str) -> None:
    """Fill a field by its label: a text, a choice, a list, or one of the radios under that legend."""
    group = form.get_by_role("group", name=label)
    if group.count():
        group.get_by_role("radio", name=value, exact=True).check()
        return
    field = form.get_by_label(re.compile(f"^{re.escape(label)}"))
    if field.evaluate("one => one.tagName") == "SELECT":
        field.select_option(label=value)
    else:
        field.fill(value)


def offered(page: Page) -> str:
    """Return the words of all that is offered to do on the case that is open."""
    return " ".join(page.locator(".main-act h2, .case-others li").all_text_contents())


def answer(visits: Visits, number: str, reply: str, *, inside: str = "") -> None:
    """The unit answers: one person drafts, the other checks and signs."""
    with visits.page("unit") as page:
        open_case(page, visits.address, number)
        act(page, "拟答复", {"办理结果": "已解决", "给企业的答复": reply, "内部说明": inside})
        stands(page, "答复待审核")
    with visits.page("unit2") as page:
        open_case(page, visits.address, number)
        act(page, "审核通过")
        act(page, "签发", {"签批人": "区经信局负责人（模拟）"})
        stands(page, "待办结审核")


def close(visits: Visits, number: str) -> None:
    """The hub closes what was answered."""
    with visits.page("clerk") as page:
        open_case(page, visits.address, number)
        act(page, "办结")
        stands(page, "已办结")
