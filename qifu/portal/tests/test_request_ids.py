"""One request id runs through answer and log lines, also through what Django logs after the request has ended."""

from __future__ import annotations

import json
import logging

import pytest
from django.test import Client

from qifu.portal.logs import JsonFormatter, RequestIdFilter

pytestmark = pytest.mark.django_db


def test_the_answer_and_every_log_line_carry_the_same_id() -> None:
    lines: list[dict[str, str]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(JsonFormatter().format(record)))

    keep = Keep()
    keep.addFilter(RequestIdFilter())
    root = logging.getLogger()
    root.addHandler(keep)
    try:
        answer = Client().get("/no-such-page/?name=张三")
    finally:
        root.removeHandler(keep)
    assert answer.status_code == 404
    told = [line for line in lines if line["logger"] in ("django.request", "qifu.requests")]
    assert {line["logger"] for line in told} == {"django.request", "qifu.requests"}
    assert {line["request_id"] for line in told} == {answer["X-Request-ID"]}
    assert "张三" not in json.dumps(lines, ensure_ascii=False)
