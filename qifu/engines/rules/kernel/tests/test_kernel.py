"""The kernel says of every row what the judge says: verdict, and the one unmet leaf; at every border, in any order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from random import Random

import numpy as np
import pyarrow as pa
import pytest

from qifu.engines.rules.judge import verdict
from qifu.engines.rules.kernel import Encoded, KernelRefusal, Sweep, encode
from qifu.engines.rules.kernel.coding import BLOCK_ROWS
from qifu.engines.rules.random_rules import boundary_rows, random_bound
from qifu.engines.rules.tree import (
    Band,
    Bound,
    ChoiceIn,
    CodeIn,
    Compare,
    DayIs,
    FlagIs,
    Group,
    HonourValid,
    Item,
    Leaf,
    Node,
    Score,
    Test,
    Truth,
)
from qifu.registers.enterprises.fact_book import LARGEST, Fact, FactBook, Value, fact_book
from qifu.registers.enterprises.kept_table import sort_order, table_of

FACTS = FactBook(
    {
        fact.id: fact
        for fact in (
            Fact("place", "地", "place"),
            Fact("industry", "业", "industry"),
            Fact("a", "甲", "count"),
            Fact("b", "乙", "count"),
            Fact("c", "丙", "count"),
            Fact("flag", "旗", "flag"),
            Fact("kind", "类", "choice", choices=("一", "二", "三", "四")),
            Fact("day", "日", "day"),
            Fact("honour", "誉", "honour"),
            Fact("sum", "和", "count", derived=None),
        )
    }
)
Row = Mapping[str, Value]
Pairs = dict[tuple[int, int], tuple[Truth, str]]


def bound(require: Node | Test, code: str = "p") -> Bound:
    node = require if isinstance(require, Leaf | Group | Score) else Leaf("leaf", require)
    return Bound(code, "2024-01-01", date(2024, 6, 30), node)


def table(rows: Sequence[Row], facts: FactBook = FACTS) -> pa.Table:
    return table_of([(str(number), row) for number, row in enumerate(rows)], facts)


def told(sweep: Sweep, threads: int = 2) -> Pairs:
    """Every pair that the sweep gives: (row, policy) -> (verdict, id of the one unmet leaf or nothing)."""
    found: Pairs = {}
    for chunk in sweep.rows(near=True, threads=threads):
        for row, policy, said, leaf in zip(*(column.tolist() for column in chunk.pairs()), strict=True):
            assert (row, policy) not in found, "a pair is told once"
            found[row, policy] = (Truth(said), sweep.leaf_id(policy, leaf) if leaf >= 0 else "")
    return found


def judged(bounds: Sequence[Bound], rows: Sequence[Row]) -> Pairs:
    found: Pairs = {}
    known: dict[tuple[int, int], tuple[Truth, str | None]] = {}
    for place, row in enumerate(rows):
        for policy, one in enumerate(bounds):
            key = (id(row), policy)
            if key not in known:
                said = verdict(one, row)
                known[key] = (said.truth, said.unmet_leaf)
            truth, leaf = known[key]
            if truth != Truth.UNMET or leaf is not None:
                found[place, policy] = (truth, leaf or "")
    return found


def agree(bounds: Sequence[Bound], rows: Sequence[Row], facts: FactBook = FACTS) -> Encoded:
    """Assert that rows and counts of the kernel are the judge's."""
    encoded = encode(table(rows, facts), facts, bounds)
    sweep = Sweep(encoded, bounds)
    expected = judged(bounds, rows)
    assert told(sweep) == expected
    counts = sweep.counts(near=True)
    assert counts.short is not None
    for policy in range(len(bounds)):
        own = [truth for (_, other), (truth, _) in expected.items() if other == policy]
        assert counts.met[policy] == own.count(Truth.MET)
        assert counts.unknown[policy] == own.count(Truth.UNKNOWN)
        assert counts.unmet[policy] == len(rows) - own.count(Truth.MET) - own.count(Truth.UNKNOWN)
        assert counts.short[policy] == own.count(Truth.UNMET)
    return encoded


