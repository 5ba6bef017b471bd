"""What `rules match` and `rules explain` are asked: a day, and names of places as they are on it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", re.ASCII)


class BadRequest(ValueError):
    """The command cannot run as asked; the message is Chinese and says what to write."""


def day_of(text: str) -> date:
    """Return the day of 2024-06-30 or 2024/6/30; raises BadRequest, also for days that no rule is bound to."""
    from qifu.engines.rules.leaf_grammar import FIRST_DAY, LAST_DAY

    found = _DAY.fullmatch(text.strip())
    if found is None:
        raise BadRequest(f"--as-of 的“{text[:40]}”不是日期，请写成 2024-06-30")
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise BadRequest(f"--as-of：没有“{text[:40]}”这一天，请核对") from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise BadRequest(f"--as-of 的 {day} 超出范围，应在 {FIRST_DAY.year} 年与 {LAST_DAY.year} 年之间")
    return day


def place_code(day: date) -> Callable[[str], str]:
    """Return what turns a place's name on that day into its code; it raises LineProblem."""
    from qifu.commands.rules import site_places

    places = site_places()
    return lambda name: places.prefix(name, day).ljust(6, "0")
