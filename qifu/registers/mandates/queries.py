"""Questions about mandates: who may act for which enterprise, and who did what for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q
from django.utils import timezone

from qifu.foundation.access import Actor, NotFound, find, grants_of, holds, visible
from qifu.foundation.audit.queries import rows_about
from qifu.foundation.sealed import mask_name, mask_phone
from qifu.registers.divisions.queries import names as division_names
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.mandates.actions import token_key
from qifu.registers.mandates.models import ExternalIdentity, Invitation, Mandate
from qifu.registers.mandates.scopes import HANDLER, LEGAL_REPRESENTATIVE, role_of, scopes
from qifu.registers.people import second_factor
from qifu.registers.people.models import Contact, Person
from qifu.registers.people.openid import Provider, providers

PAGE_SIZE = 50
CURRENT_ENTERPRISE = "enterprise_id"
"""Where the session keeps the enterprise that its person chose last."""
STATES: Mapping[str, tuple[str, str]] = {
    "current": ("good", "有效"), "suspended": ("warn", "待确认"), "ahead": ("info", "未开始"),
    "expired": ("idle", "已到期"), "revoked": ("idle", "已终止"), "open": ("info", "待接受"),
    "accepted": ("good", "已接受"), "declined": ("idle", "已谢绝"),
}  # fmt: skip
"""How a state is shown: its colour and its Chinese word."""


@dataclass(frozen=True)
class Firm:
    """An enterprise that the person asking may act for, as the switcher shows it."""

    id: int
    name: str
    uscc: str
    representative: bool
    title: str


@dataclass(frozen=True)
class MandateView:
    """A mandate as it is shown; `mobile` is masked for everyone."""

    row: Mandate
    name: str
    kind: str
    scope: str
    origin: str
    state: str
    colour: str
    word: str
    ending: str
    mobile: str
    mine: bool


@dataclass(frozen=True)
class InvitationView:
    """An invitation as its enterprise sees it."""

    row: Invitation
    scope: str
    state: str
    colour: str
    word: str
    mobile: str


@dataclass(frozen=True)
class Deed:
    """What one of an enterprise's people did about it."""

    at: datetime
    title: str
    name: str


def may(actor: Actor, enterprise_id: int, scope: str, at: datetime) -> bool:
    """Tell whether the actor may act for the enterprise in `scope` now; permissions made by `acting_for` say the same."""
    wanted = {LEGAL_REPRESENTATIVE, role_of(scope)}
    return any(one.enterprise_id == enterprise_id and one.role in wanted for one in grants_of(actor, at))


def scope_title(codes: Iterable[str]) -> str:
    """Return the scopes in words."""
    titles = scopes()
    return "、".join(titles.get(code, code) for code in codes)


def scope_choices() -> list[tuple[str, str]]:
    """Return every scope with its title."""
    return list(scopes().items())


def acts_for_any(actor: Actor, at: datetime) -> bool:
    """Tell whether the person holds any mandate now; costs nothing beyond the grants of the request."""
    return any(grant.role in (LEGAL_REPRESENTATIVE, HANDLER) for grant in grants_of(actor, at))


def firms(actor: Actor, at: datetime) -> list[Firm]:
    """Return the enterprises that the actor may act for now, by name; no query for anyone who holds no mandate."""
    held = {
        grant.enterprise_id: grant.role == LEGAL_REPRESENTATIVE
        for grant in grants_of(actor, at)
        if grant.role in (LEGAL_REPRESENTATIVE, HANDLER)
    }
    if not held:
        return []
    rows = Enterprise.objects.filter(pk__in=held).order_by("name", "pk").only("pk", "name", "uscc")
    return [
        Firm(row.pk, row.name, row.uscc, held[row.pk], "法定代表人" if held[row.pk] else "经办人")
        for row in rows
    ]


def own_enterprise(actor: Actor, at: datetime, enterprise_id: int) -> Enterprise:
    """Return an enterprise that the actor may act for; raises NotFound for any other."""
    found: Enterprise = find(
        Enterprise.objects.select_related("source"),
        actor,
        "mandates.view_own_enterprise",
        at,
        pk=enterprise_id,
    )
    return found


