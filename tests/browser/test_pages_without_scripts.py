"""Every page can be read, and its menu opened, without scripts."""

from __future__ import annotations

import contextlib

import pytest

from tests.browser.chromium import NARROW, Visits
from tests.browser.page_checks import EVERY_PAGE
from tests.browser.pages import Place

pytestmark = pytest.mark.browser


@EVERY_PAGE
def test_reads_without_scripts(visits: Visits, place: Place) -> None:
    with contextlib.closing(visits.context(place.who, viewport=NARROW, java_script_enabled=False)) as context:
        page = context.new_page()
        visits.open(page, place)
        assert page.locator("h1").is_visible()
        menu = page.locator("details.menu-fold > summary")
        if menu.count():
            menu.click()
            assert page.locator("details.menu-fold nav a").first.is_visible()
