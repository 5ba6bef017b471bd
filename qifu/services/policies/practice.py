"""How the place goes about policies: terms of reviews, confirmation and clawback, who is barred; the province's figures.

Offices differ in these, so they stand in `policies/practice.yaml` of the province with their examples, not in the program.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from qifu.foundation.working_calendar import shipped_calendar
from qifu.foundation.working_days import WorkingCalendar
from qifu.foundation.yaml_data import (
    Day,
    Effective,
    Fields,
    Flag,
    ListOf,
    OneOf,
    Text,
    Whole,
    load,
    register_kind,
)

FILE = "policies/practice.yaml"
STEPS = {
    "legality": "legality_days", "confirm": "confirm_days", "statement": "statement_days", "filing": "filing_days",
}  # fmt: skip
"""What has a term, and the figure that holds it; all count working days but filing."""


@dataclass(frozen=True)
class Practice:
    """Days are working days, but for filing, the first review and how soon before a review it is due.

    `barred_by` is what an enterprise may not be, by fact: its words; `repaid_to_budget` says that money which comes back
    within the year of its budget may be granted again.
    """

    legality_days: int
    filing_days: int
    first_review: int
    review_soon: int
    confirm_days: int
    remind_before: int
    statement_days: int
    most_objections: int
    repaid_to_budget: bool
    barred_by: Mapping[str, str]

    def last_day(self, step: str, day: date, calendar: WorkingCalendar) -> date:
        """Return the last day of a step (a key of STEPS) that begins on `day`, which itself does not count."""
        return _last_day(step, int(getattr(self, STEPS[step])), day, calendar)


def _last_day(step: str, days: int, day: date, calendar: WorkingCalendar) -> date:
    return day + timedelta(days=days) if step == "filing" else calendar.add_working_days(day, days).day


_FIGURES = (
    "legality_days", "filing_days", "first_review", "review_soon", "confirm_days", "remind_before", "statement_days",
    "most_objections",
)  # fmt: skip
_SHAPE = Fields(
    {
        "title": Text(), "basis": Text(), "effective": Effective(), **{name: Whole(1, 1000) for name in _FIGURES},
        "repaid_to_budget": Flag(),
        "barred_by": ListOf(Fields({"fact": Text(longest=60), "words": Text(longest=60)})),
        "examples": ListOf(
            Fields({"title": Text(), "step": OneOf(*STEPS), "from": Day(), "expect": Day()}), least=1
        ),
    }
)  # fmt: skip


def _run_example(data: Any, example: Any) -> str | None:
    step = example["step"]
    found = _last_day(step, data[STEPS[step]], example["from"], shipped_calendar())
    return None if found == example["expect"] else str(found)


register_kind("policy_practice", _SHAPE, _run_example)


def practice() -> Practice:
    """Return the province's practice, its examples run; raises DataError with the line of what is wrong."""
    path = Path(settings.PROVINCE_DIR) / FILE
    return _loaded(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _loaded(path: Path, modified: int) -> Practice:
    data: Mapping[str, Any] = load(path, "policy_practice").data
    return Practice(
        *(data[name] for name in _FIGURES), data["repaid_to_budget"],
        {one["fact"]: one["words"] for one in data["barred_by"]},
    )  # fmt: skip
