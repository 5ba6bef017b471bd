"""The accounts of a demo site: made-up people, each marked 模拟, all with one password that everybody may know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.contrib.auth.hashers import make_password

from qifu.foundation.access import SYSTEM, Actor
from qifu.foundation.action import Refused, action, current_act
from qifu.registers.organisations.models import Organisation
from qifu.registers.people.actions import add_post
from qifu.registers.people.models import Person

DEMO_PASSWORD = "qifu-demo-2024"
SINCE = date(2024, 1, 1)


@dataclass(frozen=True)
class DemoPerson:
    """One account: sign-in name, what it is for, and the post it holds since 2024."""

    username: str
    title: str
    name: str
    role: str
    place_code: str
    organisation_code: str = ""


DEMO_PEOPLE = (
    DemoPerson("province", "省改革办工作人员", "林致远（模拟）", "reform_officer", "330000", "330000.reform_office"),
    DemoPerson(
        "department", "省级部门工作人员（省发展改革委）", "周明川（模拟）", "department_officer", "330000",
        "330000.development_reform",
    ),
    DemoPerson(
        "province2", "省改革办复核人员", "顾维安（模拟）", "reform_officer", "330000", "330000.reform_office"
    ),
    DemoPerson(
        "market", "省级部门工作人员（省市场监管局）", "方清源（模拟）", "department_officer", "330000",
        "330000.market_regulation",
    ),
    DemoPerson("data", "省级部门工作人员（省数据局）", "陆怀瑾（模拟）", "department_officer", "330000", "330000.data"),
    DemoPerson("city", "市改革办工作人员（杭州市）", "陈书宁（模拟）", "reform_officer", "330100", "330100.reform_office"),
    DemoPerson("county", "县改革办工作人员（萧山区）", "吴若溪（模拟）", "reform_officer", "330109", "330109.reform_office"),
    DemoPerson(
        "clerk", "企服中心工作人员（萧山区）", "沈可欣（模拟）", "centre_clerk", "330109",
        "330109.enterprise_service_centre",
    ),
    DemoPerson(
        "hub_city", "市企服中心工作人员（杭州市）", "韩知远（模拟）", "centre_clerk", "330100", "330100.enterprise_service_centre"
    ),
    DemoPerson(
        "hub_province", "省级涉企问题协调专班", "傅明澈（模拟）", "centre_clerk", "330000", "330000.reform_office"
    ),
    DemoPerson(
        "callback", "回访专员（杭州市）", "许静安（模拟）", "callback_officer", "330100", "330100.reform_office"
    ),
    DemoPerson("unit", "县级部门工作人员（萧山区经信局）", "蒋立行（模拟）", "department_officer", "330109", "330109.economy_information"),
    DemoPerson("unit2", "县级部门审核人员（萧山区经信局）", "唐亦清（模拟）", "department_officer", "330109", "330109.economy_information"),
    DemoPerson("market_county", "县级部门工作人员（萧山区市场监管局）", "沈砚秋（模拟）", "department_officer", "330109", "330109.market_regulation"),
    DemoPerson("justice", "合法性审核人员（萧山区司法局）", "季明德（模拟）", "legality_reviewer", "330109", "330109.justice"),
    DemoPerson("finance", "财政审核人员（萧山区财政局）", "苏惟勤（模拟）", "finance_officer", "330109", "330109.finance"),
    DemoPerson("admin", "系统管理员", "郑安平（模拟）", "system_administrator", "330000"),
    DemoPerson("security", "安全管理员", "钱慎行（模拟）", "security_administrator", "330000"),
    DemoPerson("auditor", "审计员", "何守真（模拟）", "auditor", "330000"),
)  # fmt: skip


def load_demo_people(at: datetime) -> int:
    """Make the demo accounts on a demo site and return how many were new; raise Refused on any other site."""
    if not settings.DEMO:
        raise Refused("这不是演示站点（未设置 QIFU_DEMO=1），不能载入模拟人员")
    return add_demo_people(by=SYSTEM, at=at)


@action("people.load_demo", title="载入模拟人员", permission="people.load_demo")
def add_demo_people(*, by: Actor, at: datetime) -> int:
    """Add the demo accounts that are missing, each with its post; people who changed are left as they are."""
    made = 0
    known = set(Person.objects.values_list("username", flat=True))
    registered = set(Organisation.objects.values_list("code", flat=True))
    hashed = make_password(DEMO_PASSWORD)  # one for all: the password is public, and each hash takes a while
    for entry in DEMO_PEOPLE:
        if entry.username in known:
            continue
        person = Person(username=entry.username, name=entry.name, created_at=at, password=hashed)
        person.save()
        add_post(
            by=by, at=at, person=person, role=entry.role, place_code=entry.place_code, starts_on=SINCE,
            organisation_code=entry.organisation_code if entry.organisation_code in registered else "",
        )  # fmt: skip
        made += 1
    current_act().note(people=made)
    return made
