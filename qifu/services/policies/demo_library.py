"""The demo's own policies of one county unit: four through every review and published, one at the legality review, one just drafted."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from qifu.foundation import clock
from qifu.foundation.access import SYSTEM, Actor
from qifu.foundation.action import action
from qifu.foundation.revisions import Revision
from qifu.foundation.working_days import SHANGHAI
from qifu.registers.organisations.models import Organisation
from qifu.registers.people.models import Person
from qifu.services.policies.actions import library, review
from qifu.services.policies.actions.loop import complete_step
from qifu.services.policies.actions.packages import load_packages
from qifu.services.policies.actions.review import Opinion
from qifu.services.policies.content import Terms
from qifu.services.policies.models import Policy
from qifu.services.policies.queries.review import draft_findings

UNIT = "330109.economy_information"
CONTACT = "萧山区经信局 0571-82000000（模拟）"
AUTOMATIC = Terms(delivery="automatic", how_to="核对收款账户后点确认，不用交材料", contact=CONTACT)
TERMS = {
    "xs-steady-jobs": AUTOMATIC,
    "xs-step-up": Terms(
        delivery="application",
        how_to="在本平台填申报表，附上年度财务报表",
        contact=CONTACT,
        materials=("上年度财务报表", "项目情况说明"),
    ),
    "xs-labour-cost": Terms(
        delivery="automatic",
        budget_how="pro_rata",
        how_to="核对收款账户后点确认，不用交材料",
        contact=CONTACT,
    ),
    "xs-training": AUTOMATIC,
    "xs-first-fair": Terms(
        delivery="application", how_to="参展后在本平台申报，附展位费发票", contact=CONTACT
    ),
    "xs-new-brand": Terms(delivery="application", how_to="在本平台申报", contact=CONTACT),
}
PUBLISHED = ("xs-steady-jobs", "xs-step-up", "xs-labour-cost", "xs-training")
WRITTEN_IN = "2024"
"""The year that the files say; it becomes that of the demo."""
PLAIN = {
    "1": "企业登记在萧山区",
    "2": "员工不超过一百人",
    "3": "至少给两个人交了社保",
    "amount": "每个交社保的人五百元，一家最多五万元",
}


def load_demo_library(at: datetime) -> None:
    """Make the unit's own policies and the package; safe to repeat. The demo's people must be there."""
    people = {
        row.username: row.as_actor()
        for row in Person.objects.filter(username__in=("unit", "unit2", "justice"))
    }
    add_demo_policies(people=people, by=SYSTEM, at=at)
    folder = Path(settings.PROVINCE_DIR) / "policies" / "packages"
    load_packages(folder=folder, place_code="330109", simulated=True, by=SYSTEM, at=at)


@action("policies.load_demo", title="载入模拟政策", permission="policies.load_demo")
def add_demo_policies(*, people: dict[str, Actor], by: Actor, at: datetime) -> None:
    """Let the demo's people write, review and publish what is not there yet."""
    known = set(Policy.objects.filter(code__in=TERMS).values_list("code", flat=True))
    for code, terms in TERMS.items():
        if code not in known:
            _make(code, terms, people, at)
    Policy.objects.filter(code__in=TERMS).update(simulated=True)


def _make(code: str, terms: Terms, people: dict[str, Actor], at: datetime) -> None:
    year = str(clock.business(at).astimezone(SHANGHAI).year)
    file = Path(settings.PROVINCE_DIR) / "demo_policies" / f"{code}.yaml"
    text = file.read_text("utf-8").replace(WRITTEN_IN, year)
    plain = PLAIN if code == "xs-steady-jobs" else {}
    policy = library.create(
        text=text, terms=terms, interpretations=plain, owner=Organisation.objects.get(code=UNIT), by=people["unit"], at=at
    )  # fmt: skip
    if code == "xs-new-brand":
        return
    draft = _sent(policy, people, at)
    if code not in PUBLISHED:
        return
    seen: dict[str, Any] = {"policy": policy, "expected_digest": draft.digest, "at": at}
    review.decide_legality(
        **seen, opinion=Opinion(True, "制定主体、权限、程序、内容合法（模拟）"), by=people["justice"]
    )
    meeting = f"萧山区经信局局长办公会〔{year}〕第6次（模拟）"
    review.record_collective(
        **seen, opinion=Opinion(True, "原则同意，按程序印发（模拟）", meeting), by=people["unit2"]
    )
    library.publish(policy=policy, revision=draft, by=people["unit2"], at=at)
    _go_on(Policy.objects.get(pk=policy.pk), people, year, at)


def _sent(policy: Policy, people: dict[str, Actor], at: datetime) -> Revision:
    draft: Revision = policy.series.revisions.get()
    decisions = {
        one.key: {
            "decision": "keep",
            "exception": "not_restrictive",
            "reason": "个体工商户另有同等政策（模拟）",
        }
        for one in draft_findings(policy, draft)
    }
    seen: dict[str, Any] = {"policy": policy, "expected_digest": draft.digest, "at": at}
    review.check_competition(
        **seen,
        decisions=decisions,
        opinion="已征求行业协会和企业代表意见，不影响公平竞争（模拟）",
        by=people["unit"],
    )
    review.ask_legality(**seen, by=people["unit"])
    return draft


def _go_on(policy: Policy, people: dict[str, Actor], year: str, at: datetime) -> None:
    if policy.code == "xs-labour-cost":
        return
    number = f"萧规备〔{year}〕{policy.pk}号（模拟）"
    review.record_filing(policy=policy, opinion=Opinion(True, "", number), by=people["unit"], at=at)
    if policy.code != "xs-steady-jobs":
        return
    for stage, output in (
        ("quantify", "按现有数据测算，辖区内多家企业可享，全年所需资金在预算之内（模拟）"),
        ("interpret", "逐条写了通俗解读，随政策一并公布（模拟）"),
    ):
        complete_step(policy=policy, stage=stage, output=output, by=people["unit"], at=at)
