"""Who is told of what, when a to-do ends, what leaves the site, and what is never told."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from qifu.engines.casework.models import Case, CaseAsk, CaseClock, CasePart
from qifu.engines.casework.timers import tick
from qifu.foundation import handover
from qifu.foundation.access import SYSTEM, Actor
from qifu.foundation.action import Refused, action
from qifu.foundation.channels.models import DemoMessage
from qifu.foundation.jobs import Job, run_one
from qifu.foundation.notices import Notice
from qifu.services.enterprise_problems.actions import asks, parts
from qifu.services.enterprise_problems.actions.intake import Request, report_problem
from qifu.services.enterprise_problems.actions.moving import move_problem
from qifu.services.enterprise_problems.telling import TEXT_CONTACT
from qifu.services.enterprise_problems.tests.handling_world import MARK, REPLY, WORDS, World, at, fresh
from qifu.services.enterprise_problems.tests.intake_world import AT, XIAOSHAN

pytestmark = [pytest.mark.django_db]
STAFF = ("clerk", "clerk2", "unit", "unit2", "market", "labour", "hub_city", "callback", "hub_province")


@pytest.fixture
def world(db: None) -> World:
    return World()


def open_to_dos(world: World) -> dict[str, int]:
    return {name: n for name in STAFF if (n := len(world.inbox(name, kind="to_do", open_only=True)))}


def test_a_to_do_follows_the_case_and_ends_behind_it(world: World) -> None:
    case = world.pooled()
    world.do("clerk", case, "assign", form={"lead": world.economy.pk})
    assert open_to_dos(world) == {"unit": 1, "unit2": 1}
    world.do("unit", case, "take")
    assert open_to_dos(world) == {"unit": 1}  # whoever took it has it
    world.do("unit", case, "divide", form={"handler": world["unit2"].id})
    assert open_to_dos(world) == {"unit": 1, "unit2": 1}
    world.do("unit2", case, "draft", form={"result": "solved", "reply": REPLY})
    assert open_to_dos(world) == {"unit": 1}  # the other of the unit checks
    world.do("unit", case, "pass")
    assert open_to_dos(world) == {"unit2": 1}
    world.do("unit", case, "sign", form={"signer": "唐局长"})
    assert open_to_dos(world) == {"clerk": 1, "clerk2": 1}
    world.do("clerk", case, "close", form={"result": "solved"})
    assert open_to_dos(world) == {}
    row = Notice.objects.filter(kind="to_do", title__startswith="待签收").first()
    assert (
        row is not None
        and row.due_on == date(2024, 6, 21)
        and row.link == f"/workbench/problems/{case.number}/"
    )


def test_what_waited_on_a_closed_case_is_no_to_do_any_more(world: World) -> None:
    case = world.handling()
    parts.ask_part(by=world["unit"], at=AT, case=fresh(case), organisation_id=world.market.pk, kind="consulted", request="请提意见")  # fmt: skip
    asks.ask_extension(by=world["unit"], at=AT, case=fresh(case), clock="handle", amount=2, text="原厂盖章")
    assert open_to_dos(world)["market"] == 1 and open_to_dos(world)["clerk"] == 1
    move_problem(by=world["clerk"], at=AT, case=fresh(case), transition="refer", form={"statutory_channel": "litigation", "notice": "请向法院起诉"})  # fmt: skip
    assert open_to_dos(world) == {}
    assert CasePart.objects.get().withdrawn_at is not None and CaseAsk.objects.get().decision == "withdrawn"


def test_the_firm_gets_a_number_and_a_link_no_words(world: World) -> None:
    case = world.handling()
    world.do("unit", case, "report", form={"progress": "合同第三页缺失，请补交"}, text=MARK)
    rows = list(Notice.objects.filter(recipient_id=world["boss"].id))
    assert rows and all(
        one.link == f"/my-problems/{case.number}/" for one in rows if "my-problems" in one.link
    )
    for one in rows:
        assert MARK not in one.title + one.external
        assert "合同" not in one.external and "补贴" not in one.external
    assert any(case.number in one.external for one in rows)


def test_whoever_has_no_account_is_told_by_text_message(world: World, settings: Any) -> None:
    settings.DEMO = True
    request = Request(
        words=WORDS,
        place_code=XIAOSHAN,
        title="设备补贴没有拨付",
        contact_name="王先生",
        contact_mobile="13900002222",
    )
    case = report_problem(by=Actor("anonymous"), at=AT, request=request).case
    world.do("clerk", case, "accept", form={"board": "policy", "topic": "policy_payment", "scope": "individual", "difficulty": "general"})  # fmt: skip
    world.do("clerk", case, "assign", form={"lead": world.economy.pk})
    assert Job.objects.filter(kind=TEXT_CONTACT).count() == 1
    before = DemoMessage.objects.count()
    while run_one(worker="test:1", clock=lambda: at(hours=1)):
        pass
    texts = list(DemoMessage.objects.order_by("pk").values_list("address", "text"))[before:]
    mine = [text for address, text in texts if address == "13900002222"]
    assert len(mine) == 1 and case.number in mine[0]
    assert "补贴" not in mine[0] and "经信" not in mine[0] and "王先生" not in mine[0]


def test_clocks_remind_once_the_side_whose_they_are(world: World) -> None:
    case = world.pooled()
    world.do("clerk", case, "assign", form={"lead": world.economy.pk})
    tick(at=at(days=1))
    tick(at=at(days=1, hours=1))
    near = world.inbox("unit", kind="reminder")
    assert near.count(f"签收即将到期：设备补贴没有拨付（{case.number}）") == 1
    assert world.inbox("clerk", kind="reminder") == []
    tick(at=at(days=4))
    tick(at=at(days=5))
    assert world.inbox("unit", kind="reminder").count(f"签收已超期：设备补贴没有拨付（{case.number}）") == 1
    assert world.inbox("clerk", kind="reminder").count(f"签收已超期：设备补贴没有拨付（{case.number}）") == 1
    assert CaseClock.objects.get(case=case, name="accept").overdue_at is not None
    assert Notice.objects.filter(recipient_id=world["boss"].id, kind="reminder").count() == 0


def test_an_exempted_bad_rating_is_told_to_nobody_of_the_unit(world: World) -> None:
    from qifu.engines.casework import ratings as engine

    case = world.closed()

    @action(
        "tests.enterprise_problems.rate_badly", title="测试：评价", permission="enterprise_problems.run_jobs"
    )
    def rate(*, by: Actor, at: Any) -> None:
        engine.rate(
            fresh(case), source="enterprise", solved=False, stars=1, text=MARK, channel="portal", by_id=1
        )

    before = {name: world.inbox(name) for name in ("unit", "unit2", "clerk")}
    rate(by=SYSTEM, at=AT)
    assert any(case.number in title for title in world.inbox("callback", kind="to_do", open_only=True))
    tick(at=at(days=6))
    world.do(
        "callback", case, "exempt", form={"result": "solved", "explanation": "企业理解", "signer": "许处长"}
    )
    assert {name: world.inbox(name) for name in ("unit", "unit2", "clerk")} == before


def test_open_work_is_told_and_moves_to_a_colleague(world: World) -> None:
    case = world.handling()
    world.do("unit", case, "divide", form={"handler": world["unit2"].id})
    leaver, stays = world["unit2"].id, world["unit"].id
    assert leaver is not None and stays is not None
    assert [
        one.count for one in handover.open_work(leaver, world.economy.pk, AT) if "涉企问题" in one.title
    ] == [1]

    @action("tests.enterprise_problems.leave", title="测试：离任", permission="enterprise_problems.run_jobs")
    def leave(*, by: Actor, at: Any, successor: int) -> int:
        return handover.transfer(
            by=by, at=at, person_id=leaver, organisation_id=world.economy.pk, successor_id=successor
        )

    with pytest.raises(Refused, match="主办单位"):
        leave(by=SYSTEM, at=AT, successor=world["market"].id)
    assert leave(by=SYSTEM, at=AT, successor=stays) == 1
    row = fresh(case)
    assert row.handler_id == stays and row.version == row.events.count()


def test_children_hear_of_the_closing_of_their_main_and_of_nothing_else(world: World) -> None:
    from qifu.services.enterprise_problems.actions.merging import merge_problems

    main = world.pooled()
    boss2 = world.people["boss"]
    child = world.pooled(title="第二件")
    merge_problems(by=world["clerk"], at=AT, main=fresh(main), children=[fresh(child)], text="同一件事")
    start = Notice.objects.count()
    world.do("clerk", main, "assign", form={"lead": world.economy.pk})
    world.do("unit", main, "take")
    world.do("unit", main, "note", text=MARK)
    world.answer(main)
    about_child = Notice.objects.order_by("pk")[start:]
    titles = [one.title for one in about_child if child.number in one.title and one.recipient_id == boss2.pk]
    assert len(titles) == 1 and REPLY[:20] in titles[0]
    assert Case.objects.get(pk=child.pk).result == "solved"
