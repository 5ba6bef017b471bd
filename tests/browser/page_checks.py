"""What every page is held to: it answers, is accessible, fits, is quiet in the console, and speaks Chinese."""

from __future__ import annotations

import contextlib
import re
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.chromium import NARROW, Visits
from tests.browser.pages import PLACES, Place

EVERY_PAGE = pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
LATIN_WORD = re.compile(r"[A-Za-z]{3,}")


ALLOWED_WORDS = {
    "WCAG", "Tab", "Enter", "docx", "html", "txt", "pdf", "doc", "wps", "ofd", "OFD", "PDF",
    "Word", "Excel", "xlsx", "CSV", "Parquet", "JSON", "Cookie", "SVG", "BPMN",
}  # fmt: skip


def shown_text(page: Page) -> str:
    """Return the text on the screen but for what people typed or documents say (code, cells, `.verbatim`)."""
    page.evaluate("document.querySelectorAll('code, kbd, td, dd, .verbatim').forEach((e) => e.remove())")
    return page.locator("body").inner_text()


def axe_faults(page: Page, axe: str) -> list[str]:
    """Return the serious and critical violations, each with where it is."""
    page.evaluate(axe)
    violations: Any = page.evaluate(
        """async tags => (await axe.run(document, {
          runOnly: {type: "tag", values: tags}, resultTypes: ["violations"],
        })).violations""",
        AXE_TAGS,
    )
    return [
        f"{one['impact']} {one['id']}: {node['target']} {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for one in violations
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def overflow(page: Page) -> list[str]:
    """Return what reaches beyond the right edge, when the document is wider than the window."""
    return page.evaluate("""() => {
      const width = document.documentElement.clientWidth;
      if (document.documentElement.scrollWidth <= width) return [];
      return [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > width + 1)
        .slice(0, 5).map((e) => `${e.tagName}.${e.className} ${e.textContent.trim().slice(0, 40)}`);
    }""")  # fmt: skip


def check_page(visits: Visits, axe: str, place: Place, viewport: Any) -> None:
    """Open a place in a window of that size and hold it to all of it."""
    said: list[str] = []
    with contextlib.closing(visits.context(place.who, viewport=viewport)) as context:
        page = context.new_page()
        page.on(
            "console",
            lambda message: said.append(message.text) if message.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: said.append(str(error)))
        answer = visits.open(page, place)
        assert answer.status == place.status
        expected = f"status of {place.status} " if place.status != 200 else "\0"
        assert [line for line in said if expected not in line] == [], "console and security policy are quiet"
        assert page.locator("h1").count() == 1
        assert page.locator("html").get_attribute("lang") == "zh-CN"
        assert page.title().endswith("｜企服")
        assert overflow(page) == []
        faults = axe_faults(page, axe)
        assert faults == [], f"axe: {faults}"
        styled = page.locator("[style]:not(.canvas):not(.canvas *)").evaluate_all(
            "all => all.map((e) => e.outerHTML.slice(0, 120))"
        )
        assert styled == [], f"inline styles: {styled}"
        english = set(LATIN_WORD.findall(shown_text(page))) - ALLOWED_WORDS
        assert english == set(), f"English on a screen: {english}"
        if viewport == NARROW and place.status == 200:
            context.add_cookies([{"name": "qifu_text", "value": "large", "url": visits.address}])
            page.reload()
            assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "20px"
            assert overflow(page) == [], "larger text keeps the layout"
