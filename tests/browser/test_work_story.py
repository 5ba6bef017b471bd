"""The plan alive, in the real pages: an office, a department and a county each do their part, and the office sees it all."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from docx import Document
from icalendar import Calendar
from openpyxl import load_workbook
from playwright.sync_api import Locator, Page, expect

from tests.browser.chromium import NARROW, Visits

pytestmark = pytest.mark.browser
DOCUMENT = "浙营商专发〔2024〕1号"
ASSIGNMENT = re.compile(r"/workbench/work/\d+/")
MEDIATION = "行政审批中介服务规范提升专项行动"
"""Special action 1: the department of the demo leads it."""
PROPERTY = "知识产权全链条保护专项行动"
"""Special action 7: its lead is only proposed."""
CITIES_WORK = "市县落实营商环境专项行动"
"""Task 14: its units are generic, no city has a part of it yet."""
OWN_WORK = "常态化举办政企沟通活动"
"""Task 6: the office itself leads it."""
COUNTY_WORK = "市县落地24个“一类事”并谋划地方特色事项"
"""Task 29: the county has a part of it, given by its city."""


@pytest.fixture
def office(visits: Visits) -> Iterator[Page]:
    """The province's reform office."""
    with visits.page("province") as page:
        yield page


@pytest.fixture
def second(visits: Visits) -> Iterator[Page]:
    """The second person of the same office."""
    with visits.page("province2") as page:
        yield page


@pytest.fixture
def department(visits: Visits) -> Iterator[Page]:
    """A department of the province."""
    with visits.page("department") as page:
        yield page


# ---- what people do ----------------------------------------------------------------------------------------------


def my_work(page: Page, address: str) -> None:
    """Open 我的工作 as people do: from the menu of the workbench."""
    page.goto(f"{address}/workbench/")
    page.get_by_role("navigation").get_by_role("link", name="我的工作").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("我的工作")


def go(row: Locator) -> None:
    """Press what is to be done about a row of 我的工作."""
    row.first.locator("td").last.get_by_role("link").click()


def plan_page(page: Page, address: str, tab: str) -> None:
    """Open a part of the province's plan: 看板, 按状态, 清单, 时间线, 日历, 比较, 待分解."""
    page.goto(f"{address}/workbench/work/plans/")
    if "/board/" not in page.url:  # another plan was published in the meantime
        page.locator("main .plan-list li", has_text="浙江省").get_by_role("link").click()
    if tab != "看板":
        page.get_by_label("落实栏目").get_by_role("link", name=tab, exact=True).click()


def work_list(page: Page, address: str, **chosen: str) -> None:
    """Open the list and narrow it by what its form offers, name by name."""
    plan_page(page, address, "清单")
    form = page.locator("main form").filter(has=page.get_by_role("button", name="筛选"))
    for name, value in chosen.items():
        field = form.locator(f"[name={name}]")
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(label=value)
        else:
            field.fill(value)
    form.get_by_role("button", name="筛选").click()
    page.wait_for_load_state()


def open_work(page: Page, address: str, title: str, place: str = "浙江省") -> None:
    """Open one piece of work at one place, found by its words in the list."""
    work_list(page, address, text=title[:10], place=place, level="只看本级")
    page.locator("main table").get_by_role("link", name=title).first.click()
    page.wait_for_url(ASSIGNMENT)


def act(page: Page, name: str) -> Locator:
    """Unfold the form of an act on the page and return it."""
    fold = page.locator(f"details#{name}")
    if fold.get_attribute("open") is None:
        fold.locator("summary").click()
    return fold


def organise(page: Page, name: str) -> None:
    """Open the page of an act of organising, from the fold beside the work."""
    page.locator("details", has=page.get_by_role("heading", name="组织落实")).locator("summary").click()
    page.get_by_role("link", name=name, exact=True).click()


def done(page: Page, words: str) -> None:
    """The page says that it was done."""
    expect(
        page.locator(".messages, [role=status], [role=alert]").filter(has_text=words).first
    ).to_be_visible()


def standing(page: Page) -> Locator:
    """How the work that is open stands, beside its heading."""
    return page.locator("main .lead .state, header .lead .state").first


