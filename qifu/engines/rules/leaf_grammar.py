"""One line of Chinese that an official reads aloud -> one test: `从业人数 <= 300人`, `成立时间 满 2年`, `符合 小型微型企业`; pure.

Blanks and full or half width do not matter. The subject is the longest fact name that the line begins with; what
follows depends on the fact's type. Numbers must carry their unit and are converted exactly. 以上 and 以下 include the
number unless the version's `reading` says otherwise (民法典 1259).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches
from fractions import Fraction

from qifu.engines.rules.leaf_members import LONGEST_VALUE, MOST_MEMBERS, industry_code, members, outermost
from qifu.engines.rules.leaf_numbers import Quantity, Signed, add_up, compare, read_quantity
from qifu.engines.rules.leaf_proposals import example, mended
from qifu.engines.rules.leaf_words import DAY_OPS, IS_WORDS, OPS, SPAN_OPS, squeeze, starts
from qifu.engines.rules.places import Places
from qifu.engines.rules.rule_problems import LineProblem
from qifu.engines.rules.spans import SpanProblem, read_span
from qifu.engines.rules.tree import ChoiceIn, CodeIn, Compare, DayIs, FlagIs, Op
from qifu.engines.rules.written import HonourHeld, Meets, Since, WrittenTest
from qifu.registers.enterprises.fact_book import EPOCH, Fact, FactBook

FIRST_DAY, LAST_DAY = date(1949, 1, 1), date(2100, 12, 31)
"""Days that a rule may name."""
LONGEST_LINE = 20_000
MOST_SUGGESTIONS = 30
"""Nearest names are looked for so many times in one file; it takes time."""

_INCLUDED = r"(?:\((?P<{0}>不?含)(?:本数)?\))?"
_POSTFIX = re.compile(
    "(?P<value>.+?)"
    + _INCLUDED.format("before")
    + "(?P<word>及?以上|及?以下|以内)"
    + _INCLUDED.format("after")
    + "的?"
)
_DAY = re.compile(r"([0-9]{4})(?:-|/|\.|年)([0-9]{1,2})(?:-|/|\.|月)([0-9]{1,2})日?")
_ANY_OP = re.compile(
    "|".join(sorted(map(re.escape, {*SPAN_OPS, *DAY_OPS, *IS_WORDS, "占", "/"}), key=len, reverse=True))
)
_GOES_ON = re.compile(r"[0-9]|应|须|需|必须|有效期")
_BEFORE_BAND = re.compile(r"[0-9][^0-9]{1,8}以[上下内]")
_SHARE_END = ("之比", "的比例", "的比重", "的比", "比例", "比重", "比")
Reading = Mapping[str, bool]
DEFAULT_READING: Reading = {"以上": True, "以下": True}


@dataclass
class Grammar:
    """The grammar over one book of facts; made once for many lines."""

    facts: FactBook
    places: Places
    _names: dict[str, Fact] = field(init=False, default_factory=dict)
    _longest: int = field(init=False, default=0)
    _suggested: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        for fact in self.facts.facts.values():
            for word in (fact.id, fact.label, *fact.aliases):
                self._names.setdefault(squeeze(word), fact)
        self._longest = max(map(len, self._names), default=0)

    def read(self, line: str, *, day: date, reading: Reading = DEFAULT_READING) -> WrittenTest:
        """Return the test of one line of a version that took effect on `day`; raises LineProblem."""
        if len(line) > LONGEST_LINE:
            raise LineProblem("limit", f"一行有 {len(line)} 个字符", f"请不要超过 {LONGEST_LINE} 个")
        text = squeeze(line)
        if not text:
            raise LineProblem("leaf", "条件是空的", "请写一行条件，如 从业人数 <= 300人")
        try:
            return self._read(text, day, reading)
        except LineProblem as error:
            better = mended(line, lambda other: self._reads(other, day, reading), self._known)
            raise (better or error) from None

    def _reads(self, line: str, day: date, reading: Reading) -> bool:
        """Return whether another wording could be read; no names are suggested for it."""
        suggested, self._suggested = self._suggested, MOST_SUGGESTIONS
        try:
            self._read(squeeze(line), day, reading)
        except LineProblem:
            return False
        finally:
            self._suggested = suggested
        return True

    def _read(self, text: str, day: date, reading: Reading) -> WrittenTest:
        special = self._honour(text) or self._named(text)
        if special is not None:
            return special
        of, rest = self.sum_at(text)
        over: Signed = []
        if rest.startswith("占") or rest[:1] in ("/", "÷"):
            over, rest = self._over(rest)
        self._check_name_ended(of[-1][1], rest)
        if len(of) > 1 or over or of[0][0] < 0 or of[0][1].is_number:
            return self._number(of, over, rest, reading)
        fact = of[0][1]
        if not rest:
            raise LineProblem("leaf", f"“{fact.label}”后面没有条件", example(fact))
        return _READERS[fact.type](self, fact, rest, day, reading)

    def fact_of(self, word: str) -> Fact:
        """Return the fact of that name; raises LineProblem with the nearest known names."""
        found = self._known(squeeze(word))
        if found is None:
            raise self._unknown(squeeze(word))
        return found

    def _known(self, name: str) -> Fact | None:
        """Return the fact of a squeezed name, labelled as it was written, so that messages quote the writer."""
        fact = self._names.get(name)
        return fact if fact is None or name == squeeze(fact.label) else replace(fact, label=name)

    def sum_at(self, text: str) -> tuple[Signed, str]:
        """Return the facts added and subtracted at the beginning, and what follows; raises LineProblem."""
        parts: Signed = []
        rest, sign = (text[1:], -1) if text.startswith("-") else (text, 1)
        while True:
            fact, after = self._fact_at(rest, ratios=not parts and sign > 0)
            if fact is None:
                raise self._unknown(rest)
            parts.append((sign, fact))
            if len(parts) > MOST_MEMBERS:
                raise LineProblem("limit", f"相加减的事实超过 {MOST_MEMBERS} 个", "请减少")
            if after[:1] not in ("+", "-", "加", "减"):
                return parts, after
            sign, rest = (1 if after[0] in "+加" else -1), after[1:]

    def _check_name_ended(self, fact: Fact, rest: str) -> None:
        """Refuse 从业人员数 <= 300人 as an unknown name when 从业人员 is a known one."""
        if rest and not _ANY_OP.match(rest) and not _GOES_ON.match(rest):
            operator = _ANY_OP.search(rest) or _BEFORE_BAND.search(rest)
            if operator is not None:
                raise self._unknown(fact.label + rest[: operator.start()])

    def _fact_at(self, text: str, *, ratios: bool = True) -> tuple[Fact | None, str]:
        """Return the fact with the longest name here; without `ratios`, for A + B 占 C 比 is not A plus a ratio."""
        ratio: tuple[Fact | None, str] = (None, text)
        for length in range(min(self._longest, len(text)), 0, -1):
            fact = self._known(text[:length])
            rest = text[length:]
            if fact is None or (_is_ascii_word(text[length - 1]) and _is_ascii_word(rest[:1])):
                continue
            if fact.derived is not None and fact.derived.over:
                if text[length - 1] == "比" and rest[:1] in ("重", "例"):
                    rest = rest[1:]
                if not ratios and ratio[0] is None:
                    ratio = fact, rest
                    continue
            if ratio[0] is None or rest.startswith("占"):
                return fact, rest
        return ratio

    def _over(self, text: str) -> tuple[Signed, str]:
        below, rest = self.sum_at(text[1:])
        if text[0] == "占":
            for word in _SHARE_END:
                if rest.startswith(word):
                    return below, rest[len(word) :]
            raise LineProblem("leaf", f"“占……”之后缺少“比”，遇到“{rest[:15]}”", "请写成 A 占 B 比 >= 3%")
        return below, rest

    def _number(self, of: Signed, over: Signed, rest: str, reading: Reading) -> WrittenTest:
        fact = of[0][1]
        beside = self._beside_facts(of, rest) if not over else None
        if beside is not None:
            return beside
        if len(rest) > LONGEST_VALUE:
            raise LineProblem("leaf", f"“{fact.label}”之后的“{rest[:20]}……”太长", example(fact))
        remedy = (
            example(fact, rest) if len(of) == 1 and not over else "请接着写比较和数值，如 >= 100万元、>= 3%"
        )
        op, value = _operation(rest, fact.label, remedy, reading)
        return compare(of, over, op, value, self.facts)

    def _beside_facts(self, of: Signed, rest: str) -> WrittenTest | None:
        """Return the test of `A 不低于 B` (A - B >= 0) or `A 不低于 B 的 3%` (A 占 B 比), None when no fact follows."""
        word = starts(rest, OPS)
        if not word or self._fact_at(rest[len(word) :])[0] is None:
            return None
        other, after = self.sum_at(rest[len(word) :])
        if not after:
            total = add_up([*of, *((-sign, fact) for sign, fact in other)], self.facts)
            return Compare(total.terms, OPS[word], Fraction(0))
        if after.startswith("的") and len(after) <= LONGEST_VALUE:
            return compare(of, other, OPS[word], _one_quantity(after[1:]), self.facts)
        raise LineProblem(
            "leaf",
            f"“{other[-1][1].label}”之后的“{after[:20]}”读不懂",
            "请写成 A 不低于 B，或 A 不低于 B 的 3%",
        )

    def _honour(self, text: str) -> WrittenTest | None:
        found = re.fullmatch(r"(没有|无|不持有|持有|有)?(?:在)?有效期内的(.+)", text)
        if found is None:
            return None
        fact = self.fact_of(found[2])
        if fact.type != "honour":
            raise LineProblem("leaf", f"“{fact.label}”没有有效期", example(fact))
        return HonourHeld(fact.id, negated=found[1] in ("没有", "无", "不持有"))

    def _named(self, text: str) -> WrittenTest | None:
        found = re.fullmatch(r"(不)?符合(.+)", text)
        if found is None or self._fact_at(text)[0] is not None:
            return None
        return Meets(found[2].strip('“”"《》'), negated=bool(found[1]))

    def _unknown(self, text: str) -> LineProblem:
        operator = _ANY_OP.search(text, 1)
        name = (text[: operator.start()] if operator else re.split(r"[+\-0-9]", text, maxsplit=1)[0]) or text
        self._suggested += 1
        near = self.nearest(name) if self._suggested <= MOST_SUGGESTIONS else []
        remedy = f"最接近的是：{'、'.join(near)}" if near else "可用的名称见事实目录 facts.yaml"
        return LineProblem("unknown-fact", f"事实目录中没有“{name[:30]}”", remedy)

    def nearest(self, word: str) -> list[str]:
        """Return up to three labels of facts that look like `word`."""
        wanted = word[:40]
        inside = [name for name in self._names if len(wanted) > 1 and (wanted in name or name in wanted)]
        close = get_close_matches(wanted, list(self._names), n=3, cutoff=0.4)
        found = dict.fromkeys(self._names[name].label for name in [*close, *sorted(inside, key=len)])
        return list(found)[:3]


def _operation(rest: str, label: str, remedy: str, reading: Reading) -> tuple[Op, Quantity]:
    """Return operator and value of `<=300人`, `不超过2000万元`, `300人以上`; raises LineProblem."""
    rest = re.sub(r"^(?:应当|应该|应|须|需|必须|在)(?=.)", "", rest)
    word = starts(rest, OPS)
    value = rest[len(word) :]
    postfix = _POSTFIX.fullmatch(value)
    if word and postfix and word != "为":
        raise LineProblem("leaf", f"“{word}”与“{postfix['word']}”不能一起用", "请只留一种写法")
    if postfix:
        return _postfix_op(postfix, reading), _one_quantity(postfix["value"])
    if not word:
        if not rest:
            raise LineProblem("leaf", f"“{label}”后面没有条件", remedy)
        raise LineProblem("leaf", f"“{label}”之后的“{rest[:20]}”不是比较", remedy)
    if not value:
        raise LineProblem("leaf", f"“{word}”之后没有数值", remedy)
    return OPS[word], _one_quantity(value)


def _postfix_op(found: re.Match[str], reading: Reading) -> Op:
    word = found["word"]
    up = word.endswith("以上")
    includes = word.startswith("及") or word == "以内" or reading["以上" if up else "以下"]
    said = found["before"] or found["after"]
    if said:
        includes = said == "含"
    return (">=" if includes else ">") if up else ("<=" if includes else "<")


def _one_quantity(text: str) -> Quantity:
    if re.match(r"[^0-9]*[0-9.,]+[^0-9/+\-]*[至到~\-—以][^0-9]*[0-9]", text):
        raise LineProblem("leaf", f"“{text[:30]}”写了两个数", "一行只写一个条件，请把上限和下限拆成两行")
    return read_quantity(text)


def _read_day(grammar: Grammar, fact: Fact, rest: str, day: date, reading: Reading) -> WrittenTest:
    rest = re.sub(r"^在(?=[0-9])", "", rest)
    word = starts(rest, DAY_OPS)
    found = _DAY.fullmatch(rest[len(word) :])
    if word and found:
        return DayIs(fact.id, DAY_OPS[word], (_the_day(found) - EPOCH).days)
    if _DAY.match(rest[len(word or starts(rest, SPAN_OPS)) :]):
        raise LineProblem(
            "leaf",
            f"“{rest[:30]}”没有写清含不含当天",
            "请写 不晚于、早于、不早于 或 晚于，如 不晚于 2022-12-31",
        )
    postfix = _POSTFIX.fullmatch(rest)
    word = starts(rest, SPAN_OPS)
    try:
        if word and SPAN_OPS[word] not in ("=", "!="):
            return Since(
                fact.id,
                SPAN_OPS[word],
                read_span(rest[len(word) :].removesuffix("以上") if word == "满" else rest[len(word) :]),
            )
        if postfix:
            return Since(fact.id, _postfix_op(postfix, reading), read_span(postfix["value"]))
    except SpanProblem as error:
        raise LineProblem("date", str(error), example(fact)) from None
    raise LineProblem("leaf", f"“{fact.label}”之后的“{rest[:20]}”读不懂", example(fact))


def _the_day(found: re.Match[str]) -> date:
    try:
        the_day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise LineProblem(
            "date", f"没有“{found[0]}”这一天", "请核对日期，写成 年-月-日，如 2022-12-31"
        ) from None
    if not FIRST_DAY <= the_day <= LAST_DAY:
        raise LineProblem("date", f"日期 {the_day} 超出范围", "应在 1949 年与 2100 年之间")
    return the_day


def _read_flag(grammar: Grammar, fact: Fact, rest: str, day: date, reading: Reading) -> WrittenTest:
    found = re.fullmatch(r"(?:(不)?(?:为|是|等于)|(!)?=)(是|否|有|无)", rest)
    if found is None:
        raise LineProblem("leaf", f"“{fact.label}”之后的“{rest[:20]}”读不懂", example(fact))
    return FlagIs(fact.id, (found[3] in ("是", "有")) != bool(found[1] or found[2]))


def _read_choice(grammar: Grammar, fact: Fact, rest: str, day: date, reading: Reading) -> WrittenTest:
    known = {squeeze(word): position for position, word in enumerate(fact.choices)}
    negated, found = members(fact, rest, lambda word: known.get(word))
    return ChoiceIn(fact.id, tuple(sorted(set(found))), negated)


def _read_place(grammar: Grammar, fact: Fact, rest: str, day: date, reading: Reading) -> WrittenTest:
    def resolve(word: str) -> str:
        return grammar.places.prefix(word, day)

    negated, found = members(fact, rest, resolve)
    return CodeIn(fact.id, outermost(found), negated)


def _read_industry(grammar: Grammar, fact: Fact, rest: str, day: date, reading: Reading) -> WrittenTest:
    negated, found = members(fact, rest, industry_code)
    return CodeIn(fact.id, outermost(found), negated)


def _read_honour(grammar: Grammar, fact: Fact, rest: str, day: date, reading: Reading) -> WrittenTest:
    found = re.fullmatch(r"(不)?在?有效期?内?", rest)
    if found is None:
        raise LineProblem("leaf", f"“{fact.label}”之后的“{rest[:20]}”读不懂", example(fact))
    return HonourHeld(fact.id, negated=bool(found[1]))


def _is_ascii_word(letter: str) -> bool:
    return letter.isascii() and (letter.isalnum() or letter == "_")


_READERS = {
    "day": _read_day, "flag": _read_flag, "choice": _read_choice, "place": _read_place, "industry": _read_industry,
    "honour": _read_honour,
}  # fmt: skip
