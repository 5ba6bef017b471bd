"""Telephone numbers of the mainland as people write them, in one form; pure."""

from __future__ import annotations

import re
import unicodedata

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"(0(?:10|2[0-9]|[3-9][0-9]{2}))([2-9][0-9]{6,7})(?:[x#转]([0-9]{1,6}))?")
_HOTLINE = re.compile(r"(?:400|800)[0-9]{7}")
HELP = "填手机号码（11 位）或带区号的座机，如 13800001234、0571-82345678"


def read_phone(text: str) -> str:
    """Return a number in its one form (13800001234, 0571-82345678, 0571-82345678-12, 4001234567), or "" for none.

    Full-width digits, blanks, hyphens, brackets and a leading +86 do not matter.
    """
    plain = unicodedata.normalize("NFKC", text[:100]).strip().lower()
    plain = re.sub(r"\s*(?:分机|转|ext\.?|x|#)\s*", "x", plain)
    plain = re.sub(r"(?<=[0-9])\s*[-—–]\s*([0-9]{1,5})$", r"x\1", plain) if _has_extension(plain) else plain
    digits = re.sub(r"[\s()\-—–.]", "", plain)
    abroad = re.fullmatch(r"(?:\+|00)?86(0?)([1-9][0-9]{8,10}(?:x[0-9]{1,6})?)", digits)
    if abroad is not None:
        digits = abroad[2] if _MOBILE.fullmatch(abroad[2]) else f"0{abroad[2]}"
    if _MOBILE.fullmatch(digits) or _HOTLINE.fullmatch(digits):
        return digits
    found = _LANDLINE.fullmatch(digits)
    if found is None:
        return ""
    area, number, extension = found.groups()
    return f"{area}-{number}" + (f"-{extension}" if extension else "")


def _has_extension(text: str) -> bool:
    """Tell whether a last hyphen parts an extension from an area code and a number, as in 0571-82345678-12."""
    return re.search(r"^[^0-9]*0[0-9]{2,3}\D{0,2}[2-9][0-9]{6,7}\s*[-—–]\s*[0-9]{1,5}$", text) is not None


def looks_like_phones(samples: list[str]) -> bool:
    """Tell whether four in five cells are telephone numbers."""
    return bool(samples) and sum(bool(read_phone(one)) for one in samples) * 5 >= len(samples) * 4
