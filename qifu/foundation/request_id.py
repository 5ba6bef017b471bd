"""The id of the request or job under way, for logs and audit rows, and what is kept while it lasts."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_request_id: ContextVar[str] = ContextVar("qifu_request_id", default="")
_held: ContextVar[dict[Any, Any] | None] = ContextVar("qifu_held", default=None)


def current_request_id() -> str:
    """Return the id under way, or an empty text."""
    return _request_id.get()


def held() -> dict[Any, Any] | None:
    """Return what is kept while this request, or this run of a job, lasts; None outside of any. Keys begin with their owner."""
    return _held.get()


@contextmanager
def request_id(value: str = "") -> Iterator[str]:
    """Carry an id (a new random one unless given) through everything done inside the block."""
    chosen = value or secrets.token_hex(8)
    token, token_held = _request_id.set(chosen), _held.set({})
    try:
        yield chosen
    finally:
        _request_id.reset(token)
        _held.reset(token_held)