def proof(name: str, text: str) -> dict[str, object]:
    """A small evidence file."""
    return {"name": name, "mimeType": "text/plain", "buffer": text.encode()}


# ---- the story ---------------------------------------------------------------------------------------------------


def test_office_gives_the_plan_to_its_units(office: Page, visits: Visits) -> None:
    my_work(office, visits.address)
    waiting = office.locator("section#confirm_lead")
    before = int(re.findall(r"\d+", waiting.locator("h2").inner_text())[0])
    more = waiting.get_by_role("link", name=re.compile("还有"))
    if more.count():
        more.click()
    go(waiting.locator("tr", has_text=PROPERTY))
    expect(office.locator("main")).to_contain_text("拟定由 省市场监管局 牵头")
    act(office, "confirm_lead").get_by_role("button", name="确认牵头单位").click()
    done(office, "已确认牵头单位")
    expect(office.locator("dl.facts")).not_to_contain_text("拟定")
    my_work(office, visits.address)
    expect(waiting.locator("h2")).to_contain_text(f"{before - 1} 项")
    with visits.page("market") as page:
        page.goto(f"{visits.address}/inbox/")
        expect(page.locator("main table")).to_contain_text(PROPERTY)


def test_office_names_units_steps_and_cities(office: Page, visits: Visits) -> None:
    address = visits.address
    open_work(office, address, CITIES_WORK)
    work = office.url
    expect(office.locator("dl.facts")).to_contain_text("待分解")
    organise(office, "指明泛指单位")
    office.get_by_label("具体是哪些单位").select_option(label=["杭州市委改革办", "萧山区委改革办"])
    office.get_by_role("button", name="指明泛指单位").click()
    expect(office.locator("dl.facts")).to_contain_text("由“市、县（市、区）党委改革办”分解")
    expect(office.locator("dl.facts")).not_to_contain_text("待分解")

    organise(office, "设定节点")
    office.get_by_label(re.compile(r"^节点 1(选填)?$")).fill("各市报备方案")
    office.get_by_label(re.compile("^节点 1 的期限")).fill("2024-07-31")
    office.get_by_role("button", name="设定节点").click()
    steps = office.locator("section", has=office.get_by_role("heading", name="节点"))
    expect(steps).to_contain_text("各市报备方案")
    expect(steps).to_contain_text("2024-07-31")

    organise(office, "分解到下级")
    expect(office.locator("main input[name=decompose-places]:checked")).to_have_count(11)
    office.get_by_label(re.compile("^分解要求")).fill("{地区}制定专项行动方案")
    office.get_by_label(re.compile("^期限")).fill("2024-09-30")
    office.get_by_text("个别地区不同").click()
    office.get_by_label(re.compile("^舟山市的期限")).fill("2024-10-31")
    office.get_by_label(re.compile("^舟山市的要求")).fill("舟山市结合海岛实际制定方案")
    office.get_by_role("button", name="分解到下级").click()
    expect(office.get_by_role("heading", name="各地进展")).to_contain_text("11 个地区")

    with visits.page("city") as page:
        page.goto(f"{address}/inbox/")
        expect(page.locator("main table")).to_contain_text(CITIES_WORK)
        open_work(page, address, CITIES_WORK, "杭州市")
        expect(page.locator("dl.facts")).to_contain_text("杭州市制定专项行动方案")
        expect(page.locator("dl.facts")).to_contain_text("2024-09-30")
        assert page.url != work
    open_work(office, address, CITIES_WORK, "舟山市")
    expect(office.locator("dl.facts")).to_contain_text("舟山市结合海岛实际制定方案")
    expect(office.locator("dl.facts")).to_contain_text("2024-10-31")


