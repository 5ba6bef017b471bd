"""Verbs on organisations: load the province's names; approve and revoke what a generic unit means in a place."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db.models import Q
from django.utils import timezone

from qifu.foundation.access import Actor, NotFound
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.search import Audience, index
from qifu.registers.divisions.division_book import load_divisions
from qifu.registers.organisations import name_rows
from qifu.registers.organisations.models import ExpansionRule, GenericUnit, Organisation, OrganisationName
from qifu.registers.organisations.name_file import read_names
from qifu.registers.organisations.queries import base_unit
from qifu.registers.stamped import StampedRecord, differs

MOST_MEMBERS = 400


@dataclass(frozen=True)
class LoadReport:
    """What a load did, in rows of organisations, names and generic units together."""

    organisations: int
    names: int
    generic_units: int
    created: int
    changed: int
    closed: int

    def __str__(self) -> str:
        rows = f"{self.organisations} 个单位、{self.names} 个别名、{self.generic_units} 个泛指单位"
        return f"{rows}；新增 {self.created}、更改 {self.changed}、停用 {self.closed}"


@dataclass
class _Counts:
    created: int = 0
    changed: int = 0
    closed: int = 0


@action("organisations.load", title="载入组织机构", permission="organisations.load")
def load_organisations(*, by: Actor, at: datetime, province_dir: Path) -> LoadReport:
    """Bring the tables to what organisations.yaml says; what it no longer has is closed on the day, never deleted.

    Bodies that were imported stay as they are, unless the file has come to name them.

    Loading the same file again changes nothing. Raises DataError before anything is written.
    """
    divisions = load_divisions(Path(province_dir) / "divisions.yaml")
    names = read_names(Path(province_dir) / "organisations.yaml", divisions)
    bodies = names.organisations + names.explicit_bodies(divisions)
    day, counts = timezone.localdate(at), _Counts()

    existing = {row.code: row for row in Organisation.objects.select_for_update()}
    wanted: dict[Any, dict[str, Any]] = {body.full_code: name_rows.body_fields(body) for body in bodies}
    touched = {str(code) for code in _bring(Organisation, existing, wanted, day, counts)}

    ids = dict(Organisation.objects.values_list("code", "pk"))
    names_of_ours = OrganisationName.objects.filter(organisation__source="").select_for_update(of=("self",))
    held = {(r.organisation_id, r.name, r.kind): r for r in names_of_ours}
    wanted_names: dict[Any, dict[str, Any]] = {}
    for body in bodies:
        for fields in name_rows.name_fields(body):
            key = (ids[body.full_code], fields["name"], fields["kind"])
            wanted_names[key] = {"organisation_id": key[0]} | fields
    renamed = {key[0] for key in _bring(OrganisationName, held, wanted_names, day, counts)}
    make_findable(touched, renamed)

    units = {row.name: row for row in GenericUnit.objects.select_for_update()}
    wanted_units: dict[Any, dict[str, Any]] = {f["name"]: f for f in name_rows.generic_fields(names)}
    _bring(GenericUnit, units, wanted_units, day, counts)

    report = LoadReport(len(wanted), len(wanted_names), len(wanted_units), **dataclasses.asdict(counts))
    current_act().note(**dataclasses.asdict(report))
    return report


def _bring(
    table: type[StampedRecord],
    existing: dict[Any, Any],
    wanted: dict[Any, dict[str, Any]],
    day: date,
    counts: _Counts,
) -> list[Any]:
    """Insert what is new, change what differs, close what is wanted no more; return the keys of all these."""
    new = [table(**fields).sealed() for key, fields in wanted.items() if key not in existing]
    table.objects.bulk_create(new)
    counts.created += len(new)
    touched = [key for key in wanted if key not in existing]
    for key, row in existing.items():
        if key in wanted:
            if differs(row, wanted[key]):
                row.save()
                counts.changed += 1
                touched.append(key)
        elif row.effective_to is None and not getattr(row, "source", ""):
            # A name that began today or later is closed on the day after its beginning: a range is never empty.
            began = getattr(row, "effective_from", None)
            row.effective_to = (
                day if began is None or began < day else date.fromordinal(began.toordinal() + 1)
            )
            row.save()
            counts.closed += 1
            touched.append(key)
    return touched


def make_findable(codes: set[str], ids: set[int]) -> None:
    """Put organisations, by code or by id, into the site's search with all their names."""
    rows = Organisation.objects.filter(Q(code__in=codes) | Q(pk__in=ids)).prefetch_related("names")
    for row in rows:
        words = [row.full_name, *(name.name for name in row.names.all()), row.duties]
        names = "；".join(word for word in words if word)
        index(
            "organisation", row.code, title=row.name, text=names, place_code=row.place_code,
            audience=Audience.PUBLIC,
        )  # fmt: skip


