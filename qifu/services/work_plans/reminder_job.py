"""The daily job of reminders; it sets its own successor, and is safe to repeat."""

from __future__ import annotations

from qifu.foundation import clock
from qifu.foundation.access import SYSTEM
from qifu.foundation.jobs import Running, handles
from qifu.services.work_plans.actions.remind import REMIND, remind_units


@handles(REMIND)
def remind(running: Running) -> None:
    """Remind of what fell due and was not told yet."""
    remind_units(today=clock.today(), by=SYSTEM, at=running.at)
