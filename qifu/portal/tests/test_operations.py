"""The administrator sees how the site stands and can try failed jobs again; nobody else can."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from qifu.foundation import jobs
from qifu.foundation.access import SYSTEM
from qifu.foundation.models import AuditRow
from qifu.foundation.operating.findings import CHECKS, GOOD, WRONG, Finding, findings, overall
from qifu.portal.tests.test_pages import make_person, signed_in, text_of

pytestmark = pytest.mark.django_db
AT = datetime(2024, 6, 20, 2, tzinfo=UTC)


def job(state: str, **more: Any) -> jobs.Job:
    made = jobs.Job(kind="work_plans.read", run_at=AT, created_at=AT, state=state, **more)
    made.save()
    return made


def administrator() -> Client:
    return signed_in(make_person(by=SYSTEM, at=AT, username="one", role="system_administrator"))


def test_only_the_system_administrator_may_see_it() -> None:
    one = job("failed")
    assert Client().get("/workbench/operations/").status_code == 302
    for role in ("auditor", "reform_officer"):
        other = signed_in(make_person(by=SYSTEM, at=AT, username=role, role=role))
        assert other.get("/workbench/operations/").status_code == 404
        assert other.post(f"/workbench/operations/jobs/{one.pk}/retry/").status_code == 404
    one.refresh_from_db()
    assert one.state == "failed"


def test_the_page_tells_findings_jobs_workers_and_the_backup() -> None:
    now = datetime.now(UTC)
    job("failed", error="文件读不出，请重新上传", attempts=5)
    job("failed", error="ValueError: 13800000000 不对")
    jobs.beat(worker="host-a:77", at=now)
    jobs.Worker.objects.create(name="host-b:78", beat_at=now - timedelta(hours=1))
    page = text_of(administrator().get("/workbench/operations/"))
    for words in (
        "文件读不出，请重新上传",
        "程序出错（ValueError）",
        "host-a",
        "没有心跳",
        "数据库结构",
        "还没有在这台机器上做过备份",
    ):
        assert words in page, words
    assert "13800000000" not in page


def test_a_failed_job_is_tried_again_or_put_aside_and_audited() -> None:
    first, second, done = job("failed", attempts=5, error="x"), job("failed"), job("done")
    client = administrator()
    client.post(f"/workbench/operations/jobs/{first.pk}/retry/")
    client.post(f"/workbench/operations/jobs/{second.pk}/cancel/")
    told = text_of(client.post(f"/workbench/operations/jobs/{done.pk}/retry/", follow=True))
    assert "不再是失败状态" in told
    assert "已经结束" in text_of(client.post(f"/workbench/operations/jobs/{done.pk}/cancel/", follow=True))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.attempts, second.state) == ("waiting", 0, "cancelled")
    acts = AuditRow.objects.filter(act__endswith="_job").values_list("act", "facts")
    assert sorted(acts) == [
        ("portal.cancel_job", {"job": second.pk}),
        ("portal.retry_job", {"job": first.pk}),
    ]
    assert client.get(f"/workbench/operations/jobs/{first.pk}/retry/").status_code == 405


def test_a_job_whose_equal_is_open_is_not_tried_twice() -> None:
    failed = job("failed", unique_key="one")
    job("waiting", unique_key="one")
    assert "相同的作业" in text_of(
        administrator().post(f"/workbench/operations/jobs/{failed.pk}/retry/", follow=True)
    )


def test_a_worker_with_a_long_job_is_alive_and_one_that_ended_is_forgotten() -> None:
    now = datetime.now(UTC)
    jobs.Worker.objects.create(name="h:1", beat_at=now - timedelta(minutes=8))
    assert jobs.health(at=now).alive == 0
    job("running", worker="h:1", leased_until=now + timedelta(minutes=2))
    assert jobs.health(at=now).alive == 1
    assert jobs.workers(at=now)[0].job_kind == "work_plans.read"
    jobs.retire(worker="h:1")
    assert jobs.workers(at=now) == []


def test_every_check_says_something_in_chinese_and_every_fault_has_a_remedy(
    settings: Any, tmp_path: Any
) -> None:
    settings.DATA_DIR, settings.DEMO, settings.DEBUG = tmp_path, False, True
    (tmp_path / "seal_key").write_text("x")
    (tmp_path / "seal_key").chmod(0o644)
    found = findings(at=datetime.now(UTC))
    assert len({one.subject for one in found}) >= len(CHECKS) - 2
    for one in found:
        assert one.level == GOOD or one.remedy, one
    wrong = {one.subject for one in found if one.level == WRONG}
    assert {"密钥", "安全"} <= wrong and overall(found) == WRONG
    assert overall([Finding(GOOD, "x", "y")]) == GOOD


def test_the_page_costs_few_queries(django_assert_max_num_queries: Any) -> None:
    for _ in range(60):
        job("failed")
    client = administrator()
    client.get("/workbench/operations/")
    with django_assert_max_num_queries(40):
        client.get("/workbench/operations/")
