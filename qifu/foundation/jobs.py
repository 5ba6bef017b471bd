"""One table of jobs drained by `qifu worker`: notices, timers and long work, on SQLite and PostgreSQL alike.

A job is enqueued inside an act, so it exists if, and only if, the act commits. It carries ids, never content. A job
runs at least once: handlers must be safe to repeat. A worker that dies loses its lease and another takes the job.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import IntegrityError, connection, models, transaction
from django.db.models import F, Q

from qifu.foundation.action import current_act
from qifu.foundation.request_id import request_id

log = logging.getLogger("qifu.jobs")

LEASE = timedelta(minutes=10)
FIRST_RETRY = timedelta(seconds=15)
LONGEST_RETRY = timedelta(days=1)


class Job(models.Model):
    """One piece of work to do at or after `run_at`."""

    class State(models.TextChoices):
        WAITING = "waiting", "等待"
        RUNNING = "running", "进行中"
        DONE = "done", "完成"
        FAILED = "failed", "失败"
        CANCELLED = "cancelled", "已取消"

    kind = models.CharField("种类", max_length=80)
    ids = models.JSONField("编号", default=dict)
    run_at = models.DateTimeField("执行时间")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField("已试次数", default=0)
    max_attempts = models.PositiveSmallIntegerField("最多次数", default=5)
    unique_key = models.CharField("唯一标识", max_length=160, null=True)
    leased_until = models.DateTimeField("占用至", null=True)
    worker = models.CharField("执行者", max_length=80, blank=True)
    done_count = models.PositiveIntegerField("已完成", default=0)
    total_count = models.PositiveIntegerField("总数", default=0)
    progress = models.CharField("进度", max_length=200, blank=True)
    error = models.TextField("错误", blank=True)
    created_at = models.DateTimeField("创建时间")
    created_by = models.BigIntegerField("创建人", null=True)
    finished_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        app_label = "foundation"
        verbose_name = "作业"
        indexes: ClassVar = [models.Index(fields=["state", "run_at"], name="job_due")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["unique_key"], condition=Q(state__in=["waiting", "running"]), name="job_open_once"
            )
        ]


class Worker(models.Model):
    """A worker process and when it last said that it is alive."""

    name = models.CharField("进程", max_length=80, unique=True)
    started_at = models.DateTimeField("启动时间", null=True)
    beat_at = models.DateTimeField("最近心跳")

    class Meta:
        app_label = "foundation"
        verbose_name = "作业进程"


BEAT_EVERY = timedelta(seconds=15)
SILENT_AFTER = timedelta(seconds=120)
"""Without a beat for so long, and without a job at hand, a worker counts as dead."""


def beat(*, worker: str, at: datetime) -> None:
    """Note that `worker` (`host:process`) is alive; writes at most once in BEAT_EVERY, and forgets one silent for a day."""
    if Worker.objects.filter(name=worker, beat_at__gt=at - BEAT_EVERY).exists():
        return
    Worker.objects.update_or_create(
        name=worker, defaults={"beat_at": at}, create_defaults={"beat_at": at, "started_at": at}
    )
    Worker.objects.filter(beat_at__lt=at - timedelta(days=1)).delete()


def retire(*, worker: str) -> None:
    """Note that `worker` ended as it was told to: nobody need look for it."""
    Worker.objects.filter(name=worker).delete()


@dataclass(frozen=True)
class WorkerState:
    """A worker as it stands: where it runs, since when, its last beat, the kind of the job at hand ("": none).

    `alive` is true while it beats, and during a job whose lease has not run out: a worker beats between jobs and when
    a job reports.
    """

    name: str
    host: str
    process: str
    started_at: datetime | None
    beat_at: datetime
    job_kind: str
    alive: bool


def workers(*, at: datetime) -> list[WorkerState]:
    """Return every worker that beat within a day, the most recent first."""
    at_hand = dict(
        Job.objects.filter(state=Job.State.RUNNING, leased_until__gt=at).values_list("worker", "kind")
    )
    found = []
    for row in Worker.objects.order_by("-beat_at", "name"):
        host, _, process = row.name.rpartition(":")
        kind = at_hand.get(row.name, "")
        alive = bool(kind) or at - row.beat_at <= SILENT_AFTER
        found.append(WorkerState(row.name, host, process, row.started_at, row.beat_at, kind, alive))
    return found


@dataclass(frozen=True)
class Health:
    """How the worker and its table stand: seconds since the last beat (None: never), jobs due and for how long, failed.

    `alive` counts the workers that are; `oldest_seconds` is how long the longest waiting due job has waited.
    """

    seconds_since_beat: int | None
    waiting: int
    failed: int
    alive: int = 0
    oldest_seconds: int = 0


def health(*, at: datetime) -> Health:
    """Return how the jobs stand at `at`; `waiting` counts only jobs that are due."""
    known = workers(at=at)
    due = Job.objects.filter(state=Job.State.WAITING, run_at__lte=at)
    oldest = due.order_by("run_at").values_list("run_at", flat=True).first()
    return Health(
        seconds_since_beat=int((at - known[0].beat_at).total_seconds()) if known else None,
        waiting=due.count(),
        failed=Job.objects.filter(state=Job.State.FAILED).count(),
        alive=sum(one.alive for one in known),
        oldest_seconds=0 if oldest is None else int((at - oldest).total_seconds()),
    )


@dataclass(frozen=True)
class Trouble:
    """A job that an administrator may look at: failed, running, or due and waiting; `reason` names no data of people."""

    id: int
    kind: str
    state: str
    state_title: str
    attempts: int
    since: datetime
    reason: str
    worker: str


def open_jobs(*, at: datetime, limit: int = 20) -> list[Trouble]:
    """Return the failed jobs, then the running ones, then those due, each the oldest first, at most `limit`."""
    due = Q(state=Job.State.WAITING, run_at__lte=at)
    rows = Job.objects.filter(due | Q(state__in=[Job.State.FAILED, Job.State.RUNNING]))
    rows = rows.order_by(models.Case(
        models.When(state=Job.State.FAILED, then=0), models.When(state=Job.State.RUNNING, then=1), default=2
    ), "run_at", "pk")  # fmt: skip
    return [
        Trouble(
            row.pk, row.kind, row.state, row.get_state_display(), row.attempts, row.finished_at or row.run_at,
            _reason(row.error), row.worker,
        )
        for row in rows[:limit]
    ]  # fmt: skip


def _reason(error: str) -> str:
    """Return what a handler said in Chinese; of an exception only its name, for its message may quote anything."""
    name, colon, _ = error.partition(": ")
    return f"程序出错（{name}）" if colon and name.isidentifier() and name.isascii() else error


def counts() -> dict[str, int]:
    """Return how many jobs are in each state; every state is named."""
    found = dict(Job.objects.values_list("state").annotate(count=models.Count("pk")).order_by())
    return {state: found.get(state, 0) for state in Job.State.values}


class JobCancelled(Exception):
    """Raised inside a handler by `report` when someone cancelled the job."""


class JobRefused(Exception):
    """Raised by a handler when repeating cannot help; the message is Chinese and shown to the person waiting."""


class JobPostponed(Exception):
    """Raised by a handler that cannot go on before `until`; it runs again then, and this run counts as no failure."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