@pytest.mark.parametrize("seed", range(8))
def test_random_rules_on_their_boundaries(seed: int) -> None:
    random = Random(f"kernel {seed}")
    facts = fact_book()
    bounds = [random_bound(random, facts, code=f"p{number}") for number in range(25)]
    rows = boundary_rows(random, bounds, facts, 120, missing=(0, 0.1, 0.5, 1)[seed % 4])
    if seed % 2:
        rows = [rows[place] for place in sort_order(table(rows, facts)).to_pylist()]
    agree(bounds, rows, facts)


def mixed_bounds() -> list[Bound]:
    """A few policies with every kind of test, and near misses of each shape."""
    small = Leaf("small", Compare(((1, "a"),), "<=", Fraction(300)))
    rate = Leaf("rate", Compare(((1, "b"), (2, "c")), ">=", Fraction(3, 100), ((1, "a"),)))
    here = Leaf("here", CodeIn("place", ("3301", "330206")))
    trade = Leaf("trade", CodeIn("industry", ("C16", "F"), negated=True))
    flag, kind = Leaf("flag", FlagIs("flag", True)), Leaf("kind", ChoiceIn("kind", (1, 3), negated=True))
    old, held = Leaf("old", DayIs("day", "<", 18_000)), Leaf("held", HonourValid("honour", 19_000))
    score = Score(
        "score",
        (
            Item("x", (Band(20, small), Band(15, rate), Band(5, flag)), group="g"),
            Item("y", (Band(10, kind),), otherwise=5, group="g"),
            Item("z", (Band(30, held), Band(30, old))),
        ),
        45,
        (("g", 15),),
    )
    return [
        bound(Group("all", 5, (here, trade, small, rate, Group("any", 1, (flag, kind, old))))),
        bound(Group("k_of_n", 2, (here, flag, kind, held))),
        bound(Group("all", 3, (trade, score, small))),
        bound(Group("any", 1, (score, Group("all", 2, (here, flag))))),
        bound(here),
        bound(trade),
    ]


def some_rows(random: Random, count: int, missing: float) -> list[dict[str, Value]]:
    def one() -> dict[str, Value]:
        day = random.randint(17_990, 18_010)
        row: dict[str, Value] = {
            "place": random.choice(["330106", "330110", "330206", "330205", "330100", "330000", "110101"]),
            "industry": random.choice(["C16", "C1611", "C39", "C", "F51", "I65"]),
            "a": random.choice([-5, 0, 1, 299, 300, 301]), "b": random.randint(-3, 9), "c": random.randint(-1, 3),
            "flag": random.randint(0, 1), "kind": random.randint(0, 3), "day": day,
            "honour": random.choice([0, 19_000, 19_001]),
        }  # fmt: skip
        return {name: None if random.random() < missing else value for name, value in row.items()}

    return [one() for _ in range(count)]


@pytest.mark.parametrize("rows", [0, 1, 63, 64, 65, 511, 513])
@pytest.mark.parametrize("missing", [0, 0.2, 1])
def test_few_rows(rows: int, missing: float) -> None:
    agree(mixed_bounds(), some_rows(Random(rows), rows, missing))


@pytest.mark.parametrize("rows", [BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 1, 2 * BLOCK_ROWS + 700])
def test_block_borders(rows: int) -> None:
    """One long run of a place, sorted places, and no order at all."""
    random = Random(f"borders {rows}")
    pool = some_rows(random, 200, 0.1)
    drawn = random.choices(pool, k=rows)
    one_place = [row for row in pool if row["place"] == "330106"]
    order = sort_order(table(drawn)).to_pylist()
    for chosen in (drawn, [drawn[place] for place in order], random.choices(one_place, k=rows)):
        agree(mixed_bounds(), chosen)


def test_blocks_begin_at_borders_of_long_runs() -> None:
    lengths = {"330102": 40_000, "330103": 3, "330104": 3, "330105": 1_024, "330106": 20}
    rows = [{"place": place} for place, length in lengths.items() for _ in range(length)]
    encoded = encode(table(rows), FACTS, [bound(CodeIn("place", ("33",)))])
    starts = encoded.block_start.tolist()
    assert {0, 40_000, 40_006, 41_030, 41_050} <= set(starts)
    assert max(np.diff(starts)) <= BLOCK_ROWS
    assert len(starts) == 1 + 3 + 1 + 1 + 1


def test_each_row_a_place_of_its_own() -> None:
    random = Random("places")
    rows = some_rows(random, 5_000, 0.1)
    for number, row in enumerate(rows):
        row["place"] = f"{330101 + 100 * (number % 90) + number // 90 % 80}"
    rows.sort(key=lambda row: str(row["place"]))
    agree(mixed_bounds(), rows)


