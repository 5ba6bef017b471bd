"""The life of one problem from report to close, with real roles; and what may come between."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from datetime import date

import pytest

from qifu.engines.casework.models import CaseAsk, CaseClock, CaseFile, CasePart, Escalation
from qifu.foundation.access import NotFound
from qifu.foundation.action import Refused
from qifu.foundation.files.storage import open_file
from qifu.services.enterprise_problems.actions import asks, escalating, parts, promises
from qifu.services.enterprise_problems.actions.own import answer_pause
from qifu.services.enterprise_problems.evidence_pack import pack_of
from qifu.services.enterprise_problems.models import Problem, Promise
from qifu.services.enterprise_problems.queries.case_page import case_page, problem_case
from qifu.services.enterprise_problems.queries.own import timeline
from qifu.services.enterprise_problems.tests.handling_world import (
    MARK,
    REPLY,
    World,
    at,
    fresh,
    kinds,
    paper,
)
from qifu.services.enterprise_problems.tests.intake_world import AT, HANGZHOU, XIAOSHAN, ZHEJIANG

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def world(db: None) -> World:
    return World()


def running(case: object) -> set[str]:
    return set(CaseClock.objects.filter(case=case, stopped_at=None).values_list("name", flat=True))


def due(case: object, name: str) -> date | None:
    row = CaseClock.objects.get(case=case, name=name, stopped_at=None)
    return row.due_at.astimezone().date() if row.due_at else None


def test_from_report_to_close(world: World) -> None:
    case = world.reported()
    assert running(case) == {"filter"}
    world.do("clerk", case, "accept", form={"board": "policy", "topic": "policy_payment", "scope": "individual", "difficulty": "general"})  # fmt: skip
    world.do(
        "clerk", case, "assign", form={"lead": world.economy.pk, "instruction": f"请三日内联系企业 {MARK}"}
    )
    assert running(case) == {"accept", "contact", "handle"}
    assert world.inbox("unit", kind="to_do", open_only=True) == [f"待签收：设备补贴没有拨付（{case.number}）"]
    with pytest.raises(NotFound):
        world.do("market", case, "take")
    world.do("unit", case, "take", text=MARK)
    with pytest.raises(Refused, match="本单位"):
        world.do("unit", case, "divide", form={"handler": world["market"].id})
    world.do("unit", case, "divide", form={"handler": world["unit2"].id, "instruction": MARK})
    assert fresh(case).handler_id == world["unit2"].id
    assert any("分办" in title for title in world.inbox("unit2", kind="to_do", open_only=True))
    world.do("unit2", case, "contact", form={"contact_way": "phone", "explanation": f"已说明缺页 {MARK}"})
    world.do(
        "unit2", case, "report", form={"progress": "正在复核购置合同"}, files=paper("清单.txt", give=True)
    )
    with pytest.raises(Refused) as refused:
        world.do(
            "unit2",
            case,
            "draft",
            form={
                "result": "solved",
                "reply": "您好，您反映的问题已收悉，我们高度重视，正在核实，感谢您的理解和支持。",
            },
        )
    assert "套话" in refused.value.fields["reply"]
    promise = promises.NewPromise("7月底前完成同批企业补贴复核", date(2024, 7, 31))
    world.do(
        "unit2", case, "draft", form={"result": "solved", "reply": REPLY}, promises=[promise], files=paper("拨付凭证.txt", give=True)
    )  # fmt: skip
    assert not Promise.objects.exists()
    assert "拨付凭证" not in world.firm_sees(case)
    with pytest.raises(Refused, match="拟稿人"):
        world.do("unit2", case, "pass")
    world.do("unit", case, "pass")
    with pytest.raises(Refused, match="扫描件"):
        world.do("unit", case, "sign", form={"signer": "唐局长", "signed_on_paper": True})
    world.do(
        "unit", case, "sign", form={"signer": "唐局长", "signed_on_paper": True}, files=paper("签批件.txt")
    )
    assert running(case) == {"handle", "review"}
    assert world.inbox("clerk", kind="to_do", open_only=True) == [
        f"待办结审核：设备补贴没有拨付（{case.number}）"
    ]
    world.do("clerk", case, "close", form={"result": "solved"}, text=MARK)
    row = fresh(case)
    assert (row.state, row.result, row.version) == ("closed", "solved", row.events.count())
    assert running(case) == set()
    assert [(one.text, one.due_on, one.state) for one in Promise.objects.all()] == [(promise.text, promise.due_on, "open")]  # fmt: skip
    for person in ("clerk", "unit", "unit2"):
        left = world.inbox(person, kind="to_do", open_only=True)
        assert all(title.startswith("待兑现承诺") for title in left)


def test_the_firm_reads_only_what_was_said_to_it(world: World) -> None:
    case = world.handling()
    world.do("unit", case, "contact", form={"contact_way": "phone", "explanation": f"{MARK}一"})
    world.do("unit", case, "note", text=f"{MARK}二", files=paper("内部纪要.txt"))
    world.do("unit", case, "raise_step", form={"minutes": f"{MARK}三"})
    parts.ask_part(by=world["unit"], at=AT, case=fresh(case), organisation_id=world.market.pk, kind="consulted", request=f"{MARK}四")  # fmt: skip
    part = CasePart.objects.get(case=case)
    parts.answer_part(by=world["market"], at=AT, case=fresh(case), part_id=part.pk, answer=f"{MARK}五", files=paper("意见.txt"))  # fmt: skip
    asks.ask_extension(
        by=world["unit"], at=AT, case=fresh(case), clock="handle", amount=3, text="合同须原厂盖章"
    )
    ask = CaseAsk.objects.get(case=case)
    asks.decide_ask(by=world["clerk"], at=AT, case=fresh(case), ask_id=ask.pk, approve=True, text=f"{MARK}六")
    escalating.escalate(by=world["clerk"], at=AT, case=fresh(case), reason=f"{MARK}七")
    raised = Escalation.objects.get(case=case)
    escalating.answer_escalation(by=world["hub_city"], at=AT, case=fresh(case), escalation_id=raised.pk, decision="advised", text=f"{MARK}八")  # fmt: skip
    world.do(
        "unit",
        case,
        "draft",
        form={"result": "solved", "reply": REPLY},
        text=f"{MARK}九",
        files=paper("说明.txt"),
    )
    world.do("unit2", case, "revise", form={"explanation": f"{MARK}十"})
    world.answer(case)
    told = timeline(fresh(case))
    seen = world.firm_sees(case)
    assert MARK not in seen and "内部纪要" not in seen and "说明.txt" not in seen and "意见.txt" not in seen
    assert REPLY in seen and any(REPLY in one.text for one in told)
    assert all(MARK not in title for title in world.inbox("boss"))
    assert not CaseFile.objects.filter(event__case=case, public=True).exists()
    page = case_page(world["clerk"], AT, AT, case.number)
    assert [one.text for one in page.firm] == [one.text for one in told]
    inside = "".join(f"{one.text}{one.details}" for one in page.events)
    assert all(f"{MARK}{n}" in inside for n in "一二四五六七八九十")


def test_returned_once_then_ruled(world: World) -> None:
    case = world.pooled()
    world.do("clerk", case, "assign", form={"lead": world.economy.pk})
    world.do(
        "unit", case, "return", form={"explanation": "补贴由人社部门发放", "suggested_lead": world.labour.pk}
    )
    assert running(case) >= {"ruling"} and fresh(case).state == "returned"
    assert world.inbox("clerk", kind="to_do", open_only=True) == [
        f"退回待裁定：设备补贴没有拨付（{case.number}）"
    ]
    assert due(case, "ruling") == date(2024, 6, 21)
    world.do("clerk", case, "rule", form={"lead": world.labour.pk, "explanation": "按职责由人社局办理"})
    with pytest.raises(Refused, match="不再退回"):
        world.do("labour", case, "return", form={"explanation": "也不是我们"})
    with pytest.raises(NotFound):
        problem_case(world["unit"], AT, case.number)


def test_an_extension_is_refused_then_granted_once(world: World) -> None:
    case = world.handling()
    before = due(case, "handle")
    given = {"case": case, "clock": "handle", "text": "合同须原厂盖章"}
    with pytest.raises(Refused) as refused:
        asks.ask_extension(by=world["unit"], at=AT, amount=11, **given)
    assert "amount" in refused.value.fields
    first = asks.ask_extension(by=world["unit"], at=AT, amount=5, **given)
    assert any("待审批延期" in title for title in world.inbox("clerk", kind="to_do", open_only=True))
    with pytest.raises(NotFound):
        asks.decide_ask(by=world["unit2"], at=AT, case=case, ask_id=first.pk, approve=True)
    with pytest.raises(Refused) as refused:
        asks.decide_ask(by=world["clerk"], at=AT, case=case, ask_id=first.pk, approve=False)
    assert "text" in refused.value.fields
    asks.decide_ask(by=world["clerk"], at=AT, case=case, ask_id=first.pk, approve=False, text="理由不足")
    assert due(case, "handle") == before
    assert not world.inbox("clerk", kind="to_do", open_only=True)
    second = asks.ask_extension(by=world["unit"], at=AT, amount=5, **given)
    asks.decide_ask(by=world["clerk"], at=AT, case=case, ask_id=second.pk, approve=True)
    assert before == date(2024, 6, 27) and due(case, "handle") == date(2024, 7, 4)
    with pytest.raises(Refused, match="最多延期"):
        asks.ask_extension(by=world["unit"], at=AT, amount=1, **given)


def test_a_pause_waits_for_the_firm(world: World) -> None:
    case = world.handling()
    ask = asks.ask_pause(by=world["unit"], at=AT, case=case, clock="handle", reason="awaiting_enterprise", text="等企业补交购置合同")  # fmt: skip
    assert any("申请暂停计时" in title for title in world.inbox("boss"))
    assert not world.inbox("clerk", kind="to_do", open_only=True)
    with pytest.raises(Refused, match="企业同意"):
        asks.decide_ask(by=world["clerk"], at=AT, case=case, ask_id=ask.pk, approve=True)
    with pytest.raises(NotFound):
        answer_pause(by=world["unit"], at=AT, case=case, ask_id=ask.pk, given=True)
    answer_pause(by=world["boss"], at=AT, case=case, ask_id=ask.pk, given=True)
    assert world.inbox("clerk", kind="to_do", open_only=True)
    asks.decide_ask(by=world["clerk"], at=AT, case=case, ask_id=ask.pk, approve=True)
    assert due(case, "handle") is None
    page = case_page(world["unit"], AT, AT, case.number)
    clock = next(one for one in page.clocks if one.name == "handle")
    assert clock.words.startswith("已暂停") and clock.pauses[0].consent
    asks.resume_clock(by=world["unit"], at=at(days=4), case=case, clock="handle", text="合同已补齐")
    assert due(case, "handle") == date(2024, 7, 1)


def test_without_the_firm_s_consent_nothing_stands_still(world: World) -> None:
    case = world.handling()
    ask = asks.ask_pause(
        by=world["unit"], at=AT, case=case, clock="handle", reason="awaiting_enterprise", text="等材料"
    )
    answer_pause(by=world["boss"], at=AT, case=case, ask_id=ask.pk, given=False)
    assert CaseAsk.objects.get(pk=ask.pk).decision == "refused" and due(case, "handle") == date(2024, 6, 27)
    with pytest.raises(Refused, match="佐证"):
        asks.ask_pause(
            by=world["unit"], at=AT, case=case, clock="handle", reason="force_majeure", text="台风"
        )


def test_shelved_reviewed_and_taken_up_again(world: World) -> None:
    case = world.handling()
    form = {
        "leader": "分管副区长",
        "plan": f"随园区改造一并解决 {MARK}",
        "review_on": "2024-07-20",
        "progress": "已列入园区改造",
    }
    with pytest.raises(Refused, match="会议办"):
        world.do("clerk", case, "shelve", form=form)
    for minutes in ("协商纪要", "会议纪要"):
        world.do("clerk", case, "raise_step", form={"minutes": minutes}, files=paper(f"{minutes}.txt"))
    assert fresh(case).step == "meeting"
    world.do("clerk", case, "shelve", form=form)
    assert due(case, "handle") is None and "shelf_review" in running(case)
    with pytest.raises(Refused, match="挂账"):
        asks.resume_clock(by=world["unit"], at=AT, case=case, clock="handle")
    world.do(
        "clerk",
        case,
        "review_shelf",
        form={"minutes": "研究", "review_on": "2024-08-20", "progress": "园区改造已开工"},
        when=at(days=20),
    )
    world.do("clerk", case, "unshelve", form={"explanation": "地块已腾出"}, when=at(days=30))
    assert fresh(case).state == "handling" and due(case, "handle") is not None
    assert MARK not in world.firm_sees(case)


@pytest.mark.both_databases
def test_raised_to_city_and_province_and_back(world: World) -> None:
    case = world.handling(files=())
    world.do("unit", case, "note", text="进展一", files=paper("合同.txt", "合同正文"))
    with pytest.raises(NotFound):
        escalating.escalate(by=world["unit"], at=AT, case=case, reason="请协调")
    raised = escalating.escalate(by=world["clerk"], at=AT, case=case, reason="请市级协调省级资金")
    assert (raised.from_place, raised.to_place) == (XIAOSHAN, HANGZHOU)
    assert any("下级上报" in title for title in world.inbox("hub_city", kind="to_do", open_only=True))
    with pytest.raises(NotFound):
        escalating.answer_escalation(by=world["hub_province"], at=AT, case=case, escalation_id=raised.pk, decision="advised", text="由市里办")  # fmt: skip
    with open_file(raised.pack) as content, zipfile.ZipFile(io.BytesIO(content.read())) as pack:
        sums = dict(reversed(line.split("  ")) for line in pack.read("SHA256SUMS").decode().splitlines())
        assert sums == {name: hashlib.sha256(pack.read(name)).hexdigest() for name in pack.namelist() if name != "SHA256SUMS"}  # fmt: skip
        matter = json.loads(pack.read("事项.json"))
        assert matter["number"] == case.number and "13800001111" not in str(matter)
        assert any(name.endswith("合同.txt") for name in pack.namelist())
        assert "办理记录" in pack.read("办理记录.html").decode()
    assert pack_of(fresh(case), at=AT) == pack_of(fresh(case), at=AT)
    escalating.answer_escalation(by=world["hub_city"], at=AT, case=case, escalation_id=raised.pk, decision="taken_over", text="市级接手")  # fmt: skip
    assert fresh(case).place_code == HANGZHOU
    assert problem_case(world["clerk"], AT, case.number).pk == case.pk  # the county still sees it, live
    again = escalating.escalate(by=world["hub_city"], at=AT, case=case, reason="请省级协调")
    assert again.to_place == ZHEJIANG
    escalating.answer_escalation(by=world["hub_province"], at=AT, case=case, escalation_id=again.pk, decision="sent_back", text="按既有政策办理")  # fmt: skip
    assert fresh(case).place_code == HANGZHOU and "escalated" not in running(case)
    assert not world.inbox("hub_province", kind="to_do", open_only=True)


def test_a_co_handler_holds_up_the_answer(world: World) -> None:
    case = world.handling()
    with pytest.raises(Refused, match="不必"):
        parts.ask_part(
            by=world["unit"],
            at=AT,
            case=case,
            organisation_id=world.economy.pk,
            kind="co_handler",
            request="x",
        )
    part = parts.ask_part(by=world["unit"], at=AT, case=case, organisation_id=world.market.pk, kind="co_handler", request="请核对发票")  # fmt: skip
    assert world.inbox("market", kind="to_do", open_only=True) == [
        f"请协办：设备补贴没有拨付（{case.number}）"
    ]
    with pytest.raises(Refused, match="协办意见"):
        world.do("unit", case, "draft", form={"result": "solved", "reply": REPLY})
    page = case_page(world["unit"], AT, AT, case.number)
    assert "draft" not in [one.name for one in page.offers] and any("协办" in one for one in page.waiting)
    with pytest.raises(NotFound):
        parts.answer_part(by=world["labour"], at=AT, case=case, part_id=part.pk, answer="没有意见")
    parts.answer_part(by=world["market"], at=AT, case=case, part_id=part.pk, answer="发票无误")
    assert not world.inbox("market", kind="to_do", open_only=True) and "co_handle" not in running(case)
    world.do("unit", case, "draft", form={"result": "solved", "reply": REPLY})


def test_a_complaint_never_reaches_the_unit_complained_of(world: World) -> None:
    case = world.pooled(
        words="萧山区经信局工作人员吃拿卡要，设备补贴120万元迟迟不拨。", complained_id=world.economy.pk
    )
    with pytest.raises(Refused, match="该单位"):
        world.do("clerk", case, "assign", form={"lead": world.economy.pk})
    world.do("clerk", case, "assign", form={"lead": world.market.pk})
    world.do("market", case, "take")
    with pytest.raises(Refused, match="该单位"):
        parts.ask_part(by=world["market"], at=AT, case=case, organisation_id=world.economy.pk, kind="consulted", request="说明")  # fmt: skip
    for name in ("unit", "unit2"):
        assert world.inbox(name) == []
        with pytest.raises(NotFound):
            problem_case(world[name], AT, case.number)
    page = case_page(world["clerk"], AT, AT, case.number)
    assert page.case.complained_id == world.economy.pk


def test_a_promise_is_kept_with_evidence_or_broken_with_a_reason(world: World) -> None:
    case = world.handling()
    due_on = date(2024, 7, 10)
    world.answer(
        case,
        promises=[
            promises.NewPromise("补拨第二批款", due_on),
            promises.NewPromise("公布结果", date(2024, 7, 20)),
        ],
    )
    kept, broken = Promise.objects.order_by("due_on")
    assert promises.follow_up(by=world_system(), at=at(days=18)) == 1  # 8 July: two days before the first
    assert promises.follow_up(by=world_system(), at=at(days=19)) == 0
    assert promises.follow_up(by=world_system(), at=at(days=26)) == 1
    assert any("已过" in title for title in world.inbox("clerk", kind="reminder"))
    with pytest.raises(Refused, match="佐证"):
        promises.settle_promise(
            by=world["unit"], at=at(days=26), case=case, promise_id=kept.pk, kept=True, text="已拨"
        )
    promises.settle_promise(
        by=world["unit"], at=at(days=26), case=case, promise_id=kept.pk, kept=True, text="已拨", files=paper()
    )
    promises.settle_promise(
        by=world["unit"],
        at=at(days=40),
        case=case,
        promise_id=broken.pk,
        kept=False,
        text=f"系统未上线 {MARK}",
    )
    told = world.firm_sees(case)
    assert "承诺已兑现：补拨第二批款" in told and "承诺未能兑现：公布结果" in told and MARK not in told
    assert fresh(case).version == fresh(case).events.count()
    with pytest.raises(NotFound):
        promises.settle_promise(
            by=world["market"], at=AT, case=case, promise_id=kept.pk, kept=False, text="x"
        )


def world_system() -> object:
    from qifu.foundation.access import SYSTEM

    return SYSTEM


@pytest.mark.both_databases
def test_two_people_do_not_overwrite_each_other(world: World) -> None:
    case = world.pooled()
    seen = fresh(case).version
    world.do("clerk", case, "assign", form={"lead": world.economy.pk}, expected_version=seen)
    with pytest.raises(Refused, match="有了新的办理记录"):
        world.do("clerk2", case, "assign", form={"lead": world.market.pk}, expected_version=seen)
    assert fresh(case).lead_id == world.economy.pk and kinds(case)[-1] == "assign"


def test_a_revised_draft_takes_its_promises_and_files_with_it(world: World) -> None:
    case = world.handling()
    first = promises.NewPromise("第一稿的承诺", date(2024, 7, 10))
    world.do(
        "unit",
        case,
        "draft",
        form={"result": "planned", "reply": REPLY},
        promises=[first],
        files=paper("旧.txt", give=True),
    )
    world.do("unit2", case, "revise", form={"explanation": "重写"})
    world.answer(case)
    assert (
        not Promise.objects.exists() and not CaseFile.objects.filter(event__case=case, public=True).exists()
    )
    assert Problem.objects.get(pk=case.pk).drafted_result == "solved"
