"""Signing in by OpenID Connect: where 浙里办 and the electronic business licence plug in.

Authorization Code with PKCE (S256), state and nonce; the id_token is checked for signature by an allowed algorithm,
issuer, audience, nonce and time before any claim of it is believed. Nothing here touches the database: what becomes
of the claims is decided by acts. Providers are declared in a YAML file named by QIFU_OIDC_PROVIDERS.
Source: OpenID Connect Core 1.0 (3.1), Discovery 1.0; RFC 7636; RFC 9207.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import os
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlencode, urlsplit

import httpx
from django.conf import settings
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import KeySet

from qifu.foundation.action import Refused
from qifu.foundation.yaml_data import Fields, ListOf, Loaded, MapOf, OneOf, Text, read_yaml

log = logging.getLogger("qifu.openid")
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""Signatures that may be allowed: asymmetric ones only, so that nobody who knows the client secret can make a token."""
CLAIMS = ("subject", "name", "mobile", "uscc", "role")
HOLDERS = ("legal_representative", "handler")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
TIMEOUT = httpx.Timeout(10, connect=5)
LARGEST_ANSWER = 1_000_000
KEPT_SECONDS = 3600
LEEWAY_SECONDS = 60
_DOWN = "“{title}”暂时连不上，请稍后再试，或改用口令登录；一直不行请告知本站管理员"
_WRONG = "“{title}”返回的信息没有通过核验，未予登录。请重新登录一次；仍不行请告知本站管理员"
_UNKNOWN_HERE = "“{title}”不认本站的接入账号，暂时不能用它登录；请改用口令登录，并告知本站管理员"
_STALE = "这次登录已过期或已经用过，请从登录页重新开始"

_ADDRESS = Text(r"https?://[^\s#]+", "以 https:// 开头的地址", longest=500)
SHAPE = Fields(
    {
        "providers": ListOf(
            Fields(
                {
                    "code": Text(r"[a-z][a-z0-9-]{1,30}", "小写字母、数字和横线"),
                    "title": Text(longest=20),
                    "kind": OneOf("person", "enterprise"),
                    "issuer": _ADDRESS,
                    "client_id": Text(longest=200),
                    "claims": MapOf(Text(longest=100), "|".join(CLAIMS)),
                },
                {
                    "discovery": _ADDRESS,
                    "client_secret_env": Text(r"[A-Z][A-Z0-9_]+", "环境变量名"),
                    "scopes": ListOf(Text(r"[^\s]+", "不含空格的名称")),
                    "algorithms": ListOf(OneOf(*ALGORITHMS), least=1),
                    "roles": MapOf(ListOf(Text(longest=50), least=1), "|".join(HOLDERS)),
                },
            )
        )
    }
)


