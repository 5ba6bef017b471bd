"""The second step of signing in: an authenticator (TOTP), a recovery code, or a code sent to the person's mobile.

Each attempt is counted before the code is checked, under the same name and lock as passwords (see `sign_in`). A time
step, a recovery code and a sent code serve once.
Source: RFC 6238 (30 s, 6 digits, one step either way); GB/T 22239-2019 8.1.4.1 (两种或两种以上组合的鉴别技术).
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp
import segno
from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from qifu.foundation.access import Actor
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.channels import codes
from qifu.foundation.notices import notify
from qifu.foundation.sealed import Unreadable, lookup_key, lookup_keys
from qifu.registers.people import contacts
from qifu.registers.people.attempts import attempt_under, recognised
from qifu.registers.people.authority import forget_grants
from qifu.registers.people.models import Contact, OneTimeCode, Person, SecondFactor

STEP_SECONDS = 30
HALF_LIFE = timedelta(minutes=5)
SENT_LIFE = timedelta(minutes=5)
RECOVERY_CODES = 10
WRONG_CODE = "验证码不正确或已用过，请核对后重试"
EXPIRED = "登录已超过 5 分钟，请重新输入登录名和口令"
_HALF = "second_step"
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"

_rules: list[Callable[[Person, datetime], bool]] = []


def require_when(rule: Callable[[Person, datetime], bool]) -> None:
    """Add a rule that tells of whom a second step is demanded though no authenticator is set up (enterprise accounts)."""
    _rules.append(rule)


def has_authenticator(person: Person) -> bool:
    """Tell whether the person has set up an authenticator."""
    return SecondFactor.objects.filter(person=person, confirmed_at__isnull=False).exists()


def needed(person: Person, at: datetime) -> bool:
    """Tell whether the person's password alone does not sign in."""
    return has_authenticator(person) or any(rule(person, at) for rule in _rules)


def methods(person: Person) -> tuple[str, ...]:
    """Return what can serve as the person's second step: totp (recovery codes with it), sms."""
    mobile = Contact.objects.filter(person=person, kind="mobile").exists()
    if has_authenticator(person):
        return ("totp",)  # whoever set one up is not to be got round by a text message
    return ("sms",) if mobile and codes.can_send_codes() else ()


# --- half signed in: the session knows who gave the right password, and nothing else


def start(request: HttpRequest, person: Person, *, at: datetime, onward: str = "") -> None:
    """Note in the session, for five minutes, that the person gave the right password."""
    if not methods(person):
        raise Refused("登录需要短信验证码，但没有登记手机号或本站未开通短信，请联系系统管理员")
    request.session.cycle_key()
    request.session[_HALF] = {
        "person": person.pk,
        "password": person.get_session_auth_hash(),
        "until": (at + HALF_LIFE).isoformat(),
        "onward": onward,
    }


@dataclass(frozen=True)
class HalfSignedIn:
    """Who gave the right password, and where to go on to."""

    person: Person
    onward: str


def half_signed_in(request: HttpRequest, at: datetime) -> HalfSignedIn | None:
    """Return who is half signed in; None after five minutes, or when the password or the account changed meanwhile."""
    half = request.session.get(_HALF)
    if not isinstance(half, dict):
        return None
    person: Person | None = Person.objects.filter(pk=half["person"], is_active=True).first()
    same = person is not None and constant_time_compare(person.get_session_auth_hash(), half["password"])
    if person is None or not same or datetime.fromisoformat(half["until"]) <= at:
        del request.session[_HALF]
        return None
    return HalfSignedIn(person, str(half["onward"]))


def forget_half(request: HttpRequest) -> None:
    """Take the half of a sign-in out of the session."""
    request.session.pop(_HALF, None)


def check(*, by: Actor, at: datetime, person: Person, code: str) -> bool:
    """Count an attempt and tell whether the code serves as the person's second step; Refused while the name is locked.

    A right code is used up. Never call it inside a transaction that may roll back.
    """
    attempt_under(by=by, at=at, name=person.username)
    return _serves(by=by, at=at, person=person, code=code)


