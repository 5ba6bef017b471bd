"""`qifu import KIND FILE [--mapping M.yaml] [--dry-run]`: a table file into a list, by the same importer as the pages."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from qifu.commands.main import parser

if TYPE_CHECKING:
    from qifu.foundation.imports.kinds import ImportKind
    from qifu.foundation.imports.mapping import Proposal
    from qifu.foundation.imports.models import Import

LARGEST = 4 << 30


def main(argv: list[str]) -> int:
    """Run the command; 0 all rows are in, 1 some were refused, 2 wrong usage or unreadable file."""
    arguments = parser("import", "把表格文件导入一张表；可重复执行，已有的行不变")
    arguments.add_argument("kind", help="导入的表，见下；写错时会列出全部")
    arguments.add_argument("file", type=Path, help="CSV、TSV、XLSX 或 XLS 文件")
    arguments.add_argument("--mapping", type=Path, default=None, help="栏目对应（YAML）；没有则按表头识别")
    arguments.add_argument(
        "--save-mapping", type=Path, default=None, help="把识别出的栏目对应存成 YAML 供修改"
    )
    arguments.add_argument("--dry-run", action="store_true", help="只检查，不写入")
    options = arguments.parse_args(argv)
    return run_file(
        options.kind,
        options.file,
        options.mapping,
        dry_run=options.dry_run,
        save_mapping=options.save_mapping,
    )


def run_file(
    kind_name: str, path: Path, mapping_path: Path | None = None, *, dry_run: bool = False,
    save_mapping: Path | None = None,
) -> int:  # fmt: skip
    """Import a file from the command line with a progress line, and return the exit code of `main`."""
    from qifu.foundation.action import Refused
    from qifu.foundation.imports.kinds import import_kinds
    from qifu.foundation.imports.mapping import from_yaml, to_yaml
    from qifu.foundation.imports.queries import proposal_for
    from qifu.foundation.yaml_data import DataError

    kind = import_kinds().get(kind_name)
    if kind is None:
        known = "\n".join(f"  {one.name:<16}{one.title}" for one in import_kinds().values())
        return _unreadable(f"没有名为“{kind_name}”的导入，可用：\n{known}")
    try:
        kept = from_yaml(mapping_path.read_bytes(), where=mapping_path.name) if mapping_path else None
        if kept is not None and kept["kind"] != kind.name:
            return _unreadable(f"{mapping_path}：这份栏目对应是“{kept['kind']}”的，不是“{kind.name}”的")
        with path.open("rb") as file:
            proposal = proposal_for(file, kind, kept=kept)
            _print_mapping(kind, proposal)
            if save_mapping is not None:
                save_mapping.write_text(to_yaml(kind.name, proposal.mapping), "utf-8")
            missing = [c.title for c in kind.columns if c.required and c.name not in proposal.mapping.places]
            if missing:
                return _unreadable(f"没有找到必填的栏目：{'、'.join(missing)}。请用 --mapping 指定")
            return _check(kind, proposal, path) if dry_run else _import(kind, proposal, path)
    except OSError as error:
        missing_file = isinstance(error, FileNotFoundError)
        return _unreadable(
            f"{error.filename or path}：{'文件不存在' if missing_file else '打不开，请检查是不是文件、有没有读取权限'}"
        )
    except (Refused, DataError) as error:
        return _unreadable(str(error))


def _print_mapping(kind: ImportKind, proposal: Proposal) -> None:
    mapping = proposal.mapping
    titles = {column.name: column.title for column in kind.columns}
    found = [
        f"{titles[name]}←{mapping.headings[place] or f'第{place + 1}列'}"
        for name, place in mapping.places.items()
    ]
    print(f"{kind.title}：{'，'.join(found)}")
    for remark in proposal.remarks:
        print(f"  注意：{remark}")


def _check(kind: ImportKind, proposal: Proposal, path: Path) -> int:
    """Tell what an import would remark, without writing; a row that some batch's writing would refuse may pass."""
    from itertools import islice

    from qifu.foundation.imports.batches import BatchResult, sort_out
    from qifu.foundation.imports.readings import readings
    from qifu.foundation.imports.table_file import open_table

    titles = {column.name: column.title for column in kind.columns}
    seen, refused, shown = 0, 0, 0
    with path.open("rb") as file:
        rows_left = readings(open_table(file, sheet=proposal.mapping.sheet), proposal.mapping)
        while batch := list(islice(rows_left, kind.rows_at_once)):
            told = BatchResult()
            rows, _ = sort_out(batch, told)
            told.told.extend(kind.check(rows) if rows else ())
            seen += len(batch)
            refused += len(told.refused)
            for remark in told.told:
                if shown < 50:
                    shown += 1
                    where = f"“{titles[remark.column]}”" if remark.column in titles else ""
                    print(f"  第 {remark.number} 行{where}：{remark.reason}。{remark.proposal}")
    print(f"检查了 {seen} 行，{refused} 行不能导入；没有写入任何数据。")
    return 1 if refused else 0