@dataclass(frozen=True)
class Provider:
    """One way to sign in from outside: a person's identity, or an enterprise's licence with the role of its holder."""

    code: str
    title: str
    kind: str
    issuer: str
    discovery: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: tuple[str, ...]
    algorithms: tuple[str, ...]
    claims: Mapping[str, str]
    roles: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Started:
    """A sign-in under way: where to send the browser, and what to keep in its session until it comes back."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Identity:
    """Who a provider says has come: proven claims only. `uscc` and `role` are empty unless the provider vouches for
    enterprises; `role` is legal_representative, handler or empty.
    """

    issuer: str
    subject: str
    name: str = ""
    mobile: str = ""
    uscc: str = ""
    role: str = ""


def providers() -> tuple[Provider, ...]:
    """Return the declared providers, none where no file is named; raises DataError or OSError where it is wrong."""
    return _read(settings.OIDC_PROVIDERS) if settings.OIDC_PROVIDERS else ()


def provider(code: str) -> Provider | None:
    """Return the provider of that code, or None."""
    return next((one for one in providers() if one.code == code), None)


@lru_cache(maxsize=4)
def _read(path: str) -> tuple[Provider, ...]:
    loaded = read_yaml(Path(path).read_bytes(), SHAPE, where=Path(path).name)
    found = tuple(_provider(loaded, number) for number in range(len(loaded.data["providers"])))
    for number, one in enumerate(found):
        if one.code in {other.code for other in found[:number]}:
            raise loaded.error(("providers", number, "code"), f"代号“{one.code}”重复", "请换一个")
    return found


def _provider(loaded: Loaded, number: int) -> Provider:
    entry, place = loaded.data["providers"][number], ("providers", number)
    for name in ("issuer", "discovery"):
        if name in entry and not _is_safe(entry[name]):
            raise loaded.error((*place, name), "地址没有加密", "请用 https://；只有本机地址可用 http://")
    if "subject" not in entry["claims"]:
        raise loaded.error((*place, "claims"), "没有写明 subject", "请写 subject: sub")
    if entry["kind"] == "enterprise" and not {"uscc", "role"} <= entry["claims"].keys():
        raise loaded.error((*place, "claims"), "企业登录须写明 uscc 和 role 取自哪个字段", "请补充")
    if entry["kind"] == "enterprise" and "roles" not in entry:
        raise loaded.error(place, "企业登录须写明 roles", "写明哪些取值是法定代表人、哪些是经办人")
    named = entry.get("client_secret_env", "")
    if named and not os.environ.get(named):
        raise loaded.error(
            (*place, "client_secret_env"), f"环境变量 {named} 没有设置", "请设为接入方给的密钥"
        )
    return Provider(
        code=entry["code"], title=entry["title"], kind=entry["kind"], issuer=entry["issuer"],
        discovery=entry.get("discovery") or entry["issuer"].rstrip("/") + "/.well-known/openid-configuration",
        client_id=entry["client_id"], client_secret=os.environ.get(named, "") if named else "",
        scopes=tuple(dict.fromkeys(["openid", *entry.get("scopes", [])])),
        algorithms=tuple(entry.get("algorithms", ["RS256"])), claims=entry["claims"],
        roles={role: tuple(words) for role, words in entry.get("roles", {}).items()},
    )  # fmt: skip


def start(
    provider: Provider, *, redirect_uri: str, token: Callable[[], str] = secrets.token_urlsafe
) -> Started:
    """Return where to send the browser, with fresh state, nonce and PKCE verifier; raises Refused if none answers."""
    state, nonce, verifier = token(), token(), token() + token()
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code", "client_id": provider.client_id, "redirect_uri": redirect_uri,
        "scope": " ".join(provider.scopes), "state": state, "nonce": nonce,
        "code_challenge": challenge, "code_challenge_method": "S256",
    }  # fmt: skip
    address = _metadata(provider)["authorization_endpoint"]
    return Started(f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}", state, nonce, verifier)


def finish(
    provider: Provider,
    *,
    started: Mapping[str, str],
    answer: Mapping[str, str],
    redirect_uri: str,
    at: datetime,
) -> Identity:
    """Return who has come, from the provider's `answer` (the query of the return address) to what was `started`.

    Raises Refused, in Chinese, when the person declined, when the provider is down, and for every token that is not
    exactly the one asked for.
    """
    if not secrets.compare_digest(started.get("state", ""), answer.get("state", "")) or not answer.get(
        "state"
    ):
        raise Refused(_STALE)
    if answer.get("iss", provider.issuer) != provider.issuer:
        _refuse(provider, "issuer of the answer")
    if "error" in answer:
        if answer["error"] == "access_denied":
            raise Refused(f"您没有同意用“{provider.title}”登录；可以重新选择登录方式")
        _refuse(provider, "error answered")
    if not answer.get("code"):
        raise Refused(_STALE)
    form = {
        "grant_type": "authorization_code", "code": answer["code"], "redirect_uri": redirect_uri,
        "code_verifier": started["verifier"],
    }  # fmt: skip
    if not provider.client_secret:
        form["client_id"] = provider.client_id
    given = _ask(provider, _metadata(provider)["token_endpoint"], form)
    token = given.get("id_token")
    if not isinstance(token, str):
        _refuse(provider, "no id_token")
    return _identity(provider, _proven(provider, token, nonce=started["nonce"], at=at))


def _proven(provider: Provider, token: str, *, nonce: str, at: datetime) -> dict[str, Any]:
    """Return the claims of a token once signature, issuer, audience, nonce and time have been checked."""
    rules = jwt.JWTClaimsRegistry(
        now=int(at.timestamp()),
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": provider.client_id},
        nonce={"essential": True, "value": nonce},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        claims = dict(_decoded(provider, token).claims)
        rules.validate(claims)
    except ExpiredTokenError:
        raise Refused(_STALE) from None
    except (JoseError, ValueError) as error:
        _refuse(provider, type(error).__name__)
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", provider.client_id) != provider.client_id or (several and "azp" not in claims):
        _refuse(provider, "authorised party")
    return claims


def _decoded(provider: Provider, token: str) -> jwt.Token:
    """Return the token with its signature checked; the keys are asked for once more where the provider changed them."""
    try:
        return jwt.decode(token, _keys(provider), algorithms=list(provider.algorithms))
    except (JoseError, ValueError):
        address = _metadata(provider)["jwks_uri"]
        kept = _kept.get(address)
        if kept is None or time.monotonic() - kept[0] < LEEWAY_SECONDS:
            raise
        _kept.pop(address, None)
        return jwt.decode(token, _keys(provider), algorithms=list(provider.algorithms))


def _identity(provider: Provider, claims: Mapping[str, Any]) -> Identity:
    said = {ours: claims.get(theirs) for ours, theirs in provider.claims.items()}
    told = {ours: value.strip() for ours, value in said.items() if isinstance(value, str)}
    if not 0 < len(told.get("subject", "")) <= 255:
        _refuse(provider, "subject")
    about_enterprise = provider.kind == "enterprise"
    word = told.get("role", "")
    role = next((ours for ours, words in provider.roles.items() if word and word in words), "")
    return Identity(
        issuer=provider.issuer,
        subject=told["subject"],
        name=told.get("name", ""),
        mobile=told.get("mobile", ""),
        uscc=told.get("uscc", "") if about_enterprise else "",
        role=role if about_enterprise else "",
    )


_kept: dict[str, tuple[float, dict[str, Any]]] = {}
"""What providers said of themselves and their keys, by address, with the time it was asked for."""


def _metadata(provider: Provider) -> dict[str, Any]:
    found = _asked_lately(provider, provider.discovery)
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if not isinstance(found.get(name), str) or not _is_safe(found[name]):
            _refuse(provider, f"{name} in discovery")
    if found.get("issuer") != provider.issuer:
        _refuse(provider, "issuer in discovery")
    return found


def _keys(provider: Provider) -> KeySet:
    found = _asked_lately(provider, _metadata(provider)["jwks_uri"])
    return KeySet.import_key_set({"keys": found.get("keys", [])})


def _asked_lately(provider: Provider, address: str) -> dict[str, Any]:
    kept = _kept.get(address)
    if kept is not None and time.monotonic() - kept[0] < KEPT_SECONDS:
        return kept[1]
    found = _ask(provider, address)
    _kept[address] = (time.monotonic(), found)
    return found


def _ask(provider: Provider, address: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the JSON object at an address (posted to, with the client's secret, where there is a form)."""
    secret = (provider.client_id, provider.client_secret) if form and provider.client_secret else None
    try:
        with (
            httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False) as client,
            client.stream("POST" if form else "GET", address, data=form, auth=secret) as answer,
        ):
            body = b""
            for part in answer.iter_bytes():
                body += part
                if len(body) > LARGEST_ANSWER:
                    _refuse(provider, "answer too large")
            status = answer.status_code
    except httpx.HTTPError as error:
        log.warning(
            "openid provider does not answer",
            extra={"provider": provider.code, "cause": type(error).__name__},
        )
        raise Refused(_DOWN.format(title=provider.title)) from error
    if form and (status == 401 or (400 <= status < 500 and b'"invalid_client"' in body)):
        log.error("openid client not accepted", extra={"provider": provider.code, "status": status})
        raise Refused(_UNKNOWN_HERE.format(title=provider.title))
    if form and 400 <= status < 500:
        log.warning("openid code refused", extra={"provider": provider.code, "status": status})
        raise Refused(_STALE)
    if status != 200:
        log.warning("openid provider fails", extra={"provider": provider.code, "status": status})
        raise Refused(_DOWN.format(title=provider.title))
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        _refuse(provider, "answer is no JSON object")
    return found


def _refuse(provider: Provider, cause: str) -> NoReturn:
    """Log the cause (never what was sent) and refuse."""
    log.warning("openid sign-in refused", extra={"provider": provider.code, "cause": cause})
    raise Refused(_WRONG.format(title=provider.title))


def _is_safe(address: str) -> bool:
    """Tell whether an address is encrypted, or of this machine."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK))
