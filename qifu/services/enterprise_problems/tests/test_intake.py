"""One inlet, one number: the same request comes in by every channel, once, exactly as it was said, to the right hub."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from hypothesis import given
from hypothesis import strategies as st

from qifu.engines.casework.models import Case, CaseClock, CaseEvent, CaseFile, RequestKey
from qifu.foundation.access import ANONYMOUS, SYSTEM, Actor, NotFound
from qifu.foundation.action import Refused, action
from qifu.foundation.notices import Notice
from qifu.foundation.phone import read_phone
from qifu.foundation.working_days import SHANGHAI
from qifu.registers.divisions import queries as divisions
from qifu.registers.mandates.tests.conftest import represent
from qifu.registers.organisations.hubs import hub_of
from qifu.registers.organisations.models import Organisation
from qifu.services.enterprise_problems.actions.attachments import Upload
from qifu.services.enterprise_problems.actions.intake import (
    KeyUsed,
    Receipt,
    Request,
    query_hash,
    record_request,
    report_problem,
    route,
    take_in,
)
from qifu.services.enterprise_problems.models import Problem
from qifu.services.enterprise_problems.queries import intake as queries
from qifu.services.enterprise_problems.queries.search import search
from qifu.services.enterprise_problems.tests import intake_world as world
from qifu.services.enterprise_problems.tests.intake_world import AT, HANGZHOU, XIAOSHAN, ZHEJIANG

WORDS = "  厂门口积水，\r\n\t货车进不来。\u3000盼解决 "
SAID = Request(words=WORDS, place_code=XIAOSHAN, contact_name="张三", contact_mobile="138 0000 1234")
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100


@action("enterprise_problems.test_take_in", title="测试收件", permission="enterprise_problems.report")
def _taken(*, by: Actor, at: datetime, request: Request) -> Receipt:
    return take_in(request)


def taken(request: Request) -> Receipt:
    return _taken(by=SYSTEM, at=AT, request=request)


@pytest.fixture
def province(db: None) -> None:
    world.load_province()


def test_a_visitor_reports_and_gets_a_number_a_code_and_a_day(province: None) -> None:
    done = report_problem(
        by=ANONYMOUS, at=AT, request=replace(SAID, key="one", files=(Upload("现场.png", io.BytesIO(PNG)),))
    )
    case, problem = done.case, Problem.objects.get(pk=done.case.pk)
    assert (case.number, case.state, case.lead_id) == ("33010920240600001", "received", hub_of(XIAOSHAN))
    assert case.title == "厂门口积水，" and problem.words == WORDS
    assert (problem.contact_name, problem.contact_mobile) == ("张三", "13800001234")
    assert len(done.query_code) == 8 and problem.query_code == query_hash(case.number, done.query_code)
    assert list(search(Case.objects.all(), "货车")) == [case]
    assert CaseFile.objects.get(event__case=case).file.name == "现场.png"
    view = queries.receipt(case.number, key_scope="portal", key="one")
    assert view.query_code == done.query_code and view.mobile == "138****1234"
    assert (
        view.steps[0].by == datetime(2024, 6, 21, 17, 0, tzinfo=SHANGHAI)
        and view.steps[0].limit == "1个工作日"
    )
    assert queries.receipt(case.number, key_scope="portal", key="another").query_code == ""
    [row] = apps.get_model("foundation", "AuditRow").objects.filter(
        subject_kind="casework.case", subject_id=str(case.pk)
    )
    assert "13800001234" not in str(row.facts) and "张三" not in str(row.facts)


def test_the_same_form_twice_is_one_case_with_the_same_code(province: None) -> None:
    first = report_problem(by=ANONYMOUS, at=AT, request=replace(SAID, key="token"))
    second = report_problem(by=ANONYMOUS, at=AT, request=replace(SAID, key="token"))
    assert second == replace(first, again=True) and Case.objects.count() == 1
    with pytest.raises(KeyUsed):
        report_problem(by=ANONYMOUS, at=AT, request=replace(SAID, key="token", words="另一件事"))
    assert report_problem(by=ANONYMOUS, at=AT, request=replace(SAID, key="other")).case != first.case


def test_what_came_at_the_same_moment_is_found_and_leaves_no_gap(
    province: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qifu.services.enterprise_problems.actions import intake

    first = taken(replace(SAID, key="k", key_scope="s"))
    real, asked = intake._made_before, []

    def late(request: Request, digest: str) -> Case | None:
        """The first look came before the other's commit."""
        asked.append(1)
        return None if len(asked) == 1 else real(request, digest)

    monkeypatch.setattr(intake, "_made_before", late)
    assert taken(replace(SAID, key="k", key_scope="s")).case == first.case
    monkeypatch.undo()
    assert Case.objects.count() == CaseEvent.objects.count() == RequestKey.objects.count() == 1
    assert taken(SAID).case.number == "33010920240600002"


