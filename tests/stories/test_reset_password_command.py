"""An operator helps a security administrator whom no colleague can help."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.real_site import ROOT


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `qifu` on a site folder of its own."""
    surroundings = {**os.environ, "QIFU_DATA_DIR": str(folder), "QIFU_DEMO": "0", "DATABASE_URL": ""}
    return subprocess.run(
        [sys.executable, "-m", "qifu.commands.main", *words],
        cwd=ROOT,
        env=surroundings,
        capture_output=True,
        text=True,
    )


def test_a_password_is_reset_on_the_server_and_stands_in_the_trail(tmp_path: Path) -> None:
    named = [
        "--system-administrator=xitong=王一",
        "--security-administrator=anquan=李二",
        "--auditor=shenji=张三",
    ]
    assert run(tmp_path, "init", *named).returncode == 0
    nobody = run(tmp_path, "reset-password", "nobody")
    assert nobody.returncode == 1 and "没有登录名为“nobody”的人员" in nobody.stderr
    done = run(tmp_path, "reset-password", "ANQUAN", "--second-factor")
    assert done.returncode == 0, done.stderr
    given = re.search(r"一次性口令 (\S+)", done.stdout)
    assert given is not None and "没有启用动态口令" in done.stdout
    checked = subprocess.run(
        [sys.executable, "-c", CHECK, given[1]], cwd=ROOT, text=True, capture_output=True,
        env={**os.environ, "QIFU_DATA_DIR": str(tmp_path), "DATABASE_URL": "", "DJANGO_SETTINGS_MODULE": "qifu.portal.settings"},
    )  # fmt: skip
    assert checked.stdout.strip() == "True True 1", checked.stderr


CHECK = """
import sys, django
django.setup()
from qifu.foundation.audit.models import AuditRow
from qifu.registers.people.models import Person
person = Person.objects.get(username="anquan")
rows = AuditRow.objects.filter(act="people.reset_password", subject_id=str(person.pk), actor_kind="system")
print(person.check_password(sys.argv[1]), person.must_change_password, rows.count())
"""