def _serves(*, by: Actor, at: datetime, person: Person, code: str) -> bool:
    try:
        use_code(by=by, at=at, person=person, code=code)
    except Refused:
        return False
    return True


# --- codes


def _plain(code: str) -> str:
    return "".join(unicodedata.normalize("NFKC", code[:80]).lower().split()).replace("-", "")


def matching_step(secret: str, code: str, at: datetime) -> int | None:
    """Return the time step, at most one from that of `at`, whose six digits these are; None where there is none."""
    totp, now = pyotp.TOTP(secret), int(at.timestamp()) // STEP_SECONDS
    for step in (now, now - 1, now + 1):
        if constant_time_compare(totp.generate_otp(step), code):
            return step
    return None


@action("people.use_second_factor", title="第二步验证", permission="people.keep_own_account", on="person")
def use_code(*, by: Actor, at: datetime, person: Person, code: str) -> None:
    """Use up a code of the person's; Refused where it is wrong, old, or used before."""
    given, act = _plain(code), current_act()
    act.about(person)
    factor = (
        SecondFactor.objects.select_for_update().filter(person=person, confirmed_at__isnull=False).first()
    )
    if factor is not None and len(given) == 6:
        if isinstance(factor.secret, Unreadable):
            raise Refused(str(factor.secret))
        step = matching_step(factor.secret, given, at)
        if step is None or step <= factor.last_step:
            raise Refused(WRONG_CODE)
        factor.last_step = step
        factor.save()
        act.note(kind="totp")
        return
    rows = OneTimeCode.objects.select_for_update().filter(person=person, used_at=None)
    rows = rows.filter(code_key__in=lookup_keys(f"{person.pk}:{given}", "one_time_code"))
    allowed = (
        rows.filter(kind="recovery") if factor is not None else rows.filter(kind="sent", expires_at__gt=at)
    )
    row = allowed.first()
    if row is None:
        raise Refused(WRONG_CODE)
    row.used_at = at
    row.save()
    if row.kind == "sent":
        Contact.objects.filter(person=person, kind="mobile").update(verified_at=at)
    act.note(kind=row.kind)


def send_code(*, by: Actor, at: datetime, person: Person) -> str:
    """Send six digits to the person's mobile and return the number masked; the one sent before serves no more."""
    if "sms" not in methods(person):
        raise Refused("没有登记手机号，或本站未开通短信，请联系系统管理员")
    digits = make_sent_code(by=by, at=at, person=person)
    minutes = SENT_LIFE // timedelta(minutes=1)
    text = f"验证码 {digits}，{minutes} 分钟内有效。工作人员不会向您索要验证码。"
    codes.send_code(person_id=person.pk, text=text, by=by, at=at)
    return contacts.masked(person.pk, "mobile")


@action("people.make_sent_code", title="生成短信验证码", permission="people.keep_own_account", on="person")
def make_sent_code(*, by: Actor, at: datetime, person: Person) -> str:
    """Return six new digits, kept only as a keyed hash for five minutes."""
    digits = f"{secrets.randbelow(10**6):06}"
    OneTimeCode.objects.filter(person=person, kind="sent").delete()
    OneTimeCode(
        person=person, kind="sent", code_key=lookup_key(f"{person.pk}:{digits}", "one_time_code"),
        created_at=at, expires_at=at + SENT_LIFE,
    ).save()  # fmt: skip
    current_act().about(person)
    return digits


# --- setting up and switching off


@dataclass(frozen=True)
class Enrolment:
    """What an authenticator needs: the secret to type, and its QR code as SVG without scripts or styles."""

    secret: str
    svg: str


@action(
    "people.begin_second_factor", title="开始设置动态口令", permission="people.keep_own_account", on="person"
)
def begin(*, by: Actor, at: datetime, person: Person) -> None:
    """Make a new secret, which serves only once it is confirmed; Refused while an authenticator is in use."""
    if has_authenticator(person):
        raise Refused("动态口令已启用；要换手机请先停用")
    SecondFactor.objects.update_or_create(
        person=person, defaults={"secret": pyotp.random_base32(), "confirmed_at": None, "last_step": 0}
    )
    current_act().about(person)


