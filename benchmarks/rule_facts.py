"""Made-up enterprises of Zhejiang for the benchmarks of rules, as a table or a sorted Parquet file of kept values."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from functools import lru_cache
from pathlib import Path
from random import Random

import pyarrow as pa

from benchmarks.policy_book import PolicyMaker
from qifu.engines.rules.places import PlaceNames, place_names
from qifu.registers.divisions.division_book import load_divisions
from qifu.registers.enterprises.fact_book import FactBook, fact_book
from qifu.registers.enterprises.generate_facts import Making, blocks, place_weights, write_parquet

PROVINCE = Path(__file__).parent.parent / "provinces" / "zhejiang"
AS_OF = date(2024, 6, 30)
SAMPLE = 20_000


@lru_cache(maxsize=1)
def counties() -> list[tuple[str, str]]:
    """Return (county, its city) of the province."""
    book = load_divisions(PROVINCE / "divisions.yaml").as_of(AS_OF)
    return [(row.code, row.parent or "") for row in book.of_kind("county")]


@lru_cache(maxsize=1)
def places() -> PlaceNames:
    """Return the names of places that rules may use."""
    return place_names(PROVINCE)


def only_facts(wanted: Collection[str]) -> FactBook:
    """Return the book of these facts, of place and industry, which rows are sorted by."""
    kept = {*wanted, "place", "industry"}
    return FactBook({name: fact for name, fact in fact_book().facts.items() if name in kept})


def making(rows: int, seed: str, facts: FactBook) -> Making:
    """Return what to make: the same seed gives the same rows."""
    return Making(rows, seed, AS_OF, place_weights(counties()), facts)


def facts_table(rows: int, seed: str, facts: FactBook | None = None) -> pa.Table:
    """Return a sorted table of kept values."""
    return pa.Table.from_batches(list(blocks(making(rows, seed, facts or fact_book()))))


def facts_file(path: Path, rows: int, seed: str, facts: FactBook) -> Path:
    """Write a sorted Parquet file of kept values."""
    write_parquet(path, making(rows, seed, facts))
    return path


def policy_maker(seed: str) -> PolicyMaker:
    """Return the maker of policies that suit these enterprises."""
    sample = facts_table(SAMPLE, seed)
    return PolicyMaker(Random(seed), sample, fact_book(), places(), counties(), AS_OF)
