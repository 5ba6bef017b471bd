"""A small world of enterprises and policies that changes at random: facts told, corrected and taken back, the register's rows,
policies published, revised and withdrawn, accounts given and ended, days and years passing. Everything is synthetic.
"""

from __future__ import annotations

import random
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from django.db.models import QuerySet
from django.utils import timezone

from qifu.engines.rules.judge import amount, truth
from qifu.engines.rules.tree import Truth
from qifu.foundation.access import SYSTEM
from qifu.registers.enterprises.fact_actions import record_facts
from qifu.registers.enterprises.fact_store import facts_as_of
from qifu.registers.enterprises.models import Enterprise, EnterpriseSource
from qifu.registers.enterprises.uscc import check_digit
from qifu.registers.mandates.models import Mandate
from qifu.registers.people.models import Person
from qifu.services.policies.actions import library
from qifu.services.policies.judging import Found, accounts, judged
from qifu.services.policies.library import policy_library
from qifu.services.policies.models import Policy, PolicyMatch

START = datetime(2024, 6, 20, 2, 0, tzinfo=UTC)
PLACES = ("330109", "330106", "330100")
FACTS = {
    "employees": ("5人", "20人", "150人", "310人", None), "revenue": ("100万元", "1000万元", "3000万元", None),
    "rd_expense": ("10万元", "50万元", "200万元", None), "assets": ("500万元", "9000万元", None),
}  # fmt: skip
CONDITIONS = (
    "从业人数 <= {n}人", "参保人数 >= {s}人", "营业收入 >= {m}万元", "研发费用占营业收入比 >= {p}%", "资产总额 <= {m}万元",
    "成立时间 满 {y}年", "成立时间 不满 {z}年",
)  # fmt: skip


def policy_text(code: str, chance: random.Random, day: date) -> str:
    """Return a policy of Xiaoshan with two or three random conditions, in force around the day, sometimes from a later day on."""
    some = chance.sample(CONDITIONS, chance.choice((2, 3)))
    numbers = {"n": chance.choice((20, 100, 300)), "s": chance.choice((3, 10)), "m": chance.choice((500, 2000)), "p": chance.choice((2, 5)), "y": chance.choice((1, 2, 3)), "z": chance.choice((4, 6))}  # fmt: skip
    first = day + timedelta(chance.choice((-200, -200, 30)))
    last = day + timedelta(chance.choice((60, 400, 900)))
    tags = "[免申即享]" if chance.random() < 0.5 else "[就业]"
    lines = "\n".join(f"    - {one.format(**numbers)}" for one in some)
    return (
        f"code: {code}\ntitle: 变化的政策 {code}（模拟）\nkind: policy\nissuers: [萧山区经信局]\ndocument: 模拟〔2024〕{code[-2:]}号\n"
        f"kinds: [资金]\ntags: {tags}\nconfidence: verified\nversions:\n- effective_from: {first}\n  effective_to: {last}\n"
        f"  source: 第一条\n  require:\n    all:\n    - 注册地 属于 萧山区\n{lines}\n"
        "  amount: {each: 500元, of: 参保人数, cap: 5万元}\nexamples:\n"
        f"- {{title: 都符合, as_of: {first}, facts: {{注册地: 330109, 从业人数: 20人, 参保人数: 10人, 营业收入: 2000万元, 研发费用: 200万元, "
        f"资产总额: 500万元, 成立时间: {first - timedelta(1200)}}}, expect: 符合, amount: 5000元}}\n"
        f"- {{title: 外地, as_of: {first}, facts: {{注册地: 330106}}, expect: 不符合}}\n"
    )


