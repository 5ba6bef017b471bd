"""Organisations as an importable list, beside the bodies of the province's data, which only that data may change.

A name must mean one body wherever it is written: a name that means something else already, and a local body's name
without its place (企服中心), are refused.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from qifu.foundation.access import Actor
from qifu.foundation.action import action, current_act
from qifu.foundation.imports.kinds import Column, ImportKind, Outcome, Remark, SourceRow, declare_import
from qifu.registers.divisions import queries as divisions
from qifu.registers.divisions.division_book import Division, DivisionBook
from qifu.registers.organisations.actions import make_findable
from qifu.registers.organisations.models import Organisation, OrganisationName
from qifu.registers.organisations.name_book import NameBook
from qifu.registers.organisations.name_keys import name_key
from qifu.registers.organisations.queries import KINDS, name_book_from_rows
from qifu.registers.stamped import differs

_SEPARATORS = re.compile(r"[、，,；;\n/]+")
_ALIAS, _SECOND = OrganisationName.Kind.ALIAS.value, OrganisationName.Kind.SECOND_NAME.value
COLUMNS = (
    Column("code", "机构代码", ("编号", "代码"), example="", note="新单位空着，由系统编号；更新已有单位时可以填"),
    Column(
        "name", "名称", ("单位名称", "机构名称", "单位", "简要名称"), required=True, example="萧山区企业综合服务中心",
        note="市、县单位的名称里要有地名，如“萧山区企业综合服务中心”",
    ),
    Column("full_name", "全称", ("单位全称", "机构全称"), example="杭州市萧山区企业综合服务中心", note="空则与名称相同"),
    Column("kind", "类型", ("单位类型", "机构类型", "性质"), required=True, example="事业单位", note="可用：" + "、".join(KINDS.values())),
    Column("place", "区划", ("所在区划", "行政区划", "所属区划", "地区"), required=True, example="330109", note="名称或六位代码"),
    Column("aliases", "简称", ("别名",), example="萧山企服中心", note="几个之间用顿号隔开"),
    Column("second_names", "加挂牌子", ("加挂名称",), note="几个之间用顿号隔开"),
    Column("duties", "职责", ("主要职责", "职能")),
)  # fmt: skip
_LEVEL_OF = {"province": "province", "city": "city", "county": "county", "functional_area": "functional_area"}


class _Faulty(Exception):
    """A cell cannot be read: its column, why, and what to write instead."""

    def __init__(self, column: str, reason: str, proposal: str = "") -> None:
        super().__init__(reason)
        self.column, self.reason, self.proposal = column, reason, proposal


@dataclass(frozen=True)
class _Entry:
    """One row understood: the columns of the organisation, and its further names as (name, kind)."""

    fields: dict[str, Any]
    names: tuple[tuple[str, str], ...]
    written_code: str


@dataclass
class _Known:
    """What a batch is read against; `taken` holds, by name key, the code of the body that a row of it named."""

    divisions: DivisionBook
    names: NameBook
    taken: dict[str, str]


def _known(day: date) -> _Known:
    return _Known(divisions.book(day), name_book_from_rows(), {})


def _read(row: SourceRow, known: _Known) -> _Entry:
    name, full_name = _text(row, "name", 80), _text(row, "full_name", 120)
    if not name:
        raise _Faulty("name", "没有填写名称", "请填写单位名称")
    kinds = {title: code for code, title in KINDS.items()}
    kind = kinds.get(_text(row, "kind", 40))
    if kind is None:
        raise _Faulty("kind", f"没有“{_text(row, 'kind', 40)[:20]}”这个类型", f"可用：{'、'.join(kinds)}")
    place = _place(row.values.get("place", ""), known)
    names = _further_names(row, name, full_name)
    code = row.values.get("code", "").replace("\0", "") or _code(place.code, name)
    for column, written in [("name", name), ("full_name", full_name or name), *names]:
        _refuse_other_meaning(column, written, code, place, known)
    fields = {
        "name": name, "full_name": full_name, "kind": kind, "level": _LEVEL_OF.get(place.kind, "county"),
        "place_code": place.code, "duties": _text(row, "duties", 300),
    }  # fmt: skip
    kinds_of = {"aliases": _ALIAS, "second_names": _SECOND}
    return _Entry(
        fields | {"code": code}, tuple((w, kinds_of[c]) for c, w in names), row.values.get("code", "")
    )


def _text(row: SourceRow, column: str, longest: int) -> str:
    text = " ".join(row.values.get(column, "").replace("\0", "").split())
    if len(text) > longest:
        raise _Faulty(column, f"有 {len(text)} 个字，过长", f"请不要超过 {longest} 个字")
    if not text.isprintable():
        raise _Faulty(column, "含有看不见的字符", "请重新填写")
    return text


def _further_names(row: SourceRow, name: str, full_name: str) -> list[tuple[str, str]]:
    found = []
    for column in ("aliases", "second_names"):
        parts = (part.strip() for part in _SEPARATORS.split(row.values.get(column, "").replace("\0", "")))
        for part in dict.fromkeys(part for part in parts if part and part not in (name, full_name)):
            if len(part) > 120 or not part.isprintable():
                raise _Faulty(column, "有的名称过长或含有看不见的字符", "几个名称之间用顿号隔开")
            found.append((column, part))
    return found


def _place(written: str, known: _Known) -> Division:
    found = known.divisions.get(written) or known.divisions.by_name(written)
    if found is None:
        raise _Faulty("place", f"没有现行区划“{written[:30]}”，或有几个同名", "请填写六位区划代码")
    return found


def _code(place_code: str, name: str) -> str:
    """The code of an imported body follows from its place and name: the same row again means the same body."""
    return f"{place_code}.x{hashlib.sha256(name_key(name).encode()).hexdigest()[:10]}"


def _refuse_other_meaning(column: str, written: str, code: str, place: Division, known: _Known) -> None:
    meant = known.names.resolve(written)
    if meant is not None and meant.organisation_code != code:
        what = "泛指的单位" if meant.kind == "generic" else f"“{meant.canonical}”"
        raise _Faulty(column, f"“{written}”在名录中已是{what}", "请写全称，或核对是否同一单位")
    other = known.taken.get(name_key(written))
    if other is not None and other != code:
        raise _Faulty(column, f"“{written}”与本文件中另一单位重名", "请写明全称")
    spellings = known.divisions.spellings(place)
    if meant is None and place.kind != "province" and not any(word in written for word in spellings):
        raise _Faulty(
            column, f"“{written}”没有写明是哪里的", f"请在名称前写上地名，如“{place.name}{written}”"
        )


def check_organisations(rows: Sequence[SourceRow]) -> list[Remark]:
    """Return what would be remarked about these rows."""
    known, found = _known(timezone.localdate()), []
    existing = {row.code: row for row in Organisation.objects.filter(code__in=_codes(rows))}
    for row in rows:
        try:
            entry = _read(row, known)
            _refuse_foreign(entry, existing.get(entry.fields["code"]))
            _take(entry, known)
        except _Faulty as faulty:
            found.append(Remark(row.number, faulty.column, faulty.reason, faulty.proposal))
    return found


def _codes(rows: Iterable[SourceRow]) -> set[str]:
    return {row.values["code"].replace("\0", "") for row in rows if row.values.get("code")}


def _refuse_foreign(entry: _Entry, row: Organisation | None) -> None:
    if row is None and entry.written_code:
        raise _Faulty("code", f"没有机构代码“{entry.written_code[:40]}”", "新单位请把机构代码空着")
    if (
        row is not None
        and not row.source
        and any(getattr(row, name) != value for name, value in _given(entry.fields).items())
    ):
        raise _Faulty(
            "name", f"“{row.name}”由本省数据维护，不能用导入更改", "请修改本省数据 organisations.yaml"
        )


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    """An empty cell, or a column that the file lacks, leaves what is there."""
    return {name: value for name, value in fields.items() if value != ""}


def _take(entry: _Entry, known: _Known) -> None:
    own = (entry.fields["name"], entry.fields["full_name"] or entry.fields["name"])
    for written in (*own, *(name for name, _ in entry.names)):
        known.taken[name_key(written)] = entry.fields["code"]


@action("organisations.import_organisations", title="导入组织机构", permission="organisations.import")
def import_organisations(*, rows: Sequence[SourceRow], source: str, by: Actor, at: datetime) -> Outcome:
    """Add or update the organisations of these rows; bodies of the province's data are never changed."""
    known, outcome, touched = _known(timezone.localdate(at)), Outcome(), set()
    for row in rows:
        try:
            entry = _read(row, known)
            code = entry.fields["code"]
            existing = Organisation.objects.select_for_update().filter(code=code).first()
            _refuse_foreign(entry, existing)
            _take(entry, known)
        except _Faulty as faulty:
            outcome.remarks.append(Remark(row.number, faulty.column, faulty.reason, faulty.proposal))
            continue
        became = _write(entry, existing, source, timezone.localdate(at))
        setattr(outcome, became, getattr(outcome, became) + 1)
        if became != "unchanged":
            touched.add(code)
    make_findable(touched, set())
    current_act().note(
        created=outcome.created, updated=outcome.updated, unchanged=outcome.unchanged, refused=outcome.refused
    )
    return outcome


