"""Fixtures of the importer's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings

from qifu.foundation.imports.tests.lists import Behaviour


@pytest.fixture(autouse=True)
def behaves(settings: LazySettings, tmp_path: Path) -> Iterator[None]:
    """Keep files in a folder of the test; take hooks away afterwards."""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "files"},
        },
    }
    Behaviour.calls = 0
    yield
    Behaviour.before = None
