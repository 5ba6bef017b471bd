"""Every rule of the verification is broken in the tables themselves, and found; what is right is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from qifu.engines.casework import asks, escalate, merge, parts, ratings, verify
from qifu.engines.casework.models import Case
from qifu.engines.casework.tests import trial
from qifu.engines.casework.tests.conftest import AT
from qifu.engines.casework.tests.trial import (
    CALLBACK,
    HUB,
    UNIT_A,
    UNIT_A2,
    World,
    do,
    open_case,
    reporter,
    walk,
)
from qifu.foundation import guards, jobs
from qifu.foundation.access import SYSTEM
from qifu.foundation.jobs import Job

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
CLASSES = {"board": "one", "topic": "one", "scope": "individual", "difficulty": "general"}
ANSWER = {"result": "solved", "reply": "已经办好（模拟）"}


@dataclass
class Laid:
    """Cases in every situation that the verification looks at."""

    world: World
    handled: Case
    paused: Case
    raised: Case
    main: Case
    child: Case
    closed: Case
    badly: Case
    exempt: Case
    returned: Case


def handling(world: World, number: int) -> Case:
    """Return a case that a unit has taken up."""
    case = open_case(number, at=AT, lead=world.hub)
    steps = [("accept", HUB, CLASSES), ("assign", HUB, {"lead": world.unit_a}), ("take", UNIT_A, {})]
    return walk(case, steps, at=AT)


CLOSING = [
    ("draft", UNIT_A, ANSWER),
    ("pass", UNIT_A2, {}),
    ("sign", UNIT_A2, {"signer": "甲"}),
    ("close", HUB, {"result": "solved"}),
]


def rated_badly(world: World, number: int) -> Case:
    """Return a closed case with one bad rating, waiting for its call-back."""
    case = walk(handling(world, number), CLOSING, at=AT)  # type: ignore[arg-type]
    do(
        lambda: ratings.rate(case, source="enterprise", solved=False, stars=1, channel="portal"),
        by=reporter(number),
        at=AT,
    )
    return Case.objects.get(pk=case.pk)


@pytest.fixture
def laid(world: World) -> Iterator[Laid]:
    """Cases made by the verbs alone; the guards of the tables are lifted afterwards."""
    handled, paused, raised = (handling(world, number) for number in (1, 2, 3))
    asked = do(lambda: asks.ask_extension(handled, clock="handle", amount=5, text="复杂"), by=UNIT_A, at=AT)
    do(lambda: asks.decide(asked, approve=True), by=HUB, at=AT)
    do(
        lambda: asks.ask_pause(handled, clock="handle", reason="awaiting_enterprise", text="等材料"),
        by=UNIT_A,
        at=AT,
    )
    do(
        lambda: parts.ask_part(handled, organisation_id=world.unit_b, kind="co_handler", request="请核实"),
        by=HUB,
        at=AT,
    )
    wait = do(
        lambda: asks.ask_pause(paused, clock="handle", reason="awaiting_enterprise", text="等材料", until_on=date(2024, 6, 10)),
        by=UNIT_A, at=AT,
    )  # fmt: skip
    do(lambda: asks.consent(wait, given=True), by=reporter(2), at=AT)
    do(lambda: asks.decide(wait, approve=True), by=HUB, at=AT)
    do(
        lambda: escalate.escalate(raised, to_place=trial.CITY, to_organisation_id=world.upper, reason="难"),
        by=HUB,
        at=AT,
    )
    main, child = open_case(4, at=AT, lead=world.hub), open_case(5, at=AT, lead=world.hub)
    do(lambda: merge.merge(main, [child]), by=HUB, at=AT)
    closed = walk(handling(world, 6), CLOSING, at=AT)  # type: ignore[arg-type]
    badly, exempt = rated_badly(world, 7), rated_badly(world, 8)
    exempt = walk(
        exempt, [("exempt", CALLBACK, {"result": "solved", "explanation": "已解决", "signer": "乙"})], at=AT
    )
    returned = walk(handling(world, 9), [("return", UNIT_A, {"explanation": "不是本单位职责"})], at=AT)
    found = Laid(world, handled, paused, raised, main, child, closed, badly, exempt, returned)
    assert list(verify.verify(at=AT)) == []
    guards.lift()
    yield found
    guards.install()


def sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def found_of(case: Case, at: datetime = AT) -> list[str]:
    faults = list(verify.verify(at=at))
    assert {one.case_id for one in faults} == {case.pk}, [str(one) for one in faults]
    assert all(str(one).startswith(case.number) for one in faults)
    return [one.text for one in faults]


Breakage = Callable[[Laid], Case]


def breaks(which: str, statement: str) -> Breakage:
    """Return what runs a statement whose one parameter is the key of that case."""

    def run(laid: Laid) -> Case:
        case: Case = getattr(laid, which)
        sql(statement, case.pk)
        return case

    return run


CLOCK = "casework_caseclock"
BREAKAGES: list[tuple[str, Breakage]] = [
    ("实有", breaks("handled", "UPDATE casework_case SET version = version + 1 WHERE id = %s")),
    ("实有", breaks("closed", "DELETE FROM casework_caseevent WHERE case_id = %s AND seq = 3")),
    ("次序有缺", breaks("handled", "UPDATE casework_caseevent SET seq = seq + 100 WHERE case_id = %s AND seq = 1")),
    ("不在办理规则中", breaks("handled", "UPDATE casework_case SET state = 'nowhere' WHERE id = %s")),
    ("与办结时间不一致", breaks("handled", "UPDATE casework_case SET state = 'closed' WHERE id = %s")),
    ("结果“odd”不在", breaks("closed", "UPDATE casework_case SET result = 'odd' WHERE id = %s")),
    ("最后一条记录", breaks("handled", "UPDATE casework_caseevent SET state = 'pooled' WHERE case_id = %s")),
    ("在计时", breaks("closed", f"UPDATE {CLOCK} SET stopped_at = NULL WHERE case_id = %s AND name = 'review'")),
    ("没有任何时限", breaks("raised", f"UPDATE {CLOCK} SET stopped_at = started_at WHERE case_id = %s")),
    ("最近期限", breaks("handled", "UPDATE casework_case SET due_at = NULL WHERE id = %s")),
    ("按规则应为", breaks("handled", f"UPDATE {CLOCK} SET amount = amount + 3 WHERE case_id = %s AND name = 'handle'")),
    ("按规则应为", breaks("handled", f"UPDATE {CLOCK} SET provisional = TRUE WHERE case_id = %s AND name = 'handle'")),
    ("按规则应为", breaks("paused", "UPDATE casework_clockpause SET to_at = from_at WHERE clock_id IN (SELECT id FROM casework_caseclock WHERE case_id = %s)")),
    ("时限“nothing”不在", breaks("handled", f"UPDATE {CLOCK} SET name = 'nothing' WHERE case_id = %s AND name = 'contact'")),
    ("与批准的延期不一致", breaks("handled", f"UPDATE {CLOCK} SET extensions = 2 WHERE case_id = %s AND name = 'handle'")),
    ("与批准的延期不一致", breaks("handled", "UPDATE casework_caseask SET decision = 'refused' WHERE case_id = %s AND decision = 'approved'")),
    ("超过办理规则", breaks("returned", "UPDATE casework_case SET returns = 5 WHERE id = %s")),
    ("等待裁定", breaks("returned", f"UPDATE {CLOCK} SET stopped_at = started_at WHERE case_id = %s AND name = 'ruling'")),
    ("没有随之办结", breaks("child", "UPDATE casework_case SET closed_at = opened_at, due_at = NULL, result = 'solved', state = 'closed' WHERE id = (SELECT merged_into_id FROM casework_case WHERE id = %s)")),
    ("又单独办理", breaks("child", "UPDATE casework_caseevent SET kind = 'accept', seq = 3 WHERE case_id = %s AND seq = 1")),
    ("没有并案的记录", breaks("child", "UPDATE casework_caseevent SET kind = 'note' WHERE case_id = %s AND kind = 'merged'")),
    ("不是办结", breaks("badly", "UPDATE casework_rating SET closed_seq = 2 WHERE case_id = %s")),
    ("没有转入回访", breaks("badly", "UPDATE casework_caseevent SET kind = 'note' WHERE case_id = %s AND kind = 'rate_badly'")),
    ("既没有重办", breaks("badly", f"UPDATE {CLOCK} SET name = 'rework' WHERE case_id = %s AND name = 'callback'")),
    ("既没有重办", breaks("exempt", "UPDATE casework_caseevent SET kind = 'note' WHERE case_id = %s AND kind = 'exempt'")),
    ("仍有待审批", breaks("handled", f"UPDATE {CLOCK} SET stopped_at = started_at WHERE case_id = %s AND name = 'handle'")),
    ("上报的答复", breaks("raised", f"UPDATE {CLOCK} SET stopped_at = started_at WHERE case_id = %s AND name = 'escalated'")),
    ("上报的答复", breaks("raised", "UPDATE casework_escalation SET decision = 'advised', answered_at = at WHERE case_id = %s")),
    ("时限仍在计时", breaks("handled", "UPDATE casework_casepart SET answered_at = asked_at WHERE case_id = %s")),
    ("仍有未答复的协办", breaks("closed", "UPDATE casework_casepart SET case_id = %s")),
    ("层次“odd”", breaks("handled", "UPDATE casework_case SET step = 'odd' WHERE id = %s")),
]  # fmt: skip


def test_what_is_broken_in_the_tables_is_found(laid: Laid) -> None:
    for said, broken in BREAKAGES:
        with transaction.atomic():
            case = broken(laid)
            texts = [one.text for one in verify.verify(at=AT) if one.case_id == case.pk]
            transaction.set_rollback(True)
        assert any(said in text for text in texts), (said, texts)
    assert list(verify.verify(at=AT)) == []


def test_a_pause_that_nobody_ended_is_found_and_the_timer_ends_it(laid: Laid) -> None:
    last = datetime(2024, 6, 10, 1, 0, tzinfo=UTC)
    assert found_of(laid.paused, last + timedelta(days=3)) == ["暂停应于 2024-06-10 恢复，至今没有恢复"]
    assert asks.end_due_pauses(at=last - timedelta(days=1)) == 0
    assert asks.end_due_pauses(at=last) == 1
    assert asks.end_due_pauses(at=last) == 0
    assert list(verify.verify(at=last + timedelta(days=3))) == []
    assert Case.objects.get(pk=laid.paused.pk).events.latest("seq").title == "恢复计时"


def test_a_lead_that_is_complained_of_and_a_second_open_pause_are_found(laid: Laid) -> None:
    """The database refuses both; the verification finds them where its constraints were lost."""
    if connection.vendor == "postgresql":
        sql("SET CONSTRAINTS ALL IMMEDIATE")
        sql("ALTER TABLE casework_case DROP CONSTRAINT case_not_led_by_its_subject")
        sql("UPDATE casework_case SET complained_id = lead_id WHERE id = %s", laid.handled.pk)
        assert found_of(laid.handled) == ["主办单位就是被反映的单位，或者没有主办单位"]
        sql("UPDATE casework_case SET complained_id = NULL WHERE id = %s", laid.handled.pk)
    sql("DROP INDEX one_open_pause")
    columns = "clock_id, from_at, to_at, reason, text, approved_by, approved_by_name, evidence_id, consent_id, until_on"
    sql(f"INSERT INTO casework_clockpause ({columns}) SELECT {columns} FROM casework_clockpause")
    assert found_of(laid.paused) == ["时限“办理”同时有多个未结束的暂停"]


def test_a_batch_of_any_size_finds_the_same(laid: Laid) -> None:
    sql("UPDATE casework_case SET version = version + 1 WHERE id > %s", laid.main.pk)
    whole = list(verify.verify(at=AT))
    assert len(whole) == Case.objects.filter(pk__gt=laid.main.pk).count()
    for size in (1, 2, 3, 7):
        assert list(verify.verify(at=AT, batch=size)) == whole


def test_the_nightly_job_fails_with_what_it_found_and_plans_the_next_night(laid: Laid) -> None:
    verify.plan_verification(by=SYSTEM, at=AT)
    verify.plan_verification(by=SYSTEM, at=AT)
    (job,) = Job.objects.filter(kind=verify.VERIFY)
    assert job.run_at == datetime(2024, 6, 3, 18, 30, tzinfo=UTC)
    assert jobs.run_one(worker="test", clock=lambda: job.run_at)
    job.refresh_from_db()
    assert job.state == Job.State.DONE
    sql("UPDATE casework_case SET version = version + 1 WHERE id = %s", laid.handled.pk)
    later = job.run_at + timedelta(days=1)
    assert jobs.run_one(worker="test", clock=lambda: later)
    failed = Job.objects.get(kind=verify.VERIFY, state=Job.State.FAILED)
    assert f"{laid.handled.number}：事件数记为" in failed.error
    assert Job.objects.filter(kind=verify.VERIFY, state=Job.State.WAITING).count() == 1
