"""An operator's life with a real site folder: found it, back it up while in use, lose it, restore it, upgrade it, watch it.

Every step is the command as a process of its own, on SQLite and on a PostgreSQL of our own.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
import shutil
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.browser.site import loaded_demo
from tests.real_site import ROOT, VENDORS, Site, make_databases  # noqa: F401 - a fixture


@pytest.fixture(scope="module", params=VENDORS)
def site(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    new_database: Callable[[str], str],
) -> Site:
    """A site with people, a published plan and many files."""
    folder = tmp_path_factory.mktemp("site")
    one = Site(
        folder, request.param, new_database(request.param), {"QIFU_DEMO": "1", "QIFU_AS_OF": "2024-06-20"}
    )
    if one.vendor == "sqlite":
        shutil.copytree(loaded_demo(), folder, symlinks=True, dirs_exist_ok=True)
    else:
        one.run("demo", "load")
    chance = random.Random(7)
    for size in [0, 1, 70_000, *(chance.randrange(5000) for _ in range(60))]:
        content = chance.randbytes(size)
        name = hashlib.sha256(content).hexdigest()
        path = folder / "files" / name[:2] / name[2:4] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return one


@pytest.fixture(scope="module")
def archive(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the site, for tests that need any good one."""
    return site.backup(str(tmp_path_factory.mktemp("kept")))


@pytest.fixture
def empty(site: Site, tmp_path: Path, new_database: Callable[[str], str]) -> Site:
    """Another site of the same kind in which there is nothing but the keys."""
    for key in ("secret_key", "seal_key"):
        shutil.copy2(site.folder / key, tmp_path / key)
    return Site(tmp_path, site.vendor, new_database(site.vendor), site.more)


def test_what_was_backed_up_comes_back_row_by_row_and_file_by_file(
    site: Site, empty: Site, tmp_path: Path
) -> None:
    said = site.run("backup", str(tmp_path / "kept"))
    archive = next((tmp_path / "kept").iterdir())
    assert "seal_key" in said and "不在备份里" in said
    with tarfile.open(archive) as tar:
        names = tar.getnames()
    assert names[-1] == "manifest.json" and not [n for n in names if "key" in n]
    assert archive.stat().st_mode & 0o077 == 0
    assert "备份完好" in site.run("backup", "verify", str(archive))
    assert "逐表核对无误" in empty.run("restore", str(archive))
    assert empty.rows() == site.rows() and empty.files() == site.files()
    assert len(site.files()) > 60
    with empty.served() as address:
        page = urllib.request.urlopen(f"{address}/plans/", timeout=20).read().decode()
    assert "2024" in page
    # a backup of the restored site holds the same, and a write still finds its guards
    second = empty.backup(str(tmp_path / "second"))
    assert _manifest(second)["tables"] == _manifest(archive)["tables"]
    with pytest.raises(AssertionError, match="审计记录不得"):
        empty.script(
            "from django.db import connection; connection.cursor().execute('DELETE FROM foundation_auditrow')"
        )


def test_a_backup_made_while_others_write_is_of_one_moment(site: Site, empty: Site, tmp_path: Path) -> None:
    before = int(site.script("from qifu.foundation.models import AuditRow; print(AuditRow.objects.count())"))
    writing = (
        "import django; django.setup()\n"
        "from qifu.foundation import clock\nfrom qifu.foundation.access import SYSTEM\n"
        "from qifu.portal.actions import mark_notices_read\n"
        "while True: mark_notices_read(by=SYSTEM, at=clock.now())\n"
    )
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", writing], cwd=ROOT, env=site.environment(), stderr=subprocess.DEVNULL
        )
        for _ in range(2)
    ]
    try:
        time.sleep(3)
        archive = site.backup(str(tmp_path / "kept"))
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()
    empty.run("restore", str(archive))
    rows = empty.rows()["foundation_auditrow"]
    assert before < len(rows) <= len(site.rows()["foundation_auditrow"])
    assert _manifest(archive)["tables"]["foundation_auditrow"]["rows"] == len(rows)


