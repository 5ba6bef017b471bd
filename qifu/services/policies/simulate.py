"""Simulates a bound policy over a snapshot of facts: whom it reaches, what it costs, who gains and who loses; pure but for DuckDB.

One pass reads the columns that the policy, its version before and the classes of size ask, straight from the snapshot's
Parquet files, and keeps a narrow row of each enterprise that is met, waits for a fact, is one condition short, or was met before.
All figures come from these rows. Money is whole fen throughout.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import duckdb

from qifu.engines.rules.rule_book import NotInForce, RuleBook
from qifu.engines.rules.sql import truth_sql, unmet_count_sql
from qifu.engines.rules.sql_amounts import amount_sql
from qifu.engines.rules.sql_conditions import INT64, literal, met_sql, possible_sql
from qifu.engines.rules.tree import Amount, Bound, Bounded
from qifu.registers.enterprises.snapshot import Snapshot
from qifu.registers.enterprises.snapshot_parts import Part
from qifu.services.policies.amounts import Amounts

SIZES = ("sme-micro", "sme-small", "sme-medium", "sme-large")
"""The codes of the rules that tell an enterprise's size."""
SIZE_WORDS = ("微型", "小型", "中型", "大型")


@dataclass(frozen=True)
class Figures:
    """Of some enterprises: how many meet the policy, may meet it (a fact is unknown), lack one condition; what it costs.

    `unpriced` meet it, but their amount needs an unknown fact; `fen` is the sum of the other amounts, `largest` the largest.
    `marks` are numbers of the sets behind the four counts: whoever joins or leaves a set changes its mark (small_cells).
    """

    met: int = 0
    unknown: int = 0
    short: int = 0
    unpriced: int = 0
    fen: int = 0
    largest: int = field(default=0, compare=False)
    marks: tuple[int, int, int, int] = field(default=(0, 0, 0, 0), compare=False)

    def __add__(self, other: Figures) -> Figures:
        first, second, third, fourth = (a + b for a, b in zip(self.marks, other.marks, strict=True))
        return Figures(
            self.met + other.met, self.unknown + other.unknown, self.short + other.short,
            self.unpriced + other.unpriced, self.fen + other.fen, max(self.largest, other.largest),
            (first, second, third, fourth),
        )  # fmt: skip


@dataclass(frozen=True)
class Change:
    """Against the version before: who meets the policy now but did not, who did but does not, what it cost.

    `priced_before` had an amount, the largest of which was `largest_before`; `marks` are of gainers, losers and those met before.
    """

    gainers: int = 0
    losers: int = 0
    met_before: int = 0
    fen_before: int = 0
    priced_before: int = field(default=0, compare=False)
    largest_before: int = field(default=0, compare=False)
    marks: tuple[int, int, int] = field(default=(0, 0, 0), compare=False)


@dataclass(frozen=True)
class Cell:
    """The figures of one county, section of industry and size; an empty key is not known."""

    place: str
    section: str
    size: str
    figures: Figures


@dataclass(frozen=True)
class Simulation:
    """What came out. `enterprises` were judged; `change` is None where there was no version before."""

    enterprises: int
    cells: tuple[Cell, ...]
    amounts: Amounts
    cap: int | None
    change: Change | None = None

    @cached_property
    def total(self) -> Figures:
        """The figures of all."""
        return sum((cell.figures for cell in self.cells), Figures())

    def by(self, key: str) -> dict[str, Figures]:
        """Return the figures by `place` (county), `city`, `section` or `size`, in the order of the keys."""
        found: dict[str, Figures] = {}
        for cell in self.cells:
            one = city_of(cell.place) if key == "city" else str(getattr(cell, key))
            found[one] = found.get(one, Figures()) + cell.figures
        return dict(sorted(found.items()))


def city_of(place: str) -> str:
    """Return the city of a county's code: 330100 of 330109."""
    return place[:4] + "00" if place else ""


def size_bounds(book: RuleBook, bound: Bound) -> tuple[Bound | None, ...]:
    """Return the site's rules of size bound to the policy's day, smallest first; None where there is none."""

    def one(code: str) -> Bound | None:
        try:
            return book.bind(code, bound.as_of)
        except NotInForce:
            return None

    return tuple(one(code) for code in SIZES)


def simulate(
    snapshot: Snapshot,
    bound: Bound,
    sizes: Sequence[Bound | None] = (),
    *,
    before: Bound | None = None,
    places: Collection[str] | None = None,
) -> Simulation:
    """Return the figures of a policy over a snapshot, of all enterprises or of those in `places` (330100 is all of the city).

    Raises sql_conditions.TooLarge where the policy's numbers pass 128 bits.
    """
    return simulate_parts(snapshot.folder, parts_in(snapshot, places), bound, sizes, before=before)


def parts_in(snapshot: Snapshot, places: Collection[str] | None) -> tuple[Part, ...]:
    """Return the parts of a snapshot, all or those of `places`."""
    files = set(snapshot.files(places))
    return tuple(part for part in snapshot.parts if snapshot.folder / part.file in files)


def simulate_parts(
    folder: Path,
    parts: Sequence[Part],
    bound: Bound,
    sizes: Sequence[Bound | None] = (),
    *,
    before: Bound | None = None,
) -> Simulation:
    """Return the figures over some parts of a snapshot in `folder`."""
    files = [folder / part.file for part in parts]
    return simulate_files(files, bound, sizes, before=before, enterprises=sum(part.rows for part in parts))


