"""The life of an application from the form to a payout list, and of a question from a visitor to its answer."""

from __future__ import annotations

import io
import json
import re
from html import unescape
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from qifu.engines.casework.models import Case
from qifu.engines.casework.timers import tick
from qifu.engines.casework.verify import verify
from qifu.foundation import clock
from qifu.foundation.access import SYSTEM
from qifu.foundation.notices import Notice
from qifu.registers.conftest import MakePerson
from qifu.registers.enterprises.fact_actions import record_facts
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.mandates.tests.conftest import firm, make_firm
from qifu.services.policies.actions import payout
from qifu.services.policies.content import Terms
from qifu.services.policies.models import PayoutEntry, PolicyRequest
from qifu.services.policies.tests.own_world import RESEARCH, browser, firm_of
from qifu.services.policies.tests.policy_world import DAY, UNIT, drafted, published

__all__ = ["firm", "make_firm"]
CODE = "xs-research"
TERMS = Terms(delivery="application", contact="萧山区经信局", materials=("研发项目清单", "上年度审计报告"))
PAPER = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture(name="unit")
def make_unit(make_person: MakePerson, settings: Any, case_types: None) -> Client:
    """The unit in charge of a policy that is applied for."""
    settings.AS_OF = DAY
    person = make_person("unit", "department_officer", "330109", UNIT)
    published(person.as_actor(), RESEARCH, TERMS)
    return browser(person)


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", "", unescape(re.sub(r"<[^>]+>", "", answer.content.decode())))


def paper(name: str, content: bytes = PAPER) -> io.BytesIO:
    file = io.BytesIO(content)
    file.name = name
    return file


def filled(key: str = "k" * 32, **more: Any) -> dict[str, Any]:
    given = {
        "key": key, "words": "三年来持续投入研发。", "material_1": paper("清单.pdf"), "material_2": paper("审计.pdf"), "unclassified": "on",
        "contact_name": "王一", "contact_mobile": "13800001111",
    }  # fmt: skip
    return {name: value for name, value in (given | more).items() if value is not None}


def step(client: Client, number: str, name: str, **fields: str) -> Any:
    """Do a step of the unit from its page."""
    url = reverse("policy_request_act", args=[number, name])
    return client.post(url, {f"{name}-{field}": value for field, value in fields.items()})


def state_of(number: str) -> str:
    return Case.objects.get(number=number).state


