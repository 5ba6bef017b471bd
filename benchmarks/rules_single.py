"""One enterprise against a book of policies, beside JSON logic, CEL and ZEN (all three in Rust).

The peers get every policy compiled beforehand and are asked only whether it is met (`single_peers` says how missing
values are given to them); we say met, unmet or unknown. All judge the same enterprises in turn; what an enterprise
looks like to a peer is made before the time is taken, but handing it over counts. `equal` says that each found the
same policies met, and that our verdicts are those of the plain judge.

ZEN stands twice: a decision graph of one expression a policy and each policy compiled alone cost it about the same, so the second
is measured; as one expression that is a list of all policies it is far quicker, and this row is shown beside it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import cel
import datalogic_py
import zen

from benchmarks.measure import seeds_of, timed
from benchmarks.policy_book import figures
from benchmarks.rule_facts import facts_table, policy_maker
from benchmarks.single_peers import Cel, JsonLogic, Language, Writer, Zen
from qifu.engines.rules.fact_table import rows_at
from qifu.engines.rules.judge import truth, verdict
from qifu.engines.rules.python_code import Compiled, compile_bounds
from qifu.engines.rules.tree import Bound, Truth
from qifu.registers.enterprises.fact_book import Value, fact_book

SIZE, QUICK = 5_000, 50
ENTERPRISES, TYPICAL, ROUNDS = 20, 60, 3
FIXED_SEED = "2024"
Values = Mapping[str, Value]
Ask = Callable[[Any], list[Any]]


def arguments(parser: argparse.ArgumentParser) -> None:
    """--size is the number of policies."""
    parser.add_argument(
        "--enterprises", type=int, default=ENTERPRISES, help="how many enterprises are judged"
    )


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the rows of verdicts and of explanations, for each seed."""
    size = options.size or (QUICK if options.quick else SIZE)
    results: list[dict[str, Any]] = []
    for seed in seeds_of(options, FIXED_SEED):
        maker = policy_maker(seed)
        bounds = [policy.bound for policy in maker.book(size)]
        table = facts_table(5_000, f"{seed}-judged")
        rows = _spread(table, options.enterprises)
        typical = _spread(maker.sample, TYPICAL)
        print(f"seed {seed}: {json.dumps(figures(bounds, table), ensure_ascii=False)}", file=sys.stderr)
        results += _book(bounds, rows, typical, seed)
    return results


def _spread(table: Any, count: int) -> list[dict[str, Value]]:
    """Return enterprises from all over the table."""
    step = max(1, table.num_rows // count)
    return rows_at(table, list(range(step // 2, table.num_rows, step))[:count])


def _book(
    bounds: Sequence[Bound], rows: Sequence[Values], typical: Sequence[Values], seed: str
) -> list[dict[str, Any]]:
    facts = fact_book()
    compiled, milliseconds = timed(lambda: compile_bounds(bounds, typical))
    right = [[int(truth(bound.require, values)) for bound in bounds] for values in rows]
    ours_right = [compiled.judge(values) for values in rows] == right
    met = [[said == Truth.MET for said in one] for one in right]
    shares = [sum(said[at] for said in met) for at in range(len(bounds))]
    share = round(100 * sum(shares) / max(1, len(bounds) * len(rows)), 2)
    job = f"one enterprise × {len(bounds)} policies ({share} % met), seed {seed}"
    results = [_row(f"{job}: compiling them", milliseconds, None)]
    peers = _peers(bounds)
    asked = {name: [write.context(values) for values in rows] for name, (write, _, _) in peers.items()}
    times: dict[str, list[float]] = {name: [] for name in (*peers, "ours", "full")}
    same = dict.fromkeys(peers, ours_right)
    for _ in range(ROUNDS):
        for at, values in enumerate(rows):
            calls: dict[str, Callable[[], Any]] = {
                name: partial(ask, asked[name][at]) for name, (_, ask, _) in peers.items()
            }
            calls["ours"] = partial(compiled.judge, values)
            calls["full"] = partial(compiled.full, values, facts)
            for name, call in calls.items():
                said = call()  # once for nothing, so that all are warm
                times[name].append(timed(call)[1])
                if name in peers:
                    same[name] = same[name] and [bool(one) for one in said] == met[at]
    for name, (_, _, goal) in peers.items():
        results.append(_row(f"{job}: verdicts", times["ours"], name, times[name], goal, same[name]))
    explained = _explained(compiled, bounds, rows)
    for name in ("ZEN", "ZEN, one list"):
        results.append(
            _row(
                f"{job}: full explanation of met and one-short",
                times["full"],
                name,
                times[name],
                1,
                explained and same[name],
            )
        )
    return results


def _explained(compiled: Compiled, bounds: Sequence[Bound], rows: Sequence[Values]) -> bool:
    """Tell whether just the met and one-short policies were explained, with the judge's verdict and amount."""
    facts = fact_book()
    for values in rows[:5]:
        told = {one.bound.code: (one.truth, one.amount_fen) for one in compiled.full(values, facts)}
        said = {bound.code: verdict(bound, values) for bound in bounds}
        wanted = {
            code: (one.truth, one.amount_fen)
            for code, one in said.items()
            if one.truth == Truth.MET or one.unmet_leaf is not None
        }
        if told != wanted:
            return False
    return True


def _peers(bounds: Sequence[Bound]) -> dict[str, tuple[Writer, Ask, float | None]]:
    """Return how each peer is asked, by name, and the goal."""

    def written(language: Language) -> tuple[Writer, list[Any]]:
        writer = Writer(language)
        return writer, [writer.certain(bound.require) for bound in bounds]

    logic, conditions = written(JsonLogic())
    engine = datalogic_py.Engine()
    rules = [engine.compile(json.dumps(condition)) for condition in conditions]
    session = engine.session()

    def by_logic(context: dict[str, Any]) -> list[Any]:
        data = datalogic_py.DataHandle(json.dumps(context))
        ask = session.evaluate_bool
        return [ask(rule, data) for rule in rules]

    common, lines = written(Cel())
    programs = [cel.compile(line) for line in lines]

    def by_cel(context: dict[str, Any]) -> list[Any]:
        known = cel.Context(context)
        return [program.execute(known) for program in programs]

    zen_writer, zen_lines = written(Zen())
    alone = [zen.compile_expression(line) for line in zen_lines]
    together = zen.compile_expression(f"[{', '.join(zen_lines)}]")
    return {
        "json-logic (datalogic-py)": (logic, by_logic, 9),
        "CEL (common-expression-language)": (common, by_cel, 18),
        "ZEN": (zen_writer, lambda context: [one.evaluate(context) for one in alone], 50),
        "ZEN, one list": (zen_writer, together.evaluate, None),
    }


def _row(
    job: str,
    ours: float | Sequence[float],
    peer: str | None,
    theirs: Sequence[float] = (),
    goal: float | None = None,
    equal: bool | None = None,
) -> dict[str, Any]:
    """Return one row of results: medians in milliseconds; the goal is how many times faster."""
    mine = ours if isinstance(ours, float) else statistics.median(ours)
    other = statistics.median(theirs) if theirs else None
    return {
        "job": job,
        "metric": "time",
        "value": round(mine, 3),
        "unit": "ms",
        "goal": goal,
        "peer": peer,
        "peer_basis": "same_run" if peer else None,
        "peer_value": None if other is None else round(other, 3),
        "ratio": None if other is None else round(other / mine, 2),
        "equal": equal,
    }
