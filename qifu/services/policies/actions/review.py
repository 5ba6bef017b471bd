"""Reviews before publication: fair competition by the unit, legality by another's eyes, collective decision; filing after.

Basis: 公平竞争审查条例（国务院令第783号）：起草单位在起草阶段自行审查；国办发〔2018〕115号：合法性审核一般不超过15个工作日（待核）；
行政规范性文件公布之日起15日内备案（待核，以本省规定为准）. Each counts for exactly the draft that it was given for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, BinaryIO, TypeAlias

from django.urls import reverse

from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.files.storage import store
from qifu.foundation.notices import finish_to_dos, notify
from qifu.foundation.revisions import Revision
from qifu.foundation.working_calendar import load_calendar
from qifu.foundation.working_days import SHANGHAI
from qifu.services.policies.actions.library import AFTER_CHANGE, AFTER_PUBLICATION, BEFORE_PUBLICATION
from qifu.services.policies.competition import EXCEPTIONS, undecided
from qifu.services.policies.models import Policy, PolicyReview
from qifu.services.policies.practice import practice
from qifu.services.policies.queries import review as queries

Kind: TypeAlias = PolicyReview.Kind
Outcome: TypeAlias = PolicyReview.Outcome


@dataclass(frozen=True)
class Opinion:
    """What a review says: `passed` or sent back, in words; `document` names paper or meeting; `file` as (name, content)."""

    passed: bool
    text: str
    document: str = ""
    decided_on: date | None = None
    file: tuple[str, BinaryIO] | None = None
    unclassified: bool = False


@action("policies.check_competition", title="公平竞争审查", permission="policies.review", on="policy")
def check_competition(
    *, policy: Policy, expected_digest: str, decisions: Mapping[str, Mapping[str, str]], opinion: str, by: Actor, at: datetime
) -> PolicyReview:  # fmt: skip
    """Record the review of a draft: each finding, by its key, with {"decision": keep|change, "exception", "reason"}.

    Sent back where something is to be changed. Raises Refused for a finding without a reasoned decision.
    """
    draft = _draft(policy, expected_digest)
    _not_sent_back(policy, draft)
    found = queries.draft_findings(policy, draft)
    open_ones = undecided(found, decisions)
    if open_ones:
        raise Refused(
            f"还有 {len(open_ones)} 处没有说明理由的处理意见，第一处：{open_ones[0].clause[:60]}",
            **{
                f"reason-{found.index(one)}": "请选择改或保留；保留须选所依据的情形，并写明理由"
                for one in open_ones
            },
        )
    kept: list[dict[str, str]] = []
    for one in found:
        given = decisions[one.key]
        exception = given.get("exception", "") if given["decision"] == "keep" else ""
        kept.append(
            asdict(one) | {"title": one.title, "article": one.article, "why": one.why, "decision": given["decision"],
                           "exception": EXCEPTIONS.get(exception, ""), "reason": given["reason"].strip()}
        )  # fmt: skip
    passed = all(one["decision"] == "keep" for one in kept)
    said = opinion.strip() or ("未发现需要处理的条款" if not found else "")
    return _record(policy, draft, Kind.FAIR_COMPETITION, Opinion(passed, said), findings=kept)


@action("policies.ask_legality", title="送合法性审核", permission="policies.review", on="policy")
def ask_legality(*, policy: Policy, expected_digest: str, by: Actor, at: datetime) -> PolicyReview:
    """Send a draft whose fair-competition review passed to the legality reviewers of its place."""
    draft = _draft(policy, expected_digest)
    _not_sent_back(policy, draft)
    _after(policy, draft, Kind.LEGALITY)
    if any(one.kind == Kind.LEGALITY and one.last for one in queries.demands(policy, draft)):
        raise Refused("这份草稿已经送审，不用重复送")
    day = _day()
    due = practice().last_day("legality", day, load_calendar(day))
    row = _write(policy, draft, Kind.LEGALITY, Outcome.ASKED, due_on=due)
    notify(
        queries.reviewers_of(policy.place_code, day), title=f"请作合法性审核：{policy.title}", link=_link(policy),
        kind="to_do", due_on=due, subject=row,
    )  # fmt: skip
    return row


@action(
    "policies.decide_legality", title="合法性审核意见", permission="policies.review_legality", on="policy"
)
def decide_legality(*, policy: Policy, expected_digest: str, opinion: Opinion, by: Actor, at: datetime) -> PolicyReview:  # fmt: skip
    """Give the legality opinion on a draft that was sent; whoever wrote the draft may not."""
    draft = _draft(policy, expected_digest)
    if not any(one.kind == Kind.LEGALITY and one.asked for one in queries.demands(policy, draft)):
        raise Refused("这份草稿没有待办的合法性审核：还没有送审，或送审之后已经改动")
    if by.is_person and by.id in queries.hands(policy, draft):
        raise Refused("您参与了这份草稿的起草，不能由您审核，请由其他合法性审核人员办理")
    _end_to_dos(policy)
    row = _record(policy, draft, Kind.LEGALITY, opinion)
    _tell_unit(policy, row)
    return row


@action("policies.record_collective", title="记录集体讨论决定", permission="policies.review", on="policy")
def record_collective(*, policy: Policy, expected_digest: str, opinion: Opinion, by: Actor, at: datetime) -> PolicyReview:  # fmt: skip
    """Record what the unit's leaders decided together about a draft that passed the legality review; the meeting must be named."""
    draft = _draft(policy, expected_digest)
    _not_sent_back(policy, draft)
    _after(policy, draft, Kind.COLLECTIVE)
    if not opinion.document.strip():
        raise Refused("请写明是哪次会议", document="请写明会议名称、届次，如 局党组会议〔2024〕第8次")
    return _record(policy, draft, Kind.COLLECTIVE, opinion)


