"""办理规则 for staff and the guide for firms: what is shown to whom, versions and their differences, files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from qifu.engines.casework.definitions import forget
from qifu.engines.casework.publish import files_beside, publish_case_type, publish_folder
from qifu.foundation.access import SYSTEM
from qifu.portal.tests.test_pages import make_person, signed_in, text_of

pytestmark = pytest.mark.django_db
AT = datetime(2024, 6, 20, 2, tzinfo=UTC)
FOLDER = Path(settings.PROVINCE_DIR) / "enterprise_problems"
HERE = "/workbench/case-types/"


@pytest.fixture(autouse=True)
def packs() -> None:
    forget()
    publish_folder(FOLDER, by=SYSTEM, at=AT)


def clerk() -> Client:
    return signed_in(make_person(by=SYSTEM, at=AT, username="one", role="reform_officer"))


def publish_again(old: str, new: str, since: str) -> None:
    path = FOLDER / "standard.yaml"
    text = path.read_text("utf-8")
    assert old in text
    text = text.replace(old, new).replace("effective: {from: 2024-01-01}", f"effective: {{from: {since}}}")
    publish_case_type(by=SYSTEM, at=AT, document=text.encode(), where=path.name, beside=files_beside(path))


def test_staff_see_the_rules_and_visitors_sign_in() -> None:
    assert Client().get(HERE).status_code == 302
    page = text_of(clerk().get(HERE))
    for words in ("涉企问题办理规则（通用）", "涉企问题办理规则（湖州式）", "湖州市", "未启用"):
        assert words in page


def test_one_type_tells_its_clocks_and_how_each_is_counted() -> None:
    page = text_of(clerk().get(f"{HERE}huzhou_problem/"))
    assert "提请会议办" in page and "一般 14个日历日" in page
    assert "与“涉企问题办理规则（通用）”的不同" in page and "时限 · 交办 · 期限" in page
    assert "收到当日不计入，下一个工作日为第1日" in page and "次日为第1日，休息日也计入" in page


def test_files_and_unknown_types_and_versions() -> None:
    client = clerk()
    picture = client.get(f"{HERE}enterprise_problem/flow.svg")
    assert picture["Content-Type"].startswith("image/svg+xml") and "<svg" in picture.content.decode()
    assert 'filename="enterprise_problem-1.svg"' in picture["Content-Disposition"]
    process = client.get(f"{HERE}enterprise_problem/flow.bpmn")
    assert "bpmn:process" in process.content.decode()
    for path in ("nothing/", "enterprise_problem/?number=9", "nothing/flow.svg"):
        assert client.get(HERE + path).status_code == 404
    assert client.get(f"{HERE}enterprise_problem/?number=%C2%B2").status_code == 200
    assert Client().get(f"{HERE}enterprise_problem/flow.svg").status_code == 302


def test_versions_stand_with_their_days_and_differences() -> None:
    old = "co_handle: {title: 协办, of: co_handler, limit: {working_days: 3}}"
    publish_again(old, old.replace("working_days: 3", "working_hours: 24"), "2099-03-01")
    client = clerk()
    now = text_of(client.get(f"{HERE}enterprise_problem/"))
    assert "第 1 版" in now and "2099-02-28" in now
    coming = text_of(client.get(f"{HERE}enterprise_problem/?number=2"))
    assert "第 2 版与第 1 版的不同" in coming and "时限 · 协办 · 期限" in coming
    assert "24个工作小时" in coming and "自收到时起算，只计工作日的办公时间" in coming


def test_a_firm_reads_the_guide_and_nothing_internal() -> None:
    page = text_of(Client().get("/process-guide/"))
    for words in (
        "已收到，正在核对",
        "筛选：1个工作日内",
        "正在重新确定由谁办理",
        "申诉",
        "下列天数待核",
        "办结后 60 日内可以评价",
    ):
        assert words in page
    for words in ("签收1个工作日", "退回裁定", "办结审核", "内部记录", "镇街"):
        assert words not in page
    assert text_of(Client().get("/process-guide/huzhou_problem/")).count("14个日历日") >= 2
    assert Client().get("/process-guide/township_problem/").status_code == 404
    assert Client().get("/process-guide/nothing/").status_code == 404


def test_a_version_rules_nothing_before_it_was_published() -> None:
    from qifu.engines.casework.type_queries import versions

    old = "co_handle: {title: 协办, of: co_handler, limit: {working_days: 3}}"
    publish_again(old, old.replace("working_days: 3", "working_days: 2"), "2024-01-01")
    publish_again(old, old.replace("working_days: 3", "working_days: 4"), "2099-03-01")
    publish_again(old, old.replace("working_days: 3", "working_days: 5"), "2099-03-01")
    found = versions(SYSTEM, "casework.view_case_types", AT, "enterprise_problem", AT.date())
    assert [(one.number, str(one.until or ""), one.never, one.standing) for one in found] == [
        (4, "", False, False),
        (3, "2099-03-01", True, False),
        (2, "2099-03-01", False, True),
        (1, "2024-06-20", False, False),
    ]
