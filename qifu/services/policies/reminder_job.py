"""The daily job of reminders of reviews and filings; it sets its own successor, and is safe to repeat."""

from __future__ import annotations

from qifu.foundation import clock
from qifu.foundation.access import SYSTEM
from qifu.foundation.jobs import Running, handles
from qifu.services.policies.actions.loop import REMIND, remind_reviews


@handles(REMIND)
def remind(running: Running) -> None:
    """Remind of what fell due and was not told yet."""
    remind_reviews(today=clock.today(), by=SYSTEM, at=running.at)
