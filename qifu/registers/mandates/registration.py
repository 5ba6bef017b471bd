"""How the legal representative comes to the mandate: by the electronic licence, or by papers seen at the counter.

A new legal representative ends the mandate of the former one, takes back open invitations and suspends every handler
until confirmed. Acts about one enterprise run one after the other: each locks the enterprise's row first.
Legal basis: 民法典 第六十一条 (法定代表人), 第一百七十三条 (委托代理终止); 市场主体登记管理条例 第二十四条 (变更登记).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from qifu.foundation.access import SYSTEM, Actor, NotFound
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.notices import notify
from qifu.foundation.sealed import lookup_keys
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.mandates.authority import forget_mandates
from qifu.registers.mandates.models import ExternalIdentity, Invitation, Mandate
from qifu.registers.mandates.scopes import ALL
from qifu.registers.people.actions import OneTimePassword, create_person
from qifu.registers.people.contacts import set_contact
from qifu.registers.people.models import Person
from qifu.registers.people.openid import Identity

_REPRESENTATIVE, _HANDLER = Mandate.Kind.LEGAL_REPRESENTATIVE, Mandate.Kind.HANDLER


@dataclass(frozen=True)
class Registered:
    """What the counter did: the mandate, and the one-time password to hand over where an account was made."""

    mandate: Mandate
    given: OneTimePassword | None


@action(
    "mandates.register_representative",
    title="登记法定代表人",
    permission="mandates.register",
    on="enterprise",
)
def register_representative(
    *, by: Actor, at: datetime, enterprise: Enterprise, name: str, document: str, username: str, known: bool,
    mobile: str = "", differs: bool = False,
) -> Registered:  # fmt: skip
    """Register the legal representative whose papers the clerk has seen.

    A new account is made under `username` with a one-time password; with `known` the account of that name is used,
    which must bear the same name of the person. Where the register names somebody else, `differs` must say that the
    clerk has seen the change.
    """
    if document not in Mandate.Document.values:
        raise Refused("请选择核验了哪些材料", document="请从列表中选择看过的材料")
    lock(enterprise)
    registered = enterprise.legal_representative
    if registered and registered != " ".join(name.split()) and not differs:
        told = f"登记信息里的法定代表人是“{registered}”，与所填不一致"
        raise Refused(told, name=told, differs="核对过变更登记材料的，请勾选这一项")
    given = None
    if not known and not mobile.strip():
        raise Refused("请填写手机号", mobile="新建账号须登记手机号，用来接收登录验证码")
    if known:
        person = _account(username, name)
        held = current_representative(enterprise)
        if (
            mobile.strip() and held is not None and held.person_id == person.pk
        ):  # a lost telephone, papers seen again
            set_contact(by=SYSTEM, at=at, person=person, kind="mobile", value=mobile)
    else:
        given = create_person(by=SYSTEM, at=at, username=username, name=name)
        person = given.person
        set_contact(by=SYSTEM, at=at, person=person, kind="mobile", value=mobile)
    if person.pk == by.id:
        raise Refused("不能为自己登记，请另一位工作人员核验")
    mandate = install_representative(by, at, enterprise, person, Mandate.Origin.COUNTER, document)
    return Registered(mandate, given)


def _account(username: str, name: str) -> Person:
    wanted = "".join(c for c in username.strip().lower() if c.isprintable())[:32]
    person: Person | None = Person.objects.filter(username=wanted, is_active=True).first()
    if person is None or person.name != " ".join(name.split()):
        told = "没有这个登录名，或账号姓名与所填姓名不一致；请核对，或为其新建账号"
        raise Refused(told, username=told)
    return person


@action(
    "mandates.end_representative", title="撤销法定代表人登记", permission="mandates.register", on="enterprise"
)
def end_representative(*, by: Actor, at: datetime, enterprise: Enterprise) -> None:
    """Take back a registration made in error; handlers are suspended until the right one confirms them."""
    lock(enterprise)
    former = current_representative(enterprise)
    if former is None:
        raise Refused("这家企业没有登记法定代表人")
    end(former, by, at, Mandate.Ending.CORRECTED)
    suspended = _suspend_handlers(enterprise, at)
    about(enterprise, mandate=former.pk, suspended=len(suspended))
    notify([former.person_id], title=f"您不再是 {enterprise.name} 的法定代表人账号；如有疑问请联系企服中心")
    _tell_suspended(enterprise, suspended)


@action("mandates.take_licence", title="凭电子营业执照取得授权", permission="mandates.take_licence")
def take_licence(*, by: Actor, at: datetime, identity: Identity) -> Mandate:
    """Take up what an electronic business licence proves: the mandate of the legal representative at once, that of a
    handler only once the legal representative has confirmed it.

    `identity` must be the actor's own, as `openid.finish` returned it; safe to repeat.
    """
    person = _bearer(by, identity)
    enterprise = Enterprise.objects.filter(uscc=identity.uscc).first() if identity.uscc else None
    if enterprise is None:
        raise Refused("电子营业执照上的企业还没有登记在本系统，请带营业执照到企服中心窗口登记")
    if not identity.role:
        raise Refused("电子营业执照没有写明您是法定代表人还是经办人，请在电子营业执照应用里核对后重试")
    lock(enterprise)
    if identity.role == "legal_representative":
        return install_representative(by, at, enterprise, person, Mandate.Origin.LICENCE)
    held = Mandate.objects.filter(enterprise=enterprise, person=person, revoked_at=None).first()
    if held is not None:
        return held
    waiting = Mandate(
        person=person, enterprise=enterprise, kind=_HANDLER, origin=Mandate.Origin.LICENCE, scope=[ALL],
        starts_on=timezone.localdate(at), given_at=at, suspended_at=at,
    )  # fmt: skip
    waiting.save()
    about(enterprise, mandate=waiting.pk, kind=_HANDLER.value)
    former = current_representative(enterprise)
    title = f"有人凭电子营业执照申请经办 {enterprise.name} 的事项，请确认或拒绝"
    notify([former.person_id] if former else [], title=title, link=reverse("handlers", args=[enterprise.pk]))
    return waiting


def _bearer(by: Actor, identity: Identity) -> Person:
    """Return the actor's row if the identity was linked to it; raise NotFound for anybody else's."""
    keys = subject_keys(identity)
    found = ExternalIdentity.objects.filter(
        issuer=identity.issuer, subject_key__in=keys, person_id=by.id, person__is_active=True
    ).first()
    if found is None:
        raise NotFound("mandates.identity")
    return found.person


def subject_keys(identity: Identity) -> list[str]:
    """Return the keyed hashes under which an identity may be stored, the present one first."""
    return lookup_keys(identity.subject, f"openid.{identity.issuer}")


def install_representative(
    by: Actor,
    at: datetime,
    enterprise: Enterprise,
    person: Person,
    origin: Mandate.Origin,
    document: str = "",
) -> Mandate:
    """Make the person the one legal representative, inside an act that holds the enterprise's lock; safe to repeat."""
    former = current_representative(enterprise)
    if former is not None and former.person_id == person.pk:
        about(enterprise, mandate=former.pk, unchanged=True)
        return former
    suspended: list[Mandate] = []
    if former is not None:
        end(former, by, at, Mandate.Ending.REPLACED)
        Invitation.objects.filter(
            enterprise=enterprise, accepted_at=None, declined_at=None, revoked_at=None
        ).update(revoked_at=at, mobile="")
        suspended = _suspend_handlers(enterprise, at)
    # A handler who becomes the legal representative needs no other mandate.
    for own in Mandate.objects.filter(enterprise=enterprise, person=person, revoked_at=None):
        end(own, by, at, Mandate.Ending.RENEWED)
    made = Mandate(
        person=person, enterprise=enterprise, kind=_REPRESENTATIVE, origin=origin, document=document, scope=[ALL],
        starts_on=timezone.localdate(at), given_at=at, given_by=by.id,
    )  # fmt: skip
    made.save()
    forget_mandates()
    about(
        enterprise, mandate=made.pk, former=former and former.pk, document=document, suspended=len(suspended)
    )
    notify(
        [person.pk],
        title=f"您已登记为 {enterprise.name} 的法定代表人，可以委托经办人",
        link=reverse("own_enterprise", args=[enterprise.pk]),
    )
    if former is not None:
        notify([former.person_id], title=f"{enterprise.name} 的法定代表人已变更，您的授权已终止")
        _tell_suspended(enterprise, [one for one in suspended if one.person_id != person.pk])
    return made


