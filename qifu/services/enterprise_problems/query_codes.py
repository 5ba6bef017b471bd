"""The code by which somebody without an account looks a problem up: given once, kept as a hash only."""

from __future__ import annotations

import hashlib
import secrets

from qifu.foundation.sealed import lookup_key

CODE_DIGITS = 8


def query_hash(number: str, code: str) -> str:
    """Return what is kept of a query code."""
    return hashlib.sha256(f"{number}:{code}".encode()).hexdigest()


def new_code() -> str:
    """Return a random code."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def code_of_key(key_scope: str, key: str) -> str:
    """Return the code of the case that was made under a form's secret key; the key alone does not betray it.

    So a form that is sent twice is answered with the same code, which is kept nowhere.
    """
    return f"{int(lookup_key(f'{key_scope}:{key}', 'query_code'), 16) % 10**CODE_DIGITS:0{CODE_DIGITS}d}"
