"""A site of version 0.1 is upgraded: every row it had is there as it was, it works, and the way back leads back.

`version-0.1.sql.xz` is the database of a demo site that version 0.1 made (SQLite's own dump), with its one stored file.
For PostgreSQL the same rows are put into tables that the migrations of version 0.1 make.
"""

from __future__ import annotations

import hashlib
import lzma
import re
import sqlite3
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.real_site import VENDORS, Site, make_databases  # noqa: F401 - a fixture

HERE = Path(__file__).parent
NEWER_TABLE = "enterprises_enterprise"
"""A table that version 0.1 did not have: when it stands in the way, the upgrade fails."""
WORKED_ON = {
    "foundation_job",
    "foundation_worker",
    "django_migrations",
    "django_content_type",
    "auth_permission",
}
"""Tables whose rows the upgrade may add to or the worker may go on with."""

LOAD = """
import json, sqlite3
from datetime import UTC, datetime
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.db.migrations.executor import MigrationExecutor
old = sqlite3.connect({source!r})
old.row_factory = sqlite3.Row
targets = [tuple(row) for row in old.execute("SELECT app, name FROM django_migrations")]
executor = MigrationExecutor(connection)
executor.migrate(targets)
apps = MigrationExecutor(connection).loader.project_state(targets).apps
def value(field, raw):
    if raw is None:
        return None
    if isinstance(field, models.JSONField):
        return json.loads(raw)
    if isinstance(field, models.DateTimeField):
        return datetime.fromisoformat(raw).replace(tzinfo=UTC)
    return field.to_python(raw)
with transaction.atomic():
    for model in apps.get_models():
        rows = [
            model(**{{f.attname: value(f, row[f.column]) for f in model._meta.concrete_fields}})
            for row in old.execute(f'SELECT * FROM "{{model._meta.db_table}}"')
        ]
        model._base_manager.bulk_create(rows)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(apps.get_models())):
            cursor.execute(statement)
from qifu.foundation import guards, search
guards.install(); search.install()
"""


def stored_rows(site: Site) -> dict[str, dict[str, dict[str, Any]]]:
    """Return every row of every table by its key, column by column."""
    if site.vendor == "sqlite":
        with closing(sqlite3.connect(site.folder / "qifu.sqlite3")) as database:
            asked = database.execute(
                "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'"
                " AND name NOT LIKE '%_grams%'"
            ).fetchall()
            return {name: _keyed(database.execute(f'SELECT * FROM "{name}"')) for (name,) in asked}
    with psycopg.connect(site.url) as database:
        asked = database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return {name: _keyed(database.execute(f'SELECT * FROM "{name}"')) for (name,) in asked}


def _keyed(rows: Any) -> dict[str, dict[str, Any]]:
    columns = [column[0] for column in rows.description]
    return {str(row[0]): dict(zip(columns, row)) for row in rows.fetchall()}


@pytest.fixture(params=VENDORS)
def old(request: pytest.FixtureRequest, tmp_path: Path, new_database: Callable[[str], str]) -> Site:
    """The site as version 0.1 left it."""
    site = Site(
        tmp_path / "site",
        request.param,
        new_database(request.param),
        {"QIFU_DEMO": "1", "QIFU_AS_OF": "2024-06-20"},
    )
    site.folder.mkdir()
    database = (site.folder if site.vendor == "sqlite" else tmp_path) / "qifu.sqlite3"
    with closing(sqlite3.connect(database)) as made:
        made.executescript(lzma.decompress((HERE / "version-0.1.sql.xz").read_bytes()).decode())
    content = (HERE / "version-0.1-file.txt").read_bytes()
    name = hashlib.sha256(content).hexdigest()
    kept = site.folder / "files" / name[:2] / name[2:4] / name
    kept.parent.mkdir(parents=True)
    kept.write_bytes(content)
    if site.vendor == "postgresql":
        site.script(LOAD.format(source=str(database)))
    return site


def lost(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return which old values are not there any more."""
    wrong = []
    for table in before.keys() - WORKED_ON:
        for key, row in before[table].items():
            now = after.get(table, {}).get(key, {})
            wrong += [
                f"{table} {key} {column}" for column, value in row.items() if now.get(column, ...) != value
            ]
    return wrong


def test_every_row_survives_the_site_works_and_the_way_back_leads_back(old: Site) -> None:
    before, files = stored_rows(old), old.files()
    assert len(before["work_plans_planitem"]) == 77 and len(before["foundation_auditrow"]) == 12
    assert "项升级未执行" in old.run("doctor", code=1)
    said = old.run("upgrade")
    assert "升级完成" in said and "[错误]" not in said
    after = stored_rows(old)
    assert lost(before, after) == []
    assert len(after["django_migrations"]) > len(before["django_migrations"])
    assert old.files() == files
    old.run("worker", "--once")
    assert stored_rows(old)["foundation_job"]["1"]["state"] == "done"  # what waited then is done now
    told = old.script(
        "from qifu.foundation import search\nfrom qifu.registers.people.models import Person\n"
        "from qifu.registers.people.demo import DEMO_PASSWORD\n"
        "print(Person.objects.get(username='province').check_password(DEMO_PASSWORD),"
        " search.find('企业', public_only=False).count > 0)"
    )
    assert told == "True True"
    with old.served() as address:
        assert "2024" in urllib.request.urlopen(f"{address}/plans/", timeout=20).read().decode()
    backup = re.findall(r"升级前的备份：(.+)", said)[0]
    assert "qifu upgrade" in old.run("restore", "--replace", "--yes", "--no-backup", backup)
    assert stored_rows(old) == before and old.files() == files
    assert lost(before, (old.run("upgrade"), stored_rows(old))[1]) == []


def test_an_upgrade_that_fails_says_how_to_go_back(old: Site) -> None:
    before = stored_rows(old)
    blocking = (
        f"from django.db import connection; connection.cursor().execute('{{}} TABLE {NEWER_TABLE} {{}}')"
    )
    old.script(blocking.format("CREATE", "(x integer)"))
    said = old.run("upgrade", code=1)
    assert "升级停在“升级数据库结构”" in said and "没有自动恢复任何东西" in said
    command = re.findall(r"qifu (restore --replace --no-backup .+)", said)[0].split()
    if old.vendor == "sqlite":  # all migrations or none
        del (after := stored_rows(old))[NEWER_TABLE]
        assert after == before
    old.run(*command, "--yes")
    assert {name: rows for name, rows in stored_rows(old).items() if name != NEWER_TABLE} == before
    old.script(blocking.format("DROP", ""))
    old.run("upgrade")
    assert lost(before, stored_rows(old)) == []


def test_an_older_program_refuses_a_newer_database(old: Site) -> None:
    old.run("upgrade")
    old.script(
        "from django.db.migrations.recorder import MigrationRecorder\nfrom django.db import connection\n"
        "MigrationRecorder(connection).record_applied('people', '0999_later')"
    )
    before = stored_rows(old)
    assert "更新的版本" in old.run("upgrade", code=1)
    assert stored_rows(old) == before
