"""`qifu new` writes a room with the anatomy that the contracts ask for."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from qifu.commands import new


def test_a_new_service_has_the_anatomy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(new, "SERVICES", tmp_path)
    assert new.main(["error_tolerance", "容错纠错"]) == 0
    written = {str(p.relative_to(tmp_path / "error_tolerance")) for p in tmp_path.rglob("*.py")}
    assert written == set(new.FILES)
    for path in tmp_path.rglob("*.py"):
        ast.parse(path.read_text("utf-8"))
    assert "容错纠错" in (tmp_path / "error_tolerance/module.py").read_text("utf-8")


@pytest.mark.parametrize("name", ["../x", "A", "a b", "有", "x" * 60, "1abc"])
def test_a_bad_name_is_refused_and_nothing_written(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(new, "SERVICES", tmp_path)
    assert new.main([name]) == 2
    assert list(tmp_path.iterdir()) == []


def test_an_existing_service_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(new, "SERVICES", tmp_path)
    (tmp_path / "taken").mkdir()
    assert new.main(["taken"]) == 1
    assert list((tmp_path / "taken").iterdir()) == []
