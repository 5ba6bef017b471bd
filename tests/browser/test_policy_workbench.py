"""Typing in the workbench: an error appears with its line and goes, figures follow, words are offered, a clause becomes a line."""

from __future__ import annotations

import contextlib

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import Visits
from tests.browser.pages import PLACES

pytestmark = pytest.mark.browser
PLACE = next(place for place in PLACES if place.name == "policy-workbench-new")


def test_errors_and_figures_follow_what_one_types(visits: Visits) -> None:
    with contextlib.closing(visits.context("province")) as context:
        page = context.new_page()
        blocked: list[str] = []
        page.on("console", lambda message: blocked.append(message.text) if message.type == "error" else None)
        visits.open(page, PLACE)
        area, met = page.locator("#policy-text"), page.locator("#figures .bench-figures dd").first
        before = met.inner_text()

        # select what a line says and type a fact that nobody knows: its line is told, the number beside it is marked
        area.fill(area.input_value().replace("从业人数 <= 300人\n", "从业人员人 <= 300人\n", 1))
        problem = page.locator("#problems li").first
        expect(problem).to_contain_text("从业人员人")
        line = area.input_value().split("\n").index("    - 从业人员人 <= 300人") + 1
        expect(page.locator(".gutter .bad").first).to_have_text(str(line))
        problem.locator("button").click()  # leads to the line
        assert page.evaluate("getSelection().toString()").strip() == "- 从业人员人 <= 300人"

        page.keyboard.press("End")
        for _ in range(len("从业人员人 <= 300人")):
            page.keyboard.press("Backspace")
        page.keyboard.insert_text("从业人")
        offer = page.locator("#offers [role=option]").first
        expect(offer).to_have_text("从业人数")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.keyboard.insert_text(" >= 200人")
        expect(page.locator("#problems")).to_have_count(1)  # the examples no longer come out as they say
        expect(page.locator("#problems li").first).to_contain_text("示例")
        expect(met).not_to_have_text(before)  # far fewer enterprises: reach follows all the same
        expect(page.locator("#figures")).not_to_have_attribute("aria-busy", "true")

        page.locator("#drafting summary").click()
        page.locator("#clause").fill("资产总额不超过一亿元")
        page.locator("#propose").click()
        page.locator("#proposals button").first.click()
        assert "    - 资产总额 <= 1亿元\n" in area.input_value()
        assert blocked == []
