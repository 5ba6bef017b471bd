"""Cases that were counted out by hand, day by day, with their legal source: the clocks give the same moment."""

from datetime import datetime, time
from pathlib import Path
from typing import Any

import pytest
import yaml

from qifu.engines.casework.clocks import Due, Limit, Pause, Unit, due
from qifu.foundation.working_calendar import shipped_calendar
from qifu.foundation.working_days import SHANGHAI, OfficeHours

CASES = yaml.load(
    (Path(__file__).parent / "clock_cases.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader
)["cases"]
HOURS = {
    "一段": OfficeHours(),
    "两段": OfficeHours(((time(8, 30), time(12)), (time(14), time(17, 30)))),
}


def moment(written: str) -> datetime | None:
    """Return the moment that is written, in Shanghai where no zone is; None for null."""
    if written == "null":
        return None
    read = datetime.fromisoformat(written)
    return read if read.tzinfo else read.replace(tzinfo=SHANGHAI)


def test_there_are_forty_of_all_units_each_with_its_source_and_its_counting() -> None:
    assert len(CASES) >= 40
    assert len({case["title"] for case in CASES}) == len(CASES)
    assert {case["limit"][0] for case in CASES} == {unit.value for unit in Unit}
    assert all(case["source"] and len(case["count"]) > 10 for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_the_clock_says_what_the_hand_counted(case: dict[str, Any]) -> None:
    started = moment(case["started"])
    assert started is not None
    unit, amount = case["limit"]
    pauses = []
    for start, end in case.get("pauses", []):
        from_at = moment(start)
        assert from_at is not None
        pauses.append(Pause(from_at, moment(end)))
    counted = due(
        shipped_calendar(), HOURS[case.get("hours", "一段")], started, Limit(Unit(unit), int(amount)), pauses
    )
    assert counted == Due(moment(case["due"]), case.get("provisional") == "true")
