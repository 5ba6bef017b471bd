"""`qifu rules …`: check rule files, start a new one, read one aloud, explain, match; needs no site."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from qifu.commands.main import parser

if TYPE_CHECKING:
    from qifu.engines.rules.places import PlaceNames
    from qifu.engines.rules.rule_book import RuleBook

PROVINCES = Path(__file__).parents[2] / "provinces"
ELSEWHERE = {
    "explain": ("qifu.commands.rules_explain", "解释：qifu rules explain --policy 代码 --facts 文件 --uscc 代码 --as-of 日期 [--json]"),
    "match": ("qifu.commands.rules_match", "匹配：qifu rules match --policies 目录 --facts 文件 --as-of 日期 --out 文件.parquet"),
}  # fmt: skip
"""Subcommands with a module of their own that has `main(argv) -> int`."""


def main(argv: list[str]) -> int:
    """Run `qifu rules …`; 0 clean, 1 problems were found, 2 wrong usage or it cannot run."""
    own = {"check": check, "new": new, "read": read, "schema": schema}
    name = argv[0] if argv else ""
    if name in own:
        return own[name](argv[1:])
    if name in ELSEWHERE:
        return int(importlib.import_module(ELSEWHERE[name][0]).main(argv[1:]))
    asked = name in ("-h", "--help")
    lines = [
        "用法：qifu rules 命令",
        "  check   检查：qifu rules check 文件或文件夹…",
        "  new     新建：qifu rules new 代码 [--policy] [--folder 文件夹]",
        "  read    朗读：qifu rules read 代码或名称 [--as-of 日期] [--full]",
        "  schema  编辑器用的 JSON Schema：qifu rules schema",
        *(f"  {word:<8}{summary}" for word, (_, summary) in ELSEWHERE.items()),
    ]
    print("\n".join(lines), file=sys.stdout if asked else sys.stderr)
    return 0 if asked else 2


def check(argv: list[str]) -> int:
    """Print one line per problem, `FILE:LINE: CODE message (remedy)`."""
    from qifu.engines.rules.rule_problems import RuleProblems
    from qifu.foundation.yaml_shapes import DataError

    options = _options("check", "检查规则文件：读得懂、引用得到、示例成立", argv, paths=True)
    paths = [Path(path) for path in options.paths]
    absent = [path for path in paths if not os.path.lexists(path)]
    for path in absent:
        print(f"没有这个文件或文件夹：{path}", file=sys.stderr)
    if absent:
        return 2
    try:
        book = load_book(paths, own_only=False)
    except RuleProblems as error:
        for problem in error.problems:
            print(problem)
        print(f"共 {len(error.problems)} 处问题。", file=sys.stderr)
        return 1
    except (DataError, OSError) as error:
        print(f"事实目录或行政区划读不了：{error}", file=sys.stderr)
        return 2
    if not book.checked:
        print("没有找到规则文件（.yaml）。", file=sys.stderr)
        return 2
    print(
        f"{len(book.checked)} 个规则，{sum(len(rule.examples) for rule in book.checked)} 个示例，没有问题。",
        file=sys.stderr,
    )
    return 0


def new(argv: list[str]) -> int:
    """Write the commented start of a rule that passes `check`; 1 when the file is there already."""
    from qifu.engines.rules.rule_file import CODE
    from qifu.engines.rules.skeleton import skeleton

    arguments = parser("rules new", "新建一个规则文件，写好注释和示例，照着改")
    arguments.add_argument("code", help="代码：小写字母、数字和 -，如 my-policy")
    arguments.add_argument("--policy", action="store_true", help="政策（有金额、申报期），默认为规则")
    arguments.add_argument("--folder", default=".", help="写到哪个文件夹，默认当前文件夹")
    options = arguments.parse_args(argv)
    if not CODE.fullmatch(options.code):
        print(f"代码“{options.code}”不对，应为小写字母、数字和 -，如 my-policy", file=sys.stderr)
        return 2
    file = Path(options.folder) / f"{options.code}.yaml"
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(skeleton(options.code, policy=options.policy))
    except FileExistsError:
        print(f"{file} 已存在，没有改动。", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"写不了 {file}：{_cause(error, file.parent)}", file=sys.stderr)
        return 2
    print(f"已写好 {file}。改好后运行：qifu rules check {file}")
    return 0


def read(argv: list[str]) -> int:
    """Read a rule aloud as it is on a day."""
    from qifu.engines.rules.read_aloud import rule_aloud
    from qifu.engines.rules.rule_book import NotInForce
    from qifu.engines.rules.rule_problems import RuleProblems
    from qifu.foundation.yaml_shapes import DataError

    arguments = parser("rules read", "用大白话朗读一个规则")
    arguments.add_argument("rule", help="代码、名称，或规则文件")
    arguments.add_argument("--as-of", type=_day, default=None, help="哪一天的规则，默认今天")
    arguments.add_argument("--full", action="store_true", help="把引用的规则也逐条写出")
    options = arguments.parse_args(argv)
    day = options.as_of or datetime.now(ZoneInfo("Asia/Shanghai")).date()
    file = Path(options.rule)
    try:
        book = load_book([file] if file.is_file() else [], own_only=False)
        wanted = next(iter(book.rules)) if file.is_file() else options.rule
        print("\n".join(rule_aloud(book, wanted, day, expand=options.full)))
    except RuleProblems as error:
        print(error, file=sys.stderr)
        return 1
    except NotInForce as error:
        taken = (
            ""
            if options.as_of
            else f"。没有写 --as-of，按今天 {day} 判断；要看别的日子，请加 --as-of 2024-06-30"
        )
        print(f"{error}{taken}", file=sys.stderr)
        return 1
    except (DataError, OSError) as error:
        print(f"事实目录或行政区划读不了：{error}", file=sys.stderr)
        return 2
    return 0


def schema(argv: list[str]) -> int:
    """Print the JSON Schema that editors complete and check rule files with."""
    from qifu.engines.rules.schema import rule_schema
    from qifu.registers.enterprises.fact_book import fact_book

    _options("schema", "输出规则文件的 JSON Schema（draft 2020-12），供编辑器补全和检查", argv)
    print(json.dumps(rule_schema(fact_book()), ensure_ascii=False, indent=1))
    return 0


def load_book(paths: Iterable[Path], *, own_only: bool) -> RuleBook:
    """Return the checked book of `paths`; unless `own_only`, they may name the rules that ship with the site."""
    from qifu.engines.rules.rule_book import RuleBook
    from qifu.engines.rules.site_book import folders
    from qifu.registers.enterprises.fact_book import fact_book

    shipped = [] if own_only else folders(site_province())
    return RuleBook.load(paths, fact_book(), site_places(), beside=shipped)


def site_province() -> Path:
    """The province's folder: QIFU_PROVINCE, else 浙江."""
    return Path(os.environ.get("QIFU_PROVINCE") or PROVINCES / "zhejiang")


def site_places() -> PlaceNames:
    """The names of the country's places and of the province's."""
    from qifu.engines.rules import site_book

    return site_book.site_places(site_province())


def _options(name: str, summary: str, argv: list[str], *, paths: bool = False) -> argparse.Namespace:
    arguments = parser(f"rules {name}", summary)
    if paths:
        arguments.add_argument("paths", nargs="+", help="规则文件（.yaml）或文件夹")
    return arguments.parse_args(argv)


def _cause(error: OSError, folder: Path) -> str:
    if not folder.is_dir():
        return f"没有文件夹 {folder}，请先建好，或用 --folder 指定已有的文件夹"
    return "没有权限" if isinstance(error, PermissionError) else "请检查文件夹、权限和磁盘空间"


def _day(text: str) -> date:
    from qifu.foundation.yaml_shapes import day_remedy

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}”不是日期，{day_remedy(text)}") from None
