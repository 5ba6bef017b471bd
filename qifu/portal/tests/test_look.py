"""The parts of pages: how numbers, days and changes are written, and that every icon exists."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path

from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

import qifu
from qifu.foundation.modules import modules
from qifu.portal.templatetags import look

QIFU = Path(qifu.__file__).parent
ICONS = set(re.search(r"ICONS = `([^`]*)`", (QIFU / "portal/assets.mjs").read_text()).group(1).split())  # type: ignore[union-attr]


def test_numbers_and_days() -> None:
    assert look.number(3284) == "3,284"
    assert look.number(None) == "—"
    assert look.number("约3千") == "约3千"
    assert look.yuan(15_600_000_000) == "1.56 亿元"
    assert look.day(date(2024, 3, 31)) == '<time datetime="2024-03-31">2024-03-31</time>'
    assert (
        look.day(datetime(2024, 3, 30, 17, 0, tzinfo=UTC)) == '<time datetime="2024-03-31">2024-03-31</time>'
    )
    assert look.day_words(date(2024, 3, 31)) == "3月31日（周日）"


def test_a_share_shows_what_it_is_made_of() -> None:
    assert "86.4 %" in look.share(2838, 3284)
    assert 'title="2,838 / 3,284"' in look.share(2838, 3284)
    assert look.share(0, 0) == "—"


def test_what_people_typed_is_escaped() -> None:
    assert "<b>" not in look.state("good", "<b>", '"><b>')
    assert "<b>" not in look.crumbs("<b>", '"><b>', "<b>")
    assert "<b>" not in look.diff("<b>", "<b><b>")


@given(before=st.text(max_size=30), after=st.text(max_size=30))
def test_a_diff_holds_both_texts(before: str, after: str) -> None:
    shown = re.sub(r'<span class="visually-hidden">[^<]*</span>', "", str(look.diff(before, after)))
    shown = shown.removeprefix('<span class="diff">').removesuffix("</span>")
    old = re.sub(r"</?del>", "", re.sub(r"<ins>.*?</ins>", "", shown, flags=re.S))
    new = re.sub(r"</?ins>", "", re.sub(r"<del>.*?</del>", "", shown, flags=re.S))
    assert unescape(old) == unescape(before.replace("&", "&amp;"))
    assert unescape(new) == unescape(after.replace("&", "&amp;"))


def test_a_diff_keeps_numbers_whole() -> None:
    assert "<del>" in look.diff("拓展至100件", "拓展至120件")
    assert "100</del>" in look.diff("拓展至100件", "拓展至120件")


def test_every_icon_that_is_named_is_in_the_sprite() -> None:
    named = {item.icon for room in modules() for item in (*room.menu, *room.home)}
    for template in QIFU.rglob("templates/**/*.html"):
        named |= set(re.findall(r'{% icon "([\w-]+)"', template.read_text(encoding="utf-8")))
        named |= set(re.findall(r'mark="([\w-]+)"', template.read_text(encoding="utf-8")))
    named |= set(look.STATES.values()) | {mark[1] for mark in look.MARKS.values()}
    assert named - ICONS == set(), "add them to qifu/portal/assets.mjs"


def test_every_template_keeps_the_security_policy() -> None:
    faults = [
        f"{template}: {found}"
        for template in QIFU.rglob("templates/**/*.html")
        for found in re.findall(
            r"""\sstyle\s*=|<style|\son[a-z]+\s*=\s*["']|<script(?![^>]*\ssrc=)[^>]*>""",
            template.read_text(encoding="utf-8"),
        )
    ]
    assert faults == []


def test_a_route_that_is_not_there_is_nothing() -> None:
    shown = Template("{% load look %}{% route 'home' %}|{% route 'no_such_route' %}").render(Context())
    assert shown == "/|"
