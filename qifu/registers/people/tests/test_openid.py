"""Signing in at a real local OpenID provider, and everything that may be wrong with what comes back."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from qifu.foundation.action import Refused
from qifu.foundation.yaml_data import DataError
from qifu.registers.people import openid
from qifu.registers.people.tests.openid_provider import (
    LocalProvider,
    Spoil,
    claims_of,
    local_provider,
    provider_file,
    resigned,
)

BACK = "http://testserver/sign-in/openid/licence/return/"
HOLDER = {"name": "张三", "phone_number": "13800001234", "uscc": "91330109MA2A000000", "holder": "法定代表人"}


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def running() -> Iterator[LocalProvider]:
    with local_provider() as provider:
        yield provider


@pytest.fixture
def local(running: LocalProvider, tmp_path: Path, settings: Any) -> LocalProvider:
    openid._kept.clear()
    running.spoil, running.fail = None, False
    settings.OIDC_PROVIDERS = str(provider_file(tmp_path, running.issuer))
    return running


def come_back(
    local: LocalProvider, code: str = "licence", subject: str = "s-1", **claims: str
) -> tuple[openid.Provider, openid.Started, dict[str, str]]:
    provider = openid.provider(code)
    assert provider is not None
    local.person(subject, **claims)
    started = openid.start(provider, redirect_uri=BACK)
    return provider, started, local.consent(started.url, subject)


def finish(
    provider: openid.Provider, started: openid.Started, answer: dict[str, str], **given: Any
) -> openid.Identity:
    kept = dataclasses.asdict(started) | given.pop("kept", {})
    return openid.finish(provider, started=kept, answer=answer, redirect_uri=BACK, at=given.pop("at", now()))


def test_a_licence_tells_who_holds_it(local: LocalProvider) -> None:
    provider, started, answer = come_back(local, **HOLDER)
    asked = parse_qs(urlsplit(started.url).query)
    assert asked["code_challenge_method"] == ["S256"] and started.verifier not in started.url
    found = finish(provider, started, answer)
    assert found == openid.Identity(
        local.issuer, "s-1", "张三", "13800001234", "91330109MA2A000000", "legal_representative"
    )
    assert local.asked[-1]["code_verifier"] == started.verifier


def test_a_persons_provider_cannot_speak_for_an_enterprise(local: LocalProvider) -> None:
    found = finish(*come_back(local, "zlb", **HOLDER))
    assert (found.name, found.uscc, found.role) == ("张三", "", "")


def test_an_unknown_role_is_no_role(local: LocalProvider) -> None:
    assert finish(*come_back(local, **HOLDER | {"holder": "股东"})).role == ""


def _flipped(token: str) -> str:
    header, claims, signature = token.split(".")
    return ".".join([header, claims, ("A" if signature[0] != "A" else "B") + signature[1:]])


def _reworded(token: str) -> str:
    header, _, signature = token.split(".")
    said = json.dumps(claims_of(token) | {"uscc": "91330000000000000X"}).encode()
    return ".".join([header, base64.urlsafe_b64encode(said).rstrip(b"=").decode(), signature])


def _unsigned(token: str) -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    return f"{head}.{token.split('.')[1]}."


def _by_shared_secret(token: str) -> str:
    return jwt.encode(
        {"alg": "HS256"}, claims_of(token), OctKey.import_key("a-secret-that-is-long-enough-for-hs256")
    )


@pytest.mark.parametrize(
    "spoil",
    [
        _flipped, _reworded, _unsigned, _by_shared_secret, resigned(), lambda _: "", lambda _: "a.b.c",
        lambda _: "x" * 200_000, lambda t: t + ".", lambda t: t.replace(".", "", 1),
    ],
)  # fmt: skip
def test_a_token_that_was_touched_is_refused(local: LocalProvider, spoil: Spoil) -> None:
    local.spoil = spoil
    provider, started, answer = come_back(local, **HOLDER)
    with pytest.raises(Refused, match="没有通过核验"):
        finish(provider, started, answer)


def test_a_token_for_another_is_refused(local: LocalProvider) -> None:
    provider, started, answer = come_back(local, **HOLDER)
    with pytest.raises(Refused, match="没有通过核验"):
        finish(provider, started, answer, kept={"nonce": "another"})
    provider, started, answer = come_back(local, **HOLDER)
    with pytest.raises(Refused, match=r"没有通过核验|已过期"):
        finish(dataclasses.replace(provider, client_id="another-client"), started, answer)
    provider, started, answer = come_back(local, **HOLDER)
    with pytest.raises(Refused, match="没有通过核验"):
        finish(dataclasses.replace(provider, issuer="https://other.example"), started, answer)
    provider, started, answer = come_back(local, **HOLDER)
    with pytest.raises(Refused, match="没有通过核验"):
        finish(dataclasses.replace(provider, algorithms=("ES256",)), started, answer)


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "somebody-else"}, {"aud": ["qifu-licence", "somebody-else"]}, {"aud": None}, {"iss": "https://evil.example"},
        {"nonce": ""}, {"sub": ""}, {"azp": "somebody-else"}, {"iat": 4_102_444_800}, {"exp": "tomorrow"}, {"sub": 7},
    ],
)  # fmt: skip
def test_claims_that_are_not_ours_are_refused_even_when_rightly_signed(
    local: LocalProvider, wrong: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attacker's key is made the provider's, so that only the claims are wrong."""
    provider, started, answer = come_back(local, **HOLDER)
    token = _signed_by_provider(local, provider, started, answer, wrong)
    with pytest.raises(Refused):
        openid._identity(provider, openid._proven(provider, token, nonce=started.nonce, at=now()))
    good = _signed_by_provider(local, provider, started, answer, {})
    assert openid._proven(provider, good, nonce=started.nonce, at=now())["sub"] == "s-1"


