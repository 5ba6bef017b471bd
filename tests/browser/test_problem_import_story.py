"""A foreign spreadsheet of 4,000 messages in the real pages: imported twice, counted once, found by two characters."""

from __future__ import annotations

import csv
import io
import os
import re
from collections import Counter

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import Visits, shared_folder
from tests.browser.test_import_story import chosen, start, upload

pytestmark = pytest.mark.browser
HEADINGS = ("留言编号", "留言用户", "留言主题", "留言时间", "留言详情")
MEANT = ("工单编号", "联系人", "标题", "提出时间", "内容（必填）")
CHINESE = re.compile(r"(?=([\u4e00-\u9fff]{2}))")
KIND = "热线工单、留言（涉企问题）"
MANY = 4000
FIRST = 700_001
"""The number of the first message; each has its own."""


def messages() -> list[dict[str, str]]:
    """Return the rows of the shared file of messages; skips where it is absent, fails in CI."""
    file = shared_folder() / "data" / "complaints" / "labelled_dev.csv"
    if not file.is_file():
        reason = f"没有 {file.name}：请把 QIFU_SHARED 指向共享资料目录"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    with file.open(encoding="utf-8-sig", newline="") as source:
        return list(csv.DictReader(source))


def spreadsheet(rows: list[dict[str, str]]) -> bytes:
    """Return 4,000 messages, the given ones again and again under numbers of their own, in the foreign columns."""
    kept = io.StringIO()
    table = csv.writer(kept)
    table.writerow(HEADINGS)
    for n in range(MANY):
        row = rows[n % len(rows)]
        table.writerow([FIRST + n, *(row[heading] for heading in HEADINGS[1:])])
    return kept.getvalue().encode("utf-8-sig")


def rare_word(rows: list[dict[str, str]]) -> tuple[str, int]:
    """Return two characters that few of the messages hold, and how many of the 4,000 do."""
    texts = [re.sub(r"\W", "", row["留言主题"] + row["留言详情"]) for row in rows]
    count = Counter(pair for text in texts for pair in set(re.findall(CHINESE, text)))
    word = min(
        (pair for row in rows for pair in re.findall(CHINESE, row["留言主题"])), key=lambda one: count[one]
    )
    return word, sum(word in texts[n % len(rows)] for n in range(MANY))


def test_4000_messages_imported_twice_count_once(visits: Visits) -> None:
    rows = messages()
    content, (word, holding) = spreadsheet(rows), rare_word(rows)
    with visits.page("clerk") as page:
        before = found(page, visits.address, word)
        upload(page, visits.address, KIND, "留言.csv", content)
        assert tuple(chosen(page, n) for n in range(1, 6)) == MEANT
        assert start(page) == {"新增": MANY, "更新": 0, "未变": 0, "未导入": 0, "空行": 0}
        assert found(page, visits.address, word) == before + holding

        upload(page, visits.address, KIND, "留言（再导一次）.csv", content)
        assert start(page) == {"新增": 0, "更新": 0, "未变": MANY, "未导入": 0, "空行": 0}
        assert found(page, visits.address, word) == before + holding

        the_queue_shows_them(page, visits.address)
        the_number_is_kept(page, visits.address, FIRST + MANY - 1, rows[(MANY - 1) % len(rows)])


def found(page: Page, address: str, word: str) -> int:
    """Return how many cases the search for a word finds, as the list tells."""
    search(page, address, word)
    told = re.search(r"(?:共|符合条件) (\d+) 件", page.locator("main").inner_text())
    return int(told[1]) if told else 0


def the_queue_shows_them(page: Page, address: str) -> None:
    """What waits to be filtered holds the messages, and its tile says that they are many."""
    page.goto(f"{address}/workbench/problems/?queue=received&sort=new")
    expect(page.get_by_role("link", name=re.compile("^待筛选"))).to_contain_text("1,000+")
    expect(page.locator("main table tbody tr", has_text="热线工单").first).to_be_visible()


def search(page: Page, address: str, text: str) -> None:
    page.goto(f"{address}/workbench/problems/?queue=all")
    page.get_by_label("查找").fill(text)
    page.get_by_role("main").get_by_role("button", name="筛选").click()
    page.wait_for_url("**text=**")


def the_number_is_kept(page: Page, address: str, number: int, row: dict[str, str]) -> None:
    """The message is found by the number it had elsewhere, with the words that were written."""
    search(page, address, str(number))
    found = page.locator("main table tbody tr", has_text=str(number))
    expect(found).to_have_count(1)
    found.get_by_role("link").first.click()
    expect(page.locator(".firm-words").first).to_contain_text(row["留言详情"].strip()[:30])
    expect(page.locator("main")).to_contain_text(str(number))
