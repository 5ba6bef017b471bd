"""Who may do what to which rows: role x division subtree x relation; deny by default.

A permission names, for each role, the relation that a row must have to the holder's post. Relations are named
filters that each model declares in `reach`. Foundation stores people and places as plain ids and codes; which posts
and mandates a person holds on a day is answered by `Authority`s, which registers implement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model, Q, QuerySet

ANYONE = "anyone"
SIGNED_IN = "signed_in"
ANYWHERE = "anywhere"
"""The relation that every row has: use it for system roles only."""


class NotFound(Exception):
    """The row does not exist, or the actor may not know that it does; pages answer 404."""


@dataclass(frozen=True)
class Actor:
    """Who acts: a signed-in person, the system itself, or an anonymous visitor."""

    kind: str
    id: int | None = None
    name: str = ""

    @property
    def is_person(self) -> bool:
        """True for a signed-in person."""
        return self.kind == "person"


SYSTEM = Actor(kind="system", name="系统")
ANONYMOUS = Actor(kind="anonymous", name="访客")


@dataclass(frozen=True)
class Grant:
    """What a person holds on one day: a post at an organisation over a division subtree (`places` holds every code in
    it), or a mandate of an enterprise. `on_behalf_of` names the absent colleague whose post a delegate exercises.
    """

    role: str
    actor_id: int | None = None
    organisation_id: int | None = None
    place: str = ""
    places: frozenset[str] = frozenset()
    enterprise_id: int | None = None
    on_behalf_of: int | None = None


Relation = Callable[[Grant], Q]


class Authority(Protocol):
    """Answers what a person holds at a moment: one register answers for posts, another for mandates of enterprises."""

    def grants(self, actor_id: int, at: datetime) -> Iterable[Grant]:
        """Return the grants that `actor_id` has at `at`."""
        ...


@dataclass(frozen=True)
class Permission:
    """One thing that may be done: `grants` maps a role to the relations (names in the model's `reach`) that suffice."""

    code: str
    title: str
    grants: Mapping[str, tuple[str, ...]]


_permissions: dict[str, Permission] = {}
_roles: dict[str, str] = {}
_roles_by_mandate: set[str] = set()
_authorities: list[Authority] = []


def declare_roles(roles: Mapping[str, str], *, by_post: bool = True) -> None:
    """Make roles known: English code to Chinese title; the same role may be declared twice with the same title.

    Roles that are held by mandate of an enterprise, never by post, are declared with `by_post=False`.
    """
    if not by_post:
        _roles_by_mandate.update(roles)
    for code, title in roles.items():
        if _roles.setdefault(code, title) != title:
            raise ValueError(f"role {code} has two titles: {_roles[code]} and {title}")


def declare_permissions(*permissions: Permission) -> None:
    """Make permissions known; a code may be declared once, and every role it names must be declared before."""
    for permission in permissions:
        known = _permissions.get(permission.code)
        if known is not None and known != permission:
            raise ValueError(f"permission {permission.code} is declared twice")
        for role in permission.grants:
            if role not in _roles and role not in (ANYONE, SIGNED_IN):
                raise ValueError(f"permission {permission.code} names the unknown role {role}")
        _permissions[permission.code] = permission


def add_authority(authority: Authority) -> None:
    """Add one who answers for what people hold; each register does so once, at start."""
    _authorities.append(authority)


def permissions() -> Mapping[str, Permission]:
    """Return every declared permission by code."""
    return dict(_permissions)


def roles() -> Mapping[str, str]:
    """Return every declared role: code to Chinese title."""
    return dict(_roles)


def post_roles() -> Mapping[str, str]:
    """Return the roles that a post may give: all but those held by mandate."""
    return {code: title for code, title in _roles.items() if code not in _roles_by_mandate}


def grants_of(actor: Actor, at: datetime) -> list[Grant]:
    """Return what the actor holds at `at`; everyone holds ANYONE, each signed-in person SIGNED_IN."""
    held = [Grant(role=ANYONE, actor_id=actor.id)]
    if actor.is_person and actor.id is not None:
        held.append(Grant(role=SIGNED_IN, actor_id=actor.id))
        if not _authorities:
            raise RuntimeError("no Authority is installed")
        for authority in _authorities:
            held.extend(authority.grants(actor.id, at))
    return held


def _permission(code: str) -> Permission:
    try:
        return _permissions[code]
    except KeyError:
        raise LookupError(f"permission {code} is not declared in any module.py") from None


def holds(actor: Actor, permission: str, at: datetime, *, place: str | None = None) -> bool:
    """Tell whether the actor holds `permission` at all, or, with `place`, over that division code.

    The system holds every permission: its acts are started by code, never by a request.
    """
    _permission(permission)
    return actor.kind == "system" or _holds(grants_of(actor, at), permission, place)


def _holds(grants: Iterable[Grant], permission: str, place: str | None) -> bool:
    allowed = _permission(permission).grants
    for grant in grants:
        if grant.role not in allowed:
            continue
        if place is None or place in grant.places or ANYWHERE in allowed[grant.role]:
            return True
    return False


M = TypeVar("M", bound=Model)


def visible(rows: QuerySet[M], actor: Actor, permission: str, at: datetime) -> QuerySet[M]:
    """Return exactly those of `rows` on which the actor holds `permission` at `at`; none where nothing is granted.

    A row is included if, and only if, some grant of the actor has a role named by the permission and the row stands
    in one of the relations that the permission names for that role.
    """
    _permission(permission)
    return rows if actor.kind == "system" else _visible(rows, grants_of(actor, at), permission)


def _visible(rows: QuerySet[M], grants: Iterable[Grant], permission: str) -> QuerySet[M]:
    allowed = _permission(permission).grants
    reach: Mapping[str, Relation] = getattr(rows.model, "reach", {})
    condition: Q | None = None
    for grant in grants:
        for relation in allowed.get(grant.role, ()):
            if relation == ANYWHERE:
                return rows
            if relation not in reach:
                raise LookupError(f"{rows.model.__name__} declares no relation {relation} (for {permission})")
            part = reach[relation](grant)
            condition = part if condition is None else condition | part
    return rows.none() if condition is None else rows.filter(condition)


def find(rows: QuerySet[M], actor: Actor, permission: str, at: datetime, **lookup: Any) -> M:
    """Return the one row that matches `lookup` and is visible; else raise NotFound, saying nothing of which it was."""
    try:
        return visible(rows, actor, permission, at).get(**lookup)
    except (ObjectDoesNotExist, ValueError) as error:
        raise NotFound(f"{rows.model.__name__} {lookup}") from error


def require(actor: Actor, permission: str, at: datetime, *, target: Model | str | None = None) -> int | None:
    """Raise NotFound unless the actor holds `permission` on `target`: a row, a division code, or nothing in particular.

    Returns the id of the absent colleague on whose behalf it is held, None where the actor's own grants suffice.
    """
    _permission(permission)
    if actor.kind == "system":
        return None
    grants = grants_of(actor, at)
    own = [grant for grant in grants if grant.on_behalf_of is None]
    if _suffices(own, permission, target):
        return None
    for absent in dict.fromkeys(grant.on_behalf_of for grant in grants if grant.on_behalf_of is not None):
        if _suffices([grant for grant in grants if grant.on_behalf_of == absent], permission, target):
            return absent
    if isinstance(target, Model):
        raise NotFound(f"{permission} on {type(target).__name__} {target.pk}")
    raise NotFound(permission)


def _suffices(grants: list[Grant], permission: str, target: Model | str | None) -> bool:
    if not isinstance(target, Model):
        return _holds(grants, permission, target)
    model = target._meta.model  # not type(target): request.user is a lazy proxy
    return _visible(model._default_manager.filter(pk=target.pk), grants, permission).exists()
