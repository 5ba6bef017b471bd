"""Every page in a wide window; the narrow ones and those without scripts are files of their own, so that they run beside it."""

from __future__ import annotations

import pytest

from tests.browser.chromium import WIDE, Visits
from tests.browser.page_checks import EVERY_PAGE, check_page
from tests.browser.pages import Place

pytestmark = pytest.mark.browser


@EVERY_PAGE
def test_page(visits: Visits, axe: str, place: Place) -> None:
    check_page(visits, axe, place, WIDE)
