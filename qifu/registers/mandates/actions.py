"""Verbs of the legal representative, the handlers and those invited to be one."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.urls import reverse
from django.utils import timezone

from qifu.foundation.access import SYSTEM, Actor, NotFound, require
from qifu.foundation.action import Refused, action
from qifu.foundation.notices import notify
from qifu.foundation.sealed import Unreadable
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.mandates.authority import forget_mandates
from qifu.registers.mandates.models import Invitation, Mandate
from qifu.registers.mandates.registration import about, current_representative, end, lock
from qifu.registers.mandates.scopes import ALL, scopes
from qifu.registers.people.actions import create_person
from qifu.registers.people.contacts import set_contact
from qifu.registers.people.models import Person
from qifu.registers.people.passwords import refuse_weak

INVITATION_LIFE = timedelta(days=7)
LONGEST_MANDATE = timedelta(days=3 * 366)
FORGOTTEN_AFTER = timedelta(days=30)
NO_NAME = "已清除"
MOBILE = re.compile(r"1[3-9][0-9]{9}")
GONE = "这份邀请不存在、已过期或已被处理，请联系邀请您的企业重新发送"
_HANDLER = Mandate.Kind.HANDLER


@dataclass(frozen=True)
class Invited:
    """An invitation and its token, which is shown once and stored nowhere in clear."""

    invitation: Invitation
    token: str


def token_key(token: str) -> str:
    """Return what is stored of a token: 256 random bits need no salt."""
    return hashlib.sha256(token[:200].encode()).hexdigest()


def access_to_appoint(actor: Actor, at: datetime, enterprise: Enterprise) -> None:
    """Raise NotFound unless the actor is the legal representative of this enterprise."""
    require(actor, "mandates.appoint", at, target=enterprise)


def _as_representative(enterprise: Enterprise, by: Actor) -> None:
    """Lock the enterprise and make sure that the actor is its legal representative still; else NotFound."""
    lock(enterprise)
    held = current_representative(enterprise)
    if held is None or held.person_id != by.id:
        raise NotFound("mandates.appoint")


def _checked(scope: Sequence[str], ends_on: date, today: date) -> list[str]:
    """Return the scope in its order, once each; Refused for an unknown one or a day that will not do."""
    wanted = [code for code in scopes() if code in scope]
    if not wanted or set(scope) - set(wanted):
        raise Refused("请选择授权事项", scope="请至少选择一项")
    if not today < ends_on <= today + LONGEST_MANDATE:
        raise Refused("有效期最长 3 年，不能早于今天", ends_on="不能早于今天，最长 3 年；到期可以重新委托")
    return [ALL] if ALL in wanted else wanted


@action("mandates.invite_handler", title="邀请经办人", permission="mandates.appoint", on="enterprise")
def invite_handler(
    *, by: Actor, at: datetime, enterprise: Enterprise, name: str, mobile: str, scope: Sequence[str], ends_on: date,
    token: Callable[[int], str] = secrets.token_urlsafe,
) -> Invited:  # fmt: skip
    """Invite somebody to act for the enterprise in `scope` until the day before `ends_on`."""
    _as_representative(enterprise, by)
    name, mobile = " ".join(name.split()), re.sub(r"[\s-]", "", mobile)
    if not name.isprintable() or not 0 < len(name) <= 60:
        raise Refused("请填写经办人姓名", name="请填写姓名（60字以内）")
    if not MOBILE.fullmatch(mobile):
        raise Refused("手机号不正确", mobile="请填写 11 位手机号")
    wanted = _checked(scope, ends_on, timezone.localdate(at))
    forgotten = Invitation.objects.filter(expires_at__lte=at - FORGOTTEN_AFTER, accepted_at=None)
    forgotten.exclude(name=NO_NAME).update(name=NO_NAME, mobile="")
    secret = token(32)
    row = Invitation(
        enterprise=enterprise, token_key=token_key(secret), name=name, mobile=mobile, scope=wanted, ends_on=ends_on,
        invited_at=at, invited_by=by.id, expires_at=at + INVITATION_LIFE,
    )  # fmt: skip
    row.save()
    about(enterprise, invitation=row.pk, scope=wanted, ends_on=str(ends_on))
    return Invited(row, secret)


@action("mandates.revoke_invitation", title="撤回邀请", permission="mandates.appoint", on="enterprise")
def revoke_invitation(*, by: Actor, at: datetime, enterprise: Enterprise, invitation_id: int) -> None:
    """Take an open invitation back; its link is dead at once."""
    _as_representative(enterprise, by)
    row = Invitation.objects.filter(enterprise=enterprise, pk=invitation_id).first()
    if row is None:
        raise NotFound("mandates.invitation")
    if row.state_at(at) != "open":
        raise Refused("这份邀请已被处理或已过期")
    row.revoked_at, row.mobile = at, ""
    row.save()
    about(enterprise, invitation=row.pk)


def _open_invitation(token: str, at: datetime) -> Invitation:
    """Return the open invitation of a token, its enterprise locked; Refused for every other token alike."""
    found = Invitation.objects.filter(token_key=token_key(token)).select_related("enterprise").first()
    if found is not None:
        lock(found.enterprise)
        found.refresh_from_db()
    if found is None or found.state_at(at) != "open":
        raise Refused(GONE)
    return found


@action("mandates.join", title="凭邀请注册账号", permission="mandates.join")
def join(*, by: Actor, at: datetime, token: str, username: str, password: str) -> Person:
    """Make an account for whoever holds the token of an open invitation, under the invited name."""
    invitation = _open_invitation(token, at)
    person = create_person(by=SYSTEM, at=at, username=username, name=invitation.name).person
    refuse_weak(password, person)
    person.set_password(password)
    person.one_time_until = None
    person.save()
    if not isinstance(invitation.mobile, Unreadable):
        set_contact(by=SYSTEM, at=at, person=person, kind="mobile", value=invitation.mobile)
    about(invitation.enterprise, invitation=invitation.pk)
    return person


@action("mandates.accept_invitation", title="接受经办邀请", permission="mandates.answer_invitation")
def accept_invitation(*, by: Actor, at: datetime, token: str) -> Mandate:
    """Become a handler; of two who hold one token only the first does. An earlier mandate is replaced."""
    row = _open_invitation(token, at)
    enterprise, person = row.enterprise, Person.objects.get(pk=by.id)
    if row.ends_on <= timezone.localdate(at):
        raise Refused("邀请里写的授权有效期已过，请联系企业重新邀请")
    if person.name != row.name:
        raise Refused("邀请里写的姓名与您账号的姓名不一致；请用本人账号接受，或请企业按您的姓名重新邀请")
    held = list(Mandate.objects.filter(enterprise=enterprise, person=person, revoked_at=None))
    if any(one.kind != _HANDLER for one in held):
        raise Refused("您是这家企业的法定代表人，不需要接受经办邀请")
    for one in held:
        end(one, by, at, Mandate.Ending.RENEWED)
    made = Mandate(
        person=person, enterprise=enterprise, kind=_HANDLER, origin=Mandate.Origin.APPOINTMENT, scope=row.scope,
        starts_on=timezone.localdate(at), ends_on=row.ends_on, given_at=at, given_by=row.invited_by,
    )  # fmt: skip
    made.save()
    row.accepted_at, row.mandate, row.mobile = at, made, ""  # the number was needed for the invitation only
    row.save()
    forget_mandates()
    about(enterprise, invitation=row.pk, mandate=made.pk, scope=row.scope, ends_on=str(row.ends_on))
    _tell_representative(enterprise, f"经办邀请已被接受：{enterprise.name}")
    return made


@action("mandates.decline_invitation", title="谢绝经办邀请", permission="mandates.join")
def decline_invitation(*, by: Actor, at: datetime, token: str) -> None:
    """Say no; the link is dead at once. No account is needed for that."""
    row = _open_invitation(token, at)
    row.declined_at, row.mobile = at, ""
    row.save()
    about(row.enterprise, invitation=row.pk)
    _tell_representative(row.enterprise, f"经办邀请已被谢绝：{row.enterprise.name}")


def _handler(enterprise: Enterprise, mandate_id: int) -> Mandate:
    found: Mandate | None = Mandate.objects.filter(
        enterprise=enterprise, pk=mandate_id, kind=_HANDLER
    ).first()
    if found is None:
        raise NotFound("mandates.mandate")
    if found.revoked_at is not None:
        raise Refused("这份授权已经终止")
    return found


@action("mandates.revoke_handler", title="撤销经办授权", permission="mandates.appoint", on="enterprise")
def revoke_handler(*, by: Actor, at: datetime, enterprise: Enterprise, mandate_id: int) -> None:
    """End a handler's mandate at once."""
    _as_representative(enterprise, by)
    mandate = _handler(enterprise, mandate_id)
    end(mandate, by, at, Mandate.Ending.REVOKED)
    about(enterprise, mandate=mandate.pk)
    notify([mandate.person_id], title=f"您经办 {enterprise.name} 事项的授权已被撤销")


