"""Verbs on imports: upload, map, confirm, cancel, resume; and what the run itself writes, batch by batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, BinaryIO

from django.urls import NoReverseMatch, reverse

from qifu.foundation import access, jobs
from qifu.foundation.access import Actor, Permission, declare_permissions
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.files import checks
from qifu.foundation.files.storage import store
from qifu.foundation.imports.batches import starter, write_rows
from qifu.foundation.imports.file_mapping import FileMapping
from qifu.foundation.imports.kinds import ImportKind, import_kinds
from qifu.foundation.imports.models import Import, ImportRemark
from qifu.foundation.imports.readings import Reading
from qifu.foundation.notices import notify

State = Import.State
JOB = "imports.run"
declare_permissions(Permission("imports.run", "执行导入（后台作业）", {}))


class Overtaken(Exception):
    """The import was cancelled, or another worker has taken it further: whoever runs it stops quietly."""


def kind_of(name: str, by: Actor, at: datetime) -> ImportKind:
    """Return the kind of that name, if the actor may import it; raises access.NotFound."""
    kind = import_kinds().get(name)
    if kind is None:
        raise access.NotFound(f"import kind {name}")
    access.require(by, kind.permission, at)
    return kind


@action("imports.upload", title="上传要导入的文件", permission="imports.use")
def upload_import(
    *, kind: str, filename: str, content: BinaryIO, mapping: FileMapping, unclassified: bool, by: Actor, at: datetime,
    limit: int | None = None,
) -> Import:  # fmt: skip
    """Keep a file with the proposed mapping of its columns; nothing is imported yet.

    `unclassified` is the person's word that the file is no state secret; without it nothing is kept.
    """
    kind_of(kind, by, at)
    if not unclassified:
        raise Refused("请先确认文件不涉密", unclassified="涉密文件不得上传；确认不涉密后请勾选")
    name = checks.safe_name(filename)
    if checks.extension_of(name) in (".txt", ".text", ".dat"):  # a table all the same
        filename = name + ".csv"
    stored = store(content, name=filename, allowed=checks.TABLES, refuse_encrypted=True, limit=limit)
    row = Import(
        kind=kind, file=stored, filename=name, mapping=mapping.to_json(), created_at=at, created_by=by.id,
        created_by_name=by.name,
    )  # fmt: skip
    row.save()
    act = current_act()
    act.about(row)
    act.note(import_kind=kind, digest=stored.sha256, bytes=stored.size)
    return row


@action("imports.map_columns", title="核对栏目对应", permission="imports.use", on="row")
def map_columns(*, row: Import, mapping: FileMapping, by: Actor, at: datetime) -> Import:
    """Say which sheets are imported and which column is which; possible until the import starts."""
    kind = kind_of(row.kind, by, at)
    fresh = _locked(row, State.MAPPING)
    names = {column.name for column in kind.columns}
    if not mapping.parts:
        raise Refused("请至少选择一张工作表")
    for part in mapping.parts:
        if set(part.places) - names or len(set(part.places.values())) < len(part.places):
            raise Refused("栏目对应有误：每个栏目只能对应文件中的一列")
    fresh.mapping = mapping.to_json()
    fresh.save()
    current_act().about(fresh)
    return fresh


@action("imports.confirm", title="开始导入", permission="imports.use", on="row")
def confirm_import(*, row: Import, by: Actor, at: datetime, by_worker: bool = True) -> Import:
    """Start the import as it is mapped; `by_worker` leaves the work to `qifu worker`, else the caller runs it."""
    kind = kind_of(row.kind, by, at)
    fresh = _locked(row, State.MAPPING)
    if missing := fresh.read_by.missing(kind.columns):
        raise Refused(f"还没有指定必填的栏目：{'、'.join(missing)}")
    fresh.started_at = at
    _run(fresh, by, by_worker)
    return fresh


@action("imports.cancel", title="取消导入", permission="imports.use", on="row")
def cancel_import(*, row: Import, by: Actor, at: datetime) -> Import:
    """Stop after the batch under way; what is in stays in, and the import can be resumed exactly there."""
    kind_of(row.kind, by, at)
    fresh = _locked(row, State.MAPPING, State.RUNNING)
    fresh.state, fresh.finished_at = State.CANCELLED, at
    fresh.save()
    if fresh.job_id is not None:
        jobs.cancel(fresh.job_id, at=at)
    act = current_act()
    act.about(fresh)
    act.note(rows=fresh.dealt_with)
    return fresh


@action("imports.resume", title="继续导入", permission="imports.use", on="row")
def resume_import(*, row: Import, by: Actor, at: datetime, by_worker: bool = True) -> Import:
    """Go on with a cancelled or interrupted import after the last row that was dealt with."""
    kind_of(row.kind, by, at)
    fresh = _locked(row, State.CANCELLED, State.FAILED, State.RUNNING)
    if fresh.state == State.RUNNING and is_under_way(fresh):
        raise Refused("正在导入，不需要继续")
    fresh.finished_at, fresh.fault = None, ""
    if fresh.started_at is None:
        fresh.state = State.MAPPING
        fresh.save()
        current_act().about(fresh)
    else:
        _run(fresh, by, by_worker)
    return fresh


def is_under_way(row: Import) -> bool:
    """Tell whether a job that will go on with a running import is there."""
    open_states = [jobs.Job.State.WAITING, jobs.Job.State.RUNNING]
    return row.job_id is not None and jobs.Job.objects.filter(pk=row.job_id, state__in=open_states).exists()


def _run(row: Import, by: Actor, by_worker: bool) -> None:
    row.state, row.run_by, row.run_by_name = State.RUNNING, by.id, by.name
    row.job_id = jobs.enqueue(JOB, unique_key=f"{JOB}:{row.pk}", of=row.pk).pk if by_worker else None
    row.save()
    act = current_act()
    act.about(row)
    act.note(import_kind=row.kind, rows=row.dealt_with)


def _locked(row: Import, *states: str) -> Import:
    fresh: Import = Import.objects.select_for_update().get(pk=row.pk)
    if fresh.state not in states:
        raise Refused(f"这次导入{State(fresh.state).label}，不能这样操作，请刷新页面")
    return fresh


@action("imports.write_batch", title="导入一批", permission="imports.run")
def write_batch(
    *, import_id: int, start: int, part: int, batch: Sequence[Reading], by: Actor, at: datetime
) -> Import:
    """Write the rows of `batch`, which follow the first `start` ones, keep what is to be told, and move the cursor.

    All of them stand in one part (sheet) of the file; all in one transaction. Raises Overtaken when the import no longer stands at `start`.
    """
    row: Import = Import.objects.select_for_update().get(pk=import_id)
    if row.state != State.RUNNING or row.cursor != start:
        raise Overtaken
    kind, parts = import_kinds()[row.kind], row.read_by.parts
    sheet = parts[part].sheet if len(parts) > 1 else ""
    result = write_rows(kind, batch, source=row.source(part), by=starter(row), at=at)
    row.created += result.outcome.created
    row.updated += result.outcome.updated
    row.unchanged += result.outcome.unchanged
    row.refused += len(result.refused)
    row.blank += result.blank
    row.remarked += len(result.remarked)
    row.cursor += len(batch)
    row.save()
    ImportRemark.objects.bulk_create(
        ImportRemark(of=row, sheet=sheet, **fields) for fields in result.remarks(kind, batch)
    )
    act = current_act()
    act.about(row)
    act.note(
        rows=len(batch), created=result.outcome.created, updated=result.outcome.updated,
        unchanged=result.outcome.unchanged, refused=len(result.refused), blank=result.blank,
    )  # fmt: skip
    return row


@action("imports.finish", title="导入结束", permission="imports.run")
def finish_import(*, import_id: int, total: int, by: Actor, at: datetime) -> Import:
    """Close an import whose every row is counted; where the counts do not agree with the file, say so."""
    row: Import = Import.objects.select_for_update().get(pk=import_id)
    if row.state != State.RUNNING:
        raise Overtaken
    row.total, row.finished_at = total, at
    row.state = State.DONE
    if row.dealt_with != total or row.cursor != total:
        row.state = State.FAILED
        row.fault = f"计数不符：文件有 {total} 行，已计 {row.dealt_with} 行，请联系系统管理员"
    row.save()
    _tell(row)
    return row


@action("imports.fail", title="导入中断", permission="imports.run")
def fail_import(*, import_id: int, fault: str, by: Actor, at: datetime) -> Import:
    """Keep why an import cannot go on; what is in stays in."""
    row: Import = Import.objects.select_for_update().get(pk=import_id)
    if row.state == State.RUNNING:
        row.state, row.fault, row.finished_at = State.FAILED, fault[:500], at
        row.save()
        _tell(row)
    return row


@action("imports.count_rows", title="统计行数", permission="imports.run")
def count_rows(*, import_id: int, total: int, by: Actor, at: datetime) -> None:
    """Keep how many rows the file has below its headings, for the progress bar."""
    Import.objects.filter(pk=import_id).update(total=total)


def _tell(row: Import) -> None:
    act = current_act()
    act.about(row)
    counts: dict[str, Any] = {
        name: getattr(row, name) for name in ("created", "updated", "unchanged", "refused", "blank")
    }
    act.note(import_kind=row.kind, rows=row.dealt_with, **counts)
    if row.run_by is None:
        return
    try:
        link = reverse("import", args=[row.pk])
    except NoReverseMatch:
        link = ""
    end = "已完成" if row.state == State.DONE else "已中断，请查看原因"
    title = import_kinds()[row.kind].title
    notify([row.run_by], title=f"{title}导入{end}：{row.dealt_with} 行，未导入 {row.refused} 行", link=link)