@pytest.mark.parametrize("cuts", [127, 128, 254, 255])
def test_many_thresholds(cuts: int) -> None:
    bounds = [bound(Compare(((1, "a"),), ">=", Fraction(3 * number))) for number in range(cuts)]
    rows: list[Row] = [{"a": value} for value in range(-2, 3 * cuts + 2, 2)] + [{"a": None}]
    encoded = agree(bounds, rows)
    ((_, coded),) = encoded.coded.items()
    assert len(coded.cuts) == cuts
    assert coded.codes.itemsize == (1 if cuts <= 254 else 2)


@pytest.mark.parametrize(("cuts", "width"), [(33_000, 2), (65_534, 2), (65_535, 4)])
def test_so_many_thresholds_that_codes_widen(cuts: int, width: int) -> None:
    bounds = [bound(Compare(((1, "a"),), ">=", Fraction(number))) for number in range(cuts)]
    rows: list[Row] = [
        {"a": value} for value in (-1, 0, 1, 254, 255, 256, 32_767, 32_768, cuts - 2, cuts - 1, cuts)
    ]
    rows.append({"a": None})
    encoded = encode(table(rows), FACTS, bounds)
    (coded,) = encoded.coded.values()
    assert coded.codes.itemsize == width
    chosen = [bounds[place] for place in (0, 1, 255, 256, 32_768, cuts - 1)]
    assert told(Sweep(encoded, chosen)) == judged(chosen, rows)


