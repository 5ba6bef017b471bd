"""The pages of work: who sees what, nothing offered that would be refused, figures that lead to their rows."""

from __future__ import annotations

import io
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook

from qifu.foundation import access
from qifu.foundation.access import Actor
from qifu.registers.people.models import Person
from qifu.services.work_plans import actions
from qifu.services.work_plans.models import Assignment, Plan
from qifu.services.work_plans.queries import work as queries
from qifu.services.work_plans.queries import work_board, work_mine
from qifu.services.work_plans.status import Status, status_on
from qifu.services.work_plans.tests.work import (
    HANGZHOU,
    TODAY,
    XIAOSHAN,
    evidence,
    load_2024,
    moment,
    officer_of,
    work,
)

pytestmark = pytest.mark.django_db

TABS = ("board", "statuses", "list", "timeline", "calendar", "compare", "generic")


def signed_in(who: Person | Actor) -> Client:
    client = Client()
    client.force_login(who if isinstance(who, Person) else Person.objects.get(pk=who.id))
    return client


def text_of(answer: Any) -> str:
    return re.sub(r"<[^>]+>|\s+", "", answer.content.decode())


@pytest.fixture
def plan(province: Path) -> Plan:
    return load_2024()


@pytest.fixture(autouse=True)
def as_of(settings: Any) -> None:
    settings.AS_OF = TODAY


@pytest.fixture
def office(province: Path) -> Actor:
    return officer_of("330000.reform_office", "office", "reform_officer")


@pytest.fixture
def department(province: Path) -> Actor:
    return officer_of("330000.development_reform", "department")


@pytest.fixture
def county(province: Path) -> Actor:
    return officer_of("330109.reform_office", "county", "reform_officer")


def addresses(plan: Plan) -> list[str]:
    start = f"/workbench/work/plans/{plan.pk}/"
    return [
        "/workbench/work/", "/workbench/work/plans/", *(f"{start}{tab}/" for tab in TABS),
        f"{start}decomposition.xlsx", f"{start}ledger.xlsx", f"{start}ledger.docx",
    ]  # fmt: skip


def test_pages_are_there_for_those_who_follow_and_for_nobody_else(
    plan: Plan, office: Actor, department: Actor, county: Actor, make_person: Any
) -> None:
    row = work("task", 12)
    pages = [*addresses(plan), f"/workbench/work/{row.pk}/", "/workbench/work/units/330000.reform_office/"]
    for actor in (office, department, county):
        client = signed_in(actor)
        assert {client.get(url, follow=True).status_code for url in addresses(plan)} == {200}
    assert {signed_in(office).get(url, follow=True).status_code for url in pages} == {200}
    clerk = signed_in(make_person("clerk", "centre_clerk", XIAOSHAN))
    assert {clerk.get(url).status_code for url in pages} == {404}
    assert {Client().get(url).status_code for url in pages} == {302}
    elsewhere = signed_in(make_person("ningbo", "reform_officer", "330200"))
    assert elsewhere.get(f"/workbench/work/{row.pk}/").status_code == 404
    assert elsewhere.get("/workbench/work/units/330000.reform_office/").status_code == 404
    assert signed_in(county).get(f"/workbench/work/{row.pk}/do/close_work/").status_code == 404
    assert "还没有落实事项" in text_of(elsewhere.get(addresses(plan)[2]))


def test_no_public_page_leads_to_work_or_tells_of_it(plan: Plan, office: Actor, department: Actor) -> None:
    row = work("task", 12)
    actions.report_progress(
        assignment=work("action", 1), text="只供内部的进展", by=department, at=moment(3), today=TODAY
    )
    visitor = Client()
    for url in ("/", "/plans/", f"/plans/{plan.pk}/", f"/plans/{plan.pk}/items/", f"/plans/{plan.pk}/task/12/",
                f"/plans/{plan.pk}/action/1/", "/search/?q=内部的进展", "/api/v1/plans"):  # fmt: skip
        page = visitor.get(url).content.decode()
        assert "/workbench/work" not in page and "只供内部" not in page, url
    assert row.lead is not None


def test_the_board_says_of_each_cell_what_the_events_say(plan: Plan, office: Actor) -> None:
    for number in (12, 15):
        actions.decompose(assignment=work("task", number), places="cities", by=office, at=moment(1))
    actions.decompose(assignment=work("task", 12, HANGZHOU), places="counties", by=office, at=moment(2))
    client = signed_in(office)
    page = client.get(f"/workbench/work/plans/{plan.pk}/board/").content.decode()
    for row in Assignment.objects.filter(number__in=(12, 15), kind="task", place_code__endswith="00"):
        status = status_on(row.phase, row.due_on, TODAY)
        assert f'is-{status.value}" href="/workbench/work/{row.pk}/"' in page
    under = client.get(f"/workbench/work/plans/{plan.pk}/board/?place={HANGZHOU}").content.decode()
    assert f"/workbench/work/{work('task', 12, XIAOSHAN).pk}/" in under
    everywhere = client.get(f"/workbench/work/plans/{plan.pk}/board/?level=all").content.decode()
    assert f"/workbench/work/{work('task', 12, XIAOSHAN).pk}/" in everywhere


