"""In a real browser: one star costs exactly as many clicks as five, 没解决 as many as 解决了; nothing is preset, all choices are alike."""

from __future__ import annotations

import os
from typing import Any

import pytest

from qifu.engines.casework.models import Rating
from qifu.foundation import clock
from qifu.services.enterprise_problems.tests.rated import DAY, START, Reported, closed, world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
COUNT = "window.clicks = 0; addEventListener('pointerdown', () => { window.clicks += 1; }, true)"


def rate_by_clicking(page: Any, address: str, made: Reported, solved: bool, stars: int) -> int:
    """Open the problem by its code, rate it with the mouse alone, and return how many clicks the rating took."""
    page.goto(f"{address}/problems/look-up/")
    page.get_by_label("编号").fill(made.case.number)
    page.get_by_label("查询码").fill(made.code)
    page.get_by_role("button", name="查询").click()
    page.wait_for_url("**/my-problems/**")
    assert page.locator("#rate input[type=radio]:checked").count() == 0, "a value is preset"
    boxes = [one.bounding_box() for one in page.locator("#rate .own-five label").all()]
    assert len(boxes) == 5 and len({(round(b["width"]), round(b["height"])) for b in boxes}) == 1
    two = [one.bounding_box() for one in page.locator("#rate .own-two label").all()]
    assert len({(round(b["width"]), round(b["height"]), round(b["y"])) for b in two}) == 1
    page.evaluate(COUNT)
    page.locator("#rate").get_by_text("解决了" if solved else "没解决", exact=True).click()
    page.locator("#rate .own-five label").nth(stars - 1).click()
    clicks: int = page.evaluate("window.clicks")
    page.locator("#rate").get_by_role("button", name="提交评价").click()
    page.get_by_text("已收到您的评价，谢谢").wait_for()
    return clicks + 1


@pytest.mark.parametrize("width", [1440, 390])
def test_a_bad_rating_costs_as_few_clicks_as_a_good_one(
    live_server: Any, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    from tests.browser.chromium import EXECUTABLE, chromium

    if not EXECUTABLE:
        if os.environ.get("CI") == "true":
            pytest.fail("没有浏览器：请安装 Debian 的 chromium-headless-shell 或 chromium 软件包")
        pytest.skip("没有浏览器：请安装 Debian 的 chromium-headless-shell 或 chromium 软件包")

    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # the driver keeps an event loop in this thread
    monkeypatch.setattr(clock, "now", lambda: START + DAY)
    people = world()
    paths = [(True, 5), (False, 1), (True, 1), (False, 5)]
    made = [closed(people) for _ in paths]
    with chromium() as browser:
        asked: list[str] = []
        counts = []
        for one, (solved, stars) in zip(made, paths, strict=True):
            page = browser.new_context(viewport={"width": width, "height": 900}, locale="zh-CN").new_page()
            page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))
            counts.append(rate_by_clicking(page, live_server.url, one, solved, stars))
            page.context.close()
    assert counts == [3, 3, 3, 3]
    assert asked == [], "nobody is asked whether he is sure"
    given = [(row.solved, row.stars, row.text) for row in Rating.objects.order_by("case_id")]
    assert given == [(solved, stars, "") for solved, stars in paths]