def test_largest_values_coefficients_and_bounds_are_exact() -> None:
    big, share = LARGEST, Fraction(1_234_567, 7_654_321)
    terms = ((1, "a"), (-1, "b"))
    tests: list[Test] = [
        Compare(((9_999_991, "a"), (9_999_973, "b"), (-3, "c")), ">=", Fraction(9_999_991 * big)),
        Compare(((10**20, "a"), (1, "b")), ">", Fraction(10**35)),
        Compare(((1, "a"),), "<=", Fraction(10**30)),
        Compare(((1, "a"),), ">", Fraction(-(10**30), 7)),
        Compare(terms, "<=", share, ((9_999_991, "c"),)),
        Compare(((1, "a"),), ">=", share, ((1, "c"),)),
        Compare(((1, "a"),), "=", Fraction(1, 3), ((1, "c"),)),
        Compare(((1, "a"),), "!=", Fraction(10**21, 10**20 + 1), ((1, "c"),)),
        Compare(((-3, "a"),), "<=", Fraction(5, 2)),
        Compare(((2, "a"),), "=", Fraction(5, 2)),
        Compare(((2, "a"),), "!=", Fraction(5)),
    ]
    random = Random("large")
    near = [0, 1, -1, 2, big, -big, big - 1, big // 3, 7_654_321, 1_234_567, 1_234_568, 3, None]
    rows = [{name: random.choice(near) for name in "abc"} for _ in range(600)]
    rows += [
        {"a": share.numerator * k + d, "b": 0, "c": share.denominator * k}
        for k in (1, 10**8)
        for d in (-1, 0, 1)
    ]
    agree([bound(test) for test in tests], rows)


def random_score(random: Random, tests: Sequence[Test], depth: int = 2) -> Score:
    def when() -> Node:
        if depth and random.random() < 0.1:
            return random_score(random, tests, depth - 1)
        return Leaf("w", random.choice(tests))

    groups = ("g", "h") if random.random() < 0.7 else ()
    items = tuple(
        Item(
            str(number),
            tuple(Band(random.randint(low, 25), when()) for _ in range(random.randint(1, 4))),
            low,
            random.choice((*groups, "")),
        )
        for number in range(random.randint(1, 8))
        for low in (random.choice((0, 0, 2)),)
    )
    most = sum(max(band.points for band in item.bands) for item in items)
    leasts = tuple((title, random.randint(-1, most // 3)) for title in groups)
    return Score("s", items, random.randint(-1, most + 1), leasts, random.random() < 0.3)


def test_many_scores() -> None:
    random = Random("scores")
    tests: list[Test] = [Compare(((1, "a"),), ">=", Fraction(value)) for value in (0, 1, 299, 301)]
    tests += [
        FlagIs("flag", True),
        FlagIs("flag", False),
        ChoiceIn("kind", (0, 1)),
        CodeIn("place", ("3301",)),
    ]
    bounds = [bound(random_score(random, tests)) for _ in range(80)]
    rows = some_rows(random, 100, 0.2)
    rows.sort(key=lambda row: (str(row["place"]), str(row["industry"])))
    agree(bounds, rows)


def test_equal_parts_of_policies_are_one_node() -> None:
    bounds = mixed_bounds()
    encoded = encode(table([]), FACTS, bounds)
    once, twice = Sweep(encoded, bounds), Sweep(encoded, [*bounds, *mixed_bounds()])
    assert len(once._written.program.op) == len(twice._written.program.op)


def test_only_columns_with_new_thresholds_are_coded_again() -> None:
    rows = some_rows(Random("again"), 400, 0.2)
    before = encode(table(rows), FACTS, mixed_bounds())
    more = [*mixed_bounds(), bound(Compare(((1, "a"),), "<", Fraction(299))), bound(FlagIs("flag", False))]
    after = encode(table(rows), FACTS, more, before=before)
    fresh = [column for column in after.coded if after.coded[column] is not before.coded.get(column)]
    assert [column.facts for column in fresh] == [("a",)]
    assert told(Sweep(after, more)) == judged(more, rows)
    with pytest.raises(ValueError, match="encode"):
        Sweep(before, more)


def test_columns_in_any_chunks_and_without_dictionary() -> None:
    random = Random("chunks")
    rows = some_rows(random, 700, 0.2)
    whole = table(rows)
    parts = [whole.slice(0, 3), whole.slice(3, 200), whole.slice(203)]
    chunked = pa.concat_tables(parts)
    plain = chunked.set_column(
        chunked.column_names.index("place"), "place", chunked["place"].cast(pa.string())
    )
    other = {name: whole[name] if name in "ac" else chunked[name] for name in chunked.column_names}
    for given in (chunked, plain, whole.slice(0), other):
        encoded = encode(given, FACTS, mixed_bounds(), rows=len(rows))
        assert told(Sweep(encoded, mixed_bounds())) == judged(mixed_bounds(), rows)


def test_a_column_that_is_not_there_is_missing_everywhere() -> None:
    rows = [{**row, "a": None, "place": None} for row in some_rows(Random("none"), 90, 0.1)]
    given = table(rows).drop_columns(["a", "place"])
    sweep = Sweep(encode(given, FACTS, mixed_bounds()), mixed_bounds())
    assert told(sweep) == judged(mixed_bounds(), rows)


def test_one_thread_or_three_and_only_some_verdicts() -> None:
    random = Random("threads")
    rows = random.choices(some_rows(random, 100, 0.1), k=2 * BLOCK_ROWS)
    sweep = Sweep(encode(table(rows), FACTS, mixed_bounds()), mixed_bounds())
    whole = told(sweep, threads=1)
    assert told(sweep, threads=3) == whole
    assert np.array_equal(sweep.counts(threads=1).met, sweep.counts(threads=3).met)
    only = [chunk.verdict.copy() for chunk in sweep.rows(met=False, unknown=True)]
    assert set(np.concatenate(only).tolist()) == {Truth.UNKNOWN}
    for chunk in sweep.rows():  # a reader may stop at any time
        assert len(chunk.rows(0)) == chunk.start[1]
        break
    assert told(sweep) == whole


def test_what_cannot_be_taken_is_named() -> None:
    with pytest.raises(KernelRefusal, match=r"odd：没有可取值的事实“nothing”"):
        encode(table([]), FACTS, [bound(FlagIs("nothing", True), "odd")])
    with pytest.raises(KernelRefusal, match="类型是 place"):
        encode(table([]), FACTS, [bound(Compare(((1, "place"),), ">", Fraction(1)), "odd")])
    huge = Score("s", (Item("x", (Band(2**70, Leaf("w", FlagIs("flag", True))),)),
                       Item("y", (Band(3, Leaf("w", FlagIs("flag", True))),))), 2**69)  # fmt: skip
    with pytest.raises(KernelRefusal, match="odd：评分"):
        Sweep(encode(table([]), FACTS, [bound(huge, "odd")]), [bound(huge, "odd")])