def test_department_reports_asks_and_is_answered(department: Page, visits: Visits) -> None:
    address = visits.address
    my_work(department, address)
    expect(department.locator("main")).not_to_contain_text(PROPERTY)
    go(department.locator("main tr", has_text=MEDIATION))
    work = department.url.split("#")[0]
    form = act(department, "report_progress")
    form.get_by_label("进展情况").fill("清单已压减到 45 项，公开征求意见。")
    form.get_by_label(re.compile("投资项目审批中介服务事项")).fill("45")
    form.locator("input[type=file]").set_input_files([proof("中介事项清单.txt", "模拟清单")])
    form.get_by_role("button", name="报告进展").click()
    expect(
        department.get_by_text("涉密", exact=False).first
    ).to_be_visible()  # not without the word on secrets
    form = act(department, "report_progress")
    form.locator("input[type=file]").set_input_files([proof("中介事项清单.txt", "模拟清单")])
    form.get_by_label(re.compile("我确认")).check()
    form.get_by_role("button", name="报告进展").click()
    done(department, "进展已报告")
    told = department.locator("ol.stream > li").first
    for words in ("清单已压减到 45 项", "45 项", "截至 2024-06-20", "中介事项清单.txt", "填报"):
        expect(told).to_contain_text(words)
    with department.expect_download() as waiting:
        told.get_by_role("link", name="中介事项清单.txt").click()
    assert Path(waiting.value.path()).read_text(encoding="utf-8") == "模拟清单"

    ask = act(department, "ask_question")
    ask.get_by_label("问题").fill("乡镇事项是否计入总数？")
    ask.get_by_role("button", name="向改革办提问").click()
    done(department, "已提交")
    expect(department.locator("ol.stream > li").first).to_contain_text("待答复")

    with visits.page("province") as page:
        my_work(page, address)
        go(page.locator("section#answer_question tr", has_text=MEDIATION))
        reply = act(page, "answer_question")
        reply.get_by_label("提问").select_option(label="乡镇事项是否计入总数？")
        reply.get_by_label("答复", exact=True).fill("不计入，单列附表。")
        reply.get_by_role("button", name="答复提问").click()
        done(page, "已答复")
    department.goto(f"{address}/inbox/")
    expect(department.locator("main table")).to_contain_text(MEDIATION)
    department.goto(work)
    expect(department.locator("ol.stream > li").first).to_contain_text("不计入，单列附表。")


def test_department_sees_nothing_of_another_department(
    department: Page, office: Page, visits: Visits
) -> None:
    open_work(office, visits.address, "建设企业综合服务专区并实现三级贯通")
    answer = department.goto(office.url)
    assert answer is not None and answer.status == 404
    work_list(department, visits.address, text="建设企业综合服务专区")
    expect(department.locator("main table tbody tr a")).to_have_count(0)


def test_closing_needs_evidence_and_a_second_person(department: Page, second: Page, visits: Visits) -> None:
    address = visits.address
    assert standings(second, department, address, MEDIATION) == {"推进中"}
    open_work(department, address, MEDIATION)
    form = act(department, "submit_work")
    form.get_by_label("完成情况").fill("清单印发，专项整治结束。")
    form.get_by_role("button", name="申请销号").click()
    done(department, "已申请销号")
    expect(standing(department)).to_have_text("待核")
    assert not department.locator("details#close_work").count(), "whoever submits does not close"
    assert standings(second, department, address, MEDIATION) == {"待核"}

    my_work(second, address)
    go(second.locator("section#close_work tr", has_text=MEDIATION))
    form = act(second, "close_work")
    form.get_by_label("核定意见").fill("材料齐全。")
    form.get_by_role("button", name="销号").click()
    done(second, "已销号")
    expect(standing(second)).to_have_text("销号")
    assert standings(second, department, address, MEDIATION) == {"销号"}
    department.goto(f"{address}/inbox/")
    expect(department.locator("main table tbody tr").first).to_contain_text("销号")


def test_office_cannot_close_what_it_submitted_itself(office: Page, second: Page, visits: Visits) -> None:
    open_work(office, visits.address, OWN_WORK)
    work = office.url
    form = act(office, "submit_work")
    form.get_by_label("完成情况").fill("每季度一场，已成制度。")
    if form.locator("input[type=file]").get_attribute("required") is not None:
        form.get_by_role("button", name="申请销号").click()
        assert office.url.rstrip("/") == work.rstrip("/"), "no closing without evidence"
    form.locator("input[type=file]").set_input_files([proof("活动记录.txt", "模拟记录")])
    form.get_by_label(re.compile("我确认")).check()
    form.get_by_role("button", name="申请销号").click()
    done(office, "已申请销号")
    assert not office.locator("details#close_work").count()
    my_work(office, visits.address)
    expect(office.locator("section#close_work tr", has_text=OWN_WORK)).to_have_count(0)
    second.goto(work)
    act(second, "close_work").get_by_role("button", name="销号").click()
    done(second, "已销号")