def _signed_by_provider(
    local: LocalProvider, provider: openid.Provider, started: openid.Started, answer: dict[str, str],
    wrong: dict[str, Any],
) -> str:  # fmt: skip
    from joserfc.jwk import RSAKey

    key = RSAKey.generate_key(2048, {"kid": "mine"})
    address = openid._metadata(provider)["jwks_uri"]
    openid._kept[address] = (__import__("time").monotonic(), {"keys": [key.as_dict(private=False)]})
    moment = int(now().timestamp())
    claims = {
        "iss": local.issuer, "aud": provider.client_id, "sub": "s-1", "nonce": started.nonce,
        "iat": moment, "exp": moment + 300,
    }  # fmt: skip
    return jwt.encode({"alg": "RS256", "kid": "mine"}, claims | wrong, key)


def test_a_code_serves_once_and_a_token_for_a_while(local: LocalProvider) -> None:
    provider, started, answer = come_back(local, **HOLDER)
    assert finish(provider, started, answer).subject == "s-1"
    with pytest.raises(Refused, match="已过期或已经用过"):
        finish(provider, started, answer)
    provider, started, answer = come_back(local, **HOLDER)
    with pytest.raises(Refused, match="已过期"):
        finish(provider, started, answer, at=now() + timedelta(hours=2))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"state": "forged"}, "已过期"), ({}, "已过期"), ({"code": None}, "已过期"),
        ({"error": "access_denied"}, "没有同意"), ({"error": "<script>"}, "没有通过核验"),
        ({"iss": "https://evil.example"}, "没有通过核验"), ({"code": "guessed"}, "已过期"),
    ],
)  # fmt: skip
def test_an_answer_nobody_asked_for_is_refused(
    local: LocalProvider, answer: dict[str, Any], reason: str
) -> None:
    provider, started, given = come_back(local, **HOLDER)
    wrong = {key: value for key, value in (given | answer).items() if value is not None} if answer else {}
    with pytest.raises(Refused, match=reason) as told:
        finish(provider, started, wrong)
    assert "<script>" not in told.value.message


def test_a_provider_that_is_down_is_told_in_plain_words(local: LocalProvider) -> None:
    provider, started, answer = come_back(local, **HOLDER)
    local.fail = True
    with pytest.raises(Refused, match="暂时连不上，请稍后再试"):
        finish(provider, started, answer)
    with local_provider() as gone:
        pass
    with pytest.raises(Refused, match="暂时连不上"):
        openid.start(
            dataclasses.replace(provider, issuer=gone.issuer, discovery=gone.issuer), redirect_uri=BACK
        )


def test_what_a_provider_says_of_itself_must_be_encrypted_and_its_own(local: LocalProvider) -> None:
    provider = openid.provider("licence")
    assert provider is not None
    good = openid._metadata(provider)
    for wrong in ({"token_endpoint": "http://evil.example/token"}, {"jwks_uri": ""}, {"issuer": "https://evil.example"},
                  {"authorization_endpoint": "javascript:alert(1)"}):  # fmt: skip
        openid._kept[provider.discovery] = (__import__("time").monotonic(), good | wrong)
        with pytest.raises(Refused, match="没有通过核验"):
            openid.start(provider, redirect_uri=BACK)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("issuer: http://127.0.0.1", "issuer: http://evil.example"), "没有加密"),
        (("code: licence", "code: zlb"), "重复"), (("kind: enterprise", "kind: robot"), "允许"),
        (("uscc: uscc, ", ""), "uscc"), (("subject: sub, ", ""), "subject"), (("    roles:", "    rolls:"), "rolls"),
        (("QIFU_TEST_OIDC_SECRET", "QIFU_NO_SUCH_SECRET"), "没有设置"),
        (("    scopes:", "    algorithms: [HS256]\n    scopes:"), "HS256"),
    ],
)  # fmt: skip
def test_a_provider_file_that_is_wrong_is_told_with_its_line(
    tmp_path: Path, settings: Any, change: tuple[str, str], reason: str
) -> None:
    path = provider_file(tmp_path, "http://127.0.0.1:9")
    path.write_text(path.read_text().replace(*change))
    settings.OIDC_PROVIDERS = str(path)
    openid._read.cache_clear()
    with pytest.raises(DataError, match=rf"第 \d+ 行.*{reason}"):
        openid.providers()


def test_the_secret_comes_from_the_environment_and_is_never_shown(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = provider_file(tmp_path, "http://127.0.0.1:9")
    path.write_text(path.read_text().replace("QIFU_TEST_OIDC_SECRET", "QIFU_TEST_SECRET"))
    settings.OIDC_PROVIDERS = str(path)
    monkeypatch.setenv("QIFU_TEST_SECRET", "s3cret-value")
    openid._read.cache_clear()
    assert openid.providers()[0].client_secret == "s3cret-value" and "s3cret" not in repr(openid.providers())


def test_the_example_in_the_manual_is_right(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ZLB", "LICENCE"):
        monkeypatch.setenv(f"QIFU_OIDC_{name}_SECRET", "x")
    settings.OIDC_PROVIDERS = str(settings.ROOT / "docs" / "manual" / "providers.example.yaml")
    assert [one.kind for one in openid.providers()] == ["person", "enterprise"]
