"""Made-up facts: plausible, told the same by the same seed, sorted, with valid codes that come once."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from qifu.registers.enterprises import industry
from qifu.registers.enterprises.crowd import PREFIXES
from qifu.registers.enterprises.fact_book import EPOCH, FOREVER, LARGEST, fact_book
from qifu.registers.enterprises.fact_models import MODELS, NEVER_STORED
from qifu.registers.enterprises.generate import code_of
from qifu.registers.enterprises.generate_facts import (
    MOST,
    blocks,
    plans,
    uscc_array,
    write_csv,
    write_parquet,
)
from qifu.registers.enterprises.kept_table import holds_kept_values, is_sorted
from qifu.registers.enterprises.tests.made_facts import AS_OF, few_facts, making
from qifu.registers.enterprises.uscc import read_uscc

ROWS = 60_000
FACTS = fact_book()


@pytest.fixture(scope="module")
def table() -> pa.Table:
    return pa.Table.from_batches(list(blocks(making(ROWS))))


def numbers(table: pa.Table, name: str) -> npt.NDArray[np.float64]:
    return table[name].cast(pa.float64()).to_numpy()


def related(table: pa.Table, one: str, other: str) -> float:
    """The correlation of logarithms where both are known and positive."""
    a, b = numbers(table, one), numbers(table, other)
    both = (a > 0) & (b > 0)
    return float(np.corrcoef(np.log(a[both]), np.log(b[both]))[0, 1])


def test_as_many_as_asked_sorted_and_each_code_once_and_valid(table: pa.Table) -> None:
    assert len(table) == ROWS
    assert is_sorted(table)
    codes = table["uscc"].to_pylist()
    assert len(set(codes)) == ROWS
    for code in codes[::37]:
        found = read_uscc(code)
        assert (found.code, found.warnings) == (code, ())
        assert code[8:10] == "XX"


def test_codes_are_those_of_the_one_by_one_generator() -> None:
    kinds = np.array([2, 3, 4], np.int8)
    made = uscc_array(np.array([0, 31**6 - 1, 123_456]), "330106", kinds).to_pylist()
    assert made == [code_of(n, "330106", PREFIXES[k]) for n, k in zip((0, 31**6 - 1, 123_456), kinds)]


def test_every_fact_is_in_its_range(table: pa.Table) -> None:
    today = (AS_OF - EPOCH).days
    for fact in FACTS.stored():
        column = table[fact.id]
        if fact.group == NEVER_STORED:
            assert column.null_count == ROWS, fact.id
            continue
        if fact.type in ("place", "industry"):
            continue
        low, high = pc.min_max(column).as_py().values()
        span = {
            "flag": (0, 1), "choice": (0, len(fact.choices) - 1), "day": (today - 45 * 366, today), "honour": (0, FOREVER),
            "count": (0, LARGEST), "decimal": (0, LARGEST), "percent": (-(10**6), 10**6), "money": (-LARGEST, LARGEST),
        }[fact.type]  # fmt: skip
        assert span[0] <= low <= high <= span[1], fact.id


def test_codes_of_place_and_industry_are_known_and_some_are_coarse(table: pa.Table) -> None:
    found = set(table["industry"].cast(pa.string()).drop_null().to_pylist())
    assert found <= set(industry.names())
    assert {len(code) for code in found} == {1, 3, 4, 5}
    places = table["place"].cast(pa.string())
    cities = pc.sum(pc.ends_with(places, "00")).as_py()
    assert 0.001 < cities / ROWS < 0.01
    assert 0 < places.null_count / ROWS < 0.005


def test_figures_hang_together(table: pa.Table) -> None:
    for one, other, least in (
        ("employees", "revenue", 0.7), ("revenue", "assets", 0.6), ("revenue", "revenue_y1", 0.9), ("revenue", "tax_paid", 0.6),
        ("rd_expense", "revenue", 0.6), ("rd_expense", "ip_first", 0.3), ("employees", "payroll", 0.8), ("employees", "employees_quarterly", 0.95),
    ):  # fmt: skip
        assert related(table, one, other) > least, (one, other)


def test_parts_are_not_more_than_the_whole(table: pa.Table) -> None:
    for part, whole in (
        ("ip_first_own", "ip_first"),
        ("rd_staff", "technical_staff"),
        ("insured_staff", "employees"),
    ):
        assert np.nanmax(numbers(table, part) - numbers(table, whole)) <= 0, (part, whole)


def test_honours_go_to_those_that_do_research(table: pa.Table) -> None:
    honour, research = numbers(table, "high_tech"), numbers(table, "rd_expense")
    both = ~np.isnan(honour) & ~np.isnan(research)
    assert 0.005 < (honour[both] > 0).mean() < 0.05
    assert (research[both & (honour > 0)] > 0).mean() > 0.95
    giants, special = numbers(table, "little_giant") > 0, numbers(table, "specialised_sme") > 0
    assert 0 < giants.mean() < special.mean()
    valid = honour[honour > 0] > (AS_OF - EPOCH).days
    assert 0.7 < valid.mean() < 0.95


def test_marks_of_bad_credit_are_rare_and_fall_on_the_same(table: pa.Table) -> None:
    marks = {name: numbers(table, name) > 0 for name in ("dishonest_debtor", "abnormal", "tax_arrears")}
    for name, held in marks.items():
        assert 0.001 < held.mean() < 0.06, name
    together = (marks["dishonest_debtor"] & marks["abnormal"]).mean()
    assert together > 5 * marks["dishonest_debtor"].mean() * marks["abnormal"].mean()


def test_gaps_are_usual_together_and_fewer_for_the_large(table: pa.Table) -> None:
    shares = [table[fact.id].null_count / ROWS for fact in FACTS.stored() if fact.group != NEVER_STORED]
    assert 0.05 < np.mean(shares) < 0.2
    no_revenue, no_assets = np.isnan(numbers(table, "revenue")), np.isnan(numbers(table, "assets"))
    assert (no_revenue & no_assets).mean() > 0.8 * no_revenue.mean()
    people = numbers(table, "employees")
    assert no_revenue[people >= 100].mean() < 0.6 * no_revenue[people < 10].mean()


def test_same_seed_same_rows_whatever_is_asked_for_at_once() -> None:
    made = making(20_000, facts=few_facts())
    whole = pa.Table.from_batches(list(blocks(made, threads=1)))
    assert whole.equals(pa.Table.from_batches(list(blocks(made, threads=3))))
    alone = pa.Table.from_batches(list(blocks(made, only=["330106"])))
    assert alone.equals(whole.filter(pc.equal(whole["place"].cast(pa.string()), "330106")))
    assert not whole.equals(pa.Table.from_batches(list(blocks(replace(made, seed="2025")))))


def test_a_new_fact_changes_no_other() -> None:
    few, more = (pa.Table.from_batches(list(blocks(making(3_000, facts=few_facts(n))))) for n in (8, 14))
    assert more.select(few.column_names).equals(few.replace_schema_metadata(more.schema.metadata))


def test_counts_are_shared_out_without_loss() -> None:
    for rows in (1, 7, 99, 12_345):
        assert sum(plan.rows for plan in plans(making(rows))) == rows
    for wrong in (0, MOST + 1):
        with pytest.raises(ValueError, match="行数"):
            making(wrong)


def test_models_are_of_facts_that_are_there() -> None:
    assert set(MODELS) <= set(FACTS.facts)


def test_files_say_what_they_hold(tmp_path: Path) -> None:
    made = making(500, facts=few_facts())
    assert write_parquet(tmp_path / "made.parquet", made) == 500
    kept = pq.read_table(tmp_path / "made.parquet")
    assert holds_kept_values(kept.schema)
    assert kept.to_pylist() == pa.Table.from_batches(list(blocks(made))).to_pylist()
    assert write_csv(tmp_path / "made.csv", blocks(made), made.facts) == 500
    with (tmp_path / "made.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row, values in zip(rows, kept.to_pylist(), strict=True):
        assert row["uscc"] == values["uscc"]
        assert {f.id: f.read(row[f.id]) for f in made.facts.stored()} == {
            f.id: values[f.id] for f in made.facts.stored()
        }
