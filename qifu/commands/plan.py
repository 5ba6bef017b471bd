"""`qifu plan read FILE [--json]`: what an official notice says, as tables or JSON; needs no site.

`qifu plan verify` asks the site's tables whether every rule of the living plan holds.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from qifu.engines.official_documents import UnreadableDocument, read_document
from qifu.engines.official_documents.load_file import load_file

if TYPE_CHECKING:
    from qifu.engines.official_documents import UnitNames
    from qifu.engines.official_documents.grid import SourceDocument


def main(argv: list[str]) -> int:
    """Run `qifu plan …`; 0 done, 1 something does not hold, 2 wrong usage or unreadable file."""
    if argv[:1] == ["read"]:
        return read(argv[1:])
    if argv == ["verify"]:
        return verify()
    print("用法：qifu plan read 文件 [--json]\n      qifu plan verify", file=sys.stderr)
    return 0 if argv[:1] in (["-h"], ["--help"]) else 2


def read(argv: list[str]) -> int:
    """Print the plan of one file; 2 and one line on standard error when it cannot be read."""
    parser = argparse.ArgumentParser(prog="qifu plan read", description="读取工作要点等公文")
    parser.add_argument("file", help="txt、docx、html 或文字版 pdf")
    parser.add_argument("--json", action="store_true", help="输出约定格式的 JSON")
    parser.add_argument(
        "--province", default=None, help="省份数据目录（默认 provinces/zhejiang），用来统一单位名称"
    )
    options = parser.parse_args(argv)
    try:
        document = load_file(options.file)
        reading = read_document(document, names=_names(document, options.province))
    except UnreadableDocument as error:
        print(error, file=sys.stderr)
        return 2
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    if options.json:
        json.dump(reading.to_json(), sys.stdout, ensure_ascii=False, indent=1)
        print()
    else:
        from qifu.engines.official_documents.terminal import render

        print(render(reading.plan), end="")
    return 0


def verify() -> int:
    """Print each place where the living plan and its events disagree; 1 when there is one."""
    from qifu.commands.main import start_site

    if not start_site():
        return 1
    from qifu.services.work_plans.queries.verify import faults

    count = 0
    for fault in faults():
        print(fault)
        count += 1
    print(f"共 {count} 处不符。" if count else "全部相符。")
    return 1 if count else 0


def _names(document: SourceDocument, chosen: str | None) -> UnitNames | None:
    """The province's name book, unless the notice is another province's: 省发改委 there is not ours."""
    folder = Path(
        chosen or os.environ.get("QIFU_PROVINCE") or Path(__file__).parents[2] / "provinces" / "zhejiang"
    )
    if not folder.is_dir():
        return None
    from qifu.registers.organisations.name_book import load_names

    book: UnitNames = load_names(folder)
    return book if chosen or _is_of(document, folder) else None


def _is_of(document: SourceDocument, folder: Path) -> bool:
    from qifu.engines.official_documents.grid import Row
    from qifu.registers.divisions.division_book import load_divisions

    divisions = load_divisions(folder / "divisions.yaml")
    stems = [row.name.rstrip("省市") for kind in ("province", "city") for row in divisions.of_kind(kind)]
    text = "".join(
        "".join(block.texts) if isinstance(block, Row) else block.text for block in document.blocks
    )
    return stems[0] in text or sum(stem in text for stem in stems[1:]) >= 2
