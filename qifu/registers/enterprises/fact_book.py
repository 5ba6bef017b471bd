"""The book of facts: what a rule may ask of an enterprise, and how a value of each is read, kept and shown; pure.

Every value is kept as one whole number or code, exactly (no floats):

| type | kept as | read from |
|---|---|---|
| money | int, fen | `1234.56`, `300万元` |
| count, decimal, percent | int, in units of 10**-decimals of `unit` | `300`, `3.5%` |
| day | int, days since 1970-01-01 | `2024-06-30` |
| flag | 1 or 0 | `是`, `否` |
| choice | int, position in `choices` | the choice's words, or their beginning when no other choice begins so |
| place | str, GB/T 2260 code; a code ending in 00 means "somewhere in" | `330106`, `330100` |
| industry | str, section letter and GB/T 4754 digits; a short code means "somewhere in" | `C3911`, `C39` |
| honour | int: 0 not held, else the first day no longer valid, in days since 1970-01-01 | `否`, `2026-12-08` |

A missing value is None everywhere. Derived facts are never kept: they are sums of facts over sums of facts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Literal

from qifu.foundation.money import FEN_PER_UNIT
from qifu.foundation.yaml_data import (
    DataError,
    Fields,
    Flag,
    ListOf,
    Loaded,
    OneOf,
    Text,
    Whole,
    read_yaml,
)
from qifu.registers.enterprises import industry

FACTS_FILE = Path(__file__).parent / "facts.yaml"
EPOCH = date(1970, 1, 1)
FOREVER = (date(9999, 12, 31) - EPOCH).days
"""An honour without an end is kept as valid until this day."""
_LAST = date(9999, 12, 31).isoformat()
LARGEST = 10**15
"""The largest size of a kept number: 10 万亿元 in fen; larger ones are refused."""

FactType = Literal[
    "money", "count", "decimal", "percent", "day", "flag", "choice", "place", "industry", "honour"
]
TYPES: tuple[FactType, ...] = (
    "money", "count", "decimal", "percent", "day", "flag", "choice", "place", "industry", "honour",
)  # fmt: skip
NUMBERS = ("money", "count", "decimal", "percent")
Value = int | str | None
"""One kept value; None is missing."""

UNITS: dict[str, tuple[str, int]] = {
    "元": ("元", 1), "千元": ("元", 10**3), "万元": ("元", 10**4), "百万元": ("元", 10**6), "千万元": ("元", 10**7), "亿元": ("元", 10**8),
    "人": ("人", 1), "名": ("人", 1), "万人": ("人", 10**4), "项": ("项", 1), "件": ("项", 1), "个": ("项", 1), "家": ("项", 1), "次": ("项", 1),
    "月": ("月", 1), "个月": ("月", 1), "年": ("年", 1), "%": ("%", 1), "分": ("分", 1), "平方米": ("平方米", 1), "万平方米": ("平方米", 10**4),
    "吨": ("吨", 1), "万吨": ("吨", 10**4), "吨标准煤": ("吨标准煤", 1), "千瓦时": ("千瓦时", 1), "万千瓦时": ("千瓦时", 10**4),
}  # fmt: skip
"""Every unit a value may be written in: its base unit, and how many base units it is. Units of one base convert."""

_NUMBER = re.compile(
    r"(?P<number>[-+]?(?P<whole>\d{1,3}(?:,\d{3})+|\d{1,60})(?:\.(?P<part>\d{1,60}))?)(?P<unit>\D*)", re.ASCII
)
_LONGEST_WHOLE, _LONGEST_PART = 18, 12
"""Digits before and after the point that are counted exactly."""
_SCIENTIFIC = re.compile(r"[-+]?\d+(?:\.\d+)?e[-+]?\d+", re.ASCII | re.IGNORECASE)
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]00:00:00(?:\.0+)?)?", re.ASCII)
_COMPACT_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\.0+)?", re.ASCII)
_SERIAL_DAY = re.compile(r"\d{5}(?:\.\d+)?", re.ASCII)
FIRST_DAY, LAST_DAY = date(1900, 1, 2), date(2200, 12, 31)
"""No date of an enterprise is outside; those just before are Excel's zero."""
_YES, _NO = ("是", "有", "1", "true", "yes", "1.0"), ("否", "无", "0", "false", "no", "0.0")
_PLACE = re.compile(r"((?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|81|82)\d{4})(?:\.0+)?", re.ASCII)
"""Six digits whose first two are a province's (GB/T 2260)."""
_UNSTATED = {
    "n/a", "#n/a", "na", "nan", "null", "none", "#value!", "#ref!", "#div/0!", "-", "--", "—", "——", "–", "/", "\\", "?", "无", "暂无",
    "不详", "未知", "缺失", "未填", "待补充",
}  # fmt: skip
"""What people and programs write for "not known": never a number or a date."""