def test_only_into_an_empty_site_unless_told(empty: Site, archive: Path) -> None:
    empty.run("restore", str(archive))
    original = empty.rows()
    empty.script(
        "from qifu.foundation import clock\nfrom qifu.foundation.access import SYSTEM\n"
        "from qifu.portal.actions import mark_notices_read\nmark_notices_read(by=SYSTEM, at=clock.now())"
    )
    changed, files = empty.rows(), empty.files()
    assert "已有人员或文件" in empty.run("restore", str(archive), code=1)
    assert "已取消" in empty.run("restore", str(archive), "--replace", code=1)
    assert empty.rows() == changed
    said = empty.run("restore", str(archive), "--replace", "--yes")
    assert "现有数据已备份到" in said and empty.rows() == original and empty.files() == files
    own = Path(re.findall(r"现有数据已备份到 (.+)", said)[0])
    empty.run("restore", str(own), "--replace", "--yes", "--no-backup")
    assert empty.rows() == changed


def test_an_archive_that_is_not_whole_or_not_ours_changes_nothing(
    empty: Site, archive: Path, tmp_path: Path
) -> None:
    empty.run("restore", str(archive))
    rows, files = empty.rows(), empty.files()
    content = archive.read_bytes()
    broken = {
        "不完整或已损坏": content[: len(content) // 2],
        "末尾多出内容": content + gzip.compress(b"more"),
    }
    for words, changed in broken.items():
        path = tmp_path / "broken.tar.gz"
        path.write_bytes(changed)
        assert words in empty.run("restore", str(path), "--replace", "--yes", "--no-backup", code=1)
        assert words in empty.run("backup", "verify", str(path), code=1)
    assert "找不到备份文件" in empty.run("restore", str(tmp_path / "none.tar.gz"), code=1)
    # signed with our key, yet not what the manifest promises of its tables, or of a later version
    for change, words in (("tables", "不符"), ("migrations", "更新的版本"), ("vendor", "DATABASE_URL")):
        forged = tmp_path / f"{change}.tar.gz"
        empty.script(FORGE.format(source=str(archive), target=str(forged), change=change))
        assert words in empty.run("restore", str(forged), "--replace", "--yes", "--no-backup", code=1)
    assert empty.rows() == rows and empty.files() == files
    assert not [p.name for p in tmp_path.iterdir() if p.name.startswith((".restoring", "files.before"))]


def test_another_key_is_told_before_anything_is_touched(empty: Site, archive: Path) -> None:
    (empty.folder / "seal_key").unlink()
    said = empty.run("restore", str(archive), code=1)
    assert "另一把加密密钥" in said and str(empty.folder / "seal_key") in said
    assert not (empty.folder / "files").exists()


def test_old_backups_go_and_the_last_is_known(site: Site, tmp_path: Path) -> None:
    (tmp_path / "qifu-notes.tar.gz").write_text("not ours")
    made = [site.backup(str(tmp_path), "--keep", "2") for _ in range(3)]
    assert [p.exists() for p in made] == [False, True, True] and (tmp_path / "qifu-notes.tar.gz").exists()
    told = json.loads((site.folder / "last_backup.json").read_text())
    assert told["path"] == str(made[-1]) and told["verified_at"]
    made[-1].write_bytes(made[-1].read_bytes()[:-1])
    site.run("backup", "verify", str(made[-1]), code=1)
    assert json.loads((site.folder / "last_backup.json").read_text())["verified_at"] is None
    assert site.run("backup", "--keep", "0", code=2)


def test_a_site_that_runs_is_neither_upgraded_nor_replaced(site: Site, archive: Path, tmp_path: Path) -> None:
    with site.served():
        assert "还在运行" in site.run("upgrade", code=1)
        assert "还在运行" in site.run("restore", str(archive), "--replace", "--yes", code=1)
    said = site.run("upgrade", "--backup-dir", str(tmp_path / "before"))
    assert "升级完成" in said and len(list((tmp_path / "before").iterdir())) == 1


def test_a_database_that_cannot_hold_every_character_is_told(
    tmp_path: Path, new_database: Callable[[str], str]
) -> None:
    url = new_database("postgresql")
    with psycopg.connect(url, autocommit=True) as database:
        database.execute(
            "CREATE DATABASE narrow ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
        )
    narrow = Site(tmp_path, "postgresql", url.rpartition("/")[0] + "/narrow", {})
    assert "编码是 SQL_ASCII" in narrow.run("doctor", code=1)


def test_the_first_administrators(tmp_path: Path) -> None:
    site = Site(tmp_path, "sqlite", "", {})
    names = ["--system-administrator", "xitong=王一", "--security-administrator", "anquan=李二"]
    assert "没有作任何改动" in site.run("init", code=2)
    assert "没有作任何改动" in site.run("init", *names, "--auditor", "xitong=张三", code=1)
    assert "登录名以字母开头" in site.run("init", *names, "--auditor", "9=张三", code=1)
    assert site.rows()["people_person"] == []
    said = site.run("init", *names, "--auditor", "shenji=张三")
    passwords = dict(re.findall(r"登录名 (\w+)  口令 (\S+)", said))
    assert passwords.keys() == {"xitong", "anquan", "shenji"} and len(set(passwords.values())) == 3
    assert len(site.rows()["people_post"]) == 3
    known = site.script(
        "from qifu.registers.people.models import Person\n"
        f"print([Person.objects.get(username=u).check_password(p) for u, p in {passwords!r}.items()])"
    )
    assert known == "[True, True, True]"
    assert not [
        p for p in tmp_path.rglob("*") if p.is_file() and passwords["xitong"].encode() in p.read_bytes()
    ]
    assert "已有管理员" in site.run("init", *names, "--auditor", "other=张三", code=1)
    demo = Site(tmp_path / "demo", "sqlite", "", {"QIFU_DEMO": "1"})
    assert "演示站点" in demo.run("init", *names, "--auditor", "shenji=张三", code=1)


def test_two_processes_one_database_figures_and_logs_of_all_their_processes(
    site: Site, tmp_path: Path
) -> None:
    logs = tmp_path / "logs"
    shared = {
        "QIFU_WORKERS": "2", "QIFU_METRICS_TOKEN": "a-token", "QIFU_LOG_DIR": str(logs), "QIFU_LOG_LEVEL": "INFO",
    }  # fmt: skip
    with (
        site.served(QIFU_SITE="portal", **shared) as portal,
        site.served(QIFU_SITE="workbench", QIFU_PORTAL_URL=portal, **shared) as workbench,
    ):
        assert _status(f"{portal}/plans/") == _status(f"{workbench}/plans/") == 200
        assert _status(f"{portal}/workbench/people/") == 404
        assert "/sign-in/" in _final(f"{workbench}/workbench/people/")
        assert _final(f"{portal}/workbench/") == f"{portal}/"
        assert _status(f"{portal}/metrics") == 404
        for _ in range(20):
            assert _status(f"{portal}/help/") == 200
        (logs / "qifu.log").rename(logs / "qifu.log.1")
        for _ in range(20):
            assert _status(f"{portal}/help/") == 200
        asked = urllib.request.Request(f"{portal}/metrics", headers={"Authorization": "Bearer a-token"})
        figures = urllib.request.urlopen(asked, timeout=20).read().decode()
    assert 'qifu_requests_total{route="help",status="200"} 40.0' in figures
    assert "qifu_up 1.0" in figures
    lines = [line for name in ("qifu.log.1", "qifu.log") for line in (logs / name).read_text().splitlines()]
    seen = [json.loads(line) for line in lines]
    assert len([one for one in seen if one.get("path") == "/help/"]) == 40
    assert "/help/" in (logs / "qifu.log").read_text()


FORGE = """
import gzip, io, json, tarfile
from dataclasses import replace
from pathlib import Path
from qifu.foundation import sealed
from qifu.foundation.operating import archive
source, target, change = Path({source!r}), Path({target!r}), {change!r}
with tarfile.open(source) as tar:
    content = {{m.name: tar.extractfile(m).read() for m in tar}}
manifest = archive.Manifest.read(json.loads(content.pop("manifest.json"))["manifest"])
if change == "tables":
    manifest.tables["foundation_auditrow"] = archive.Table(1, "0" * 64)
if change == "migrations":
    manifest.migrations["people"].append("0999_later")
if change == "vendor":
    manifest = replace(manifest, vendor="sqlite" if manifest.vendor == "postgresql" else "postgresql")
writer = archive.Writer(target)
for name, data in content.items():
    writer.add(name, io.BytesIO(data), len(data))
writer.finish(manifest, sealed.lookup_key(manifest.text(), "backup"))
"""


def _manifest(archive: Path) -> dict[str, dict[str, dict[str, object]]]:
    with tarfile.open(archive) as tar:
        file = tar.extractfile("manifest.json")
        assert file is not None
        return dict(json.loads(json.loads(file.read())["manifest"]))


def _status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def _final(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return str(answer.url)
