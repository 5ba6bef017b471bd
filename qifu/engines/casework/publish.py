"""Case types become published revisions: checked, proved, dated, immutable."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from qifu.engines.casework.case_type_file import content_of, read_case_type
from qifu.engines.casework.definitions import KIND
from qifu.foundation import revisions
from qifu.foundation.access import Actor, Permission, declare_permissions
from qifu.foundation.action import action, current_act
from qifu.foundation.revisions import Revision, canonical, digest_of

declare_permissions(Permission("casework.publish_case_type", "发布办理规则", {}))


@action("casework.publish_case_type", title="发布办理规则", permission="casework.publish_case_type")
def publish_case_type(*, by: Actor, at: datetime, document: bytes, where: str) -> Revision:
    """Publish the case type of a file, unless its newest revision says the same; DataError or Refused if it is wrong."""
    loaded = read_case_type(document, where=where)
    content = content_of(loaded)
    series = revisions.open_series(kind=KIND, key=content["key"], title=content["title"])
    newest = series.revisions.filter(state=Revision.State.PUBLISHED).order_by("-number").first()
    if newest is not None and newest.digest == digest_of(canonical(content)):
        return newest
    draft = revisions.draft(series, content, note=where)
    effective = content["effective"]
    last = effective.get("to")
    current_act().note(case_type=content["key"])
    return revisions.publish(
        draft,
        effective_from=date.fromisoformat(effective["from"]),
        effective_to=date.fromisoformat(last) if last else None,
    )


def publish_folder(folder: Path, *, by: Actor, at: datetime) -> list[Revision]:
    """Publish every case type file in a folder; a file of lists is none."""
    files = sorted(path for path in folder.glob("*.yaml") if path.name != "lists.yaml")
    return [publish_case_type(by=by, at=at, document=path.read_bytes(), where=path.name) for path in files]
