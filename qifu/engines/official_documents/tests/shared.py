"""Where the shared inputs are, and the file builders that several tests use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("QIFU_SHARED") or Path(__file__).parents[5] / "shared")


def shared_file(name: str) -> Path:
    """A file of the shared data; skips the test when it is absent, fails on CI."""
    path = SHARED / name
    if not path.is_file():
        if os.environ.get("CI") == "true":
            raise AssertionError(f"{name} is missing")
        pytest.skip(f"{name} is not there; set QIFU_SHARED")
    return path


def table(*rows: str) -> str:
    """Rows written with | between cells become tab-separated lines."""
    return "\n".join("\t".join(cell.strip() for cell in row.split("|")) for row in rows)
