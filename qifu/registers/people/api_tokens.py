"""Tokens by which other systems call the JSON API as a person: made for a term, shown once, ended by a word.

What a token may do is what the person may do at that moment, by posts and mandates; a token adds nothing. Only its
digest is kept: it is 256 random bits, so an unkeyed SHA-256 cannot be guessed back.
Source: RFC 6750 (bearer tokens); GB/T 22239-2019 8.1.4.1.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from qifu.foundation.access import Actor, find, require
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.notices import notify
from qifu.registers.people.attempts import recognised
from qifu.registers.people.models import ApiToken, Person

PREFIX = "qifu_"
TERMS = {30: "30 天", 90: "90 天", 180: "180 天", 365: "一年"}
MOST_LIVE = 10
LONGEST = 200


@dataclass(frozen=True)
class NewToken:
    """A token and its text, which is shown once and stored nowhere."""

    token: ApiToken
    text: str


@dataclass(frozen=True)
class TokenView:
    """A token as a list shows it."""

    id: int
    title: str
    ending: str
    holder: str
    holder_id: int
    created_at: datetime
    expires_at: datetime
    last_used_on: date | None
    state: str

    @property
    def live(self) -> bool:
        """True while it opens anything."""
        return self.state == "live"


def issue(*, by: Actor, at: datetime, person: Person, password: str, title: str, days: int) -> NewToken:
    """Make a token of one's own; the password is asked for, and a wrong one counts as a failed sign-in."""
    try:
        known = recognised(by=by, at=at, name=person.username, password=password)
    except Refused as refused:
        locked = "登录名" not in refused.message
        raise Refused(refused.message if locked else "口令不正确", password="口令不正确") from None
    return make_token(by=by, at=at, person=known, title=title, days=days)


@action("people.make_api_token", title="生成接口令牌", permission="people.keep_own_account", on="person")
def make_token(*, by: Actor, at: datetime, person: Person, title: str, days: int) -> NewToken:
    """Make a token for one of TERMS; called once the password proved right. Refused beyond MOST_LIVE at a time."""
    title = " ".join(title.split())
    if not title or not title.isprintable() or len(title) > 60:
        raise Refused("请写明给哪个系统用（60字以内）", title="请写明给哪个系统用（60字以内）")
    if days not in TERMS:
        raise Refused("请选择有效期", days="请选择有效期")
    Person.objects.select_for_update().get(pk=person.pk)
    if ApiToken.objects.filter(person=person, revoked_at=None, expires_at__gt=at).count() >= MOST_LIVE:
        raise Refused(f"最多同时有 {MOST_LIVE} 个有效令牌，请先吊销不用的")
    text = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        person=person, title=title, digest=digest(text), ending=text[-4:], created_at=at,
        expires_at=at + timedelta(days=days),
    )  # fmt: skip
    token.save()
    current_act().about(person)
    current_act().note(token=token.pk)
    return NewToken(token, text)


@action("people.revoke_api_token", title="吊销接口令牌", permission="people.revoke_api_token", on="token")
def revoke_token(*, by: Actor, at: datetime, token: ApiToken) -> None:
    """End a token at once: one's own, or as the security administrator anybody's, who is told."""
    row = ApiToken.objects.select_for_update().get(pk=token.pk)
    current_act().about(row.person)
    current_act().note(token=row.pk)
    if row.revoked_at is not None:
        raise Refused("这个令牌已经吊销")
    row.revoked_at, row.revoked_by = at, by.id
    row.save(update_fields=["revoked_at", "revoked_by"])
    if by.id != row.person_id:
        notify([row.person_id], title=f"您的接口令牌“{row.title}”已由安全管理员吊销", link="/account/tokens/")


def end_all(person: Person, at: datetime, by: Actor) -> None:
    """End every live token of a person whose password was reset, inside that act."""
    live = ApiToken.objects.filter(person=person, revoked_at=None)
    live.update(revoked_at=at, revoked_by=by.id)


@action(
    "people.use_api_token",
    title="使用接口令牌（每日首次）",
    permission="people.keep_own_account",
    on="person",
)
def note_use(*, by: Actor, at: datetime, person: Person, token: ApiToken) -> None:
    """Keep the day on which a token was last used."""
    ApiToken.objects.filter(pk=token.pk).update(last_used_on=timezone.localdate(at))
    current_act().about(person)
    current_act().note(token=token.pk)


def holder_of(text: str, at: datetime) -> Actor | None:
    """Return whom a token lets act at `at`, for one query; None where it is unknown, ended, or its holder disabled."""
    if not text.startswith(PREFIX) or len(text) > LONGEST:
        return None
    found = ApiToken.objects.select_related("person").filter(
        digest=digest(text), revoked_at=None, expires_at__gt=at
    )
    token = found.filter(person__is_active=True).first()
    if token is None:
        return None
    actor = token.person.as_actor()
    if token.last_used_on != timezone.localdate(at):
        note_use(by=actor, at=at, person=token.person, token=token)
    return actor


def digest(text: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(text.encode()).hexdigest()


def own_tokens(actor: Actor, at: datetime) -> list[TokenView]:
    """Return the actor's tokens, the newest first, those that ended included."""
    own = ApiToken.objects.filter(person_id=actor.id or 0)
    return _views(own, at)


def live_tokens(actor: Actor, at: datetime) -> list[TokenView]:
    """Return every token that opens something, for the security administrator; NotFound for others."""
    require(actor, "people.secure", at)
    return _views(ApiToken.objects.filter(revoked_at=None, expires_at__gt=at), at)


def token_to_revoke(actor: Actor, at: datetime, token_id: int) -> ApiToken:
    """Return a token that the actor may end, else NotFound."""
    return find(ApiToken.objects.all(), actor, "people.revoke_api_token", at, pk=token_id)


def _views(rows: QuerySet[ApiToken], at: datetime) -> list[TokenView]:
    return [
        TokenView(
            id=row.pk, title=row.title, ending=row.ending, holder=row.person.name, holder_id=row.person_id,
            created_at=row.created_at, expires_at=row.expires_at, last_used_on=row.last_used_on,
            state="revoked" if row.revoked_at else "expired" if row.expires_at <= at else "live",
        )
        for row in rows.select_related("person")[:500]
    ]  # fmt: skip