class World:
    """Enterprises with some facts, a few policies, and one change after another; `at` is the present moment."""

    def __init__(self, seed: str, enterprises: int, policies: int) -> None:
        self.chance, self.at = random.Random(seed), START
        source = EnterpriseSource(name="登记数据（模拟）", added_at=START, simulated=True)
        QuerySet(EnterpriseSource).bulk_create([source])
        rows = [self._enterprise(number, source) for number in range(enterprises)]
        QuerySet(Enterprise).bulk_create(rows)
        self.ids = [row.pk for row in rows]
        self.person = Person(username="reach", name="模拟", created_at=START)
        QuerySet(Person).bulk_create([self.person])
        for _ in range(3 * enterprises):
            self.tell()
        for number in range(policies):
            self.publish(f"c-{number:02}")
        self.policies = policies

    def _enterprise(self, number: int, source: EnterpriseSource) -> Enterprise:
        body = f"91330109MA9{number:06}"
        return Enterprise(
            uscc=body + check_digit(body), name=f"第{number}家企业有限公司（模拟）", name_text="", kind="limited_company",
            division_code=self.chance.choice(PLACES[:2]), division_certainty="certain", source=source, updated_at=START,
            insured=self.chance.choice((None, 2, 12, 40)), established_on=date(2018 + self.chance.randrange(7), 6, 1 + self.chance.randrange(28)),
        )  # fmt: skip

    def step(self) -> str:
        """Change one thing at random, a minute or some days later; return what."""
        self.at += timedelta(minutes=1)
        changes = (self.tell, self.tell, self.tell, self.tell, self.register, self.register, self.wait, self.account, self.revise, self.withdraw)  # fmt: skip
        change = self.chance.choice(changes)
        change()
        return change.__name__

    def day(self) -> date:
        """The day of the present moment in Shanghai."""
        return timezone.localdate(self.at)

    def tell(self) -> None:
        """Record, correct or take back a fact, true on an earlier day."""
        fact = self.chance.choice(list(FACTS))
        year = self.day().year - self.chance.choice((1, 1, 2))
        self._record(self.chance.choice(self.ids), fact, self.chance.choice(FACTS[fact]), date(year, 12, 31))

    def _record(self, pk: int, fact: str, value: str | None, as_of: date) -> None:
        row = Enterprise.objects.get(pk=pk)
        source = self.chance.choice(("税务部门（模拟）", "统计部门（模拟）"))
        told = row.fact_values.filter(fact=fact, as_of=as_of, source__name=source)
        if value is not None or told.exists():
            record_facts(by=SYSTEM, at=self.at, enterprise=row, values={fact: value}, as_of=as_of, source=source)  # fmt: skip

    def register(self) -> None:
        """Change a row of the register: the insured staff, or the place."""
        change = self.chance.choice(({"insured": self.chance.choice((None, 2, 12, 40))}, {"division_code": self.chance.choice(PLACES)}))  # fmt: skip
        QuerySet(Enterprise).filter(pk=self.chance.choice(self.ids)).update(updated_at=self.at, **change)

    def wait(self) -> None:
        """Let some days pass, now and then most of a year."""
        self.at += timedelta(
            days=self.chance.choice((1, 1, 2, 7, 30, 200) if self.day().year < 2026 else (1, 2))
        )

    def account(self) -> None:
        """Give an enterprise an account that ends some day, or end the one that it has."""
        pk = self.chance.choice(self.ids)
        mine = QuerySet(Mandate).filter(enterprise=pk, revoked_at=None)
        if mine.update(revoked_at=self.at, ending="revoked"):
            return
        QuerySet(Mandate).bulk_create([
            Mandate(
                person=self.person, enterprise_id=pk, kind="handler", origin="demo", scope=["all"], given_at=self.at,
                starts_on=self.day() + timedelta(self.chance.choice((0, 3))), ends_on=self.day() + timedelta(self.chance.choice((5, 400))),
            )
        ])  # fmt: skip

    def publish(self, code: str) -> None:
        """Publish a policy, or its next version, from a file."""
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, f"{code}.yaml").write_text(policy_text(code, self.chance, self.day()), "utf-8")
            library.load_files(folder=Path(folder), place_code="330109", by=SYSTEM, at=self.at)

    def revise(self) -> None:
        """Publish another version of one policy."""
        self.publish(f"c-{self.chance.randrange(self.policies):02}")

    def withdraw(self) -> None:
        """Withdraw the latest version of one policy, as long as others are in force."""
        rows = list(Policy.objects.filter(published_number__isnull=False))
        if len(rows) > 2:
            library.withdraw(policy=self.chance.choice(rows), reason="模拟撤回", by=SYSTEM, at=self.at)

    # ---- the whole, judged anew ------------------------------------------------------------------------------------

    def full(self) -> dict[tuple[int, str], Found]:
        """Return what must be kept now: met and its amount by the plain judge, the rest by the sorted library."""
        library_, found = policy_library(self.day()), dict[tuple[int, str], Found]()
        with_account = accounts(self.ids, self.day())
        for row in Enterprise.objects.filter(pk__in=self.ids):
            values = facts_as_of(row, self.day())
            said = judged(library_, values, has_account=row.pk in with_account) if library_.live else {}
            for code, live in library_.live.items():
                if truth(live.bound.require, values) == Truth.MET:
                    fen = amount(live.bound.amount, values) if live.bound.amount else None
                    found[row.pk, code] = Found("met", fen, "")
                elif code in said:
                    found[row.pk, code] = said[code]
        return found

    def kept(self) -> dict[tuple[int, str], Found]:
        """Return what is kept."""
        return {
            (row.enterprise_id, row.policy.code): Found(row.verdict, row.amount_fen, row.short_on)
            for row in PolicyMatch.objects.select_related("policy")
        }
