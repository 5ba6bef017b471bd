"""The life of a policy: drafted by its unit, published, judged, changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from qifu.engines.rules.rule_problems import RuleProblems
from qifu.engines.rules.tree import Truth
from qifu.foundation.access import SYSTEM, NotFound
from qifu.foundation.action import Refused
from qifu.registers.conftest import MakePerson
from qifu.services.policies.actions import library as actions
from qifu.services.policies.content import content_of
from qifu.services.policies.library import policy_library
from qifu.services.policies.models import Policy
from qifu.services.policies.queries import library
from qifu.services.policies.tests.policy_world import AT, DAY, JOBS, PLACE, UNIT, drafted, published, reviewed


def test_a_unit_drafts_changes_and_publishes_its_policy(make_person: MakePerson) -> None:
    unit = make_person("unit", "department_officer", PLACE, UNIT).as_actor()
    other = make_person("other", "department_officer", PLACE, "330109.market_regulation").as_actor()
    policy = drafted(unit)
    draft = library.draft(policy)
    assert draft is not None and policy_library(DAY).live == {}
    with pytest.raises(NotFound):
        actions.publish(policy=policy, revision=draft, by=other, at=AT)

    content = content_of(draft.content)
    changed = type(content)(
        content.text.replace("500元, of", "600元, of").replace("5000元", "6000元"), content.terms
    )
    with pytest.raises(Refused, match="刚被他人修改"):
        actions.save_draft(policy=policy, content=changed, expected_digest="old", by=unit, at=AT)
    draft = actions.save_draft(policy=policy, content=changed, expected_digest=draft.digest, by=unit, at=AT)
    reviewed(policy, unit)
    actions.publish(policy=policy, revision=draft, by=unit, at=AT)

    live = policy_library(DAY).live["xs-jobs"]
    judged = policy_library(DAY).compiled.judge({"place": "330109", "employees": 20, "insured_staff": 10})
    assert live.bound.code == "xs-jobs" and judged == [Truth.MET]
    assert [line.state for line in library.policies(unit, AT, DAY)] == [("good", "执行中")]


def test_what_is_wrong_is_told_and_nothing_is_kept(make_person: MakePerson) -> None:
    unit = make_person("unit", "department_officer", PLACE, UNIT).as_actor()
    with pytest.raises(RuleProblems, match="从业人员人"):
        drafted(unit, JOBS.replace("从业人数 <=", "从业人员人 <="))
    with pytest.raises(Refused, match="没有写明只适用于"):
        drafted(unit, JOBS.replace("    - 注册地 属于 萧山区\n", ""))
    with pytest.raises(Refused, match="没有写明只适用于"):
        drafted(unit, JOBS.replace("注册地 属于 萧山区", "注册地 属于 浙江省"))
    assert not Policy.objects.exists()


def test_files_are_taken_once(province: Path) -> None:
    first = actions.load_files(folder=province / "rules", place_code="330000", by=SYSTEM, at=AT)
    again = actions.load_files(folder=province / "rules", place_code="330000", by=SYSTEM, at=AT)
    assert first.new == 2 and (again.new, again.changed, again.unchanged) == (0, 0, 2)
    assert published(SYSTEM).published_number == 1
