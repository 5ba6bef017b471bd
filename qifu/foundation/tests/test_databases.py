"""PostgreSQL's programs are found, or what to install is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from qifu.foundation.operating.databases import DatabaseRefused, postgres_program


def program(folder: Path, major: int) -> None:
    folder.mkdir()
    (folder / "qifu_dump").write_text(
        f"#!/bin/sh\necho 'qifu_dump (PostgreSQL) {major}.4 (Debian {major}.4-1)'\n"
    )
    (folder / "qifu_dump").chmod(0o755)


def test_the_nearest_version_that_is_not_older_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for major in (17, 13, 15, 16):
        program(tmp_path / str(major), major)
    monkeypatch.setenv("PATH", ":".join([*(str(tmp_path / n) for n in ("17", "13", "15", "16")), "/bin"]))
    assert postgres_program("qifu_dump", 15) == tmp_path / "15" / "qifu_dump"
    assert postgres_program("qifu_dump", 14) == tmp_path / "15" / "qifu_dump"
    with pytest.raises(DatabaseRefused, match=r"17 版.*18 版.*postgresql-client-18"):
        postgres_program("qifu_dump", 18)


def test_without_any_it_says_what_to_install() -> None:
    with pytest.raises(DatabaseRefused, match="apt install postgresql-client"):
        postgres_program("qifu_no_such_program", 15)