def test_an_application_is_supplied_decided_by_a_second_person_and_listed_for_payment(
    unit: Client, make_person: MakePerson, firm: Enterprise
) -> None:
    legal = firm_of(make_person, firm, revenue="2000万元", rd_expense="61万元")
    second = browser(make_person("unit2", "department_officer", "330109", UNIT))
    client, stranger = browser(legal), browser(make_person("stranger"))
    one, form = reverse("own_policy", args=[firm.pk, CODE]), reverse("policy_apply", args=[firm.pk, CODE])
    assert "去申报" in text_of(client.get(one)) and "研发项目清单、上年度审计报告" in text_of(client.get(one))
    shown = text_of(client.get(form))
    assert "研发费用61万元税务部门年度汇算清缴" in shown and "不用再交" in shown

    lacks = client.post(form, filled(material_2=None))
    assert lacks.status_code == 422 and "请上传“上年度审计报告”" in text_of(lacks)
    wrong = client.post(form, filled(material_1=paper("清单.pdf", b"MZ\x90\x00" * 50)))
    assert wrong.status_code == 422 and "清单.pdf" in text_of(wrong)
    assert client.post(form, filled(unclassified=None)).status_code == 422
    assert client.post(form, filled(words=" ", contact_mobile="123")).status_code == 422
    assert not Case.objects.exists()
    sent = client.post(form, filled())
    assert sent.status_code == 302 and sent.url == reverse("request_received")  # type: ignore[attr-defined]
    number = Case.objects.get().number
    receipt = text_of(client.get(sent.url))  # type: ignore[attr-defined]
    assert number in receipt and "受理审查：最迟6月27日" in receipt and "审计.pdf" in receipt
    again = client.post(form, filled())
    assert again.status_code == 302 and "已经收到过" in text_of(client.get(again.url))  # type: ignore[attr-defined]
    assert "本期已经申报过这项政策" in text_of(client.post(form, filled(key="other" * 6)))
    assert client.get(form).url == reverse("own_request", args=[number])  # type: ignore[attr-defined]
    assert Case.objects.count() == 1

    _others_see_nothing(number, firm, stranger, make_person)
    row = PolicyRequest.objects.get()
    assert (row.verdict, row.amount_fen, row.period, row.said["money"]) == ("met", 12_200_000, "2024", True)
    assert {one["label"]: one["source"] for one in row.facts}["研发费用"] == "税务部门年度汇算清缴"
    with pytest.raises(IntegrityError), transaction.atomic():
        PolicyRequest._base_manager.filter(pk=row.pk).update(words="改了")

    queue = text_of(unit.get(reverse("policy_requests")))
    assert number in queue and "待受理审查" in queue and "还剩5个工作日" in queue
    assert number not in text_of(unit.get(reverse("policy_requests") + "?kind=question"))
    page = unit.get(reverse("policy_request", args=[number]))
    assert "王*" in text_of(page) and "13800001111" not in page.content.decode()
    assert "13800001111" in text_of(unit.post(reverse("policy_request_contact", args=[number])))
    files = re.findall(rf"/workbench/policy-requests/{number}/files/\d+/", page.content.decode())
    assert b"".join(unit.get(files[0]).streaming_content) == PAPER  # type: ignore[attr-defined]

    assert step(unit, number, "ask_more").status_code == 422
    assert step(unit, number, "ask_more", missing="清单缺第二页").status_code == 302
    assert step(unit, number, "accept").status_code == 302 and state_of(number) == "correcting"
    assert Notice.objects.filter(recipient_id=legal.pk, kind="to_do", title__contains="清单缺第二页").exists()
    assert step(unit, number, "lapse").status_code == 302 and state_of(number) == "correcting"
    supply = reverse("own_request_act", args=[number, "supply"])
    assert "清单缺第二页" in text_of(client.get(reverse("own_request", args=[number])))
    assert client.post(supply, {"supply-explanation": ""}).status_code == 422
    bad = client.post(supply, {"supply-explanation": "补齐", "supply-files": paper("第二页.pdf")})
    assert bad.status_code == 422 and "涉密不上网" in text_of(bad) and state_of(number) == "correcting"
    good = {
        "supply-explanation": "补齐第二页",
        "supply-files": paper("第二页.pdf"),
        "supply-unclassified": "on",
    }
    assert client.post(supply, good).status_code == 302 and state_of(number) == "corrected"
    assert (
        step(unit, number, "ask_more", missing="再补").status_code == 302 and state_of(number) == "corrected"
    )

    record_facts(by=SYSTEM, at=clock.now(), enterprise=firm, values={"rd_expense": "1万元"}, as_of=DAY, source="税务部门年度汇算清缴")  # fmt: skip
    step(unit, number, "accept")
    too_much = step(unit, number, "propose_support", clause="第六条", reason="符合", amount="12.3万元")
    assert too_much.status_code == 422 and "不能超过按条款算出的12.2万元" in text_of(too_much)
    assert step(unit, number, "propose_support", clause="第六条", reason="符合").status_code == 422
    step(unit, number, "propose_support", clause="第六条", reason="研发投入属实", amount="10万元")
    assert state_of(number) == "to_support"
    assert "请由本单位另一位人员审定" in text_of(unit.get(reverse("policy_request", args=[number])))
    step(unit, number, "support")
    assert state_of(number) == "to_support"
    step(second, number, "support")
    decided = text_of(client.get(reverse("own_request", args=[number])))
    assert "予以支持。支持金额10万元。依据：第六条。研发投入属实" in decided and "61万元" in decided
    assert client.post(reverse("own_request_act", args=[number, "withdraw"])).status_code == 302
    assert state_of(number) == "supported"

    policy = PolicyRequest.objects.get().policy
    assert policy is not None
    made = payout.start_round(policy=policy, judged_on=DAY, by=SYSTEM, at=clock.now())
    assert payout.fill_round(payout=made, by=SYSTEM, at=clock.now()) == 1
    entry = PayoutEntry.objects.get()
    assert (entry.enterprise_id, entry.listed_fen, entry.facts) == (firm.pk, 10_000_000, row.facts)
    assert not list(verify(at=clock.business(clock.now())))