def standings(page: Page, lead: Page, address: str, title: str) -> set[str]:
    """Return how an action stands on the office's board, list and timeline, and on the calendar of its lead."""
    found = set()
    plan_page(page, address, "看板")
    page.get_by_label("显示哪一类").get_by_role("link", name="专项行动").click()
    said = (
        page.locator("table.board tbody tr", has_text=title)
        .locator("td a[aria-label]")
        .first.get_attribute("aria-label")
    )
    found.add((said or "").removeprefix("本级 "))
    work_list(page, address, text=title[:10], place="浙江省", level="只看本级")
    found.add(
        page.locator("main table tbody tr", has_text=title).first.locator(".state").first.inner_text().strip()
    )
    plan_page(page, address, "时间线")
    found.add(in_words(page, title))
    plan_page(lead, address, "日历")
    lead.goto(lead.url.split("?")[0] + "?place=330000&month=2024-12")
    found.add(lead.locator("a.entry", has_text=title).first.get_attribute("title") or "")
    return found


def in_words(page: Page, title: str) -> str:
    """Return the state of a row in the timeline's table of words, turning its pages."""
    while True:
        page.get_by_text("以文字查看").click()
        row = page.locator("details.fold tbody tr", has_text=title)
        if row.count():
            return row.locator("td[data-label=状态]").inner_text().strip()
        page.get_by_role("link", name="下一页").click()
        page.wait_for_load_state()


def test_county_confirms_reports_and_submits_its_part(second: Page, visits: Visits) -> None:
    address = visits.address
    with visits.page("county") as page:
        my_work(page, address)
        rows = page.locator("section#confirm_lead tbody tr")
        expect(rows).to_have_count(1)
        go(rows)
        act(page, "confirm_lead").get_by_role("button", name="确认牵头单位").click()
        expect(standing(page)).to_have_text("逾期")
        expect(page.locator("dl.facts")).to_contain_text("萧山区落地“一类事”")
        form = act(page, "report_progress")
        form.get_by_label("进展情况").fill("24 个“一类事”全部上线。")
        form.get_by_role("button", name="报告进展").click()
        done(page, "进展已报告")
        form = act(page, "submit_work")
        form.get_by_label("完成情况").fill("全部上线，特色事项已报。")
        form.locator("input[type=file]").set_input_files([proof("上线清单.txt", "模拟")])
        form.get_by_label(re.compile("我确认")).check()
        form.get_by_role("button", name="申请销号").click()
        done(page, "已申请销号")
        expect(standing(page)).to_have_text("待核")
        work = page.url
    open_work(second, address, COUNTY_WORK, "杭州市萧山区")
    assert second.url == work
    expect(standing(second)).to_have_text("待核")


def test_office_sees_how_all_36_tasks_and_16_actions_stand(office: Page, visits: Visits) -> None:
    for kind, number in (("重点任务", 36), ("专项行动", 16)):
        work_list(office, visits.address, kind=kind, place="浙江省", level="只看本级")
        expect(office.locator(".table-foot .count").first).to_contain_text(f"{number} 项")
        assert office.locator("main table tbody tr .state").count() >= number, "each row says how it stands"
        plan_page(office, visits.address, "看板")
        office.get_by_label("显示哪一类").get_by_role("link", name=re.compile(kind)).click()
        rows = office.locator("table.board tbody tr")
        expect(rows).to_have_count(number)
        expect(rows.locator("td:nth-child(2) a[aria-label]")).to_have_count(number)
    plan_page(office, visits.address, "按状态")
    for status in ("逾期", "临期", "未启动", "推进中", "待核", "销号"):
        expect(office.locator(".lane h2", has_text=status)).to_be_visible()


