"""The benchmark command finds its modules and says how it is used."""

from __future__ import annotations

import argparse
import importlib

import pytest

from benchmarks.__main__ import MODULES, main


@pytest.mark.parametrize("name", MODULES)
def test_every_listed_benchmark_has_options_and_a_run(name: str) -> None:
    module = importlib.import_module(MODULES[name])
    module.arguments(argparse.ArgumentParser())
    assert callable(module.run)


def test_an_unknown_name_is_answered_with_the_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["no_such_benchmark"]) == 2
    said = capsys.readouterr().err
    assert all(name in said for name in MODULES)
