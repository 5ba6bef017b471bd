"""The shapes that YAML data may be declared to have: they read a value exactly and say in Chinese what is wrong.

The shape decides how a scalar is read, never YAML's guesses: `330000` in a text field stays the text `330000`, `no`
stays a word, and a number is an int or a Decimal, never a float.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

_NUMBER = re.compile(r"[-+]?[0-9]{1,30}(\.[0-9]{1,30})?")
_WHOLE = re.compile(r"[-+]?[0-9]{1,30}")
_LOOSE_DAY = re.compile(r"([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})\s*日?")
_WRONG_COLON = re.compile(r"[\s{-]*([A-Za-z_]{1,40})\s*(?:：|:(?=\S))")
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_EMPTY = ("", "~", "null", "Null", "NULL")

Place = tuple[str | int, ...]
"""Where a value stands in a file: its keys and list positions (from 0), outermost first."""


class DataError(ValueError):
    """A data file is wrong: `where` it is, at which `line`, the `cause` and the `remedy`, all for an official."""

    def __init__(self, where: str, line: int, cause: str, remedy: str = "") -> None:
        where, cause, remedy = seen(where), seen(cause), seen(remedy)
        super().__init__(f"{where} 第 {line} 行：{cause}" + (f"。{remedy}" if remedy else ""))
        self.where, self.line, self.cause, self.remedy = where, line, cause, remedy


@dataclass
class Node:
    """One value as written: a scalar (`value` is text), a list of nodes, or a mapping of keys to nodes."""

    line: int
    value: str | list[Node] | dict[str, Node]
    quoted: bool = False
    key_lines: dict[str, int] = field(default_factory=dict)


class Reading:
    """What the shapes share while one file is read."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.lines: dict[Place, int] = {}

    def fail(self, node: Node, cause: str, remedy: str = "") -> DataError:
        return DataError(self.where, node.line, cause, remedy)

    def read(self, shape: Shape, node: Node, path: Place) -> Any:
        self.lines[path] = node.line
        return shape.read(node, path, self)

    def scalar(self, node: Node, path: Place, wanted: str) -> str:
        if not isinstance(node.value, str):
            raise self.fail(node, f"“{named(path)}”应为{wanted}", "请写成一行")
        return node.value


class Shape(Protocol):
    """What a value must look like; `read` returns it as plain data or raises DataError."""

    def read(self, node: Node, path: Place, reading: Reading) -> Any:
        """Return the value of `node`, which stands at `path`."""
        ...


@dataclass(frozen=True)
class Text:
    """A text; not empty unless `empty`; `pattern` (whole match) with `wanted` as its Chinese description."""

    pattern: str = ""
    wanted: str = "文字"
    empty: bool = False
    longest: int = 20_000

    def read(self, node: Node, path: Place, reading: Reading) -> str:
        """Return the text as written."""
        text = reading.scalar(node, path, self.wanted)
        if not node.quoted and text in _EMPTY:
            text = ""
        if not text.strip() and not self.empty:
            raise reading.fail(node, f"“{named(path)}”为空", f"请填写{self.wanted}")
        if len(text) > self.longest:
            raise reading.fail(node, f"“{named(path)}”有 {len(text)} 个字符", f"请不要超过 {self.longest} 个")
        if self.pattern and not re.fullmatch(self.pattern, text):
            raise reading.fail(node, f"“{named(path)}”的值“{text[:40]}”不正确", f"应为{self.wanted}")
        return text


@dataclass(frozen=True)
class Whole:
    """A whole number from `least` to `most`."""

    least: int | None = None
    most: int | None = None

    def read(self, node: Node, path: Place, reading: Reading) -> int:
        """Return the int."""
        text = reading.scalar(node, path, "整数")
        if not _WHOLE.fullmatch(text):
            raise reading.fail(
                node, f"“{named(path)}”的值“{text[:40]}”不是整数", "请只写数字，不带单位和分隔符"
            )
        number = int(text)
        if (self.least is not None and number < self.least) or (self.most is not None and number > self.most):
            raise reading.fail(
                node, f"“{named(path)}”的值 {number} 超出范围", f"应在 {self.least} 与 {self.most} 之间"
            )
        return number


