"""What intake is tested in: Zhejiang's places and offices, the standard case type, people with posts, made-up firms."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet

from qifu.engines.casework.publish import publish_folder
from qifu.foundation.access import SYSTEM
from qifu.registers.divisions.actions import load_divisions
from qifu.registers.enterprises.models import Enterprise, EnterpriseSource
from qifu.registers.enterprises.name_index import NAMES, text_of
from qifu.registers.enterprises.uscc import check_digit
from qifu.registers.organisations.actions import load_organisations
from qifu.registers.organisations.models import Organisation
from qifu.registers.people.actions import add_post
from qifu.registers.people.models import Person

AT = datetime(2024, 6, 20, 2, 30, tzinfo=UTC)
"""Thursday 20 June 2024, 10:30 in Hangzhou."""
SINCE = date(2024, 1, 1)
XIAOSHAN, HANGZHOU, ZHEJIANG = "330109", "330100", "330000"


def load_province() -> None:
    """Load divisions, organisations and case types of the province."""
    folder = Path(settings.PROVINCE_DIR)
    load_divisions(by=SYSTEM, at=AT, path=folder / "divisions.yaml")
    load_organisations(by=SYSTEM, at=AT, province_dir=folder)
    publish_folder(folder / "enterprise_problems", by=SYSTEM, at=AT)


def person(username: str, role: str = "", place: str = "", organisation: str = "") -> Person:
    """Make a person, with a post since 2024 where a role is given."""
    from qifu.foundation.action import action  # noqa: F401

    row = Person(username=username, name=f"{username}（模拟）", created_at=AT)
    QuerySet(Person).bulk_create([row])
    if role:
        add_post(
            by=SYSTEM,
            at=AT,
            person=row,
            role=role,
            place_code=place,
            starts_on=SINCE,
            organisation_code=organisation,
        )
    return row


def clerk(username: str = "clerk", place: str = XIAOSHAN) -> Person:
    """Make a clerk of a place's hub."""
    for name in ("enterprise_service_centre", "reform_office"):
        if Organisation.objects.filter(code=f"{place}.{name}").exists():
            return person(username, "centre_clerk", place, f"{place}.{name}")
    raise LookupError(place)


def firm(number: int = 1, name: str = "", place: str = XIAOSHAN) -> Enterprise:
    """Make a registered enterprise, findable by name."""
    source = EnterpriseSource.objects.first()
    if source is None:
        source = EnterpriseSource(name="登记数据（模拟）", added_at=AT, simulated=True)
        QuerySet(EnterpriseSource).bulk_create([source])
    body = f"91330109MA2{number:06}"
    called = name or f"杭州第{number}家模拟制造有限公司"
    row = Enterprise(
        uscc=body + check_digit(body), name=called, name_text=text_of(called), division_code=place, source=source,
        updated_at=AT,
    )  # fmt: skip
    QuerySet(Enterprise).bulk_create([row])
    _index(row)
    return row


def _index(row: Enterprise) -> None:
    from qifu.foundation.action import Act, _current

    token = _current.set(Act(name="test", title="测试", by=SYSTEM, at=AT))
    try:
        NAMES.replace([(row.pk, None, row.name_text)])
    finally:
        _current.reset(token)
