"""When an assignment is done: milestones, its due day, and what should be done before it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from qifu.foundation.access import Actor, require
from qifu.foundation.action import Refused, action
from qifu.services.work_plans.actions.record import lock, own_grant, record, tell_lead, worded
from qifu.services.work_plans.models import Assignment, Milestone, Plan, Precedence
from qifu.services.work_plans.status import EventKind

MOST_MILESTONES = 30
_LEAD, _ORGANISE = "work_plans.lead_work", "work_plans.organise_work"


@dataclass(frozen=True)
class MilestoneDraft:
    """A milestone as it is asked for."""

    title: str
    due_on: date


@action("work_plans.set_milestones", title="设定节点", permission=_LEAD, on="assignment")
def set_milestones(
    *, assignment: Assignment, milestones: Sequence[MilestoneDraft], expected_seq: int | None = None,
    by: Actor, at: datetime,
) -> Assignment:  # fmt: skip
    """Replace the milestones that are not reached yet; those reached stay as they are."""
    row = lock(assignment, EventKind.MILESTONE_SET, expected_seq=expected_seq)
    if len(milestones) > MOST_MILESTONES:
        raise Refused(f"一项最多 {MOST_MILESTONES} 个节点", milestones=f"最多 {MOST_MILESTONES} 个")
    wanted = [
        (worded(one.title, field="milestones", what="节点名称", most=200), one.due_on) for one in milestones
    ]
    if len({title for title, _ in wanted}) < len(wanted):
        raise Refused("有两个节点同名，请改成不同的名称", milestones="节点名称不能重复")
    row.milestones.filter(reached_on=None).delete()
    reached = row.milestones.count()
    Milestone.objects.bulk_create(
        [
            Milestone(assignment=row, order=order, title=title, due_on=day)
            for order, (title, day) in enumerate(wanted, start=reached + 1)
        ]
    )
    facts = {"milestones": [{"title": title, "due_on": day.isoformat()} for title, day in wanted]}
    record(row, EventKind.MILESTONE_SET, facts=facts, grant=own_grant(row, _LEAD))
    return row


@action("work_plans.reach_milestone", title="完成节点", permission="work_plans.report_work", on="assignment")
def reach_milestone(
    *, assignment: Assignment, milestone: int, reached_on: date, today: date, text: str = "",
    expected_seq: int | None = None, by: Actor, at: datetime,
) -> Assignment:  # fmt: skip
    """Say that a milestone was reached on a day, not later than today; once."""
    row = lock(assignment, EventKind.MILESTONE_REACHED, expected_seq=expected_seq)
    step = row.milestones.filter(pk=milestone).first()
    if step is None:
        raise Refused("这个节点刚被改动，请刷新后再填")
    if step.reached_on is not None:
        raise Refused(f"节点“{step.title}”已于 {step.reached_on} 完成")
    if reached_on > today:
        raise Refused("完成日不能晚于今天", reached_on="完成日不能晚于今天")
    step.reached_on = reached_on
    step.save()
    facts = {
        "milestone": step.title,
        "due_on_then": step.due_on.isoformat(),
        "reached_on": reached_on.isoformat(),
    }
    said = worded(text, field="text", what="说明", needed=False)
    record(
        row, EventKind.MILESTONE_REACHED, text=said, facts=facts, grant=own_grant(row, "work_plans.report_work")
    )  # fmt: skip
    return row


@action("work_plans.set_due", title="调整期限", permission=_ORGANISE, on="assignment")
def set_due(
    *, assignment: Assignment, due_on: date | None, reason: str, expected_seq: int | None = None, by: Actor, at: datetime
) -> Assignment:  # fmt: skip
    """Set the day that counts (None: 持续推进), with a reason; the document's own deadline stays visible beside it."""
    row = lock(assignment, EventKind.DUE_CHANGED, expected_seq=expected_seq)
    said = worded(reason, field="reason", what="调整期限的理由", most=500)
    if due_on == row.due_on:
        raise Refused("期限没有变化", due_on="请选择另一天")
    facts = {
        "due_on": due_on.isoformat() if due_on else None,
        "before": row.due_on.isoformat() if row.due_on else None,
    }
    record(row, EventKind.DUE_CHANGED, text=said, facts=facts, grant=own_grant(row, _ORGANISE))
    tell_lead(row, f"期限调整为{due_on or '持续推进'}：{row.title}")
    return row


@action("work_plans.set_precedence", title="设定先后", permission=_ORGANISE, on="assignment")
def set_precedence(
    *, assignment: Assignment, before: Assignment, expected_seq: int | None = None, by: Actor, at: datetime
) -> Assignment:
    """Say that an assignment should come after `before`, of the same plan; refused where that would go in a circle."""
    require(by, "work_plans.follow", at, target=before)
    Plan.objects.select_for_update().get(pk=assignment.plan_id)  # two orders at once must see each other
    row = lock(assignment, EventKind.PRECEDENCE_CHANGED, expected_seq=expected_seq)
    if before.plan_id != row.plan_id:
        raise Refused("只能在同一份工作要点的事项之间设定先后")
    if Precedence.objects.filter(before=before, after=row).exists():
        raise Refused("这一先后已经设定")
    circle = _circle(row, before)
    if circle:
        raise Refused(f"这样设定会循环：{' → '.join(circle)}，请先取消其中一处先后")
    Precedence(before=before, after=row).save()
    facts = {"after": before.pk, "title": before.title}
    record(row, EventKind.PRECEDENCE_CHANGED, facts=facts, grant=own_grant(row, _ORGANISE))
    return row


@action("work_plans.remove_precedence", title="取消先后", permission=_ORGANISE, on="assignment")
def remove_precedence(
    *, assignment: Assignment, before: Assignment, expected_seq: int | None = None, by: Actor, at: datetime
) -> Assignment:
    """Undo the order between two assignments."""
    row = lock(assignment, EventKind.PRECEDENCE_CHANGED, expected_seq=expected_seq)
    link = Precedence.objects.filter(before_id=before.pk, after=row).select_related("before").first()
    if link is None:
        raise Refused("这一先后已经取消")
    facts = {"no_longer_after": before.pk, "title": link.before.title}
    link.delete()
    record(row, EventKind.PRECEDENCE_CHANGED, facts=facts, grant=own_grant(row, _ORGANISE))
    return row


def _circle(after: Assignment, before: Assignment) -> list[str]:
    """The titles along the circle that `before` → `after` would close; empty where there is none."""
    if after.pk == before.pk:
        return [after.title, after.title]
    followers: defaultdict[int, list[int]] = defaultdict(list)
    pairs = Precedence.objects.filter(before__plan_id=after.plan_id)
    for first, then in pairs.values_list("before_id", "after_id"):
        followers[first].append(then)
    came_from: dict[int, int] = {}
    waiting = [after.pk]
    while waiting and before.pk not in came_from:
        one = waiting.pop()
        for then in followers[one]:
            if then not in came_from:
                came_from[then] = one
                waiting.append(then)
    if before.pk not in came_from:
        return []
    path = [before.pk]
    while path[-1] != after.pk:
        path.append(came_from[path[-1]])
    titles = dict(Assignment.objects.filter(pk__in=path).values_list("pk", "title"))
    return [titles[pk] for pk in [before.pk, *reversed(path)]]
