"""The pages as people open them: the desk leads through the doubts, plans show to whom they may, nothing leaks."""

from __future__ import annotations

import itertools
import re
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from qifu.foundation import jobs
from qifu.foundation.access import SYSTEM, Actor
from qifu.registers.organisations.models import Organisation
from qifu.registers.people.models import Person
from qifu.services.work_plans import actions
from qifu.services.work_plans.fields import Entry
from qifu.services.work_plans.models import Irregularity, Plan, PlanReview
from qifu.services.work_plans.tests.factories import (
    AT,
    PLACE,
    TODAY,
    doubt,
    person,
    publish,
    read_review,
    rule,
    work,
)

pytestmark = pytest.mark.django_db


def signed_in(who: Person) -> Client:
    client = Client()
    client.force_login(who)
    return client


def text_of(answer: Any) -> str:
    return re.sub(r"<[^>]+>|\s+", "", answer.content.decode())


@pytest.fixture
def county(province: object) -> Person:
    return person("county", "reform_officer", PLACE)


@pytest.fixture
def public_plan(province: Any) -> Plan:
    return actions.load_plan_from_data(path=province / "work_plan_2024.yaml", by=SYSTEM, at=AT, today=TODAY)


def test_from_the_upload_form_to_the_published_plan(county: Person, notice: bytes) -> None:
    client = signed_in(county)
    form = client.get("/workbench/plans/upload/")
    assert "涉密不上网" in text_of(form)
    sent = {"place": PLACE, "publicity": "not_public", "unclassified": "on"}
    refused = client.post("/workbench/plans/upload/", {**sent, "unclassified": ""} | {"file": _file(notice)})
    assert refused.status_code == 422 and "涉密文件不得上传" in text_of(refused)
    answer = client.post("/workbench/plans/upload/", sent | {"file": _file(notice)})
    waiting = client.get(answer.headers["Location"])
    assert "正在排队" in text_of(waiting) and "hx-get" in waiting.content.decode()
    work()
    desk_url = client.get(answer.headers["Location"]).headers["Location"]
    moved = client.get(answer.headers["Location"], headers={"HX-Request": "true"})
    assert moved.headers["HX-Redirect"] == desk_url

    shown = client.get(f"{desk_url}?severity=error")
    page = text_of(shown)
    assert "第1条，共2条" in page and "2024年13月" in page and "is-cell" in shown.content.decode()
    row = doubt(PlanReview.objects.get(), "deadline_unreadable")
    rule_url = f"{desk_url}doubts/{row.pk}/rule/"
    wrong = client.post(rule_url, {"verdict": "corrected", "value": "明天", "version": "1"})
    assert wrong.status_code == 422 and "看不懂期限" in text_of(wrong) and "明天" in wrong.content.decode()
    right = client.post(
        f"{rule_url}?severity=error", {"verdict": "corrected", "value": "年底", "version": "1"}
    )
    following = doubt(PlanReview.objects.get(), "number_gap")
    assert right.headers["Location"] == f"{desk_url}?severity=error&item={following.pk}"
    twice = client.post(rule_url, {"verdict": "accepted", "version": "1"}, follow=True)
    assert "刚刚裁定了同一处" in text_of(twice)
    undone = client.post(f"{desk_url}doubts/{row.pk}/undo/", follow=True)
    assert "已撤销" in text_of(undone)
    client.post(rule_url, {"verdict": "corrected", "value": "年底", "version": "2"})

    assert "补录一条" in text_of(client.get(f"{desk_url}all/?part=tasks"))
    bad = client.post(f"{desk_url}add/tasks/", {"number": "6", "measure": "甲", "reason": "乙"})
    assert bad.status_code == 422 and "第6条已有" in text_of(bad)
    added = {"number": "5", "group": "办好惠企政策", "measure": "办好一件事", "responsible": "萧山区发改局",
             "deadline": "2024年9月", "open_list": "否", "reason": "原件第2页"}  # fmt: skip
    assert client.post(f"{desk_url}add/tasks/", added).status_code == 302
    assert Irregularity.objects.get(pk=following.pk).state == "corrected"

    before = client.get(f"{desk_url}publish/")
    assert "发布第1版" in text_of(before)
    version = str(PlanReview.objects.get().version)
    sent = {"effective_from": "2024-03-05", "publicity": "public", "note": "首发", "version": version}
    stale = client.post(f"{desk_url}publish/", sent | {"version": "1"})
    assert stale.status_code == 422 and "又有人作了裁定" in text_of(stale)
    done = client.post(f"{desk_url}publish/", sent)
    plan_url = done.headers["Location"]
    assert "办好一件事" in text_of(Client().get(f"{plan_url}task/5/"))
    assert client.get(f"{desk_url}publish/").status_code == 302


