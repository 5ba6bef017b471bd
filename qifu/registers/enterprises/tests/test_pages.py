"""The pages as an officer opens them."""

from __future__ import annotations

from datetime import UTC, datetime

from django.test import Client

from qifu.foundation.access import SYSTEM
from qifu.registers.conftest import MakePerson
from qifu.registers.enterprises.actions import import_batch
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.enterprises.tests.test_story import row

AT = datetime(2024, 6, 20, 2, 0, tzinfo=UTC)


def test_list_and_detail_show_facts_with_their_sources(make_person: MakePerson, client: Client) -> None:
    officer = make_person("officer", "reform_officer", "330109")
    import_batch(
        rows=[row(capital="面议", industry="F5211", former_names="杭州旧名有限公司")],
        source="某次导入",
        by=SYSTEM,
        at=AT,
    )
    client.force_login(officer)
    page = client.get("/workbench/enterprises/", {"text": "旧名", "division": "330109", "industry": "F52"})
    assert page.status_code == 200
    assert "杭州云海科技有限公司" in page.content.decode() and "百货零售" in page.content.decode()
    detail = client.get(f"/workbench/enterprises/{Enterprise.objects.get().pk}/").content.decode()
    for text in ("原文：面议", "某次导入 第 2 行", "确定", "杭州旧名有限公司", "批发和零售业 › 零售业"):
        assert text in detail, text


def test_a_number_out_of_reach_is_not_found(make_person: MakePerson, client: Client) -> None:
    officer = make_person("elsewhere", "reform_officer", "330782")
    import_batch(rows=[row()], source="甲", by=SYSTEM, at=AT)
    client.force_login(officer)
    assert client.get(f"/workbench/enterprises/{Enterprise.objects.get().pk}/").status_code == 404
    assert client.get("/workbench/enterprises/999999999999999999999/").status_code == 404
    nothing = client.get("/workbench/enterprises/", {"text": "云海", "page": "x"}).content.decode()
    assert "没有符合条件的企业" in nothing


def test_wrong_filters_are_told_and_find_nothing(make_person: MakePerson, client: Client) -> None:
    client.force_login(make_person("officer", "reform_officer", "330109"))
    page = client.get("/workbench/enterprises/", {"division": "999999", "industry": "<script>"})
    assert page.status_code == 200 and "<script>" not in page.content.decode()
