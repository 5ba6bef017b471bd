"""Judging as acts: a batch written under the mark's lock, the marks, the plan of the job, the report of the nightly check."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from qifu.foundation import clock
from qifu.foundation.access import SYSTEM, Actor
from qifu.foundation.action import action, current_act
from qifu.foundation.jobs import Job, enqueue
from qifu.foundation.revisions import Revision
from qifu.foundation.working_days import SHANGHAI
from qifu.services.policies import judging
from qifu.services.policies.actions.library import AFTER_PUBLICATION
from qifu.services.policies.judging import FACTS, OVERLAP, Task
from qifu.services.policies.library import Library, policy_library
from qifu.services.policies.models import JudgeMark, Policy, PolicyMatch, SweepReport

log = logging.getLogger("qifu.policies")

JUDGE, NOW, SWEEP = "policies.judge", "policies.judge_now", "policies.sweep"
NIGHTLY = time(4, 10)
MOST_PAIRS = 100
"""So many differences are kept with a report."""
Report = Callable[[int, int, str], None]


@dataclass
class Caught:
    """What a look did: enterprises judged, rows written, enterprises of which a row changed."""

    judged: int = 0
    written: int = 0
    touched: set[int] = field(default_factory=set)


def catch_up(*, at: datetime, report: Report | None = None) -> Caught:
    """Judge what changed since the marks, batch by batch, then move the marks; safe to repeat and to stop anywhere."""
    day, done = clock.business(at).astimezone(SHANGHAI).date(), Caught()
    library = policy_library(day)
    stands = judging.standing(library)
    mark = stands.mark
    _judge(judging.policy_tasks(stands.moved, library), library, at, done, report)
    changed: Mapping[int, Collection[str]] = {}
    if mark is not None:
        changed = judging.changed_enterprises(mark.until - OVERLAP, mark.day, day)
        _judge(judging.fact_tasks(changed, library), library, at, done, report)
    stale = mark is None or mark.day != day or (bool(changed) and at - mark.until >= OVERLAP)
    if stands.moved or stands.gone or stale:
        reading = {code: digest for code, digest in judging.digests(library).items() if code in stands.moved}
        mark_judged(reading=reading, gone=stands.gone, day=day, by=SYSTEM, at=at)
    return done


def _judge(
    tasks: Iterable[Task], library: Library, at: datetime, done: Caught, report: Report | None
) -> None:
    for task in tasks:
        differing = {one.enterprise_id for one in judging.differences(task.ids, library, task.codes)}
        done.judged += len(task.ids)
        if differing:
            done.written += judge_batch(
                ids=sorted(differing), codes=task.codes, cause=task.cause, day=library.day, by=SYSTEM, at=at
            )
            done.touched |= differing
        if report is not None:
            report(done.judged, 0, f"已判断 {done.judged} 家企业")


@action("policies.judge_batch", title="判断政策匹配", permission="policies.judge")
def judge_batch(
    *, ids: list[int], codes: frozenset[str], cause: str, day: date, by: Actor, at: datetime
) -> int:
    """Judge some enterprises by some policies and write what became different; return how many rows.

    One batch at a time: facts are read after the lock is held, so that an older reading never overwrites a newer one.
    """
    _locked_mark(day, at)
    library = policy_library(day)
    told = judging.differences(ids, library, codes.intersection(library.live))
    judging.write(told, cause=cause, day=day, at=current_act().moment)
    current_act().note(rows=len(told))
    return len(told)


def _locked_mark(day: date, at: datetime) -> JudgeMark:
    JudgeMark.objects.bulk_create(
        [JudgeMark(name=FACTS, until=at - 2 * OVERLAP, day=day)], ignore_conflicts=True
    )
    return JudgeMark.objects.select_for_update().get(name=FACTS)


@action("policies.mark_judged", title="记下判断进度", permission="policies.judge")
def mark_judged(
    *, reading: Mapping[str, str], gone: Collection[str], day: date, by: Actor, at: datetime
) -> None:
    """Say up to where everything was judged; drop what is kept of policies in force no more."""
    mark = _locked_mark(day, at)
    mark.until, mark.day = max(mark.until, at), day
    mark.save(update_fields=["until", "day"])
    ended = Policy.objects.filter(code__in=gone).values("pk")
    PolicyMatch.objects.filter(policy__in=ended).delete()
    JudgeMark.objects.filter(name__in=gone).delete()
    JudgeMark.objects.bulk_create(
        [JudgeMark(name=code, digest=digest, until=at, day=day) for code, digest in reading.items()],
        update_conflicts=True, unique_fields=["name"], update_fields=["digest", "until", "day"],
    )  # fmt: skip


def plan_now(policy: Policy, revision: Revision) -> None:
    """See to it, inside the act that published a policy, that it is judged once that commits; many policies, one job."""
    enqueue(NOW, unique_key=NOW)


AFTER_PUBLICATION.append(plan_now)


@action("policies.plan_judging", title="安排政策判断", permission="policies.judge")
def plan_judging(*, by: Actor, at: datetime) -> None:
    """See to it that changes are looked for all day, and everything is checked at night; asking again changes nothing."""
    local = at.astimezone(SHANGHAI)
    tomorrow = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    if not Job.objects.filter(kind=JUDGE, state=Job.State.WAITING).exists():
        running = Job.objects.filter(kind=JUDGE, state=Job.State.RUNNING).exists()
        run_at = tomorrow if running else at
        enqueue(
            JUDGE, run_at=run_at, unique_key=f"{JUDGE}-{run_at.astimezone(SHANGHAI).date()}", max_attempts=20
        )
    if not Job.objects.filter(kind=SWEEP, state=Job.State.WAITING).exists():
        night = local.replace(hour=NIGHTLY.hour, minute=NIGHTLY.minute, second=0, microsecond=0)
        night += timedelta(days=night <= local)
        enqueue(SWEEP, run_at=night, unique_key=f"{SWEEP}-{night.date()}", max_attempts=3)


# ---- the nightly check -----------------------------------------------------------------------------------------------


def sweep(*, at: datetime, report: Report | None = None, clock_: Callable[[], datetime] | None = None) -> SweepReport:  # fmt: skip
    """Judge every enterprise by every policy in force and compare with what is kept: nothing may differ.

    What was recorded a moment ago and not yet judged is no difference. What differs is put right, and reported.
    """
    catch_up(at=at, report=report)
    day = clock.business(at).astimezone(SHANGHAI).date()
    library = policy_library(day)
    codes, enterprises, pairs, count = frozenset(library.live), 0, list[dict[str, object]](), 0
    stray = PolicyMatch.objects.exclude(policy__in=[live.policy_id for live in library.live.values()])
    for task in _everyone(codes):
        enterprises += len(task.ids)
        told = judging.differences(task.ids, library, codes)
        if told:
            fresh = judging.changed_enterprises((clock_ or (lambda: at))() - 2 * OVERLAP, day, day)
            told = [one for one in told if one.enterprise_id not in fresh]
        if told:
            count += len(told)
            pairs += [_pair(one) for one in told[: MOST_PAIRS - len(pairs)]]
            ids = sorted({one.enterprise_id for one in told})
            judge_batch(ids=ids, codes=codes, cause=PolicyMatch.Cause.SWEEP, day=day, by=SYSTEM, at=at)
        if report is not None:
            report(enterprises, 0, f"已核对 {enterprises} 家企业，差异 {count} 处")
    count += stray.count()
    return record_sweep(
        day=day, enterprises=enterprises, policies=len(codes), differences=count, pairs=pairs,
        finished_at=clock_() if clock_ else at, by=SYSTEM, at=at,
    )  # fmt: skip


def _everyone(codes: frozenset[str]) -> Iterable[Task]:
    last = 0
    while ids := judging.enterprise_ids(after=last):
        last = ids[-1]
        yield Task(tuple(ids), codes, PolicyMatch.Cause.SWEEP)


def _pair(one: judging.Difference) -> dict[str, object]:
    kept, found = one.kept, one.found
    return {
        "enterprise": one.enterprise_id, "policy": one.live.code,
        "kept": [kept.verdict, kept.amount_fen, kept.short_on, kept.revision_id] if kept else None,
        "found": [found.verdict, found.amount_fen, found.short_on, one.live.revision_id] if found else None,
    }  # fmt: skip


@action("policies.record_sweep", title="记录每夜核对", permission="policies.judge")
def record_sweep(
    *, day: date, enterprises: int, policies: int, differences: int, pairs: list[dict[str, object]], finished_at: datetime, by: Actor, at: datetime,
) -> SweepReport:  # fmt: skip
    """Keep the report of a nightly check; raise the alarm in the log where anything differed."""
    live = policy_library(day).live.values()
    PolicyMatch.objects.exclude(policy__in=[one.policy_id for one in live]).delete()
    row = SweepReport.objects.create(
        day=day, started_at=at, finished_at=finished_at, enterprises=enterprises, policies=policies,
        judged=enterprises * policies, kept=PolicyMatch.objects.count(), differences=differences, pairs=pairs,
    )  # fmt: skip
    current_act().note(rows=differences)
    if differences:
        log.error("kept verdicts of policies differed", extra={"differences": differences, "report": row.pk})
    return row
