"""Fixtures of the engine's tests."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from qifu.engines.casework.tests import trial
from qifu.foundation import access

AT = datetime(2024, 6, 3, 2, 0, tzinfo=UTC)
"""A Monday, 10 o'clock in Shanghai."""


@pytest.fixture
def world(db: None, monkeypatch: pytest.MonkeyPatch) -> trial.World:
    """Bind the trial, publish its case type, make its units; its people hold what it says."""
    made = trial.prepare(AT)
    monkeypatch.setattr(access, "_authorities", [made])
    return made
