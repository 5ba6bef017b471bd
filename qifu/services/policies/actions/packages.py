"""Taking packages of promises from files; each file is a dated revision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from qifu.foundation import revisions
from qifu.foundation.access import Actor
from qifu.foundation.action import action, current_act
from qifu.foundation.revisions import Revision
from qifu.services.policies.models import PolicyPackage
from qifu.services.policies.package_file import KIND, read_package


@dataclass
class PackagesLoaded:
    """How many packages were new, changed, unchanged."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0


@action("policies.load_packages", title="载入政策包", permission="policies.load_packages")
def load_packages(
    *, folder: Path, place_code: str, by: Actor, at: datetime, simulated: bool = False
) -> PackagesLoaded:
    """Take the packages of a folder as those of a place; a file that says what its latest revision says changes nothing.

    Raises DataError for a file with faults; then nothing is taken.
    """
    loaded = PackagesLoaded()
    for file in sorted(folder.glob("*.yaml")):
        _take(read_package(file), place_code, simulated, loaded)
    current_act().note(rows=loaded.new + loaded.changed)
    return loaded


def _take(content: dict[str, Any], place_code: str, simulated: bool, loaded: PackagesLoaded) -> None:
    row = PolicyPackage.objects.filter(code=content["code"]).first()
    series = (
        row.series
        if row
        else revisions.open_series(
            kind=KIND, key=content["code"], title=content["title"], place_code=place_code
        )
    )
    digest = revisions.digest_of(revisions.canonical(content))
    rows = series.revisions.filter(state=Revision.State.PUBLISHED)
    latest = rows.order_by("-number").first()
    if latest is not None and latest.digest == digest:
        loaded.unchanged += 1
        return
    loaded.changed += row is not None
    loaded.new += row is None
    first, last = content["effective"]["from"], content["effective"]["to"]
    begins, ends = date.fromisoformat(first), date.fromisoformat(last) if last else None
    revisions.publish(revisions.draft(series, content), effective_from=begins, effective_to=ends)
    row = row or PolicyPackage(code=content["code"], series=series)
    row.title, row.document, row.place_code = content["title"], content["document"], place_code
    row.effective_from, row.effective_to, row.simulated = begins, ends, simulated
    row.save()