@pytest.mark.both_databases
def test_an_outside_number_counts_once_and_other_words_under_it_are_refused(province: None) -> None:
    ticket = replace(SAID, channel="api", source="12345 热线", outside_number="GD1", outside_at=AT)
    first = taken(ticket)
    again = taken(ticket)
    assert again.case == first.case and again.again and again.query_code == ""
    with pytest.raises(Refused, match=first.case.number):
        taken(replace(ticket, words="改过的话"))
    assert taken(replace(ticket, source="浙里办")).case != first.case
    with pytest.raises(Refused, match="来源系统"):
        taken(replace(ticket, source=""))
    assert Problem.objects.get(pk=first.case.pk).words == WORDS


@pytest.mark.both_databases
def test_words_are_never_changed(province: None) -> None:
    case = taken(SAID).case
    with pytest.raises(IntegrityError, match="诉求原文不得修改"), transaction.atomic():
        QuerySet(Problem).filter(pk=case.pk).update(words="别的")
    assert Problem.objects.get(pk=case.pk).words == WORDS


@given(
    words=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=200)
)
def test_any_words_are_kept_exactly_or_refused(words: str) -> None:
    from qifu.foundation.search import normalise
    from qifu.services.enterprise_problems.actions.intake import check, title_of

    request = replace(SAID, words=words)
    if not normalise(words):
        with pytest.raises(Refused):
            check(request, most_words=500)
        return
    assert title_of(request) == title_of(request).strip() and len(title_of(request)) <= 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"words": " \u3000\n\u200b"}, "words"),
        ({"words": "字" * 5001}, "words"),
        ({"words": "有\0字"}, "words"),
        ({"words": "有\ud800字"}, "words"),
        ({"place_code": ""}, "place_code"),
        ({"place_code": "999999"}, "place_code"),
        ({"contact_mobile": ""}, "contact_mobile"),
        ({"contact_mobile": "12345"}, "contact_mobile"),
        ({"contact_name": "名" * 61}, "contact_name"),
        ({"enterprise_name": "名" * 301}, "enterprise_name"),
        ({"files": tuple(Upload(f"{n}.png", io.BytesIO(PNG)) for n in range(6))}, "files"),
        ({"files": (Upload("程序.png", io.BytesIO(b"MZ" + b"0" * 99)),)}, "files"),
        ({"files": (Upload("空.pdf", io.BytesIO(b"")),)}, "files"),
        ({"files": (Upload("表.csv", io.BytesIO("甲,乙\n1,2\n".encode())),)}, "files"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_refused_at_its_field_and_leaves_nothing(
    province: None, change: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        report_problem(by=ANONYMOUS, at=AT, request=replace(SAID, **change))
    assert set(refused.value.fields) == {field} and refused.value.fields[field]
    assert not Case.objects.exists() and not RequestKey.objects.exists()


def test_a_complaint_about_a_hub_goes_up_place_by_place(province: None) -> None:
    county, city = hub_of(XIAOSHAN), hub_of(HANGZHOU)
    assert route(XIAOSHAN, None) == (XIAOSHAN, county)
    assert route(XIAOSHAN, county) == (HANGZHOU, city)
    assert route(HANGZHOU, city) == (ZHEJIANG, hub_of(ZHEJIANG))
    assert route(XIAOSHAN, city) == (XIAOSHAN, county)
    done = taken(replace(SAID, complained_id=county))
    assert (done.case.place_code, done.case.lead_id, done.case.complained_id) == (HANGZHOU, city, county)
    assert done.case.number.startswith(HANGZHOU)
    with pytest.raises(Refused, match="12388") as refused:
        taken(replace(SAID, place_code=ZHEJIANG, complained_id=hub_of(ZHEJIANG)))
    assert "complained_id" in refused.value.fields


def test_every_place_has_a_hub_and_no_complaint_reaches_the_one_complained_of(province: None) -> None:
    for code in sorted(one.code for one in divisions.book().rows if one.code in divisions.book()):
        lead = hub_of(code)
        if lead == hub_of(ZHEJIANG):
            continue
        place, other = route(code, lead)
        assert other != lead and place in divisions.book().parents(code)


def test_a_functional_area_without_a_hub_is_served_by_the_place_above(province: None) -> None:
    areas = [
        one
        for one in divisions.book().of_kind("functional_area")
        if hub_of(one.code) == hub_of(one.parent or "")
    ]
    assert areas
    case = taken(replace(SAID, place_code=areas[0].code)).case
    assert case.place_code == areas[0].parent and case.number.startswith(str(areas[0].parent))
    assert Organisation.objects.get(pk=case.lead_id).place_code == case.place_code


def test_a_unit_that_is_none_is_refused(province: None) -> None:
    with pytest.raises(Refused) as refused:
        taken(replace(SAID, complained_id=987654321))
    assert set(refused.value.fields) == {"complained_id"}


def test_the_unit_complained_of_never_sees_the_case(province: None) -> None:
    from qifu.foundation.access import visible

    clerk = world.clerk().as_actor()
    done = report_problem(by=ANONYMOUS, at=AT, request=replace(SAID, complained_id=hub_of(XIAOSHAN), key="k"))
    assert not visible(Case.objects.all(), clerk, "enterprise_problems.view", AT).exists()
    city = world.clerk("hub_city", HANGZHOU).as_actor()
    assert visible(Case.objects.all(), city, "enterprise_problems.view", AT).get() == done.case
    view = queries.receipt(done.case.number, key_scope="portal", key="k", asked_place=XIAOSHAN)
    assert view.moved_up and view.complained


def test_a_firms_person_reports_for_it_and_nobody_else_does(province: None) -> None:
    firm = world.firm()
    owner, stranger = world.person("owner"), world.person("stranger")
    represent(firm, owner, AT)
    asked = replace(SAID, enterprise_id=firm.pk)
    with pytest.raises(NotFound):
        report_problem(by=stranger.as_actor(), at=AT, request=asked)
    with pytest.raises(NotFound):
        report_problem(by=ANONYMOUS, at=AT, request=asked)
    done = report_problem(by=owner.as_actor(), at=AT, request=asked)
    assert (done.case.enterprise_id, done.case.reporter_id) == (firm.pk, owner.pk)
    assert Problem.objects.get(pk=done.case.pk).enterprise_name == firm.name
    notice = Notice.objects.get(recipient_id=owner.pk, subject_id=str(done.case.pk))
    assert done.case.number in notice.title and "积水" not in notice.title


def test_the_portal_cannot_pretend_to_be_another_channel(province: None) -> None:
    firm = world.firm()
    forged = replace(
        SAID, channel="superior", source="市政府", outside_number="1", uscc=firm.uscc, reporter_id=7, simulated=True,
        enterprise_name=firm.name, facts={"x": "y"}, occasion="会",
    )  # fmt: skip
    case = report_problem(by=ANONYMOUS, at=AT, request=forged).case
    problem = Problem.objects.get(pk=case.pk)
    assert (problem.channel, problem.source, problem.outside_number, problem.occasion) == (
        "portal",
        "",
        "",
        "",
    )
    assert case.enterprise_id is None and case.reporter_id is None and not problem.simulated
    assert problem.enterprise_name == firm.name


def test_staff_take_in_and_the_firm_is_known_by_code_or_by_a_name_of_one(province: None) -> None:
    clerk = world.clerk().as_actor()
    one, two = world.firm(1), world.firm(2, "杭州（模拟）精密科技有限公司")
    world.firm(3, "杭州重名模拟商行"), world.firm(4, "杭州重名模拟商行")

    def said(**more: Any) -> Case:
        request = replace(SAID, channel="phone", **more)
        return record_request(by=clerk, at=AT, own_place=XIAOSHAN, request=request).case

    assert said(uscc=one.uscc.lower()).enterprise_id == one.pk
    assert said(enterprise_name="杭州(模拟)精密科技有限公司").enterprise_id == two.pk
    assert said(enterprise_name="杭州重名模拟商行").enterprise_id is None
    assert said(enterprise_name="精密科技").enterprise_id is None
    assert said(enterprise_id=two.pk).enterprise_id == two.pk
    event = CaseEvent.objects.order_by("-pk").first()
    assert event is not None and (event.role, event.by_id) == ("hub", clerk.id)


def test_a_request_for_another_county_is_opened_at_its_hub(province: None) -> None:
    clerk = world.clerk().as_actor()
    request = replace(SAID, channel="phone", place_code="330106", note="来电人很急")
    case = record_request(by=clerk, at=AT, own_place=XIAOSHAN, request=request).case
    assert (case.place_code, case.lead_id) == ("330106", hub_of("330106"))
    text = CaseEvent.objects.get(case=case).text
    assert "来电人很急" in text and "萧山区收件，移交杭州市西湖区办理" in text


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (replace(SAID, channel="phone", contact_mobile=""), "contact_mobile"),
        (replace(SAID, channel="visit", contact_mobile="12"), "contact_mobile"),
        (replace(SAID, channel="superior", source="市政府办公室"), "outside_number"),
        (replace(SAID, channel="superior", outside_number="1"), "source"),
    ],
)
def test_each_channel_asks_what_it_must(province: None, request_: Request, field: str) -> None:
    clerk = world.clerk().as_actor()
    with pytest.raises(Refused) as refused:
        record_request(by=clerk, at=AT, own_place=XIAOSHAN, request=request_)
    assert set(refused.value.fields) == {field}


