"""Queues: what is in which, who sees it, in what order, by how many queries; searching finds every case that LIKE finds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qifu.engines.casework.models import Case
from qifu.foundation.access import Actor, NotFound
from qifu.services.enterprise_problems.actions.filters import drop_filter, save_filter
from qifu.services.enterprise_problems.actions.responsibility import rule_responsibility
from qifu.services.enterprise_problems.models import Problem, SavedFilter
from qifu.services.enterprise_problems.queries import queues, saved
from qifu.services.enterprise_problems.queries.lines import due_words, lines
from qifu.services.enterprise_problems.queries.queues import Filters
from qifu.services.enterprise_problems.queries.search import search
from qifu.services.enterprise_problems.tests import hub_world as world
from qifu.services.enterprise_problems.tests.hub_world import AT, HANGZHOU, XIAOSHAN, YUHANG

pytestmark = pytest.mark.django_db


@pytest.fixture
def hub(db: None) -> Actor:
    world.load_province()
    return world.clerk().as_actor()


def listed(actor: Actor, queue: str, at: Any = AT, desk: str = "", **filters: Any) -> list[str]:
    here = queues.desk_of(actor, at, desk)
    rows = queues.cases(
        actor, at, at, desk=here, queue=queues.queue_of(here, queue), filters=Filters(**filters)
    )
    return [case.title for case in rows]


def test_a_problem_moves_from_queue_to_queue(hub: Actor) -> None:
    case = world.problem("甲公司反映贷款难")
    assert listed(hub, "received") == ["甲公司反映贷款难"]
    world.accepted(hub, case, topic="loan")
    assert listed(hub, "received") == [] and listed(hub, "pooled") == ["甲公司反映贷款难"]
    assert listed(hub, "unowned") == ["甲公司反映贷款难"]
    unit = world.unit("330109.economy_information")
    rule_responsibility(
        by=hub, at=AT, place_code=XIAOSHAN, topic="loan", organisation_id=unit.pk, effective_from=date(2024, 6, 1), basis="三定规定"
    )  # fmt: skip
    assert listed(hub, "unowned") == []
    world.move(hub, case, "assign", lead=unit.pk)
    officer = world.officer("officer", "330109.economy_information")
    assert listed(officer, "to_take") == ["甲公司反映贷款难"] and listed(hub, "working") == [
        "甲公司反映贷款难"
    ]
    world.move(officer, case, "take")
    assert listed(officer, "to_take") == [] and listed(officer, "working") == ["甲公司反映贷款难"]
    counts = queues.counts(officer, AT, AT, queues.desk_of(officer, AT))
    assert counts["working"] == "1" and counts["to_take"] == "0"


def test_soon_and_overdue_follow_the_working_calendar(hub: Actor) -> None:
    world.problem("周四收到")  # filtered within one working day: until Friday 17:00
    assert listed(hub, "soon") == ["周四收到"] and listed(hub, "overdue") == []
    monday = AT + timedelta(days=4)
    assert listed(hub, "overdue", at=monday) == ["周四收到"] and listed(hub, "soon", at=monday) == []
    line = lines(list(Case.objects.values_list("pk", flat=True)), hub, AT, monday)[0]
    assert line.due.late and line.due.words == "已超期1个工作日" and line.due.clock == "筛选"


def test_due_words_count_working_days() -> None:
    from qifu.foundation.working_calendar import shipped_calendar

    calendar, end = shipped_calendar(), AT.replace(hour=9)  # 17:00 in Hangzhou
    assert due_words(calendar, None, AT) == ("none", "")
    assert due_words(calendar, end, AT) == ("today", "今天到期")
    assert due_words(calendar, end + timedelta(days=1), AT) == ("soon", "还剩1个工作日")
    assert due_words(calendar, end + timedelta(days=5), AT) == ("later", "还剩3个工作日")  # over a weekend
    assert due_words(calendar, end - timedelta(days=3), AT) == ("overdue", "已超期3个工作日")
    assert due_words(calendar, AT - timedelta(minutes=1), AT) == ("overdue", "已超期")


def test_a_county_sees_its_own_only_and_a_city_what_lies_below(hub: Actor) -> None:
    world.problem("萧山的事")
    world.problem("余杭的事", place=YUHANG)
    city = world.clerk("hub_city", HANGZHOU).as_actor()
    assert listed(hub, "all") == ["萧山的事"]
    assert listed(hub, "all", level="below") == ["萧山的事"]
    assert listed(hub, "all", place=YUHANG) == []
    assert listed(city, "all") == []
    assert sorted(listed(city, "all", level="below")) == ["余杭的事", "萧山的事"]
    assert listed(city, "all", level="below", place=YUHANG) == ["余杭的事"]
    with pytest.raises(NotFound):
        queues.desk_of(hub, AT, f"hub-{YUHANG}")


def test_the_unit_complained_of_sees_nothing(hub: Actor, client: Client) -> None:
    unit = world.unit("330109.market_regulation")
    case = world.problem("市场监管人员检查时态度恶劣", complained_id=unit.pk)
    officer = world.person("market", "department_officer", XIAOSHAN, "330109.market_regulation")
    for queue in queues.UNIT_QUEUES:
        assert listed(officer.as_actor(), queue.name) == []
    client.force_login(officer)
    for name in ("problem_order", "problem_filter", "problem_assign", "problem_duplicates"):
        assert client.get(reverse(name, args=[case.number])).status_code in (302, 404)
    assert case.number not in client.get(reverse("problem_queue")).content.decode()
    world.accepted(hub, case, topic="enforcement")
    clerk = officer.__class__.objects.get(username="clerk")
    client.force_login(clerk)
    page = client.get(reverse("problem_assign", args=[case.number])).content.decode()
    choices = page.split('id="id_lead"')[1].split("</select>")[0]
    assert unit.name not in choices and "反映单位或人员" in page


def test_another_county_gets_404(hub: Actor, client: Client) -> None:
    case = world.problem("萧山的事")
    client.force_login(world.clerk("yuhang", YUHANG))
    for name in ("problem_filter", "problem_assign", "problem_duplicates"):
        assert client.get(reverse(name, args=[case.number])).status_code == 404
    client.force_login(world.person("nobody"))
    assert client.get(reverse("problem_queue")).status_code == 404
    client.logout()
    assert client.get(reverse("problem_queue")).status_code == 302


def test_filters_narrow_by_what_was_classed(hub: Actor) -> None:
    one = world.accepted(hub, world.problem("甲拖欠", channel="phone"), topic="arrears")
    world.accepted(hub, world.problem("乙贷款"), topic="loan")
    assert listed(hub, "pooled", topic="arrears") == ["甲拖欠"]
    assert listed(hub, "pooled", channel="phone") == ["甲拖欠"]
    assert listed(hub, "pooled", difficulty="hard") == []
    assert len(listed(hub, "pooled", board="finance", state="pooled")) == 2
    assert listed(hub, "pooled", text=one.number) == ["甲拖欠"]
    assert (
        len(
            listed(
                hub,
                "pooled",
                unit="企业综合服务中心" if "企业综合服务中心" in one.lead.name else one.lead.name[:3],
            )
        )
        == 2
    )
    day = one.due_at.date() if one.due_at else None
    assert len(listed(hub, "pooled", due_from=day, due_to=day)) == 2


def test_a_case_that_waits_for_the_call_back_reads_as_closed(hub: Actor) -> None:
    from django.db.models import QuerySet

    case = world.problem("不满意的事")
    later = AT + timedelta(days=1)
    QuerySet(Case).filter(pk=case.pk).update(state="dissatisfied", due_at=later)
    world.problem("另一件")
    assert "不满意的事" not in listed(hub, "working") + listed(hub, "soon") + listed(
        hub, "overdue", at=later + timedelta(days=9)
    )
    assert listed(hub, "closed") == ["不满意的事"]
    assert listed(hub, "all", sort="due")[-1] == "不满意的事"
    assert listed(hub, "all", due_from=later.date(), due_to=later.date()) == ["另一件"]
    assert listed(hub, "all", state="closed") == ["不满意的事"]
    states = queues.state_titles(XIAOSHAN, AT)
    assert "dissatisfied" not in states


@pytest.mark.both_databases
def test_pages_are_made_with_few_queries(hub: Actor, client: Client) -> None:
    for number in range(60):
        world.problem(
            f"第{number}件拖欠", channel="phone" if number % 2 else "portal", contact_mobile="13900000000"
        )
    assert client.login is not None
    from qifu.registers.people.models import Person

    client.force_login(Person.objects.get(username="clerk"))
    client.get(reverse("problem_queue"))
    for query, most in (
        ("", 12),
        ("?queue=all", 12),
        ("?queue=pooled", 12),
        ("?text=拖欠", 12),
        ("?topic=arrears", 12),
    ):
        with CaptureQueriesContext(
            connection,
        ) as found:
            answer = client.get(reverse("problem_queue") + query)
        assert answer.status_code == 200
        asked = [one["sql"] for one in found if one["sql"].startswith(("SELECT", "WITH"))]
        assert len(asked) <= most, (query, len(asked), asked)
    with CaptureQueriesContext(connection) as found:
        assert client.get(reverse("problem_today")).status_code == 200
    assert len([one for one in found if one["sql"].startswith("SELECT")]) <= 20


def test_hostile_filter_values_narrow_nothing_and_break_nothing(hub: Actor, client: Client) -> None:
    from qifu.registers.people.models import Person

    world.problem("一件事")
    client.force_login(Person.objects.get(username="clerk"))
    nasty = [
        "'",
        "\0",
        "%00",
        "';DROP TABLE x;--",
        "🙂" * 200,
        "../../etc",
        "-1",
        "9" * 40,
        "2024-13-45",
        "<script>",
    ]
    names = [
        "text",
        "place",
        "unit",
        "state",
        "board",
        "topic",
        "difficulty",
        "channel",
        "due_from",
        "due_to",
        "sort",
        "level",
        "queue",
        "page",
    ]
    for name in names:
        for value in nasty:
            answer = client.get(reverse("problem_queue"), {name: value})
            assert answer.status_code == 200, (name, value)
            assert "<script>" not in answer.content.decode().replace("<script src", "")
    assert client.get(reverse("problem_queue"), {"desk": "hub-999999"}).status_code == 404
    assert client.get(reverse("problem_queue_excel"), {"text": "\0", "state": "'"}).status_code == 200


def test_saved_filters_are_a_persons_own(hub: Actor) -> None:
    other = world.clerk("yuhang", YUHANG).as_actor()
    row = save_filter(by=hub, at=AT, name="拖欠", queue="pooled", query="topic=arrears")
    save_filter(by=hub, at=AT, name="拖欠", queue="pooled", query="topic=loan")
    assert [one.query for one in saved.filters(hub, AT, "pooled")] == ["topic=loan"]
    assert saved.filters(other, AT, "pooled") == []
    with pytest.raises(NotFound):
        drop_filter(by=other, at=AT, saved=row)
    drop_filter(by=hub, at=AT, saved=row)
    assert not SavedFilter.objects.exists()


def test_export_holds_what_is_filtered_and_no_formula(hub: Actor, client: Client) -> None:
    import io

    from openpyxl import load_workbook

    from qifu.registers.people.models import Person

    world.problem("=HYPERLINK(1) 拖欠", contact_mobile="13911112222", contact_name="王某")
    world.problem("无关")
    client.force_login(Person.objects.get(username="clerk"))
    answer = client.get(reverse("problem_queue_excel"), {"queue": "all", "text": "拖欠"})
    sheet = load_workbook(io.BytesIO(answer.content)).active
    rows = list(sheet.iter_rows(min_row=4, values_only=True))
    assert [row[1] for row in rows] == ["'=HYPERLINK(1) 拖欠"]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    whole = " ".join(str(value) for row in sheet.iter_rows(values_only=True) for value in row)
    assert "13911112222" not in whole and "王某" not in whole and "筛选：查找：拖欠" in whole


WORDS = st.text(alphabet="拖欠货款税费 贷款AB12", min_size=1, max_size=12).filter(lambda text: text.strip())


@pytest.fixture
def a_thousand(hub: Actor) -> Iterator[Actor]:
    parts = [
        "拖欠货款",
        "税费退还",
        "贷款续贷",
        "停电AB12",
        "货车通行",
        "款项欠付",
        "拖欠工程款",
        "AB 12 系统",
    ]
    for number in range(160):
        words = "，".join(parts[(number * step + step) % len(parts)] for step in (1, 3, 5)[: number % 3 + 1])
        world.problem(
            f"{words}第{number}次",
            enterprise_name=f"模拟{number % 7}厂",
            source="12345",
            outside_number=f"HZ{number:05}",
        )
    yield hub


@pytest.mark.both_databases
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=WORDS)
def test_searching_finds_exactly_what_reading_finds(a_thousand: Actor, words: str) -> None:
    from qifu.foundation.search import words_of

    asked = words_of(words)
    expected = {row.pk for row in Problem.objects.all() if all(word in row.search_text for word in asked)}
    found = set(search(Case.objects.all(), words).values_list("pk", flat=True))
    assert found == expected


@pytest.mark.both_databases
def test_common_words_are_found_along_the_list(a_thousand: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    from qifu.services.enterprise_problems.queries import search as searching

    rare = set(search(Case.objects.all(), "拖欠").values_list("pk", flat=True))
    monkeypatch.setattr(searching, "RARE", 5)
    assert set(search(Case.objects.all(), "拖欠").values_list("pk", flat=True)) == rare != set()
    assert search(Case.objects.all(), "拖欠").order_by("-opened_at")[:3].count() == 3


def test_numbers_outside_numbers_and_firms_are_found(a_thousand: Actor) -> None:
    case = Case.objects.order_by("pk")[42]
    assert listed(a_thousand, "all", text=case.number) == [case.title]
    assert listed(a_thousand, "all", text="HZ00042") == [case.title]
    assert len(listed(a_thousand, "all", text="模拟3厂")) == len([n for n in range(160) if n % 7 == 3])
    outsider = world.clerk("yuhang", YUHANG).as_actor()
    assert listed(outsider, "all", text="HZ00042") == []
