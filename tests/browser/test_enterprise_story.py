"""An enterprise in a real browser: the legal representative appoints a handler, who joins, works and is out at once."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.chromium import WIDE, Visits


def test_a_legal_representative_appoints_a_handler(visits: Visits) -> None:
    his = visits.context("legal").new_page()
    his.goto(f"{visits.address}/workbench/")
    assert "/my-enterprise/" in his.url  # an enterprise's own people have no desk
    his.locator(".firm-bar summary").click()
    his.locator(".firm-bar a", has_text="智造").click()
    expect(his.locator("h1")).to_contain_text("智造")
    his.locator("main a[href$='/invite/']").click()
    his.fill("input[name=name]", "李新手（模拟）")
    his.fill("input[name=mobile]", "13900000009")
    his.get_by_label("企业信息").check()
    his.fill("input[name=ends_on]", (timezone.localdate() + timedelta(days=300)).isoformat())
    his.get_by_label("同时把链接用短信发给他").check()
    his.locator("main .btn-primary").click()
    link = his.locator("main input[readonly]").input_value()

    hers = visits.browser.new_context(locale="zh-CN", viewport=WIDE).new_page()
    hers.goto(f"{visits.address}/demo/messages/")
    assert link in hers.inner_text("main")
    hers.goto(link)
    assert hers.url.endswith("/invitation/")  # the token has left the address bar
    hers.fill("input[name=username]", f"li{secrets.token_hex(4)}")
    for name in ("new", "again"):
        hers.fill(f"input[name={name}]", "a-good-horse-2024")
    hers.locator("main button", has_text="注册账号").click()
    hers.locator("main button", has_text="接受邀请").click()
    expect(hers.locator("main")).to_contain_text("您是经办人")
    firm = hers.url

    his.goto(firm)
    row = his.locator("main tr", has_text="李新手")
    row.locator("summary").click()
    row.locator("form button").click()
    expect(his.locator("main")).to_contain_text("授权已撤销")
    answer = hers.goto(firm)
    assert answer is not None and answer.status == 404
    his.goto(f"{firm}deeds/")
    expect(his.locator("main")).to_contain_text("撤销经办授权")
