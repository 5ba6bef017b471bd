"""The six-state loop 发布→量化→解读→兑付→评估→迭代: each step done is a row with owner, day, output and next review.

A step is done only when what it must leave behind is there; an evaluation may be repeated, and 修改 opens the next draft.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TypeAlias

from django.db.models import Max
from django.urls import reverse

from qifu.foundation import search
from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.jobs import Job, enqueue
from qifu.foundation.notices import Notice, notify
from qifu.foundation.revisions import Revision, draft
from qifu.foundation.search import Audience
from qifu.foundation.working_days import SHANGHAI
from qifu.services.policies.actions.library import AFTER_CHANGE, AFTER_PUBLICATION
from qifu.services.policies.content import content_of
from qifu.services.policies.models import Policy, PolicyStep
from qifu.services.policies.queries import loop as queries
from qifu.services.policies.queries import review

REMIND = "policies.remind"
AT = time(7, 55)
Stage: TypeAlias = Policy.Stage
Conclusion: TypeAlias = PolicyStep.Conclusion


@action("policies.complete_step", title="完成政策环节", permission="policies.run_loop", on="policy")
def complete_step(
    *, policy: Policy, stage: str, output: str, by: Actor, at: datetime, done_on: date | None = None,
    conclusion: str = "", next_review: date | None = None,
) -> PolicyStep:  # fmt: skip
    """Record that a step of the loop is done; raises Refused, saying what the step must leave behind first.

    An evaluation concludes 延续, 修改 or 停止 and, unless it stops, names the next review; 迭代 opens the draft of the change.
    """
    policy = Policy.objects.select_for_update().get(pk=policy.pk)
    offered = queries.next_stages(policy)
    if stage not in offered:
        names = "、".join(Stage(one).label for one in offered) or "没有"
        raise Refused(f"现在不能办这个环节；可以办的：{names}")
    lacking = queries.lacking(policy, stage)
    if lacking:
        raise Refused(f"还不能完成{Stage(stage).label}：{'；'.join(lacking)}")
    if not output.strip():
        raise Refused("请写明这个环节的成果", output="请写明这个环节的成果")
    day = done_on or _day()
    if day > _day():
        raise Refused("完成日不能晚于今天", done_on="完成日不能晚于今天")
    if stage == Stage.EVALUATE:
        _check_evaluation(conclusion, next_review)
    else:
        conclusion, next_review = "", None
    step = _step(policy, stage, output.strip(), day, conclusion, next_review)
    policy.stage = stage
    if stage == Stage.EVALUATE:
        policy.next_review = next_review
    policy.save()
    if stage == Stage.ITERATE:
        _open_draft(policy)
    return step


def _check_evaluation(conclusion: str, next_review: date | None) -> None:
    if conclusion not in Conclusion.values:
        raise Refused("请选择评估结论：延续、修改或停止", conclusion="请选择评估结论")
    if conclusion == Conclusion.STOP:
        if next_review is not None:
            raise Refused("停止的政策没有下次评估日", next_review="停止的政策不填")
    elif next_review is None or next_review <= _day():
        raise Refused("请填写今天以后的下次评估日", next_review="请填写今天以后的日期")


def _open_draft(policy: Policy) -> None:
    if policy.series.revisions.filter(state=Revision.State.DRAFT).exists():
        return
    published = policy.series.revisions.get(number=policy.published_number or 0)
    draft(policy.series, published.content)


def begin_round(policy: Policy, revision: Revision) -> None:
    """Begin the loop anew with the publication of a revision, unless only plain words changed; let the search find it."""
    index_policy(policy, revision)
    if review.changes_only_plain_words(policy, revision):
        return
    document = f"，{policy.document}" if policy.document else ""
    _step(policy, Stage.PUBLISH, f"发布第 {revision.number} 版{document}", _day(), "", None, revision.number)
    policy.stage = Stage.PUBLISH
    if policy.owner_id is not None:
        policy.next_review = queries.first_review(policy, _day())
        schedule_reminders()
    policy.save()


def index_policy(policy: Policy, revision: Revision) -> None:
    """Let the site-wide search find a published policy by title, document and clauses."""
    content = content_of(revision.content)
    words = [
        policy.code,
        policy.document,
        content.terms.how_to,
        *content.interpretations.values(),
        content.text,
    ]
    search.index(
        "policy", policy.code, title=policy.title, text="\n".join(words), place_code=policy.place_code,
        audience=Audience.PUBLIC,
    )  # fmt: skip


def forget_withdrawn(policy: Policy) -> None:
    """Take a policy without a published revision out of the search, and back to what its earlier revision says."""
    if policy.published_number is None:
        search.remove("policy", policy.code)
    else:
        index_policy(policy, policy.series.revisions.get(number=policy.published_number or 0))


AFTER_PUBLICATION.append(begin_round)
AFTER_CHANGE.append(forget_withdrawn)


@action(REMIND, title="提醒政策评估和备案", permission=REMIND)
def remind_reviews(*, today: date, by: Actor, at: datetime) -> int:
    """Tell each unit once when a review or filing comes near and once when its day has passed; return how many were told.

    Asked again it tells nothing twice. It also sets the job for the next day.
    """
    rows = Policy.objects.filter(owner__isnull=False).select_related("series")
    told = 0
    for one in review.obligations(rows, today):
        mark = "已逾期" if one.day < today else "将到期"
        title = f"政策{one.what}{mark}（{one.day:%Y-%m-%d}）：{one.policy.title}"[:200]
        told += _tell_once(one.policy, title, one.day, today)
    schedule_reminders()
    current_act().note(reminded=told)
    return told


def _tell_once(policy: Policy, title: str, day: date, today: date) -> int:
    link = reverse("policy", args=[policy.code])
    known = set(Notice.objects.filter(title=title, link=link).values_list("recipient_id", flat=True))
    fresh = [person for person in review.officers_of(policy, today) if person not in known]
    notify(fresh, title=title, link=link, kind="reminder", due_on=day)
    return bool(fresh)


def schedule_reminders() -> None:
    """See to it that tomorrow's reminders are made, inside the act under way; one job waits at a time."""
    if Job.objects.filter(kind=REMIND, state=Job.State.WAITING).exists():
        return
    local = current_act().at.astimezone(SHANGHAI)
    day = local.date() + timedelta(days=local.time() >= AT)
    enqueue(REMIND, run_at=datetime.combine(day, AT, SHANGHAI), unique_key=f"{REMIND}-{day}", max_attempts=20)


def _step(
    policy: Policy, stage: str, output: str, day: date, conclusion: str, next_review: date | None, number: int = 0
) -> PolicyStep:  # fmt: skip
    act = current_act()
    act.about(policy)
    act.note(kind=stage, state=conclusion)
    highest = policy.steps.aggregate(top=Max("seq"))["top"] or 0
    step = PolicyStep(
        policy=policy, seq=highest + 1, stage=stage, number=number or policy.published_number or 0, owner=policy.owner,
        done_on=day, output=output, conclusion=conclusion, next_review=next_review, at=act.at, by_id=act.by.id,
        by_name=act.by.name,
    )  # fmt: skip
    step.save(force_insert=True)
    return step


def _day() -> date:
    """The business day of the act."""
    return current_act().moment.astimezone(SHANGHAI).date()