def lacks_second_step(actor: Actor) -> bool:
    """Tell whether a person with a password has nothing yet for the second step that will be asked for next time."""
    person = Person.objects.filter(pk=actor.id).first()
    return person is not None and person.has_usable_password() and not second_factor.methods(person)


def appoints(actor: Actor, at: datetime, enterprise: Enterprise) -> bool:
    """Tell whether the actor is the legal representative of the enterprise."""
    return visible(Enterprise.objects.filter(pk=enterprise.pk), actor, "mandates.appoint", at).exists()


def mandates_of(enterprise: Enterprise, actor: Actor, at: datetime) -> list[MandateView]:
    """Return every mandate of an enterprise whose page the actor was let into: the ones in force first."""
    rows = list(
        Mandate.objects.filter(enterprise=enterprise)
        .select_related("person")
        .order_by("-given_at", "-pk")[:500]
    )
    mobiles = _mobiles(rows, at)
    views = [_mandate_view(row, actor, at, mobiles) for row in rows]
    order = ["current", "suspended", "ahead", "expired", "revoked"]
    return sorted(views, key=lambda one: (order.index(one.state), one.row.kind != LEGAL_REPRESENTATIVE))


def _mobiles(rows: Iterable[Mandate], at: datetime) -> dict[int, str]:
    """Return the masked mobile of everyone whose mandate is not over, for one query."""
    day = timezone.localdate(at)
    wanted = {row.person_id for row in rows if row.state_on(day) not in ("revoked", "expired")}
    found = Contact.objects.filter(person_id__in=wanted, kind="mobile")
    return {one.person_id: mask_phone(one.value) for one in found}


def _mandate_view(row: Mandate, actor: Actor, at: datetime, mobiles: Mapping[int, str]) -> MandateView:
    state = row.state_on(timezone.localdate(at))
    return MandateView(
        row=row, name=row.person.name, kind=row.get_kind_display(), scope=scope_title(row.scope),
        origin=row.get_origin_display(), state=state, colour=STATES[state][0], word=STATES[state][1],
        ending=row.get_ending_display() if row.ending else "",
        mobile="" if state in ("revoked", "expired") else mobiles.get(row.person_id, ""), mine=row.person_id == actor.id,
    )  # fmt: skip


def own_mandate(actor: Actor, at: datetime, enterprise_id: int) -> Mandate:
    """Return the actor's own handler's mandate of an enterprise; raises NotFound where there is none."""
    rows = Mandate.objects.filter(kind=Mandate.Kind.HANDLER, revoked_at=None).select_related("enterprise")
    return find(rows, actor, "mandates.resign", at, enterprise_id=enterprise_id)


def waiting_handler(enterprise: Enterprise, mandate_id: int, actor: Actor, at: datetime) -> MandateView:
    """Return a suspended handler of an enterprise whose page the actor was let into; raises NotFound otherwise."""
    rows = Mandate.objects.filter(enterprise=enterprise, revoked_at=None, suspended_at__isnull=False)
    row = rows.filter(pk=mandate_id).select_related("person").first()
    if row is None:
        raise NotFound("mandates.mandate")
    return _mandate_view(row, actor, at, _mobiles([row], at))


def invitations_of(enterprise: Enterprise, actor: Actor, at: datetime) -> list[InvitationView]:
    """Return the invitations of an enterprise to its legal representative, newest first, the accepted ones left out."""
    rows = visible(Invitation.objects.filter(enterprise=enterprise), actor, "mandates.appoint", at)
    found = []
    for row in rows.filter(accepted_at=None).order_by("-invited_at", "-pk")[:100]:
        state = row.state_at(at)
        word = "已撤回" if state == "revoked" else STATES[state][1]
        mobile = mask_phone(row.mobile) if row.mobile else ""
        found.append(InvitationView(row, scope_title(row.scope), state, STATES[state][0], word, mobile))
    return found


