"""Settings of the site under test: the real ones, plus a gallery of every part and a page that fails on purpose."""

from __future__ import annotations

from pathlib import Path

from qifu.portal.settings import *  # noqa: F403
from qifu.portal.settings import TEMPLATES

ROOT_URLCONF = "tests.browser.gallery_urls"
TEMPLATES[0]["DIRS"] = [Path(__file__).parent / "templates"]  # type: ignore[index]
