"""The benchmarks of rules at test size: they run, agree with their peers, and say what their policies are like."""

from __future__ import annotations

from pathlib import Path
from random import Random

import yaml

from benchmarks.policy_book import LEAST_MET, MOST_MET, PolicyMaker, figures, write_book
from benchmarks.rule_facts import AS_OF, counties, facts_table, places
from benchmarks.tests.quick import quick_results
from qifu.engines.rules.rule_book import RuleBook
from qifu.registers.enterprises.fact_book import fact_book


def test_all_readings_agree_at_test_size(tmp_path: Path) -> None:
    results = quick_results("rules_equal", tmp_path)
    assert {row["job"].split()[0] for row in results} >= {
        "explanation",
        "python",
        "duckdb",
        "postgresql",
        "kernel",
    }
    assert all(row["equal"] and row["value"] == 0 for row in results)


def test_a_pushed_policy_gives_what_sql_by_hand_gives(tmp_path: Path) -> None:
    results = quick_results("rules_push", tmp_path, "--rounds", "1")
    compared = [row for row in results if row.get("peer")]
    assert len(compared) == 16 and all(row["equal"] for row in compared), results
    assert {row["job"].split(": ")[-1] for row in results} >= {"reading", "writing SQL"}


def test_the_made_up_book_is_as_it_says_and_reads_back(tmp_path: Path) -> None:
    facts = fact_book()
    table = facts_table(5_000, "2024")
    book = PolicyMaker(Random("2024"), table, facts, places(), counties(), AS_OF).book(60)
    again = PolicyMaker(Random("2024"), table, facts, places(), counties(), AS_OF).book(60)
    assert [policy.yaml() for policy in book] == [policy.yaml() for policy in again]
    said = figures([policy.bound for policy in book], table)
    assert said["province_wide_percent"] >= 30 and said["leaves_median"] >= 6 and said["depth_least"] >= 3
    assert 5 <= said["missing_percent_mean"] <= 20 and said["different_tests"] < said["tests"] * 0.8
    assert 0.5 <= said["met_percent_in_its_place"] <= 5 and said["unknown_percent"] > 0
    assert all(LEAST_MET <= policy.met <= MOST_MET for policy in book)
    write_book(book, tmp_path / "rules")
    read = RuleBook.load([tmp_path / "rules"], facts, places())
    for policy in book:
        assert yaml.safe_load(policy.yaml())["code"] == policy.code
        bound = read.bind(policy.code, AS_OF)
        assert (bound.require, bound.amount) == (policy.bound.require, policy.bound.amount)


def test_one_enterprise_is_judged_as_the_peers_do(tmp_path: Path) -> None:
    results = quick_results("rules_single", tmp_path, "--enterprises", "4")
    compared = [row for row in results if row["peer"]]
    assert {row["peer"].split()[0] for row in compared} == {"json-logic", "CEL", "ZEN", "ZEN,"}
    assert all(row["equal"] for row in compared), results