def test_a_reading_that_breaks_down_says_so_and_can_be_tried_again(county: Person, notice: bytes) -> None:
    client = signed_in(county)
    sent = {"place": PLACE, "publicity": "not_public", "unclassified": "on", "file": _file(notice)}
    progress = client.post("/workbench/plans/upload/", sent).headers["Location"]
    review = PlanReview.objects.get()
    kept = default_storage.open(review.file.stored_at).read()
    default_storage.delete(review.file.stored_at)
    clock = itertools.count(0, 3600)
    while jobs.run_one(worker="test", clock=lambda: timezone.now() + timedelta(seconds=next(clock))):
        pass
    page = text_of(client.get(progress))
    assert client.get(progress, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    assert "没有得到结果" in page and str(review.job_id) in page and "重新识别" in page
    default_storage.save(review.file.stored_at, ContentFile(kept))
    assert client.post(progress.replace("/reading/", "/retry/")).headers["Location"] == progress
    work()
    assert client.get(progress).headers["Location"] == f"/workbench/plans/reviews/{review.pk}/"


def _file(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("清单.txt", content)


def test_pages_of_the_desk_are_not_there_for_others(officer: Actor, notice: bytes) -> None:
    review = read_review(notice, officer)
    row = doubt(review, "deadline_unreadable")
    desk = f"/workbench/plans/reviews/{review.pk}/"
    pages = [desk, f"{desk}all/", f"{desk}publish/", f"{desk}reading/", f"{desk}file/", f"{desk}add/tasks/",
             f"{desk}correct/tasks/0/measure/"]  # fmt: skip
    posts = [f"{desk}doubts/{row.pk}/rule/", f"{desk}doubts/{row.pk}/undo/", f"{desk}discard/", f"{desk}retry/",
             f"{desk}accept-information/"]  # fmt: skip
    elsewhere = person("ningbo", "reform_officer", "330200")
    clerk = person("clerk", "centre_clerk", PLACE)
    for client in (signed_in(elsewhere), signed_in(clerk)):
        assert {client.get(url).status_code for url in pages} == {404}
        assert {client.post(url).status_code for url in posts} == {404}
    assert {Client().get(url).status_code for url in pages} == {302}
    row.refresh_from_db()
    assert row.state == "open"
    owner = signed_in(Person.objects.get(pk=officer.id))
    other = read_review(notice + b"\n", officer)
    mixed = f"/workbench/plans/reviews/{other.pk}/doubts/{row.pk}/rule/"
    assert owner.post(mixed, {"verdict": "accepted"}).status_code == 404
    assert [owner.get(url).status_code for url in (f"{desk}correct/tasks/99/measure/", f"{desk}correct/tasks/0/x/",
            f"{desk}correct/evil/0/measure/", f"{desk}all/?part=evil", f"{desk}add/duties/")] == [404] * 5  # fmt: skip
    download = owner.get(f"{desk}file/")
    assert b"".join(download) == notice
    assert "attachment" in download.headers["Content-Disposition"]
    opened = apps.get_model("foundation", "AuditRow").objects.get(act="files.open_file")
    assert opened.actor_id == officer.id and opened.facts["purpose"] == "下载公文原件"


def test_an_internal_plan_shows_to_whom_it_concerns_only(officer: Actor, notice: bytes) -> None:
    review = read_review(notice, officer)
    rule(doubt(review, "deadline_unreadable"), "corrected", officer, entry=Entry(text="年底"))
    plan = publish(review, officer)
    pages = [f"/plans/{plan.pk}/{rest}" for rest in (
        "", "items/", "tasks/", "units/", "deadlines/", "versions/", "task/1/", "export.xlsx", "export.docx")]  # fmt: skip
    county = signed_in(person("county", "reform_officer", PLACE))
    assert {county.get(url).status_code for url in pages} == {200}
    assert "内部" in text_of(county.get(pages[0]))
    strangers = [Client(), signed_in(person("ningbo", "reform_officer", "330200")),
                 signed_in(person("clerk", "centre_clerk", PLACE))]  # fmt: skip
    for client in strangers:
        assert {client.get(url).status_code for url in pages} == {404}
        assert plan.title not in client.get("/plans/").content.decode()
        assert "/plans/item/" not in client.get("/search/?q=联络员").content.decode()
    assert "/plans/item/" in county.get("/search/?q=联络员").content.decode()
    named = Organisation.objects.get(code="330109.development_reform")
    assert (
        signed_in(person("bureau", "department_officer", "330100", named.pk)).get(pages[0]).status_code == 200
    )
    other = Organisation.objects.get(code="330000.development_reform")
    assert (
        signed_in(person("dept", "department_officer", "330200", other.pk)).get(pages[0]).status_code == 404
    )


def test_a_version_that_was_internal_stays_so_when_the_next_is_public(officer: Actor, notice: bytes) -> None:
    plan = publish(read_review(notice, officer), officer)
    draft = actions.start_correction(plan=plan, by=officer, at=AT)
    actions.correct_field(
        review=draft, part="tasks", row=0, field="measure", entry=Entry(text="公开的写法"), reason="定稿",
        expected_version=draft.version, by=officer, at=AT,
    )  # fmt: skip
    publish(draft, officer, publicity="public")
    visitor = Client()
    assert visitor.get(f"/plans/{plan.pk}/").status_code == 200
    assert visitor.get(f"/plans/{plan.pk}/?version=1").status_code == 404
    assert visitor.get(f"/plans/{plan.pk}/versions/1/2/").status_code == 404
    shown = visitor.get(f"/plans/{plan.pk}/task/1/").content.decode()
    assert (
        "公开的写法" in shown and "联络员" not in shown and officer.name not in shown and "定稿" not in shown
    )
    gap = visitor.get(f"/plans/{plan.pk}/task/4/").content.decode()
    assert "暂不公布" in gap and "13月" not in gap
    staff = signed_in(Person.objects.get(pk=officer.id))
    assert "定稿" in staff.get(f"/plans/{plan.pk}/task/1/").content.decode()
    compared = staff.get(f"/plans/{plan.pk}/versions/1/2/").content.decode()
    assert "<del" in compared and "<ins" in compared
    assert staff.get(f"/plans/{plan.pk}/versions/?on=2024-03-06").headers["Location"].endswith("version=2")


@pytest.mark.parametrize(
    ("url", "most"),
    [
        ("/plans/", 12), ("/plans/{}/", 16), ("/plans/{}/items/", 20), ("/plans/{}/tasks/", 16), ("/plans/{}/units/", 16),
        ("/plans/{}/deadlines/", 16), ("/plans/{}/versions/", 16), ("/plans/{}/task/15/", 20), ("/plans/{}/export.xlsx", 16),
    ],
)  # fmt: skip
def test_queries_of_a_page_do_not_grow_with_its_rows(
    public_plan: Plan, url: str, most: int, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(person("officer"))
    client.get(url.format(public_plan.pk))
    with django_assert_max_num_queries(most) as caught:
        assert client.get(url.format(public_plan.pk)).status_code == 200
    assert isinstance(caught, CaptureQueriesContext)


def test_queries_of_the_desk_do_not_grow_with_the_doubts(
    officer: Actor, notice: bytes, django_assert_max_num_queries: Any
) -> None:
    review = read_review(notice, officer)
    client = signed_in(Person.objects.get(pk=officer.id))
    for url in ("/workbench/plans/reviews/", f"/workbench/plans/reviews/{review.pk}/"):
        client.get(url)
        with django_assert_max_num_queries(20):
            assert client.get(url).status_code == 200


def test_items_are_filtered_by_owner_level_deadline_and_words(public_plan: Plan) -> None:
    visitor = Client()

    def numbers(query: str) -> list[int]:
        page = visitor.get(f"/plans/{public_plan.pk}/items/?{query}").content.decode()
        return [int(n) for n in re.findall(rf'href="/plans/{public_plan.pk}/task/(\d+)/"', page)]

    assert numbers("kind=task&unit=省人大法工委") == [33]
    assert numbers("kind=task&due_to=2024-02-29") == [18, 33]
    assert numbers("kind=task&text=教育厅") == [32]
    assert numbers("due=ongoing") == [6, 16, 21, 27, 32, 34, 35, 36]
    province_level = set(numbers("kind=task&level=province"))
    assert {9, 13, 25} <= province_level and 1 not in province_level
    assert len(numbers("kind=task")) == 36
    assert numbers("kind=evil") == numbers("") or numbers("kind=evil") == []
    overview = text_of(visitor.get(f"/plans/{public_plan.pk}/"))
    assert "专项行动第9项在附件中没有" in overview and "36" in overview
    assert visitor.get("/plans/item/1-task-1-x/").status_code == 404


def test_home_and_search_lead_to_the_plan(public_plan: Plan) -> None:
    visitor = Client()
    assert "查看工作要点" in visitor.get("/").content.decode()
    found = visitor.get("/search/?q=电子营业执照").content.decode()
    key = re.search(r'href="(/plans/item/[^"]+)"', found)
    assert key and visitor.get(key[1]).headers["Location"] == f"/plans/{public_plan.pk}/task/9/"


def test_the_api_shows_what_the_pages_show(public_plan: Plan, officer: Actor, notice: bytes) -> None:
    publish(read_review(notice, officer), officer)
    visitor = Client()
    plans = visitor.get("/api/v1/plans").json()
    assert [row["document_number"] for row in plans["items"]] == ["浙营商专发〔2024〕1号"]
    items = visitor.get("/api/v1/plan-items?kind=action&unit=省法院").json()
    (found,) = [item for item in items["items"] if item["number"] == 5]
    days = next(t for t in found["targets"] if "天数" in t["name"])
    assert (days["value"], days["unit"], days["direction"]) == ("65", "天", "lower")
    assert visitor.get("/api/v1/plan-items?text=%00").status_code == 422
    units = visitor.get(f"/api/v1/plans/{public_plan.pk}/units").json()
    assert next(u for u in units if u["name"] == "省委改革办")["cooperating"] == ["action:16"]
    staff = signed_in(Person.objects.get(pk=officer.id))
    assert len(staff.get("/api/v1/plans").json()["items"]) == 2
