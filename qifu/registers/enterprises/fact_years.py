"""Which year a yearly value is of, and which fact it answers on a later day; pure.

`营业收入` asks for the last accounting year before the day. A value of it that was true on 2024-05-31 is that of 2023; in 2025
the same value answers `前一年营业收入`, and `营业收入` is missing until somebody tells that of 2024. So an old figure never passes
for a new one. Facts of one family differ by the ending of their id: revenue, revenue_y1, revenue_y2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta

from qifu.registers.enterprises.fact_book import Fact, FactBook

YEARS_BACK = {
    "本年": 0, "申报当年": 0,
    "上年": 1, "上年末": 1, "上一会计年度": 1, "上一纳税年度": 1,
    "上上年": 2, "上上年末": 2, "上上会计年度": 2, "第三个年末": 3, "第三个会计年度": 3,
}  # fmt: skip
"""How many years before the asking day the year of a fact with this `period` lies; other periods are no single year."""
_FAMILY = re.compile(r"_y\d+$")
GOOD_FOR = {"实时": 31, "每月": 62, "每季": 183, "每年": 548, "每批公布": 1096, "每次": 1}
"""After how many days a value of a fact with this `update` is stale: its cycle and the time that reporting takes."""


def family_of(fact: str) -> str:
    """Return what facts that differ by their year only have in common: revenue of revenue_y2."""
    return _FAMILY.sub("", fact)


def year_of(fact: Fact, as_of: date) -> int | None:
    """Return the year that a value of `fact` true on `as_of` is of; None for facts that are of no single year.

    The last day of a year counts as that year's own end: 营业收入 as of 2023-12-31 is that of 2023.
    """
    back = YEARS_BACK.get(fact.period)
    if back is None:
        return None
    return as_of.year if back == 0 else (as_of + timedelta(days=1)).year - back


_kept: tuple[FactBook, Mapping[tuple[str, int], str]] | None = None


def families(facts: FactBook) -> Mapping[tuple[str, int], str]:
    """Return the fact that asks for a family's value so many years back: ("revenue", 2) is revenue_y1."""
    global _kept
    if _kept is None or _kept[0] is not facts:
        yearly = [fact for fact in facts.stored() if fact.period in YEARS_BACK]
        _kept = (facts, {(family_of(fact.id), YEARS_BACK[fact.period]): fact.id for fact in yearly})
    return _kept[1]


def answers(facts: FactBook, fact: Fact, as_of: date, day: date) -> str:
    """Return the id of the fact that a value of `fact` true on `as_of` answers on `day`; nothing if none."""
    year = year_of(fact, as_of)
    if year is None:
        return fact.id
    return families(facts).get((family_of(fact.id), day.year - year), "")


def is_stale(fact: Fact, as_of: date, day: date) -> bool:
    """Tell whether a value is older than its update cycle allows."""
    return (day - as_of).days > GOOD_FOR[fact.update]
