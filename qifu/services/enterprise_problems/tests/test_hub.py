"""The hub's acts: suggestions with reasons, merging and splitting, the responsibility map, bulk acts and their undo, printed orders."""

from __future__ import annotations

import csv
import os
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from qifu.engines.casework.models import Case, CaseEvent
from qifu.foundation import jobs
from qifu.foundation.access import SYSTEM, Actor, NotFound
from qifu.foundation.action import Refused
from qifu.foundation.audit.queries import audit_rows
from qifu.foundation.working_days import SHANGHAI
from qifu.registers.people.models import Person
from qifu.services.enterprise_problems.actions import bulk
from qifu.services.enterprise_problems.actions.merging import merge_problems, split_problem
from qifu.services.enterprise_problems.actions.responsibility import end_responsibility, rule_responsibility
from qifu.services.enterprise_problems.lists import lists
from qifu.services.enterprise_problems.models import BulkAct, Problem, Responsibility
from qifu.services.enterprise_problems.queries import duplicates, queues, responsibility, today
from qifu.services.enterprise_problems.queries.orders import orders
from qifu.services.enterprise_problems.suggestions import likeness, marked, pieces, suggest
from qifu.services.enterprise_problems.tests import hub_world as world
from qifu.services.enterprise_problems.tests.hub_world import AT, HANGZHOU, XIAOSHAN, YUHANG

pytestmark = pytest.mark.django_db
DAY = date(2024, 6, 20)
SHARED = Path(os.environ.get("QIFU_SHARED", Path(__file__).parents[5] / "shared"))


@pytest.fixture
def hub(db: None) -> Actor:
    world.load_province()
    return world.clerk().as_actor()


@pytest.fixture
def signed_in(hub: Actor, client: Client) -> Client:
    client.force_login(Person.objects.get(pk=hub.id))
    return client


def owns(hub: Actor, topic: str, code: str, day: date = date(2024, 6, 1), at: Any = AT) -> Responsibility:
    return rule_responsibility(
        by=hub, at=at, place_code=XIAOSHAN, topic=topic, organisation_id=world.unit(code).pk, effective_from=day,
        basis="区委改革委会议纪要",
    )  # fmt: skip


