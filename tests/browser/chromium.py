"""Debian's Chromium driven by Playwright; one signed-in context for each demo account."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
from playwright.sync_api import Browser, BrowserContext, Page, Response, sync_playwright

from tests.browser.pages import Place
from tests.browser.site import ROOT

# The shell draws the same pages without a browser's own windows, for half the processor time of the whole browser.
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser")
EXECUTABLE = next(filter(None, map(shutil.which, PROGRAMS)), "")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--lang=zh-CN",
]  # fmt: skip
# A UTF-8 locale that every machine has: without one, files with Chinese names download as `download`.
CHINESE = os.environ | {"LANGUAGE": "zh_CN", "LC_ALL": "C.UTF-8"}
WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 390, "height": 844}


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser and end it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=ARGUMENTS, env=CHINESE)
        yield browser
        browser.close()


def demo_password() -> str:
    """Return the one password of the demo accounts."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qifu.portal.settings")
    django.setup()
    from qifu.registers.people.demo import DEMO_PASSWORD

    return DEMO_PASSWORD


class Visits:
    """Opens places in the browser, signed in as the account that each names."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.browser, self.address, self.password = browser, address, demo_password()
        self._signed_in: dict[str, Any] = {}
        self._uploaded = False

    def context(self, who: str = "", **options: Any) -> BrowserContext:
        """Return a new context, signed in as `who` (a demo account) or as a visitor."""
        if who and who not in self._signed_in:
            self._signed_in[who] = self._sign_in(who)
        state = self._signed_in.get(who)
        settings = {"locale": "zh-CN", "viewport": WIDE, "reduced_motion": "reduce"} | options
        return self.browser.new_context(storage_state=state, **settings)

    @contextmanager
    def page(self, who: str = "", **options: Any) -> Iterator[Page]:
        """A page in a context of its own, signed in as `who` or as a visitor."""
        context = self.context(who, **options)
        context.set_default_timeout(15_000)
        try:
            yield context.new_page()
        finally:
            context.close()

    def _sign_in(self, who: str) -> Any:
        context = self.browser.new_context(locale="zh-CN")
        page = context.new_page()
        page.goto(f"{self.address}/sign-in/")
        page.fill("input[name=username]", who)
        page.fill("input[name=password]", self.password)
        page.click("main form button[type=submit], main form button:not([type])")
        if "/sign-in/second/" in page.url:
            self.second_step(page)
        page.wait_for_url(lambda url: "/sign-in/" not in url)
        state = context.storage_state()
        context.close()
        return state

    def second_step(self, page: Page) -> None:
        """Have a code sent and read it where a demo site shows its text messages."""
        page.click("main button[name=send]")
        other = page.context.new_page()
        other.goto(f"{self.address}/demo/messages/")
        found = re.search(r"验证码 ([0-9]{6})", other.inner_text("main"))
        assert found, "no code among the demo's messages"
        other.close()
        page.fill("main input[name=code]", found[1])
        page.click("main form .btn-primary")

    def open(self, page: Page, place: Place) -> Response:
        """Go to a place and return the last answer."""
        if place.uploaded and not self._uploaded:
            self.upload(page)
        response = page.goto(self.address + place.path)
        for selector in place.through:
            target = page.locator(selector).first.get_attribute("href")
            assert target, f"{place.name}: no link {selector} on {page.url}"
            response = page.goto(page.evaluate("href => new URL(href, location.href).href", target))
        assert response is not None
        return response

    def upload(self, page: Page) -> None:
        """Upload the 2024 work plan on `page` (signed in as a reform office) and wait until it is read."""
        plan = shared_folder() / "plan" / "work-plan-2024.txt"
        if not plan.is_file():
            raise LookupError(f"没有 {plan.name}：请把 QIFU_SHARED 指向共享资料目录")
        page.goto(f"{self.address}/workbench/plans/upload/")
        page.set_input_files("main input[type=file]", plan)
        for box in page.locator("main form input[type=checkbox]").all():
            box.check()
        page.locator("main form .btn-primary").click()
        page.wait_for_url("**/reviews/**")
        for _ in range(120):
            if "/reading/" not in page.url and "progress-box" not in page.content():
                break
            page.wait_for_timeout(500)
            page.reload()
        self._uploaded = True


def shared_folder() -> Path:
    """Return the folder of shared texts and data: QIFU_SHARED, or `shared` beside the repository."""
    return Path(os.environ.get("QIFU_SHARED") or ROOT.parent / "shared")
