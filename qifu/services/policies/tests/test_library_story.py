"""A policy from the draft through its reviews and the six states to its next draft; a county's own beside the nation's."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from qifu.engines.rules.site_book import NATIONAL
from qifu.foundation.access import SYSTEM, Actor, NotFound
from qifu.foundation.action import Refused
from qifu.foundation.jobs import Job
from qifu.foundation.notices import Notice
from qifu.foundation.revisions import Revision
from qifu.foundation.search import find
from qifu.registers.conftest import MakePerson
from qifu.services.policies.actions import library as actions
from qifu.services.policies.actions import loop, packages, review
from qifu.services.policies.actions.review import Opinion
from qifu.services.policies.content import content_of
from qifu.services.policies.library import policy_library
from qifu.services.policies.models import Policy, PolicyReview, PolicyStep
from qifu.services.policies.queries import library
from qifu.services.policies.queries import packages as package_queries
from qifu.services.policies.queries import review as reviews
from qifu.services.policies.tests.policy_world import AT, DAY, JOBS, PLACE, UNIT, drafted, published, reviewed

FAVOURS = (
    JOBS.replace("    - 参保人数 >= 10人\n", "    - 参保人数 >= 10人\n    - 投资性质 属于 内资\n")
    .replace("参保人数: 10人}", "参保人数: 10人, 投资性质: 内资}")
    .replace("参保人数: 9人}", "参保人数: 9人, 投资性质: 内资}")
    .replace("从业人数: 20人}, expect: 缺", "从业人数: 20人, 投资性质: 内资}, expect: 缺")
)


def digest(policy: Policy) -> str:
    """The draft as it stands."""
    return str(policy.series.revisions.get(state=Revision.State.DRAFT).digest)


def change(policy: Policy, by: Actor, old: str, new: str) -> None:
    """Change a word of the draft."""
    content = content_of(policy.series.revisions.get(state=Revision.State.DRAFT).content)
    actions.save_draft(
        policy=policy, content=replace(content, text=content.text.replace(old, new)), expected_digest=digest(policy), by=by, at=AT
    )  # fmt: skip


def test_reviews_count_for_exactly_the_draft_they_were_given_for(make_person: MakePerson) -> None:
    unit = make_person("unit", "department_officer", PLACE, UNIT).as_actor()
    justice = make_person("justice", "legality_reviewer", PLACE, "330109.justice").as_actor()
    elsewhere = make_person("far", "legality_reviewer", "330110", "330110.reform_office").as_actor()
    policy = drafted(unit, FAVOURS)
    seen: dict[str, Any] = {"policy": policy, "expected_digest": digest(policy), "at": AT}
    found = reviews.draft_findings(policy, policy.series.revisions.get())
    assert [one.ground for one in found] == ["ownership"]
    with pytest.raises(Refused, match="请先办理公平竞争审查"):
        review.ask_legality(**seen, by=unit)
    with pytest.raises(Refused, match="没有说明理由"):
        review.check_competition(**seen, decisions={}, opinion="可以", by=unit)
    to_change = {found[0].key: {"decision": "change", "reason": "删去"}}
    assert (
        review.check_competition(**seen, decisions=to_change, opinion="要改", by=unit).outcome == "returned"
    )
    kept = {found[0].key: {"decision": "keep", "exception": "law", "reason": "有依据"}}
    with pytest.raises(Refused, match="请先按意见修改"):
        review.check_competition(**seen, decisions=kept, opinion="可以", by=unit)

    change(policy, unit, "    - 投资性质 属于 内资\n", "")
    with pytest.raises(Refused, match="刚被修改过"):
        review.check_competition(**seen, decisions=kept, opinion="可以", by=unit)
    seen["expected_digest"] = digest(policy)
    review.check_competition(**seen, decisions={}, opinion="没有问题", by=unit)
    asked = review.ask_legality(**seen, by=unit)
    assert asked.due_on == date(2024, 7, 11), "fifteen working days"
    to_do = Notice.objects.get(recipient_id=justice.id, kind="to_do")
    with pytest.raises(NotFound):
        review.decide_legality(**seen, opinion=Opinion(True, "合法"), by=elsewhere)
    with pytest.raises(NotFound):
        review.decide_legality(**seen, opinion=Opinion(True, "合法"), by=unit)
    review.decide_legality(**seen, opinion=Opinion(False, "第三条与上位文件不一致"), by=justice)
    to_do.refresh_from_db()
    assert (
        to_do.done_at is not None
        and Notice.objects.filter(recipient_id=unit.id, title__contains="退回").exists()
    )
    with pytest.raises(Refused, match="已退回这份草稿"):
        review.ask_legality(**seen, by=unit)
    with pytest.raises(Refused, match="还不能发布"):
        actions.publish(policy=policy, revision=policy.series.revisions.get(), by=unit, at=AT)

    change(policy, unit, "cap: 5万元", "cap: 6万元")
    change(
        policy, unit, "cap: 6万元", "cap: 5万元"
    )  # the words that were sent back: to be looked at anew, all of them
    draft = policy.series.revisions.get()
    assert [one.state[1] for one in reviews.demands(policy, draft)] == ["未办"] * 3
    reviewed(policy, unit, reviewer=justice)
    change(policy, unit, "cap: 5万元", "cap: 6万元")
    reviewed(policy, unit, reviewer=justice)
    change(policy, unit, "cap: 6万元", "cap: 7万元")  # after the last opinion: none of them counts
    with pytest.raises(Refused, match="公平竞争审查（未办）、合法性审核（未办）、集体讨论决定（未办）"):
        actions.publish(policy=policy, revision=policy.series.revisions.get(), by=unit, at=AT)
    draft = reviewed(policy, unit, reviewer=justice)
    actions.publish(policy=policy, revision=draft, by=unit, at=AT)
    assert policy_library(DAY).live["xs-jobs"].revision_id == draft.pk
    with pytest.raises(DatabaseError), transaction.atomic():
        PolicyReview.objects.all()._raw_delete("default")  # type: ignore[attr-defined]


def test_who_drafts_does_not_review(make_person: MakePerson) -> None:
    from qifu.registers.people.actions import add_post

    unit = make_person("unit", "department_officer", PLACE, UNIT).as_actor()
    both = make_person("both", "department_officer", PLACE, UNIT)
    add_post(
        by=SYSTEM, at=AT, person=both, role="legality_reviewer", place_code=PLACE, starts_on=date(2024, 1, 1),
        organisation_code="330109.justice",
    )  # fmt: skip
    policy = drafted(unit)
    change(policy, both.as_actor(), "cap: 5万元", "cap: 6万元")
    with pytest.raises(Refused, match="您参与了这份草稿的起草"):
        reviewed(policy, unit, reviewer=both.as_actor())


def test_the_six_states_until_the_next_draft(make_person: MakePerson) -> None:
    unit = make_person("unit", "department_officer", PLACE, UNIT).as_actor()
    policy = published(unit)
    assert policy.next_review == date(2024, 12, 2), "before it ends"
    step: dict[str, Any] = {"policy": policy, "by": unit, "at": AT, "output": "已完成（模拟）"}
    with pytest.raises(Refused, match="可以办的：量化"):
        loop.complete_step(**step, stage="evaluate", conclusion="continue", next_review=date(2025, 1, 1))
    loop.complete_step(**step, stage="quantify")
    with pytest.raises(Refused, match="还有 4 条没有通俗解读"):
        loop.complete_step(**step, stage="interpret")

    first = library.published(policy)
    assert first is not None
    plain = {"1": "在萧山", "2": "三百人以内", "3": "十个人有社保", "amount": "每人五百元"}
    words = replace(content_of(first.content), interpretations=plain)
    draft = actions.save_draft(policy=policy, content=words, expected_digest="", by=unit, at=AT)
    actions.publish(
        policy=policy, revision=draft, by=unit, at=AT
    )  # plain words are no law: no new reviews, no new round
    policy.refresh_from_db()
    assert (policy.stage, policy.published_number) == ("quantify", 2)
    loop.complete_step(**step, stage="interpret")
    loop.complete_step(**step, stage="pay")
    with pytest.raises(Refused, match="下次评估日"):
        loop.complete_step(**step, stage="evaluate", conclusion="continue")
    loop.complete_step(**step, stage="evaluate", conclusion="continue", next_review=DAY + timedelta(days=20))
    policy.refresh_from_db()
    assert [one.what for one in reviews.due(unit, AT, DAY)] == ["备案", "评估"]
    assert Job.objects.filter(kind=loop.REMIND).count() == 1
    first_run = loop.remind_reviews(today=DAY, by=SYSTEM, at=AT)
    assert first_run >= 1 and loop.remind_reviews(today=DAY, by=SYSTEM, at=AT) == 0
    assert loop.remind_reviews(today=DAY + timedelta(days=30), by=SYSTEM, at=AT) >= 1, (
        "told once more when late"
    )

    loop.complete_step(**step, stage="evaluate", conclusion="change", next_review=DAY + timedelta(days=90))
    loop.complete_step(**step, stage="iterate")
    assert library.draft(policy) is not None
    assert [one.stage for one in PolicyStep.objects.filter(policy=policy)] == [
        "publish", "quantify", "interpret", "pay", "evaluate", "evaluate", "iterate",
    ]  # fmt: skip


def test_withdrawn_discarded_and_found_by_search(make_person: MakePerson) -> None:
    unit = make_person("unit", "department_officer", PLACE, UNIT).as_actor()
    stranger = make_person("far", "department_officer", "330503", "330503.economy_information").as_actor()
    policy = published(unit)
    assert [hit.object_id for hit in find("稳岗奖励", public_only=True).hits] == ["xs-jobs"]
    draft = actions.save_draft(
        policy=policy, content=content_of(library.published(policy).content), expected_digest="", by=unit, at=AT  # type: ignore[union-attr]
    )  # fmt: skip
    assert library.policy("xs-jobs", stranger, AT) and not library.sees_drafts(policy, stranger, AT)
    with pytest.raises(Refused, match="刚被他人修改"):
        actions.discard_draft(policy=policy, expected_digest="old", by=unit, at=AT)
    actions.discard_draft(policy=policy, expected_digest=draft.digest, by=unit, at=AT)
    actions.withdraw(policy=policy, reason="文件废止", by=unit, at=AT)
    policy.refresh_from_db()
    assert policy.published_number is None and policy_library(DAY).live == {}
    assert find("稳岗奖励", public_only=False).count == 0
    with pytest.raises(NotFound):
        library.policy("xs-jobs", stranger, AT)


def test_a_county_adds_its_own_beside_the_nation_s_without_code(
    make_person: MakePerson, province: Path
) -> None:
    county = make_person("unit", "department_officer", PLACE, UNIT).as_actor()
    other = make_person("far", "department_officer", "330503", "330503.economy_information").as_actor()
    actions.load_files(folder=NATIONAL, place_code="", by=SYSTEM, at=AT)
    shared = {code for code, one in policy_library(DAY).live.items() if not one.place_code}
    published(county)
    assert shared and set(policy_library(DAY).live) == shared | {"xs-jobs"}
    for actor in (county, other):  # the nation's are one and the same for all places
        assert shared <= {
            line.policy.code for line in library.policies(actor, AT, DAY, place="nation", state="执行中")
        }
    with pytest.raises(NotFound):
        actions.withdraw(policy=Policy.objects.get(code=sorted(shared)[0]), reason="x", by=county, at=AT)
    with pytest.raises(NotFound):
        actions.withdraw(policy=Policy.objects.get(code="xs-jobs"), reason="x", by=other, at=AT)
    loaded = Policy.objects.get(code=sorted(shared)[0])
    assert reviews.is_exempt(loaded) and not loaded.reviews.exists() and loaded.steps.get().stage == "publish"


def test_a_package_tells_what_is_not_live_and_not_paid(make_person: MakePerson, province: Path) -> None:
    unit = make_person("unit", "department_officer", PLACE, UNIT).as_actor()
    folder = province / "policies" / "packages"
    load: dict[str, Any] = {"folder": folder, "place_code": PLACE, "by": SYSTEM, "at": AT, "simulated": True}
    assert packages.load_packages(**load).new == 1 and packages.load_packages(**load).unchanged == 1
    published(unit, JOBS.replace("code: xs-jobs", "code: xs-steady-jobs"))
    found = package_queries.package("demo-private-economy", unit, AT, DAY)
    assert {one.detail.number for one in found.without_live} == {"2.1", "3.1", "3.2", "4.1", "5.1"}
    assert {one.state[1] for one in found.without_live} == {"逾期未落地", "未落地"}
    assert found.owed_fen == found.promised_fen == 1_100_0000 * 100
    assert next(one.detail.number for one in found.unpaid) == "2.1"