def again(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


# ---- suggestions -----------------------------------------------------------------------------------------------------


def test_words_suggest_topics_and_channels_with_the_reason() -> None:
    found = suggest("客户拖欠货款三个月，起诉到法院还没有开庭", lists().topics)
    assert found[0].code == "arrears" and found[0].reason == "因为提到“拖欠”“货款”"
    channels = suggest("已起诉，等开庭", lists().statutory_channels)
    assert [one.code for one in channels] == ["litigation"]
    assert suggest("你好", lists().topics) == []


def test_texts_about_the_same_are_alike_and_others_are_not() -> None:
    one = "甲公司拖欠我公司工程款120万元，多次催要未果，请协调"
    other = "我们公司被甲公司拖欠工程款 １２０ 万元，催要多次没有结果，请求协调解决"
    assert likeness(one, other).alike and likeness(one, one).jaccard_percent == 100
    assert not likeness(one, "厂区门口道路坑洼，货车进出困难").alike
    assert not likeness("你好", "你好").alike  # too short to say anything
    assert likeness(
        "物流园门口道路坑洼，货车多次爆胎", "物流园大门口那条路坑洼不平，货车爆胎好几次，雨天更危险"
    ).alike
    assert "".join(part.text for part in marked(other, one)) == other
    assert any(part.shared and "拖欠" in part.text for part in marked(other, one))


def test_messages_about_different_things_are_seldom_taken_for_the_same() -> None:
    file = SHARED / "data/complaints/labelled_dev.csv"
    if not file.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{file} is missing")
        pytest.skip("no shared messages here (QIFU_SHARED)")
    with file.open(encoding="utf-8-sig", newline="") as opened:
        texts = [row["留言详情"].strip() for row in csv.DictReader(opened)]
    pairs = [(texts[n], texts[(n * 7 + 31) % len(texts)]) for n in range(len(texts))]
    different = [(one, other) for one, other in pairs if one != other]
    assert len(different) > 150 and sum(likeness(one, other).alike for one, other in different) <= 1


@given(one=st.text(max_size=80), other=st.text(max_size=80))
def test_likeness_is_symmetric_and_marking_loses_nothing(one: str, other: str) -> None:
    left, right = likeness(one, other), likeness(other, one)
    assert (left.shared, left.left, left.right) == (right.shared, right.right, right.left)
    assert 0 <= left.jaccard_percent <= left.containment_percent <= 100
    assert "".join(part.text for part in marked(one, other)) == one
    assert all(piece in "".join(pieces(one)) for piece in pieces(one)) and len(pieces(one)) <= 12


# ---- duplicates ------------------------------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_duplicates_are_found_by_phone_number_and_words_and_only_where_visible(hub: Actor) -> None:
    words = "经济开发区建设三路夜间频繁停电，生产线反复停机，请供电部门尽快检修"
    case = world.problem(words, contact_mobile="13900001111", source="12345", outside_number="HZ1")
    phone = world.problem("另一件事情", contact_mobile="13900001111")
    number = world.problem("完全不同的内容呀", source="省平台", outside_number="HZ1")
    alike = world.problem("建设三路夜间频繁停电，我厂生产线反复停机，损失很大")
    world.problem("贷款利率太高")
    world.problem(words, place=YUHANG)
    world.problem(words, at=AT - timedelta(days=120))
    problem = Problem.objects.get(pk=case.pk)
    found = {one.line.case.pk: one.reasons for one in duplicates.candidates(hub, AT, AT, case, problem)}
    assert set(found) == {phone.pk, number.pk, alike.pk}
    assert found[phone.pk] == ("同一联系电话",) and found[number.pk] == ("外部编号相同，来源不同",)
    assert found[alike.pk][0].startswith("内容相近")


def test_merging_and_splitting_undo_each_other(hub: Actor, signed_in: Client) -> None:
    main, child = world.problem("道路坑洼"), world.problem("道路坑洼，请修")
    url = reverse("problem_duplicates", args=[main.number])
    assert signed_in.post(url, {"text": "同一条路"}).status_code == 200  # nothing ticked
    signed_in.post(url, {"same": child.number, "main": main.number, "text": "同一条路"})
    assert again(child).merged_into_id == main.pk
    assert child.number in signed_in.get(url).content.decode()
    signed_in.post(reverse("problem_split", args=[child.number]))
    assert again(child).merged_into_id is None
    merge_problems(by=hub, at=AT, main=child, children=[main], text="换一个主件")
    assert again(main).merged_into_id == child.pk
    with pytest.raises(Refused):
        merge_problems(by=hub, at=AT, main=child, children=[main], text=" ")
    stranger = world.clerk("yuhang", YUHANG).as_actor()
    with pytest.raises(NotFound):
        split_problem(by=stranger, at=AT, case=main, text="试试")


# ---- filtering -------------------------------------------------------------------------------------------------------


def test_exclusion_shows_first_what_the_firm_will_read(hub: Actor, signed_in: Client) -> None:
    case = world.problem("请帮我个人落户")
    url = reverse("problem_filter", args=[case.number])
    given = {"act": "exclude", "exclude-reason_code": "not_enterprise", "exclude-explanation": "属于个人事项"}
    page = signed_in.post(url, given).content.decode()
    assert again(case).state == "received" and "企业将看到" in page and "不属于企业生产经营" in page
    signed_in.post(url, given | {"sure": "1", "version": str(case.version)})
    assert again(case).state == "excluded"
    event = CaseEvent.objects.get(case=case, kind="exclude")
    assert "属于个人事项" in event.shown and "可以申诉" in event.shown


def test_a_statutory_exit_is_suggested_prefilled_and_counted_apart(hub: Actor, signed_in: Client) -> None:
    case = world.problem("仲裁已受理，等待开庭")
    url = reverse("problem_filter", args=[case.number])
    page = signed_in.get(url).content.decode()
    assert "可能应由法定渠道办理" in page and "向人民法院或仲裁机构提出" in page
    notice = lists().statutory_channels["litigation"]["notice"]
    given = {"act": "refer", "refer-statutory_channel": "litigation", "refer-notice": notice, "sure": "1"}
    signed_in.post(url, given)
    assert again(case).state == "statutory"
    at = again(case).closed_at
    assert at is not None
    desk = queues.desk_of(hub, AT)
    counted = {
        one.title: (one.month, one.year)
        for one in today.statutory_counts(hub, AT, desk, at.astimezone(SHANGHAI).date())
    }
    assert counted["诉讼或仲裁"] == (1, 1) and counted["信访"] == (0, 0)


def test_difficulty_is_never_chosen_for_a_person(hub: Actor, signed_in: Client) -> None:
    case = world.problem("客户拖欠货款")
    url = reverse("problem_filter", args=[case.number])
    page = signed_in.get(url).content.decode()
    assert "因为提到“拖欠”“货款”" in page
    assert 'name="accept-difficulty" value="general" checked' not in page
    given = {
        "act": "accept",
        "accept-topic": "arrears",
        "accept-board": "finance",
        "accept-scope": "individual",
    }
    assert signed_in.post(url, given).status_code == 200 and again(case).state == "received"
    answer = signed_in.post(url, given | {"accept-difficulty": "complex"})
    assert again(case).state == "pooled" and answer["Location"] == reverse(
        "problem_assign", args=[case.number]
    )


# ---- responsibility --------------------------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_rulings_are_dated_and_what_held_before_is_kept(hub: Actor) -> None:
    first = owns(hub, "loan", "330109.economy_information")
    owns(hub, "loan", "330109.market_regulation", date(2024, 6, 20))
    first.refresh_from_db()
    assert first.effective_to == date(2024, 6, 20)
    assert (
        responsibility.owners(["loan"], XIAOSHAN, date(2024, 6, 19))["loan"].code
        == "330109.economy_information"
    )
    assert responsibility.owners(["loan"], XIAOSHAN, DAY)["loan"].code == "330109.market_regulation"
    owns(hub, "loan", "330109.human_resources", date(2024, 6, 20))  # the same day again: put right
    assert Responsibility.objects.filter(topic="loan").count() == 2
    with pytest.raises(Refused, match="不能早于"):
        owns(hub, "loan", "330109.human_resources", date(2024, 6, 10))
    with pytest.raises(Refused, match="没有这个事由"):
        owns(hub, "nothing", "330109.human_resources")
    with pytest.raises(Refused, match="本地或上级"):
        owns(hub, "tax", "330503.reform_office")
    end_responsibility(by=hub, at=AT, place_code=XIAOSHAN, topic="loan", effective_to=date(2024, 7, 1))
    assert responsibility.owners(["loan"], XIAOSHAN, date(2024, 7, 1)) == {}
    for other in (world.clerk("yuhang", YUHANG), world.clerk("hub_city", HANGZHOU)):
        with pytest.raises(NotFound):
            rule_responsibility(
                by=other.as_actor(), at=AT, place_code=XIAOSHAN, topic="tax", organisation_id=world.unit("330109.reform_office").pk,
                effective_from=DAY, basis="越权",
            )  # fmt: skip


def test_topics_in_use_without_an_owner_are_listed_until_someone_rules(hub: Actor, signed_in: Client) -> None:
    case = world.accepted(hub, world.problem("停电"), topic="energy")
    lines = responsibility.topic_lines(hub, AT, XIAOSHAN, DAY)
    assert [line.code for line in lines if line.needs_ruling] == ["energy"] and lines[0].code == "energy"
    page = signed_in.get(reverse("problem_assign", args=[case.number])).content.decode()
    assert "在本地还没有责任单位" in page
    unit = world.unit("330109.economy_information")
    given = {"lead": str(unit.pk), "act": "assign", "words": "", "from_now_on": "on", "basis": ""}
    assert (
        "请写明依据" in signed_in.post(reverse("problem_assign", args=[case.number]), given).content.decode()
    )
    signed_in.post(reverse("problem_assign", args=[case.number]), given | {"basis": "三定规定"})
    assert again(case).lead_id == unit.pk
    assert Responsibility.objects.get(topic="energy").organisation_id == unit.pk
    page = signed_in.get(reverse("responsibility")).content.decode()
    assert unit.name in page and "三定规定" in page


# ---- bulk ------------------------------------------------------------------------------------------------------------


def run(hub: Actor, kind: str, steps: list[tuple[Case, dict[str, Any]]], at: Any = AT) -> BulkAct:
    row = bulk.start_bulk(by=hub, at=at, place_code=XIAOSHAN, kind=kind, steps=steps)
    return bulk.go_on(row, by=hub, at=at)


def undo(hub: Actor, row: BulkAct, at: Any = AT) -> list[str]:
    done = bulk.go_on(bulk.start_undo(by=hub, at=at, bulk=row), by=hub, at=at, undo=True)
    return [step["outcome"] for step in done.steps]


ACCEPT = {"topic": "arrears", "board": "finance", "scope": "individual", "difficulty": "general"}


@pytest.mark.both_databases
def test_one_failing_case_stops_no_other_and_is_named_with_the_reason(hub: Actor) -> None:
    cases = [world.problem(f"第{n}件拖欠") for n in range(3)]
    world.accepted(hub, cases[1])
    row = run(hub, "accept", [(case, ACCEPT) for case in cases])
    assert [step["outcome"] for step in row.steps] == ["done", "refused", "done"]
    assert "待交办" in row.steps[1]["reason"]
    assert [again(case).state for case in cases] == ["pooled"] * 3
    events = [CaseEvent.objects.filter(case=case, kind="accept").count() for case in cases]
    assert events == [1, 1, 1]
    assert undo(hub, row) == ["undone", "refused", "undone"]
    assert [again(case).state for case in cases] == ["received", "pooled", "received"]
    assert CaseEvent.objects.filter(case=cases[0]).count() == again(cases[0]).version == 3
    with pytest.raises(Refused, match="已经撤销过"):
        undo(hub, row)


@pytest.mark.both_databases
def test_an_assignment_is_undone_while_nothing_followed(hub: Actor) -> None:
    unit = world.unit("330109.economy_information")
    officer = world.officer("officer", "330109.economy_information")
    cases = [world.accepted(hub, world.problem(f"第{n}件")) for n in range(2)]
    row = run(hub, "assign", [(case, {"lead": unit.pk}) for case in cases])
    world.move(officer, cases[0], "take")
    assert undo(hub, row) == ["kept", "undone"]
    first, second = again(cases[0]), again(cases[1])
    assert (first.state, first.lead_id) == ("handling", unit.pk)
    assert second.state == "pooled" and second.lead_id != unit.pk and second.mode == Case.Mode.HUB
    assert set(second.clocks.filter(stopped_at=None).values_list("name", flat=True)) == {"assign"}
    tomorrow = AT + timedelta(days=1)
    later = run(hub, "assign", [(second, {"lead": unit.pk})])
    assert undo(hub, later, at=tomorrow) == ["kept"]


def test_each_goes_to_the_owner_of_its_topic_and_the_unit_complained_of_gets_none(
    hub: Actor, signed_in: Client
) -> None:
    owns(hub, "arrears", "330109.economy_information")
    owns(hub, "enforcement", "330109.market_regulation")
    complained = world.unit("330109.market_regulation")
    cases = [
        world.accepted(hub, world.problem("货款")), world.accepted(hub, world.problem("贷款"), topic="loan"),
        world.accepted(hub, world.problem("执法态度", complained_id=complained.pk), topic="enforcement"),
    ]  # fmt: skip
    numbers = [case.number for case in cases]
    page = signed_in.post(reverse("problem_bulk_look"), {"kind": "assign", "case": numbers}).content.decode()
    assert page.count("无主") >= 2
    answer = signed_in.post(reverse("problem_bulk_do"), {"kind": "assign", "case": numbers, "lead": ""})
    row = BulkAct.objects.get()
    assert answer["Location"] == reverse("problem_bulk", args=[row.pk])
    assert [step["outcome"] for step in row.steps] == ["done", "refused", "refused"]
    assert "责任单位" in row.steps[1]["reason"] and "反映的就是该单位" in row.steps[2]["reason"]
    assert "反映的就是该单位" in signed_in.get(answer["Location"]).content.decode()
    signed_in.post(reverse("problem_bulk_undo", args=[row.pk]))
    assert BulkAct.objects.get().steps[0]["outcome"] == "undone"


def test_many_are_merged_into_one_and_split_again_as_one(hub: Actor, signed_in: Client) -> None:
    cases = [world.problem(f"同一条路坑洼{n}") for n in range(4)]
    numbers = [case.number for case in cases]
    signed_in.post(reverse("problem_bulk_do"), {"kind": "merge", "case": numbers, "main": numbers[1]})
    assert [again(case).merged_into_id for case in cases] == [cases[1].pk, None, cases[1].pk, cases[1].pk]
    row = BulkAct.objects.get()
    split_problem(by=hub, at=AT, case=again(cases[0]), text="不是一件")
    outcomes = undo(hub, row)
    assert sorted(outcomes) == ["kept", "undone", "undone"]
    assert not Case.objects.filter(merged_into__isnull=False).exists()


def test_a_large_bulk_act_is_a_job_in_the_name_of_whoever_asked(
    hub: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 5)
    cases = [world.problem(f"第{n}件") for n in range(25)]
    row = run(hub, "accept", [(case, ACCEPT) for case in cases])
    assert {step["outcome"] for step in row.steps} == {"waiting"}
    with pytest.raises(Refused, match="没有做完"):
        undo(hub, row)
    while jobs.run_one(worker="test", clock=lambda: AT):
        pass
    row.refresh_from_db()
    assert {step["outcome"] for step in row.steps} == {"done"}
    assert CaseEvent.objects.filter(kind="accept", by_id=hub.id).count() == 25
    assert jobs.Job.objects.get(kind=bulk.JOB).done_count == 25


def test_bulk_acts_are_the_hubs_own(hub: Actor, client: Client) -> None:
    case = world.problem("一件")
    row = run(hub, "accept", [(case, ACCEPT)])
    other = world.clerk("yuhang", YUHANG)
    with pytest.raises(NotFound):
        bulk.start_undo(by=other.as_actor(), at=AT, bulk=row)
    with pytest.raises(NotFound):
        bulk.start_bulk(
            by=other.as_actor(), at=AT, place_code=XIAOSHAN, kind="accept", steps=[(case, ACCEPT)]
        )
    theirs = bulk.start_bulk(
        by=other.as_actor(), at=AT, place_code=YUHANG, kind="accept", steps=[(case, ACCEPT)]
    )
    assert [step["outcome"] for step in bulk.go_on(theirs, by=other.as_actor(), at=AT).steps] == ["refused"]
    client.force_login(other)
    assert client.get(reverse("problem_bulk", args=[row.pk])).status_code == 404
    client.force_login(world.person("reader", "reform_officer", XIAOSHAN, "330109.reform_office"))
    for name in ("problem_bulk_look", "problem_bulk_do"):
        assert client.post(reverse(name), {"kind": "accept", "case": case.number}).status_code == 404
    for kind in ("nothing", "accept"):
        with pytest.raises(Refused):
            bulk.start_bulk(by=hub, at=AT, place_code=XIAOSHAN, kind=kind, steps=[])


# ---- today and orders ------------------------------------------------------------------------------------------------


def test_today_counts_each_heap_and_leads_to_its_list(hub: Actor, signed_in: Client) -> None:
    for number in range(7):
        world.problem(f"新到{number}")
    world.accepted(hub, world.problem("无主的事"), topic="energy")
    desk = queues.desk_of(hub, AT)
    heaps = {heap.name: heap for heap in today.heaps(hub, AT, AT, desk)}
    assert heaps["received"].count == "7" and len(heaps["received"].lines) == 5
    assert heaps["unowned"].count == heaps["pooled"].count == "1" and heaps["overdue"].count == "0"
    monday = AT + timedelta(days=4)
    late = {heap.name: heap for heap in today.heaps(hub, AT, monday, desk)}
    assert late["overdue"].count == "8" and late["overdue"].urgent
    friday = AT + timedelta(days=1)
    assert {heap.name: heap.count for heap in today.heaps(hub, AT, friday, desk)}["due_today"] == "8"
    page = signed_in.get(reverse("problem_today")).content.decode()
    assert "queue=received" in page and "转法定渠道" in page


def test_a_printed_order_holds_words_limits_and_contact_for_hub_and_lead_only(
    hub: Actor, client: Client
) -> None:
    unit = world.unit("330109.economy_information")
    lead = world.person("officer", "department_officer", XIAOSHAN, unit.code)
    case = world.accepted(
        hub, world.problem("客户拖欠货款", contact_name="王某某", contact_mobile="13900002222")
    )
    assert orders(hub, AT, [case.number]) == []
    world.move(hub, case, "assign", lead=unit.pk, instruction="三日内联系企业")
    for who in (Person.objects.get(pk=hub.id), lead):
        client.force_login(who)
        page = client.get(reverse("problem_order", args=[case.number])).content.decode()
        for words in ("客户拖欠货款", "三日内联系企业", "5个工作日", unit.name):
            assert words in page, words
        assert "13900002222" not in page and "王某某" not in page
        clear = client.post(reverse("problem_orders"), {"case": case.number, "reveal": "1"}).content.decode()
        assert "13900002222" in clear and "王某某" in clear
        assert audit_rows(SYSTEM, AT, act="enterprise_problems.see_contact").exists()
        assert client.post(reverse("problem_orders"), {"case": [case.number]}).status_code == 200
    for name, role, place, code in (
        ("city", "reform_officer", HANGZHOU, "330100.reform_office"),
        ("cb", "callback_officer", HANGZHOU, ""),
    ):
        client.force_login(world.person(name, role, place, code))
        answer = client.get(reverse("problem_order", args=[case.number]))
        assert answer.status_code == 302
