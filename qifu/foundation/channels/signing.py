"""How a request is signed: HMAC over the timestamp and the body, so that neither can be changed nor sent again later."""

from __future__ import annotations

import hmac

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

ALGORITHMS = {"hmac-sha256": hashes.SHA256, "hmac-sm3": hashes.SM3}
"""RFC 2104 with SHA-256 (FIPS 180-4) or SM3 (GB/T 32905-2016)."""
FRESH_SECONDS = 300
"""How far the sender's clock may be off."""

TIMESTAMP, SIGNATURE, ALGORITHM, KEY = (
    "X-Qifu-Timestamp",
    "X-Qifu-Signature",
    "X-Qifu-Algorithm",
    "Idempotency-Key",
)


def sign(secret: str, algorithm: str, timestamp: str, key: str, body: bytes) -> str:
    """Return the signature in lowercase hex: HMAC(secret, timestamp LF key LF body)."""
    mac = HMAC(secret.encode(), ALGORITHMS[algorithm]())
    mac.update(f"{timestamp}\n{key}\n".encode() + body)
    return mac.finalize().hex()


def headers(secret: str, algorithm: str, *, now: int, key: str, body: bytes) -> dict[str, str]:
    """Return the headers that sign `body` at `now` (Unix seconds) with the idempotency key `key`."""
    timestamp = str(now)
    signature = sign(secret, algorithm, timestamp, key, body)
    return {TIMESTAMP: timestamp, ALGORITHM: algorithm, SIGNATURE: signature, KEY: key}


def fault(
    secret: str, *, timestamp: str, algorithm: str, signature: str, key: str, body: bytes, now: int
) -> str | None:
    """Return in Chinese what is wrong with a signed request, or None; compares in constant time."""
    if algorithm not in ALGORITHMS:
        return "签名算法不在允许之列"
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return "时间戳不正确"
    if abs(now - int(timestamp)) > FRESH_SECONDS:
        return "时间戳相差超过五分钟"
    expected = sign(secret, algorithm, timestamp, key, body)
    if not hmac.compare_digest(expected.encode(), signature.lower().encode()):
        return "签名不正确"
    return None
