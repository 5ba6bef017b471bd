"""`qifu reset-password`: the operator's way back in, for the one whom no colleague can help; it stands in the trail."""

from __future__ import annotations

import sys

from qifu.commands.main import parser


def main(argv: list[str]) -> int:
    """Print a one-time password for a person, once; 0 done, 1 no such person."""
    arguments = parser(
        "reset-password", "为一个人重置口令（没有同事可以重置时由运维人员在服务器上执行，审计留痕）"
    )
    arguments.add_argument("username", help="登录名")
    arguments.add_argument("--second-factor", action="store_true", help="同时停用其动态口令")
    options = arguments.parse_args(argv)
    from qifu.foundation import clock
    from qifu.foundation.access import SYSTEM
    from qifu.foundation.action import Refused
    from qifu.registers.people import second_factor
    from qifu.registers.people.actions import reset_password
    from qifu.registers.people.models import Person

    at = clock.now()
    person = Person.objects.filter(username=options.username.strip().lower()).first()
    if person is None:
        print(f"没有登录名为“{options.username}”的人员，没有作任何改动。", file=sys.stderr)
        return 1
    given = reset_password(by=SYSTEM, at=at, person=person)
    print(f"登录名 {person.username}  一次性口令 {given.password}")
    print("只显示这一次，3 天内有效，首次登录必须改成自己的口令。请当面交给本人，交付后清除屏幕。")
    if options.second_factor:
        try:
            second_factor.reset(by=SYSTEM, at=at, person=person)
        except Refused as refused:
            print(f"动态口令：{refused.message}，未作改动。")
        else:
            print("动态口令已停用，请本人登录后重新启用。")
    if not person.is_active:
        print("注意：此人已停用，仍不能登录；请另一位系统管理员启用。")
    return 0
