"""Case types become published revisions: in shape, proved, their examples run, dated, immutable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path

from qifu.engines.casework.binding import Binding, binding_of
from qifu.engines.casework.case_type import case_type
from qifu.engines.casework.case_type_file import Written, content_of, read_case_type
from qifu.engines.casework.definitions import KIND
from qifu.engines.casework.examples import example_faults
from qifu.engines.casework.models import Rating
from qifu.engines.casework.proofs import Known, prove
from qifu.foundation import access, revisions
from qifu.foundation.access import ANYWHERE, Actor, Permission, declare_permissions
from qifu.foundation.action import action, current_act
from qifu.foundation.revisions import Revision, canonical, digest_of
from qifu.foundation.working_calendar import shipped_calendar
from qifu.foundation.yaml_data import DataError

PUBLISH = "casework.publish_case_type"
LISTS = "lists.yaml"
declare_permissions(Permission(PUBLISH, "发布办理规则", {"system_administrator": (ANYWHERE,)}))


class NotProved(DataError):
    """A case type does not hold; `faults` are all of them, each with file, line, cause and remedy."""

    def __init__(self, faults: list[DataError]) -> None:
        super().__init__(faults[0].where, faults[0].line, faults[0].cause, faults[0].remedy)
        self.faults = tuple(faults)

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)


def check_case_type(document: bytes, *, where: str, beside: Mapping[str, bytes] | None = None) -> Written:
    """Return a case type whose proofs and examples hold; DataError if it is not in shape, NotProved with every fault."""
    written = read_case_type(document, where=where, beside=beside)
    content = written.content
    kind = content.get("kind") or content["key"]
    try:
        binding = binding_of(kind)
    except LookupError:
        raise written.error(("kind",), f"没有哪个服务办理“{kind}”", "请改正 kind") from None
    faults = prove(content, known_to(binding, content))
    if not faults:
        faults = list(example_faults(case_type(content), content["examples"], shipped_calendar()))
    if faults:
        raise NotProved([written.error(fault.place, fault.cause, fault.remedy) for fault in faults])
    return written


def known_to(binding: Binding, content: Mapping[str, object]) -> Known:
    """Return what a binding offers to its case types, of lists those that the content asks for."""
    fields = content.get("fields")
    asked = {one.get("choices_of") for one in fields.values()} if isinstance(fields, dict) else set()
    lists = {name: tuple(binding.choices(name)) for name in asked if name}
    return Known(
        roles=tuple(role for role, code in binding.permissions.items() if code in access.permissions()),
        guards=tuple(binding.guards),
        choices={name: codes for name, codes in lists.items() if codes},
        facts=binding.fact_names,
        sources=tuple(Rating.Source.values),
    )


@action("casework.publish_case_type", title="发布办理规则", permission=PUBLISH)
def publish_case_type(
    *, by: Actor, at: datetime, document: bytes, where: str, beside: Mapping[str, bytes] | None = None
) -> Revision:
    """Publish the case type of a file, in force from the day that it names, unless its newest revision says the same.

    `beside` are the files that it may extend, by name without .yaml. Raises DataError or NotProved where it is wrong.
    """
    content = content_of(check_case_type(document, where=where, beside=beside))
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
    return [
        publish_case_type(
            by=by, at=at, document=path.read_bytes(), where=path.name, beside=files_beside(path)
        )
        for path in case_type_files([folder])
    ]


def case_type_files(places: Iterable[Path]) -> list[Path]:
    """Return the case type files that are named, or lie in folders that are."""
    found: list[Path] = []
    for place in places:
        found += (
            sorted(one for one in place.glob("*.yaml") if one.name != LISTS) if place.is_dir() else [place]
        )
    return found


def files_beside(path: Path) -> dict[str, bytes]:
    """Return the case type files in the folder of a file, by name without .yaml."""
    return {one.stem: one.read_bytes() for one in case_type_files([path.parent])}
