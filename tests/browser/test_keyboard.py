"""Everything can be done by keyboard, and single keys keep out of the way."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.chromium import NARROW, Visits
from tests.browser.pages import PLACES, Place

pytestmark = pytest.mark.browser
BY_NAME = {place.name: place for place in PLACES}
REACHABLE = """() => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')]
  .filter((e) => e.checkVisibility({checkVisibilityCSS: true}) && !e.disabled && e.tabIndex >= 0
    && !e.closest('.progress-box')
    && !(e.type === 'radio' && e !== e.form.elements[e.name][0])).length"""
FOCUSED = """() => { const e = document.activeElement; if (!e || e === document.body) return null;
  const s = getComputedStyle(e); if (!e.closest('.progress-box')) e.dataset.reached = '1';
  return {tag: e.tagName, text: e.textContent.trim().slice(0, 30), shown: s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2}; }"""


@pytest.fixture
def gallery(visits: Visits) -> Iterator[Page]:
    """The gallery of parts in the workbench's layout."""
    with contextlib.closing(visits.context("province")) as context:
        page = context.new_page()
        visits.open(page, BY_NAME["gallery-workbench"])
        yield page


@pytest.mark.parametrize("name", ["home", "sign-in", "gallery-portal", "gallery-workbench", "people"])
def test_tab_reaches_everything_and_shows_where_it_is(visits: Visits, name: str) -> None:
    place: Place = BY_NAME[name]
    with contextlib.closing(visits.context(place.who)) as context:
        page = context.new_page()
        visits.open(page, place)
        page.evaluate("document.activeElement && document.activeElement.blur()")
        wanted = page.evaluate(REACHABLE)
        unseen: list[Any] = []
        for _ in range(wanted + 20):
            page.keyboard.press("Tab")
            now = page.evaluate(FOCUSED)
            if now and not now["shown"]:
                unseen.append(now)
        assert unseen == []
        assert page.locator("[data-reached]").count() >= wanted


def test_skip_link_leads_to_the_text(visits: Visits) -> None:
    with contextlib.closing(visits.context()) as context:
        page = context.new_page()
        visits.open(page, BY_NAME["help"])
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "跳到正文"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"


def test_folded_menu_opens_and_closes_by_keyboard(visits: Visits) -> None:
    with contextlib.closing(visits.context(viewport=NARROW)) as context:
        page = context.new_page()
        visits.open(page, BY_NAME["help"])
        page.locator("details.menu-fold > summary").focus()
        page.keyboard.press("Enter")
        assert page.locator("details.menu-fold nav a").first.is_visible()
        page.keyboard.press("Escape")
        assert not page.locator("details.menu-fold nav a").first.is_visible()
        assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_single_keys(gallery: Page) -> None:
    page = gallery
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.locator("[data-queue] tbody tr").nth(1).get_attribute("aria-current") == "true"
    page.keyboard.press("k")
    assert page.locator("[data-queue] tbody tr").nth(0).get_attribute("aria-current") == "true"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.type("j?/")
    assert page.evaluate("document.activeElement.value") == "j?/"
    assert not page.locator("#keys").is_visible()


def test_single_keys_are_silent_while_composing(gallery: Page) -> None:
    gallery.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: '?', isComposing: true, bubbles: true}))"
    )
    assert not gallery.locator("#keys").is_visible()


def test_single_keys_can_be_switched_off(gallery: Page) -> None:
    gallery.keyboard.press("?")
    gallery.get_by_role("button", name="关闭单键操作").click()
    gallery.wait_for_load_state()
    gallery.keyboard.press("?")
    assert not gallery.locator("#keys").is_visible()
    assert gallery.evaluate("document.documentElement.dataset.keys") == "off"


def test_larger_text_is_a_switch(visits: Visits) -> None:
    with contextlib.closing(visits.context(java_script_enabled=False)) as context:
        page = context.new_page()
        visits.open(page, BY_NAME["help"])
        page.get_by_role("button", name="大字版").click()
        assert page.url.endswith("/help/")
        assert page.locator("html").get_attribute("data-text") == "large"
        page.get_by_role("button", name="恢复标准字号").click()
        assert page.locator("html").get_attribute("data-text") is None


def test_row_opens_by_click_and_errors_take_focus(gallery: Page) -> None:
    assert gallery.evaluate("document.activeElement.id") == "form-errors"
    gallery.locator("tr[data-href] td").nth(1).click()
    gallery.wait_for_url("**#row-*")
