"""`qifu rules match`: every enterprise of a file against every rule of a folder, into one Parquet file; needs no site."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from qifu.commands.main import parser
from qifu.commands.rules_request import BadRequest, day_of, place_code

if TYPE_CHECKING:
    from qifu.engines.rules.tree import Bound

QUIET_SECONDS = 5.0
"""Between two lines of progress."""


def main(argv: list[str]) -> int:
    """Write the file and say so on standard error; 0 done, 1 rules have problems or it was stopped, 2 it cannot run."""
    options = _options(argv)
    try:
        options.as_of = day_of(options.as_of)
    except BadRequest as error:
        return _say(str(error), 2)
    fault = _fault(options)
    if fault:
        return _say(fault, 2)
    try:
        with _stopped_by_terminate():
            return _run(options)
    except KeyboardInterrupt:
        return _say("已中止，没有写出文件。", 1)


def _options(argv: list[str]) -> argparse.Namespace:
    arguments = parser("rules match", "把一个文件夹里的全部规则用到一个文件里的全部企业")
    arguments.add_argument("--policies", type=Path, required=True, help="规则文件或文件夹")
    arguments.add_argument(
        "--facts", type=Path, required=True, help="企业事实：CSV 或 Parquet，栏目见 facts.yaml，另加 uscc"
    )
    arguments.add_argument("--as-of", required=True, help="按哪一天的规则，如 2024-06-30")
    arguments.add_argument("--out", type=Path, required=True, help="写到哪个 Parquet 文件")
    arguments.add_argument(
        "--all", action="store_true", help="写出每一对；不加时只写符合、缺数据和只差一项的"
    )
    arguments.add_argument(
        "--engine", choices=("local", "spark"), default="local", help="本机，或 Spark 集群"
    )
    arguments.add_argument("--kind", choices=("policy", "rule"), help="只用政策，或只用规则；默认都用")
    arguments.add_argument("--master", help="Spark：集群地址；默认由 spark-submit 决定，否则用本机全部核")
    arguments.add_argument("--shards", type=int, help="Spark：按区划分成几片；默认核数的四倍")
    return arguments.parse_args(argv)


def _fault(options: argparse.Namespace) -> str:
    """What makes it useless to begin."""
    if not options.policies.exists():
        return f"没有这个文件或文件夹：{options.policies}"
    if not options.facts.exists():
        return f"没有这个文件：{options.facts}"
    if options.facts.is_dir():
        return f"{options.facts} 是一个文件夹，请写明事实文件，如 企业.csv"
    if options.out.is_dir():
        return f"{options.out} 是一个目录，请写明文件名，如 结果.parquet"
    if not options.out.absolute().parent.is_dir():
        return f"没有这个目录：{options.out.absolute().parent}"
    if options.out.exists() and options.out.samefile(options.facts):
        return "--out 与 --facts 是同一个文件，请换一个名称"
    if options.shards is not None and options.shards < 1:
        return "--shards 至少为 1"
    return ""


def _run(options: argparse.Namespace) -> int:
    from qifu.commands.rules import load_book
    from qifu.engines.rules.fact_problems import FactTableError, cause
    from qifu.engines.rules.kernel.refusal import KernelRefusal
    from qifu.engines.rules.match import MatchError
    from qifu.engines.rules.rule_book import NotInForce
    from qifu.engines.rules.rule_problems import RuleProblems
    from qifu.engines.rules.spark import SparkUnavailable
    from qifu.foundation.yaml_data import DataError

    try:
        book = load_book([options.policies], own_only=False)
        own = {rule.code for rule in book.checked}
        bounds = [bound for bound in book.bind_all(options.as_of, options.kind) if bound.code in own]
        return _write(options, bounds)
    except SparkUnavailable as error:
        return _say(str(error), 2)
    except (RuleProblems, NotInForce, KernelRefusal, MatchError) as error:
        return _say(str(error), 1)
    except (FactTableError, DataError) as error:
        return _say(str(error), 2)
    except OSError as error:
        return _say(f"{options.out}：写不进去：{cause(error)}", 2)


def _write(options: argparse.Namespace, bounds: list[Bound]) -> int:
    from qifu.engines.rules.match import MatchFile
    from qifu.registers.enterprises.fact_book import fact_book

    if not bounds:
        return _say(f"{options.policies} 中没有在 {options.as_of} 生效的规则，没有写出文件。", 1)
    begun = time.monotonic()
    with MatchFile(options.out) as out:
        if options.engine == "spark":
            from qifu.engines.rules.spark import match_on_spark

            done = match_on_spark(
                bounds, options.facts, fact_book(), out,
                everything=options.all, place_code=place_code(options.as_of), master=options.master, shards=options.shards,
            )  # fmt: skip
        else:
            from qifu.engines.rules.match import match_file

            done = match_file(
                bounds, options.facts, fact_book(), out,
                everything=options.all, place_code=place_code(options.as_of), progress=_progress(begun),
            )  # fmt: skip
    took = time.monotonic() - begun
    return _say(
        f"{done:,} 户、{len(bounds):,} 条规则，写出 {out.rows:,} 行到 {options.out}（{took:.1f} 秒）", 0
    )


def _progress(begun: float) -> Callable[[int, int], None]:
    last = begun

    def tell(done: int, written: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= QUIET_SECONDS:
            last = now
            _say(f"已用 {now - begun:.0f} 秒：{done:,} 户，已得 {written:,} 行", 0)

    return tell


@contextmanager
def _stopped_by_terminate() -> Iterator[None]:
    """SIGTERM ends the run as Ctrl-C does, so that nothing half-written stays."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _say(message: str, code: int) -> int:
    print(message, file=sys.stderr, flush=True)
    return code