def lock(enterprise: Enterprise) -> None:
    """Let acts about one enterprise run one after the other."""
    Enterprise.objects.select_for_update().get(pk=enterprise.pk)


def current_representative(enterprise: Enterprise) -> Mandate | None:
    """Return the mandate of the present legal representative."""
    found: Mandate | None = Mandate.objects.filter(
        enterprise=enterprise, kind=_REPRESENTATIVE, revoked_at=None
    ).first()
    return found


def end(mandate: Mandate, by: Actor, at: datetime, why: Mandate.Ending) -> None:
    """End a mandate at once; the next request of its holder is without it."""
    mandate.revoked_at, mandate.revoked_by, mandate.ending = at, by.id, why
    mandate.save()
    forget_mandates()


def _suspend_handlers(enterprise: Enterprise, at: datetime) -> list[Mandate]:
    held = Mandate.objects.filter(enterprise=enterprise, kind=_HANDLER, revoked_at=None, suspended_at=None)
    found = list(held.filter(Q(ends_on=None) | Q(ends_on__gt=timezone.localdate(at))))
    Mandate.objects.filter(pk__in=[one.pk for one in found]).update(suspended_at=at)
    forget_mandates()
    return found


def _tell_suspended(enterprise: Enterprise, suspended: Iterable[Mandate]) -> None:
    title = f"{enterprise.name} 的法定代表人有变动，您的经办授权已暂停，待新的法定代表人确认"
    notify([one.person_id for one in suspended], title=title)


def about(enterprise: Enterprise, **facts: object) -> None:
    act = current_act()
    act.about(enterprise, place=enterprise.division_code)
    act.note(**{name: value for name, value in facts.items() if value not in (None, "")})
