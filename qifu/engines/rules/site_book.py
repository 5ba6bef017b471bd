"""The rules of a site: the national files and a province's own, read once a process and again when a file changes; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from qifu.engines.rules.edges import facts_asked
from qifu.engines.rules.places import PlaceNames, place_names
from qifu.engines.rules.rule_book import NotInForce, RuleBook
from qifu.engines.rules.rule_problems import RuleProblems
from qifu.registers.enterprises.fact_book import fact_book

NATIONAL = Path(__file__).resolve().parents[3] / "provinces" / "national" / "rules"


@dataclass(frozen=True, eq=False)
class SiteRules:
    """The book, and what is wrong with files that were left out."""

    book: RuleBook
    problems: tuple[str, ...] = ()


def folders(province: Path) -> list[Path]:
    """The folders of the national rules and of the province's own, as far as they are there."""
    return [one for one in (NATIONAL, province / "rules") if one.is_dir()]


def site_places(province: Path) -> PlaceNames:
    """Return the names of places that rules of the site may say."""
    return place_names(province if (province / "divisions.yaml").is_file() else None)


def site_rules(province: Path) -> SiteRules:
    """Return the rules of a province's site as their files stand now; files with faults are left out and told."""
    stamp = tuple(
        (str(file), file.stat().st_mtime_ns)
        for folder in folders(province)
        for file in sorted(folder.rglob("*.yaml"))
    )
    return _load(province, stamp)


@lru_cache(maxsize=2)
def _load(province: Path, stamp: tuple[tuple[str, int], ...]) -> SiteRules:
    found, places = folders(province), site_places(province)
    try:
        return SiteRules(RuleBook.load(found, fact_book(), places))
    except RuleProblems as faults:
        readable = RuleBook.load((), fact_book(), places, beside=found)
        return SiteRules(readable, tuple(str(problem) for problem in faults.problems))


@lru_cache(maxsize=8)
def _users(book: SiteRules, day: date) -> dict[str, tuple[str, ...]]:
    users: dict[str, list[str]] = {}
    for code in sorted(book.book.rules):
        try:
            bound = book.book.bind(code, day)
        except NotInForce:
            continue
        for fact in facts_asked(bound):
            users.setdefault(fact, []).append(code)
    return {fact: tuple(codes) for fact, codes in users.items()}


def users_of_facts(found: SiteRules, day: date) -> dict[str, tuple[str, ...]]:
    """Return the codes of the rules in force on `day` that ask each fact, by fact id."""
    return _users(found, day)
