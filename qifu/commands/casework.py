"""`qifu casework …`: prove case types, show and publish them, draw them, move running cases, verify the whole database."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from qifu.commands.main import parser


def main(argv: list[str]) -> int:
    """Run one act; 0 done and right, 1 faults or refused, 2 wrong usage or unreadable file."""
    arguments = parser("casework", "事务引擎：验证、查看、发布办理规则，画流程图，迁移在办事务，核对全库")
    acts = arguments.add_subparsers(dest="act", required=True)
    checking = acts.add_parser("check", help="验证办理规则文件：各项证明和示例，一次指出全部问题及行号")
    checking.add_argument("files", type=Path, nargs="+", help="文件或目录")
    showing = acts.add_parser("show", help="用文字说明一种办理规则：环节、时限、谁能做什么")
    showing.add_argument("key")
    publishing = acts.add_parser("publish", help="发布办理规则文件；内容没有变化时不发布")
    publishing.add_argument("files", type=Path, nargs="+", help="文件或目录")
    drawing = acts.add_parser("draw", help="画流程图")
    drawing.add_argument("key")
    form = drawing.add_mutually_exclusive_group(required=True)
    form.add_argument("--svg", type=Path, metavar="文件")
    form.add_argument("--bpmn", type=Path, metavar="文件")
    for one in (showing, drawing):
        one.add_argument("--number", type=int, metavar="版本号", help="默认为现行版本")
    moving = acts.add_parser("migrate", help="把在办事务从一版转到另一版")
    moving.add_argument("key")
    moving.add_argument("--from", dest="before", type=int, required=True, metavar="版本号")
    moving.add_argument("--to", dest="after", type=int, required=True, metavar="版本号")
    moving.add_argument(
        "--state", action="append", default=[], metavar="原环节=新环节", help="环节对应，可写多次"
    )
    moving.add_argument(
        "--limits", choices=("keep", "new"), default="keep", help="时限沿用（keep）或按新版（new）"
    )
    moving.add_argument("--dry-run", action="store_true", help="只统计，不改动")
    acts.add_parser("verify", help="逐件核对全库是否符合引擎的各项约束")
    options = arguments.parse_args(argv)
    return _ACTS[options.act](options)


def check(options: argparse.Namespace) -> int:
    """Print every fault of the files, or that they hold."""
    from qifu.engines.casework.case_type import case_type
    from qifu.engines.casework.publish import check_case_type, files_beside

    def hold(path: Path) -> str:
        written = check_case_type(path.read_bytes(), where=path.name, beside=files_beside(path))
        made = case_type(written.content)
        told = f"{len(made.states)} 个环节、{len(made.transitions)} 个步骤、{len(made.clocks)} 个时限"
        return f"{path.name}：{told}，{len(written.content['examples'])} 个示例，全部成立。"

    return _each_file(options.files, hold)


def publish(options: argparse.Namespace) -> int:
    """Publish the files, saying of each which version it is."""
    from qifu.engines.casework.publish import files_beside, publish_case_type
    from qifu.foundation import clock
    from qifu.foundation.access import SYSTEM

    def put(path: Path) -> str:
        at = clock.now()
        made = publish_case_type(
            by=SYSTEM, at=at, document=path.read_bytes(), where=path.name, beside=files_beside(path)
        )
        new = made.published_at == at
        told = f"{path.name}：{'已发布' if new else '没有变化，仍为'}第 {made.number} 版，自 {made.effective_from} 起用于新收到的事务。"
        return "\n".join([told, *(_differences(made.series.key, made.number) if new else [])])

    return _each_file(options.files, put)


def _differences(key: str, number: int) -> list[str]:
    """Return what a version just published changed, against the one before it or else what it extends."""
    from qifu.engines.casework.publish import PUBLISH
    from qifu.engines.casework.type_differences import changes
    from qifu.engines.casework.type_queries import version_of, versions
    from qifu.foundation import clock
    from qifu.foundation.access import SYSTEM

    at, today = clock.now(), clock.today()
    known = versions(SYSTEM, PUBLISH, at, key, today)
    mine = next(one for one in known if one.number == number)
    before = next((one for one in known if one.number < number), None)
    before = before or (version_of(SYSTEM, PUBLISH, at, mine.base, today) if mine.base else None)
    if before is None:
        return []
    told = [
        f"  {one.where}：{one.before or '（没有）'} → {one.after or '（去掉）'}"
        for one in changes(before.content, mine.content)
    ]
    return [f"与“{before.definition.title}”第 {before.number} 版的不同：", *told]


def _each_file(places: list[Path], do: Callable[[Path], str]) -> int:
    from qifu.engines.casework.publish import NotProved, case_type_files
    from qifu.foundation.yaml_data import DataError

    wrong = False
    for path in case_type_files(places):
        try:
            print(do(path))
        except OSError as error:
            print(f"{path}：读不出来（{error.strerror}）", file=sys.stderr)
            return 2
        except DataError as error:
            wrong = True
            print(error, file=sys.stderr)
            count = len(error.faults) if isinstance(error, NotProved) else 1
            print(f"{path.name}：{count} 处问题，没有通过。", file=sys.stderr)
    return 1 if wrong else 0


def show(options: argparse.Namespace) -> int:
    """Print one case type in words."""
    from qifu.engines.casework.type_queries import Version, clock_words, rules_used

    def told(version: Version) -> Iterator[str]:
        made = version.definition
        until = f"，到 {version.last_day} 止" if version.last_day else ""
        yield f"{made.title}（{made.key}）第 {version.number} 版，自 {version.starts} 起{until}"
        yield f"依据：{made.basis}"
        yield "\n环节和步骤"
        for state in made.states.values():
            end = "，终结" if state.final else "，起点" if state.initial else ""
            yield f"  {state.title}（企业看到：{state.shown}{end}）"
            for one in made.leaving(state.name):
                to = f" → {made.states[one.to].title}" if one.to is not None else ""
                yield f"    {'、'.join(made.roles[role] for role in one.roles)}：{one.title}{to}"
        yield "\n时限"
        for clock in clock_words(made):
            by = f"（{'、'.join(clock.by)}）" if clock.by else ""
            promised = "，对企业承诺" if clock.promised else ""
            yield f"  {clock.title}：{clock.of}，{clock.limit}{by}{promised}"
        yield "\n每个时限怎么算"
        for title, rule, names in rules_used(made):
            yield f"  {title}（{'、'.join(names)}）：{rule}"

    def print_it(version: Version) -> None:
        print("\n".join(told(version)))

    return _of_version(options, print_it)


def draw(options: argparse.Namespace) -> int:
    """Write the flow chart of a case type to a file."""
    from qifu.engines.casework.bpmn import bpmn
    from qifu.engines.casework.drawing import draw as drawn
    from qifu.engines.casework.type_queries import Version

    path = options.svg or options.bpmn

    def write(version: Version) -> None:
        text = drawn(version.definition) if options.svg else bpmn(version.definition)
        path.write_text(text, encoding="utf-8")
        print(f"已写到 {path}")

    try:
        return _of_version(options, write)
    except OSError as error:
        print(f"{path}：写不进去（{error.strerror}）", file=sys.stderr)
        return 2


def _of_version(options: argparse.Namespace, do: Callable[..., None]) -> int:
    from qifu.engines.casework import type_queries
    from qifu.engines.casework.publish import PUBLISH
    from qifu.foundation import clock
    from qifu.foundation.access import SYSTEM

    at = clock.now()
    version = type_queries.version_of(SYSTEM, PUBLISH, at, options.key, clock.today(), options.number)
    if version is None:
        known = "、".join(type_queries.keys(SYSTEM, PUBLISH, at))
        print(f"没有已发布的办理规则“{options.key}”或这一版。已发布：{known or '（没有）'}", file=sys.stderr)
        return 1
    do(version)
    return 0


def migrate(options: argparse.Namespace) -> int:
    """Tell what a move would do and, unless dry, do it."""
    from qifu.engines.casework.type_changes import migrate_cases, outlook, version
    from qifu.foundation import clock
    from qifu.foundation.access import SYSTEM
    from qifu.foundation.action import Refused

    states = dict(one.split("=", 1) for one in options.state if "=" in one)
    if len(states) < len(options.state):
        print("--state 请写成 原环节=新环节", file=sys.stderr)
        return 2
    try:
        before, after = version(options.key, options.before), version(options.key, options.after)
        seen = outlook(before, after, states)
        print(f"第 {before.number} 版在办 {seen.cases} 件，正在计时的时限 {sum(seen.clocks.values())} 个。")
        for name, count in seen.states.items():
            print(f"  {name} → {states.get(name, name)}：{count} 件")
        for fault in seen.faults:
            print(fault, file=sys.stderr)
        if options.dry_run or seen.faults:
            return 1 if seen.faults else 0
        done = list(
            migrate_cases(before, after, by=SYSTEM, at=clock.now(), states=states, limits=options.limits)
        )
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    print(
        f"已转 {sum(one.cases for one in done)} 件，其中 {sum(one.ends for one in done)} 个时限的到期时间有变化。"
    )
    return 0


def verify(options: argparse.Namespace) -> int:
    """Print every place where the engine's tables disagree; 1 where there is one."""
    from qifu.engines.casework.verify import verify as faults
    from qifu.foundation import clock

    count = 0
    for fault in faults(at=clock.business(clock.now())):
        print(fault)
        count += 1
    print(f"共 {count} 处不符。" if count else "全部相符。")
    return 1 if count else 0


_ACTS: dict[str, Callable[[argparse.Namespace], int]] = {
    "check": check, "show": show, "publish": publish, "draw": draw, "migrate": migrate, "verify": verify,
}  # fmt: skip
