"""What every test stands on: a database, files and a cache of its own.

`pytest` runs on SQLite; `python -m tests.postgres pytest -m both_databases` runs on a real PostgreSQL.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

# No deadline for one example: a busy machine is no fault of the code. CI tries the same examples each time, so that
# it tells of the change alone; new ones are tried on every developer's run.
hypothesis.settings.register_profile("qifu", deadline=None, derandomize=os.environ.get("CI") == "true")
hypothesis.settings.load_profile("qifu")


def pytest_configure(config: pytest.Config) -> None:
    """Keep the site's data folder untouched: database, files and cache of a run lie in a folder of its own."""
    from django.conf import settings

    if not settings.configured:
        return
    folder = Path(tempfile.mkdtemp(prefix="qifu-tests-"))
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    settings.STORAGES["default"]["OPTIONS"]["location"] = folder / "files"
    settings.CACHES["default"]["LOCATION"] = folder / "cache"
    # A slow hash proves nothing here; the stories with real sites have the real one.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.RATE_LIMITS = False  # tests ask faster than people; the limits' own tests switch them on
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        # A file, not memory: several connections must see one database and lock each other as they do in life.
        database.setdefault("TEST", {})["NAME"] = str(folder / "test.sqlite3")


@pytest.fixture(autouse=True)
def _guards_stand_aside_for_the_flush(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let a test that really commits be cleaned up: the triggers that keep audit rows would refuse the flush.

    They are made again right after it, by the hook that follows every flush and migration.
    """
    marker = request.node.get_closest_marker("django_db")
    asked = {"transactional_db", "live_server"} & set(request.fixturenames)
    committing = bool(asked or (marker and marker.kwargs.get("transaction")))
    if committing:
        request.getfixturevalue("transactional_db")  # set up before this fixture, so taken down after it
    yield
    if committing:
        from qifu.foundation import guards

        guards.lift()
