"""What a handler may be appointed for: each room declares its scopes, and each scope is a role.

A handler holds one role for each scope of the mandate, so that permissions alone say who may do what and no act has
to ask twice: `Permission("policies.apply", "申请兑付", acting_for("policies", "own_enterprise"))` lets the legal
representative and the handlers for `policies` in, and no other handler.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Q

from qifu.foundation.access import Grant, Relation, declare_roles

LEGAL_REPRESENTATIVE = "legal_representative"
HANDLER = "enterprise_handler"
"""Held by every handler whatever the scope: for what each of them may see of the enterprise."""
ALL = "all"

_scopes: dict[str, str] = {}


def declare_scopes(scopes: Mapping[str, str]) -> None:
    """Make scopes known, code to Chinese title; call it before the permissions that name them are declared."""
    for code, title in scopes.items():
        if _scopes.setdefault(code, title) != title:
            raise ValueError(f"scope {code} has two titles: {_scopes[code]} and {title}")
        declare_roles({role_of(code): f"经办人（{title}）"}, by_post=False)


def scopes() -> Mapping[str, str]:
    """Return every declared scope: code to Chinese title, 全部事项 first."""
    return dict(_scopes)


def role_of(scope: str) -> str:
    """Return the role that a handler for `scope` holds."""
    return f"handler_of_{scope}"


def roles_of(given: list[str]) -> list[str]:
    """Return the roles of a handler with these scopes: 全部事项 stands for every one, also those declared later."""
    covered = list(_scopes) if ALL in given else [code for code in given if code in _scopes]
    return [HANDLER, *(role_of(code) for code in covered)]


def acting_for(scope: str, *relations: str) -> dict[str, tuple[str, ...]]:
    """Return the grants of a permission that the legal representative and the handlers for `scope` hold."""
    return {LEGAL_REPRESENTATIVE: relations, role_of(scope): relations}


def of_enterprise(field: str = "enterprise_id") -> Relation:
    """Return the relation of rows to the enterprise that a mandate is for, by the row's `field`; none to a post."""
    return lambda grant: _same(field, grant)


def _same(field: str, grant: Grant) -> Q:
    return Q(**{field: grant.enterprise_id}) if grant.enterprise_id is not None else Q(pk__in=[])


declare_roles({LEGAL_REPRESENTATIVE: "法定代表人", HANDLER: "经办人"}, by_post=False)
declare_scopes({ALL: "全部事项", "enterprise_profile": "企业信息"})