@dataclass(frozen=True)
class Running:
    """What a handler receives: the ids it was enqueued with, the time, and a way to report progress.

    `attempt` says which run of the job this is; `clock` tells the time while it runs.
    """

    job_id: int
    ids: dict[str, Any]
    at: datetime
    attempt: int
    clock: Callable[[], datetime]
    worker: str = ""

    def report(self, done: int, total: int, text: str = "") -> None:
        """Show progress to whoever waits and renew the lease; work of over ten minutes must report meanwhile.

        Raises JobCancelled when the job was cancelled, or given to another worker because the lease had run out.
        """
        rows = Job.objects.filter(pk=self.job_id, state=Job.State.RUNNING, attempts=self.attempt)
        lease = self.clock() + LEASE
        if not rows.update(done_count=done, total_count=total, progress=text[:200], leased_until=lease):
            raise JobCancelled
        if self.worker:
            beat(worker=self.worker, at=self.clock())


Handler = Callable[[Running], None]
_handlers: dict[str, Handler] = {}


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Mark a function as the handler of jobs of `kind`."""

    def mark(function: Handler) -> Handler:
        if kind in _handlers:
            raise ValueError(f"jobs of kind {kind} have two handlers")
        _handlers[kind] = function
        return function

    return mark


def handlers() -> dict[str, Handler]:
    """Return every handler by kind."""
    return dict(_handlers)


def enqueue(
    kind: str,
    *,
    run_at: datetime | None = None,
    unique_key: str | None = None,
    max_attempts: int = 5,
    **ids: Any,
) -> Job:
    """Add a job inside the act under way; with `unique_key`, an equal open job is returned instead."""
    act = current_act()
    if kind not in _handlers:
        raise LookupError(f"no handler for jobs of kind {kind}")
    job = Job(
        kind=kind, ids=ids, run_at=run_at or act.at, unique_key=unique_key, max_attempts=max_attempts,
        created_at=act.at, created_by=act.by.id,
    )  # fmt: skip
    if unique_key is None:
        job.save()
        return job
    open_jobs = Job.objects.filter(unique_key=unique_key, state__in=[Job.State.WAITING, Job.State.RUNNING])
    existing = open_jobs.first()
    if existing is not None:
        return existing
    try:
        with transaction.atomic():
            job.save()
    except IntegrityError:  # another act was faster by a moment
        return open_jobs.get()
    return job


def claim(*, worker: str, at: datetime) -> Job | None:
    """Take the most overdue job that is due, or whose worker lost its lease; None when there is none.

    On PostgreSQL rows locked by other workers are skipped; on SQLite the write lock taken at BEGIN serialises them.
    """
    lost = Q(state=Job.State.RUNNING, leased_until__lt=at)
    skip_locked = connection.features.has_select_for_update_skip_locked
    with transaction.atomic():
        due = Job.objects.filter(Q(state=Job.State.WAITING, run_at__lte=at) | lost).order_by("run_at", "pk")
        while (job := due.select_for_update(skip_locked=skip_locked).first()) is not None:
            if job.attempts < job.max_attempts:
                job.state, job.worker, job.leased_until = Job.State.RUNNING, worker, at + LEASE
                job.attempts += 1
                job.save(update_fields=["state", "worker", "leased_until", "attempts"])
                return job
            _finish(job, Job.State.FAILED, at=at, error=job.error or "多次执行中断，已停止重试")
    return None


def run_one(*, worker: str, clock: Callable[[], datetime]) -> bool:
    """Claim and run one job; return False when nothing was due. A failure is retried later, ever more patiently."""
    job = claim(worker=worker, at=clock())
    if job is None:
        return False
    with request_id(f"job-{job.pk}"):
        try:
            _handlers[job.kind](Running(job.pk, job.ids, clock(), job.attempts, clock, worker))
        except JobCancelled:
            log.info("job cancelled", extra={"job": job.pk, "kind": job.kind})
        except JobPostponed as error:
            _postpone(job, error.until)
        except JobRefused as error:
            _finish(job, Job.State.FAILED, at=clock(), error=str(error))
        except Exception as error:
            log.exception("job failed", extra={"job": job.pk, "kind": job.kind, "attempt": job.attempts})
            _retry_or_fail(job, at=clock(), error=f"{type(error).__name__}: {error}")
        else:
            _finish(job, Job.State.DONE, at=clock())
    return True


def cancel(job_id: int, *, at: datetime) -> bool:
    """Cancel a job that is not done; inside an act. A running handler stops at its next report.

    A failed job that is cancelled counts as looked after.
    """
    current_act()
    open_states = [Job.State.WAITING, Job.State.RUNNING, Job.State.FAILED]
    rows = Job.objects.filter(pk=job_id, state__in=open_states)
    return bool(rows.update(state=Job.State.CANCELLED, finished_at=at))


def _postpone(job: Job, until: datetime) -> None:
    """Let the job wait until `until`; the count of attempts, which tells runs apart, goes on, and so its limit."""
    mine = Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, attempts=job.attempts)
    mine.update(state=Job.State.WAITING, run_at=until, leased_until=None, max_attempts=F("max_attempts") + 1)


def retry(job_id: int, *, at: datetime) -> bool:
    """Let a failed job run again from the beginning of its attempts; inside an act. False when it is not failed.

    False, too, when an equal job (the same unique key) is open already: that one does the work.
    """
    current_act()
    job = Job.objects.select_for_update().filter(pk=job_id, state=Job.State.FAILED).first()
    if job is None:
        return False
    job.state, job.run_at, job.attempts, job.finished_at = Job.State.WAITING, at, 0, None
    try:
        with transaction.atomic():
            job.save(update_fields=["state", "run_at", "attempts", "finished_at"])
    except IntegrityError:
        return False
    return True


def _retry_or_fail(job: Job, *, at: datetime, error: str) -> None:
    if job.attempts >= job.max_attempts:
        _finish(job, Job.State.FAILED, at=at, error=error)
        return
    later = at + min(FIRST_RETRY * 4 ** min(job.attempts - 1, 12), LONGEST_RETRY)
    mine = Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, attempts=job.attempts)
    mine.update(state=Job.State.WAITING, run_at=later, error=error, leased_until=None)


def _finish(job: Job, state: str, *, at: datetime, error: str = "") -> None:
    mine = Job.objects.filter(pk=job.pk, attempts=job.attempts).exclude(state=Job.State.CANCELLED)
    mine.update(state=state, finished_at=at, error=error, leased_until=None, attempts=F("attempts"))
