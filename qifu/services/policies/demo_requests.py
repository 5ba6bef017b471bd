"""The demo's applications and questions, all made up: one that waits for the firm, one for the second person, one supported, questions."""

from __future__ import annotations

import io
from contextlib import suppress
from datetime import datetime

from qifu.foundation.access import ANONYMOUS, SYSTEM, Actor
from qifu.foundation.action import Refused, action
from qifu.registers.enterprises.demo import DEMO_USCC, DEMO_USCC_2
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.people.models import Person
from qifu.services.policies.actions.requests import (
    Contact,
    Question,
    Receipt,
    Upload,
    apply,
    ask,
    move_request,
)
from qifu.services.policies.models import PolicyRequest

POLICY, PLACE = "xs-step-up", "330109"
PAPER = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
CLAUSE = "萧经信（模拟）第二条"


@action("policies.load_demo_requests", title="载入模拟申报与咨询", permission="policies.load_demo")
def load_demo_requests(*, by: Actor, at: datetime) -> int:
    """Let the demo's people apply, ask and handle, once; return how many requests were made."""
    people = {
        row.username: row.as_actor() for row in Person.objects.filter(username__in=("legal", "unit", "unit2"))
    }
    if len(people) < 3 or PolicyRequest.objects.exists():
        return 0
    with suppress(Refused):  # outside the window of the policy there is nothing to apply for
        _applications(people, at)
    _questions(people, at)
    PolicyRequest.objects.update(simulated=True)
    return PolicyRequest.objects.count()


def _applications(people: dict[str, Actor], at: datetime) -> None:
    own = Enterprise.objects.get(uscc=DEMO_USCC_2)
    waits = _applied(own, people["legal"], at).case
    missing = "项目情况说明没有盖章；上年度财务报表缺现金流量表（模拟）"
    move_request(case=waits, transition="ask_more", form={"missing": missing}, by=people["unit"], at=at)
    others = (
        Enterprise.objects.filter(division_code=PLACE)
        .exclude(uscc__in=(DEMO_USCC, DEMO_USCC_2))
        .order_by("pk")
    )
    proposed = {"clause": CLAUSE, "reason": "营业收入经审计，达到标准（模拟）。", "amount": "2万元"}
    for firm, decided in zip(others[:2], (False, True), strict=False):
        case = _applied(firm, SYSTEM, at).case
        move_request(case=case, transition="accept", by=people["unit"], at=at)
        move_request(case=case, transition="propose_support", form=proposed, by=people["unit"], at=at)
        if decided:
            move_request(case=case, transition="support", by=people["unit2"], at=at)


def _applied(firm: Enterprise, by: Actor, at: datetime) -> Receipt:
    files = [
        Upload("财务报表（模拟）.pdf", io.BytesIO(PAPER), 1),
        Upload("情况说明（模拟）.pdf", io.BytesIO(PAPER), 2),
    ]
    return apply(
        enterprise=firm, code=POLICY, words="上年度营业收入首次超过一百万元，申请上台阶奖励（模拟）。", contact=Contact(), files=files,
        unclassified=True, by=by, at=at,
    )  # fmt: skip


def _questions(people: dict[str, Actor], at: datetime) -> None:
    firm = Enterprise.objects.get(uscc=DEMO_USCC)
    asked = ask(
        question=Question("上台阶奖励说的营业收入，是看审计报告还是看纳税申报表？（模拟）", POLICY, enterprise_id=firm.pk),
        by=people["legal"], at=at,
    )  # fmt: skip
    reply = "以上年度企业所得税年度纳税申报表的营业收入为准，不用另交审计报告。依据第二条（模拟）。"
    move_request(case=asked.case, transition="answer", form={"reply": reply}, by=people["unit"], at=at)
    ask(
        question=Question("今年新办的企业能不能享受稳岗奖励？（模拟）", "xs-steady-jobs"), by=ANONYMOUS, at=at
    )
