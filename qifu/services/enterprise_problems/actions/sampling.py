"""The month's random sample for call-backs: a seed promised in time, the draw, the daily job that does both."""

from __future__ import annotations

import secrets
from datetime import datetime, time, timedelta

from qifu.engines.casework.models import Case
from qifu.foundation.access import SYSTEM, Actor
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.jobs import Job, Running, enqueue, handles
from qifu.foundation.periods import Period, containing
from qifu.foundation.working_days import SHANGHAI
from qifu.registers.people.models import Post
from qifu.services.enterprise_problems import sample
from qifu.services.enterprise_problems.actions.rating import publish_rating_groups
from qifu.services.enterprise_problems.models import CallBack, SampleDraw
from qifu.services.enterprise_problems.queries.call_backs import draw_name, frame, month_of

PER_CENT, LEAST = 5, 5
"""Of each county's closed cases 5 %, at least five: fixed beforehand, so that nobody sizes a sample to its outcome."""
DAILY = "enterprise_problems.daily"
AT = time(6, 30)


@action(
    "enterprise_problems.promise_seed",
    title="承诺抽样种子",
    permission="enterprise_problems.call_back",
    on="desk",
)
def promise_seed(*, by: Actor, at: datetime, desk: str, month: str) -> SampleDraw:
    """Make the seed of a month's draw and show its commitment; the one there is stays."""
    _see(month)
    found = SampleDraw.objects.filter(place_code=desk, month=month).first()
    if found is not None:
        return found
    act = current_act()
    seed = secrets.token_bytes(sample.SEED_BYTES)
    row = SampleDraw.objects.create(
        place_code=desk,
        month=month,
        commitment=sample.commitment_of(seed),
        committed_at=act.moment,
        seed=seed.hex(),
    )
    act.about(row)
    act.note(month=month, digest=row.commitment)
    return row


@action(
    "enterprise_problems.draw_sample",
    title="抽取回访名单",
    permission="enterprise_problems.call_back",
    on="desk",
)
def draw_sample(*, by: Actor, at: datetime, desk: str, month: str) -> SampleDraw:
    """Draw from the cases closed in a month that is over, with the seed promised for it; once."""
    act = current_act()
    span = _see(month)
    if act.moment.astimezone(SHANGHAI).date() < span.end:
        raise Refused(f"{span.label}还没有过完，{span.end} 起才能抽取")
    promise_seed(by=by, at=at, desk=desk, month=month)
    row = SampleDraw.objects.select_for_update().get(place_code=desk, month=month)
    if row.drawn_at is not None:
        raise Refused("这个月已经抽取过，名单不能重抽")
    numbers = frame(desk, span, at)
    drawn = sample.draw_by_place(bytes.fromhex(row.seed), span.end, numbers, per_cent=PER_CENT, least=LEAST)
    row.drawn_at, row.drawn_by, row.per_cent, row.least = act.moment, by.id, PER_CENT, LEAST
    row.frame_digest = sample.digest_of(numbers)
    row.counties = {place: [len(numbers[place]), len(drawn[place])] for place in drawn}
    row.save()
    cases = dict(
        Case.objects.filter(number__in=[one for some in drawn.values() for one in some]).values_list(
            "number", "pk"
        )
    )
    CallBack.objects.bulk_create(
        CallBack(
            case_id=cases[number], occasion=CallBack.Occasion.SAMPLE, draw=draw_name(row), place_code=desk,
            planned_at=act.moment,
        )
        for place in drawn for number in drawn[place]
    )  # fmt: skip
    act.about(row)
    act.note(month=month, digest=row.frame_digest, count=len(cases))
    return row


def _see(month: str) -> Period:
    span = month_of(month)
    if span.kind != "month" or month != f"{span.start:%Y-%m}":
        raise Refused("月份请写成 2024-05", month="请写成 2024-05")
    return span


@handles(DAILY)
def run_daily(running: Running) -> None:
    """Set up tomorrow's run, then publish groups that are complete, promise this month's seeds and draw last month's."""
    set_up_daily(by=SYSTEM, at=running.at)
    publish_rating_groups(by=SYSTEM, at=running.at)
    draw_due(by=SYSTEM, at=running.at)


@action(
    "enterprise_problems.set_up_daily", title="安排每日评价作业", permission="enterprise_problems.run_jobs"
)
def set_up_daily(*, by: Actor, at: datetime) -> None:
    """See to it that a run is planned: now where none was, else tomorrow morning; asking again changes nothing."""
    if Job.objects.filter(kind=DAILY, state=Job.State.WAITING).exists():
        return
    run_at = at
    if Job.objects.filter(kind=DAILY, state=Job.State.RUNNING).exists():
        run_at = datetime.combine(at.astimezone(SHANGHAI).date() + timedelta(days=1), AT, SHANGHAI)
    enqueue(DAILY, run_at=run_at, unique_key=f"{DAILY}-{run_at.astimezone(SHANGHAI).date()}", max_attempts=20)


@action("enterprise_problems.draw_due", title="按月抽取回访名单", permission="enterprise_problems.run_jobs")
def draw_due(*, by: Actor, at: datetime) -> int:
    """Promise the present month's seed at each desk with officers, and draw for the last month where one was promised; return draws."""
    today = current_act().moment.astimezone(SHANGHAI).date()
    now = containing(today, "month")
    desks = Post.objects.filter(role="callback_officer", ends_on=None).values_list("place_code", flat=True)
    drawn = 0
    for desk in sorted(set(desks)):
        promise_seed(by=by, at=at, desk=desk, month=f"{now.start:%Y-%m}")
        last = f"{now.previous().start:%Y-%m}"
        if SampleDraw.objects.filter(place_code=desk, month=last, drawn_at=None).exists():
            draw_sample(by=by, at=at, desk=desk, month=last)
            drawn += 1
    return drawn
