"""What tests of bulk facts share: a making over the counties of the province's own file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from qifu.registers.divisions.division_book import load_divisions
from qifu.registers.enterprises.fact_book import FactBook, fact_book
from qifu.registers.enterprises.generate_facts import Making, place_weights

AS_OF = date(2024, 6, 20)
DIVISIONS = Path(__file__).parents[4] / "provinces" / "zhejiang" / "divisions.yaml"


def making(rows: int, seed: str = "2024", facts: FactBook | None = None, most: int | None = None) -> Making:
    """Return a making of `rows`, over the first `most` counties or all."""
    counties = [
        (row.code, row.parent or "") for row in load_divisions(DIVISIONS).as_of(AS_OF).of_kind("county")
    ]
    return Making(rows, seed, AS_OF, place_weights(counties[:most]), facts or fact_book())


FEW = (
    "place", "industry", "established_on", "entity_kind", "employees", "revenue", "revenue_y1", "assets", "rd_expense", "high_tech",
    "restricted_industry", "operating_place", "tax_credit", "energy",
)  # fmt: skip


def few_facts(count: int = len(FEW)) -> FactBook:
    """Return a book of a few facts of every type, so that tests are quick."""
    return FactBook({name: fact_book().facts[name] for name in FEW[:count]})