def test_exports_carry_the_numbers_of_the_plan(office: Page, visits: Visits) -> None:
    work_list(office, visits.address, kind="重点任务", place="浙江省", level="只看本级")
    book = load_workbook(io.BytesIO(downloaded(office, "分解表")))
    rows = table_of(book["分解表"].iter_rows(values_only=True))
    assert [row["序号"] for row in rows] == list(range(1, 37))
    assert {row["类别"] for row in rows} == {"重点任务"}
    assert rows[5]["事项"] == OWN_WORK and rows[5]["状态"] == "销号"

    work_list(office, visits.address, kind="专项行动", place="浙江省", level="只看本级")
    sheet = load_workbook(io.BytesIO(downloaded(office, "台账（Excel）")))["台账"]
    ledger = table_of(sheet.iter_rows(values_only=True))
    assert list(dict.fromkeys(row["序号"] for row in ledger)) == list(range(1, 17))
    first = [row for row in ledger if row["序号"] == 1]
    assert any(
        "中介事项清单.txt" in (row["佐证材料"] or "") and "45" in (row["填报数"] or "") for row in first
    )
    assert {row["状态"] for row in first} == {"销号"}

    document = Document(io.BytesIO(downloaded(office, "台账（Word）")))
    assert DOCUMENT in "\n".join(one.text for one in document.paragraphs)
    cells = [[cell.text for cell in row.cells] for table in document.tables for row in table.rows]
    assert any(
        row[0].strip() == "1" and MEDIATION in " ".join(row) and "销号" in " ".join(row) for row in cells
    )


def downloaded(page: Page, name: str) -> bytes:
    """Click a link that downloads, and return what came."""
    with page.expect_download() as waiting:
        page.get_by_role("link", name=name, exact=True).click()
    return Path(waiting.value.path()).read_bytes()


def table_of(lines: Iterator[tuple[object, ...]]) -> list[dict[str, object]]:
    """Return the rows under the heading row of a sheet, by heading."""
    every = [list(line) for line in lines]
    start = next(n for n, line in enumerate(every) if line[0] == "序号")
    headings = [str(cell) for cell in every[start]]
    return [dict(zip(headings, line, strict=True)) for line in every[start + 1 :] if line[0] is not None]


def test_calendar_feed_holds_the_days_that_count(department: Page, visits: Visits) -> None:
    department.goto(f"{visits.address}/account/calendar/")
    department.get_by_role("button", name="生成订阅地址").click()
    address = department.get_by_label("订阅地址").input_value()
    with visits.page("") as stranger:  # a calendar program holds no session
        answer = stranger.request.get(address)
        assert answer.status == 200
        events = Calendar.from_ical(answer.body()).walk("VEVENT")
    days = {(event["DTSTART"].dt, str(event["SUMMARY"])) for event in events}
    at_the_end = [words for day, words in days if day == date(2024, 12, 31)]
    assert any("招投标监管机制改革" in words for words in at_the_end), days
    assert not any(MEDIATION in words for words in at_the_end), "closed work is gone"


# ---- other ways of using it --------------------------------------------------------------------------------------


def test_my_work_and_a_report_on_a_phone(visits: Visits) -> None:
    with visits.page("department", viewport=NARROW) as page:
        page.goto(f"{visits.address}/workbench/work/")
        go(page.locator("main tr", has_text="招投标监管机制改革专项行动"))
        form = act(page, "report_progress")
        form.get_by_label("进展情况").fill("在手机上报告：试点县（市、区）名单已定。")
        form.get_by_role("button", name="报告进展").click()
        done(page, "进展已报告")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_comment_with_the_keyboard_alone(visits: Visits) -> None:
    with visits.page("department") as page:
        open_work(page, visits.address, "招投标监管机制改革专项行动")
        tab_to(page, "details#add_comment > summary")
        page.keyboard.press("Enter")
        tab_to(page, "details#add_comment textarea")
        page.keyboard.type("键盘留言：请省建设厅补报名单。")
        tab_to(page, "details#add_comment button")
        page.keyboard.press("Enter")
        expect(page.locator("ol.stream > li").first).to_contain_text("键盘留言：请省建设厅补报名单。")


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus stands on what the selector names."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"Tab never comes to {selector}")


def test_reading_without_scripts(visits: Visits) -> None:
    with visits.page("province", java_script_enabled=False) as page:
        my_work(page, visits.address)
        plan_page(page, visits.address, "看板")
        expect(page.locator("table.board tbody tr").first).to_be_visible()
        open_work(page, visits.address, MEDIATION)
        expect(page.locator("ol.stream")).to_contain_text("建立中介服务管理制度")
        expect(page.locator("details#add_comment summary")).to_be_visible()
