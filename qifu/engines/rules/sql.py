"""The SQL reading: one query of DuckDB or PostgreSQL that says of a whole table what a bound rule says of each row.

Column names are checked and quoted, words of a rule become quoted literals; no float is anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from qifu.engines.rules.sql_amounts import amount_sql
from qifu.engines.rules.sql_conditions import (
    Dialect,
    comparison_sql,
    literal,
    met_sql,
    name,
    opposite,
    possible_sql,
    sum_sql,
)
from qifu.engines.rules.tree import (
    Bound,
    Leaf,
    Node,
    Score,
    leaves,
)

Rows = Literal["all", "met", "met_unknown", "listed"]
"""Which pairs a query gives: all, the met, the met and unknown, or these and the one-short."""


COLUMNS = ("verdict", "amount_fen", "unmet_count", "unmet_leaf")


def verdict_query(
    bound: Bound, table: str | Path, dialect: Dialect, rows: Rows = "all", columns: Sequence[str] = COLUMNS
) -> str:
    """Return a query that gives `uscc` and `columns` of the rows asked for.

    `verdict` is 2, 1 or 0 (tree.Truth); the rest is as `judge.verdict` says. `table` is the name of a table of kept
    values, dotted with its schema or not, or the path of a Parquet file (DuckDB). Raises ValueError for other names.
    """
    require = bound.require
    short = unmet_count_sql(require, dialect)
    verdict = truth_sql(require, dialect)
    if rows == "met":
        verdict = "2"
    elif rows == "met_unknown":
        verdict = f"CASE WHEN {met_sql(require, dialect)} THEN 2 ELSE 1 END"
    granted = "CAST(NULL AS BIGINT)" if bound.amount is None else amount_sql(bound.amount, dialect)
    given = {
        "verdict": verdict,
        "amount_fen": granted
        if rows == "met"
        else f"CASE WHEN {met_sql(require, dialect)} THEN {granted} END",
        "unmet_count": short,
        "unmet_leaf": "CAST(NULL AS VARCHAR)"
        if rows in ("met", "met_unknown")
        else _only_unmet(require, short, dialect),
    }
    wanted: dict[Rows, str] = {
        "all": "",
        "met": met_sql(require, dialect),
        "met_unknown": possible_sql(require, dialect),
        "listed": f"({possible_sql(require, dialect)} OR {short} = 1)",
    }
    where = f"\nWHERE {wanted[rows]}" if wanted[rows] else ""
    listed = ",\n  ".join([name("uscc"), *(f"{given[title]} AS {title}" for title in columns)])
    return f"SELECT {listed}\nFROM {_table(table, dialect)}{where}"


def truth_sql(node: Node, dialect: Dialect) -> str:
    """Return an expression that is 2, 1 or 0: MET, UNKNOWN or UNMET."""
    return f"CASE WHEN {met_sql(node, dialect)} THEN 2 WHEN {possible_sql(node, dialect)} THEN 1 ELSE 0 END"


def unmet_count_sql(node: Node, dialect: Dialect) -> str:
    """Return an expression that counts the UNMET leaves."""
    return sum_sql(f"CASE WHEN {_unmet(leaf, dialect)} THEN 1 ELSE 0 END" for leaf in leaves(node))


def _table(table: str | Path, dialect: Dialect) -> str:
    if isinstance(table, str):
        return ".".join(name(part) for part in table.split("."))
    if dialect != "duckdb":
        raise ValueError("only DuckDB reads a Parquet file")
    return f"read_parquet({literal(str(table))})"


def _unmet(leaf: Leaf | Score, dialect: Dialect) -> str:
    if isinstance(leaf, Leaf):
        return comparison_sql(opposite(leaf.test), dialect)
    return f"NOT {possible_sql(leaf, dialect)}"


def _only_unmet(node: Node, short: str, dialect: Dialect) -> str:
    """Return the id of the only unmet leaf of an unmet rule, else NULL."""
    found = " ".join(f"WHEN {_unmet(leaf, dialect)} THEN {literal(leaf.id)}" for leaf in leaves(node))
    return f"CASE WHEN {short} = 1 AND NOT {possible_sql(node, dialect)} THEN CASE {found} END END"