def _others_see_nothing(number: str, firm: Enterprise, stranger: Client, make_person: MakePerson) -> None:
    other = browser(make_person("other", "department_officer", "330109", "330109.human_resources"))
    form = reverse("policy_apply", args=[firm.pk, CODE])
    assert stranger.get(form).status_code == stranger.post(form, filled(key="x" * 32)).status_code == 404
    own = reverse("own_request", args=[number])
    assert stranger.get(own).status_code == other.get(own).status_code == 404
    assert "look-up" in browser().get(own).url  # type: ignore[attr-defined]
    for name in ("policy_request", "policy_request_contact"):
        url = reverse(name, args=[number])
        assert other.get(url).status_code in (404, 405) and other.post(url).status_code in (404, 405)
    assert step(other, number, "accept").status_code == 404 and state_of(number) == "received"
    assert stranger.post(reverse("own_request_act", args=[number, "withdraw"])).status_code == 404
    file = reverse("own_request_file", args=[number, 1])
    assert stranger.get(file).status_code == 404


def test_what_is_not_supplied_in_time_is_given_back_and_may_be_applied_for_again(
    unit: Client, make_person: MakePerson, firm: Enterprise, settings: Any
) -> None:
    settings.AS_OF = DAY.replace(day=3)
    legal = firm_of(make_person, firm, revenue="2000万元", rd_expense="61万元")
    client, form = browser(legal), reverse("policy_apply", args=[firm.pk, CODE])
    client.post(form, filled())
    number = Case.objects.get().number
    step(unit, number, "ask_more", missing="清单缺第二页")
    told = Notice.objects.filter(kind="reminder", title__contains=number)
    settings.AS_OF = DAY.replace(day=17)  # ten working days, one of them a holiday, end on the 18th
    assert tick(at=clock.now()) == 1
    assert [(one.recipient_id, "补正即将到期" in one.title) for one in told] == [(legal.pk, True)]
    settings.AS_OF = DAY.replace(day=19)
    assert tick(at=clock.now()) == 1 and told.exclude(recipient_id=legal.pk).get().title.startswith(
        "补正已超期"
    )
    assert step(unit, number, "lapse").status_code == 302 and state_of(number) == "lapsed"
    assert "可以重新申报" in text_of(client.get(reverse("own_request", args=[number])))
    assert client.post(form, filled(key="again" * 6)).status_code == 302
    assert Case.objects.exclude(number=number).get().state == "received"
    assert sorted(PolicyRequest.objects.values_list("active", flat=True)) == [False, True]
    assert not list(verify(at=clock.business(clock.now())))


def test_a_policy_not_in_force_not_applied_for_or_closed_is_refused(
    unit: Client, make_person: MakePerson, firm: Enterprise, settings: Any
) -> None:
    client = browser(firm_of(make_person, firm, revenue="2000万元"))
    drafted(
        SYSTEM, RESEARCH.replace("xs-research", "xs-hidden").replace("研发投入奖励", "没有发布的奖励"), TERMS
    )
    for code in ("xs-hidden", "no-such"):
        assert client.post(reverse("policy_apply", args=[firm.pk, code]), filled()).status_code == 404
        assert client.get(reverse("policy_ask") + f"?policy={code}").status_code == 404
    settings.AS_OF = DAY.replace(month=7)  # the window ended on 1 July
    form = reverse("policy_apply", args=[firm.pk, CODE])
    assert "截止" in text_of(client.get(form)) and "去申报" not in text_of(
        client.get(reverse("own_policy", args=[firm.pk, CODE]))
    )
    late = client.post(form, filled())
    assert late.status_code == 422 and "截止" in text_of(late) and not Case.objects.exists()


