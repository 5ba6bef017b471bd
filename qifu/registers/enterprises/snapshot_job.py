"""The nightly job that brings the site's snapshot of facts up to date."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from qifu.foundation import clock
from qifu.foundation.access import SYSTEM, Actor, Permission, declare_permissions
from qifu.foundation.action import action
from qifu.foundation.jobs import Job, JobRefused, Running, enqueue, handles
from qifu.foundation.working_days import SHANGHAI

SNAPSHOT = "enterprises.snapshot"
NIGHTLY = time(3, 30)

declare_permissions(Permission(SNAPSHOT, "生成事实快照（后台作业）", {}))


@handles(SNAPSHOT)
def run_snapshot(running: Running) -> None:
    """Bring the snapshot up to date, and see to the next night's."""
    plan_snapshot(by=SYSTEM, at=running.at)
    from qifu.registers.enterprises.fact_snapshots import (
        snapshot_from_store,  # columns are loaded where they are needed
    )
    from qifu.registers.enterprises.snapshot_parts import SnapshotProblem

    try:
        day = clock.business(running.at).astimezone(SHANGHAI).date()
        made = snapshot_from_store(
            day, at=running.at, report=lambda done: running.report(done, 0, f"已读 {done} 家")
        )
    except SnapshotProblem as problem:
        raise JobRefused(f"事实快照没有生成：{problem}") from None
    running.report(made.rows, made.rows, f"快照有 {made.rows} 家企业")


@action("enterprises.plan_snapshot", title="安排生成事实快照", permission=SNAPSHOT)
def plan_snapshot(*, by: Actor, at: datetime) -> None:
    """See to it that the snapshot is made the next night; asking again changes nothing."""
    if Job.objects.filter(kind=SNAPSHOT, state=Job.State.WAITING).exists():
        return
    local = at.astimezone(SHANGHAI)
    night = local.replace(hour=NIGHTLY.hour, minute=NIGHTLY.minute, second=0, microsecond=0)
    if night <= local:
        night += timedelta(days=1)
    enqueue(SNAPSHOT, run_at=night, unique_key=f"{SNAPSHOT}-{night.date()}", max_attempts=3)
