"""Where people can be reached: sealed at rest, kept by themselves, shown masked to administrators.

Legal basis: 个人信息保护法 第六条 (最小必要), 第十四条 (知情同意), 第五十一条 (加密、去标识化).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from qifu.foundation.access import Actor, NotFound, visible
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.sealed import Unreadable, lookup_key, mask_email, mask_name, mask_phone
from qifu.registers.people.models import Contact, Person

KINDS: dict[str, str] = {str(value): str(title) for value, title in Contact.Kind.choices}
OWN_PURPOSE = "本人登记，用于接收工作通知和登录验证码"
# Reasons are chosen, never typed: the audit trail keeps them, and it keeps no personal data.
REVEAL_REASONS = {
    "urgent": "紧急工作联系",
    "identity": "核实身份",
    "own_request": "本人要求",
    "lawful_request": "依法调取",
}
_MASKS = {"mobile": mask_phone, "email": mask_email, "account": mask_name}


@dataclass(frozen=True)
class ContactView:
    """A contact as it is shown: `shown` is in clear to its owner, masked to everyone else."""

    kind: str
    title: str
    shown: str
    verified: bool
    purpose: str
    created_at: datetime


def written(kind: str, value: str) -> str:
    """Return the one form in which a contact is kept; raises Refused for what cannot be one.

    A mobile number is the eleven digits of mainland China, with or without +86; blanks and hyphens go.
    """
    text = unicodedata.normalize("NFKC", value[:400]).strip()
    if kind == "mobile":
        text = re.sub(r"^(\+?86)(?=1\d{10}$)", "", re.sub(r"[\s-]", "", text))
        if not re.fullmatch(r"1[3-9][0-9]{9}", text):
            raise Refused("手机号码应为 11 位数字，如 13800001234", value="应为 11 位手机号码")
    elif kind == "email":
        try:
            validate_email(text)
        except ValidationError:
            raise Refused("电子邮箱写法不对，应如 name@example.cn", value="应如 name@example.cn") from None
    elif kind == "account":
        if not re.fullmatch(r"[\w.@-]{2,64}", text):
            raise Refused("平台账号应为 2 至 64 位字母、数字或汉字", value="平台账号写法不对")
    else:
        raise Refused("请选择联系方式的种类", kind="请从列表中选择")
    return text


@action("people.set_contact", title="登记联系方式", permission="people.keep_own_account", on="person")
def set_contact(
    *, by: Actor, at: datetime, person: Person, kind: str, value: str, purpose: str = OWN_PURPOSE,
    verified: bool = False,
) -> None:  # fmt: skip
    """Keep where a person can be reached; one contact of a kind, a new one takes the place of the old.

    `verified` says that whoever calls has proof that it is the person's (a platform's word, a code sent back).
    """
    text = written(kind, value)
    Contact.objects.update_or_create(
        person=person, kind=kind,
        defaults={
            "value": text, "lookup": lookup_key(text, kind), "purpose": purpose, "created_at": at,
            "verified_at": at if verified else None,
        },
    )  # fmt: skip
    current_act().about(person)
    current_act().note(kind=kind)


@action("people.remove_contact", title="删除联系方式", permission="people.keep_own_account", on="person")
def remove_contact(*, by: Actor, at: datetime, person: Person, kind: str) -> None:
    """Take away one's own contact; nothing is sent there any more."""
    if not Contact.objects.filter(person=person, kind=kind).delete()[0]:
        raise Refused("没有登记这种联系方式")
    current_act().about(person)
    current_act().note(kind=kind)


@action("people.reveal_contact", title="查看完整联系方式", permission="people.reveal_contact", on="person")
def reveal_contact(*, by: Actor, at: datetime, person: Person, kind: str, reason: str) -> str:
    """Return a contact in clear; who looked, at whose, and why stays in the audit trail."""
    if reason not in REVEAL_REASONS:
        raise Refused("请选择查看的理由", reason="请从列表中选择")
    row = Contact.objects.filter(person=person, kind=kind).first()
    if row is None:
        raise Refused("没有登记这种联系方式")
    if isinstance(row.value, Unreadable):
        raise Refused(str(row.value))
    current_act().about(person)
    current_act().note(kind=kind, reason=REVEAL_REASONS[reason])
    return row.value


def own_contacts(actor: Actor, at: datetime) -> tuple[ContactView, ...]:
    """Return the contacts of whoever asks, in clear."""
    rows = visible(Contact.objects.all(), actor, "people.keep_own_account", at).order_by("-kind")
    return tuple(_view(row, row.value) for row in rows)


def masked_contacts(actor: Actor, at: datetime, person: Person) -> tuple[ContactView, ...]:
    """Return a person's contacts, masked, to those who may see people; raises NotFound for others."""
    if not visible(Person.objects.filter(pk=person.pk), actor, "people.view", at).exists():
        raise NotFound("people.view")
    rows = Contact.objects.filter(person=person).order_by("-kind")
    return tuple(_view(row, _MASKS[row.kind](row.value)) for row in rows)


def masked(person_id: int, kind: str) -> str:
    """Return a person's contact masked, or an empty text; for saying where a code was sent."""
    row = Contact.objects.filter(person_id=person_id, kind=kind).first()
    return _MASKS[kind](row.value) if row else ""


def _view(row: Contact, shown: str) -> ContactView:
    return ContactView(
        row.kind, KINDS[row.kind], shown, row.verified_at is not None, row.purpose, row.created_at
    )


class ContactBook:
    """Answers foundation's channels; see AddressBook there."""

    def address(self, person_id: int, kind: str) -> str | None:
        """Return where an enabled person is reached, in clear, or None."""
        row = Contact.objects.filter(person_id=person_id, kind=kind, person__is_active=True).first()
        return None if row is None or isinstance(row.value, Unreadable) else row.value
