"""The id of the request or job under way, for logs and audit rows."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_request_id: ContextVar[str] = ContextVar("qifu_request_id", default="")


def current_request_id() -> str:
    """Return the id under way, or an empty text."""
    return _request_id.get()


@contextmanager
def request_id(value: str = "") -> Iterator[str]:
    """Carry an id (a new random one unless given) through everything done inside the block."""
    chosen = value or secrets.token_hex(8)
    token = _request_id.set(chosen)
    try:
        yield chosen
    finally:
        _request_id.reset(token)
