"""Figures for a monitor: right, for those admitted only, and nothing of people in them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from qifu.foundation import jobs
from qifu.foundation.access import SYSTEM
from qifu.portal.tests.test_pages import make_person
from qifu.registers.people.attempts import count_sign_in

pytestmark = pytest.mark.django_db
LOOPBACK = [ip_network("127.0.0.1/32"), ip_network("::1/128")]


def samples(body: str) -> dict[str, float]:
    """Return every sample by its name with labels."""
    found = {}
    for family in text_string_to_metric_families(body):
        for one in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(one.labels.items()))
            found[f"{one.name}{{{labels}}}" if labels else one.name] = one.value
    return found


def read(client: Client | None = None, **headers: str) -> dict[str, float]:
    answer = (client or Client()).get("/metrics", headers=headers)
    assert answer.status_code == 200
    return samples(answer.content.decode())


def test_nobody_is_admitted_by_default() -> None:
    assert Client().get("/metrics").status_code == 404
    assert Client().get("/metrics", headers={"authorization": "Bearer "}).status_code == 404


def test_the_list_admits_addresses_and_networks_only(settings: Any) -> None:
    settings.METRICS_FROM = LOOPBACK
    assert Client().get("/metrics").status_code == 200
    assert Client(REMOTE_ADDR="10.1.2.3").get("/metrics").status_code == 404
    assert Client(REMOTE_ADDR="::1").get("/metrics").status_code == 200
    assert Client(REMOTE_ADDR="::2").get("/metrics").status_code == 404
    assert Client(REMOTE_ADDR="").get("/metrics").status_code == 404
    settings.METRICS_FROM = [ip_network("10.1.0.0/16")]
    assert Client(REMOTE_ADDR="10.1.2.3").get("/metrics").status_code == 200


def test_what_a_proxy_passed_on_is_not_taken_for_the_proxy(settings: Any) -> None:
    settings.METRICS_FROM = LOOPBACK
    assert Client().get("/metrics", headers={"x-forwarded-for": "203.0.113.9"}).status_code == 404
    settings.TRUSTED_PROXIES = 1
    assert Client().get("/metrics", headers={"x-forwarded-for": "203.0.113.9"}).status_code == 404
    assert Client().get("/metrics", headers={"x-forwarded-for": "203.0.113.9, 127.0.0.1"}).status_code == 200


def test_a_token_admits_from_anywhere_and_a_wrong_one_never(settings: Any) -> None:
    settings.METRICS_TOKEN, settings.METRICS_FROM = "a-long-token", LOOPBACK
    far = Client(REMOTE_ADDR="203.0.113.9")
    assert far.get("/metrics", headers={"authorization": "Bearer a-long-token"}).status_code == 200
    for wrong in ("Bearer a-long-toke", "Bearer 令牌", "Basic a-long-token", "Bearer"):
        assert far.get("/metrics", headers={"authorization": wrong}).status_code == 404
    assert Client().get("/metrics", headers={"authorization": "Bearer wrong"}).status_code == 404


def test_requests_are_counted_by_route_never_by_address(settings: Any) -> None:
    settings.METRICS_FROM = LOOPBACK
    client = Client()
    before = read(client)
    client.get("/divisions/330100/")
    client.get("/no-such-page/13800000000/")
    client.get("/search/?q=张三丰")
    answer = client.get("/metrics").content.decode()
    after = samples(answer)
    for key in ("route=search,status=200", "route=none,status=404"):
        name = f"qifu_requests_total{{{key}}}"
        assert after[name] == before.get(name, 0) + 1
    assert after["qifu_request_seconds_count{route=search}"] >= 1
    for told in ("330100", "13800000000", "张三", "no-such-page", "127.0.0.1"):
        labels = "".join(re.findall(r"\{.*?\}", answer))  # values may hold any digits
        assert told not in labels


def test_gauges_tell_the_state_of_the_moment(settings: Any, tmp_path: Path) -> None:
    settings.METRICS_FROM, settings.DATA_DIR = LOOPBACK, tmp_path
    now = datetime.now(UTC)
    make_person(by=SYSTEM, at=now, username="one", role="system_administrator")
    for _ in range(5):
        count_sign_in(by=SYSTEM, at=now, name="one")
    due = now - timedelta(minutes=5)
    for state in ("waiting", "failed", "failed"):
        jobs.Job(kind="x", run_at=due, created_at=due, state=state).save()
    jobs.beat(worker="host:1", at=now)
    backup = {
        "made_at": (now - timedelta(hours=3)).isoformat(),
        "path": "/no/file",
        "size": 1,
        "verified_at": None,
    }
    (tmp_path / "last_backup.json").write_text(json.dumps(backup))
    found = read()
    assert found["qifu_up"] == 1
    assert found["qifu_jobs{state=waiting}"] >= 1 and found["qifu_jobs{state=failed}"] == 2
    assert 300 <= found["qifu_jobs_oldest_seconds"] < 360
    assert found["qifu_workers_alive"] == 1 and found["qifu_worker_beat_seconds"] < 60
    assert found["qifu_sign_in_failures"] == 5 and found["qifu_sign_in_locked"] == 1
    assert found["qifu_database_bytes"] > 100_000 and found["qifu_disk_free_bytes"] > 0
    assert 3 * 3600 <= found["qifu_backup_age_seconds"] < 3 * 3600 + 60 and found["qifu_backup_good"] == 0
