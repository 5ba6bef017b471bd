"""The book of policies in OpenFisca; run by a Python that has openfisca-core, not by ours.

`python openfisca_book.py FOLDER CHUNK` reads `program.json` and the columns written by `rules_peers`, and prints one JSON
object: seconds, and per policy how many rows are met and how many may be (three values as two rails of Variables).
Each test is a Variable of its own, which OpenFisca computes once for all policies; policies are Variables over them.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from openfisca_core import entities, periods, simulations, taxbenefitsystems, variables
from openfisca_core.simulations import SimulationBuilder

FIRM = entities.build_entity(key="firm", plural="firms", label="企业", is_person=True)
WHEN = periods.period("2024")
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<=": np.less_equal, "<": np.less, ">=": np.greater_equal, ">": np.greater, "=": np.equal, "!=": np.not_equal,
}  # fmt: skip
Formula = Callable[[Any, Any], Any]


def variable(name: str, formula: Formula | None = None, kind: type = bool) -> type[variables.Variable]:
    """Return a Variable of that name; one without formula is an input."""
    body: dict[str, Any] = {
        "value_type": kind,
        "entity": FIRM,
        "definition_period": periods.DateUnit.ETERNITY,
    }
    if formula is not None:
        body["formula"] = formula
    return type(name, (variables.Variable,), body)


def known(firm: Any, period: Any, facts: list[str]) -> Any:
    found = firm(f"{facts[0]}_known", period)
    for fact in facts[1:]:
        found = found & firm(f"{fact}_known", period)
    return found


def total(firm: Any, period: Any, terms: list[list[Any]]) -> Any:
    parts = [firm(fact, period) if times == 1 else firm(fact, period) * times for times, fact in terms]
    return parts[0] if len(parts) == 1 else sum(parts[1:], parts[0])


def both_rails(test: dict[str, Any]) -> tuple[Formula, Formula]:
    """Return the formulas of a test: surely met, and met or unknown."""
    facts = [fact for _, fact in test.get("of", [])] + [fact for _, fact in test.get("over", [])] or [
        test["fact"]
    ]

    def holds(firm: Any, period: Any) -> Any:
        if test["kind"] == "compare":
            of = total(firm, period, test["of"])
            if test["over"]:
                over = total(firm, period, test["over"])
                return COMPARE[test["op"]](of * test["den"], over * test["num"])
            return COMPARE[test["op"]](of * test["den"] if test["den"] != 1 else of, test["num"])
        if test["kind"] == "set":
            return np.array(test["met"])[firm(test["fact"], period)]
        return COMPARE[test["op"]](firm(test["fact"], period), test["num"])

    def sure(firm: Any, period: Any) -> Any:
        there = known(firm, period, facts)
        if test.get("over"):
            there = there & (total(firm, period, test["over"]) > 0)
        return there

    def met(firm: Any, period: Any) -> Any:
        return holds(firm, period) & sure(firm, period)

    def may(firm: Any, period: Any) -> Any:
        if test["kind"] == "set":
            return np.array(test["may"])[firm(test["fact"], period)] | ~sure(firm, period)
        return holds(firm, period) | ~sure(firm, period)

    return met, may


def value(firm: Any, period: Any, node: list[Any], rail: str) -> Any:
    """Return a node's truth on one rail."""
    if node[0] == "test":
        return firm(f"test{node[1]}_{rail}", period)
    if node[0] == "score":
        return score(firm, period, node, rail)
    _, least, children = node
    parts = [value(firm, period, child, rail) for child in children]
    if least in (1, len(parts)):
        join = np.logical_or if least == 1 and len(parts) > 1 else np.logical_and
        out = parts[0]
        for part in parts[1:]:
            out = join(out, part)
        return out
    return np.sum(parts, axis=0, dtype=np.int8) >= least


def score(firm: Any, period: Any, node: list[Any], rail: str) -> Any:
    _, items, leasts, negated = node
    inner = {"met": "may", "may": "met"}[rail] if negated else rail
    points = []
    for otherwise, bands in items:
        best = np.full(firm.count, otherwise, np.int64)
        for given, when in bands:
            np.maximum(best, np.where(value(firm, period, when, inner), given, otherwise), out=best)
        points.append(best)
    reached = np.ones(firm.count, bool)
    for members, least in leasts:
        reached &= sum(points[place] for place in members) >= least
    return ~reached if negated else reached


def system(program: dict[str, Any]) -> taxbenefitsystems.TaxBenefitSystem:
    """Return the tax-benefit system of the book."""
    made = taxbenefitsystems.TaxBenefitSystem([FIRM])
    for fact in program["facts"]:
        made.add_variable(variable(fact, kind=int))
        made.variables[fact].dtype = np.dtype(np.int64)  # OpenFisca's own 32 bits do not hold fen
        made.add_variable(variable(f"{fact}_known"))
    for number, test in enumerate(program["tests"]):
        for rail, formula in zip(("met", "may"), both_rails(test)):
            made.add_variable(variable(f"test{number}_{rail}", formula))
    for number, node in enumerate(program["policies"]):
        for rail in ("met", "may"):
            made.add_variable(variable(f"policy{number}_{rail}", policy(node, rail)))
    return made


def policy(node: list[Any], rail: str) -> Formula:
    return lambda firm, period: value(firm, period, node, rail)


def simulation(made: Any, columns: dict[str, Any], start: int, stop: int) -> simulations.Simulation:
    """Return a simulation of some rows, their facts set."""
    found = SimulationBuilder().build_default_simulation(made, stop - start)
    for name, values in columns.items():
        found.set_input(name, WHEN, values[start:stop])
    return found


def main(folder: Path, chunk: int) -> None:
    program = json.loads((folder / "program.json").read_text(encoding="utf-8"))
    columns = {path.stem: np.load(path, mmap_mode="r") for path in sorted(folder.glob("*.npy"))}
    rows = len(next(iter(columns.values())))
    made = system(program)
    counts = np.zeros((len(program["policies"]), 2), np.int64)
    seconds = 0.0
    for start in range(0, rows, chunk):
        some = simulation(made, columns, start, min(start + chunk, rows))
        began = time.perf_counter()
        for number in range(len(program["policies"])):
            for place, rail in enumerate(("met", "may")):
                counts[number, place] += np.count_nonzero(some.calculate(f"policy{number}_{rail}", WHEN))
        seconds += time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "met": counts[:, 0].tolist(), "may": counts[:, 1].tolist()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