@action("mandates.confirm_handler", title="确认经办授权", permission="mandates.appoint", on="enterprise")
def confirm_handler(
    *, by: Actor, at: datetime, enterprise: Enterprise, mandate_id: int, scope: Sequence[str], ends_on: date
) -> None:
    """Let a suspended handler act again, in the scope and until the day that the legal representative now gives."""
    _as_representative(enterprise, by)
    mandate, today = _handler(enterprise, mandate_id), timezone.localdate(at)
    if mandate.suspended_at is None:
        raise Refused("这份授权没有暂停，不需要确认")
    mandate.scope = _checked(scope, ends_on, today)
    mandate.ends_on, mandate.suspended_at = ends_on, None
    mandate.given_by, mandate.given_at = by.id, at
    mandate.save()
    forget_mandates()
    about(enterprise, mandate=mandate.pk, scope=mandate.scope, ends_on=str(ends_on))
    link = reverse("own_enterprise", args=[enterprise.pk])
    notify([mandate.person_id], title=f"您经办 {enterprise.name} 事项的授权已确认", link=link)


@action("mandates.resign", title="退出经办", permission="mandates.resign", on="mandate")
def resign(*, by: Actor, at: datetime, mandate: Mandate) -> None:
    """Give one's own handler's mandate back."""
    lock(mandate.enterprise)
    row = _handler(mandate.enterprise, mandate.pk)
    end(row, by, at, Mandate.Ending.RESIGNED)
    about(row.enterprise, mandate=row.pk)
    _tell_representative(row.enterprise, f"一位经办人已退出：{row.enterprise.name}")


def _tell_representative(enterprise: Enterprise, title: str) -> None:
    held = current_representative(enterprise)
    if held is not None:
        notify([held.person_id], title=title, link=reverse("handlers", args=[enterprise.pk]))
