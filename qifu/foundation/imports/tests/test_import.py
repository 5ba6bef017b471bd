"""The life of an import: each row counted once, through cancel, crash, resume, repeat, failing lists and lost rights."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import OperationalError
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from qifu.foundation import access, jobs
from qifu.foundation.access import NotFound
from qifu.foundation.action import Refused
from qifu.foundation.imports import actions, queries, sheets
from qifu.foundation.imports.batches import BatchResult
from qifu.foundation.imports.file_mapping import FileMapping
from qifu.foundation.imports.kinds import ImportKind, Outcome, Remark, SourceRow, import_kinds
from qifu.foundation.imports.lines import Line
from qifu.foundation.imports.mapping import ColumnMapping
from qifu.foundation.imports.models import ImportRemark
from qifu.foundation.imports.readings import Reading, readings
from qifu.foundation.imports.run import run_import
from qifu.foundation.imports.table_file import open_table
from qifu.foundation.imports.tests import lists
from qifu.foundation.imports.tests.lists import AT, KIND, Behaviour, begin, counts, run, table, titles, upload
from qifu.foundation.notices import Notice
from qifu.foundation.tests.acts import PERSON, AuditRow, OneRole, act
from qifu.foundation.tests.at_once import at_once

pytestmark = [pytest.mark.django_db]
ROWS = [f"{n % 5 + 1},标题{n}" for n in range(35)]


def worker() -> None:
    while jobs.run_one(worker="w", clock=lambda: AT):
        pass


def test_every_row_arrives_or_is_reported() -> None:
    rows = [*ROWS, "x,坏", "", "1," + "长" * 120, '"2,引号', "1,2,3,4", "合计,", "3,炸"]
    row = run(begin(table(*rows)))
    assert row.state == "done", row.fault
    assert counts(row) == {"created": 37, "refused": 3, "blank": 2} and row.total == row.dealt_with == 42
    told = {(r.row_number, r.column, r.refused) for r in ImportRemark.objects.all()}
    assert told == {
        (37, "收件人", True), (39, "标题", False), (40, "", False), (41, "", True), (42, "", False), (43, "", True),
    }  # fmt: skip
    last = ImportRemark.objects.get(row_number=43)
    assert "ZeroDivisionError" in last.reason and last.line == ["3", "炸"]
    assert len(titles()) == 37 and "炸" not in titles()
    batches = AuditRow.objects.filter(act="imports.write_batch").order_by("pk")
    assert sum(audit.facts["rows"] for audit in batches) == 42
    assert not any("标题" in str(audit.facts) for audit in AuditRow.objects.all())


def test_the_same_file_again_changes_nothing() -> None:
    run(begin(table(*ROWS)))
    again = run(begin(table(*ROWS)))
    assert counts(again) == {"unchanged": 35} and len(titles()) == 35


def test_a_crash_in_the_middle_loses_nothing_and_resumes_exactly() -> None:
    row = begin(table(*ROWS), by_worker=True)

    def crash(rows: Sequence[SourceRow]) -> None:
        if rows[0].number == 22:
            raise SystemExit  # as if the process were killed within the third batch

    Behaviour.before = crash
    with pytest.raises(SystemExit):
        worker()
    row.refresh_from_db()
    assert (row.cursor, row.created, len(titles())) == (20, 20, 20)
    Behaviour.before = None
    later = AT + jobs.LEASE * 2
    assert jobs.run_one(worker="other", clock=lambda: later)
    row.refresh_from_db()
    assert row.state == "done" and counts(row) == {"created": 35}
    assert titles() == [f"标题{n}" for n in range(35)]


def test_cancel_stops_between_batches_and_resume_goes_on_there() -> None:
    row = begin(table(*ROWS), by_worker=True)
    seen: list[int] = []

    def report(done: int, total: int, text: str) -> None:
        seen.append(done)
        if done == 10:
            actions.cancel_import(row=row, by=access.SYSTEM, at=AT)

    run_import(row.pk, clock=lambda: AT, report=report)
    row.refresh_from_db()
    assert (row.state, row.cursor, row.created, seen) == ("cancelled", 10, 10, [0, 10])
    assert jobs.Job.objects.get(pk=row.job_id).state == "cancelled"
    worker()
    assert len(titles()) == 10
    actions.resume_import(row=row, by=access.SYSTEM, at=AT)
    with pytest.raises(Refused, match="正在导入"):
        actions.resume_import(row=row, by=access.SYSTEM, at=AT)
    worker()
    row.refresh_from_db()
    assert row.state == "done" and counts(row) == {"created": 35}
    with pytest.raises(Refused, match="已完成"):
        actions.cancel_import(row=row, by=access.SYSTEM, at=AT)


def test_a_database_that_is_away_is_waited_for_and_no_row_blamed() -> None:
    row = begin(table(*ROWS), by_worker=True)

    def away(rows: Sequence[SourceRow]) -> None:
        raise OperationalError("gone")

    Behaviour.before = away
    jobs.run_one(worker="w", clock=lambda: AT)
    job = jobs.Job.objects.get(pk=row.job_id)
    assert (job.state, ImportRemark.objects.count(), len(titles())) == ("waiting", 0, 0)
    Behaviour.before = None
    jobs.run_one(worker="w", clock=lambda: job.run_at)
    row.refresh_from_db()
    assert row.state == "done" and len(titles()) == 35


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch) -> OneRole:
    """A person with the role test_keeper, who may import the test's list."""
    authority = OneRole(7)
    monkeypatch.setattr(access, "_authorities", [authority])
    allowed = access.Permission("imports.use", "批量导入", {"test_keeper": ("of_kind",)})
    monkeypatch.setitem(access._permissions, "imports.use", allowed)
    return authority


