"""JSON log lines with request ids and no personal data."""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import Error as DatabaseError

from qifu.foundation.request_id import current_request_id

EXTRA_KEYS = ("job", "kind", "attempt", "act", "status", "method", "path", "milliseconds")


class RequestIdFilter(logging.Filter):
    """Put the request id on every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, with its request id."""
        of_request = getattr(getattr(record, "request", None), "request_id", "")
        record.request_id = current_request_id() or of_request
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line; the request itself (form fields, addresses, names) never appears."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        entry = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "request_id": getattr(record, "request_id", ""),
            "message": record.getMessage(),
        }
        entry |= {key: getattr(record, key) for key in EXTRA_KEYS if hasattr(record, key)}
        if record.exc_info:
            entry["exception"] = _without_data(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str)


def _without_data(exc_info: Any) -> str:
    """Return where and what an exception was; what databases and forms say quotes people's data, so it is left out."""
    kind, error, trace = exc_info
    silent = isinstance(error, (DatabaseError, ValidationError))
    last = kind.__name__ if silent or error is None else f"{kind.__name__}: {error}"
    return "".join([*traceback.format_tb(trace), last])
