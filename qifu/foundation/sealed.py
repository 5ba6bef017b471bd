"""Text encrypted at rest, exact look-up of it by keyed hash, and masks for showing it.

A sealed text is `KEY.BASE64(nonce + tag + cipher)`: SM4-GCM (GB/T 32907-2016, RFC 8998) under a key derived from the
key named KEY, bound to its column by the associated data `app.model.field`, so that a value moved to another column
does not open. The first key of settings.SEAL_KEYS seals, all of them open: add a new first key to rotate.
Legal basis: 个人信息保护法 第五十一条 (加密、去标识化等安全技术措施).
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import FieldError
from django.db import models

from qifu.foundation.environment import seal_keys

if TYPE_CHECKING:
    _TextField = models.TextField[str, str]
else:
    _TextField = models.TextField

_NONCE, _TAG = 12, 16


class SealError(Exception):
    """A sealed text cannot be opened; the message is Chinese and names the key, never the text."""


class Unreadable(str):
    """What a sealed field holds when it could not be opened: shown as a Chinese remark, saved as it was stored."""

    stored: str

    def __new__(cls, remark: str, stored: str) -> Unreadable:
        """Keep `stored`, the sealed text, beside the remark."""
        made = super().__new__(cls, remark)
        made.stored = stored
        return made


def _keys() -> dict[str, bytes]:
    return _read_keys(str(settings.SEAL_KEYS))


@lru_cache(maxsize=8)
def _read_keys(text: str) -> dict[str, bytes]:
    return seal_keys(text)


@lru_cache(maxsize=64)
def _derived(key: bytes, purpose: str, length: int) -> bytes:
    return HKDF(algorithm=hashes.SM3(), length=length, salt=None, info=f"qifu.{purpose}".encode()).derive(key)


def seal(text: str, *, column: str) -> str:
    """Return `text` sealed for `column` (`app.model.field`) under the first key."""
    name, key = next(iter(_keys().items()))
    nonce = os.urandom(_NONCE)
    encryptor = Cipher(algorithms.SM4(_derived(key, "seal", 16)), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(column.encode())
    cipher = encryptor.update(text.encode()) + encryptor.finalize()
    return f"{name}.{base64.b64encode(nonce + encryptor.tag + cipher).decode()}"


def unseal(stored: str, *, column: str) -> str:
    """Return the text sealed for `column`; raises SealError when the key is missing or the text was altered or moved."""
    name, _, body = stored.partition(".")
    key = _keys().get(name)
    if key is None:
        raise SealError(f"无法解密：密钥“{name[:16]}”不在 QIFU_SEAL_KEYS 中，请运维人员补上")
    try:
        raw = base64.b64decode(body, validate=True)
        nonce, tag, cipher = raw[:_NONCE], raw[_NONCE : _NONCE + _TAG], raw[_NONCE + _TAG :]
        decryptor = Cipher(algorithms.SM4(_derived(key, "seal", 16)), modes.GCM(nonce, tag)).decryptor()
        decryptor.authenticate_additional_data(column.encode())
        return (decryptor.update(cipher) + decryptor.finalize()).decode()
    except (InvalidTag, ValueError, binascii.Error) as error:
        raise SealError(f"无法解密：密钥“{name}”与密文不符，或密文被改动过，请运维人员核对") from error


def lookup_key(value: str, purpose: str) -> str:
    """Return 64 hex digits that stand for `value` in an exact look-up; another purpose gives other digits.

    Store what this returns; look up with `lookup_keys`, which also finds rows written under earlier keys.
    """
    return lookup_keys(value, purpose)[0]


def lookup_keys(value: str, purpose: str) -> list[str]:
    """Return the digits of `value` under every key, the present one first: for `lookup__in`."""
    found = []
    for key in _keys().values():
        mac = hmac.HMAC(_derived(key, f"lookup.{purpose}", 32), hashes.SM3())
        mac.update(value.encode())
        found.append(mac.finalize().hex())
    return found


def key_fingerprint() -> str:
    """Return twelve hex digits that tell the sealing key from any other; a backup notes them, they betray nothing."""
    return _derived(next(iter(_keys().values())), "fingerprint", 6).hex()


class SealedTextField(_TextField):
    """A text field whose column holds the sealed text; it can be asked only whether it is null.

    A value that does not open is an `Unreadable` remark, so that a list page shows it instead of failing.
    """

    @property
    def _column(self) -> str:
        return f"{self.model._meta.label_lower}.{self.name}"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Seal on the way in."""
        if value is None or value == "":
            return value
        if isinstance(value, Unreadable):
            return value.stored
        return seal(str(value), column=self._column)

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        """Open on the way out."""
        if not value:
            return value
        try:
            return unseal(value, column=self._column)
        except SealError as error:
            return Unreadable(str(error), value)

    def get_lookup(self, lookup_name: str) -> Any:
        """Allow `isnull` only: equal texts are sealed differently, a comparison would never find anything."""
        if lookup_name != "isnull":
            raise FieldError(f"{self._column} is sealed: store a lookup_key beside it and look that up")
        return super().get_lookup(lookup_name)


def mask_phone(number: str) -> str:
    """Return a number with its middle hidden: 138****1234; a short one is hidden but for its last two digits."""
    if isinstance(number, Unreadable):
        return number
    if len(number) < 8:
        return "*" * max(len(number) - 2, 1) + number[-2:] if len(number) > 2 else "*" * len(number)
    return f"{number[:3]}{'*' * (len(number) - 7)}{number[-4:]}"


def mask_name(name: str) -> str:
    """Return a name with all but its first character hidden: 张**; a remark in brackets at its end stays."""
    if isinstance(name, Unreadable):
        return name
    found = re.fullmatch(r"(.)(.*?)(（[^（）]*）)?", name, re.S)
    return f"{found[1]}{'*' * len(found[2])}{found[3] or ''}" if found else ""


def mask_email(address: str) -> str:
    """Return an address with its local part hidden but for the first character: l***@example.cn."""
    if isinstance(address, Unreadable):
        return address
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}***{at}{domain}" if at else "***"