@action("policies.record_filing", title="记录备案", permission="policies.review", on="policy")
def record_filing(*, policy: Policy, opinion: Opinion, by: Actor, at: datetime) -> PolicyReview:
    """Record that the published revision was filed, under which number, on which day."""
    asked = queries.filing_of(policy)
    if asked is None or asked.outcome != Outcome.ASKED:
        raise Refused("没有待备案的版本")
    if not opinion.document.strip():
        raise Refused("请写明备案登记号", document="请写明备案登记号或回执文号")
    revision = policy.series.revisions.get(number=asked.number)
    return _record(policy, revision, Kind.FILING, opinion, needs_words=False)


def demand_reviews(policy: Policy, revision: Revision) -> None:
    """Refuse publication until each review passed for this very draft."""
    missing = [one for one in queries.demands(policy, revision) if not one.passed]
    if missing:
        said = "、".join(f"{one.kind.label}（{one.state[1]}）" for one in missing)
        raise Refused(f"还不能发布，这份草稿尚缺：{said}。草稿改动以后，各项审查须重新办理。")


def ask_filing(policy: Policy, revision: Revision) -> None:
    """Note by which day a published revision must be filed."""
    if queries.is_exempt(policy) or queries.changes_only_plain_words(policy, revision):
        return
    due = practice().last_day("filing", _day(), load_calendar(_day()))
    _write(policy, revision, Kind.FILING, Outcome.ASKED, due_on=due)


def lapse(policy: Policy) -> None:
    """End what was said of a draft, and asked for it, once its words are no more; it does not count again if they come back.

    An office goes through all reviews again after each change: what was sent back is not blocked for good, what passed is
    looked at anew.
    """
    draft = policy.series.revisions.filter(state=Revision.State.DRAFT).first()
    now = (draft.number, draft.digest) if draft else None
    done = policy.series.revisions.exclude(state=Revision.State.DRAFT).values("number")
    rows = policy.reviews.exclude(kind=Kind.FILING).exclude(number__in=done).order_by("pk")
    for (number, digest, kind), row in {(one.number, one.digest, one.kind): one for one in rows}.items():
        if row.outcome != Outcome.LAPSED and (number, digest) != now:
            act = current_act()
            PolicyReview(
                policy=policy, kind=kind, outcome=Outcome.LAPSED, number=number, digest=digest, decided_on=_day(),
                opinion="草稿已改动" if draft else "草稿已删除", at=act.at, by_id=act.by.id, by_name=act.by.name,
            ).save(force_insert=True)  # fmt: skip
    if policy.pk not in queries.waiting_opinions([policy.pk]):
        _end_to_dos(policy)