def simulate_files(
    files: Sequence[Path],
    bound: Bound,
    sizes: Sequence[Bound | None] = (),
    *,
    before: Bound | None = None,
    enterprises: int = 0,
) -> Simulation:
    """Return the figures over Parquet files of kept values, which hold so many enterprises."""
    open_ended, cap = uncapped(bound.amount)
    amounts = Amounts.of([])
    if not files:
        return Simulation(0, (), amounts, cap, Change() if before else None)
    with duckdb.connect() as base:
        base.execute("SET enable_progress_bar = false")
        base.execute("CREATE TEMP TABLE judged AS " + judged_query(files, bound, open_ended, sizes, before))
        capped = "fen" if cap is None else f"LEAST(fen, {cap})"
        rows = base.execute(
            f"SELECT place, section, size, count(*) FILTER (now = 2), count(*) FILTER (now = 1), "
            f"count(*) FILTER (short), count(*) FILTER (now = 2 AND fen IS NULL), coalesce(sum({capped}) FILTER (fen IS NOT NULL), 0), "
            f"coalesce(max({capped}) FILTER (fen IS NOT NULL), 0), {_marks('now = 2', 'now = 1', 'short', 'now = 2 AND fen IS NULL')} "
            "FROM judged GROUP BY ALL"
        ).fetchall()
        cells = tuple(
            Cell(
                place or "",
                section or "",
                "" if size is None else str(size),
                _figures(figures),
            )
            for place, section, size, *figures in rows
        )
        change = _change(base) if before is not None else None
        if bound.amount is not None:
            amounts = _amounts(base)
    return Simulation(enterprises, tuple(sorted(cells, key=_key)), amounts, cap, change)


def uncapped(amount: Amount | None) -> tuple[Amount | None, int | None]:
    """Return an amount without the cap that stands outermost, and that cap: the amount is the smaller of the two."""
    if isinstance(amount, Bounded) and amount.cap is not None:
        return replace(amount, cap=None), amount.cap
    return amount, None


def judged_query(
    files: Sequence[Path], bound: Bound, amount: Amount | None, sizes: Sequence[Bound | None], before: Bound | None
) -> str:  # fmt: skip
    """Return the query of the narrow rows: place, section, size, now, short, fen, was, fen_before, mark."""
    require = bound.require
    met, count = met_sql(require, "duckdb"), unmet_count_sql(require, "duckdb")
    given = "CAST(NULL AS BIGINT)" if amount is None else amount_sql(amount, "duckdb")
    classes = [
        f"WHEN {met_sql(size.require, 'duckdb')} THEN {rank}"
        for rank, size in enumerate(sizes)
        if size is not None
    ]
    was, was_given = "FALSE", "CAST(NULL AS BIGINT)"
    if before is not None:
        was = f"coalesce({met_sql(before.require, 'duckdb')}, FALSE)"
        if before.amount is not None:
            was_given = f"CASE WHEN was THEN {amount_sql(before.amount, 'duckdb')} END"
    listed = ", ".join(literal(str(file)) for file in files)
    return (
        f'SELECT "place", left("industry", 1) AS section, '
        f"{'CASE ' + ' '.join(classes) + ' END' if classes else 'CAST(NULL AS INTEGER)'} AS size, "
        f"{truth_sql(require, 'duckdb')} AS now, {was} AS was, "
        f"now = 0 AND {count} = 1 AS short, "
        f"CASE WHEN {met} THEN {given} END AS fen, {was_given} AS fen_before, "
        "hash(coalesce(\"place\", ''), coalesce(\"industry\", '')) AS mark\n"
        f"FROM read_parquet([{listed}])\nWHERE {possible_sql(require, 'duckdb')} OR {count} = 1 OR was"
    )


def _marks(*sets: str) -> str:
    """Return the columns of the marks of sets: sums of what place and industry hash to, so that one more changes them.

    They do not hang on amounts nor on how a set was asked for: the same enterprises always have the same mark.
    """
    return ", ".join(f"coalesce(sum(mark) FILTER ({one}), 0)" for one in sets)


def _figures(row: Sequence[int]) -> Figures:
    met, unknown, short, unpriced, fen, largest, *marks = map(int, row)
    first, second, third, fourth = marks
    return Figures(met, unknown, short, unpriced, fen, largest, (first, second, third, fourth))


def _key(cell: Cell) -> tuple[str, str, str]:
    return cell.place, cell.section, cell.size


def _change(base: duckdb.DuckDBPyConnection) -> Change:
    row = base.execute(
        "SELECT count(*) FILTER (now = 2 AND NOT was), count(*) FILTER (was AND now < 2), "
        "count(*) FILTER (was), coalesce(sum(fen_before), 0), count(fen_before), coalesce(max(fen_before), 0), "
        f"{_marks('now = 2 AND NOT was', 'was AND now < 2', 'was')} FROM judged"
    ).fetchone()
    if row is None:
        return Change()
    gainers, losers, before, fen, priced, largest, *marks = map(int, row)
    first, second, third = marks
    return Change(gainers, losers, before, fen, priced, largest, (first, second, third))


def _amounts(base: duckdb.DuckDBPyConnection) -> Amounts:
    largest = base.execute("SELECT max(fen) FROM judged WHERE now = 2").fetchone()
    if largest is None or largest[0] is None:
        return Amounts.of([])
    wanted = "FROM judged WHERE now = 2 AND fen IS NOT NULL ORDER BY 1"
    if largest[0] > INT64:
        return Amounts.of([fen for (fen,) in base.execute(f"SELECT fen {wanted}").fetchall()])
    return Amounts.of(base.execute(f"SELECT CAST(fen AS BIGINT) AS fen {wanted}").fetchnumpy()["fen"])