@action(
    "organisations.approve_expansion",
    title="批准泛指单位的展开",
    permission="organisations.approve_expansion",
    on="place_code",
)
def approve_expansion(
    *, by: Actor, at: datetime, place_code: str, written: str, members: Sequence[str], basis: str,
    effective_from: date, effective_to: date | None = None,
) -> ExpansionRule:  # fmt: skip
    """Approve that `written` (as the name book words it) means `members` (codes) in documents of `place_code`.

    The rule counts from `effective_from` until the day before `effective_to`. Refused while another rule for the
    same wording and place counts on some common day.
    """
    if by.id is None:
        raise NotFound("organisations.approve_expansion")
    unit = base_unit(written)
    if unit is None:
        raise Refused(
            f"“{written[:40]}”不是名录中的泛指单位，请从列表中选择", written="请从列表中选择泛指单位"
        )
    codes = _checked_members(members, effective_from)
    basis = " ".join(basis.replace("\0", "").split())
    if not basis or len(basis) > 300:
        raise Refused("请写明依据（300字以内）", basis="请写明依据，如文件名称、文号或会议（300字以内）")
    if effective_to is not None and effective_to <= effective_from:
        raise Refused("失效日必须晚于生效日", effective_to="失效日必须晚于生效日")
    GenericUnit.objects.select_for_update().get(pk=unit.pk)
    rival = ExpansionRule.objects.filter(written=written, place_code=place_code, revoked_at=None)
    rival = rival.filter(Q(effective_to=None) | Q(effective_to__gt=effective_from))
    if effective_to is not None:
        rival = rival.filter(effective_from__lt=effective_to)
    if rival.exists():
        raise Refused(f"“{written}”在此区划、此期间已有批准的展开，请先撤销它")
    rule = ExpansionRule(
        generic_unit=unit, written=written, place_code=place_code, members=codes, basis=basis,
        effective_from=effective_from, effective_to=effective_to,
        approved_at=at, approved_by=by.id, approved_by_name=by.name,
    )  # fmt: skip
    rule.save()
    act = current_act()
    act.about(rule)
    act.note(generic_unit=unit.name, written=written, members=codes)
    return rule


def _checked_members(members: Sequence[str], day: date) -> list[str]:
    codes = sorted(set(members))
    if not codes:
        raise Refused("请至少选择一个单位", members="请至少选择一个单位")
    if len(codes) > MOST_MEMBERS:
        raise Refused(f"一次最多选择 {MOST_MEMBERS} 个单位", members=f"一次最多选择 {MOST_MEMBERS} 个单位")
    sayable = [code for code in codes if code.isprintable()]
    standing = Organisation.objects.filter(Q(effective_to=None) | Q(effective_to__gt=day), code__in=sayable)
    unknown = set(codes) - set(standing.values_list("code", flat=True))
    if unknown:
        raise Refused("所选单位中有的未登记或已撤销，请重新选择", members="有的单位未登记或已撤销")
    return codes


@action(
    "organisations.revoke_expansion",
    title="撤销泛指单位的展开",
    permission="organisations.approve_expansion",
    on="rule",
)
def revoke_expansion(*, by: Actor, at: datetime, rule: ExpansionRule, reason: str) -> ExpansionRule:
    """Revoke an approved rule, with a reason; from now on the unit stays generic again."""
    row: ExpansionRule = ExpansionRule.objects.select_for_update().get(pk=rule.pk)
    if row.revoked_at is not None:
        raise Refused("这条展开规则已经撤销")
    reason = " ".join(reason.replace("\0", "").split())
    if not reason or len(reason) > 300:
        raise Refused("请写明撤销原因（300字以内）", reason="请写明撤销原因（300字以内）")
    row.revoked_at, row.revoked_by, row.revocation_reason = at, by.id, reason
    row.save()
    act = current_act()
    act.about(row)
    act.note(written=row.written)
    return row
