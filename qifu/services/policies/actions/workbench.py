"""Making the snapshot of facts at once, when somebody wants to simulate and there is none."""

from __future__ import annotations

from datetime import datetime

from qifu.foundation.access import Actor
from qifu.foundation.action import action
from qifu.foundation.jobs import enqueue
from qifu.registers.enterprises.snapshot_job import SNAPSHOT


@action("policies.prepare_snapshot", title="准备测算用的事实快照", permission="policies.simulate")
def prepare_snapshot(*, by: Actor, at: datetime) -> None:
    """Have the snapshot made now; asking again while it waits or runs changes nothing."""
    enqueue(SNAPSHOT, unique_key=f"{SNAPSHOT}-asked", max_attempts=3)