class ValueProblem(ValueError):
    """A written value is not one of its fact; the message says in Chinese what is wrong and what to write."""


class ImplausibleDay(ValueProblem):
    """A date that is none of an enterprise: too early or too late."""


@dataclass(frozen=True, slots=True)
class Derived:
    """(sum of coefficient × fact) over (sum of coefficient × fact, or nothing): 研发费用占营业收入比, 营业收入增长率."""

    of: tuple[tuple[int, str], ...]
    over: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing a rule may ask. `period`, `source`, `update` and `sensitivity` are words for people.

    `held` says whether this place lawfully holds it: held, shareable (another body holds it), ask (only the firm knows).
    """

    id: str
    label: str
    type: FactType
    unit: str = ""
    decimals: int = 0
    aliases: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    derived: Derived | None = None
    group: str = ""
    period: str = ""
    source: str = ""
    update: str = ""
    sensitivity: str = ""
    held: str = "ask"
    question: str = ""

    @property
    def is_number(self) -> bool:
        """True when values can be compared with < and added."""
        return self.type in NUMBERS

    @property
    def base_unit(self) -> str:
        """The unit that decides whether two facts can be compared: 元 for every kind of money."""
        return UNITS[self.unit][0] if self.unit else ""

    @property
    def scale(self) -> Fraction:
        """How many kept units one base unit holds (money: 100 fen in one 元)."""
        return Fraction(10**self.decimals, UNITS[self.unit][1] if self.unit else 1)

    def read(self, text: str) -> Value:
        """Return the kept value of a written one; empty is None. Numbers without unit are in the fact's own.

        Raises ValueProblem for what is no value, for another unit, for more decimals than are kept, for counts below
        zero and for days outside FIRST_DAY..LAST_DAY.
        """
        plain = unicodedata.normalize("NFKC", text).strip()
        if not plain:
            return None
        if self.derived is not None:
            raise ValueProblem(f"“{self.label}”由其他事实算出，不直接填写")
        try:
            return _READERS[self.type](self, plain)
        except ValueProblem as problem:
            if plain.lower() in _UNSTATED:
                raise ValueProblem(f"{problem}，不知道请留空") from None
            raise

    def number(self, text: str) -> int:
        """Return the kept number of `300万元`; raises ValueProblem."""
        plain = re.sub(r"\s", "", text)
        if _SCIENTIFIC.fullmatch(plain):
            raise ValueProblem(f"“{text[:40]}”：Excel 科学记数已丢失精度，请把该列设为数值格式后重新导出")
        found = _NUMBER.fullmatch(plain)
        if found is None:
            raise ValueProblem(f"“{self.label}”应为数字，不能是“{text[:40]}”")
        unit = found["unit"] or self.unit
        if unit and (unit not in UNITS or UNITS[unit][0] != self.base_unit):
            raise ValueProblem(f"“{self.label}”的单位是“{self.unit or '（无）'}”，不能用“{unit}”")
        if len(found["whole"].replace(",", "").lstrip("0")) > _LONGEST_WHOLE:
            raise ValueProblem(f"“{self.label}”的数值过大：“{text[:40]}”")
        if len((found["part"] or "").rstrip("0")) > _LONGEST_PART:
            raise self._too_many_decimals(text)
        exact = (
            Decimal(found["number"].replace(",", "")) * (UNITS[unit][1] if unit else 1) * 10**self.decimals
        )
        exact = exact / (UNITS[self.unit][1] if self.unit else 1)
        if exact != exact.to_integral_value():
            raise self._too_many_decimals(text)
        if abs(exact) > LARGEST:
            raise ValueProblem(f"“{self.label}”的数值过大：“{text[:40]}”")
        return int(exact)

    def _too_many_decimals(self, text: str) -> ValueProblem:
        shape = f"到 {self.decimals} 位小数" if self.decimals else "为整数"
        unit = f"（{self.unit}）" if self.unit else ""
        return ValueProblem(f"“{self.label}”的小数位太多，请先四舍五入{shape}{unit}，不能是“{text[:40]}”")

    def decimal(self, value: int) -> Decimal:
        """Return a kept number in the fact's unit."""
        return Decimal(value).scaleb(-self.decimals)

    def written(self, value: Value) -> str:
        """Return a kept value as text that `read` reads back, without its unit."""
        if value is None:
            return ""
        if self.is_number:
            plain = f"{self.decimal(int(value)):f}"
            return (plain.rstrip("0").rstrip(".") if "." in plain else plain) or "0"
        if self.type == "flag":
            return "是" if value else "否"
        if self.type == "choice":
            return self.choices[int(value)]
        if self.type == "day":
            return (EPOCH + timedelta(int(value))).isoformat()
        if self.type == "honour":
            return (EPOCH + timedelta(int(value))).isoformat() if value else "否"
        return str(value)


