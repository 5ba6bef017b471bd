"""`python run.py FACTS.npz VERDICTS.npz DAY RULE …`: judges all rows by each rule, writes booleans, prints the seconds as JSON.

FACTS.npz holds one array of 64-bit numbers for each fact of `firm.FACTS` that is known; a fact without an array is 0.
"""

from __future__ import annotations

import json
import sys
import time

import firm
import ladder
import numpy as np
import sizes
import taxes
import technology
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem


def system() -> TaxBenefitSystem:
    """Return the ten rules with the facts and totals that they use."""
    made = TaxBenefitSystem([firm.Firm])
    made.add_variables(
        *firm.facts(), *sizes.VARIABLES, *taxes.VARIABLES, *ladder.VARIABLES, *technology.VARIABLES
    )
    return made


def main(facts: str, verdicts: str, day: str, *rules: str) -> None:
    known = np.load(facts)
    count = len(known[known.files[0]])
    simulation = SimulationBuilder().build_default_simulation(system(), count)
    start = time.perf_counter()
    for name in firm.FACTS:
        if name in known.files:
            simulation.set_input(name, day, known[name])
    took = {"set_input": time.perf_counter() - start}
    found = {}
    for rule in rules:
        start = time.perf_counter()
        found[rule] = simulation.calculate(rule.replace("-", "_"), day)
        took[rule] = time.perf_counter() - start
    np.savez(verdicts, **found)
    json.dump(took, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