@pytest.mark.parametrize("level", ["own", "city", "county", "all"])
def test_totals_of_the_board_are_the_rows_of_the_list(plan: Plan, office: Actor, level: str) -> None:
    actions.decompose(assignment=work("task", 12), places="cities", by=office, at=moment(1))
    actions.decompose(assignment=work("task", 12, HANGZHOU), places="counties", by=office, at=moment(2))
    candidates = queries.columns("330000", level, TODAY)
    found = work_board.board(office, moment(3), plan, TODAY, candidates, [])
    client = signed_in(office)
    for status in Status:
        address = queries.list_link(plan.pk, place="330000", level=level, status=status.value)
        shown = re.search(r"符合条件([\d,]+)项", text_of(client.get(address)))
        assert shown and int(shown[1].replace(",", "")) == found.whole.get(status.value, 0), status
    naive: dict[str, int] = {}
    codes = {one.code for one in candidates}
    for row in Assignment.objects.filter(plan=plan, item__isnull=False, place_code__in=codes):
        status = status_on(row.phase, row.due_on, TODAY).value
        naive[status] = naive.get(status, 0) + 1
    assert naive == found.whole


def test_leaving_out_a_condition_that_is_always_true_changes_nothing(
    plan: Plan, office: Actor, department: Actor, county: Actor, make_person: Any
) -> None:
    actions.decompose(assignment=work("task", 12), places="cities", by=office, at=moment(1))
    city = make_person("city", "reform_officer", HANGZHOU).as_actor()
    bare = make_person("bare", "centre_clerk", HANGZHOU).as_actor()
    for actor in (office, department, county, city, bare):
        for place in ("330000", HANGZHOU, XIAOSHAN):
            codes = [one.code for one in queries.columns(place, "all", TODAY)]
            ours = set(queries.assignments_at(actor, moment(3), plan, codes).values_list("pk", flat=True))
            rows = Assignment.objects.filter(plan=plan, item__isnull=False, place_code__in=codes)
            assert ours == set(
                access.visible(rows, actor, queries.FOLLOW, moment(3)).values_list("pk", flat=True)
            )


def test_my_work_names_what_must_be_done_and_it_disappears_when_done(
    plan: Plan, office: Actor, department: Actor
) -> None:
    def keys(actor: Actor) -> dict[str, int]:
        return {one.key: one.count for one in work_mine.waiting(actor, moment(40), TODAY)}

    client = signed_in(department)
    row = work("action", 1)
    assert row.lead is not None and row.lead.code == "330000.development_reform"
    before = keys(department)
    assert "expand_generic" in keys(office) and "expand_generic" not in before
    page = client.get(f"/workbench/work/{row.pk}/")
    assert 'id="confirm_lead"' in page.content.decode()
    assert (
        client.post(f"/workbench/work/{row.pk}/do/confirm_lead/", {"seen": row.last_seq}).status_code == 302
    )
    assert keys(department).get("confirm_lead", 0) == before["confirm_lead"] - 1
    sent = {
        "report_progress-text": "已经部署", "seen": "99",
        "report_progress-files": SimpleUploadedFile("证明.txt", "材料".encode()), "report_progress-unclassified": "on",
    }  # fmt: skip
    assert client.post(f"/workbench/work/{row.pk}/do/report_progress/", sent).status_code == 302
    shown = client.get(f"/workbench/work/{row.pk}/")
    assert "已经部署" in text_of(shown) and "证明.txt" in text_of(shown)
    file = re.search(r'href="(/workbench/work/\d+/evidence/\d+/)"', shown.content.decode())
    assert file and b"".join(client.get(file[1])) == "材料".encode()
    assert (
        client.post(
            f"/workbench/work/{row.pk}/do/ask_question/", {"ask_question-text": "口径是什么"}
        ).status_code
        == 302
    )
    assert keys(office)["answer_question"] == 1
    submit = client.post(
        f"/workbench/work/{row.pk}/do/submit_work/", {"submit_work-text": "完成", "seen": "99"}
    )
    assert submit.status_code == 302
    assert keys(office)["close_work"] == 1 and "close_work" not in keys(department)
    staff = signed_in(office)
    assert (
        staff.post(
            f"/workbench/work/{row.pk}/do/close_work/", {"close_work-text": "", "seen": "99"}
        ).status_code
        == 302
    )
    assert "close_work" not in keys(office)
    assert "销号" in text_of(client.get(f"/workbench/work/{row.pk}/"))


