"""Names of places in rules: 浙江省, 杭州市, 西湖区, 杭州市西湖区 or a code -> the beginning of the GB/T 2260 codes under it; pure.

A name means what it meant on the day the version took effect: the province's own book of divisions is asked first, then
the country's list of codes. A name that several places bear must be written with its city.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Protocol

from qifu.engines.rules.rule_problems import LineProblem
from qifu.registers.divisions.division_book import Division, DivisionBook, load_divisions
from qifu.registers.enterprises import fact_book

_DATA = Path(fact_book.__file__).parent / "data"


class Places(Protocol):
    """Turns a written place into the beginning of its codes, and back."""

    def prefix(self, word: str, day: date) -> str:
        """Return 3301 for 杭州市, as named on `day`; raises LineProblem for an unknown or ambiguous name."""
        ...

    def name(self, prefix: str) -> str:
        """Return 杭州市 for 3301; an unknown prefix names itself."""
        ...


def code_beginning(code: str) -> str:
    """Return a code without its trailing pairs of 00: 330100 -> 3301."""
    while len(code) > 2 and code.endswith("00"):
        code = code[:-2]
    return code


class PlaceNames:
    """The names of one province's book of divisions (may be absent) over the country's names by code."""

    def __init__(self, national: Mapping[str, str], book: DivisionBook | None = None) -> None:
        self.national = national
        self.book = book
        self._days: dict[date, DivisionBook] = {}

    def prefix(self, word: str, day: date) -> str:
        """Return the beginning of the codes under the place named `word` on `day`."""
        if word.isascii() and word.isdigit():
            return self._of_code(word, day)
        own = self._own(word, day)
        if own is not None:
            if own.kind == "functional_area":
                raise LineProblem(
                    "value",
                    f"“{word}”是功能区，企业的注册地只记到县（市、区）",
                    "请写所在的县（市、区），或另用一项是/否的事实",
                )
            return code_beginning(own.code)
        found = self._by_name.get(word, ())
        if len(found) == 1:
            return code_beginning(found[0])
        if found:
            names = "、".join(self._full(code) for code in found[:5])
            raise LineProblem(
                "value", f"“{word}”不止一处：{names}", "请连上级一起写，如 杭州市西湖区，或写代码"
            )
        raise LineProblem(
            "value", f"没有叫“{word[:20]}”的行政区划", "请写全称（如 浙江省、杭州市西湖区）或六位代码"
        )

    def name(self, prefix: str) -> str:
        """Return the full name of the place whose codes begin so."""
        code = prefix.ljust(6, "0")
        if self.book is not None and code.startswith(self._home):
            found = self.book.versions(code)
            if found:
                return self.book.full_name(found[-1])
        return self._full(code) if code in self.national else prefix

    @cached_property
    def _home(self) -> str:
        assert self.book is not None
        return self.book.rows[0].code[:2]

    def _own(self, word: str, day: date) -> Division | None:
        if self.book is None:
            return None
        if day not in self._days:
            self._days[day] = self.book.as_of(day)
        return self._days[day].by_name(word)

    def _of_code(self, code: str, day: date) -> str:
        full = code.ljust(6, "0") if len(code) in (2, 4) else code
        known = full in self.national or (self.book is not None and bool(self.book.versions(full)))
        if not known:
            raise LineProblem("value", f"没有代码为“{code[:20]}”的行政区划", "请核对六位行政区划代码")
        return code_beginning(full)

    def _full(self, code: str) -> str:
        name = self.national[code]
        city = self.national.get(code[:4] + "00", "") or self.national.get(code[:2] + "0000", "")
        return name if code.endswith("00") or not city else city + name

    @cached_property
    def _by_name(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for code, name in self.national.items():
            full = self._full(code)
            province = self.national.get(code[:2] + "0000", "")
            for word in {name, full, province + name if not code.endswith("0000") else name, province + full}:
                found.setdefault(word, []).append(code)
        return {word: tuple(codes) for word, codes in found.items()}


@lru_cache(maxsize=1)
def _national() -> Mapping[str, str]:
    with (_DATA / "places.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["name"] for row in csv.DictReader(file)}


@lru_cache(maxsize=4)
def place_names(province: Path | None = None) -> PlaceNames:
    """Return the names of the whole country and, from its folder, of one province; raises DataError, OSError."""
    book = load_divisions(province / "divisions.yaml") if province is not None else None
    return PlaceNames(_national(), book)
