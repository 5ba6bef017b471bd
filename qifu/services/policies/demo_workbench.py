"""The demo's snapshot of facts, so that the workbench has figures at once."""

from __future__ import annotations

from datetime import datetime

from qifu.foundation import clock
from qifu.foundation.working_days import SHANGHAI
from qifu.registers.enterprises.fact_snapshots import snapshot_from_store


def load_demo_snapshot(at: datetime) -> None:
    """Make the snapshot of the demo's few hundred enterprises anew, as of the demo's day."""
    snapshot_from_store(clock.business(at).astimezone(SHANGHAI).date(), at=at, whole=True)
