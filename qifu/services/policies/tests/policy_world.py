"""What tests of policies share: policies as texts, of a county's own unit."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from qifu.foundation.access import SYSTEM, Actor
from qifu.foundation.revisions import Revision
from qifu.registers.organisations.models import Organisation
from qifu.services.policies.actions import library, review
from qifu.services.policies.actions.review import Opinion
from qifu.services.policies.content import Terms
from qifu.services.policies.models import Policy
from qifu.services.policies.queries.review import draft_findings

AT = datetime(2024, 6, 20, 2, 0, tzinfo=UTC)
DAY = date(2024, 6, 20)
UNIT = "330109.economy_information"
PLACE = "330109"

JOBS = """\
code: xs-jobs
title: 萧山区小微企业稳岗奖励（模拟）
kind: policy
issuers: [萧山区经信局]
document: 萧经信（模拟）〔2024〕1号
kinds: [资金]
tags: [就业]
confidence: verified
versions:
- effective_from: 2024-01-01
  effective_to: 2025-01-01
  source: 第三条
  require:
    all:
    - 注册地 属于 萧山区
    - 从业人数 <= 300人
    - 参保人数 >= 10人
  amount: {each: 500元, of: 参保人数, cap: 5万元}
examples:
- {title: 恰好十人, as_of: 2024-06-20, facts: {注册地: 330109, 从业人数: 20人, 参保人数: 10人}, expect: 符合, amount: 5000元}
- {title: 差一人, as_of: 2024-06-20, facts: {注册地: 330109, 从业人数: 20人, 参保人数: 9人}, expect: 不符合}
- {title: 不知道参保人数, as_of: 2024-06-20, facts: {注册地: 330109, 从业人数: 20人}, expect: 缺数据, missing: [参保人数]}
"""
TERMS = Terms(delivery="automatic", how_to="核对收款账户后确认", contact="萧山区经信局")


def drafted(by: Actor, text: str = JOBS, terms: Terms = TERMS, at: datetime = AT) -> Policy:
    """A policy of the unit with an open draft."""
    return library.create(owner=Organisation.objects.get(code=UNIT), text=text, terms=terms, by=by, at=at)


def published(by: Actor, text: str = JOBS, terms: Terms = TERMS, at: datetime = AT) -> Policy:
    """A policy of the unit, published, with all that must come before; the legality review is the system's."""
    policy = drafted(by, text, terms, at)
    reviewed(policy, by, at)
    library.publish(policy=policy, revision=policy.series.revisions.get(), by=by, at=at)
    policy.refresh_from_db()
    return policy


def reviewed(policy: Policy, by: Actor, at: datetime = AT, reviewer: Actor = SYSTEM) -> Revision:
    """All reviews of the open draft, passed; what the fair-competition check finds is kept with a reason."""
    draft: Revision = policy.series.revisions.get(state=Revision.State.DRAFT)
    decisions = {
        one.key: {
            "decision": "keep",
            "exception": "not_restrictive",
            "reason": "经研究不影响公平竞争（模拟）",
        }
        for one in draft_findings(policy, draft)
    }
    seen: dict[str, Any] = {"policy": policy, "expected_digest": draft.digest, "at": at}
    review.check_competition(**seen, decisions=decisions, opinion="未发现其他问题（模拟）", by=by)
    review.ask_legality(**seen, by=by)
    review.decide_legality(**seen, opinion=Opinion(True, "合法（模拟）"), by=reviewer)
    review.record_collective(
        **seen, opinion=Opinion(True, "同意（模拟）", "局长办公会〔2024〕第6次（模拟）"), by=by
    )
    return draft
