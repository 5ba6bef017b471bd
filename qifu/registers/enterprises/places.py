"""The gazetteer of the day: the register's own divisions, with names by code of other provinces; kept until they change."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from pathlib import Path

from qifu.registers.divisions import queries as divisions
from qifu.registers.divisions.division_book import DivisionBook
from qifu.registers.enterprises.location import Gazetteer

DATA = Path(__file__).parent / "data"
_kept: tuple[DivisionBook, Gazetteer] | None = None


@lru_cache(maxsize=1)
def _elsewhere() -> dict[str, str]:
    with (DATA / "places.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["name"] for row in csv.DictReader(file)}


@lru_cache(maxsize=1)
def _moved_towns() -> tuple[tuple[str, str, str], ...]:
    with (DATA / "moved_towns.csv").open(encoding="utf-8", newline="") as file:
        return tuple((row["town"], row["was"], row["is"]) for row in csv.DictReader(file))


@lru_cache(maxsize=1)
def _former() -> tuple[tuple[str, str, str], ...]:
    """Counties of other provinces that are no more, with the code that carries each on (民政部 县级以上行政区划变更)."""
    with (DATA / "former_places.csv").open(encoding="utf-8", newline="") as file:
        return tuple((row["code"], row["name"], row["is"]) for row in csv.DictReader(file))


def gazetteer(day: date) -> Gazetteer:
    """Return the names of divisions on `day`; built anew only when the register of divisions changes."""
    global _kept
    book = divisions.book(day)
    if _kept is None or _kept[0] is not book:
        _kept = (book, Gazetteer(book, day, _elsewhere(), _moved_towns(), _former()))
    return _kept[1]


def full_names(codes: Iterable[str], day: date) -> dict[str, str]:
    """Return the full name of each code, of this province or another; an unknown code names itself."""
    known = gazetteer(day)
    return {code: known.full_name(code) for code in codes}