def test_a_visitors_question_is_passed_on_once_answered_and_asked_again(
    unit: Client, make_person: MakePerson
) -> None:
    labour = "330109.human_resources"
    person = make_person("labour", "department_officer", "330109", labour)
    visitor, form = Client(), reverse("policy_ask") + f"?policy={CODE}"
    assert visitor.post(form, {"key": "q" * 32, "words": " "}).status_code == 422
    given = {
        "key": "q" * 32,
        "words": "研发费用怎么算？\n按哪一年？",
        "contact_mobile": "",
        "enterprise": "999",
    }
    sent = visitor.post(form, given)
    case = Case.objects.get()
    receipt = text_of(visitor.get(sent.url))  # type: ignore[attr-defined]
    code = re.search(r"查询码(\d{8})", receipt)
    assert code and case.number in receipt and "答复：最迟6月25日" in receipt
    visitor.post(form, given)
    assert Case.objects.count() == 1 and code[1] in text_of(visitor.get(sent.url))  # type: ignore[attr-defined]
    assert not PolicyRequest.objects.filter(query_code__contains=code[1]).exists()
    changed = visitor.post(form, given | {"words": "另一个问题"})
    assert (
        changed.status_code == 422
        and "已经提交过一次" in text_of(changed)
        and "q" * 32 not in changed.content.decode()
    )

    look, own = reverse("request_look_up"), reverse("own_request", args=[case.number])
    fresh = Client()
    assert "不正确" in text_of(fresh.post(look, {"number": case.number, "code": "00000000"}))
    assert fresh.get(own).status_code == 302
    assert fresh.post(look, {"number": case.number, "code": code[1]}).url == own  # type: ignore[attr-defined]
    assert "等待答复" in text_of(fresh.get(own))

    unstaffed = step(unit, case.number, "transfer", lead=str(case.lead_id), explanation="x")
    assert unstaffed.status_code == 422
    target = str(person.posts.get().organisation_id)
    assert step(unit, case.number, "transfer", lead=target, explanation="归人社局答复").status_code == 302
    assert unit.get(reverse("policy_request", args=[case.number])).status_code == 404
    desk = browser(person)
    assert b"/act/transfer/" not in desk.get(reverse("policy_request", args=[case.number])).content
    assert Case.objects.get().due_at == case.due_at  # nothing is gained by passing it on
    assert (
        step(desk, case.number, "answer", reply="按上年度汇算清缴的研发费用，依据第六条。").status_code == 302
    )
    answered = text_of(fresh.get(own))
    assert "按上年度汇算清缴的研发费用" in answered and "归人社局答复" in answered
    again = reverse("own_request_act", args=[case.number, "ask_again"])
    assert fresh.post(again, {"ask_again-explanation": "委托研发算不算？"}).status_code == 302
    step(desk, case.number, "answer", reply="委托研发按八成算。")
    assert fresh.post(again, {"ask_again-explanation": "再问"}).status_code == 302
    assert state_of(case.number) == "answered" and "追问一次" not in text_of(fresh.get(own))
    assert not list(verify(at=clock.business(clock.now())))


def test_over_the_api_a_question_is_asked_once_and_read_by_its_own_side(
    unit: Client, make_person: MakePerson, firm: Enterprise
) -> None:
    legal = browser(firm_of(make_person, firm, revenue="2000万元"))
    stranger, url = browser(make_person("stranger")), "/api/v1/policy-questions"
    body = {"words": "怎么算？", "policy": CODE, "uscc": firm.uscc}

    def post(client: Client, given: dict[str, str], key: str = "one") -> Any:
        return client.post(url, json.dumps(given), "application/json", headers={"Idempotency-Key": key})

    assert post(Client(), body).status_code == 401
    assert (
        post(stranger, body).status_code == 422
        and post(legal, body | {"policy": "no-such"}).status_code == 404
    )
    made = post(legal, body)
    assert made.status_code == 201 and post(legal, body).status_code == 200
    assert post(legal, body | {"words": "别的"}).status_code == 409
    assert post(legal, {"words": "\ud800"}, "two").status_code in (400, 422)
    assert post(legal, {"words": "一般的问题"}, "three").json()["fields"].keys() == {"place"}
    number = made.json()["number"]
    for client, face, count in (
        (legal, "own", 1),
        (unit, "unit", 1),
        (unit, "own", 0),
        (stranger, "unit", 0),
    ):
        assert client.get(f"/api/v1/policy-requests?face={face}").json()["count"] == count
    one = unit.get(f"/api/v1/policy-requests/{number}").json()
    assert (
        one["policy"] == CODE and one["uscc"] == firm.uscc and one["clocks"][0]["due_at"].endswith("+08:00")
    )
    assert [event["text"] for event in one["events"]] == ["已收到您的咨询"]
    assert stranger.get(f"/api/v1/policy-requests/{number}").status_code == 404
