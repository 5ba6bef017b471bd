"""`qifu enterprises …`: import a register, make up rows of a register or of facts, and make or verify the snapshot of facts."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

from qifu.commands.imports import add_options, run_file
from qifu.commands.main import parser


def main(argv: list[str]) -> int:
    """Run `import` (exit codes as `qifu import`), `make`, `facts` or `snapshot`."""
    arguments = parser("enterprises", "企业：导入登记名录，生成模拟名录、模拟事实，生成或核对事实快照")
    acts = arguments.add_subparsers(dest="act", required=True)
    importing = acts.add_parser("import", help="导入登记名录，同 qifu import enterprises")
    add_options(importing)
    making = acts.add_parser("make", help="生成模拟名录（CSV），每个名称都注明模拟")
    making.add_argument("count", type=int, help="行数")
    making.add_argument("file", type=Path, help="写到哪个文件")
    making.add_argument("--seed", default="2024", help="种子；同一种子生成同样的行")
    making.add_argument("--dirt", type=float, default=0.0, help="带一处毛病的行所占比例，0 到 1")
    facts = acts.add_parser("facts", help="生成模拟的企业事实：.parquet 为保存值，.csv 按事实目录所写的单位")
    facts.add_argument("count", type=int, help="行数")
    facts.add_argument("file", type=Path, help="写到哪个文件")
    facts.add_argument("--seed", default="2024", help="种子；同一种子生成同样的行")
    facts.add_argument("--as-of", type=date.fromisoformat, metavar="日期", help="事实截至哪一天，默认今天")
    taking = acts.add_parser("snapshot", help="从事实库生成快照（默认只更新有变化的企业）")
    taking.add_argument("--whole", action="store_true", help="全部重新生成")
    taking.add_argument("--verify", action="store_true", help="只核对快照文件与清单是否一致")
    taking.add_argument("--folder", type=Path, metavar="目录", help="默认在数据目录的 fact_snapshots 下")
    options = arguments.parse_args(argv)
    if options.act == "import":
        chosen = vars(options)
        del chosen["act"]
        return run_file("enterprises", chosen.pop("file"), chosen.pop("mapping"), **chosen)
    if options.act == "facts":
        return _facts(options.count, options.file, options.seed, options.as_of)
    if options.act == "snapshot":
        return _snapshot(options)
    return _make(options.count, options.file, options.seed, options.dirt)


def _make(count: int, path: Path, seed: str, dirt: float) -> int:
    from qifu.foundation import clock
    from qifu.registers.enterprises.demo import counties
    from qifu.registers.enterprises.generate import make, write_csv

    known = counties(clock.today())
    if count < 1 or not 0 <= dirt <= 1:
        print("行数至少为 1，--dirt 在 0 到 1 之间。", file=sys.stderr)
        return 2
    if not known:
        print("还没有行政区划，请先运行 qifu migrate。", file=sys.stderr)
        return 2
    try:
        written = write_csv(path, make(count, seed, known, dirt=dirt))
    except OSError as error:
        print(f"{path}：写不进去（{error.strerror}）", file=sys.stderr)
        return 2
    print(f"已写 {written} 行模拟数据到 {path}")
    return 0


def _facts(count: int, path: Path, seed: str, as_of: date | None) -> int:
    from django.conf import settings

    from qifu.foundation import clock
    from qifu.registers.divisions.division_book import load_divisions
    from qifu.registers.enterprises.fact_book import fact_book
    from qifu.registers.enterprises.generate_facts import (
        MOST,
        Making,
        blocks,
        place_weights,
        write_csv,
        write_parquet,
    )

    if not 0 < count <= MOST or path.suffix not in (".csv", ".parquet"):
        print(f"行数应在 1 到 {MOST} 之间，文件名以 .parquet 或 .csv 结尾。", file=sys.stderr)
        return 2
    day = as_of or clock.today()
    counties = load_divisions(settings.PROVINCE_DIR / "divisions.yaml").as_of(day).of_kind("county")
    making = Making(
        count, seed, day, place_weights((row.code, row.parent or "") for row in counties), fact_book()
    )
    try:
        written = (
            write_csv(path, blocks(making), making.facts)
            if path.suffix == ".csv"
            else write_parquet(path, making)
        )
    except OSError as error:
        print(f"{path}：写不进去（{error.strerror}）", file=sys.stderr)
        return 2
    print(f"已写 {written} 家企业的模拟事实到 {path}")
    return 0


def _snapshot(options: argparse.Namespace) -> int:
    from qifu.foundation import clock
    from qifu.registers.enterprises import fact_snapshots, snapshot

    root = options.folder or fact_snapshots.folder()
    try:
        if not options.verify:
            at = clock.now()
            made = fact_snapshots.snapshot_from_store(clock.today(), at=at, whole=options.whole, root=root)
            print(f"快照在 {made.folder}：{made.rows} 家企业，{len(made.parts)} 个部分，截至 {made.as_of}")
            return 0
        problems = snapshot.verify(snapshot.current(root))
    except (snapshot.SnapshotProblem, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    print("\n".join(problems) if problems else "快照文件与清单一致。")
    return 1 if problems else 0
