"""The enterprise accounts of a demo site: a legal representative of two firms and a handler of one, all made up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.contrib.auth.hashers import make_password

from qifu.foundation.access import SYSTEM, Actor
from qifu.foundation.action import Refused, action, current_act
from qifu.registers.enterprises.demo import DEMO_USCC, DEMO_USCC_2
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.mandates.models import Mandate
from qifu.registers.mandates.scopes import ALL
from qifu.registers.people.contacts import set_contact
from qifu.registers.people.demo import DEMO_PASSWORD
from qifu.registers.people.models import Person

SINCE = date(2024, 1, 1)


@dataclass(frozen=True)
class DemoHolder:
    """One account: sign-in name, what it is for, the firms it acts for, and the number its codes would go to."""

    username: str
    title: str
    name: str
    mobile: str
    kind: str
    firms: tuple[str, ...]
    scope: tuple[str, ...] = (ALL,)


_SECOND_STEP = "口令后再填短信验证码，在“模拟短信”页查看"
DEMO_HOLDERS = (
    DemoHolder(
        "legal", f"企业法定代表人（{_SECOND_STEP}）", "沈云舟（模拟）", "13900000001", "legal_representative",
        (DEMO_USCC, DEMO_USCC_2),
    ),
    DemoHolder(
        "handler", f"企业经办人（{_SECOND_STEP}）", "孙小妹（模拟）", "13900000002", "handler", (DEMO_USCC,),
        ("enterprise_profile",),
    ),
)  # fmt: skip


def load_demo_mandates(at: datetime) -> int:
    """Make the demo accounts of enterprises on a demo site and return how many were new; Refused on any other site."""
    if not settings.DEMO:
        raise Refused("这不是演示站点（未设置 QIFU_DEMO=1），不能载入模拟授权")
    return add_demo_mandates(by=SYSTEM, at=at)


@action("mandates.load_demo", title="载入模拟授权", permission="mandates.load_demo")
def add_demo_mandates(*, by: Actor, at: datetime) -> int:
    """Add the accounts that are missing, each with its mandates; the demo's enterprises are there already."""
    firms = {row.uscc: row for row in Enterprise.objects.filter(uscc__in=[DEMO_USCC, DEMO_USCC_2])}
    known = set(Person.objects.values_list("username", flat=True))
    new = [entry for entry in DEMO_HOLDERS if entry.username not in known]
    hashed = make_password(DEMO_PASSWORD)
    for entry in new:
        person = Person(username=entry.username, name=entry.name, created_at=at, password=hashed)
        person.save()
        set_contact(by=by, at=at, person=person, kind="mobile", value=entry.mobile)
        for uscc in entry.firms:
            Mandate(
                person=person, enterprise=firms[uscc], kind=entry.kind, origin=Mandate.Origin.DEMO,
                scope=list(entry.scope), starts_on=SINCE, given_at=at,
            ).save()  # fmt: skip
    current_act().note(people=len(new))
    return len(new)