@dataclass(frozen=True)
class Number:
    """An exact number: an int, or a Decimal where there are decimals."""

    def read(self, node: Node, path: Place, reading: Reading) -> int | Decimal:
        """Return the number exactly as written."""
        text = reading.scalar(node, path, "数字")
        if not _NUMBER.fullmatch(text):
            raise reading.fail(
                node, f"“{named(path)}”的值“{text[:40]}”不是数字", "请写成 12 或 12.5，不用科学记数法"
            )
        return Decimal(text) if "." in text else int(text)


@dataclass(frozen=True)
class Day:
    """A date, YYYY-MM-DD."""

    def read(self, node: Node, path: Place, reading: Reading) -> date:
        """Return the date."""
        text = reading.scalar(node, path, "日期")
        try:
            if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
                raise ValueError
            return date.fromisoformat(text)
        except ValueError:
            raise reading.fail(node, f"“{named(path)}”的值“{text[:40]}”不是日期", day_remedy(text)) from None


@dataclass(frozen=True)
class Flag:
    """True or false: 是/否, true/false, yes/no."""

    def read(self, node: Node, path: Place, reading: Reading) -> bool:
        """Return the truth value."""
        text = reading.scalar(node, path, "是或否").lower()
        if text not in ("是", "true", "yes", "否", "false", "no"):
            raise reading.fail(node, f"“{named(path)}”的值“{text[:40]}”不正确", "请写 true 或 false")
        return text in ("是", "true", "yes")


class OneOf:
    """One of a few words."""

    def __init__(self, *words: str) -> None:
        self.words = words

    def read(self, node: Node, path: Place, reading: Reading) -> str:
        """Return the word."""
        text = reading.scalar(node, path, "所列的词")
        if text not in self.words:
            raise reading.fail(
                node, f"“{named(path)}”的值“{text[:40]}”不在允许之列", f"可用：{'、'.join(self.words)}"
            )
        return text


@dataclass(frozen=True)
class Optional:
    """A value that may be empty, read as None."""

    shape: Shape

    def read(self, node: Node, path: Place, reading: Reading) -> Any:
        """Return None for an empty value."""
        if isinstance(node.value, str) and not node.quoted and node.value in _EMPTY:
            return None
        return self.shape.read(node, path, reading)


@dataclass(frozen=True)
class Anything:
    """Any value; bare scalars become None, bool, int, Decimal or text, nothing else."""

    def read(self, node: Node, path: Place, reading: Reading) -> Any:
        """Return plain data."""
        if isinstance(node.value, list):
            return ListOf(self).read(node, path, reading)
        if isinstance(node.value, dict):
            return MapOf(self).read(node, path, reading)
        if node.quoted:
            return node.value
        if node.value in _EMPTY:
            return None
        if node.value in ("true", "false"):
            return node.value == "true"
        plain_number = _NUMBER.fullmatch(node.value) and not re.match(r"[-+]?0[0-9]", node.value)
        return Number().read(node, path, reading) if plain_number else node.value


@dataclass(frozen=True)
class ListOf:
    """A list of values of one shape, at least `least` of them."""

    shape: Shape
    least: int = 0

    def read(self, node: Node, path: Place, reading: Reading) -> list[Any]:
        """Return the list."""
        if isinstance(node.value, str) and not node.quoted and node.value in _EMPTY:
            node = Node(node.line, [])
        if not isinstance(node.value, list):
            raise reading.fail(node, f"“{named(path)}”应为列表", "请每项一行，以“- ”开头")
        if len(node.value) < self.least:
            raise reading.fail(node, f"“{named(path)}”至少要有 {self.least} 项", "请补充")
        return [reading.read(self.shape, part, (*path, i)) for i, part in enumerate(node.value)]


