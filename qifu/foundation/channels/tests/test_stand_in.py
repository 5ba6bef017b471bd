"""The stand-in, asked over HTTP by whoever does not keep to the protocol."""

import json
import time
from typing import Any

import httpx
import pytest

from qifu.foundation.channels import adapters, signing
from qifu.foundation.channels.adapters import Message, Rejected
from qifu.foundation.channels.config import Channel
from qifu.foundation.channels.tests.provider import SECRET

GOOD = {"mobile": "13800000007", "text": "<b>字</b>"}


def post(url: str, body: Any, *, secret: str = SECRET, key: str = "k1", **headers: str) -> httpx.Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    signed = signing.headers(secret, "hmac-sm3", now=int(time.time()), key=key, body=raw)
    return httpx.post(url, content=raw, headers={**signed, **headers}, trust_env=False)


def test_it_takes_each_key_once_and_shows_it(provider: Any) -> None:
    first, again = post(f"{provider.url}/sms", GOOD), post(f"{provider.url}/sms", GOOD)
    assert (first.status_code, again.status_code, first.json(), again.json()) == (
        201, 200, {"number": "1"}, {"number": "1"},
    )  # fmt: skip
    page = httpx.get(provider.url, trust_env=False).text
    assert "收到 1 条" in page and "&lt;b&gt;字&lt;/b&gt;" in page and "<b>字" not in page


@pytest.mark.parametrize(
    ("path", "body", "options", "status"),
    [
        ("/sms", GOOD, {"secret": "wrong"}, 401),
        ("/sms", GOOD, {signing.SIGNATURE: "00"}, 401),
        ("/sms", GOOD, {signing.TIMESTAMP: "1700000000"}, 401),
        ("/sms", GOOD, {signing.KEY: "another"}, 401),
        ("/sms", {"mobile": "13800000007"}, {}, 422),
        ("/sms", b"[1]", {}, 422),
        ("/sms", b"\xff", {}, 422),
        ("/sms", GOOD, {"key": ""}, 400),
        ("/mail", GOOD, {}, 404),
        ("/sms/1/done", GOOD, {}, 404),
        ("/to-dos/7/done", {"account": "a"}, {}, 422),
        ("/sms", b"x" * 70_000, {}, 413),
    ],
)
def test_it_refuses_what_is_not_right(
    provider: Any, path: str, body: Any, options: dict[str, str], status: int
) -> None:
    assert post(provider.url + path, body, **options).status_code == status
    assert provider.stand_in.taken == []


def test_a_request_without_any_header_is_refused(provider: Any) -> None:
    assert httpx.post(f"{provider.url}/sms", json=GOOD, trust_env=False).status_code == 401


def test_every_kind_and_both_algorithms_are_understood(provider: Any) -> None:
    message = Message(key="m", to="acc", title="题", text="文", link="https://qifu.example.org/inbox/1/")
    for kind, box, algorithm in (("message", "messages", "hmac-sm3"), ("to_do", "to-dos", "hmac-sha256")):
        channel = Channel(
            kind, kind, kind, endpoint=f"{provider.url}/{box}", secret=SECRET, signature=algorithm
        )
        number = adapters.send(channel, Message(**{**vars(message), "key": kind}))
        assert number == str(len(provider.stand_in.taken))
    ended = Message(key="end", to="acc", title="", text="", link="", done=True, number=number)
    assert adapters.send(channel, ended) == number and provider.stand_in.taken[-1].done
    strange = Message(key="no", to="acc", title="", text="", link="", done=True, number="../../sms")
    with pytest.raises((Rejected, adapters.Unreachable)):
        adapters.send(channel, strange)
    assert len(provider.stand_in.taken) == 2
