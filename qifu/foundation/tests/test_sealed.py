"""Sealed text: opens with its key in its column only, never fails a list, is found by keyed hash."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.core.exceptions import FieldError
from hypothesis import HealthCheck, given
from hypothesis import settings as trials
from hypothesis import strategies as st

from qifu.foundation import sealed
from qifu.foundation.environment import seal_keys
from qifu.foundation.sealed import SealError, Unreadable, lookup_key, lookup_keys, seal, unseal


def key(byte: int) -> str:
    return base64.b64encode(bytes([byte]) * 32).decode()


ONE, TWO = f"1:{key(1)}", f"2:{key(2)}"
PHONE = "people.contact.value"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@pytest.fixture(autouse=True)
def _keys(settings: Any) -> None:
    settings.SEAL_KEYS = ONE


@given(text=TEXTS)
@trials(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_what_is_sealed_opens_in_its_column_only(text: str) -> None:
    stored = seal(text, column=PHONE)
    assert unseal(stored, column=PHONE) == text and stored != seal(text, column=PHONE)
    with pytest.raises(SealError, match="不符"):
        unseal(stored, column="people.person.name")


def test_rotation_opens_old_and_seals_with_the_new(settings: Any) -> None:
    old, old_key = seal("13800001234", column=PHONE), lookup_key("13800001234", "mobile")
    fingerprint = sealed.key_fingerprint()
    settings.SEAL_KEYS = f"{TWO},{ONE}"
    assert unseal(old, column=PHONE) == "13800001234" and seal("x", column=PHONE).startswith("2.")
    assert old_key in lookup_keys("13800001234", "mobile") and lookup_key("13800001234", "mobile") != old_key
    assert sealed.key_fingerprint() != fingerprint and len(fingerprint) == 12
    settings.SEAL_KEYS = TWO
    with pytest.raises(SealError, match="密钥“1”不在"):
        unseal(old, column=PHONE)


@pytest.mark.parametrize("stored", ["", "1.", "1.!!", "1.AAAA", "nokey", "1." + "A" * 60, "☃.x"])
def test_hostile_stored_text_is_refused(stored: str) -> None:
    with pytest.raises(SealError):
        unseal(stored, column=PHONE)


def test_a_key_that_lies_or_a_flipped_bit_is_refused(settings: Any) -> None:
    stored = seal("13800001234", column=PHONE)
    body = bytearray(base64.b64decode(stored[2:]))
    for place in (0, 13, len(body) - 1):
        body[place] ^= 1
        with pytest.raises(SealError, match="不符"):
            unseal(f"1.{base64.b64encode(bytes(body)).decode()}", column=PHONE)
        body[place] ^= 1
    settings.SEAL_KEYS = f"1:{key(9)}"
    with pytest.raises(SealError, match="不符"):
        unseal(stored, column=PHONE)


def test_sm4_gcm_agrees_with_rfc_8998() -> None:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    nonce = bytes.fromhex("00001234567800000000ABCD")
    encryptor = Cipher(
        algorithms.SM4(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")), modes.GCM(nonce)
    ).encryptor()
    encryptor.authenticate_additional_data(bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2"))
    text = "".join(c * 16 for c in "ABCDEFEA")
    encryptor.update(bytes.fromhex(text))
    encryptor.finalize()
    assert encryptor.tag.hex().upper() == "83DE3541E4C2B58177E065A9BF7B62EC"


def test_the_field_keeps_what_it_cannot_open_and_cannot_be_compared() -> None:
    from django.db import models

    class SealedThing(models.Model):
        text = sealed.SealedTextField()

        class Meta:
            app_label = "foundation_sealed_test"
            managed = False

    field = SealedThing._meta.get_field("text")
    stored = field.get_db_prep_value("甲", None)
    assert field.from_db_value(stored, None, None) == "甲" and "甲" not in stored
    lost = field.from_db_value("9.AAAA", None, None)
    assert isinstance(lost, Unreadable) and "无法解密" in lost
    assert field.get_db_prep_value(lost, None) == "9.AAAA"
    assert sealed.mask_phone(lost) == lost
    with pytest.raises(FieldError, match="sealed"):
        SealedThing.objects.filter(text="甲")


def test_look_up_differs_by_purpose_and_value() -> None:
    assert lookup_key("a", "mobile") != lookup_key("a", "email") != lookup_key("b", "email")
    assert lookup_key("a", "mobile") == lookup_key("a", "mobile") and len(lookup_key("a", "x")) == 64


@pytest.mark.parametrize("text", ["x", "1:AAAA", "1:~", f"{ONE},{ONE}", f"A B:{key(1)}"])
def test_keys_that_cannot_be_read_are_told_in_chinese(text: str) -> None:
    with pytest.raises(ValueError, match="密钥"):
        seal_keys(text)


def test_masks() -> None:
    assert sealed.mask_phone("13800001234") == "138****1234" and sealed.mask_phone("12345") == "***45"
    assert sealed.mask_phone("1") == "*" and sealed.mask_phone("") == ""
    assert sealed.mask_name("张三丰") == "张**" and sealed.mask_name("林致远（模拟）") == "林**（模拟）"
    assert sealed.mask_name("") == "" and sealed.mask_email("lin@example.cn") == "l***@example.cn"
    assert sealed.mask_email("nonsense") == "***"
