"""Starts the site and the browser once for this folder; skips, by name, what the machine lacks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import chromium as browsers
from tests.browser.site import ROOT, Site

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
VENDOR = ROOT / "qifu" / "portal" / "static" / "vendor" / "tabler.min.css"


LAST = "test_plan_story.py"
"""Publishes a second plan with the words of the demo's, which other stories would meet on the site they share."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the story that leaves most behind after all others; the order of the rest stays."""
    items.sort(key=lambda item: item.path.name == LAST)


def _need(path: Path, how: str) -> None:
    if path.is_file():
        return
    reason = f"没有 {path.name or '浏览器'}：{how}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="package")
def site() -> Iterator[Site]:
    """A fresh demo site that runs; afterwards every case that people left there keeps the rules of casework."""
    _need(Path(browsers.EXECUTABLE), "请安装 Debian 的 chromium-headless-shell 或 chromium 软件包")
    _need(VENDOR, "请运行 npm ci 与 npm run build")
    with Site() as running:
        yield running
        running.verify_cases()


@pytest.fixture(scope="package")
def visits(site: Site) -> Iterator[browsers.Visits]:
    """The browser, opening pages of the site."""
    with browsers.chromium() as browser:
        yield browsers.Visits(browser, site.address)


@pytest.fixture(autouse=True)
def _shared_texts(request: pytest.FixtureRequest) -> None:
    """Skip a place that needs the uploaded plan where the shared texts are absent."""
    place = getattr(request.node, "callspec", None) and request.node.callspec.params.get("place")
    if place is not None and place.uploaded:
        _need(browsers.shared_folder() / "plan" / "work-plan-2024.txt", "请把 QIFU_SHARED 指向共享资料目录")


@pytest.fixture(scope="package")
def axe() -> str:
    """The source of axe-core."""
    _need(AXE, "请运行 npm ci")
    return AXE.read_text(encoding="utf-8")
