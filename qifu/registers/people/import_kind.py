"""People with their posts as an importable list: one row a post; a person who is new comes without a password.

A password is made only when it is handed over (`first_passwords`), so that it never lies about in a file or a table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from django.db import transaction
from django.utils import timezone

from qifu.foundation.access import Actor, NotFound, post_roles
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.imports.kinds import Column, ImportKind, Outcome, Remark, SourceRow, declare_import
from qifu.registers.divisions import queries as divisions
from qifu.registers.divisions.division_book import DivisionBook
from qifu.registers.organisations.models import Organisation
from qifu.registers.organisations.queries import Resolution, name_book_from_rows, resolve_names
from qifu.registers.people.actions import USERNAME, add_post, end_post
from qifu.registers.people.attempts import sign_in_name
from qifu.registers.people.models import Person, Post
from qifu.registers.people.retention import schedule_retention

T = TypeVar("T")
_DAY = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{2})(\d{2}))(?: 00:00:00)?")
# Which column a refusal of the acts speaks of, by its field.
_COLUMN_OF = {"organisation_code": "organisation", "place_code": "place"}

COLUMNS = (
    Column(
        "username", "登录名", ("用户名", "账号", "帐号"), required=True, example="linzhiyuan",
        note="以字母开头，3 至 32 位，只用小写字母、数字、点、横线和下划线；同一人多个岗位写多行",
    ),
    Column("name", "姓名", ("人员姓名", "名字"), required=True, example="林致远（模拟）"),
    Column(
        "organisation", "单位", ("所在单位", "工作单位", "单位名称", "单位代码", "机构"), example="省改革办",
        note="名称、全称、简称或机构代码；系统管理员等不属于某个单位的岗位可以空",
    ),
    Column("role", "角色", ("岗位", "岗位角色"), required=True, example="改革办工作人员", note="用系统里的角色名称"),
    Column(
        "place", "管辖区划", ("区划", "行政区划", "辖区", "管辖地区"), example="330100",
        note="名称或六位代码；空则为单位所在区划",
    ),
    Column("starts_on", "任职日", ("任职日期", "开始日期", "到岗日期"), required=True, example="2024-03-01"),
    Column(
        "ends_on", "离任日", ("离任日期", "结束日期"), example="",
        note="从这一天起不再任职；在任的空着。已在任的人补上离任日，就按这天离任",
    ),
)  # fmt: skip


class _Faulty(Exception):
    """A cell cannot be read: its column, why, and what to write instead."""

    def __init__(self, column: str, reason: str, proposal: str = "") -> None:
        super().__init__(reason)
        self.column, self.reason, self.proposal = column, reason, proposal


class _Unreadable(Exception):
    """Everything that is wrong with one row."""

    def __init__(self, faults: Sequence[_Faulty]) -> None:
        super().__init__()
        self.faults = faults

    def remarks(self, number: int) -> list[Remark]:
        """Return a remark for each fault."""
        return [Remark(number, fault.column, fault.reason, fault.proposal) for fault in self.faults]


@dataclass(frozen=True)
class _Entry:
    """One row understood."""

    username: str
    name: str
    organisation: Organisation | None
    role: str
    place_code: str
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True)
class _Known:
    """What a batch is read against, asked once."""

    roles: dict[str, str]
    divisions: DivisionBook
    units: dict[str, Resolution | None]
    by_code: dict[str, Organisation]


def _known(rows: Sequence[SourceRow], day: date) -> _Known:
    written = {row.values.get("organisation", "") for row in rows} - {""}
    return _Known(
        roles={title: code for code, title in post_roles().items()} | {code: code for code in post_roles()},
        divisions=divisions.book(day),
        units=resolve_names(written, day),
        by_code={one.code: one for one in Organisation.objects.filter(code__in=written, effective_to=None)},
    )


def _read(row: SourceRow, known: _Known) -> _Entry:
    """Return the row understood; raises _Unreadable with everything that is wrong with it."""
    values, faults = row.values, list[_Faulty]()

    def part(read: Callable[[], T]) -> T | None:
        try:
            return read()
        except _Faulty as faulty:
            faults.append(faulty)
            return None

    username, name = part(lambda: _username(values)), part(lambda: _name(values))
    role = part(lambda: _role(values.get("role", ""), known))
    organisation = part(lambda: _organisation(values.get("organisation", ""), known))
    place = part(lambda: _place(values.get("place", ""), organisation, known)) if not faults else None
    starts_on = part(lambda: _day("starts_on", values.get("starts_on", "")))
    ends_on = part(lambda: _day("ends_on", values["ends_on"])) if values.get("ends_on") else None
    if starts_on and ends_on and ends_on <= starts_on:
        faults.append(_Faulty("ends_on", "离任日必须晚于任职日", "请核对两个日期"))
    if faults or not (username and name and role and place and starts_on):
        raise _Unreadable(faults)
    return _Entry(username, name, organisation, role, place, starts_on, ends_on)


def _username(values: Mapping[str, str]) -> str:
    username = sign_in_name(values.get("username", ""))
    if not USERNAME.fullmatch(username):
        rule = "以字母开头，3 至 32 位，只用小写字母、数字、点、横线和下划线"
        raise _Faulty("username", "登录名不合规则" if username else "没有填写登录名", rule)
    return username


def _name(values: Mapping[str, str]) -> str:
    name = " ".join(values.get("name", "").split())
    if not name.isprintable() or not 0 < len(name) <= 60:
        raise _Faulty(
            "name", "姓名过长或含有看不见的字符" if name else "没有填写姓名", "请填写姓名（60字以内）"
        )
    return name


def _role(written: str, known: _Known) -> str:
    if written not in known.roles:
        raise _Faulty("role", f"没有“{written[:30]}”这个角色", f"可用：{'、'.join(post_roles().values())}")
    return known.roles[written]


def _organisation(written: str, known: _Known) -> Organisation | None:
    if not written:
        return None
    if written in known.by_code:
        return known.by_code[written]
    meant = known.units.get(written)
    if meant is not None and meant.organisation is not None and meant.organisation.effective_to is None:
        return meant.organisation
    if meant is not None and meant.kind == "generic":
        raise _Faulty(
            "organisation", f"“{written[:40]}”没有说明是哪一个单位", "请写全称，如“杭州市萧山区企服中心”"
        )
    near = "、".join(one.canonical for one in name_book_from_rows().suggest(written[:60]))
    raise _Faulty(
        "organisation", f"没有登记单位“{written[:40]}”", f"是否：{near}" if near else "请先登记这个单位"
    )


def _place(written: str, organisation: Organisation | None, known: _Known) -> str:
    if not written:
        if organisation is None:
            raise _Faulty("place", "没有填写管辖区划", "请填写区划名称或代码")
        return organisation.place_code
    found = known.divisions.get(written) or known.divisions.by_name(written)
    if found is None:
        raise _Faulty("place", f"没有现行区划“{written[:30]}”，或有几个同名", "请填写六位区划代码")
    return found.code


def _day(column: str, written: str) -> date:
    found = _DAY.fullmatch(written)
    try:
        if found is None:
            raise ValueError
        year, month, day, month_, day_ = found.groups()
        return date(int(year), int(month or month_), int(day or day_))
    except ValueError:
        reason = f"“{written[:20]}”不是日期" if written else "没有填写日期"
        raise _Faulty(column, reason, "请写成 2024-03-01") from None


def check_people(rows: Sequence[SourceRow]) -> list[Remark]:
    """Return what would be remarked about these rows; acts may refuse more (overlapping posts, duties apart)."""
    known = _known(rows, timezone.localdate())
    names = dict(Person.objects.filter(username__in=_usernames(rows)).values_list("username", "name"))
    found = []
    for row in rows:
        try:
            entry = _read(row, known)
            _same_person(entry, names.get(entry.username))
        except _Unreadable as unreadable:
            found.extend(unreadable.remarks(row.number))
    return found


def _usernames(rows: Sequence[SourceRow]) -> set[str]:
    return {sign_in_name(row.values.get("username", "")) for row in rows}


def _same_person(entry: _Entry, known_as: str | None) -> None:
    if known_as is not None and known_as != entry.name:
        fault = _Faulty("name", f"登录名“{entry.username}”属于另一姓名的人", "请核对姓名，或换一个登录名")
        raise _Unreadable([fault])


@action("people.import_people", title="导入人员与岗位", permission="people.manage")
def import_people(*, rows: Sequence[SourceRow], source: str, by: Actor, at: datetime) -> Outcome:
    """Add the people and posts of these rows; a post that is there already stays, or ends on the day the row says."""
    known, outcome, new_people = _known(rows, timezone.localdate(at)), Outcome(), 0
    for row in rows:
        try:
            with transaction.atomic():
                became, new_person = _write(_read(row, known), by, at)
        except _Unreadable as unreadable:
            outcome.remarks.extend(unreadable.remarks(row.number))
        except Refused as refused:
            field = next(iter(refused.fields), "")
            outcome.remarks.append(Remark(row.number, _COLUMN_OF.get(field, field), refused.message))
        except NotFound:
            outcome.remarks.append(Remark(row.number, "", "您无权办理这个任职", "请有权限的管理员办理"))
        else:
            setattr(outcome, became, getattr(outcome, became) + 1)
            new_people += new_person
    if new_people:
        schedule_retention(at)
    current_act().note(
        people=new_people, created=outcome.created, updated=outcome.updated, unchanged=outcome.unchanged,
        refused=outcome.refused,
    )  # fmt: skip
    return outcome


def _write(entry: _Entry, by: Actor, at: datetime) -> tuple[str, int]:
    """Write one row; return what became of it and how many people are new."""
    person = Person.objects.select_for_update().filter(username=entry.username).first()
    new = person is None
    if person is None:
        person = Person(username=entry.username, name=entry.name, created_at=at, one_time_until=at)
        person.set_unusable_password()
        person.save()
    _same_person(entry, person.name)
    same = Post.objects.filter(
        person=person, organisation=entry.organisation, role=entry.role, place_code=entry.place_code,
        starts_on=entry.starts_on,
    ).first()  # fmt: skip
    if same is None:
        add_post(
            by=by, at=at, person=person, role=entry.role, place_code=entry.place_code, starts_on=entry.starts_on,
            ends_on=entry.ends_on, organisation_code=entry.organisation.code if entry.organisation else "",
        )  # fmt: skip
        return "created", int(new)
    if same.ends_on == entry.ends_on:
        return "unchanged", 0
    if entry.ends_on is None:
        raise _Unreadable(
            [_Faulty("ends_on", f"这个岗位已登记于 {same.ends_on} 离任", "再次任职请写新的任职日")]
        )
    end_post(by=by, at=at, person=person, post_id=same.pk, ends_on=entry.ends_on)
    return "updated", 0


KIND = declare_import(
    ImportKind(
        "people", "人员与岗位", "people.manage", COLUMNS, write=import_people, check=check_people, rows_at_once=200,
        next_step=("为新建人员生成一次性口令", "first_passwords"),
    )
)  # fmt: skip