def _import(kind: ImportKind, proposal: Proposal, path: Path) -> int:
    from qifu.foundation import clock
    from qifu.foundation.access import SYSTEM
    from qifu.foundation.imports import actions
    from qifu.foundation.imports.models import Import
    from qifu.foundation.imports.run import run_import

    with path.open("rb") as file:
        row = actions.upload_import(
            kind=kind.name, filename=path.name, content=file, mapping=proposal.mapping, unclassified=True, by=SYSTEM,
            at=clock.now(), limit=LARGEST,
        )  # fmt: skip
    actions.confirm_import(row=row, by=SYSTEM, at=clock.now(), by_worker=False)
    began = time.monotonic()
    try:
        row = run_import(row.pk, clock=clock.now, report=_progress)
    except KeyboardInterrupt:
        actions.cancel_import(row=row, by=SYSTEM, at=clock.now())
        row.refresh_from_db()
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(
        f"{row.dealt_with} 行，用时 {time.monotonic() - began:.1f} 秒：新增 {row.created}，更新 {row.updated}，"
        f"未变 {row.unchanged}，未导入 {row.refused}，空行和合计行 {row.blank}"
    )
    if row.remarked:
        print(f"已导入但请核对：{row.remarked} 行，见工作台“批量导入”第 {row.pk} 号")
    if row.refused:
        for written in _write_rejected(row, path):
            print(f"未导入的行：{written}")
    if row.state != Import.State.DONE:
        print(
            row.fault or f"已停在第 {row.cursor} 行，可在工作台“批量导入”继续第 {row.pk} 号", file=sys.stderr
        )
        return 2
    return 1 if row.refused else 0


def _progress(done: int, total: int, text: str) -> None:
    if sys.stderr.isatty() and total:
        print(f"\r{done}/{total} 行（{done * 100 // total}%）", end="", file=sys.stderr, flush=True)


def _write_rejected(row: Import, path: Path) -> list[Path]:
    """Write the refused rows beside the file, else into the working directory."""
    from qifu.foundation.imports import queries, sheets

    written = []
    for folder in (path.parent, Path.cwd()):
        try:
            target = folder / f"{path.stem}-未导入.csv"
            with target.open("wb") as out:
                out.writelines(sheets.csv_lines(queries.rejected_headings(row), queries.rejected_rows(row)))
            written.append(target)
            if row.refused <= sheets.WORKBOOK_ROWS:
                book = target.with_suffix(".xlsx")
                headings = queries.rejected_headings(row)
                book.write_bytes(sheets.workbook(headings, queries.rejected_rows(row), title="未导入"))
                written.append(book)
            return written
        except OSError:
            continue
    return written


def _unreadable(message: str) -> int:
    print(message, file=sys.stderr)
    return 2
