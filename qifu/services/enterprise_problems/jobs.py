"""Jobs of handling: promises looked at each working day, text messages to contacts without account."""

from __future__ import annotations

from qifu.foundation.access import SYSTEM
from qifu.foundation.jobs import Running, handles
from qifu.services.enterprise_problems import contact_texts
from qifu.services.enterprise_problems.actions.promises import FOLLOW_UP, follow_up


@handles(FOLLOW_UP)
def run_follow_up(running: Running) -> None:
    """Remind of promises; safe to repeat."""
    follow_up(by=SYSTEM, at=running.at)


__all__ = ["contact_texts", "run_follow_up"]
