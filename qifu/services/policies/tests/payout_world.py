"""What tests of payouts share: a policy of a county, its people, enterprises with facts, a list led to any point."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from qifu.foundation.access import SYSTEM, Actor
from qifu.foundation.action import Record, action
from qifu.registers.conftest import MakePerson
from qifu.registers.enterprises.fact_actions import record_facts
from qifu.registers.enterprises.models import Enterprise, EnterpriseSource
from qifu.registers.mandates.models import Mandate
from qifu.registers.people.models import Person
from qifu.services.policies.actions import payments, payout, payout_accounts, payout_entries
from qifu.services.policies.models import (
    PaymentBatch,
    PaymentLine,
    PayoutEntry,
    PayoutRound,
    Policy,
    PolicyBudget,
)
from qifu.services.policies.payment_file import yuan_of
from qifu.services.policies.tests.policy_world import AT, DAY, JOBS, PLACE, TERMS, UNIT, published

AFTER_NOTICE = AT + timedelta(days=15)
BANK, NUMBER = "中国银行杭州萧山支行（模拟）", "6217 8500 1234 5678"


@action("policies.test_world", title="测试数据", permission="policies.load_demo")
def keep(*, rows: list[Record], by: Actor, at: datetime) -> None:
    """Save rows that registers would make."""
    for row in rows:
        row.save()


def firms(count: int, start: int = 0, insured: int = 10) -> list[Enterprise]:
    """Enterprises of the county with the facts of the JOBS policy; number i has `insured` + i insured persons."""
    source, _ = _source()
    made = [
        Enterprise(
            uscc=f"91330109SIM{start + i:07d}", name=f"萧山模拟{start + i}有限公司（模拟）", name_text=str(start + i),
            kind="limited_company", status="in_operation", division_code=PLACE, division_certainty="certain", insured=insured + i, source=source,
            updated_at=AT,
        )
        for i in range(count)
    ]  # fmt: skip
    keep(rows=list(made), by=SYSTEM, at=AT)
    for one in made:
        record_facts(
            enterprise=one, values={"employees": "20"}, as_of=date(2024, 1, 1), source="统计部门（模拟）", by=SYSTEM, at=AT
        )  # fmt: skip
    return made


def _source() -> tuple[EnterpriseSource, bool]:
    found = EnterpriseSource.objects.filter(name="模拟登记").first()
    if found is None:
        found = EnterpriseSource(name="模拟登记", added_at=AT, simulated=True)
        keep(rows=[found], by=SYSTEM, at=AT)
    return found, True


def mandate(person: Person, firm: Enterprise, kind: str = "legal_representative") -> Actor:
    """Let a person act for a firm."""
    row = Mandate(
        person=person, enterprise=firm, kind=kind, origin="demo", scope=["policies"] if kind == "handler" else [],
        starts_on=date(2024, 1, 1), ends_on=None if kind != "handler" else date(2025, 1, 1), given_at=AT,
    )  # fmt: skip
    keep(rows=[row], by=SYSTEM, at=AT)
    return person.as_actor()


@dataclass
class World:
    """The people and rows of a story."""

    policy: Policy
    unit: Actor
    second: Actor
    finance: Actor
    firms: list[Enterprise]
    round: PayoutRound = field(init=False)

    def listed(self, at: datetime = AT) -> PayoutRound:
        """A frozen list."""
        made = payout.start_round(policy=self.policy, judged_on=DAY, by=self.unit, at=at)
        payout.fill_round(payout=made, by=SYSTEM, at=at)
        self.round = PayoutRound.objects.get(pk=made.pk)
        return self.round

    def opened(self) -> PayoutRound:
        """A list whose notice is over."""
        self.listed()
        payout.give_notice(payout=self.round, by=self.unit, at=AT)
        assert payout.end_notice(payout=self.round, by=SYSTEM, at=AFTER_NOTICE)
        self.round.refresh_from_db()
        return self.round

    def entry(self, firm: Enterprise) -> PayoutEntry:
        """A firm's entry as it is now."""
        return PayoutEntry.objects.filter(enterprise=firm).latest("pk")

    def confirm(self, firm: Enterprise, by: Actor = SYSTEM, at: datetime = AFTER_NOTICE) -> None:
        """A firm registers its account and confirms."""
        give(firm, by, at)
        payout_entries.confirm(entry=self.entry(firm), by=by, at=at)

    def financed(self) -> None:
        """All confirmed entries led up to payment."""
        payout_entries.approve(payout=self.round, by=self.second, at=AFTER_NOTICE)
        payout_entries.check(payout=self.round, by=self.second, at=AFTER_NOTICE)
        payout_entries.finance(payout=self.round, by=self.finance, at=AFTER_NOTICE)

    def budget(self, fen: int, how: str = "first_come") -> PolicyBudget:
        """The money of 2024."""
        return payments.set_budget(
            policy=self.policy, year=2024, fen=fen, how=how, document="萧财（模拟）〔2024〕1号", by=self.finance, at=AT
        )  # fmt: skip

    def paid(self, budget: PolicyBudget) -> PaymentBatch:
        """A batch exported, and all its lines paid."""
        batch = payments.make_batch(budget=budget, by=self.finance, at=AFTER_NOTICE)
        payments.export_batch(batch=batch, by=self.finance, at=AFTER_NOTICE)
        self.read(receipt(list(batch.lines.all())))
        return batch

    def read(self, content: bytes) -> tuple[object, bool]:
        """Read results back."""
        return payments.read_back(
            place_code=PLACE, file=io.BytesIO(content), name="回单.csv", by=self.finance, at=AFTER_NOTICE
        )


def give(firm: Enterprise, by: Actor = SYSTEM, at: datetime = AFTER_NOTICE, number: str = NUMBER) -> None:
    """Register a firm's account."""
    payout_accounts.give_account(
        enterprise=firm, holder=firm.name, bank=BANK, number=number, consent=True, by=by, at=at
    )


def receipt(lines: list[PaymentLine], failed: tuple[str, ...] = (), day: str = "2024-07-05") -> bytes:
    """The results of lines as a table; those named failed."""
    rows = ["支付编号,金额（元）,支付结果,支付日期,凭证号,失败原因"]
    for one in lines:
        bad = one.code in failed
        tail = "支付失败,2024-07-05,,账号户名不符" if bad else f"已支付,{day},PZ{one.pk},"
        rows.append(f"{one.code},{yuan_of(one.fen)},{tail}")
    return "\n".join(rows).encode("utf-8-sig")


def world(make_person: MakePerson, count: int = 3, text: str = JOBS) -> World:
    """A published policy of the county with enterprises that are entitled."""
    unit = make_person("unit", "department_officer", PLACE, UNIT).as_actor()
    second = make_person("unit2", "department_officer", PLACE, UNIT).as_actor()
    finance = make_person("finance", "finance_officer", PLACE, "330109.finance").as_actor()
    return World(published(unit, text, TERMS), unit, second, finance, firms(count))
