"""What tests of the enterprise's side share: two policies that do not go together, a firm with its legal representative and facts."""

from __future__ import annotations

from django.db.models import QuerySet
from django.test import Client

from qifu.foundation.access import SYSTEM
from qifu.registers.conftest import MakePerson
from qifu.registers.enterprises.fact_actions import record_facts
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.mandates.tests.conftest import represent
from qifu.registers.people.models import Person
from qifu.services.policies.content import Terms
from qifu.services.policies.tests.policy_world import AT, DAY

RESEARCH = """\
code: xs-research
title: 萧山区研发投入奖励（模拟）
kind: policy
issuers: [萧山区经信局]
document: 萧经信（模拟）〔2024〕2号
kinds: [资金]
tags: [研发]
confidence: verified
versions:
- effective_from: 2024-01-01
  effective_to: 2025-01-01
  source: 第六条
  require:
    all:
    - {is: 注册地 属于 萧山区, clause: 第一条}
    - {is: 营业收入 >= 1000万元, clause: 第二条}
    - {is: 研发费用占营业收入比 >= 3%, clause: 第三条}
  amount: {rate: 20%, of: 研发费用, cap: 50万元}
  window: {from: 2024-06-01, to: 2024-07-01}
examples:
- {title: 恰好, as_of: 2024-06-20, facts: {注册地: 330109, 营业收入: 1000万元, 研发费用: 30万元}, expect: 符合, amount: 6万元}
- {title: 差一点, as_of: 2024-06-20, facts: {注册地: 330109, 营业收入: 1000万元, 研发费用: 29万元}, expect: 不符合}
- {title: 不知道研发费用, as_of: 2024-06-20, facts: {注册地: 330109, 营业收入: 1000万元}, expect: 缺数据, missing: [研发费用]}
"""
TRAINING = (
    RESEARCH.replace("xs-research", "xs-training")
    .replace("to: 2024-07-01}", "to: 2024-07-01}\n  stacking:\n  - {with: xs-research, how: 就高}")
    .replace("研发投入奖励", "职工培训补助")
    .replace("2号", "3号")
    .replace("研发费用占营业收入比 >= 3%", "从业人数 <= 300人")
    .replace("{rate: 20%, of: 研发费用, cap: 50万元}", "2万元")
    .split("examples:")[0]
    + """\
examples:
- {title: 三百人, as_of: 2024-06-20, facts: {注册地: 330109, 营业收入: 1000万元, 从业人数: 300人}, expect: 符合, amount: 2万元}
- {title: 多一人, as_of: 2024-06-20, facts: {注册地: 330109, 营业收入: 1000万元, 从业人数: 301人}, expect: 不符合}
"""
)
PLAIN = Terms(delivery="application", contact="萧山区经信局")


def firm_of(make_person: MakePerson, firm: Enterprise, **facts: str) -> Person:
    """Return the legal representative of a firm of which these facts are told by the tax office."""
    QuerySet(Enterprise).filter(pk=firm.pk).update(division_certainty="certain")
    firm.refresh_from_db()
    legal = make_person("legal")
    represent(firm, legal, AT)
    if facts:
        record_facts(
            by=SYSTEM, at=AT, enterprise=firm, values=facts, as_of=DAY.replace(year=2023, month=12, day=31), source="税务部门年度汇算清缴"
        )  # fmt: skip
    return legal


def browser(person: Person | None = None) -> Client:
    """A browser in which a person is signed in."""
    client = Client()
    if person is not None:
        client.force_login(person)
    return client
