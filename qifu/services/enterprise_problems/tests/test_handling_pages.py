"""The page of a case in a browser's eyes: offered acts, refusals at the field, versions, files, contact, two faces."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from qifu.engines.casework import definitions
from qifu.engines.casework.models import CaseAsk, CaseFile
from qifu.foundation.access import SYSTEM
from qifu.foundation.audit.queries import audit_rows
from qifu.foundation.revisions import Revision
from qifu.services.enterprise_problems.actions import asks, parts
from qifu.services.enterprise_problems.forms import ActForm
from qifu.services.enterprise_problems.models import Problem
from qifu.services.enterprise_problems.queries import own
from qifu.services.enterprise_problems.queries.case_page import case_page
from qifu.services.enterprise_problems.queries.offers import Offer
from qifu.services.enterprise_problems.tests.handling_world import MARK, REPLY, World, fresh
from qifu.services.enterprise_problems.tests.intake_world import AT

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def world(db: None, settings: Any) -> World:
    settings.AS_OF = AT.date()  # the pages stand on the day on which the story plays
    return World()


def signed_in(world: World, name: str) -> Client:
    client = Client()
    client.force_login(world.people[name])
    return client


def address(case: object, *rest: str) -> str:
    return "/".join([f"/workbench/problems/{case.number}", *rest, ""])  # type: ignore[attr-defined]


def body(client: Client, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, (url, answer.status_code)
    return answer.content.decode()


def test_each_sees_the_next_act_of_his_own(world: World) -> None:
    case = world.pooled()
    assert 'action="' + address(case, "act", "assign") + '"' in body(signed_in(world, "clerk"), address(case))
    body(signed_in(world, "unit"), address(case), 404)
    body(signed_in(world, "boss"), address(case), 404)
    world.do("clerk", case, "assign", form={"lead": world.economy.pk})
    page = body(signed_in(world, "unit"), address(case))
    assert 'action="' + address(case, "act", "take") + '"' in page and "act/assign" not in page
    above = body(signed_in(world, "hub_city"), address(case))
    assert "act/take" not in above and "act/note" in above
    assert signed_in(world, "unit").post(address(case, "act", "close"), {}).status_code == 302
    assert fresh(case).state == "assigned"


def test_a_draft_goes_through_the_form(world: World) -> None:
    case = world.handling()
    client, url = signed_in(world, "unit"), address(case, "act", "draft")
    page = body(client, url)
    assert "draft-confirmed" not in page and 'name="seen"' in page
    given = {
        "seen": fresh(case).version,
        "draft-result": "solved",
        "draft-reply": "我们高度重视，正在核实，请您耐心等待，感谢您的理解和支持。",
    }
    answer = client.post(url, given)
    assert answer.status_code == 422 and "套话" in answer.content.decode()
    doubtful = REPLY.replace("联系人：蒋科长，电话0571-82000000。", "")
    answer = client.post(url, given | {"draft-reply": doubtful})
    assert answer.status_code == 422 and "draft-confirmed" in answer.content.decode()
    answer = client.post(
        url,
        given
        | {"draft-reply": doubtful, "draft-confirmed": "企业已有我科电话", "draft-promise_1": "月底前拨付"},
    )
    assert answer.status_code == 422 and "一起填写" in answer.content.decode()
    good = given | {
        "draft-reply": doubtful, "draft-confirmed": "企业已有我科电话", "draft-promise_1": "月底前拨付", "draft-promise_due_1": "2099-07-01",
    }  # fmt: skip
    assert client.post(url, good).status_code == 302
    assert fresh(case).state == "checking"
    assert "企业已有我科电话" in case.events.get(kind="draft").text
    assert "由本单位其他人员审核" in body(client, address(case))
    assert "act/pass" in body(signed_in(world, "unit2"), address(case))


def test_what_changed_meanwhile_is_shown_before_it_is_overwritten(world: World) -> None:
    case = world.pooled()
    client, url = signed_in(world, "clerk2"), address(case, "act", "assign")
    seen = fresh(case).version
    world.do("clerk", case, "note", text="先别交办，等局里回话")
    given = {"seen": seen, "assign-lead": world.market.pk}
    answer = client.post(url, given)
    page = answer.content.decode()
    assert answer.status_code == 422 and "先别交办" in page and fresh(case).state == "pooled"
    assert client.post(url, given | {"seen": fresh(case).version}).status_code == 302
    assert fresh(case).lead_id == world.market.pk


def test_files_are_declared_unclassified_and_given_only_by_the_act_that_says_so(world: World) -> None:
    case = world.handling()
    client, url = signed_in(world, "unit"), address(case, "act", "report")

    def post(name: str, **more: str) -> int:
        upload = io.BytesIO(b"2024\n")
        upload.name = name
        given = {"seen": fresh(case).version, "report-progress": "已收到合同", "report-files": upload}
        return client.post(url, given | {f"report-{key}": value for key, value in more.items()}).status_code

    assert post("a.txt") == 422 and not CaseFile.objects.exists()
    assert post("inside.txt", unclassified="on") == 302
    assert post("shown.txt", unclassified="on", give="on", publicity="on_request") == 302
    assert post("x.exe", unclassified="on", give="on") in (302, 422)
    inside, shown = (
        CaseFile.objects.get(file__name="inside.txt"),
        CaseFile.objects.get(file__name="shown.txt"),
    )
    assert (inside.public, shown.public, shown.file.publicity) == (False, True, "on_request")
    seen = world.firm_sees(case)
    assert "shown.txt" in seen and "inside.txt" not in seen
    answer = client.get(address(case, "files", str(inside.pk)))
    assert answer.status_code == 200 and answer["X-Content-Type-Options"] == "nosniff"
    body(signed_in(world, "market"), address(case, "files", str(inside.pk)), 404)
    with pytest.raises(Exception, match="file"):
        own.file_of(case, inside.pk)
    assert own.file_of(case, shown.pk).file.name == "shown.txt"


def test_a_contact_is_masked_and_shown_with_a_reason_that_is_kept(world: World) -> None:
    case = world.handling()
    client = signed_in(world, "unit")
    page = body(client, address(case))
    assert "13800001111" not in page and "138****1111" in page
    assert client.post(address(case, "contact"), {"reason": "curious"}).status_code == 302
    answer = client.post(address(case, "contact"), {"reason": "contact"})
    assert "13800001111" in answer.content.decode() and answer["Cache-Control"] == "no-store"
    assert "13800001111" not in body(client, address(case))
    row = audit_rows(SYSTEM, AT, act="enterprise_problems.see_contact").get()
    assert row.facts["reason"] == "联系企业办理" and "1380" not in str(row.facts)
    assert signed_in(world, "market").post(address(case, "contact"), {"reason": "contact"}).status_code == 404


def test_the_two_faces_on_one_page(world: World) -> None:
    case = world.handling()
    world.do("unit", case, "note", text=MARK)
    inside, firm = (
        body(signed_in(world, "unit"), address(case) + f"?view={view}") for view in ("inside", "firm")
    )
    assert MARK in inside and MARK not in firm
    assert "已由" in firm and "一字不差" in firm


def test_verbs_have_forms_and_refuse_at_the_field(world: World) -> None:
    case = world.handling()
    unit = signed_in(world, "unit")
    answer = unit.post(address(case, "act", "ask_part"), {"seen": fresh(case).version, "ask_part-kind": "co_handler", "ask_part-organisation": world.economy.pk, "ask_part-request": "x"})  # fmt: skip
    assert answer.status_code == 422  # the lead itself is not among the choices
    answer = unit.post(address(case, "act", "ask_part"), {"seen": fresh(case).version, "ask_part-kind": "co_handler", "ask_part-organisation": world.market.pk, "ask_part-request": "请核对"})  # fmt: skip
    assert answer.status_code == 302
    part = case.parts.get()
    page = body(signed_in(world, "market"), address(case))
    assert 'action="' + address(case, "act", "answer_part", str(part.pk)) + '"' in page
    answer = signed_in(world, "market").post(
        address(case, "act", "answer_part", str(part.pk)), {"answer_part-answer": "无误"}
    )
    assert answer.status_code == 302 and case.parts.get().answer == "无误"
    answer = unit.post(address(case, "act", "ask_extension"), {"seen": fresh(case).version, "ask_extension-clock": "handle", "ask_extension-amount": 99, "ask_extension-text": "x"})  # fmt: skip
    assert answer.status_code == 422 and "超过规定的上限" in answer.content.decode()
    asks.ask_extension(by=world["unit"], at=AT, case=fresh(case), clock="handle", amount=2, text="原厂盖章")
    ask = CaseAsk.objects.get()
    url = address(case, "act", "decide_ask", str(ask.pk))
    assert "原厂盖章" in body(signed_in(world, "clerk"), address(case))
    body(signed_in(world, "unit2"), url, 404)
    answer = signed_in(world, "clerk").post(url, {"seen": fresh(case).version, "decide_ask-approve": "no"})
    assert answer.status_code == 422 and "理由" in answer.content.decode()
    answer = signed_in(world, "clerk").post(url, {"seen": fresh(case).version, "decide_ask-approve": "yes"})
    assert answer.status_code == 302 and CaseAsk.objects.get().decision == "approved"


def test_an_escalation_goes_up_with_its_pack_and_is_answered_on_the_page(world: World) -> None:
    case = world.handling()
    clerk, city = signed_in(world, "clerk"), signed_in(world, "hub_city")
    answer = clerk.post(
        address(case, "act", "escalate"), {"seen": fresh(case).version, "escalate-reason": "请市级协调"}
    )
    assert answer.status_code == 302
    raised = case.escalations.get()
    assert city.get(address(case, "packs", str(raised.pk))).status_code == 200
    body(signed_in(world, "unit"), address(case, "packs", str(raised.pk)), 404)
    url = address(case, "act", "answer_escalation", str(raised.pk))
    body(signed_in(world, "hub_province"), url, 404)
    given = {
        "answer_escalation-decision": "advised",
        "answer_escalation-text": MARK,
        "answer_escalation-lead": "",
    }
    assert city.post(url, given | {"seen": fresh(case).version}).status_code == 302
    assert MARK in body(clerk, address(case)) and "批转意见" in body(clerk, address(case))
    assert MARK not in world.firm_sees(case)


def test_a_single_rating_is_nowhere_on_the_page_of_the_unit(world: World) -> None:
    from qifu.engines.casework import ratings as engine
    from qifu.foundation.action import action

    case = world.closed()

    @action("tests.enterprise_problems.rate", title="测试：评价", permission="enterprise_problems.run_jobs")
    def rate(*, by: object, at: object) -> None:
        engine.rate(
            fresh(case),
            source="enterprise",
            solved=False,
            stars=1,
            text=f"太慢了{MARK}",
            channel="portal",
            by_id=1,
        )

    before = {name: body(signed_in(world, name), address(case)) for name in ("unit", "clerk")}
    rate(by=SYSTEM, at=AT)
    assert fresh(case).state == "dissatisfied"
    for name, page in before.items():
        now = body(signed_in(world, name), address(case))
        assert (
            "待回访" not in now
            and "不满意" not in now
            and MARK not in now.replace(MARK, "", page.count(MARK))
        )
        assert "已办结" in now
        assert "目前在“已办结”" in body(signed_in(world, name), address(case, "flow"))
    assert "待回访" in body(signed_in(world, "callback"), address(case))


def test_the_page_asks_a_bounded_number_of_questions(
    world: World, django_assert_max_num_queries: object
) -> None:
    case = world.handling()
    for _ in range(12):
        world.do("unit", case, "note", text="一")
    parts.ask_part(
        by=world["unit"],
        at=AT,
        case=fresh(case),
        organisation_id=world.market.pk,
        kind="consulted",
        request="x",
    )
    client = signed_in(world, "unit")
    body(client, address(case))
    with django_assert_max_num_queries(40):  # type: ignore[operator]
        body(client, address(case))


def test_the_flow_chart_shows_where_it_stands(world: World) -> None:
    case = world.handling()
    assert "目前在“办理中”" in body(signed_in(world, "unit"), address(case, "flow"))
    body(signed_in(world, "market"), address(case, "flow"), 404)


def test_hostile_values_are_refused_not_broken(world: World) -> None:
    case = world.handling()
    client = signed_in(world, "unit")
    for name, given in {
        "divide": {"divide-handler": "1 OR 1=1"}, "contact": {"contact-contact_way": "x" * 9000, "contact-explanation": "\0"},
        "ask_pause": {"ask_pause-clock": "handle", "ask_pause-reason": "<script>", "ask_pause-until_on": "9999-99-99"},
        "draft": {"draft-result": "solved", "draft-reply": "啊" * 200_000},
    }.items():  # fmt: skip
        answer = client.post(address(case, "act", name), {"seen": "x" * 400, **given})
        assert answer.status_code == 422, name
    for url in (
        address(case, "act", "nothing"),
        address(case, "act", "decide_ask", "99"),
        "/workbench/problems/0/",
        "/workbench/problems/" + "9" * 400 + "/",
    ):
        assert client.get(url).status_code == 404, url
    assert Problem.objects.get(pk=case.pk).reply == ""


def test_promises_are_listed(world: World) -> None:
    from datetime import date

    from qifu.services.enterprise_problems.actions.promises import NewPromise

    case = world.handling()
    world.answer(case, promises=[NewPromise("补拨第二批款", date(2099, 7, 10))])
    page = body(signed_in(world, "unit"), "/workbench/problems/promises/")
    assert "补拨第二批款" in page and case.number in page
    assert "补拨第二批款" not in body(signed_in(world, "market"), "/workbench/problems/promises/")
    assert "没有这样的承诺" in body(signed_in(world, "unit"), "/workbench/problems/promises/?show=kept")


def test_every_transition_of_every_pack_has_a_form(world: World) -> None:
    """Packs bring their own fields and transitions; a form is made of each, with each field that it asks."""
    case = world.handling()
    page = case_page(world["clerk"], AT, AT, case.number)
    types = [
        definitions.of_revision(one)
        for one in Revision.objects.filter(series__kind=definitions.KIND, state="published")
    ]
    assert len(types) >= 2
    for definition in types:
        for step in definition.transitions.values():
            form = ActForm(Offer(step.name, step.title, step), replace(page, definition=definition))
            assert set(step.form) <= set(form.fields), (definition.key, step.name)
            shown = [field.name for field in (*form.plain_fields, *form.file_fields)]
            shown += [field.name for row in form.promise_fields for field in row]
            assert set(shown) | {"confirmed"} >= set(form.fields)
