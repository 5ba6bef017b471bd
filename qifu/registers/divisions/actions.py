"""The one verb on divisions: make the table equal to the province's book."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import F

from qifu.foundation.access import Actor
from qifu.foundation.action import action, current_act
from qifu.foundation.revisions import canonical, digest_of
from qifu.foundation.search import Audience, index, remove
from qifu.registers.divisions.division_book import Division as BookRow
from qifu.registers.divisions.division_book import load_divisions as read_book
from qifu.registers.divisions.models import Division
from qifu.registers.stamped import differs


@dataclass(frozen=True)
class LoadReport:
    """What a load did, in rows."""

    created: int
    changed: int
    removed: int
    unchanged: int

    def __str__(self) -> str:
        return f"新增 {self.created}、更改 {self.changed}、删去 {self.removed}、未变 {self.unchanged}"


@action("divisions.load", title="载入行政区划", permission="divisions.load")
def load_divisions(*, by: Actor, at: datetime, path: Path) -> LoadReport:
    """Make the table equal to the divisions.yaml at `path`, row for row; loading it again changes nothing.

    Raises DataError (file, line, cause, remedy) before anything is written. A span of validity is known by its code and first day. A span that the book no longer has is removed: nothing
    refers to a row (everything stores codes), and a wrong date left standing would overlap the corrected one.
    """
    book = read_book(path)
    existing = {(row.code, row.effective_from): row for row in Division.objects.select_for_update()}
    wanted = {(row.code, row.effective_from): _fields(row) for row in book.rows}
    gone = [row.pk for key, row in existing.items() if key not in wanted]
    if gone:
        Division.objects.filter(pk__in=gone).delete()
    new = [Division(**fields).sealed() for key, fields in wanted.items() if key not in existing]
    Division.objects.bulk_create(new)
    changed = [row for key, row in existing.items() if key in wanted and differs(row, wanted[key])]
    for row in changed:
        row.save()
    _make_findable(
        {row.code for row in [*new, *changed]}
        | {existing[key].code for key in existing.keys() - wanted.keys()}
    )
    report = LoadReport(len(new), len(changed), len(gone), len(wanted) - len(new) - len(changed))
    text = canonical([{name: str(value) for name, value in fields.items()} for fields in wanted.values()])
    current_act().note(**dataclasses.asdict(report), digest=digest_of(text))
    return report


def _make_findable(codes: set[str]) -> None:
    """Put divisions into the site's search under every name they bear or bore; take out what is no more on record."""
    versions: dict[str, list[Division]] = {}
    for row in Division.objects.filter(code__in=codes).order_by(F("effective_from").asc(nulls_first=True)):
        versions.setdefault(row.code, []).append(row)
    for code in sorted(codes):
        if code not in versions:
            remove("division", code)
            continue
        rows = versions[code]
        words = dict.fromkeys(word for row in rows for word in (row.name, *row.short_names, row.note) if word)
        text = "；".join([code, *words])
        index("division", code, title=rows[-1].name, text=text, place_code=code, audience=Audience.PUBLIC)


def _fields(row: BookRow) -> dict[str, Any]:
    return {
        "code": row.code,
        "name": row.name,
        "kind": row.kind,
        "parent_code": row.parent or "",
        "short_names": list(row.short_names),
        "spans": list(row.spans),
        "counted_in_totals": row.counted_in_totals,
        "successors": list(row.successors),
        "effective_from": row.effective_from,
        "effective_to": row.effective_to,
        "confidence": row.confidence,
        "note": row.note,
    }
