"""`qifu init`: the first three administrators of a real site, in different hands, each with a one-time password."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qifu.commands.main import parser

if TYPE_CHECKING:
    from qifu.registers.people.actions import OneTimePassword

OFFICES = {
    "system_administrator": ("系统管理员", "建人员、管设置"),
    "security_administrator": ("安全管理员", "确认管理员的任免"),
    "auditor": ("审计员", "看审计记录"),
}


@dataclass(frozen=True)
class Named:
    """Who is to hold an office: sign-in name and name."""

    username: str
    name: str


def main(argv: list[str]) -> int:
    """Make the database if need be, then three people with their posts, or nothing; 0 done, 1 refused."""
    arguments = parser(
        "init", "建立首任系统、安全、审计三个管理员（三员分立，须为三个人）；一次性口令只显示一次"
    )
    for role, (title, _) in OFFICES.items():
        option = f"--{role.replace('_', '-')}"
        arguments.add_argument(option, metavar="登录名=姓名", help=f"{title}；不写则逐个询问")
    options = arguments.parse_args(argv)
    from django.conf import settings

    if settings.DEMO:
        print("拒绝：这是演示站点（QIFU_DEMO=1），管理员由 qifu demo load 建立。", file=sys.stderr)
        return 1
    from qifu.commands import backup, migrate

    if code := backup.guarded(lambda: migrate.main([]) and None):
        return code
    if administrators_exist():
        print("拒绝：本站已有管理员，没有作任何改动。忘记口令请由另一位系统管理员重置。", file=sys.stderr)
        return 1
    named = {role: _read(getattr(options, role)) or _ask(role) for role in OFFICES}
    if not all(named.values()):
        print(
            "没有作任何改动：请在终端里运行并逐项填写，或用三个选项写明，如 --auditor shenji=姓名。",
            file=sys.stderr,
        )
        return 2
    return _appoint({role: one for role, one in named.items() if one})


def administrators_exist() -> bool:
    """Tell whether anybody holds, or has held, one of the three offices."""
    from qifu.registers.people.models import Post

    return bool(Post.objects.filter(role__in=OFFICES).exists())


def _read(option: str | None) -> Named | None:
    username, sign, name = (option or "").partition("=")
    return Named(username.strip(), name.strip()) if sign else None


def _ask(role: str) -> Named | None:
    if not sys.stdin.isatty():
        return None
    title, purpose = OFFICES[role]
    print(f"\n{title}（{purpose}）")
    return Named(input("  登录名（小写字母开头）：").strip(), input("  姓名：").strip())


def _appoint(named: dict[str, Named]) -> int:
    from qifu.foundation.action import Refused

    try:
        given = appoint(named)
    except Refused as refused:
        print(f"拒绝：{refused.message}。没有作任何改动。", file=sys.stderr)
        return 1
    print("\n三个管理员已建立。下面的一次性口令只显示这一次，3 天内有效，首次登录必须改成自己的口令：\n")
    for role, one in given.items():
        print(f"  {OFFICES[role][0]}  登录名 {one.person.username}  口令 {one.password}")
    print("\n请当面或分别交给本人，交付后清除屏幕。")
    return 0


def appoint(named: dict[str, Named]) -> dict[str, OneTimePassword]:
    """Make the people and their posts in one transaction; raise Refused where one cannot be, or some exist already."""
    from django.db import transaction
    from django.utils import timezone

    from qifu.foundation import clock
    from qifu.foundation.access import SYSTEM
    from qifu.foundation.action import Refused
    from qifu.registers.divisions.models import Division
    from qifu.registers.divisions.queries import tree
    from qifu.registers.people.actions import add_post, create_person

    at = clock.now()
    day = timezone.localdate(at)
    place = tree(day)[0].division.code
    with transaction.atomic():
        list(
            Division.objects.select_for_update().filter(code=place)
        )  # of two who found a site at once, one waits
        if administrators_exist():
            raise Refused("本站已有管理员")
        given = {}
        for role, one in named.items():
            given[role] = create_person(by=SYSTEM, at=at, username=one.username, name=one.name)
            add_post(by=SYSTEM, at=at, person=given[role].person, role=role, place_code=place, starts_on=day)
    return given
