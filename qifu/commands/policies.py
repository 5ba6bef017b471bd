"""`qifu policies …`: load the rule files of a place as its policies, verify every list, budget and payment."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from qifu.commands.main import parser


def main(argv: list[str]) -> int:
    """Run one act; 0 done and right, 1 faults or refused, 2 wrong usage or unreadable folder."""
    arguments = parser("policies", "惠企政策：载入政策文件，核对兑付")
    acts = arguments.add_subparsers(dest="act", required=True)
    loading = acts.add_parser("load", help="把一个文件夹的政策文件载入某地政策库；没有变化的不动")
    loading.add_argument("folder", type=Path, metavar="文件夹")
    loading.add_argument("--place", default="", metavar="区划代码", help="哪个地方的政策；不写为国家政策")
    loading.add_argument("--by", default="", metavar="登录名", help="以谁的名义载入；不写为系统")
    acts.add_parser("verify", help="逐条核对全库的兑付名单、预算、支付、追回")
    options = arguments.parse_args(argv)
    return load(options) if options.act == "load" else verify()


def load(options: argparse.Namespace) -> int:
    """Take the policies of a folder, in somebody's name."""
    from qifu.engines.rules.rule_problems import RuleProblems
    from qifu.foundation import clock
    from qifu.foundation.access import SYSTEM, NotFound
    from qifu.foundation.action import Refused
    from qifu.registers.divisions.queries import names
    from qifu.registers.people.models import Person
    from qifu.services.policies.actions.library import load_files

    if not options.folder.is_dir():
        print(f"没有这个文件夹：{options.folder}", file=sys.stderr)
        return 2
    if options.place and not names([options.place]):
        print(f"没有这个区划代码：{options.place}", file=sys.stderr)
        return 2
    person = Person.objects.filter(username=options.by, is_active=True).first() if options.by else None
    if options.by and person is None:
        print(f"没有这个登录名：{options.by}", file=sys.stderr)
        return 2
    by = person.as_actor() if person is not None else SYSTEM
    try:
        done = load_files(folder=options.folder, place_code=options.place, by=by, at=clock.now())
    except NotFound:
        print(f"{options.by} 没有载入政策文件的权限（系统管理员才有）。", file=sys.stderr)
        return 1
    except (RuleProblems, Refused) as error:
        print(error, file=sys.stderr)
        print("没有载入任何政策，请按上面的提示更正后再载入。", file=sys.stderr)
        return 1
    print(f"新载入 {done.new} 项，更新 {done.changed} 项，没有变化 {done.unchanged} 项。")
    return 0


def verify() -> int:
    """Hold every list, budget, payment and clawback to what must be true of it."""
    from qifu.services.policies.models import PayoutEntry, PolicyBudget
    from qifu.services.policies.verify_payouts import faults

    found = faults()
    for one in found:
        print(one, file=sys.stderr)
    print(
        f"核对了 {PayoutEntry.objects.count()} 户次、{PolicyBudget.objects.count()} 项预算："
        + (f"{len(found)} 处不符。" if found else "全部相符。")
    )
    return 1 if found else 0
