"""The demo's reach: every enterprise judged by every policy, those with an account told, one nightly check done."""

from __future__ import annotations

from datetime import datetime

from qifu.services.policies.actions.judge import catch_up, sweep
from qifu.services.policies.models import SweepReport
from qifu.services.policies.pushing import push_due


def load_demo_reach(at: datetime) -> None:
    """Judge, check and tell as the jobs would; what is up to date stays as it is. Nothing is opened: clicks are real."""
    done = catch_up(at=at)
    if not SweepReport.objects.exists():
        sweep(at=at)
    push_due(done.touched, at=at)