@dataclass(frozen=True)
class Offer:
    """An open invitation as whoever holds its link sees it; the name only as far as it must be recognised."""

    enterprise: str
    uscc: str
    name: str
    scope: str
    last_day: date
    expires_at: datetime
    name_fits: bool


def offer(token: str, actor: Actor, at: datetime) -> Offer | None:
    """Return what the holder of a token is offered, or None when it is unknown, answered or too old."""
    row = Invitation.objects.filter(token_key=token_key(token)).select_related("enterprise").first()
    if row is None or row.state_at(at) != "open":
        return None
    fits = not actor.is_person or Person.objects.filter(pk=actor.id, name=row.name).exists()
    return Offer(
        row.enterprise.name, row.enterprise.uscc, mask_name(row.name), scope_title(row.scope), row.last_day,
        row.expires_at, fits,
    )  # fmt: skip


def deeds(enterprise: Enterprise, number: str | None) -> Page[Any]:
    """Return what the enterprise's own people did about it, newest first; for pages that only they open."""
    people = dict(Mandate.objects.filter(enterprise=enterprise).values_list("person_id", "person__name"))
    rows = rows_about(enterprise, actor_ids=people)
    page: Page[Any] = Paginator(rows, PAGE_SIZE).get_page(number)
    page.object_list = [
        Deed(row.at, row.title, people.get(row.actor_id or 0, "")) for row in page.object_list
    ]
    return page


def facts(enterprise: Enterprise) -> list[tuple[str, str]]:
    """Return what the register says of an enterprise: titles and values, blanks left out."""
    place = division_names([enterprise.division_code]).get(enterprise.division_code, enterprise.division_code)
    rows = [
        ("统一社会信用代码", enterprise.uscc),
        ("名称", enterprise.name),
        ("类型", enterprise.get_kind_display()),
        ("登记状态", enterprise.get_status_display()),
        ("法定代表人", enterprise.legal_representative),
        ("成立日期", enterprise.established_on.isoformat() if enterprise.established_on else ""),
        ("所在区划", place),
        ("住所", enterprise.address),
        ("登记机关", enterprise.authority),
    ]
    return [(title, value) for title, value in rows if value]


def enterprises_in_place(actor: Actor, at: datetime, text: str) -> list[Enterprise]:
    """Return at most fifty enterprises that staff may look up, by code or a part of the name; none for no text."""
    wanted = "".join(c for c in text[:200] if c.isprintable()).strip()[:60]
    if len(wanted) < 2:
        return []
    rows = visible(Enterprise.objects.all(), actor, "mandates.view", at)
    by_code = Q(uscc__startswith=wanted.upper())
    return list(rows.filter(by_code | Q(name__contains=wanted)).order_by("name", "pk")[:PAGE_SIZE])


def enterprise_in_place(actor: Actor, at: datetime, enterprise_id: int) -> Enterprise:
    """Return an enterprise in the place of a staff member; raises NotFound for any other."""
    return find(Enterprise.objects.all(), actor, "mandates.view", at, pk=enterprise_id)


def may_register(actor: Actor, at: datetime, enterprise: Enterprise) -> bool:
    """Tell whether the actor registers legal representatives of this enterprise at the counter."""
    return visible(Enterprise.objects.filter(pk=enterprise.pk), actor, "mandates.register", at).exists()


def document_choices() -> list[tuple[str, str]]:
    """Return the papers that may be seen at the counter."""
    return [(str(value), str(title)) for value, title in Mandate.Document.choices]


def person_providers() -> list[Provider]:
    """Return the providers that tell who a person is."""
    return [one for one in providers() if one.kind == "person"]


def own_identities(actor: Actor, at: datetime) -> list[tuple[Provider, ExternalIdentity | None]]:
    """Return every way to sign in from outside, each with the actor's own identity where it is linked."""
    if not holds(actor, "mandates.link_identity", at):
        raise NotFound("mandates.link_identity")
    rows = visible(ExternalIdentity.objects.all(), actor, "mandates.link_identity", at)
    by_issuer = {row.issuer: row for row in rows}
    return [(one, by_issuer.get(one.issuer)) for one in providers()]