@dataclass(frozen=True)
class MapOf:
    """A mapping whose keys are free (or match `pattern`) and whose values have one shape."""

    shape: Shape
    pattern: str = ""

    def read(self, node: Node, path: Place, reading: Reading) -> dict[str, Any]:
        """Return the dict, in written order."""
        if not isinstance(node.value, dict):
            raise reading.fail(node, f"“{named(path)}”应为若干“名称: 值”", "请每行写一个")
        for key in node.value:
            if self.pattern and not re.fullmatch(self.pattern, key):
                raise DataError(
                    reading.where, node.key_lines[key], f"“{named(path)}”中的名称“{key[:40]}”不正确"
                )
        return {key: reading.read(self.shape, part, (*path, key)) for key, part in node.value.items()}


@dataclass(frozen=True)
class Fields:
    """A mapping with known keys; any other key is refused, with the known ones named."""

    required: Mapping[str, Shape]
    optional: Mapping[str, Shape] = field(default_factory=dict)

    def read(self, node: Node, path: Place, reading: Reading) -> dict[str, Any]:
        """Return the dict; optional keys that are absent stay absent."""
        if not isinstance(node.value, dict):
            raise reading.fail(node, f"“{named(path)}”应为若干“名称: 值”", f"可用：{self._known()}")
        for key in node.value:
            if key not in self.required and key not in self.optional:
                remedy = colon_remedy(key) or f"可用：{self._known()}"
                raise DataError(reading.where, node.key_lines[key], f"不认识“{key[:40]}”", remedy)
        for key in self.required:
            if key not in node.value:
                raise reading.fail(node, f"“{named(path)}”缺少“{key}”", "请补充")
        shapes = {**self.required, **self.optional}
        return {key: reading.read(shapes[key], part, (*path, key)) for key, part in node.value.items()}

    def _known(self) -> str:
        return "、".join([*self.required, *self.optional])


@dataclass(frozen=True)
class Effective:
    """`effective: {from, to}`: in force from a day until the day before `to`; without `to`, until further notice."""

    def read(self, node: Node, path: Place, reading: Reading) -> dict[str, date | None]:
        """Return {"from": date, "to": date or None}; `to` must be later than `from`."""
        found = Fields({"from": Day()}, {"to": Optional(Day())}).read(node, path, reading)
        if found.get("to") is not None and found["to"] <= found["from"]:
            raise reading.fail(
                node, f"失效日 {found['to']} 不晚于生效日 {found['from']}", "失效日当天起不再有效，请改正"
            )
        return {"from": found["from"], "to": found.get("to")}


def seen(text: str) -> str:
    """Return the text with characters that hide or turn others (controls, bidi, zero width) shown as `<U+202E>`."""
    return "".join(
        f"<U+{ord(letter):04X}>" if unicodedata.category(letter) in _UNSEEN and letter != "\n" else letter
        for letter in text
    )


def day_remedy(text: str) -> str:
    """Return how to write a day: the day that was meant (2024年1月1日 -> 2024-01-01) when it exists."""
    found = _LOOSE_DAY.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if found is None:
        return "请写成 年-月-日，如 2024-01-01"
    try:
        return f"请写成 {date(*map(int, found.groups()))}"
    except ValueError:
        return "日历上没有这一天，请核对；写成 年-月-日，如 2024-01-01"


def colon_remedy(text: str) -> str:
    """Return the remedy for a key that is followed by a full-width colon or by no blank; nothing for other texts."""
    found = _WRONG_COLON.match(text)
    return f"请用半角冒号加空格，如 {found[1]}: 值" if found else ""


def named(path: Place) -> str:
    """Return a path as an official reads it: `years 第 2 项 from`."""
    return " ".join(f"第 {part + 1} 项" if isinstance(part, int) else part for part in path) or "文件"
