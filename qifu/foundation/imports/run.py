"""Running an import from where it stands to its end: by the worker as a job, or by a command in its own process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice

from qifu.foundation.access import SYSTEM, NotFound
from qifu.foundation.files.storage import open_file
from qifu.foundation.imports import actions
from qifu.foundation.imports.kinds import import_kinds
from qifu.foundation.imports.models import Import
from qifu.foundation.imports.readings import Reading, readings, rows_below
from qifu.foundation.imports.table_file import Table, UnreadableTable, open_table
from qifu.foundation.jobs import Running, handles

Report = Callable[[int, int, str], None]


@handles(actions.JOB)
def run_as_job(running: Running) -> None:
    """Run the import of the job; safe to repeat, since it goes on after the cursor."""
    run_import(int(running.ids["of"]), clock=running.clock, report=running.report)


def run_import(import_id: int, *, clock: Callable[[], datetime], report: Report) -> Import:
    """Write what is left of an import in batches and return it as it then stands.

    `report(done, total, text)` is called after each batch; what it raises stops the run between two batches.
    """
    row: Import = Import.objects.select_related("file").get(pk=import_id)
    if row.state != Import.State.RUNNING:
        return row
    try:
        if row.file is None:
            raise FileNotFoundError
        with open_file(row.file) as file:
            _write_rest(row, open_table(file), clock, report)
    except (UnreadableTable, FileNotFoundError) as error:
        fault = str(error) if isinstance(error, UnreadableTable) else "原文件已不在系统中，请重新上传"
        actions.fail_import(import_id=row.pk, fault=fault, by=SYSTEM, at=clock())
    except NotFound:
        fault = "执行人已没有导入这张表的权限；由有权限的人点“继续”，从中断处接着导入"
        actions.fail_import(import_id=row.pk, fault=fault, by=SYSTEM, at=clock())
    except actions.Overtaken:
        pass
    row.refresh_from_db()
    return row


def _write_rest(row: Import, table: Table, clock: Callable[[], datetime], report: Report) -> None:
    total = row.total
    if total is None:
        report(0, 0, "正在清点行数")
        total = sum(rows_below(table, part) for part in row.read_by.parts)
        actions.count_rows(import_id=row.pk, total=total, by=SYSTEM, at=clock())
    cursor = row.cursor
    for part, batch in _batches(row, table):
        written = actions.write_batch(
            import_id=row.pk, start=cursor, part=part, batch=batch, by=SYSTEM, at=clock()
        )
        cursor = written.cursor
        report(cursor, total, f"已处理 {cursor} 行")
    actions.finish_import(import_id=row.pk, total=total, by=SYSTEM, at=clock())


def _batches(row: Import, table: Table) -> Iterator[tuple[int, list[Reading]]]:
    """Yield the rows after the cursor in batches, each with the number (from 0) of the part that it stands in."""
    size, passed = import_kinds()[row.kind].rows_at_once, row.cursor
    for number, part in enumerate(row.read_by.parts):
        if passed:
            below = rows_below(table, part)
            if passed >= below:
                passed -= below
                continue
        rest = readings(table, part, skip=passed)
        passed = 0
        while batch := list(islice(rest, size)):
            yield number, batch
