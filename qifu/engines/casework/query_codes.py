"""The code by which somebody without an account looks a case up: given once, kept as a hash only, its trying counted."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from django.utils.crypto import salted_hmac

from qifu.foundation.sealed import lookup_key
from qifu.registers.people.models import SignInCount

CODE_DIGITS = 8
WRONG_PAIR, WRONG_NUMBER, WRONG_SOURCE = 5, 20, 30
"""So many wrong codes for one number from one source, for one number, from one source: then it is locked for LOCKED."""
LOCKED = timedelta(hours=1)
NOBODYS = "0" * 64


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


def proof_fits(kept: str, proof: str) -> bool:
    """Tell whether a proof is what is `kept` of a query code; the same work where nothing is kept."""
    known = kept or NOBODYS
    return hmac.compare_digest(known.encode(), proof.encode()) and known is not NOBODYS


def _counters(number: str, source: str) -> list[tuple[str, int]]:
    """Return the keyed hashes under which attempts are counted, each with its limit; neither number nor address is kept."""
    told = [
        (f"pair:{number}:{source}", WRONG_PAIR),
        (f"number:{number}", WRONG_NUMBER),
        (f"source:{source}", WRONG_SOURCE),
    ]
    return [
        (salted_hmac("qifu.problems.look_up", name, algorithm="sha256").hexdigest(), most)
        for name, most in told
    ]


def count_attempt(number: str, source: str, at: datetime) -> bool:
    """Count an attempt as failed until proven right, inside an act that commits; tell whether it is barred. Counts end with LOCKED."""
    barred = False
    for key, most in _counters(number, source):
        SignInCount.objects.bulk_create(
            [SignInCount(name_key=key, last_failed_at=at)], update_conflicts=True, unique_fields=["name_key"],
            update_fields=["last_failed_at"],
        )  # fmt: skip
        row = SignInCount.objects.get(name_key=key)
        if row.locked_until is not None and at >= row.locked_until:
            row.locked_until, row.failures = None, 0
        if row.locked_at(at):
            barred = True
            continue
        row.failures += 1
        if row.failures > most:
            row.locked_until, barred = at + LOCKED, True
        row.save()
    return barred


def forgive_attempt(number: str, source: str) -> None:
    """Take the count of a right attempt away, inside an act."""
    pair, *wider = [key for key, _ in _counters(number, source)]
    SignInCount.objects.filter(name_key=pair).delete()
    for row in SignInCount.objects.filter(name_key__in=wider, failures__gt=0):
        row.failures -= 1
        row.save(update_fields=["failures"])
