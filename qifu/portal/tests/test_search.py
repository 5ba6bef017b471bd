"""Site search: each finds only what he or she may see, and everything shown is escaped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from qifu.foundation import modules, search
from qifu.foundation.access import ANYONE, ANYWHERE, SYSTEM, Permission, declare_permissions
from qifu.foundation.action import action
from qifu.portal.search_page import marked
from qifu.portal.tests.test_pages import AT, make_person, signed_in
from qifu.registers.people.models import Post

declare_permissions(
    Permission("portal_tests.find", "测试：查", {ANYONE: (ANYWHERE,), "reform_officer": ("in_place",)}),
    Permission(
        "portal_tests.find_staff", "测试：查内部", {"reform_officer": ("in_place",), "auditor": (ANYWHERE,)}
    ),
)


@action("portal_tests.index", title="测试：编入检索", permission="people.manage")
def put(*, by: Any, at: datetime, kind: str, number: int, title: str, place: str, public: bool) -> None:
    """Index one entry."""
    audience = search.Audience.PUBLIC if public else search.Audience.INTERNAL
    search.index(kind, number, title=title, text=f"{title}的正文", place_code=place, audience=audience)


@action("portal_tests.move", title="测试：改管辖", permission="people.manage")
def move(*, by: Any, at: datetime, person: Any, place: str) -> None:
    """Let a person's post reach another place."""
    Post.objects.filter(person=person).update(place_code=place, starts_on=date(2024, 1, 1))


@pytest.fixture(autouse=True)
def _entries(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    kinds = (
        modules.SearchKind("tests.open", "任务", "help", "portal_tests.find"),
        modules.SearchKind("tests.staff", "审核", "help", "portal_tests.find_staff"),
    )
    room = modules.Module(name="portal_tests", title="测试", purpose="测试", search=kinds)
    monkeypatch.setitem(modules._modules, "portal_tests", room)
    put(by=SYSTEM, at=AT, kind="tests.open", number=1, title="公开的融资任务", place="330000", public=True)
    put(by=SYSTEM, at=AT, kind="tests.open", number=2, title="内部的融资任务", place="330100", public=False)
    put(by=SYSTEM, at=AT, kind="tests.staff", number=3, title="待审核的融资公文", place="330100", public=True)
    put(
        by=SYSTEM,
        at=AT,
        kind="tests.unknown",
        number=4,
        title="没有声明的融资种类",
        place="330100",
        public=True,
    )
    yield


def found(client: Client) -> set[str]:
    page = client.get("/search/?q=融资").content.decode()
    titles = ("公开的", "内部的", "待审核的", "没有声明的")
    return {title for title in titles if f"{title}<mark>融资</mark>" in page}


def test_a_visitor_finds_what_is_public() -> None:
    assert found(Client()) == {"公开的"}


def test_staff_find_internal_entries_of_their_places_only() -> None:
    officer = make_person(by=SYSTEM, at=AT, username="officer", role="reform_officer")
    move(by=SYSTEM, at=AT, person=officer, place="330100")
    # Without divisions loaded a post reaches its own code.
    assert found(signed_in(officer)) >= {"公开的", "待审核的"}
    move(by=SYSTEM, at=AT, person=officer, place="330200")
    assert "内部的" not in found(signed_in(officer))


def test_a_role_without_the_place_relation_finds_no_internal_entries() -> None:
    auditor = make_person(by=SYSTEM, at=AT, username="auditor", role="auditor")
    assert found(signed_in(auditor)) == {"公开的", "待审核的"}


def test_nothing_found_says_what_to_do() -> None:
    assert "没有找到" in Client().get("/search/?q=绝无此事").content.decode()


@pytest.mark.parametrize(
    "query", ["<script>alert(1)</script>", "'\"; DROP TABLE", "%00", "融" * 5000, "*" * 50, '"融资', "(融资"]
)
def test_hostile_queries_are_only_queries(query: str) -> None:
    answer = Client().get("/search/", {"q": query})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()


@given(text=st.text(max_size=40), words=st.lists(st.text(min_size=1, max_size=3), max_size=3))
def test_marking_changes_nothing_but_marks(text: str, words: list[str]) -> None:
    from html import unescape

    shown = str(marked(text, words))
    assert unescape(shown.replace("<mark>", "").replace("</mark>", "")) == unescape(
        text.replace("&", "&amp;")
    )
