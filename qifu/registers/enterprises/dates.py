"""Dates as registration files write them: many forms, spreadsheet day numbers, with what to look at; pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta

from qifu.registers.enterprises.kinds import is_blank

FOUNDED = date(1949, 10, 1)
_SPREADSHEET_EPOCH = date(1899, 12, 30)
_DIGITS = str.maketrans("〇零○一二三四五六七八九", "000123456789")
_CLOCK = re.compile(
    r"(?<=[0-9日])[T ]*[0-2]?[0-9]:[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?$"
)
_YMD = re.compile(r"([0-9]{4})(?:[-/.]|年)([0-9]{1,2})(?:[-/.]|月)([0-9]{1,2})日?号?")
_PACKED = re.compile(r"([12][0-9]{3})([0-1][0-9])([0-3][0-9])(?:0{6})?")
_OPEN_ENDED = re.compile(r"长期|永久|无固定期限|无期限")


@dataclass(frozen=True)
class DateReading:
    """A day; None when not stated (no `problem`) or not readable (`problem`, perhaps a `proposal`)."""

    day: date | None = None
    problem: str = ""
    proposal: str = ""
    warning: str = ""


def read_date(text: str, latest: date) -> DateReading:
    """Return the day in `text`: 2015-06-18, 2015/6/18, 2015年6月18日, 20150618, 42173, 2015-06-18 00:00:00, 二〇一五年六月十八日.

    A day after `latest` or before 1949-10-01 is taken with a warning.
    """
    if is_blank(text) or text.strip().startswith("0000-00-00"):
        return DateReading()
    shown = text.strip()[:40]
    plain = unicodedata.normalize("NFKC", text).strip().lstrip("'")
    plain = "".join(_CLOCK.sub("", plain.replace("T", " ")).split())
    if _OPEN_ENDED.search(plain):
        return DateReading(problem=f"“{shown}”不是一个日期")
    found = _YMD.fullmatch(plain) or _PACKED.fullmatch(plain) or _YMD.fullmatch(_spelled(plain))
    if found:
        try:
            return _checked(date(int(found[1]), int(found[2]), int(found[3])), latest)
        except ValueError:
            return DateReading(problem=f"“{shown}”不是存在的日期", proposal="写成 2015-06-18 的样子")
    serial = re.fullmatch(r"([0-9]{5})(?:\.[0-9]+)?", plain)
    if serial and 10_000 <= int(serial[1]) <= 73_000:
        return _checked(_SPREADSHEET_EPOCH + timedelta(days=int(serial[1])), latest)
    return DateReading(problem=f"日期“{shown}”无法识别", proposal=_proposal(plain))


def _checked(day: date, latest: date) -> DateReading:
    if day > latest:
        return DateReading(day, warning=f"日期 {day} 在今天以后，请核对")
    if day < FOUNDED:
        return DateReading(day, warning=f"日期 {day} 早于1949年10月1日，请核对")
    return DateReading(day)


def _spelled(text: str) -> str:
    """二〇一五年六月十八日 as 2015年6月18日."""
    plain = re.sub(r"(?<=[二三])十(?=[一二三四五六七八九])", "", text)
    plain = re.sub(r"(?<=[二三])十", "0", plain)
    plain = re.sub(r"十(?=[一二三四五六七八九])", "1", plain)
    return plain.replace("十", "10").translate(_DIGITS)


def _proposal(plain: str) -> str:
    """What was meant where only the order can be guessed: 6/18/2015, 18.06.2015."""
    found = re.fullmatch(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})", plain)
    if found:
        first, second, year = int(found[1]), int(found[2]), int(found[3])
        for month, day in ((first, second), (second, first)):
            other_fits = first <= 12 and second <= 12 and first != second
            try:
                return "" if other_fits else date(year, month, day).isoformat()
            except ValueError:
                continue
    month_only = re.fullmatch(r"([0-9]{4})(?:[-/.]|年)([0-9]{1,2})月?", plain)
    return "补写日，如 2015-06-18" if month_only else "写成 2015-06-18 的样子"
