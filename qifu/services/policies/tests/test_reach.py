"""Verdicts kept up to date by what changed equal those judged anew; who is told, how often, and what comes of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db.models import QuerySet
from django.urls import reverse

from benchmarks.policy_changes import World
from qifu.foundation import clock
from qifu.foundation.access import SYSTEM, NotFound
from qifu.foundation.action import Refused, action
from qifu.foundation.jobs import Job, run_one
from qifu.foundation.notices import Notice
from qifu.foundation.tests.at_once import at_once
from qifu.registers.conftest import MakePerson
from qifu.registers.enterprises.fact_actions import record_facts
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.mandates.tests.conftest import MakeFirm, firm, make_firm
from qifu.services.policies import judging, pushing
from qifu.services.policies.actions import judge, push
from qifu.services.policies.actions.judge import catch_up, sweep
from qifu.services.policies.actions.library import withdraw
from qifu.services.policies.library import policy_library
from qifu.services.policies.models import PolicyMatch, PolicyPush, SweepReport
from qifu.services.policies.push_rules import messages
from qifu.services.policies.queries import reach
from qifu.services.policies.tests.own_world import PLAIN, RESEARCH, TRAINING, browser, firm_of
from qifu.services.policies.tests.policy_world import AT, DAY, JOBS, PLACE, UNIT, published

__all__ = ["firm", "make_firm"]
YEAR_END = date(2023, 12, 31)


def kept() -> dict[tuple[str, str], tuple[str, int | None, str]]:
    """What is kept, by enterprise and policy."""
    rows = PolicyMatch.objects.select_related("policy", "enterprise")
    return {(row.enterprise.name[:2], row.policy.code): (row.verdict, row.amount_fen, row.short_on) for row in rows}  # fmt: skip


@pytest.mark.usefixtures("province")
@pytest.mark.parametrize("seed", ["one", "two"])
def test_incremental_equals_full_and_the_nightly_check_finds_nothing(seed: str) -> None:
    world = World(seed, enterprises=12, policies=4)
    for _ in range(45):
        changed = world.step()
        catch_up(at=world.at)
        assert world.kept() == world.full(), changed
    assert PolicyMatch.objects.exists()
    assert sweep(at=world.at).differences == 0

    row = PolicyMatch.objects.first()
    assert row is not None
    QuerySet(PolicyMatch).filter(pk=row.pk).update(verdict="unknown", amount_fen=1)
    QuerySet(PolicyMatch).exclude(pk=row.pk).filter(verdict="met").delete()
    missing = sum(found.verdict == "met" for found in world.full().values()) - (row.verdict == "met")
    world.at += timedelta(hours=1)
    report = sweep(at=world.at)
    assert report.differences == 1 + missing and len(report.pairs) == report.differences
    assert world.kept() == world.full() and sweep(at=world.at).differences == 0


def test_a_change_is_judged_alone_and_nothing_is_written_that_stays(make_person: MakePerson, make_firm: MakeFirm) -> None:  # fmt: skip
    unit = make_person("unit", "department_officer", PLACE, UNIT).as_actor()
    firms = [make_firm(number, f"{number:02}企业（模拟）") for number in range(1, 7)]
    QuerySet(Enterprise).update(division_certainty="certain", insured=20, updated_at=AT - timedelta(days=9))
    published(unit)
    assert Job.objects.filter(kind=judge.NOW).count() == 1
    while run_one(worker="test", clock=lambda: AT):
        pass
    assert kept() == {}  # nobody's employees are known, and nobody has an account

    def tell(which: Enterprise, value: str, at: timedelta) -> judge.Caught:
        record_facts(by=SYSTEM, at=AT + at, enterprise=which, values={"employees": value}, as_of=YEAR_END, source="人社（模拟）")  # fmt: skip
        return catch_up(at=AT + at)

    hour = timedelta(hours=1)
    done = tell(firms[0], "40人", hour)
    assert (done.judged, done.written) == (1, 1)
    assert kept() == {("01", "xs-jobs"): ("met", 10_000_00, "")}
    assert (again := catch_up(at=AT + hour + timedelta(minutes=1))).written == 0 and again.judged == 1
    since = PolicyMatch.objects.get().judged_at
    assert tell(firms[0], "50人", 2 * hour).written == 0 and PolicyMatch.objects.get().judged_at == since
    tell(firms[1], "400人", 3 * hour)
    assert kept()["02", "xs-jobs"][0] == "short"
    leaf = policy_library(DAY).live["xs-jobs"].bound.require.children[1]  # type: ignore[union-attr]
    assert kept()["02", "xs-jobs"][2] == leaf.id  # type: ignore[union-attr]

    QuerySet(Enterprise).filter(pk=firms[0].pk).update(division_code="330106", updated_at=AT + 4 * hour)
    assert catch_up(at=AT + 4 * hour).written == 1 and set(kept()) == {("02", "xs-jobs")}
    policy = PolicyMatch.objects.get().policy
    withdraw(policy=policy, reason="试行结束", by=unit, at=AT + 5 * hour)
    catch_up(at=AT + 5 * hour)
    assert kept() == {}


def test_days_alone_change_verdicts(make_person: MakePerson, firm: Enterprise) -> None:
    unit = make_person("unit", "department_officer", PLACE, UNIT).as_actor()
    QuerySet(Enterprise).update(division_certainty="certain", established_on=date(2022, 6, 22), insured=20)
    published(
        unit,
        JOBS.replace("从业人数 <= 300人", "成立时间 满 2年").replace(
            "从业人数: 20人", "成立时间: 2020-01-01"
        ),
    )
    catch_up(at=AT)
    assert [one[0] for one in kept().values()] == ["short"]
    catch_up(at=AT + timedelta(days=1))
    assert [one[0] for one in kept().values()] == ["short"]
    catch_up(at=AT + timedelta(days=2))
    assert [one[0] for one in kept().values()] == ["met"]
    catch_up(at=AT + timedelta(days=300))  # the policy has ended
    assert kept() == {}


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_two_workers_that_judge_the_same_enterprise_leave_one_row(make_person: MakePerson, firm: Enterprise) -> None:  # fmt: skip
    unit = make_person("unit", "department_officer", PLACE, UNIT).as_actor()
    QuerySet(Enterprise).update(division_certainty="certain", insured=20)
    record_facts(by=SYSTEM, at=AT, enterprise=firm, values={"employees": "40人"}, as_of=YEAR_END, source="人社（模拟）")  # fmt: skip
    published(unit)
    at = AT + timedelta(hours=1)
    done = at_once(*[lambda: catch_up(at=at)] * 3)
    assert not [one for one in done if isinstance(one, Exception)]
    assert PolicyMatch.objects.get().verdict == "met" and sweep(at=at).differences == 0


# ---- messages ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(clock, "now", lambda: AT)
    settings.AS_OF = DAY


@action("tests.note_money", title="测试：确认与到账", permission="policies.push")
def note_money(*, policy_id: int, enterprise_id: int, by: object, at: object) -> None:
    """Stands for the acts of the payout."""
    push.note_confirmed(policy_id, [enterprise_id])
    push.note_paid(policy_id, [enterprise_id])


@pytest.mark.usefixtures("at")
def test_a_firm_is_told_why_opens_confirms_and_is_not_told_again(make_person: MakePerson, make_firm: MakeFirm) -> None:  # fmt: skip
    firm, silent = make_firm(1), make_firm(2)
    unit = make_person("unit", "department_officer", PLACE, UNIT)
    legal = firm_of(make_person, firm, revenue="2000万元", employees="310人", rd_expense="80万元")
    QuerySet(Enterprise).filter(pk=silent.pk).update(division_certainty="certain")
    for text in (RESEARCH, TRAINING):
        published(unit.as_actor(), text, PLAIN)
    while run_one(worker="test", clock=lambda: AT):
        pass
    # the training is one short, and only cutting staff would help: nobody is told of that
    told = PolicyPush.objects.get()
    assert (told.policy.code, told.kind, told.enterprise) == ("xs-research", "new", firm)
    assert told.why == "按营业收入、研发费用判断，各项条件都符合"
    notice = Notice.objects.get(recipient_id=legal.pk, title__startswith="新政策：萧山区研发投入奖励")
    assert notice.external == "有 1 项惠企政策与您的企业有关，请登录企服查看。"
    assert "万元" not in notice.title and notice.link == reverse("own_policy", args=[firm.pk, "xs-research"])
    assert pushing.push_due({firm.pk}, at=AT) == 0

    stranger = make_person("stranger")
    push.note_opened(enterprise=firm.pk, code="xs-research", by=stranger.as_actor(), at=AT)
    told.refresh_from_db()
    assert told.opened_at is None
    reader, page = browser(legal), reverse("own_policy", args=[firm.pk, "xs-research"])
    assert (
        reader.head(page).status_code
        == reader.get(page, headers={"sec-purpose": "prefetch"}).status_code
        == 200
    )
    assert reader.get(page, headers={"sec-fetch-dest": "empty"}).status_code == 200
    told.refresh_from_db()
    assert told.opened_at is None, "fetched ahead, by a scanner or a browser: nobody has opened it"
    reader.get(page, headers={"sec-fetch-dest": "document"})
    note_money(policy_id=told.policy_id, enterprise_id=firm.pk, by=SYSTEM, at=AT)
    told.refresh_from_db()
    assert told.opened_at and told.confirmed_at and told.paid_at
    assert pushing.push_due((), at=AT + timedelta(days=5)) == 0  # paid: no reminder before the window closes

    officer = browser(unit)
    shown = officer.get(reverse("policy_reach")).content.decode()
    assert "萧山区研发投入奖励" in shown and "少于 5" in shown
    rows = officer.get(
        reverse("policy_reach_policy", args=["xs-training"]) + "?verdict=short"
    ).content.decode()
    assert "从业人数 &lt;= 300人" in rows and firm.name in rows and silent.name not in rows
    elsewhere = make_person("elsewhere", "reform_officer", "330106")
    assert firm.name not in browser(elsewhere).get(reverse("policy_reach_policy", args=["xs-research"])).content.decode()  # fmt: skip
    assert browser(legal).get(reverse("policy_reach")).status_code == 404


@pytest.mark.usefixtures("at")
def test_a_firm_is_reminded_once_unless_it_says_that_it_does_not_matter(make_person: MakePerson, firm: Enterprise, settings: Any) -> None:  # fmt: skip
    unit = make_person("unit", "department_officer", PLACE, UNIT).as_actor()
    legal = firm_of(make_person, firm, revenue="2000万元", employees="100人", rd_expense="80万元")
    for text in (RESEARCH, TRAINING):
        published(unit, text, PLAIN)
    catch_up(at=AT)
    assert pushing.push_due((), at=AT) == 2
    near = AT + timedelta(days=5)  # the windows end on 2024-06-30
    client, page = browser(legal), reverse("own_policy_messages", args=[firm.pk])
    dismiss = reverse("own_policy_dismiss", args=[firm.pk, "xs-training"])
    assert browser(make_person("stranger")).post(dismiss, {"reason": "not_worth"}).status_code == 404
    client.post(dismiss, {"reason": ""})
    assert not PolicyPush.objects.filter(dismissed_at__isnull=False).exists()
    client.post(dismiss, {"reason": "not_worth"})
    assert "金额小或太麻烦" in client.get(page).content.decode()
    settings.AS_OF = None  # days pass
    assert pushing.push_due((), at=near) == 1
    assert list(PolicyPush.objects.filter(kind="expiring").values_list("policy__code", flat=True)) == ["xs-research"]  # fmt: skip
    assert pushing.push_due((), at=near + timedelta(days=1)) == 0
    assert reach.reach(SYSTEM, AT, DAY).total.dismissed == 1

    with pytest.raises(Refused, match="1 至 20"):
        push.set_messages(enterprise=firm, per_week=0, paused=False, by=legal.as_actor(), at=AT)
    with pytest.raises(NotFound):
        push.set_messages(enterprise=firm, per_week=1, paused=True, by=unit, at=AT)
    assert client.post(page, {"per_week": "21"}).status_code == 422
    assert client.post(page, {"per_week": "1", "paused": "on"}).status_code == 302
    assert push.push(enterprise=firm, by=SYSTEM, at=near) == 0


def test_what_is_over_the_cap_goes_in_one_message_and_the_full_week_waits(make_person: MakePerson, firm: Enterprise) -> None:  # fmt: skip
    assert messages("abc", sent=0, per_week=3) == [["a"], ["b"], ["c"]]
    assert messages("abcd", sent=0, per_week=3) == [["a", "b", "c", "d"]] and messages("a", sent=3, per_week=3) == []  # fmt: skip
    unit = make_person("unit", "department_officer", PLACE, UNIT).as_actor()
    legal = firm_of(make_person, firm, revenue="2000万元", employees="100人", rd_expense="80万元")
    push.set_messages(enterprise=firm, per_week=1, paused=False, by=legal.as_actor(), at=AT)
    published(unit, RESEARCH, PLAIN)
    published(unit, TRAINING, PLAIN)
    catch_up(at=AT)
    assert pushing.push_due((), at=AT) == 1
    assert (
        set(PolicyPush.objects.values_list("message", flat=True)) == {1} and PolicyPush.objects.count() == 2
    )
    assert Notice.objects.filter(title="2 项政策与贵企业有关：可享 2 项，差一项 0 项").count() == 1

    QuerySet(Enterprise).update(insured=20, updated_at=AT + timedelta(hours=1))
    published(unit, JOBS, at=AT + timedelta(hours=1))
    done = catch_up(at=AT + timedelta(hours=1))
    assert pushing.push_due(done.touched, at=AT + timedelta(hours=1)) == 0  # this week is full
    monday = AT + timedelta(days=4)
    assert pushing.push_due((), at=monday) == 1  # the jobs, and both windows that close, in one message
    kinds = PolicyPush.objects.filter(message=2).values_list("kind", flat=True)
    assert sorted(kinds) == ["expiring", "expiring", "new"]


@pytest.mark.usefixtures("at")
def test_the_check_is_a_page_for_officers_and_a_difference_stands_out(make_person: MakePerson) -> None:
    county = browser(make_person("county", "reform_officer", PLACE))
    sweep(at=AT)
    assert SweepReport.objects.get().differences == 0
    pairs = [{"enterprise": 1, "policy": "xs-jobs", "kept": None, "found": ["met", 5000_00, "", 3]}]
    judge.record_sweep(
        day=DAY, enterprises=1, policies=1, differences=1, pairs=pairs, finished_at=AT, by=SYSTEM, at=AT
    )  # fmt: skip
    shown = county.get(reverse("policy_sweeps")).content.decode()
    assert "无差异" in shown and "1 处差异" in shown and "保存的是 没有，重新判断是 可享，5,000 元" in shown
    assert browser(make_person("legal")).get(reverse("policy_sweeps")).status_code == 404
    assert judging.FACTS.startswith("@")
