"""One row of a foreign file as a request, with everything there is to remark; pure but for the division book."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone, tzinfo

from qifu.foundation.imports.kinds import Remark, SourceRow
from qifu.foundation.phone import read_phone
from qifu.foundation.search import normalise
from qifu.foundation.working_days import SHANGHAI
from qifu.registers.divisions.division_book import DivisionBook

LONGEST_WORDS = 50_000
LONGEST = {
    "outside_number": 80,
    "contact_name": 60,
    "contact_mobile": 60,
    "enterprise_name": 300,
    "source": 60,
}
_TITLES = {"outside_number": "工单编号", "contact_name": "联系人", "contact_mobile": "联系电话", "enterprise_name": "企业名称", "source": "来源系统"}  # fmt: skip
_CONTROL = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")
_FORMULA = re.compile(r"\s*[=@]|\s*[+\-](?=[A-Za-z(=])")
_MOMENT = re.compile(
    r"(?P<y>[0-9]{4})[-/.年]?(?P<m>[0-9]{1,2})[-/.月]?(?P<d>[0-9]{1,2})日?"
    r"(?:[T\s]*(?P<half>上午|下午|am|pm)?\s*(?P<h>[0-9]{1,2})[:时点]?(?P<min>[0-9]{2})?分?[:]?(?P<s>[0-9]{2})?秒?(?:\.[0-9]{1,9})?"
    r"(?P<zone>z|[+-][0-9]{2}:?[0-9]{2})?\s*(?P<half2>am|pm)?)?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Where:
    """What a batch is read against: the divisions, those the importer may name, and its own place."""

    book: DivisionBook
    places: frozenset[str]
    own_place: str
    at: datetime


@dataclass
class Entry:
    """One row understood: plain values by name, and what is to be told of it; `place` and `source` are filled in."""

    number: int
    words: str = ""
    title: str = ""
    outside_number: str = ""
    outside_at: datetime | None = None
    source: str = ""
    place: str = ""
    contact_name: str = ""
    contact_mobile: str = ""
    enterprise_name: str = ""
    uscc: str = ""
    remarks: list[Remark] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        """Tell whether the row cannot be taken."""
        return any(remark.refused for remark in self.remarks)

    def refuse(self, column: str, reason: str, proposal: str) -> None:
        """Say why the row is not taken."""
        self.remarks.append(Remark(self.number, column, reason, proposal))

    def doubt(self, column: str, reason: str, proposal: str = "") -> None:
        """Say what to look at though the row is taken."""
        self.remarks.append(Remark(self.number, column, reason, proposal, refused=False))


def read_entry(row: SourceRow, where: Where) -> Entry:
    """Return what a row says; a row is refused only where its words, its place or its number cannot be kept."""
    given = row.values
    entry = Entry(row.number, uscc=given.get("uscc", ""))
    _read_words(entry, given.get("words", ""), given.get("title", ""))
    for name, longest in LONGEST.items():
        text = "".join(one for one in given.get(name, "") if one.isprintable() or one.isspace())
        text = " ".join(text.split())
        if len(text) > longest:
            entry.refuse(name, f"{_TITLES[name]}有 {len(text):,} 个字，过长", f"请不要超过 {longest} 个字")
            text = text[:longest]
        setattr(entry, name, text)
    entry.source = entry.source or default_source(where)
    _read_place(entry, given.get("place", ""), where)
    _read_moment(entry, given.get("outside_at", ""), where.at)
    if entry.contact_mobile and not read_phone(entry.contact_mobile):
        entry.doubt(
            "contact_mobile", f"“{_short(entry.contact_mobile)}”不像电话号码，按原文保留", "联系前请核对"
        )
    entry.outside_number = entry.outside_number or stable_number(entry, given.get("outside_at", ""))
    return entry


def default_source(where: Where) -> str:
    """Return how the importing place's own hotline is named where the file does not name its system."""
    name = where.book.get(where.own_place)
    return f"{where.book.full_name(name) if name else where.own_place}热线工单"


def stable_number(entry: Entry, written_time: str) -> str:
    """Return a number for a row that has none: it follows from what the row says, so that the same row is known again."""
    said = "\n".join((entry.title, entry.words, written_time, entry.contact_name, entry.enterprise_name))
    return f"无编号-{hashlib.sha256(said.encode('utf-8', 'replace')).hexdigest()[:20]}"


