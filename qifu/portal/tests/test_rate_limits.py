"""Rate limits: who is counted, how far, and what a refused visitor reads."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client, RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from qifu.foundation.client_address import client_address
from qifu.portal.rate_limits import kind_of, seconds_to_wait


@pytest.fixture(autouse=True)
def _few_requests(settings: Any) -> Iterator[None]:
    settings.RATE_LIMITS = True
    settings.RATE_RULES = {
        "page": (5, 3, 60),
        "search": (2, 2, 60),
        "sign_in": (2, 2, 300),
        "upload": (1, 1, 600),
    }
    settings.TRUSTED_PROXIES = 0
    caches["rate_limits"].clear()
    yield
    caches["rate_limits"].clear()


def test_a_source_is_refused_after_its_limit_until_the_next_window() -> None:
    request = RequestFactory().get("/help/")
    waits = [seconds_to_wait(request, 600.0) for _ in range(6)]
    assert waits == [0, 0, 0, 0, 0, 60]
    assert seconds_to_wait(request, 659.0) == 1
    assert seconds_to_wait(request, 660.0) == 0


def test_sources_are_counted_apart() -> None:
    for address in ("10.0.0.1", "10.0.0.2"):
        request = RequestFactory().get("/help/", REMOTE_ADDR=address)
        assert [seconds_to_wait(request, 600.0) for _ in range(5)] == [0] * 5


def test_a_session_is_counted_besides_its_source(settings: Any) -> None:
    request = RequestFactory().get("/help/")
    request.COOKIES[settings.SESSION_COOKIE_NAME] = "a-session"
    assert [bool(seconds_to_wait(request, 600.0)) for _ in range(4)] == [False, False, False, True]


def test_kinds() -> None:
    factory = RequestFactory()
    assert kind_of(factory.get("/")) == "page"
    assert kind_of(factory.get("/search/?q=x")) == "search"
    assert kind_of(factory.get("/sign-in/")) == "page"
    assert kind_of(factory.post("/anything/", {"a": "b"})) == "upload"
    assert (
        kind_of(factory.post("/sign-in/", "a=b", content_type="application/x-www-form-urlencoded"))
        == "sign_in"
    )


@given(forged=st.lists(st.ip_addresses().map(str), max_size=4), hops=st.integers(0, 3))
def test_a_forged_forwarded_header_does_not_change_the_address(forged: list[str], hops: int) -> None:
    """Our own `hops` proxies append what they saw; whatever stands before that is the visitor's own invention."""
    from django.test import override_settings

    ours = ["203.0.113.7", *[f"10.0.0.{n}" for n in range(1, hops)]][:hops]
    header = ", ".join([*forged, *ours])
    request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.7" if hops == 0 else "10.9.9.9")
    if header:
        request.META["HTTP_X_FORWARDED_FOR"] = header
    with override_settings(TRUSTED_PROXIES=hops):
        assert client_address(request) == "203.0.113.7"


def test_one_subscriber_of_ipv6_is_one_source() -> None:
    addresses = {
        client_address(RequestFactory().get("/", REMOTE_ADDR=f"2001:db8:1:2::{n:x}")) for n in range(1, 20)
    }
    assert len(addresses) == 1


@pytest.mark.django_db
def test_the_refusal_is_a_page_that_says_when_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = SimpleNamespace(time=lambda: 1_700_000_000.0)  # else a minute may end between two requests
    monkeypatch.setattr("qifu.portal.rate_limits.time", stopped)
    client = Client()
    answers = [client.get("/search/") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    refused = answers[-1]
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert "操作太频繁" in refused.content.decode()
    assert refused["X-Request-ID"] in refused.content.decode()


@pytest.mark.django_db
def test_off_by_setting(settings: Any) -> None:
    settings.RATE_LIMITS = False
    assert [Client().get("/search/").status_code for _ in range(4)] == [200] * 4
