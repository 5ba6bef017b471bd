"""`qifu demo`: fill, show or empty a demo site; refuses on any other."""

from __future__ import annotations

import shutil
import sys
from typing import Any

from qifu.commands.main import parser


def main(argv: list[str]) -> int:
    """Run `load`, `reset` or `accounts`."""
    arguments = parser("demo", "演示站点（模拟数据）")
    arguments.add_argument("act", choices=["load", "reset", "accounts"], help="载入、清空重来、显示账号")
    options = arguments.parse_args(argv)
    from django.conf import settings

    if not settings.DEMO:
        print("拒绝：这不是演示站点（未设置 QIFU_DEMO=1），数据未作任何改动。", file=sys.stderr)
        return 1
    if options.act == "reset":
        reset()
    if options.act in ("load", "reset"):
        load()
    print_accounts()
    return 0


def load() -> None:
    """Make the database if need be and load registers, demo people and the demo plan; safe to repeat."""
    from qifu.commands import migrate
    from qifu.foundation import clock
    from qifu.registers.enterprises.demo import load_demo_enterprises, load_demo_import
    from qifu.registers.enterprises.demo_facts import load_demo_facts
    from qifu.registers.mandates.demo import load_demo_mandates
    from qifu.registers.people.demo import load_demo_people
    from qifu.services.enterprise_problems.demo import load_demo_problems
    from qifu.services.policies.demo import load_demo_policies
    from qifu.services.work_plans.demo import load_demo

    migrate.main([])
    load_demo_people(at=clock.now())
    load_demo_enterprises(at=clock.now())
    load_demo_import(at=clock.now())
    load_demo_facts(at=clock.now())
    load_demo_mandates(at=clock.now())
    load_demo_problems(at=clock.now())
    load_demo_policies(at=clock.now())
    load_demo(at=clock.now())


def reset() -> None:
    """Empty the demo site: every table, every stored file. Works while the site is being served."""
    from django.conf import settings
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for statement in _sqlite_drops(cursor):
                cursor.execute(statement)
        else:
            cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public;")
    for folder in ("files", "cache", "fact_snapshots"):
        shutil.rmtree(settings.DATA_DIR / folder, ignore_errors=True)
    print("演示数据已清空。")


def _sqlite_drops(cursor: Any) -> list[str]:
    """Return the statements that drop everything: virtual tables first, since they own their shadow tables."""
    cursor.execute("PRAGMA defer_foreign_keys=ON")
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'")
    tables = [
        (str(name), str(sql or "").upper().startswith("CREATE VIRTUAL")) for name, sql in cursor.fetchall()
    ]
    virtual = [name for name, is_virtual in tables if is_virtual]
    plain = [name for name, _ in tables if not any(name == v or name.startswith(f"{v}_") for v in virtual)]
    return [f'DROP TABLE IF EXISTS "{name}"' for name in [*virtual, *plain]]


def print_accounts() -> None:
    """Print the demo accounts and their one password."""
    from qifu.registers.mandates.demo import DEMO_HOLDERS
    from qifu.registers.people.demo import DEMO_PASSWORD, DEMO_PEOPLE

    print("\n演示账号（模拟数据，口令均为 " + DEMO_PASSWORD + "）：")
    for person in (*DEMO_PEOPLE, *DEMO_HOLDERS):
        print(f"  {person.username:<12}{person.title}")