def _write(entry: _Entry, row: Organisation | None, source: str, day: date) -> str:
    if row is not None and not row.source:
        return "unchanged"
    became = "unchanged"
    if row is None:
        fields = entry.fields | {"full_name": entry.fields["full_name"] or entry.fields["name"]}
        row, became = Organisation(source=source, **fields), "created"
        row.save()
    elif differs(row, _given(entry.fields)):
        became = "updated"
        row.save()
    if _write_names(row, entry.names, day) and became == "unchanged":
        became = "updated"
    return became


def _write_names(row: Organisation, names: Sequence[tuple[str, str]], day: date) -> bool:
    """Bring the body's further names to those given, closing the others; an empty cell leaves them as they are."""
    changed = False
    for kind in (_ALIAS, _SECOND):
        wanted = [name for name, its in names if its == kind]
        held = {one.name: one for one in OrganisationName.objects.filter(organisation=row, kind=kind)}
        if not wanted or set(wanted) == {name for name, one in held.items() if one.effective_to is None}:
            continue
        for name in set(held) - set(wanted):
            held[name].effective_to = held[name].effective_to or day
            held[name].save()
        for position, name in enumerate(wanted):
            one = held.get(name) or OrganisationName(organisation=row, name=name, kind=kind)
            one.position, one.effective_to = position, None
            one.save()
        changed = True
    return changed


KIND = declare_import(
    ImportKind(
        "organisations", "组织机构", "organisations.import", COLUMNS, write=import_organisations,
        check=check_organisations, rows_at_once=500,
    )
)  # fmt: skip