def test_nobody_takes_in_where_he_has_no_post(province: None) -> None:
    city, unit = (
        world.clerk("hub_city", HANGZHOU).as_actor(),
        world.person("unit", "department_officer", XIAOSHAN, f"{XIAOSHAN}.reform_office").as_actor(),
    )
    request = replace(SAID, channel="phone")
    for by in (city, unit, ANONYMOUS):
        with pytest.raises(NotFound):
            record_request(by=by, at=AT, own_place=XIAOSHAN, request=request)
    with pytest.raises(ValueError, match="portal"):
        record_request(by=city, at=AT, own_place=HANGZHOU, request=SAID)


def test_earlier_cases_of_a_caller_are_shown_as_far_as_the_clerk_may_see(province: None) -> None:
    clerk, other = world.clerk().as_actor(), world.clerk("xihu", "330106").as_actor()
    case = taken(SAID).case
    taken(replace(SAID, place_code="330106"))
    taken(replace(SAID, contact_mobile="13900000000"))
    assert [one.number for one in queries.earlier_of_phone(clerk, AT, "＋86 138-0000-1234")] == [case.number]
    assert len(queries.earlier_of_phone(other, AT, "13800001234")) == 1
    assert queries.earlier_of_phone(clerk, AT, "1380000") == []


def test_a_place_without_a_hub_above_it_is_refused(province: None) -> None:
    QuerySet(Organisation).filter(
        code__in=[f"{ZHEJIANG}.enterprise_service_centre", f"{ZHEJIANG}.reform_office"]
    ).update(effective_to=AT.date())
    with pytest.raises(Refused, match="登记"):
        taken(replace(SAID, place_code=ZHEJIANG))


