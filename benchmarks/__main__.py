"""`python -m benchmarks NAME [--quick] [--size N] [--seed S]` runs one benchmark and prints one JSON object; NAME `all` runs every one.

A benchmark is a module listed in MODULES with `arguments(parser)` (its own options) and `run(options) -> results`.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

MODULES = {
    "document_reader": "benchmarks.document_reader.bench",
    "search": "benchmarks.search",
    "payouts": "benchmarks.payouts",
    "enterprise_import": "benchmarks.enterprise_import",
    "enterprise_search": "benchmarks.enterprise_search",
    "task_board": "benchmarks.task_board",
    "clocks": "benchmarks.clocks",
    "casework": "benchmarks.casework",
    "casework_engine": "benchmarks.casework_engine",
    "problems_http": "benchmarks.problems_http",
    "rules_single": "benchmarks.rules_single",
    "rules_book": "benchmarks.rules_book",
    "rules_push": "benchmarks.rules_push",
    "rules_equal": "benchmarks.rules_equal",
    "facts_snapshot": "benchmarks.facts_snapshot",
    "rules_peers": "benchmarks.rules_peers",
    "rules_openfisca": "benchmarks.rules_openfisca",
    "policy_reach": "benchmarks.policy_reach",
    "policy_page": "benchmarks.policy_page",
    "policy_simulation": "benchmarks.policy_simulation",
}
RESULTS = Path(__file__).parent / "results"


def machine() -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
    }


def one(name: str, arguments: list[str]) -> dict[str, Any]:
    """Run one benchmark and give its JSON object."""
    module = importlib.import_module(MODULES[name])
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks {name}")
    parser.add_argument(
        "--quick", action="store_true", help="about one hundredth of the size, one fixed and one random seed"
    )
    parser.add_argument("--size", type=int)
    parser.add_argument("--seed")
    module.arguments(parser)
    return {"benchmark": name, "machine": machine(), "results": module.run(parser.parse_args(arguments))}


def every(arguments: list[str]) -> int:
    """Run every benchmark, each in a process of its own, and keep what it prints in results/."""
    RESULTS.mkdir(exist_ok=True)
    failed = []
    for name in MODULES:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks", name, *arguments],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            failed.append(name)
            continue
        (RESULTS / f"{name}.json").write_text(done.stdout, encoding="utf-8")
        print(done.stdout)
    print(f"benchmarks that failed: {', '.join(failed) or 'none'}", file=sys.stderr)
    return 1 if failed else 0


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in (*MODULES, "all"):
        print(
            f"usage: python -m benchmarks NAME [--quick] [--size N] [--seed S]\nNAME: {', '.join(MODULES)}, all",
            file=sys.stderr,
        )
        return 2
    if arguments[0] == "all":
        return every(arguments[1:])
    print(json.dumps(one(arguments[0], arguments[1:]), ensure_ascii=False, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
