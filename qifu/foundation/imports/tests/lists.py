"""A list to import into for tests: inboxes of notices, one row each (recipient and title)."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from qifu.foundation.access import SYSTEM, Actor
from qifu.foundation.action import action
from qifu.foundation.imports import actions
from qifu.foundation.imports.kinds import Column, ImportKind, Outcome, Remark, SourceRow, declare_import
from qifu.foundation.imports.models import Import
from qifu.foundation.imports.queries import proposal_for
from qifu.foundation.imports.run import run_import
from qifu.foundation.notices import Notice
from qifu.foundation.tests.acts import AT

HEADING = "收件人,标题"
COLUMNS = (
    Column("recipient", "收件人", ("人员编号",), required=True, example="7"),
    Column("title", "标题", ("内容",), required=True, example="开会"),
    Column("amount", "金额", example="20万元"),
)


class Behaviour:
    """What the list does besides: hooks that tests set and that are cleared after each."""

    before: Callable[[Sequence[SourceRow]], None] | None = None
    calls = 0


def check(rows: Sequence[SourceRow]) -> list[Remark]:
    """Refuse rows whose recipient is no number; look at long titles."""
    found = []
    for row in rows:
        recipient, title = row.values.get("recipient", ""), row.values.get("title", "")
        if not (recipient.isascii() and recipient.isdigit() and len(recipient) < 10):
            found.append(Remark(row.number, "recipient", f"“{recipient[:20]}”不是编号", "请填写数字"))
        elif len(title) > 100:
            found.append(Remark(row.number, "title", "标题过长，已截短", refused=False))
    return found


@action("test.import_notices", title="测试导入", permission="test.write")
def write(*, rows: Sequence[SourceRow], source: str, by: Actor, at: datetime) -> Outcome:
    """Write one notice a row; an equal one is there already."""
    Behaviour.calls += 1
    outcome = Outcome(remarks=check(rows))
    refused = {remark.number for remark in outcome.remarks if remark.refused}
    for row in rows:
        if row.number in refused:
            continue
        title = row.values["title"][:100]
        _, new = Notice.objects.get_or_create(
            recipient_id=int(row.values["recipient"]),
            title=title,
            defaults={"created_at": at, "link": source},
        )
        outcome.created += new
        outcome.unchanged += not new
        if title == "炸":
            raise ZeroDivisionError(title)
    if Behaviour.before is not None:
        Behaviour.before(rows)
    return outcome


KIND = declare_import(
    ImportKind("test_notices", "测试消息", "test.write", COLUMNS, write=write, check=check, rows_at_once=10)
)


def upload(
    content: bytes | str, *, name: str = "表.csv", by: Actor = SYSTEM, kind: ImportKind = KIND
) -> Import:
    """Upload a file with its proposed mapping."""
    file = io.BytesIO(content.encode() if isinstance(content, str) else content)
    mapping = proposal_for(file, kind).mapping
    return actions.upload_import(
        kind=kind.name, filename=name, content=file, mapping=mapping, unclassified=True, by=by, at=AT
    )


def begin(content: bytes | str, *, by: Actor = SYSTEM, by_worker: bool = False, **options: Any) -> Import:
    """Upload and confirm."""
    row = upload(content, by=by, **options)
    return actions.confirm_import(row=row, by=by, at=AT, by_worker=by_worker)


def run(row: Import) -> Import:
    """Run an import to its end, or to where it stops."""
    return run_import(row.pk, clock=lambda: AT, report=lambda done, total, text: None)


def table(*rows: str) -> str:
    """Return a CSV of these rows below the heading."""
    return "\n".join((HEADING, *rows)) + "\n"


def titles() -> list[str]:
    """Return the titles of all notices that imports wrote, in order."""
    written = Notice.objects.filter(link__startswith="import:")
    return list(written.order_by("pk").values_list("title", flat=True))


def counts(row: Import) -> dict[str, int]:
    """Return how many rows became what, without the zeros."""
    names = ("created", "updated", "unchanged", "refused", "blank")
    return {name: getattr(row, name) for name in names if getattr(row, name)}