def test_rights_are_asked_for_each_batch(keeper: OneRole) -> None:
    row = begin(table(*ROWS), by=PERSON, by_worker=True)

    def dismiss(rows: Sequence[SourceRow]) -> None:
        keeper.holders = ()

    Behaviour.before = dismiss
    worker()
    row.refresh_from_db()
    assert (row.state, row.created) == ("failed", 10) and "没有导入这张表的权限" in row.fault
    assert Notice.objects.filter(recipient_id=7, title__contains="已中断").count() == 1
    with pytest.raises(NotFound):
        actions.resume_import(row=row, by=PERSON, at=AT)
    keeper.holders = (7,)
    Behaviour.before = None
    actions.resume_import(row=row, by=PERSON, at=AT)
    worker()
    row.refresh_from_db()
    assert row.state == "done" and counts(row) == {"created": 35}


def test_who_may_not_import_the_list_sees_nothing(keeper: OneRole) -> None:
    row = upload(table(*ROWS), by=PERSON)
    stranger = access.Actor(kind="person", id=8)
    assert queries.kinds_for(PERSON, AT) == [KIND] and queries.kinds_for(stranger, AT) == []
    assert list(queries.imports(PERSON, AT)) == [row] and list(queries.imports(stranger, AT)) == []
    for attempt in (
        lambda: upload("收件人,标题\n", by=stranger),
        lambda: actions.confirm_import(row=row, by=stranger, at=AT),
        lambda: actions.cancel_import(row=row, by=stranger, at=AT),
        lambda: queries.one_import(stranger, AT, row.pk),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_what_may_be_classified_is_not_kept_and_required_columns_must_be_there() -> None:
    file = io.BytesIO(b"x\n1\n")
    mapping = queries.proposal_for(file, KIND).mapping
    options: dict[str, Any] = {
        "kind": KIND.name,
        "filename": "a.csv",
        "mapping": mapping,
        "by": access.SYSTEM,
        "at": AT,
    }
    with pytest.raises(Refused, match="不涉密"):
        actions.upload_import(content=file, unclassified=False, **options)
    row = actions.upload_import(content=file, unclassified=True, **options)
    with pytest.raises(Refused, match="必填的栏目：收件人、标题"):
        actions.confirm_import(row=row, by=access.SYSTEM, at=AT)
    both = FileMapping((ColumnMapping({"recipient": 0, "title": 0}, 1, ("x",)),))
    with pytest.raises(Refused, match="只能对应文件中的一列"):
        actions.map_columns(row=row, mapping=both, by=access.SYSTEM, at=AT)


@pytest.mark.parametrize("content", ["收件人,标题", "收件人,标题\n\n\n"])
def test_a_heading_alone_is_an_import_of_nothing(content: str) -> None:
    row = run(begin(content))
    assert row.state == "done" and row.created == 0 and row.total == row.blank


def test_a_file_that_is_gone_is_told() -> None:
    row = begin(table(*ROWS))
    default_storage.delete(row.file.stored_at)
    assert "已不在系统中" in run(row).fault


def test_a_list_that_counts_wrongly_cannot_lose_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def write(*, rows: Sequence[SourceRow], **_: Any) -> Outcome:
        return Outcome(created=sum(1 for row in rows if row.values["title"] != "丢"))

    forgetful = ImportKind(
        "test_notices", "忘", "test.write", lists.COLUMNS, write=write, check=lambda rows: []
    )
    monkeypatch.setattr("qifu.foundation.imports.kinds._kinds", {**import_kinds(), "test_notices": forgetful})
    row = run(begin(table("1,a", "2,丢", "3,c")))
    assert row.state == "done" and counts(row) == {"created": 2, "refused": 1}
    assert ImportRemark.objects.get().row_number == 3


def test_refused_rows_come_back_and_can_be_mended_and_imported() -> None:
    row = run(begin("备注,收件人,标题\n=cmd(),x,甲\n-1,y,乙\n,3,丙\n"))
    assert queries.rejected_headings(row) == ["备注", "收件人", "标题", "行号", "栏目", "原因", "建议"]
    data = b"".join(sheets.csv_lines(queries.rejected_headings(row), queries.rejected_rows(row)))
    lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert lines[1] == ["'=cmd()", "x", "甲", "2", "收件人", "“x”不是编号", "请填写数字"]
    assert lines[2][0] == "'-1"
    book = sheets.workbook(queries.rejected_headings(row), queries.rejected_rows(row), title="未导入")
    found = [line.cells for line in open_table(io.BytesIO(book)).lines()]
    assert found[1] == ["=cmd()", "x", "甲", "2", "收件人", "“x”不是编号", "请填写数字"]
    assert queries.reasons(row) == [("收件人", "“…”不是编号", 2)]
    mended = run(begin(data.decode("utf-8-sig").replace(",x,", ",1,").replace(",y,", ",2,")))
    assert mended.state == "done" and counts(mended) == {"created": 2}
    assert titles() == ["丙", "甲", "乙"]


def test_the_preview_shows_remarks_beside_cells_and_writes_nothing() -> None:
    row = upload(table(*ROWS, "x,坏"))
    [preview] = queries.previews(row, KIND)
    assert (preview.checked, preview.refused, len(preview.rows)) == (36, 1, 10)
    bad = preview.rows[-1]
    assert bad.refused and [remark.reason for remark in bad.cells[0][2]] == ["“x”不是编号"]
    assert [(c.heading, c.column, c.cells[0]) for c in preview.columns] == [
        ("收件人", "recipient", "1"), ("标题", "title", "标题0"),
    ]  # fmt: skip
    assert titles() == []


def test_the_template_reads_as_an_empty_list_of_its_kind() -> None:
    data = sheets.template(KIND.title, KIND.columns)
    found = queries.proposal_for(io.BytesIO(data), KIND).mapping
    assert found.left == (("填写说明", 4),)
    [mapping] = found.parts
    assert mapping.places == {"recipient": 0, "title": 1, "amount": 2} and mapping.sheet == KIND.title
    assert list(readings(open_table(io.BytesIO(data)), mapping)) == []


CELL = st.text(alphabet="12x,\"\n\r 甲=' \t炸", max_size=5)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(CELL, max_size=4), max_size=30), st.booleans(), st.integers(0, 3))
def test_counts_always_make_up_the_file(rows: list[list[str]], quoted: bool, stops: int) -> None:
    out = io.StringIO()
    if quoted:
        csv.writer(out).writerows([["收件人", "标题"], *rows])
    else:
        out.write("收件人,标题\n" + "\n".join(",".join(row) for row in rows))
    row = upload(out.getvalue())
    assume(len(row.read_by.parts[0].places) == 2)  # few rows may speak for another delimiter
    row = actions.confirm_import(row=row, by=access.SYSTEM, at=AT, by_worker=False)
    for _ in range(stops):
        if row.state == "running":
            with pytest.raises(KeyboardInterrupt):
                run_import(row.pk, clock=lambda: AT, report=_interrupt)
            row.refresh_from_db()
            assert row.dealt_with == row.cursor
    row = run(row)
    assert row.state == "done", row.fault
    expected = (
        sum(1 for _ in open_table(io.BytesIO(out.getvalue().encode())).lines())
        - row.read_by.parts[0].heading_line
    )
    assert row.dealt_with == row.total == expected
    refused = ImportRemark.objects.filter(of=row, refused=True)
    assert refused.values("row_number").distinct().count() == row.refused
    assert len(list(queries.rejected_rows(row))) == row.refused


