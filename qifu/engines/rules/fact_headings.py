"""Headings of a facts file to facts: ids, labels, aliases, with a unit in brackets or not; pure."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Sequence

from qifu.engines.rules.fact_problems import FactProblem
from qifu.registers.enterprises.fact_book import UNITS, Fact, FactBook

USCC = "uscc"
USCC_WORDS = (USCC, "统一社会信用代码", "社会信用代码")
_WITH_UNIT = re.compile(r"(?P<name>.+?)\s*\((?:单位[::]?\s*)?(?P<unit>[^()]+)\)")


def facts_of_headings(
    headings: Sequence[str], facts: FactBook
) -> tuple[list[Fact | None], list[FactProblem]]:
    """Return the fact of each column (None: uscc) and every wrong heading.

    A fact whose heading names a unit, as in 营业收入（万元）, reads cells without unit in that one; its kept values stay.
    """
    found: list[Fact | None] = []
    problems: list[FactProblem] = []
    seen: dict[str, str] = {}
    for number, heading in enumerate(headings, start=1):
        word = unicodedata.normalize("NFKC", heading).strip()
        fact, reason = (None, "") if word.lower() in USCC_WORDS else _fact(word, facts)
        key = fact.id if fact else USCC
        if not reason and key in seen:
            reason = f"与“{seen[key]}”栏是同一个事实，请只留一栏"
        if reason:
            problems.append(FactProblem(reason, column=heading.strip() or f"第 {number} 栏"))
        else:
            seen[key] = heading
        found.append(fact)
    if USCC not in seen:
        problems.append(FactProblem("没有 uscc 栏（统一社会信用代码）"))
    return found, problems


def _fact(word: str, facts: FactBook) -> tuple[Fact | None, str]:
    """The fact of a heading, or why it has none."""
    if not word:
        return None, "没有表头"
    fact, parts = facts.find(word) or facts.find(word.lower()), _WITH_UNIT.fullmatch(word)
    unit = ""
    if fact is None and parts:
        fact, unit = facts.find(parts["name"]), parts["unit"].strip()
    if fact is None:
        return None, "不是事实目录中的代码、名称或别名，请改名或删去这一栏"
    if fact.derived is not None:
        return fact, "由其他事实算出，不直接填写，请删去这一栏"
    return _in_unit(fact, unit) if unit else (fact, "")


def _in_unit(fact: Fact, unit: str) -> tuple[Fact, str]:
    """The same fact, read in another unit of the same base: as many digits move behind the point, or before it."""
    if not fact.is_number or unit not in UNITS or UNITS[unit][0] != fact.base_unit:
        own = f"单位是“{fact.unit}”" if fact.unit else "没有单位"
        return fact, f"“{fact.label}”{own}，表头不能写“{unit}”"
    moved = len(str(UNITS[unit][1])) - len(str(UNITS[fact.unit][1]))
    if fact.decimals + moved < 0:
        return fact, f"“{fact.label}”按“{fact.unit}”保留整数，表头不能用更小的单位“{unit}”"
    return dataclasses.replace(fact, unit=unit, decimals=fact.decimals + moved), ""
