"""The environment variables a site is set up with: declared once, checked at start, documented from here."""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"0", "false", "no", "off", ""}


@dataclass(frozen=True)
class Variable:
    """One environment variable: `read` turns its text into a value or raises ValueError with a Chinese reason."""

    name: str
    default: str
    help: str
    read: Callable[[str], Any] = str
    group: str = "基本"


def boolean(text: str) -> bool:
    """Read 1/true/yes/on or 0/false/no/off."""
    lowered = text.strip().lower()
    if lowered not in TRUE_WORDS | FALSE_WORDS:
        raise ValueError(f"应为 1 或 0，现为 {text!r}")
    return lowered in TRUE_WORDS


def whole_number(text: str) -> int:
    """Read a non-negative whole number."""
    if not text.strip().isdigit():
        raise ValueError(f"应为非负整数，现为 {text!r}")
    return int(text)


def names(text: str) -> list[str]:
    """Read a comma-separated list; blanks are dropped."""
    return [part.strip() for part in text.split(",") if part.strip()]


def networks(text: str) -> list[IPv4Network | IPv6Network]:
    """Read a comma-separated list of addresses and networks."""
    try:
        return [ip_network(part, strict=False) for part in names(text)]
    except ValueError as error:
        raise ValueError(f"应为以逗号分隔的地址或网段，现为 {text!r}") from error


def seal_keys(text: str) -> dict[str, bytes]:
    """Read `id:base64,…`, each at least 32 bytes under an id of its own; the order is kept. Empty gives no key."""
    keys: dict[str, bytes] = {}
    for part in names(text):
        name, _, encoded = part.partition(":")
        if not re.fullmatch(r"[a-z0-9_-]{1,16}", name) or name in keys:
            raise ValueError("每项应写成 标识:密钥，标识用小写字母和数字且不重复")
        try:
            keys[name] = base64.b64decode(encoded, validate=True)
        except binascii.Error as error:
            raise ValueError(f"密钥“{name}”不是 base64 文本") from error
        if len(keys[name]) < 32:
            raise ValueError(f"密钥“{name}”应至少 32 字节")
    return keys


def checked_seal_keys(text: str) -> str:
    """Return the text when `seal_keys` can read it."""
    seal_keys(text)
    return text


def optional_day(text: str) -> date | None:
    """Read YYYY-MM-DD, or nothing."""
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise ValueError(f"应为 YYYY-MM-DD 形式的日期，现为 {text!r}") from error


def read_environment(
    variables: Iterable[Variable], environ: Mapping[str, str] | None = None
) -> tuple[dict[str, Any], list[str]]:
    """Return the values by name and a list of Chinese messages, one for each variable that cannot be read.

    A variable that cannot be read takes its default, so that `qifu doctor` can still start and report all faults
    at once; the site itself refuses to start while the list is not empty.
    """
    source = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    faults: list[str] = []
    for variable in variables:
        text = source.get(variable.name, variable.default)
        try:
            values[variable.name] = variable.read(text)
        except ValueError as error:
            faults.append(f"环境变量 {variable.name} 不正确：{error}。说明：{variable.help}")
            values[variable.name] = variable.read(variable.default)
    return values, faults
