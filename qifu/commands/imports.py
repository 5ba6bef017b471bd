"""`qifu import KIND FILE [--mapping M.yaml] [--dry-run]`: a table file into a list, by the same importer as the pages."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from qifu.commands.main import parser

if TYPE_CHECKING:
    from qifu.foundation.access import Actor
    from qifu.foundation.imports.file_mapping import FileMapping, FileProposal
    from qifu.foundation.imports.kinds import ImportKind
    from qifu.foundation.imports.models import Import

LARGEST = 4 << 30
MOST_SHOWN = 50
MOST_KINDS = 20


def main(argv: list[str]) -> int:
    """Run the command; 0 all rows are in, 1 some were refused, 2 wrong usage or unreadable file."""
    arguments = parser("import", "把表格文件导入一张表；可重复执行，已有的行不变")
    arguments.add_argument("kind", help="导入的表，见下；写错时会列出全部")
    add_options(arguments)
    options = vars(arguments.parse_args(argv))
    return run_file(options.pop("kind"), options.pop("file"), options.pop("mapping"), **options)


def add_options(arguments: argparse.ArgumentParser) -> None:
    """Add the file and the options of an import, named as `run_file` takes them."""
    arguments.add_argument("file", type=Path, help="CSV、TSV、XLSX、XLS 或 Parquet 文件")
    arguments.add_argument("--mapping", type=Path, default=None, help="栏目对应（YAML）；没有则按表头识别")
    arguments.add_argument(
        "--save-mapping", type=Path, default=None, help="把识别出的栏目对应存成 YAML 供修改"
    )
    arguments.add_argument(
        "--sheet", action="append", dest="sheets", default=[], help="只导入这张工作表；可写多次；没有则导入能识别的全部"
    )  # fmt: skip
    arguments.add_argument("--save-warnings", action="store_true", help="把已导入但请核对的行存成 CSV")
    arguments.add_argument(
        "--by",
        default="",
        help="以哪个登录名的身份导入：按其权限和辖区，没有写区划的行归其所在地；没有则以系统身份",
    )
    arguments.add_argument("--dry-run", action="store_true", help="只检查，不写入")


def run_file(
    kind_name: str, path: Path, mapping_path: Path | None = None, *, dry_run: bool = False,
    save_mapping: Path | None = None, sheets: Sequence[str] = (), save_warnings: bool = False, by: str = "",
) -> int:  # fmt: skip
    """Import a file from the command line with a progress line, and return the exit code of `main`."""
    from qifu.foundation.action import Refused
    from qifu.foundation.imports.file_mapping import from_yaml, to_yaml
    from qifu.foundation.imports.kinds import import_kinds
    from qifu.foundation.imports.queries import proposal_for
    from qifu.foundation.yaml_data import DataError

    kind = import_kinds().get(kind_name)
    if kind is None:
        known = "\n".join(f"  {one.name:<16}{one.title}" for one in import_kinds().values())
        return _unreadable(f"没有名为“{kind_name}”的导入，可用：\n{known}")
    actor = _actor(by)
    if actor is None:
        return _unreadable(f"没有登录名为“{by}”的在用账号")
    try:
        kept = from_yaml(mapping_path.read_bytes(), where=mapping_path.name) if mapping_path else None
        if kept is not None and kept["kind"] != kind.name:
            return _unreadable(f"{mapping_path}：这份栏目对应是“{kept['kind']}”的，不是“{kind.name}”的")
        with path.open("rb") as file:
            proposal = proposal_for(file, kind, sheets=sheets, kept=kept)
            _print_mapping(kind, proposal)
            if save_mapping is not None:
                save_mapping.write_text(to_yaml(kind.name, proposal.mapping), "utf-8")
            if missing := proposal.mapping.missing(kind.columns):
                return _unreadable(
                    f"没有找到必填的栏目：{'、'.join(missing)}。请用 --mapping 或 --sheet 指定"
                )
            if dry_run:
                return _check(kind, proposal.mapping, path)
            return _import(kind, proposal.mapping, path, save_warnings, actor)
    except OSError as error:
        missing_file = isinstance(error, FileNotFoundError)
        return _unreadable(
            f"{error.filename or path}：{'文件不存在' if missing_file else '打不开，请检查是不是文件、有没有读取权限'}"
        )
    except (Refused, DataError) as error:
        return _unreadable(str(error))


def _print_mapping(kind: ImportKind, proposal: FileProposal) -> None:
    """Tell which column is read as what, which are not taken, which sheets are left out."""
    titles = {column.name: column.title for column in kind.columns}
    mapping = proposal.mapping
    for part in mapping.parts:
        found = [
            f"{titles[name]}←{''.join(part.headings[place : place + 1]).replace(chr(10), ' ') or f'第{place + 1}列'}"
            for name, place in part.places.items()
            if name in titles
        ]
        where = f"，工作表“{part.sheet}”" if part.sheet else ""
        heading = f"表头在第 {part.heading_line} 行" if part.heading_line else "没有表头"
        print(f"{kind.title}{where}，{heading}：{'，'.join(found)}")
        if part.untaken:
            print(f"  未取用的列：{'、'.join(part.untaken)}")
    for sheet, rows in mapping.left:
        print(f"  没有导入的工作表：“{sheet}”{rows} 行（要导入时用 --sheet 指定）")
    for remark in proposal.remarks:
        print(f"  注意：{remark}")


def _check(kind: ImportKind, mapping: FileMapping, path: Path) -> int:
    """Tell what an import would remark, without writing; a row that some batch's writing would refuse may pass."""
    from qifu.foundation.imports.batches import BatchResult, check_rows, sort_out
    from qifu.foundation.imports.readings import readings
    from qifu.foundation.imports.table_file import open_table

    titles = {column.name: column.title for column in kind.columns}
    seen, refused, shown = 0, 0, 0
    with path.open("rb") as file:
        table = open_table(file)
        for part in mapping.parts:
            rows_left = readings(table, part)
            sheet = f"“{part.sheet}”" if len(mapping.parts) > 1 else ""
            while batch := list(islice(rows_left, kind.rows_at_once)):
                told = BatchResult()
                rows, _ = sort_out(batch, told)
                told.told.extend(check_rows(kind, rows))
                seen += len(batch)
                refused += len(told.refused)
                for remark in told.told[: max(MOST_SHOWN - shown, 0)]:
                    where = f"“{titles[remark.column]}”" if remark.column in titles else ""
                    print(f"  {sheet}第 {remark.number} 行{where}：{remark.reason}。{remark.proposal}")
                shown += len(told.told)
    if shown > MOST_SHOWN:
        print(f"  …… 另有 {shown - MOST_SHOWN} 处没有显示")
    print(f"检查了 {seen} 行，{refused} 行不能导入；没有写入任何数据。")
    return 1 if refused else 0


