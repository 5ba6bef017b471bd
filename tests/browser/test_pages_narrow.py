"""Every page on a telephone, also in large text."""

from __future__ import annotations

import pytest

from tests.browser.chromium import NARROW, Visits
from tests.browser.page_checks import EVERY_PAGE, check_page
from tests.browser.pages import Place

pytestmark = pytest.mark.browser


@EVERY_PAGE
def test_page(visits: Visits, axe: str, place: Place) -> None:
    check_page(visits, axe, place, NARROW)