def _read_number(fact: Fact, text: str) -> int:
    found = fact.number(text)
    if found < 0 and fact.type == "count":
        raise ValueProblem(f"“{fact.label}”不能是负数：“{text[:40]}”")
    return found


def _read_day(fact: Fact, text: str) -> int:
    found = _DAY.fullmatch(text) or _COMPACT_DAY.fullmatch(text)
    if found is None and _SERIAL_DAY.fullmatch(text):
        raise ValueProblem(
            f"“{fact.label}”的“{text[:40]}”是 Excel 的日期序号，请把该列设为日期格式（如 2024-06-30）后重新导出"
        )
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))  # type: ignore[index]
    except (TypeError, ValueError):
        raise ValueProblem(f"“{fact.label}”应为日期，如 2024-06-30，不能是“{text[:40]}”") from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ImplausibleDay(
            f"“{fact.label}”的日期“{text[:40]}”不合情理，应在 {FIRST_DAY} 与 {LAST_DAY} 之间，请核对；不知道请留空"
        )
    return (day - EPOCH).days


def _read_flag(fact: Fact, text: str) -> int:
    if text.lower() in _YES:
        return 1
    if text.lower() in _NO:
        return 0
    raise ValueProblem(f"“{fact.label}”应为“是”或“否”，不能是“{text[:40]}”")


def _read_choice(fact: Fact, text: str) -> int:
    if text in fact.choices:
        return fact.choices.index(text)
    begun = [number for number, choice in enumerate(fact.choices) if choice.startswith(text)]
    if len(begun) == 1:  # A for A级
        return begun[0]
    raise ValueProblem(f"“{fact.label}”应为{'、'.join(fact.choices)}之一，不能是“{text[:40]}”")


def _read_place(fact: Fact, text: str) -> str:
    found = _PLACE.fullmatch(text)
    if found:
        return found[1]
    raise ValueProblem(f"“{fact.label}”应为六位行政区划代码（前两位是省份），不能是“{text[:40]}”")


def _read_industry(fact: Fact, text: str) -> str:
    code = text.upper()
    if code and code[0].isdigit():
        code = industry.section_of(code) + code
    if code in industry.names():
        return code
    raise ValueProblem(f"“{fact.label}”应为国民经济行业分类代码，如 C3911，不能是“{text[:40]}”")


def _read_honour(fact: Fact, text: str) -> int:
    if text.lower() in _NO:
        return 0
    if text in ("长期", _LAST):
        return FOREVER
    try:
        return _read_day(fact, text)
    except ImplausibleDay:
        raise
    except ValueProblem:
        raise ValueProblem(
            f"“{fact.label}”应为“否”、失效日期（如 2026-12-08，当日不再有效）或“长期”，不能是“{text[:40]}”"
        ) from None


_READERS: dict[FactType, Callable[[Fact, str], Value]] = {
    "money": _read_number, "count": _read_number, "decimal": _read_number, "percent": _read_number, "day": _read_day,
    "flag": _read_flag, "choice": _read_choice, "place": _read_place, "industry": _read_industry, "honour": _read_honour,
}  # fmt: skip