def enrolment(actor: Actor) -> Enrolment | None:
    """Return the secret that the actor is setting up, or None; never that of an authenticator in use."""
    factor = SecondFactor.objects.filter(person_id=actor.id or 0, confirmed_at=None).first()
    if factor is None or isinstance(factor.secret, Unreadable):
        return None
    person = Person.objects.get(pk=actor.id)
    issuer = "企服（模拟）" if settings.DEMO else "企服"
    address = pyotp.TOTP(factor.secret).provisioning_uri(name=person.username, issuer_name=issuer)
    svg = segno.make(address, error="m").svg_inline(
        scale=5, border=4, light="#fff", svgclass=None, lineclass=None
    )
    return Enrolment(factor.secret, svg)


@action(
    "people.confirm_second_factor", title="启用动态口令", permission="people.keep_own_account", on="person"
)
def confirm(*, by: Actor, at: datetime, person: Person, code: str) -> tuple[str, ...]:
    """Put the authenticator into use, proven by its first code; return ten recovery codes, shown this once."""
    factor = SecondFactor.objects.select_for_update().filter(person=person, confirmed_at=None).first()
    if factor is None or isinstance(factor.secret, Unreadable):
        raise Refused("请先开始设置动态口令")
    step = matching_step(factor.secret, _plain(code), at)
    if step is None:
        message = "动态口令不正确，请确认手机时间准确后重试"
        raise Refused(message, code=message)
    factor.confirmed_at, factor.last_step = at, step
    factor.save()
    forget_grants()
    current_act().about(person)
    return _new_recovery_codes(person, at)


def _new_recovery_codes(person: Person, at: datetime) -> tuple[str, ...]:
    OneTimeCode.objects.filter(person=person, kind="recovery").delete()
    made = tuple("".join(secrets.choice(_ALPHABET) for _ in range(10)) for _ in range(RECOVERY_CODES))
    OneTimeCode.objects.bulk_create(
        OneTimeCode(
            person=person, kind="recovery", created_at=at,
            code_key=lookup_key(f"{person.pk}:{code}", "one_time_code"),
        )
        for code in made
    )  # fmt: skip
    return tuple(f"{code[:5]}-{code[5:]}" for code in made)


def recovery_codes_left(actor: Actor) -> int:
    """Return how many recovery codes the actor has not used."""
    return OneTimeCode.objects.filter(person_id=actor.id or 0, kind="recovery", used_at=None).count()


def switch_off(*, by: Actor, at: datetime, person: Person, password: str) -> None:
    """Switch one's own authenticator off; the password is asked for, and a wrong one counts as a failed sign-in."""
    try:
        known = recognised(by=by, at=at, name=person.username, password=password)
    except Refused as refused:
        raise Refused(
            "口令不正确" if "登录名" in refused.message else refused.message, password="口令不正确"
        ) from None
    remove_own(by=by, at=at, person=known)


@action(
    "people.switch_off_second_factor", title="停用动态口令", permission="people.keep_own_account", on="person"
)
def remove_own(*, by: Actor, at: datetime, person: Person) -> None:
    """Take one's own authenticator away; called once the password proved right."""
    _remove(person)
    current_act().about(person)


@action(
    "people.reset_second_factor", title="重置动态口令", permission="people.reset_second_factor", on="person"
)
def reset(*, by: Actor, at: datetime, person: Person) -> None:
    """Take somebody's authenticator away (a lost telephone); nobody does it for himself. The person is told."""
    if by.id == person.pk:
        raise Refused("不能重置自己的动态口令：请凭口令停用，或请另一位安全管理员办理")
    _remove(person)
    current_act().about(person)
    notify([person.pk], title="您的动态口令已由安全管理员重置；如非本人要求，请立即联系安全管理员")


def _remove(person: Person) -> None:
    if not SecondFactor.objects.filter(person=person).delete()[0]:
        raise Refused("没有启用动态口令")
    OneTimeCode.objects.filter(person=person).delete()
    forget_grants()
