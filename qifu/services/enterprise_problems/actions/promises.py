"""Promises of an answer: drafted with it, made when it goes out, followed after the case is closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.urls import reverse

from qifu.engines.casework.definitions import of_case
from qifu.engines.casework.models import Case, CaseEvent
from qifu.engines.casework.record import Standing, lock, record, standing
from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.jobs import Job, enqueue
from qifu.foundation.notices import Notice, finish_to_dos, notify
from qifu.foundation.working_calendar import load_calendar
from qifu.foundation.working_days import SHANGHAI
from qifu.services.enterprise_problems.actions.files import NewFiles, keep_files
from qifu.services.enterprise_problems.guards import drafting_steps
from qifu.services.enterprise_problems.models import Promise
from qifu.services.enterprise_problems.recipients import hub_clerks, officers_of
from qifu.services.enterprise_problems.telling import tell_firm

DRAFTED, KEPT, BROKEN = "promises_drafted", "promise_kept", "promise_broken"
FOLLOW_UP = "enterprise_problems.follow_up"
AT = time(7, 55)
NEAR = timedelta(days=3)
REPEAT = timedelta(days=6)
"""A promise that is near or over is spoken of again after so long."""
MOST = 5


@dataclass(frozen=True)
class NewPromise:
    """What is promised to the firm, and by which day."""

    text: str
    due_on: date


def draft_promises(event: CaseEvent, promises: Sequence[NewPromise]) -> None:
    """Keep with a draft what it promises, inside its act; nothing is promised until the answer goes out."""
    if not promises:
        return
    today = current_act().moment.astimezone(SHANGHAI).date()
    if len(promises) > MOST:
        raise Refused(f"一份答复最多写 {MOST} 项承诺")
    for n, one in enumerate(promises, start=1):
        if not one.text.strip():
            raise Refused("请写明承诺做什么", **{f"promise_{n}": "请写明承诺做什么"})
        if one.due_on <= today:
            raise Refused("承诺的日期应在今天以后", **{f"promise_due_{n}": "应在今天以后"})
    said = [{"text": one.text.strip()[:500], "due_on": one.due_on.isoformat()} for one in promises]
    text = "；".join(f"{one['due_on']} 前：{one['text']}" for one in said)
    record(lock(event.case), DRAFTED, title="拟定承诺", who=Standing(event.role, event.organisation_id), text=text, facts={"promises": said})  # fmt: skip


def make_promises(closing: CaseEvent) -> list[Promise]:
    """Make the promises of the answer that goes out with a closing, inside its act."""
    case = closing.case
    said = CaseEvent.objects.filter(case=case, kind=DRAFTED, seq__lt=closing.seq).order_by("-seq").first()
    drafts = CaseEvent.objects.filter(case=case, kind__in=drafting_steps(of_case(case)), seq__lt=closing.seq)
    draft = drafts.order_by("-seq").first()
    if said is None or draft is None or said.seq < draft.seq:
        return []
    act = current_act()
    made = [
        Promise.objects.create(
            case=case, organisation_id=case.lead_id, text=one["text"], due_on=date.fromisoformat(one["due_on"]),
            made_at=act.moment,
        )
        for one in said.facts["promises"]
    ]  # fmt: skip
    for promise in made:
        notify(
            officers_of(case.lead_id, act.at), title=f"待兑现承诺：{promise.text[:80]}（{case.number}）",
            link=reverse("problem", args=[case.number]), kind=Notice.Kind.TO_DO, due_on=promise.due_on, subject=promise,
        )  # fmt: skip
    schedule_follow_up()
    return made


@action(
    "enterprise_problems.settle_promise", title="认定承诺兑现情况", permission="enterprise_problems.move", on="case"
)  # fmt: skip
def settle_promise(
    *, by: Actor, at: datetime, case: Case, promise_id: int, kept: bool, text: str, files: NewFiles | None = None
) -> Promise:  # fmt: skip
    """Say that a promise was kept, with evidence, or was not, with the reason; the firm reads which of them."""
    row = lock(case, merged=True)
    who = standing(row, ["lead", "hub"])
    promise = Promise.objects.select_for_update().filter(case=row, pk=promise_id).first()
    if promise is None or promise.state != Promise.State.OPEN:
        raise Refused("这项承诺已经认定，请刷新页面")
    if not text.strip():
        raise Refused("请写明情况", text="请写明怎样兑现，或为什么未能兑现")
    if kept and not (files and files.uploads):
        raise Refused("认定已兑现须附佐证材料", files="请上传佐证材料")
    act = current_act()
    promise.state = Promise.State.KEPT if kept else Promise.State.BROKEN
    promise.settled_at, promise.settled_by, promise.settled_text = act.moment, by.id, text.strip()[:500]
    promise.save()
    title = f"承诺{promise.get_state_display()}"
    event = record(
        row, KEPT if kept else BROKEN, title=title, who=who, text=promise.settled_text,
        shown=f"{title}：{promise.text}", facts={"promise": promise.pk},
    )  # fmt: skip
    if files is not None:
        keep_files(event, files, public=files.give, purpose="evidence")
    finish_to_dos(promise, at=act.at)
    tell_firm(event)
    return promise


def schedule_follow_up() -> None:
    """See to it that open promises are looked at next working day, inside the act under way."""
    if Job.objects.filter(kind=FOLLOW_UP, state=Job.State.WAITING).exists():
        return
    local = current_act().at.astimezone(SHANGHAI)
    day = load_calendar(local.date()).add_working_days(local.date(), 1).day
    enqueue(FOLLOW_UP, run_at=datetime.combine(day, AT, SHANGHAI), unique_key=f"{FOLLOW_UP}-{day}", max_attempts=20)  # fmt: skip


@action(FOLLOW_UP, title="跟踪承诺", permission="enterprise_problems.run_jobs")
def follow_up(*, by: Actor, at: datetime) -> int:
    """Remind of promises that are near or over; return of how many. It sets the job for the next working day."""
    today = current_act().moment.astimezone(SHANGHAI).date()
    done = 0
    for promise in Promise.objects.filter(state=Promise.State.OPEN, due_on__lte=today + NEAR).select_related(
        "case"
    ):
        done += _remind(promise, today)
    if Promise.objects.filter(state=Promise.State.OPEN).exists():
        schedule_follow_up()
    current_act().note(reminded=done)
    return done


def _remind(promise: Promise, today: date) -> int:
    act = current_act()
    told = Notice.objects.filter(subject_kind=promise._meta.label_lower, subject_id=str(promise.pk), kind=Notice.Kind.REMINDER)  # fmt: skip
    if told.filter(created_at__gt=act.at - REPEAT).exists():
        return 0
    case, over = promise.case, promise.due_on < today
    words = f"承诺已过 {(today - promise.due_on).days} 天" if over else f"承诺 {promise.due_on:%m月%d日}到期"
    people = officers_of(case.lead_id, act.at)
    if over:
        people += hub_clerks(case, act.at)
    notify(
        people, title=f"{words}：{promise.text[:80]}（{case.number}）", kind=Notice.Kind.REMINDER, subject=promise,
        link=reverse("problem", args=[case.number]), due_on=promise.due_on,
    )  # fmt: skip
    return 1