def test_the_clock_starts_when_we_receive_it(province: None) -> None:
    past = datetime(2020, 1, 2, 8, 0, tzinfo=SHANGHAI)
    case = taken(replace(SAID, channel="api", source="x", outside_number="1", outside_at=past)).case
    assert CaseClock.objects.get(case=case).started_at == AT == case.opened_at
    assert Problem.objects.get(pk=case.pk).outside_at == past


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("13800001234", "13800001234"), (" +86 138-0000-1234 ", "13800001234"), ("８６１３８００００１２３４", "13800001234"),
        ("0571-82345678", "0571-82345678"), ("(0571) 8234 5678", "0571-82345678"), ("010 62345678", "010-62345678"),
        ("0571-82345678-12", "0571-82345678-12"), ("0571-82345678转12", "0571-82345678-12"), ("400-123-4567", "4001234567"),
        ("+86-571-82345678", "0571-82345678"), ("82345678", ""), ("12345678901", ""), ("1380000123", ""), ("138000012345", ""), ("", ""), ("电话", ""),
    ],
)  # fmt: skip
def test_telephones_are_read_as_people_write_them(written: str, read: str) -> None:
    assert read_phone(written) == read
    assert read_phone(read) == read


@given(st.text(max_size=50))
def test_no_text_breaks_the_reading_of_telephones(text: str) -> None:
    found = read_phone(text)
    assert read_phone(found) == found


def test_many_requests_one_after_the_other_are_numbered_without_gaps(province: None) -> None:
    make: Callable[[int], str] = lambda n: taken(replace(SAID, words=f"第{n}件")).case.number  # noqa: E731
    assert [make(n) for n in range(5)] == [f"330109202406{n:05d}" for n in range(1, 6)]
