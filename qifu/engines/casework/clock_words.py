"""Where a clock stands, in the words of a screen. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from qifu.engines.casework.clocks import DAY, MEASURES, Limit, Pause, Unit, due, overdue_by, remaining
from qifu.foundation.working_days import SHANGHAI, OfficeHours, WorkingCalendar


def words(
    calendar: WorkingCalendar,
    hours: OfficeHours,
    started_at: datetime,
    limit: Limit,
    pauses: Sequence[Pause],
    at: datetime,
) -> str:
    """Return where the clock stands at `at`, as a clerk reads it: 还剩3个工作日, 今天到期, 已超期2个工作日, 已暂停，还剩…"""
    now = at.astimezone(SHANGHAI)
    ended = due(calendar, hours, started_at, limit, pauses).at
    if ended is not None and ended < now:
        return _overdue_words(overdue_by(calendar, hours, started_at, limit, pauses, at), limit.unit)
    left = remaining(calendar, hours, started_at, limit, pauses, at)
    stopped = any(one.from_at <= now and (one.to_at is None or now < one.to_at) for one in pauses)
    moved = ended is not None and limit.unit is Unit.CALENDAR_DAYS and _moved(ended, now, left, pauses)
    if left == 0 and limit.in_days and ended is not None:
        told = "今天到期" if ended.date() == now.date() else f"{ended.month}月{ended.day}日到期"
    else:
        told = f"还剩{_amount_words(left, limit.unit)}"
        if moved and ended is not None:
            told += f"，末日休息，顺延到{ended.month}月{ended.day}日"
    return f"已暂停，{told}" if stopped else told


def _moved(ended: datetime, now: datetime, left: int, pauses: Sequence[Pause]) -> bool:
    """Tell whether a term of calendar days ends later than its days say, because its last day is a rest day."""
    later = any(one.to_at is None or one.to_at > now for one in pauses)
    return not later and now.date() + left * DAY < ended.date()


def _overdue_words(amount: int, unit: Unit) -> str:
    return f"已超期{_amount_words(amount, unit)}" if amount else "已超期"


def _amount_words(amount: int, unit: Unit) -> str:
    """Return days of the unit, or minutes as hours and minutes."""
    if unit is Unit.WORKING_DAYS or unit is Unit.CALENDAR_DAYS:
        return f"{amount}{MEASURES[unit]}"
    whole, part = divmod(amount, 60)
    told = (f"{whole}{MEASURES[unit]}" if whole else "") + (f"{part}分钟" if part or not whole else "")
    return f"工作时间{told}" if unit is Unit.WORKING_HOURS and not whole else told
