"""Lists behind 属于: choices, places, industries, whose own names may hold 、; pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from qifu.engines.rules.leaf_proposals import example
from qifu.engines.rules.leaf_words import IS_WORDS, squeeze, starts
from qifu.engines.rules.rule_problems import LineProblem
from qifu.registers.enterprises import industry
from qifu.registers.enterprises.fact_book import Fact

MOST_MEMBERS = 1000
LONGEST_NAME_PARTS = 6
LONGEST_VALUE = 60
T = TypeVar("T")


def industry_code(word: str) -> str | None:
    """Return the code of 制造业, C39 or 零售业(F52); a name and a code that differ, and a list, are none."""
    if re.fullmatch(r"[A-Ta-t]?[0-9]{0,4}", word):
        return industry.read_industry([word]).code or None
    name, _, code = word.removesuffix(")").partition("(")
    if not word.endswith(")") or not re.fullmatch(r"[A-Ta-t]?[0-9]{0,4}", code):
        return None if re.search("[0-9A-Za-z]", word) else _named_industry(word)
    if re.search("[0-9A-Za-z]", name):
        return None
    named = industry.read_industry([name]).code
    exact = industry.read_industry([code]).code
    said = industry.names().get(exact, "")
    return exact if squeeze(said) == name or (named and exact.startswith(named)) else None


def _named_industry(word: str) -> str | None:
    """Return the code of a whole name; 制造 is not the name 制造业 and is refused."""
    found = industry.read_industry([word]).code
    said = industry.names().get(found, "")
    if said.endswith("业") and not word.endswith("业"):
        raise LineProblem("value", f"“{word[:30]}”不是行业名称", f"请写成 {said}")
    return found or None


def outermost(codes: list[str]) -> tuple[str, ...]:
    """Return the codes sorted, without those that lie under another."""
    kept: list[str] = []
    for code in sorted(set(codes)):
        if not kept or not code.startswith(kept[-1]):
            kept.append(code)
    return tuple(kept)


def members(fact: Fact, rest: str, resolve: Callable[[str], T | None]) -> tuple[bool, list[T]]:
    """Return (denied, values) of `属于 A、B`; a value whose own name holds 、 is recognised as a whole."""
    word = starts(rest, IS_WORDS)
    if not word or not rest[len(word) :]:
        raise LineProblem("leaf", f"“{fact.label}”之后的“{rest[:20]}”读不懂", example(fact))
    pieces = re.split(r"([、,;])", rest[len(word) :])
    words, marks = pieces[0::2], [*pieces[1::2], ""]
    if len(words) > MOST_MEMBERS:
        raise LineProblem("limit", f"“{fact.label}”列了 {len(words)} 项", f"请不要超过 {MOST_MEMBERS} 项")
    found: list[T] = []
    start = 0
    while start < len(words):
        for end in range(min(len(words), start + LONGEST_NAME_PARTS), start, -1):
            joined = (
                "".join(w + m for w, m in zip(words[start : end - 1], marks[start:], strict=False))
                + words[end - 1]
            )
            value = _resolved(joined, resolve, last=end == start + 1)
            if value is not None:
                break
        else:
            raise LineProblem("value", f"“{fact.label}”没有“{words[start][:30]}”这一项", _known_values(fact))
        found.append(value)
        start = end
    return IS_WORDS[word], found


def _resolved(word: str, resolve: Callable[[str], T | None], *, last: bool) -> T | None:
    try:
        return resolve(word) if 0 < len(word) <= LONGEST_VALUE else None
    except LineProblem:
        if last:
            raise
        return None


def _known_values(fact: Fact) -> str:
    if fact.choices:
        return f"可用：{'、'.join(fact.choices)}"
    return "请写 GB/T 4754-2017 的名称或代码，如 制造业、C39" if fact.type == "industry" else example(fact)
