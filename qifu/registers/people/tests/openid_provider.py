"""A real OpenID provider on this machine for tests; what it answers can be spoiled on the way, as an attacker would."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import oidc_provider_mock._app as mock
import werkzeug.serving
from joserfc import jwt
from joserfc.jwk import RSAKey

Spoil = Callable[[str], str]
SIGN_IN = {"code": "zlb", "title": "浙里办（模拟）", "kind": "person"}
LICENCE = {"code": "licence", "title": "电子营业执照（模拟）", "kind": "enterprise"}


@dataclass
class LocalProvider:
    """The provider as tests use it: `spoil` changes each id_token, `fail` makes the token endpoint answer 500."""

    issuer: str
    server: Any
    spoil: Spoil | None = None
    fail: bool = False
    asked: list[dict[str, str]] = field(default_factory=list)

    def person(self, subject: str, **claims: str) -> None:
        """Set what the provider says of `subject`."""
        httpx.put(f"{self.issuer}/users/{subject}", json=claims, trust_env=False).raise_for_status()

    def consent(self, url: str, subject: str) -> dict[str, str]:
        """Sign `subject` in at the provider's page; return the query it sends the browser back with."""
        answer = httpx.post(url, data={"sub": subject}, trust_env=False)
        assert answer.status_code == 302, answer.text
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


@contextmanager
def local_provider() -> Iterator[LocalProvider]:
    """Run a provider on a free port of 127.0.0.1."""
    app = mock.app()
    held: list[LocalProvider] = []

    @app.before_request
    def notice() -> Any:
        import flask

        if flask.request.path == "/oauth2/token":
            held[0].asked.append(dict(flask.request.form))
            if held[0].fail:
                return flask.Response("down", 500)
        return None

    @app.after_request
    def spoil(response: Any) -> Any:
        import flask

        if flask.request.path == "/oauth2/token" and response.status_code == 200 and held[0].spoil:
            body = response.get_json()
            body["id_token"] = held[0].spoil(body["id_token"])
            response.set_data(json.dumps(body))
        return response

    server = werkzeug.serving.make_server("127.0.0.1", 0, app, threaded=True)
    provider = LocalProvider(f"http://127.0.0.1:{server.server_port}", server)
    held.append(provider)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def provider_file(folder: Path, issuer: str) -> Path:
    """Write a provider file that declares both kinds at one issuer."""
    claims = "{subject: sub, name: name, mobile: phone_number, uscc: uscc, role: holder}"
    text = "providers:\n"
    for entry in (SIGN_IN, LICENCE):
        text += f"""  - code: {entry["code"]}
    title: {entry["title"]}
    kind: {entry["kind"]}
    issuer: {issuer}
    client_id: qifu-{entry["code"]}
    client_secret_env: QIFU_TEST_OIDC_SECRET
    scopes: [profile, phone]
    claims: {claims if entry["kind"] == "enterprise" else "{subject: sub, name: name, mobile: phone_number}"}
"""
        if entry["kind"] == "enterprise":
            text += "    roles: {legal_representative: [法定代表人], handler: [经办人]}\n"
    os.environ["QIFU_TEST_OIDC_SECRET"] = "not-a-secret"
    path = folder / "providers.yaml"
    path.write_text(text)
    return path


def resigned(**changes: Any) -> Spoil:
    """Return what signs the claims anew, with changes, under a key of the attacker's own."""
    key = RSAKey.generate_key(2048)

    def spoil(token: str) -> str:
        return jwt.encode({"alg": "RS256"}, claims_of(token) | changes, key)

    return spoil


def claims_of(token: str) -> dict[str, Any]:
    """Return the claims of a token without checking anything."""
    import base64

    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found
