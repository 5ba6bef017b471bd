"""`qifu enterprises import FILE [--mapping M.yaml]` and `qifu enterprises make N --seed S FILE.csv` (made-up rows)."""

from __future__ import annotations

import sys
from pathlib import Path

from qifu.commands.imports import add_options, run_file
from qifu.commands.main import parser


def main(argv: list[str]) -> int:
    """Run `import` (exit codes as `qifu import`) or `make`."""
    arguments = parser("enterprises", "企业：导入登记名录，或生成模拟名录")
    acts = arguments.add_subparsers(dest="act", required=True)
    importing = acts.add_parser("import", help="导入登记名录，同 qifu import enterprises")
    add_options(importing)
    making = acts.add_parser("make", help="生成模拟名录（CSV），每个名称都注明模拟")
    making.add_argument("count", type=int, help="行数")
    making.add_argument("file", type=Path, help="写到哪个文件")
    making.add_argument("--seed", default="2024", help="种子；同一种子生成同样的行")
    making.add_argument("--dirt", type=float, default=0.0, help="带一处毛病的行所占比例，0 到 1")
    options = arguments.parse_args(argv)
    if options.act == "import":
        chosen = vars(options)
        del chosen["act"]
        return run_file("enterprises", chosen.pop("file"), chosen.pop("mapping"), **chosen)
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