def test_nothing_is_offered_that_would_be_refused(plan: Plan, office: Actor, department: Actor) -> None:
    row = work("action", 1)
    staff, client = signed_in(office), signed_in(department)

    def offered(who: Client) -> set[str]:
        page = who.get(f"/workbench/work/{row.pk}/").content.decode()
        return set(re.findall(rf"/workbench/work/{row.pk}/do/(\w+)/", page))

    assert offered(client) == {
        "confirm_lead", "report_progress", "submit_work", "ask_question", "add_comment", "set_milestones",
    }  # fmt: skip
    assert {"change_lead", "decompose", "set_due", "add_unit"} <= offered(staff)
    assert not {"report_progress", "answer_question", "close_work", "reopen_work"} & (
        offered(staff) - {"report_progress"}
    )
    actions.submit_work(assignment=row, text="完成", by=department, at=moment(3), **evidence())
    assert {"close_work", "return_work"} <= offered(staff)
    assert "submit_work" not in offered(client) and "close_work" not in offered(client)
    late = client.post(f"/workbench/work/{row.pk}/do/close_work/", {}, follow=True)
    assert "现在不能销号" in text_of(late)
    assert Assignment.objects.get(pk=row.pk).phase == "pending"
    actions.close_work(assignment=row, by=office, at=moment(4))
    assert offered(staff) == {"reopen_work", "add_comment"} and offered(client) == {"add_comment"}


def test_a_refusal_stands_at_its_field_and_keeps_what_was_written(plan: Plan, department: Actor) -> None:
    row, client = work("action", 1), signed_in(department)
    address = f"/workbench/work/{row.pk}/do/"
    empty = client.post(f"{address}report_progress/", {"report_progress-text": ""})
    assert empty.status_code == 422 and "请写明进展情况" in text_of(empty)
    bare = client.post(f"{address}submit_work/", {"submit_work-text": "都做完了"})
    assert bare.status_code == 422 and "请至少附一份佐证材料" in text_of(bare) and "都做完了" in text_of(bare)
    sent = {"report_progress-text": "附件", "report_progress-files": SimpleUploadedFile("a.txt", b"x")}
    secret = client.post(f"{address}report_progress/", sent)
    assert secret.status_code == 422 and "涉密文件不得上传" in text_of(secret)
    half = {"set_milestones-title_1": "起草", "set_milestones-due_1": "", "seen": str(row.last_seq)}
    assert "请补全" in text_of(client.post(f"{address}set_milestones/", half))
    whole = half | {"set_milestones-due_1": "2024-07-01"}
    assert client.post(f"{address}set_milestones/", whole).status_code == 302
    assert "起草" in text_of(client.get(f"/workbench/work/{row.pk}/"))
    stale = client.post(f"{address}set_milestones/", whole)
    assert stale.status_code == 422 and "刷新看过后再提交" in text_of(stale)
    assert client.post(f"{address}evil/", {}).status_code == 404


def test_the_office_organises_through_the_forms(plan: Plan, office: Actor) -> None:
    row, client = work("task", 12), signed_in(office)
    address = f"/workbench/work/{row.pk}/do/"
    for name in ("change_lead", "add_unit", "set_due", "decompose", "set_precedence"):
        assert client.get(f"{address}{name}/").status_code == 200, name
    places = {
        "decompose-places": [HANGZHOU, "330900"], "decompose-requirement": "{地区}的要求", "decompose-due_on": "2024-09-30",
        "decompose-own_due_330900": "2024-13-01", "decompose-own_text_330900": "{地区}按海岛实际办", "seen": row.last_seq,
    }  # fmt: skip
    wrong = client.post(f"{address}decompose/", places)
    assert wrong.status_code == 422 and "舟山市的期限不是有效的日期" in text_of(wrong)
    places |= {"decompose-own_due_330900": "2024-10-31"}
    assert client.post(f"{address}decompose/", places).status_code == 302
    asked = [
        (one.requirement, str(one.due_on)) for one in (work("task", 12, HANGZHOU), work("task", 12, "330900"))
    ]
    assert asked == [("杭州市的要求", "2024-09-30"), ("舟山市按海岛实际办", "2024-10-31")]
    first = work("task", 11)
    assert client.post(f"{address}set_precedence/", {"set_precedence-before": first.pk}).status_code == 302
    actions.report_progress(assignment=row, text="先做了", by=office, at=moment(3), today=TODAY)
    assert "应在这一项之前完成" in text_of(client.get(f"/workbench/work/{row.pk}/"))
    assert client.get(f"{address}remove_precedence/").status_code == 200
    generic = work("task", 3)
    shown = client.get(f"/workbench/work/{generic.pk}/do/expand_generic/")
    members = re.findall(
        r'<option value="(\d+)"[^>]*>杭州市委改革办|<option value="(\d+)"', shown.content.decode()
    )
    name = generic.units.filter(generic=True).first()
    assert name is not None and members
    chosen = next(a or b for a, b in members if a or b)
    sent = {"expand_generic-unit_name": name.name, "expand_generic-organisations": [chosen]}
    assert client.post(f"/workbench/work/{generic.pk}/do/expand_generic/", sent).status_code == 302
    assert generic.units.filter(expanded_from=name.name).count() == 1