def _read_words(entry: Entry, words: str, title: str) -> None:
    """The words exactly as they stand; where there are none but a title, the title is what was said."""
    entry.title = " ".join(title.split())[:200]
    if not normalise(words) and normalise(title):
        words = title
        entry.doubt("words", "没有内容，以标题作为诉求原文", "如原系统有详情，请补全后另行登记")
    entry.words = words
    if not normalise(words):
        entry.refuse("words", "没有内容，也没有标题", "请补上诉求内容后重新导入")
    elif len(words) > LONGEST_WORDS:
        entry.refuse(
            "words",
            f"内容有 {len(words):,} 个字，超过 {LONGEST_WORDS:,} 字",
            "请核对是否几件并成一格；其余内容可作为附件上传",
        )
    elif "\0" in words or any("\ud800" <= one <= "\udfff" for one in words):
        entry.refuse("words", "内容里有无法保存的字符", "请从原系统重新导出")
    if _CONTROL.search(words):
        entry.doubt("words", "内容里有看不见的控制字符，已按原样保存", "请与原系统核对")
    for column, text in (("words", words), ("title", title)):
        if _FORMULA.match(text):
            entry.doubt(column, f"“{_short(text)}”像电子表格的公式，已作为文字保存，不会运算")


def _read_place(entry: Entry, written: str, where: Where) -> None:
    if not written.strip():
        entry.place = where.own_place
        if not where.own_place:
            entry.refuse(
                "place",
                "没有写明区划，执行导入的账号也没有所在地",
                "请补上区划，或由当地企服中心导入（用命令导入的，加 --by 登录名）",
            )
        return
    found = where.book.get(written.strip()) or where.book.by_name(written, within=where.own_place or None)
    found = found or where.book.by_name(written)
    if found is None:
        entry.refuse(
            "place",
            f"没有现行区划“{_short(written)}”，或有几个同名",
            "请改为六位区划代码；或在核对栏目时不选这一列，全部按本地受理",
        )
    elif found.code not in where.places:
        entry.refuse("place", f"“{found.name}”不在您的辖区", "请由当地或上级导入")
    else:
        entry.place = found.code


def _read_moment(entry: Entry, written: str, now: datetime) -> None:
    if not written:
        return
    entry.outside_at = read_moment(written)
    if entry.outside_at is None:
        entry.doubt(
            "outside_at", f"“{_short(written)}”不是能识别的时间，原提出时间留空", "应如 2024/3/14 14:25:14"
        )
    elif entry.outside_at > now:
        entry.doubt(
            "outside_at", f"“{_short(written)}”晚于今天，请核对", "本平台的时限从收到时起算，不受影响"
        )


def read_moment(text: str) -> datetime | None:
    """Return a moment as other systems write it, in Shanghai unless it names its zone; None for what is none.

    2017/10/14 14:25:14, 2017-10-14T14:25, 2017年10月14日 14时25分, 20171014142514, 2017.10.14 下午2:25; a day alone is its midnight.
    """
    plain = unicodedata.normalize("NFKC", text[:60]).strip()
    found = _MOMENT.fullmatch(re.sub(r"\s+", " ", plain))
    if found is None:
        return None
    part = found.groupdict()
    hour, half = int(part["h"] or 0), (part["half"] or part["half2"] or "").lower()
    if half in ("下午", "pm") and hour < 12:
        hour += 12
    elif half in ("上午", "am") and hour == 12:
        hour = 0
    clock = (hour, int(part["min"] or 0), int(part["s"] or 0))
    try:
        moment = datetime(int(part["y"]), int(part["m"]), int(part["d"]), *clock, tzinfo=_zone(part["zone"]))
    except ValueError:
        return None
    return moment if 1949 <= moment.year <= 2099 else None


def _zone(written: str | None) -> tzinfo:
    """The zone that a time names (Z, +08:00); Shanghai where it names none."""
    if not written:
        return SHANGHAI
    plain = "+0000" if written in "zZ" else written.replace(":", "")
    minutes = int(plain[1:3]) * 60 + int(plain[3:5])
    return timezone(timedelta(minutes=-minutes if plain[0] == "-" else minutes))


def _short(text: str) -> str:
    shown = " ".join("".join(one if one.isprintable() else " " for one in text[:60]).split())
    return f"{shown[:30]}…" if len(shown) > 30 else shown