def _interrupt(done: int, total: int, text: str) -> None:
    raise KeyboardInterrupt


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_two_workers_on_one_import_write_each_row_once() -> None:
    row = begin(table(*[f"{n % 5 + 1},标题{n}" for n in range(200)]))
    results = at_once(lambda: run(row), lambda: run(row), lambda: run(row))
    assert not [result for result in results if isinstance(result, Exception)], results
    row.refresh_from_db()
    assert row.state == "done" and counts(row) == {"created": 200}
    assert sorted(titles()) == sorted(f"标题{n}" for n in range(200))


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_cancel_from_elsewhere_while_it_runs() -> None:
    row = begin(table(*[f"{n % 5 + 1},标题{n}" for n in range(300)]), by_worker=True)
    started = threading.Event()

    def go() -> None:
        Behaviour.before = lambda rows: started.set()
        worker()

    def cancel() -> None:
        started.wait(timeout=20)
        actions.cancel_import(row=row, by=access.SYSTEM, at=AT)

    results = at_once(go, cancel)
    row.refresh_from_db()
    assert results == [None, None] or isinstance(results[1], Refused)
    assert row.state in ("cancelled", "done") and row.created == len(titles()) == row.cursor


@pytest.mark.both_databases
def test_what_a_database_cannot_keep_is_told_without_it() -> None:
    line = Line(2, ["1\0", "甲\ud800"])
    result = BatchResult(told=[Remark(2, "title", "“甲\0\ud800”不行")])
    row = begin(table("1,甲"))
    fields = next(result.remarks(KIND, [Reading(line, None)]))
    act(lambda: ImportRemark.objects.create(of=row, **fields))
    kept = ImportRemark.objects.get()
    assert (kept.reason, kept.line) == ("“甲?”不行", ["1", "甲?"])


@pytest.mark.both_databases
def test_a_failing_row_is_found_by_halving_in_one_transaction() -> None:
    rows = [f"1,标题{n}" for n in range(10)]
    rows[3] = "1,炸"
    row = run(begin(table(*rows)))
    assert counts(row) == {"created": 9, "refused": 1} and len(titles()) == 9
    assert ImportRemark.objects.get().row_number == 5
