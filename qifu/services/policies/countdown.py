"""How long a policy can still be had: its window (申报期) or its end, in days from today; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from qifu.engines.rules.written import Version

SOON = 30
"""Days from which on an end is near."""


@dataclass(frozen=True, slots=True)
class Countdown:
    """`days` until the end of the window or of the policy (until it opens for `ahead`); None without an end."""

    state: Literal["always", "open", "ahead", "closed"]
    days: int | None
    words: str

    @property
    def colour(self) -> str:
        """Return the colour of its state."""
        if self.state in ("closed", "ahead"):
            return "idle" if self.state == "closed" else "info"
        return "warn" if self.soon else "info"

    @property
    def soon(self) -> bool:
        """True when it can be had now, but not much longer."""
        return self.state == "open" and self.days is not None and self.days <= SOON


def countdown(version: Version, day: date) -> Countdown:
    """Return what remains on `day`; the last day counts."""
    if version.window is None:
        if version.effective_to is None:
            return Countdown("always", None, "长期有效")
        left = (version.effective_to - day).days
        return Countdown("open", left, f"有效期到 {_last(version.effective_to)}，还剩 {left} 天")
    first, end = version.window
    if day < first:
        ahead = (first - day).days
        return Countdown("ahead", ahead, f"{first.isoformat()} 起申报，还有 {ahead} 天")
    if day >= end:
        return Countdown("closed", None, f"本期申报已于 {_last(end)} 截止")
    left = (end - day).days
    return Countdown("open", left, f"申报到 {_last(end)}，还剩 {left} 天")


def _last(end: date) -> str:
    return (end - timedelta(days=1)).isoformat()
