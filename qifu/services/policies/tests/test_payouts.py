"""The life of a payout: list, notice, objection, confirmation, examinations, batch, receipt, reconciliation, clawback."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from qifu.foundation.access import ANONYMOUS, SYSTEM, NotFound
from qifu.foundation.action import Refused
from qifu.foundation.notices import Notice
from qifu.registers.conftest import MakePerson
from qifu.registers.enterprises.fact_actions import declare_facts, record_facts
from qifu.services.policies.actions import clawbacks, payments, payout, payout_accounts, payout_entries
from qifu.services.policies.allocation import first_come, pro_rata
from qifu.services.policies.models import (
    Clawback,
    PayAccount,
    PaymentLine,
    PayoutEntry,
    PayoutRound,
    PayoutStep,
    PolicyBudget,
)
from qifu.services.policies.paid import paid_fen, promised_fen, received_by
from qifu.services.policies.tests.payout_world import (
    AFTER_NOTICE,
    NUMBER,
    World,
    firms,
    give,
    keep,
    mandate,
    receipt,
    world,
)
from qifu.services.policies.tests.policy_world import AT, JOBS, PLACE
from qifu.services.policies.verify_payouts import faults

CLAIMS = st.lists(st.integers(1, 10**12), max_size=40)


@given(CLAIMS, st.integers(0, 10**13))
def test_shares_are_exact_and_no_one_overtakes(claims: list[int], left: int) -> None:
    shares = pro_rata(claims, left)
    assert sum(shares) == min(left, sum(claims))
    assert all(0 <= share <= claim for share, claim in zip(shares, claims, strict=True))
    if sum(claims) > left:
        assert all(abs(s * sum(claims) - c * left) < sum(claims) for s, c in zip(shares, claims, strict=True))
    come = first_come(claims, left)
    served = sum(1 for one in come if one)
    assert come == claims[:served] + [0] * (len(claims) - served) and sum(come) <= left
    assert served == len(claims) or sum(come) + claims[served] > left


def test_from_list_to_money_with_an_objection_and_a_clawback(make_person: MakePerson) -> None:
    here = world(make_person)
    first, second, third = here.firms
    boss = mandate(make_person("boss"), first)
    # listed: those the facts of the register and of offices speak for, with the facts as they stood
    listed = here.listed()
    assert listed.left_out == {}, listed.judged_count
    assert (listed.state, listed.entry_count, listed.listed_fen) == ("listed", 3, (10 + 11 + 12) * 500_00)
    entry = here.entry(first)
    assert {one["label"]: one["value"] for one in entry.facts} == {
        "从业人数": "20 人", "参保人数": "10 人", "注册地": "杭州市萧山区（330109）",
    }  # fmt: skip
    record_facts(
        enterprise=first, values={"employees": "500"}, as_of=date(2024, 1, 1), source="统计部门（模拟）", by=SYSTEM, at=AT
    )  # fmt: skip
    entry.refresh_from_db()
    assert entry.listed_fen == 10 * 500_00 and len(listed.digest) == 64
    # public: anybody may object, an upheld objection strikes
    payout.give_notice(payout=listed, by=here.unit, at=AT)
    listed.refresh_from_db()
    assert (listed.notice_from, listed.notice_to) == (date(2024, 6, 20), date(2024, 6, 28))
    assert not payout.end_notice(payout=listed, by=SYSTEM, at=AT + timedelta(days=7))
    made = [
        payout.object_to(payout=listed, entry=here.entry(one), words="这家企业已经停产，不应享受", contact="13900000000", by=ANONYMOUS, at=AT)
        for one in (second, third)
    ]  # fmt: skip
    with pytest.raises(Refused, match="理由"):
        payout.rule_objection(objection=made[0], upheld=True, reason=" ", by=here.unit, at=AT)
    payout.rule_objection(objection=made[0], upheld=True, reason="经核实已停产三个月", by=here.unit, at=AT)
    assert payout.end_notice(payout=listed, by=SYSTEM, at=AFTER_NOTICE)
    assert [here.entry(one).state for one in here.firms] == ["waiting", "struck", "listed"]
    payout.rule_objection(
        objection=made[1], upheld=False, reason="经核实正常生产", by=here.unit, at=AFTER_NOTICE
    )
    assert here.entry(third).state == "waiting"
    with pytest.raises(Refused, match="公示已经结束"):
        payout.object_to(payout=listed, entry=entry, words="现在才看到这个公示", contact="", by=ANONYMOUS, at=AFTER_NOTICE)  # fmt: skip
    # confirmed: account and consent once; only its own people
    with pytest.raises(NotFound):
        payout_entries.confirm(entry=here.entry(third), by=boss, at=AFTER_NOTICE)
    with pytest.raises(Refused, match="收款账户"):
        payout_entries.confirm(entry=entry, by=boss, at=AFTER_NOTICE)
    here.confirm(first, boss)
    with pytest.raises(Refused, match="已经确认过"):
        payout_entries.confirm(entry=entry, by=boss, at=AFTER_NOTICE)
    here.confirm(third)
    assert promised_fen([here.policy.pk]) == {here.policy.pk: (2, 22 * 500_00)}
    # examined, duties apart
    here.round = listed
    with pytest.raises(Refused, match="生成名单的人"):
        payout_entries.approve(payout=listed, by=here.unit, at=AFTER_NOTICE)
    with pytest.raises(NotFound):
        payout_entries.finance(payout=listed, by=here.second, at=AFTER_NOTICE)
    budget = here.budget(100_000_00)
    here.financed()
    batch = payments.make_batch(budget=budget, by=here.finance, at=AFTER_NOTICE)
    content = payments.export_batch(batch=batch, by=here.finance, at=AFTER_NOTICE)
    assert content == payments.export_batch(batch=batch, by=here.finance, at=AFTER_NOTICE)
    assert "6217850012345678" in content.decode() and content.decode().count("5000.00") == 1
    # read back: wrong lines are refused one by one, the rest counts, again changes nothing
    lines = list(batch.lines.order_by("code"))
    good = receipt(lines[:1]).decode("utf-8-sig")
    bad = (
        f"{good}\nZF9-9-000009,1.00,已支付,2024-07-05,PZ9,\n{lines[1].code},1.00,已支付,2024-07-05,PZ8,"
        f"\n{lines[1].code},6000.00,不知道,2024-07-05,PZ7,"
    )
    result, new = here.read(bad.encode())
    assert new and (result.paid, len(result.refused)) == (1, 3)  # type: ignore[attr-defined]
    assert [one["line"] for one in result.refused] == [3, 4, 5]  # type: ignore[attr-defined]
    assert here.read(bad.encode()) == (result, False)
    found = payments.reconcile(
        batch=batch, stated_count=2, stated_fen=batch.fen, by=here.finance, at=AFTER_NOTICE
    )
    assert len(found) == 3 and "还有 1 笔" in found[0]
    here.read(receipt(lines[1:], failed=(lines[1].code,)))
    assert [here.entry(one).state for one in (first, third)] == ["paid", "failed"]
    # a failed payment goes again with the account mended, without another budget
    payout_entries.confirm(entry=here.entry(third), by=SYSTEM, at=AFTER_NOTICE)
    assert (
        payments.reconcile(
            batch=batch, stated_count=1, stated_fen=lines[0].fen, by=here.finance, at=AFTER_NOTICE
        )
        == []
    )
    here.paid(budget)
    budget.refresh_from_db()
    assert budget.committed_fen == 22 * 500_00 and paid_fen([here.policy.pk]) == {here.policy.pk: 22 * 500_00}
    assert [one.fen for one in received_by(first.pk, date(2024, 7, 5))] == [10 * 500_00]
    assert Notice.objects.filter(recipient_id=boss.id, title__contains="已经到账").count() == 1
    _claw_back(here, boss)
    assert faults() == []
    told = list(PayoutStep.objects.filter(entry=entry).values_list("title", flat=True))
    assert told[:4] == ["请企业确认", "企业确认", "主管部门审核通过", "信用与重复享受核查通过"]


def _claw_back(here: World, boss: Any) -> None:
    """Half of what the first firm got is asked back, stated on, decided by another, and comes back in two parts."""
    entry = here.entry(here.firms[0])
    at = AFTER_NOTICE + timedelta(days=1)
    with pytest.raises(Refused, match="金额不对"):
        clawbacks.tell(entry=entry, fen=entry.paid_fen + 1, reason="参保人数更正为五人", by=here.unit, at=at)
    told = clawbacks.tell(
        entry=entry, fen=entry.paid_fen // 2, reason="参保人数更正为五人", by=here.unit, at=at
    )
    with pytest.raises(Refused, match="陈述期"):
        clawbacks.decide(clawback=told, fen=told.fen, reason="属实", by=here.second, at=at)
    clawbacks.state_view(clawback=told, words="同意退回", by=boss, at=at)
    with pytest.raises(Refused, match="另一位"):
        clawbacks.decide(clawback=told, fen=told.fen, reason="属实", by=here.unit, at=at)
    clawbacks.decide(clawback=told, fen=told.fen, reason="属实", by=here.second, at=at)
    paid = {"entry": entry, "clawback": told, "received_on": date(2024, 7, 6), "by": here.finance, "at": at}
    clawbacks.record_repayment(**paid, fen=1, voucher="TH1")
    with pytest.raises(Refused, match="已经登记过"):
        clawbacks.record_repayment(**paid, fen=1, voucher="TH1")
    with pytest.raises(Refused, match="不对"):
        clawbacks.record_repayment(**paid, fen=told.fen, voucher="TH2")
    clawbacks.record_repayment(**paid, fen=told.fen - 1, voucher="TH2")
    row = Clawback.objects.get()
    assert (row.state, row.repaid_fen) == ("repaid", 10 * 500_00 // 2)
    assert paid_fen([here.policy.pk]) == {here.policy.pk: 22 * 500_00 - row.repaid_fen}
    budget = PolicyBudget.objects.get()
    assert budget.committed_fen == 22 * 500_00 - row.repaid_fen, (
        "came back within the year: may be granted again"
    )


def test_money_back_in_a_later_year_goes_to_the_treasury(make_person: MakePerson) -> None:
    here = world(make_person, 1)
    here.opened()
    here.confirm(here.firms[0])
    budget = here.budget(10_000_00)
    here.financed()
    here.paid(budget)
    entry = here.entry(here.firms[0])
    at = datetime(2025, 1, 6, 2, tzinfo=UTC)
    told = clawbacks.tell(entry=entry, fen=100_00, reason="参保人数更正为五人", by=here.unit, at=at)
    boss = mandate(make_person("boss"), here.firms[0])
    clawbacks.state_view(clawback=told, words="同意退回", by=boss, at=at)
    clawbacks.decide(clawback=told, fen=100_00, reason="属实", by=here.second, at=at)
    before = PolicyBudget.objects.get().committed_fen
    clawbacks.record_repayment(
        entry=entry,
        clawback=told,
        fen=100_00,
        voucher="TH9",
        received_on=date(2025, 1, 6),
        by=here.finance,
        at=at,
    )
    assert PolicyBudget.objects.get().committed_fen == before and faults() == []


def test_only_what_offices_say_is_paid_and_a_period_is_had_once(make_person: MakePerson) -> None:
    here = world(make_person, 2)
    boss = mandate(make_person("boss"), own := firms(1, start=8)[0])
    record_facts(
        enterprise=own, values={"employees": None}, as_of=date(2024, 1, 1), source="统计部门（模拟）", by=SYSTEM, at=AT
    )  # fmt: skip
    declare_facts(enterprise=own, values={"employees": "20"}, as_of=date(2024, 1, 1), by=boss, at=AT)
    listed = here.listed()
    assert (listed.entry_count, listed.judged_count, listed.left_out) == (2, 3, {"只有自报数据": 1})
    again = here.listed()
    assert (again.entry_count, again.left_out["本期已在名单上"]) == (0, 2)
    entry = here.entry(here.firms[0])
    twin = PayoutEntry(
        round=again, policy=here.policy, enterprise=here.firms[0], period="2024", listed_fen=1, facts=[]
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        keep(rows=[twin], by=SYSTEM, at=AT)
    entry.listed_fen += 1
    with pytest.raises(IntegrityError), transaction.atomic():
        keep(rows=[entry], by=SYSTEM, at=AT)
    payout.cancel_round(payout=listed, reason="重新生成", by=here.unit, at=AT)
    assert here.listed().entry_count == 2


def test_distrust_and_double_benefits_are_struck(make_person: MakePerson) -> None:
    other = JOBS.replace("xs-jobs", "xs-other").replace("稳岗奖励", "另一奖励")
    other = other.replace("  amount:", "  stacking:\n  - {with: xs-jobs, how: 不重复享受}\n  amount:")
    here = world(make_person, 2)
    here.opened()
    for firm in here.firms:
        here.confirm(firm)
    record_facts(
        enterprise=here.firms[0], values={"serious_dishonest": "是"}, as_of=date(2024, 6, 1), source="市场监管部门（模拟）", by=SYSTEM, at=AT,
    )  # fmt: skip
    budget = here.budget(100_000_00)
    here.financed()
    assert here.entry(here.firms[0]).state == "struck" and here.entry(here.firms[1]).state == "financed"
    assert "严重违法失信" in PayoutStep.objects.filter(entry=here.entry(here.firms[0])).latest("pk").reason
    here.paid(budget)
    from qifu.services.policies.tests.policy_world import published

    twice = World(published(here.unit, other), here.unit, here.second, here.finance, here.firms)
    twice.opened()
    payout_entries.confirm(entry=twice.entry(here.firms[1]), by=SYSTEM, at=AFTER_NOTICE)
    payout_entries.approve(payout=twice.round, by=here.second, at=AFTER_NOTICE)
    assert payout_entries.check(payout=twice.round, by=here.second, at=AFTER_NOTICE) == (0, 1)
    assert "不重复享受" in PayoutStep.objects.latest("pk").reason


@pytest.mark.parametrize("how", ["first_come", "pro_rata"])
def test_a_budget_that_does_not_suffice(make_person: MakePerson, how: str) -> None:
    here = world(make_person)
    here.opened()
    budget = here.budget(12_000_00, how)
    for seconds, firm in zip((2, 1, 1), here.firms, strict=True):
        here.confirm(firm, at=AFTER_NOTICE + timedelta(seconds=seconds))
    here.financed()
    batch = payments.make_batch(budget=budget, by=here.finance, at=AFTER_NOTICE)
    granted = [here.entry(one).granted_fen for one in here.firms]
    if how == "first_come":  # the second and third came first; the first does not fit whole
        assert granted == [None, 11 * 500_00, 12 * 500_00] and batch.fen == 23 * 500_00
        with pytest.raises(Refused, match="预算余额不够"):
            payments.make_batch(budget=budget, by=here.finance, at=AFTER_NOTICE)
        assert budget.batches.count() == 1
    else:
        assert sum(one or 0 for one in granted) == batch.fen == 12_000_00
        assert granted == [363_636, 400_000, 436_364]


def test_accounts_change_by_two_people_or_the_representative(make_person: MakePerson) -> None:
    own = world(make_person, 1).firms[0]
    boss = mandate(make_person("boss"), own)
    one, two = (mandate(make_person(name), own, "handler") for name in ("one", "two"))
    with pytest.raises(Refused) as refused:
        payout_accounts.give_account(enterprise=own, holder="别家公司", bank="", number="12", consent=False, by=one, at=AT)  # fmt: skip
    assert set(refused.value.fields) == {"holder", "bank", "number", "consent"}
    give(own, one)
    give(own, one, number="6217850012349999")
    proposed = PayAccount.objects.get(state="proposed")
    with pytest.raises(Refused, match="另一位"):
        payout_accounts.answer_account(account=proposed, agreed=True, by=one, at=AT)
    payout_accounts.answer_account(account=proposed, agreed=True, by=two, at=AT)
    give(own, boss, number=NUMBER)
    states = PayAccount.objects.order_by("pk").values_list("state", "tail")
    assert list(states) == [("past", "5678"), ("past", "9999"), ("current", "5678")]


def test_a_lapsed_confirmation_and_hostile_receipts(make_person: MakePerson) -> None:
    here = world(make_person, 1)
    opened = here.opened()
    mandate(make_person("boss"), here.firms[0])
    assert payout.remind_payouts(payout=opened, by=SYSTEM, at=AFTER_NOTICE) == 1
    assert payout.remind_payouts(payout=opened, by=SYSTEM, at=AFTER_NOTICE) == 0
    assert not payout.close_confirmation(payout=opened, by=SYSTEM, at=AFTER_NOTICE)
    assert payout.close_confirmation(payout=opened, by=SYSTEM, at=AFTER_NOTICE + timedelta(days=60))
    assert here.entry(here.firms[0]).state == "declined" and PayoutRound.objects.get().state == "open"
    for content in (
        b"",
        b"a,b\n1,2\n",
        "支付编号,金额（元）,支付结果,支付日期".encode(),
        b"%PDF-1.4",
        b"\0" * 50,
    ):
        with pytest.raises(Refused):
            payments.read_back(
                place_code=PLACE, file=io.BytesIO(content), name="x", by=here.finance, at=AFTER_NOTICE
            )
    assert not PaymentLine.objects.exists()