def test_exports_hold_what_is_filtered_with_the_plans_numbering(
    plan: Plan, office: Actor, department: Actor
) -> None:
    actions.report_progress(
        assignment=work("action", 1), text="=1+1 的进展", by=department, at=moment(3), today=TODAY
    )
    client = signed_in(office)
    start = f"/workbench/work/plans/{plan.pk}/"
    whole = client.get(f"{start}decomposition.xlsx?kind=task")
    sheet = load_workbook(io.BytesIO(whole.content)).active
    numbers = [row[0] for row in sheet.iter_rows(min_row=4, values_only=True)]
    assert (
        numbers == list(range(1, 37))
        and "类别：重点任务" in sheet["A2"].value
        and "内部材料" in sheet["A2"].value
    )
    ledger = load_workbook(io.BytesIO(client.get(f"{start}ledger.xlsx?kind=action&number=1").content)).active
    line = next(ledger.iter_rows(min_row=4, values_only=True))
    assert line[10] == "'=1+1 的进展" and line[8] == "报告进展"
    assert client.get(f"{start}ledger.docx?kind=action").content[:2] == b"PK"


def test_the_list_narrows_and_ignores_what_it_cannot_read(plan: Plan, office: Actor) -> None:
    client = signed_in(office)
    start = f"/workbench/work/plans/{plan.pk}/list/"

    def count(query: str) -> int:
        found = re.search(r"(?:符合条件|共)([\d,]+)项", text_of(client.get(f"{start}?{query}")))
        return int(found[1].replace(",", "")) if found else -1

    assert count("") == 77 and count("kind=task") == 36 and count("kind=task&number=12") == 1
    assert count("text=营商") > 0 and count("unit=省委改革办") > 0 and count("led_by=省委改革办") > 0
    assert count("lead=none") > 0 and count("due_to=2024-06-19") == count("status=overdue")
    assert count("place=110000") == 77 and count("place=330100") == 0
    for evil in (
        "kind=evil",
        "status=x",
        "number=abc",
        "number=99999999999999999999",
        "due_from=13月",
        "text=%00",
        "sort=evil",
        "page=zz",
        "level=x",
    ):
        assert client.get(f"{start}?{evil}").status_code == 200, evil
    for tab in TABS:
        for evil in ("place=%00", "level=%27", "page=-1", "month=9999-99", "month=0001-01", "month=x"):
            assert client.get(f"/workbench/work/plans/{plan.pk}/{tab}/?{evil}").status_code == 200, (
                tab,
                evil,
            )


def test_time_is_shown_by_day_with_rest_days(plan: Plan, office: Actor, department: Actor) -> None:
    row = work("action", 1)
    actions.set_milestones(
        assignment=row,
        milestones=[actions.MilestoneDraft("中期", date(2024, 10, 12))],
        by=department,
        at=moment(1),
    )
    client = signed_in(office)
    start = f"/workbench/work/plans/{plan.pk}/"
    page = client.get(f"{start}calendar/?month=2024-10")
    assert (
        "中期" in text_of(page)
        and "班" in text_of(page)
        and "休" in text_of(page)
        and "暂定" not in text_of(page)
    )
    assert "暂定" in text_of(client.get(f"{start}calendar/?month=2027-10"))
    line = client.get(f"{start}timeline/").content.decode()
    assert "<rect" in line and "style=" not in line and 'class="today"' in line
    compared = text_of(client.get(f"{start}compare/"))
    assert "不排名次" in compared and "省委改革办" in compared
    assert "待分解" in text_of(client.get(f"{start}generic/"))


@pytest.mark.parametrize("tab", [*TABS, "mine", "item"])
def test_queries_of_a_page_do_not_grow(
    plan: Plan, office: Actor, tab: str, django_assert_max_num_queries: Any
) -> None:
    for number in (12, 15):
        actions.decompose(assignment=work("task", number), places="cities", by=office, at=moment(1))
    client = signed_in(office)
    url = {"mine": "/workbench/work/", "item": f"/workbench/work/{work('task', 12).pk}/"}.get(
        tab, f"/workbench/work/plans/{plan.pk}/{tab}/"
    )
    client.get(url)
    with django_assert_max_num_queries(16 if tab == "item" else 12):
        assert client.get(url).status_code == 200
