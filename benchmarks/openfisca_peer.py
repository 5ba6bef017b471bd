"""OpenFisca as a peer: an environment of its own, made on demand, and its run over arrays of facts as a process.

OpenFisca (AGPL) is never imported here and stands in none of our requirements.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

VERSION = "46.0.1"
RULES = Path(__file__).parent / "openfisca_rules"
CACHE = "QIFU_BENCH_CACHE"
"""Environment variable: the folder in which the environment is kept; var/benchmarks otherwise."""


def home_of(cache: Path | None) -> Path:
    """Return where the environment is, or would be: a folder in `cache`; it is whole when it holds `complete`."""
    folder = cache or Path(os.environ.get(CACHE) or Path(__file__).parents[1] / "var" / "benchmarks")
    return folder.resolve() / f"openfisca-{VERSION}-py{sys.version_info.major}{sys.version_info.minor}"


def python_of(cache: Path | None = None) -> Path:
    """Return the Python of an environment that holds OpenFisca, and make it when it is not there yet (half a minute)."""
    home = home_of(cache)
    python, done = home / "bin" / "python", home / "complete"
    home.parent.mkdir(parents=True, exist_ok=True)
    with home.with_suffix(".lock").open("w") as lock:
        fcntl.flock(
            lock, fcntl.LOCK_EX
        )  # two benchmarks at once: the second waits for the first's environment
        if not done.exists():
            print(f"making an environment for OpenFisca {VERSION} in {home}", file=sys.stderr)
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
            install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
            subprocess.run([*install, f"openfisca-core=={VERSION}"], check=True)
            done.touch()
    return python


def industry_number(code: str) -> int:
    """Return C3911 as 33911: section (A = 1) × 10000 + four digits; coarser codes are filled with zeros."""
    return (ord(code[0]) - ord("A") + 1) * 10_000 + int(code[1:].ljust(4, "0"))


def judged(
    python: Path, facts: Mapping[str, npt.NDArray[np.int64]], day: date, rules: Sequence[str]
) -> tuple[dict[str, npt.NDArray[np.bool_]], dict[str, Any]]:
    """Return OpenFisca's verdicts by rule code, and its own seconds: setting the inputs, and each rule."""
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder) / "facts.npz", Path(folder) / "verdicts.npz"
        np.savez(given, **facts)
        command = [str(python), str(RULES / "run.py"), str(given), str(found), day.isoformat(), *rules]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
        with np.load(found) as verdicts:
            return {rule: verdicts[rule] for rule in rules}, json.loads(done.stdout)
