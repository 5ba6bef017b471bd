"""What a password must be, and one-time passwords."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from qifu.foundation.action import Refused
from qifu.registers.people.models import Person

LONGEST = 256
ONE_TIME_LIFE = timedelta(days=3)
# Without characters that look alike on paper or sound alike on the telephone.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"

_REASONS = {
    "password_too_short": "口令至少 10 个字符",
    "password_too_common": "这个口令太常见，容易被猜到",
    "password_entirely_numeric": "口令不能全是数字",
}


def refuse_weak(new: str, person: Person, *, old: str = "") -> None:
    """Raise Refused, with every reason in Chinese, unless `new` will do for `person`."""
    reasons = []
    try:
        validate_password(new, person)
    except ValidationError as error:
        reasons = [_REASONS.get(str(one.code), "口令不符合要求") for one in error.error_list]
    if len(new) > LONGEST:
        reasons.append(f"口令最多 {LONGEST} 个字符")
    if new and new == old:
        reasons.append("新口令不能与现在的口令相同")
    if person.username and person.username in new.lower():
        reasons.append("口令不能包含登录名")
    if reasons:
        text = "；".join(reasons)
        raise Refused(text, new=text)


def one_time_password(choose: Callable[[str], str] = secrets.choice) -> str:
    """Return twelve random characters in groups of four (about 59 bits)."""
    letters = [choose(_ALPHABET) for _ in range(12)]
    return "-".join("".join(letters[start : start + 4]) for start in (0, 4, 8))
