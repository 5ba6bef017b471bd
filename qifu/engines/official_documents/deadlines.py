"""Deadlines as offices write them: 2024年6月底前, 三季度, 年底前, 持续推进, with look-alike digits repaired."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from .characters import bare, chinese_number, fold, plain_digits
from .plan import Deadline

_ONGOING_WORD = re.compile(
    r"^每(?:个?月|季度?|半年|年|周|日)|持续|长期|常态|即时|立即|随时|实时|不断|贯穿|[即立边随][\u4e00-\u9fff][即立边随][改办行]|日常|全年(?=推进|实施|开展|坚持|落实|抓好)"
)
_ONGOING_REST = re.compile(
    r"持续|长期|常态化?|即时|立即|随时|实时|不断|贯穿|[即立边随][\u4e00-\u9fff][即立边随][改办行]|日常|全年|推进|推动|实施|开展|落实|抓好|完善|深化|坚持|执行|优化|进行|"
    r"工作|任务|每(?:个?月|季度?|半年|年|周|日)|[底末前]|[一二三四两\d]次|并|中|性|化|起|始终|动态|更新|有效|(?:20\d\d年)?(?:\d{1,2}月)?|[，,、]"
)
_TAIL = r"(?:底|末|初|份|底前|末前|份前|前|之前|以前|内|完成|底前完成|前完成|底前基本完成|止|底之前|底以前|中|年内)*"
_YEAR = r"(?P<year>20\d\d|\d\d)年"
_MONTH_RANGE = re.compile(rf"^(?:{_YEAR})?\d{{1,2}}月?(?:[-—–~～至到]|、)(?P<month>\d{{1,2}})月{_TAIL}$")
_DATE = re.compile(rf"^(?:{_YEAR})?(?P<month>\d{{1,2}})月(?P<day>\d{{1,2}})[日号]?{_TAIL}$")
_DATE_MARKS = re.compile(r"^(?P<year>20\d\d)([-./])(?P<month>\d{1,2})\2(?P<day>\d{1,2})(?:前|之前|止)?$")
_MONTH_MARKS = re.compile(r"^(?P<year>20\d\d)[-./](?P<month>\d{1,2})月?(?:底|前|底前)?$")
_MONTH = re.compile(rf"^(?:{_YEAR})?(?P<month>\d{{1,2}})月(?P<part>[上中下]旬)?{_TAIL}$")
_QUARTER = re.compile(
    rf"^(?:{_YEAR})?第?(?P<quarter>[1-4一二三四])季度?{_TAIL}$|^(?:{_YEAR.replace('year', 'year2')})?[Qq](?P<q>[1-4])$"
)
_HALF = re.compile(rf"^(?:{_YEAR})?(?P<half>[上下])半年{_TAIL}$")
_YEAR_ONLY = re.compile(
    r"^(?:(?P<year>20\d\d|\d\d)年?|(?P<word>今年|本年|全年|年度|当年|明年|次年)?(?:年)?)(?:全年|年|度|年度|年终|年内)*"
    + _TAIL
    + r"$"
)
_CN_YEAR = re.compile(r"[二][〇○Ｏ零0O][一二三四五六七八九〇○零]{2}(?=年)")
_CN_MONTH = re.compile(r"(?P<n>十[一二]?|[一二三四五六七八九])(?=月)")
_CN_DAY = re.compile(r"(?<=月)(?P<n>[二三]?十[一二三四五六七八九]?|[一二三四五六七八九])(?=[日号])")
_INSIDE = re.compile(
    r"(?:20\d\d\s*年\s*)?(?:\d{1,2}\s*月\s*(?:\d{1,2}\s*[日号]|[上中下]旬)?|第?[一二三四1-4]季度|[上下]半年|(?<=年)[底末]|年[底末])\s*(?:底|末)?\s*(?:之?前)?"
)


@dataclass(slots=True)
class ReadDeadline:
    """A deadline with what was done to read it: `repaired` (text was damaged), `year_assumed`."""

    deadline: Deadline
    repaired: bool = False
    year_assumed: bool = False


def month_end(year: int, month: int) -> date:
    """The last day of a month."""
    return date(year, month, monthrange(year, month)[1])


_REMARK = re.compile(
    r"[（(〔\[](?:已|正在|力争|争取|基本|其中|部分|视|如|按|结合|根据)[^（()）]{0,30}[)）〕\]]?$"
)
_FROM = re.compile(
    r"^(?:即日起|(?:自|从)?(?:20\d\d年)?(?:\d{1,2}月)?(?:\d{1,2}日)?起?)(?:[-—–～~]|至|到)(?=20\d\d年|\d{1,2}月\d{1,2}日)"
)
_NAMED = (
    (re.compile(r"[“\"]?十四五[”\"]?(?:末|期末|期间|规划期末|时期)"), "2025年底"),
    (re.compile(r"[“\"]?十五五[”\"]?(?:末|期末|期间|时期)"), "2030年底"),
    (re.compile(r"国庆节?前"), "9月底前"),
    (re.compile(r"[“\"]?五一[”\"]?(?:劳动)?节?前"), "4月底前"),
)
_BEGIN = re.compile(r"(?:启动|开始|起步|开工|起)$")
_DATED = re.compile(
    r"2[0OoQ〇○][\dOolI〇○]{2}年|\d[\dOolI]?\s*[月目]|[\d年月][底末](?:前|$)|年[底末内]|季度|[上下]半年|^持续|^长期|^常态|^全年|^即时|^适时|^20\d\d$"
)


def looks_dated(text: str) -> bool:
    """True for a short text that speaks of a date, whether or not it can be read."""
    return (
        len(text) <= 24
        and bool(_DATED.search(text))
        and not re.search(r"[局委办厅部院司府、，,；;]|[会关位门心]等?$|牵头|配合|负责|参与|参加", text)
    )


def _plain(text: str) -> str:
    text = _REMARK.sub("", bare(fold(text))).strip("。；;，,、（）()〔〕[]")
    for pattern, by in _NAMED:
        text = pattern.sub(by, text)
    text = _FROM.sub("", text)
    text = _CN_YEAR.sub(lambda m: str(chinese_number(m.group())), text)
    text = _CN_MONTH.sub(lambda m: str(chinese_number(m["n"])), text)
    text = _CN_DAY.sub(lambda m: str(chinese_number(m["n"])), text)
    return re.sub(r"^(?:力争|计划|确保|于|在|到|至|截至)+", "", text)


def _year(text: str | None, default: int | None) -> int | None:
    if text is None:
        return default
    return int(text) if len(text) == 4 else 2000 + int(text)


def _strict(plain: str, raw: str, plan_year: int | None) -> ReadDeadline | None:
    if not plain:
        return None
    if len(plain) <= 16 and _ONGOING_WORD.search(plain) and len(_ONGOING_REST.sub("", plain)) <= 1:
        return ReadDeadline(Deadline(raw, "ongoing", None))
    for pattern in (_DATE_MARKS, _MONTH_MARKS, _DATE, _MONTH_RANGE, _MONTH):
        if m := pattern.match(plain):
            return _calendar(m.groupdict(), raw, plan_year)
    if m := _QUARTER.match(plain):
        mark = m["quarter"] or m["q"]
        quarter = int(mark) if mark.isdigit() else (chinese_number(mark) or 1)
        year_text = m["year"] or m["year2"]
        return _ending(year_text, raw, plan_year, "quarter", quarter * 3)
    if m := _HALF.match(plain):
        return _ending(m["year"], raw, plan_year, "month", 6 if m["half"] == "上" else 12)
    if (m := _YEAR_ONLY.match(plain)) and re.search(r"20\d\d|年", plain):
        year_text = m["year"]
        later = 1 if m["word"] in ("明年", "次年") else 0
        read = _ending(year_text, raw, plan_year, "year", 12)
        if read and read.deadline.due and later:
            read.deadline.due = read.deadline.due.replace(year=read.deadline.due.year + later)
        return read
    return None


def _ending(
    year_text: str | None, raw: str, plan_year: int | None, kind: str, month: int
) -> ReadDeadline | None:
    year = _year(year_text, plan_year)
    if year is None:
        return None
    return ReadDeadline(Deadline(raw, kind, month_end(year, month)), year_assumed=year_text is None)  # type: ignore[arg-type]


def _calendar(found: dict[str, str | None], raw: str, plan_year: int | None) -> ReadDeadline | None:
    year = _year(found.get("year"), plan_year)
    month = int(found["month"] or 0)
    if year is None or not 1 <= month <= 12:
        return None
    assumed = found.get("year") is None
    day_text, part = found.get("day"), found.get("part")
    if day_text or part in ("上旬", "中旬"):
        day = int(day_text) if day_text else {"上旬": 10, "中旬": 20}[part or ""]
        if not 1 <= day <= monthrange(year, month)[1]:
            return None
        return ReadDeadline(Deadline(raw, "date", date(year, month, day)), year_assumed=assumed)
    return ReadDeadline(Deadline(raw, "month", month_end(year, month)), year_assumed=assumed)


_REPAIRS = (
    (re.compile(r"(?<=\d)[牛午乍生羊](?=\d|底|末|前|$)"), "年"),
    (re.compile(r"(?<=[年\d])[低厎廷氐](?=前|$)"), "底"),
    (re.compile(r"^(20\d\d)[^\d年](?=[底末前]|$)"), r"\1年"),
    (re.compile(r"(?<=[一二三四1-4])[李秀委](?=度|$)"), "季"),
    (re.compile(r"[侍特待恃]续"), "持续"),
    (re.compile(r"[侍特待恃](?=久)"), "持"),
    (re.compile(r"长[斯朝欺]"), "长期"),
    (re.compile(r"坚[特待侍恃]"), "坚持"),
    (re.compile(r"(?<=[持续])[椎惟雅]"), "推"),
    (re.compile(r"[曰]"), "日"),
    (re.compile(r"(?<=年\d)[日曰目口](?=$|底|末|前)|(?<=年\d\d)[日曰目口](?=$|底|末|前)"), "月"),
    (re.compile(r"(?<=[年\d])目(?=$|底|末|前|\d)"), "月"),
    (re.compile(r"^(20\d\d)(?=\d{1,2}月)"), r"\1年"),
    (re.compile(r"^(20\d\d)[^\d年](?=\d{1,2}月)"), r"\1年"),
    (re.compile(r"^(20\d\d年\d{1,2})[^\d月日]?$"), r"\1月"),
    (re.compile(r"^(20\d\d年)(\d{1,2})(?=底|末|前)"), r"\1\2月"),
    (re.compile(r"(?<=[年月])未"), "末"),
    (re.compile(r"持[读绩椟犊]"), "持续"),
    (re.compile(r"持续推[迸讲]"), "持续推进"),
    (re.compile(r"[十宇字]月$"), "月"),
)


def read_deadline(text: str, plan_year: int | None) -> ReadDeadline | None:
    """A whole cell as a deadline, or None when it is not one; `due` is the last day."""
    raw = text.strip()
    if not raw or len(raw) > 80:
        return None
    plain = _plain(raw)
    if not plain or len(plain) > 40:
        return None
    if plan_year and (later := re.match(r"^(明年|次年|今年|本年)(?=\d|[一二三四第上下])", plain)):
        plain = f"{plan_year + (later[1] in ('明年', '次年'))}年{plain[2:]}"
    read = _strict(plain, raw, plan_year)
    if read:
        return read
    fixed = plain_digits(plain)
    if read := _strict(fixed, raw, plan_year):
        read.repaired = True
        return read
    if "月" not in fixed:
        fixed = re.sub(r"(?<=\d)[日曰目口且](?=底|末|前|上旬|中旬|下旬|$)", "月", fixed)
    for pattern, by in _REPAIRS:
        fixed = pattern.sub(by, fixed)
    if read := _strict(fixed, raw, plan_year):
        read.repaired = True
        return read
    return _several(fixed, raw, plan_year)


def _several(plain: str, raw: str, plan_year: int | None) -> ReadDeadline | None:
    """Several dates in a cell: the last one, marked as doubtful."""
    pieces = [p for p in re.split(r"[，,；;、]|并|后", plain) if p]
    if len(pieces) < 2:
        return None
    reads = []
    for piece in pieces:
        if year := re.match(r"(20\d\d)年", piece):
            plan_year = int(year[1])
        if not _BEGIN.search(piece):
            reads.append(_strict(piece, raw, plan_year))
    if not reads or not all(reads):
        return None
    dated = [r for r in reads if r and r.deadline.due]
    if not dated:
        return reads[-1]
    last = max(dated, key=lambda r: r.deadline.due or date.min)
    last.repaired = last.repaired or len(reads) > 1  # a date to begin and one to end leave no doubt
    return last


def find_deadlines(text: str) -> list[re.Match[str]]:
    """Places inside a sentence that state a date with 前, 底 or a month."""
    return list(_INSIDE.finditer(text))