BEFORE_PUBLICATION.append(demand_reviews)
AFTER_PUBLICATION.append(ask_filing)
AFTER_CHANGE.append(lapse)


def _draft(policy: Policy, expected_digest: str) -> Revision:
    """Return the open draft, locked, if it is the one that was read."""
    found = policy.series.revisions.filter(state=Revision.State.DRAFT).select_for_update().first()
    if found is None:
        raise Refused("没有草稿，不用审查")
    if found.digest != expected_digest:
        raise Refused("这份草稿刚被修改过，意见只对看过的草稿有效，请刷新后再看")
    if queries.changes_only_plain_words(policy, found):
        raise Refused("这份草稿只改了通俗解读，条款没有变，不用审查，可以直接发布")
    return found


def _not_sent_back(policy: Policy, draft: Revision) -> None:
    sent_back = next((one for one in queries.demands(policy, draft) if one.returned), None)
    if sent_back is not None:
        raise Refused(f"{sent_back.kind.label}已退回这份草稿，请先按意见修改，再重新办理")


def _after(policy: Policy, draft: Revision, kind: Kind) -> None:
    for one in queries.demands(policy, draft):
        if one.kind == kind:
            return
        if not one.passed:
            raise Refused(f"请先办理{one.kind.label}")


def _record(
    policy: Policy, revision: Revision, kind: Kind, opinion: Opinion, *, findings: list[Any] | None = None, needs_words: bool = True
) -> PolicyReview:  # fmt: skip
    if needs_words and not opinion.text.strip() and not findings:
        raise Refused("请写明意见", opinion="请写明意见")
    if opinion.decided_on is not None and opinion.decided_on > _day():
        raise Refused("日期不能晚于今天", decided_on="日期不能晚于今天")
    outcome = Outcome.PASSED if opinion.passed else Outcome.RETURNED
    return _write(policy, revision, kind, outcome, opinion=opinion, findings=findings or [])


def _write(
    policy: Policy, revision: Revision, kind: Kind, outcome: Outcome, *, due_on: date | None = None,
    opinion: Opinion | None = None, findings: list[Any] | None = None,
) -> PolicyReview:  # fmt: skip
    act, said = current_act(), opinion or Opinion(True, "")
    act.about(policy)
    act.note(kind=kind.value, state=outcome.value, revision=revision.number, digest=revision.digest)
    row = PolicyReview(
        policy=policy, kind=kind, outcome=outcome, number=revision.number, digest=revision.digest,
        opinion=said.text.strip(), findings=findings or [], document=said.document.strip()[:200], file=_kept(policy, said),
        decided_on=said.decided_on or _day(), due_on=due_on, at=act.at, by_id=act.by.id, by_name=act.by.name,
    )  # fmt: skip
    row.save(force_insert=True)
    return row


def _kept(policy: Policy, opinion: Opinion) -> Any:
    if opinion.file is None:
        return None
    if not opinion.unclassified:
        raise Refused("涉密不上网：请确认文件不涉及国家秘密、工作秘密", unclassified="请确认后再提交")
    name, content = opinion.file
    return store(content, name=name, place_code=policy.place_code, owner_organisation_id=policy.owner_id)


def _end_to_dos(policy: Policy) -> None:
    for row in policy.reviews.filter(kind=Kind.LEGALITY, outcome=Outcome.ASKED):
        finish_to_dos(row, at=current_act().at)


def _tell_unit(policy: Policy, row: PolicyReview) -> None:
    notify(
        queries.officers_of(policy, _day()), title=f"合法性审核{row.get_outcome_display()}：{policy.title}", link=_link(policy)
    )  # fmt: skip


def _link(policy: Policy) -> str:
    return reverse("policy", args=[policy.code])


def _day() -> date:
    """The business day of the act."""
    return current_act().moment.astimezone(SHANGHAI).date()
