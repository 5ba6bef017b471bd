"""The official working calendar: shipped as a data file, published as dated revisions, read by day.

Legal basis: 全国年节及纪念日放假办法 and the yearly notices of the State Council's office. When a new year's notice
comes out, an administrator publishes a calendar with that year added; until then the year is provisional.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from qifu.foundation import revisions
from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.request_id import current_request_id
from qifu.foundation.working_days import SHANGHAI, WorkingCalendar
from qifu.foundation.yaml_data import (
    DataError,
    Day,
    Fields,
    ListOf,
    Loaded,
    MapOf,
    OneOf,
    Optional,
    Text,
    load_text,
    register_kind,
)

KIND, KEY = "working_calendar", "cn"
Published = Callable[[date], None]
_told: list[Published] = []
SHIPPED = Path(__file__).parent / "data" / "working_calendar.yaml"

_HOLIDAY = Fields({"name": Text(longest=40), "from": Day(), "to": Day()})
_NOTICE = Fields({"title": Text()}, {"number": Optional(Text()), "confidence": Text()})
_YEAR = Fields(
    {"status": OneOf("official"), "notice": _NOTICE, "holidays": ListOf(_HOLIDAY, least=1)},
    {"amendments": ListOf(_NOTICE), "working_weekends": ListOf(Day())},
)
_SHAPE = Fields(
    {"title": Text(), "years": MapOf(_YEAR, pattern=r"[12][0-9]{3}")},
    {"basis": Text(), "data_source": Text()},
)
register_kind(KIND, _SHAPE)


def read_calendar(document: bytes, *, where: str = "working_calendar.yaml") -> dict[str, Any]:
    """Return the content of a calendar file as JSON data (days as YYYY-MM-DD); raises DataError with the line."""
    loaded = load_text(document, KIND, where=where)
    _check_years(loaded)
    for year, rows in loaded.data["years"].items():
        _check_year(loaded, int(year), rows)
    plain = _as_json(loaded.data)
    assert isinstance(plain, dict)
    return plain


def calendar_of(content: dict[str, Any]) -> WorkingCalendar:
    """Return the calendar that checked content describes."""
    holidays: list[date] = []
    worked: list[date] = []
    for rows in content["years"].values():
        for row in rows["holidays"]:
            holidays += _days(date.fromisoformat(row["from"]), date.fromisoformat(row["to"]))
        worked += map(date.fromisoformat, rows.get("working_weekends", []))
    return WorkingCalendar(map(int, content["years"]), holidays, worked)


def on_calendar_published(call: Published) -> None:
    """Let `call` be told, within the act, when a calendar is published, with the day from which it is in force."""
    if call not in _told:
        _told.append(call)


def load_calendar(day: date) -> WorkingCalendar:
    """Return the calendar in force on `day`: the published revision, or the shipped file where there is none."""
    revision = revisions.as_of_without_content(kind=KIND, key=KEY, day=day)
    if revision is None:
        return shipped_calendar()
    return _published_calendar(revision.pk, revision.digest)


@lru_cache(maxsize=1)
def shipped_calendar() -> WorkingCalendar:
    """Return the calendar that ships with the platform."""
    return calendar_of(read_calendar(SHIPPED.read_bytes()))


@action("foundation.publish_calendar", title="发布工作日历", permission="foundation.manage_calendar")
def publish_calendar(
    *, document: bytes, effective_from: date, note: str = "", by: Actor, at: datetime
) -> revisions.Revision:
    """Publish a calendar file, in force from `effective_from`; official years may be added but not dropped."""
    try:
        content = read_calendar(document)
    except DataError as error:
        raise Refused(str(error), document=str(error)) from error
    in_force = revisions.as_of(kind=KIND, key=KEY, day=effective_from)
    before = in_force.content if in_force is not None else read_calendar(SHIPPED.read_bytes())
    dropped = sorted(set(before["years"]) - set(content["years"]))
    if dropped:
        raise Refused(f"新日历缺少 {'、'.join(dropped)} 年，请在现行日历上追加年份后再发布")
    if in_force is not None and in_force.content == content:
        raise Refused("内容与现行日历相同，无需再次发布")
    series = revisions.open_series(kind=KIND, key=KEY, title="工作日历")
    revision = revisions.draft(series, content, note=note)
    revision = revisions.publish(revision, effective_from=effective_from)
    current_act().about(revision)
    for call in _told:
        call(effective_from)
    return revision


@lru_cache(maxsize=8)
def _published_calendar(revision_id: int, digest: str) -> WorkingCalendar:
    """A published revision is immutable, so its calendar may be kept; the digest tells revisions of two databases apart."""
    return calendar_of(revisions.Revision.objects.get(pk=revision_id).content)


def _check_years(loaded: Loaded) -> None:
    years = sorted(map(int, loaded.data["years"]))
    if not years:
        raise loaded.error(("years",), "没有任何年份", "请至少写一年")
    for before, after in itertools.pairwise(years):
        if after != before + 1:
            raise loaded.error(
                ("years", str(after)), f"{before} 年之后缺少 {before + 1} 年", "年份必须连续，请补上"
            )


def _check_year(loaded: Loaded, year: int, rows: dict[str, Any]) -> None:
    """Refuse days outside the year, overlapping or empty ranges, and worked weekends that are neither."""
    off: set[date] = set()
    for index, row in enumerate(rows["holidays"]):
        place = ("years", str(year), "holidays", index)
        if not date(year, 1, 1) <= row["from"] < row["to"] <= date(year + 1, 1, 1):
            cause = f"“{row['name']}”的起止日 {row['from']} 至 {row['to']} 不正确"
            raise loaded.error(
                place, cause, f"from 须早于 to，且都在 {year} 年内（to 可为次年1月1日）；跨年的请分两段写"
            )
        days = set(_days(row["from"], row["to"]))
        if days & off:
            raise loaded.error(place, f"“{row['name']}”与前面的假期在 {min(days & off)} 重叠", "请改正起止日")
        off |= days
    for index, day in enumerate(rows.get("working_weekends", [])):
        place = ("years", str(year), "working_weekends", index)
        if day.year != year or day.weekday() < 5:
            raise loaded.error(place, f"{day} 不是 {year} 年的周六或周日", "调休上班日只写周末")
        if day in off:
            raise loaded.error(place, f"{day} 既放假又上班", "请核对通知")


def _days(start: date, end: date) -> Iterator[date]:
    return (start + timedelta(days=n) for n in range((end - start).days))


def _as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_json(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_as_json(part) for part in value]
    return value.isoformat() if isinstance(value, date) else value


_calendar: ContextVar[tuple[tuple[str, date], WorkingCalendar] | None] = ContextVar(
    "qifu_calendar", default=None
)


def calendar_at(moment: datetime) -> WorkingCalendar:
    """Return the calendar in force on the day of a moment, asked for once a request."""
    key = (current_request_id(), moment.astimezone(SHANGHAI).date())
    kept = _calendar.get()
    if kept is None or not key[0] or kept[0] != key:
        kept = (key, load_calendar(key[1]))
        _calendar.set(kept)
    return kept[1]