def _actor(login: str) -> Actor | None:
    """Return who imports: the system, or the active person of a login; None where there is none."""
    from qifu.foundation.access import SYSTEM
    from qifu.registers.people.models import Person

    if not login:
        return SYSTEM
    person = Person.objects.filter(username=login, is_active=True).first()
    return person.as_actor() if person is not None else None


def _import(kind: ImportKind, mapping: FileMapping, path: Path, save_warnings: bool, by: Actor) -> int:
    from qifu.foundation import clock
    from qifu.foundation.imports import actions
    from qifu.foundation.imports.models import Import
    from qifu.foundation.imports.run import run_import

    with path.open("rb") as file:
        row = actions.upload_import(
            kind=kind.name, filename=path.name, content=file, mapping=mapping, unclassified=True, by=by,
            at=clock.now(), limit=LARGEST,
        )  # fmt: skip
    actions.confirm_import(row=row, by=by, at=clock.now(), by_worker=False)
    began = time.monotonic()
    try:
        row = run_import(row.pk, clock=clock.now, report=_progress)
    except KeyboardInterrupt:
        actions.cancel_import(row=row, by=by, at=clock.now())
        row.refresh_from_db()
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(
        f"{row.dealt_with} 行，用时 {time.monotonic() - began:.1f} 秒：新增 {row.created}，更新 {row.updated}，"
        f"未变 {row.unchanged}，未导入 {row.refused}，空行、合计和表尾 {row.blank}"
    )
    _tell_warnings(row, path, save_warnings)
    if row.refused:
        for written in _write_rejected(row, path):
            print(f"未导入的行：{written}")
    if row.state != Import.State.DONE:
        print(
            row.fault or f"已停在第 {row.cursor} 行数据，可在工作台“批量导入”继续第 {row.pk} 号",
            file=sys.stderr,
        )
        return 2
    return 1 if row.refused else 0


def _progress(done: int, total: int, text: str) -> None:
    if sys.stderr.isatty() and total:
        print(f"\r{done}/{total} 行（{done * 100 // total}%）", end="", file=sys.stderr, flush=True)


def _tell_warnings(row: Import, path: Path, save: bool) -> None:
    """Count what is to be looked at by kind of remark, and write it all into a file where that is wanted."""
    from qifu.foundation.imports import queries, sheets

    if not row.remarked:
        return
    print(f"已处理但请核对：{row.remarked} 行，见工作台“批量导入”第 {row.pk} 号")
    kinds = queries.reasons(row, refused=False, most=MOST_KINDS + 1)
    for column, reason, number in kinds[:MOST_KINDS]:
        print(f"  {number:>7} 处  {column or '整行'}：{reason}")
    if len(kinds) > MOST_KINDS:
        print("  …… 还有其他提示，加 --save-warnings 存成文件查看")
    if save:
        data = sheets.csv_lines(["工作表", *sheets.TOLD], queries.warned_rows(row))
        print(f"请核对的行：{_write(path, '请核对.csv', b''.join(data)) or '没有写成，请检查目录是否可写'}")


def _write_rejected(row: Import, path: Path) -> list[Path]:
    """Write the refused rows beside the file, else into the working directory: CSV for each sheet, and a workbook."""
    from qifu.foundation.imports import queries, sheets

    written = []
    for number, sheet, _ in queries.refused_parts(row):
        lines = sheets.csv_lines(queries.rejected_headings(row, number), queries.rejected_rows(row, number))
        plain = re.sub(r'[\\/:*?"<>|]', "_", sheet)
        written.append(_write(path, f"未导入-{plain}.csv" if sheet else "未导入.csv", b"".join(lines)))
    if row.refused <= sheets.WORKBOOK_ROWS:
        written.append(_write(path, "未导入.xlsx", queries.rejected_book(row)))
    return [target for target in written if target is not None]


def _write(path: Path, ending: str, data: bytes) -> Path | None:
    for folder in (path.parent, Path.cwd()):
        target = folder / f"{path.stem}-{ending}"
        try:
            target.write_bytes(data)
            return target
        except OSError:
            continue
    return None


def _unreadable(message: str) -> int:
    print(message, file=sys.stderr)
    return 2
