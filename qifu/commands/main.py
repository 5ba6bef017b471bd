"""`qifu`: one entry for every command. Each command imports what it needs only when it is called."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """A command: `module` has `main(argv) -> int`; `site` says that it needs the site's settings and database."""

    name: str
    module: str
    summary: str
    site: bool = True


COMMANDS = [
    Command(
        "plan",
        "qifu.commands.plan",
        "读取公文：qifu plan read 文件 [--json]；核对推进记录：qifu plan verify",
        site=False,
    ),
    Command("serve", "qifu.commands.serve", "启动网站：qifu serve [--with-worker]"),
    Command("worker", "qifu.commands.worker", "启动后台作业：qifu worker [--once]"),
    Command("migrate", "qifu.commands.migrate", "建立或升级数据库，并载入本省的区划与单位"),
    Command("init", "qifu.commands.init", "新站点：建立首任系统、安全、审计三个管理员，一次性口令只显示一次"),
    Command("reset-password", "qifu.commands.reset_password", "重置一个人的口令：qifu reset-password 登录名"),
    Command(
        "backup",
        "qifu.commands.backup",
        "备份：qifu backup [目录] [--keep 份数]；核对：qifu backup verify 文件",
    ),
    Command("restore", "qifu.commands.restore", "恢复：qifu restore 文件 [--replace]"),
    Command("upgrade", "qifu.commands.upgrade", "升级：备份、升级数据库、载入区划与单位、检查"),
    Command(
        "import", "qifu.commands.imports", "导入表格：qifu import 表 文件 [--mapping M.yaml] [--dry-run]"
    ),
    Command("demo", "qifu.commands.demo", "演示站点：qifu demo load|reset|accounts"),
    Command("channels", "qifu.commands.channels", "短信与平台消息：qifu channels check|stand-in|example"),
    Command(
        "enterprises",
        "qifu.commands.enterprises",
        "企业：qifu enterprises import 文件；make|facts 行数 文件（模拟数据）；snapshot（事实快照）",
    ),
    Command(
        "casework",
        "qifu.commands.casework",
        "办理规则：qifu casework check|show|publish|draw|migrate；核对全库：qifu casework verify",
    ),
    Command(
        "policies",
        "qifu.commands.policies",
        "惠企政策：qifu policies load 文件夹 --place 代码；核对兑付：qifu policies verify",
    ),
    Command("doctor", "qifu.commands.doctor", "检查设置与运行条件，指出问题和处理办法"),
    Command(
        "rules",
        "qifu.commands.rules",
        "规则：qifu rules check|new|read|schema|explain|match",
        site=False,
    ),
    Command("new", "qifu.commands.new", "新建一个服务的骨架：qifu new 名称 [标题]", site=False),
]


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 refused or failed, 2 wrong usage or unreadable input."""
    arguments = sys.argv[1:] if argv is None else argv
    by_name = {command.name: command for command in COMMANDS}
    if not arguments or arguments[0] not in by_name:
        asked_for_help = bool(arguments) and arguments[0] in ("-h", "--help")
        _print_usage(to_error=not asked_for_help)
        return 0 if asked_for_help else 2
    command = by_name[arguments[0]]
    if command.site and not start_site(with_faults=command.name == "doctor"):
        return 1
    return int(importlib.import_module(command.module).main(arguments[1:]))


def start_site(*, with_faults: bool = False) -> bool:
    """Load the site's settings and rooms; False, with the reason on standard error, when they are wrong."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qifu.portal.settings")
    import django
    from django.apps import apps
    from django.core.exceptions import ImproperlyConfigured

    try:
        if not apps.ready:  # a second setup would bind the log to whatever standard error is now
            django.setup()
    except ImproperlyConfigured as error:
        print(f"设置有误，无法启动。{error}", file=sys.stderr)
        return False
    from django.conf import settings

    if settings.ENVIRONMENT_FAULTS and not with_faults:
        print("\n".join(settings.ENVIRONMENT_FAULTS), file=sys.stderr)
        return False
    return True


def _print_usage(*, to_error: bool) -> None:
    out = sys.stderr if to_error else sys.stdout
    print("用法：qifu 命令 [参数]\n", file=out)
    for command in COMMANDS:
        print(f"  {command.name:<9}{command.summary}", file=out)


def parser(name: str, summary: str) -> argparse.ArgumentParser:
    """Return an argument parser for `qifu NAME`."""
    return argparse.ArgumentParser(prog=f"qifu {name}", description=summary)


if __name__ == "__main__":
    sys.exit(main())
