"""The SQL reading by itself: what it looks like, its edges, and hostile words."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

import duckdb
import pytest

from qifu.engines.rules.sql import verdict_query
from qifu.engines.rules.sql_conditions import TooLarge, coarse_codes, literal, met_sql, name, possible_sql
from qifu.engines.rules.tree import (
    Bound,
    Bounded,
    CodeIn,
    Combine,
    Compare,
    Fixed,
    Group,
    Leaf,
    Node,
    Share,
)
from qifu.registers.enterprises.fact_book import LARGEST

DAY = date(2024, 6, 30)
HOSTILE = ("x' OR 1=1 --", "'; DROP TABLE kept; --", 'a"b', "’', 1)", "\\'", "$$", "%s", "{}", "?")


def bound(require: Node, amount: object = None) -> Bound:
    return Bound("p", "2024-01-01", DAY, require, amount)  # type: ignore[arg-type]


def leaf(test: object, title: str = "a") -> Leaf:
    return Leaf(title, test)  # type: ignore[arg-type]


def rows(query: str, **columns: object) -> list[tuple[object, ...]]:
    """Return what the query gives for a table `kept` of one row."""
    with duckdb.connect() as base:
        listed = ", ".join(f"{value} AS {title}" for title, value in columns.items())
        base.execute(f"CREATE TABLE kept AS SELECT 'U' AS uscc, {listed}")
        found = base.execute(query).fetchall()
        assert base.execute("SELECT count(*) FROM kept").fetchall() == [(1,)]
        return found


def test_what_is_surely_met_is_plain_comparisons() -> None:
    """As an analyst would write it, so that row groups are skipped."""
    tree = Group(
        "all",
        3,
        (
            leaf(CodeIn("place", ("3301", "330206"))),
            leaf(Compare(((1, "employees"),), "<=", Fraction(300))),
            leaf(Compare(((1, "rd_expense"),), ">=", Fraction(3, 100), ((1, "revenue"),))),
        ),
    )
    assert met_sql(tree, "duckdb") == (
        """((("place" >= '3301' AND "place" < '3302') OR ("place" = '330206')) AND """
        """("employees" <= 300) AND ("revenue" > 0 AND "rd_expense" * 100 >= "revenue" * 3))"""
    )
    place = Leaf("a", CodeIn("place", ("330206",)))
    assert possible_sql(place, "duckdb") == (
        """(("place" = '330206') OR "place" = '000000' OR "place" = '300000' OR "place" = '330000' OR """
        """"place" = '330200' OR "place" IS NULL)"""
    )
    assert possible_sql(tree.children[1], "duckdb") == '(("employees" > 300) IS NOT TRUE)'


@pytest.mark.parametrize("word", HOSTILE)
def test_hostile_words_stay_words(word: str) -> None:
    tree = Group(
        "all", 2, (leaf(Compare(((1, "x"),), ">", Fraction(1)), word), leaf(CodeIn("place", (word,)), "b"))
    )
    assert rows(verdict_query(bound(tree), "kept", "duckdb"), x=0, place=literal(word)) == [
        ("U", 0, None, 1, word)
    ]
    with pytest.raises(ValueError, match="not a name"):
        verdict_query(bound(leaf(Compare(((1, word),), ">", Fraction(1)))), "kept", "duckdb")
    with pytest.raises(ValueError, match="not a name"):
        verdict_query(bound(tree), word, "duckdb")
    assert literal(word) in verdict_query(bound(tree), Path(word), "duckdb")


@pytest.mark.parametrize("word", ["a\0b", "a\nb", "\ud800"])
def test_what_sql_cannot_hold_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="not a text"):
        verdict_query(bound(leaf(Compare(((1, "x"),), ">", Fraction(1)), word)), "kept", "duckdb")


@pytest.mark.parametrize("identifier", ["", "1a", "a b", 'a"', "名", "a" * 64])
def test_names_are_checked(identifier: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        name(identifier)


def test_products_beyond_64_bits_are_exact() -> None:
    share = bound(leaf(Compare(((1, "x"),), ">=", Fraction(99_999, 100_000), ((1, "y"),))))
    query = verdict_query(share, "kept", "duckdb")
    assert "HUGEINT" in query
    on = LARGEST // 100_000 * 99_999
    assert rows(query, x=f"{on}::BIGINT", y=f"{LARGEST}::BIGINT")[0][1] == 2
    assert rows(query, x=f"{on - 1}::BIGINT", y=f"{LARGEST}::BIGINT")[0][1] == 0


def test_an_amount_beyond_64_bits_is_exact() -> None:
    rule = bound(leaf(Compare(((1, "x"),), ">", Fraction(0))), Share(Fraction(100_000), ((1, "x"),)))
    assert rows(verdict_query(rule, "kept", "duckdb"), x=f"{LARGEST}::BIGINT")[0][2] == LARGEST * 100_000


def test_halves_of_a_fen_go_up_once_at_the_end() -> None:
    third, sixth = Share(Fraction(1, 3), ((1, "x"),)), Share(Fraction(1, 6), ((1, "x"),))
    rule = bound(leaf(Compare(((1, "x"),), ">", Fraction(0))), Combine("sum", (third, sixth)))
    assert rows(verdict_query(rule, "kept", "duckdb"), x="1::BIGINT")[0][2] == 1
    rule = bound(rule.require, Combine("sum", (Bounded(third, how="down"), Bounded(sixth, how="down"))))
    assert rows(verdict_query(rule, "kept", "duckdb"), x="1::BIGINT")[0][2] == 0


def test_what_is_too_large_or_below_nothing_is_refused() -> None:
    test = leaf(Compare(((1, "x"),), ">", Fraction(1)))
    with pytest.raises(TooLarge):
        verdict_query(bound(test, Share(Fraction(10**25), ((1, "x"),))), "kept", "duckdb")
    with pytest.raises(TooLarge):
        verdict_query(bound(leaf(Compare(((1, "x"),), ">", Fraction(10**40)))), "kept", "duckdb")
    with pytest.raises(TooLarge):
        verdict_query(
            bound(leaf(Compare(((1, "x"),), ">", Fraction(1, 10**25), ((1, "y"),)))), "kept", "postgresql"
        )
    with pytest.raises(ValueError, match="below nothing"):
        verdict_query(bound(test, Fixed(-1)), "kept", "duckdb")
    with pytest.raises(ValueError, match="only DuckDB"):
        verdict_query(bound(test), Path("a.parquet"), "postgresql")
    with pytest.raises(ValueError, match="beginning of a code"):
        verdict_query(bound(leaf(CodeIn("place", ("330100",)))), "kept", "duckdb")


def test_codes_too_coarse_to_tell() -> None:
    assert {"330000", "330100", "000000"} <= set(coarse_codes(["330106"]))
    assert not {"330106", "330110", "331000"} & set(coarse_codes(["330106"]))
    assert "331000" not in coarse_codes(["3310"])
    assert set(coarse_codes(["C391"])) == {"C", "C3", "C39"}


@pytest.mark.parametrize("listed", ["all", "met", "met_unknown", "listed"])
def test_each_kind_of_listing(listed: str) -> None:
    tree = Group(
        "all",
        2,
        (leaf(Compare(((1, "x"),), ">", Fraction(1))), leaf(Compare(((1, "y"),), ">", Fraction(1)), "b")),
    )
    query = verdict_query(bound(tree, Fixed(5)), "kept", "duckdb", listed)  # type: ignore[arg-type]
    given = {
        "met": rows(query, x=2, y=2),
        "unknown": rows(query, x=2, y="NULL::INT"),
        "one short": rows(query, x=0, y=2),
        "two short": rows(query, x=0, y=0),
    }
    assert given["met"] == [("U", 2, 5, 0, None)]
    wanted = {"all": 4, "met": 1, "met_unknown": 2, "listed": 3}[listed]
    assert [title for title, found in given.items() if found] == list(given)[:wanted]
    if listed == "listed":
        assert given["unknown"] == [("U", 1, None, 0, None)] and given["one short"] == [
            ("U", 0, None, 1, "a")
        ]