@dataclass(frozen=True)
class FactBook:
    """All facts by id, in the file's order."""

    facts: Mapping[str, Fact]
    _words: dict[str, str] = field(init=False, default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        for fact in self.facts.values():
            for word in (fact.id, fact.label, *fact.aliases):
                self._words.setdefault(word, fact.id)

    def find(self, word: str) -> Fact | None:
        """Return the fact of that id, label or alias."""
        known = self._words.get(word.strip())
        return self.facts[known] if known else None

    def stored(self) -> tuple[Fact, ...]:
        """The facts that values are kept of: all but the derived."""
        return tuple(fact for fact in self.facts.values() if fact.derived is None)


_ID = r"[a-z][a-z0-9_]{0,59}"
_TERMS = ListOf(Text(pattern=r"-?[a-z][a-z0-9_]{0,59}", wanted="事实代码，减去时前面加减号"), least=1)
_FACT = Fields(
    {"id": Text(pattern=_ID), "label": Text(longest=40), "type": OneOf(*TYPES), "group": Text(longest=20)},
    {
        "unit": OneOf(*UNITS), "decimals": Whole(least=0, most=6), "aliases": ListOf(Text(longest=40)), "choices": ListOf(Text(longest=40), least=2),
        "of": _TERMS, "over": _TERMS, "period": Text(longest=40), "source": Text(longest=80), "update": Text(longest=40),
        "sensitivity": OneOf("公开", "内部", "商业秘密", "个人信息"), "held": OneOf("held", "shareable", "ask"), "question": Text(longest=80),
        "unverified": Flag(),
    },
)  # fmt: skip
_SHAPE = Fields({"facts": ListOf(_FACT, least=1)}, {"title": Text()})


@lru_cache(maxsize=8)
def fact_book(path: Path = FACTS_FILE) -> FactBook:
    """Return the checked book of a facts file; raises DataError."""
    return read_fact_book(path.read_bytes(), where=path.name)


def read_fact_book(raw: bytes, *, where: str) -> FactBook:
    """Return the checked book of a file's bytes; raises DataError with line, cause and remedy."""
    loaded = read_yaml(raw, _SHAPE, where=where)
    facts: dict[str, Fact] = {}
    words: dict[str, str] = {}
    for number, row in enumerate(loaded.data["facts"]):
        fact = _fact(loaded, number, row)
        for word in (fact.id, fact.label, *fact.aliases):
            if word in words:
                raise loaded.error(
                    ("facts", number), f"“{word}”与事实“{words[word]}”重名", "请换一个名称或别名"
                )
            words[word] = fact.label
        facts[fact.id] = fact
    for number, fact in enumerate(facts.values()):
        _check_terms(loaded, number, fact, facts)
    return FactBook(facts)


def _fact(loaded: Loaded, number: int, row: Mapping[str, object]) -> Fact:
    given = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in row.items()
        if key not in ("of", "over", "unverified")
    }
    derived = None
    if "of" in row:
        derived = Derived(_terms(row["of"]), _terms(row.get("over", ())))
    if row["type"] == "money":  # always kept in fen
        given["decimals"] = len(str(FEN_PER_UNIT.get(str(row.get("unit")), 1))) - 1
    fact = Fact(**given, derived=derived)  # type: ignore[arg-type]
    place = ("facts", number)
    if fact.is_number and fact.type != "decimal" and not fact.unit:
        raise loaded.error(place, f"“{fact.label}”没有单位", "请写 unit，如 元、人、项、%")
    if fact.type == "money" and fact.base_unit != "元":
        raise loaded.error(place, f"“{fact.label}”是金额，单位应为元、万元或亿元")
    if (fact.type == "choice") != bool(fact.choices):
        raise loaded.error(place, f"“{fact.label}”：只有 choice 类型写 choices，且必须写")
    return fact


def _terms(words: object) -> tuple[tuple[int, str], ...]:
    return tuple((-1 if str(w).startswith("-") else 1, str(w).removeprefix("-")) for w in words)  # type: ignore[attr-defined]


def _check_terms(loaded: Loaded, number: int, fact: Fact, facts: Mapping[str, Fact]) -> None:
    if fact.derived is None:
        return
    for terms in (fact.derived.of, fact.derived.over):
        units = set()
        for _, name in terms:
            if name not in facts or not facts[name].is_number or facts[name].derived is not None:
                raise _unknown_term(loaded, number, name)
            units.add(facts[name].base_unit)
        if len(units) > 1:
            raise loaded.error(
                ("facts", number), f"“{fact.label}”把单位不同的事实相加：{'、'.join(sorted(units))}"
            )


def _unknown_term(loaded: Loaded, number: int, name: str) -> DataError:
    return loaded.error(
        ("facts", number),
        f"“{name}”不是可以计算的事实",
        "只能用已声明的金额、数量或比例，且不能再引用算出的事实",
    )
