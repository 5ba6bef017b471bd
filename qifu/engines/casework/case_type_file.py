"""The YAML shape of a case type: every key known, every message with file, line, cause and remedy. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from qifu.foundation.working_days import OfficeHours
from qifu.foundation.yaml_data import (
    Anything,
    DataError,
    Effective,
    Fields,
    Flag,
    ListOf,
    Loaded,
    MapOf,
    OneOf,
    Optional,
    Shape,
    Text,
    Whole,
    read_yaml,
)
from qifu.foundation.yaml_shapes import Node, Place, Reading, named

NAME = r"[a-z][a-z0-9_]{0,39}"
_UNITS = ("working_days", "calendar_days", "working_hours", "hours")
_EFFECTS = ("none", "assign", "transfer", "divide", "return", "recall", "rule", "step", "close", "reopen")
_FIELD_KINDS = ("text", "long_text", "choice", "organisation", "person", "day", "number", "flag")


def _names() -> Shape:
    return ListOf(Text(pattern=NAME))


class _Limit:
    """One unit and how many of it."""

    shape = Fields({}, {unit: Whole(least=0, most=3660) for unit in _UNITS})

    def read(self, node: Node, path: Place, reading: Reading) -> dict[str, int]:
        """Return {unit: amount}."""
        found: dict[str, int] = self.shape.read(node, path, reading)
        if len(found) != 1:
            raise reading.fail(node, f"“{named(path)}”应有且只有一种计量单位", f"请写成 {{{_UNITS[0]}: 5}}")
        return found


class _Sessions:
    """Office hours of a day: pairs of opening and closing, in order."""

    shape = ListOf(
        ListOf(Text(pattern=r"([01][0-9]|2[0-3]):[0-5][0-9]", wanted="加引号的时刻，如 '09:00'"), least=2),
        least=1,
    )

    def read(self, node: Node, path: Place, reading: Reading) -> list[list[str]]:
        """Return the pairs as written."""
        found: list[list[str]] = self.shape.read(node, path, reading)
        remedy = "请写成 [['09:00', '12:00'], ['13:30', '17:00']] 的样子"
        if any(len(pair) != 2 for pair in found):
            raise reading.fail(node, "办公时间的每一段应有开始、结束两个时刻", remedy)
        try:
            OfficeHours(tuple((time.fromisoformat(a), time.fromisoformat(b)) for a, b in found))
        except ValueError as error:
            raise reading.fail(node, str(error), remedy) from None
        return found


_LIMIT = _Limit()
_FIELD = Fields(
    {"title": Text(longest=40), "kind": OneOf(*_FIELD_KINDS)},
    {
        "choices": MapOf(Text(longest=80), pattern=NAME),
        "choices_of": Text(pattern=NAME),
        "help": Text(longest=200),
    },
)
_CLOCK = Fields(
    {"title": Text(longest=40), "of": Text(pattern=NAME), "limit": _LIMIT},
    {
        "by": MapOf(MapOf(_LIMIT, pattern=NAME), pattern=NAME), "promised": Flag(), "warn": _LIMIT,
        "basis": Text(longest=300),
    },
)  # fmt: skip
_STATE = Fields(
    {"title": Text(longest=20), "shown": Text(longest=120)},
    {"initial": Flag(), "final": Flag(), "starts": _names()},
)
_TRANSITION = Fields(
    {"title": Text(longest=30), "from": _names(), "by": _names()},
    {
        "to": Text(pattern=NAME), "effect": OneOf(*_EFFECTS), "form": _names(), "optional": _names(),
        "results": _names(), "starts": _names(), "stops": _names(), "pauses": _names(), "resumes": _names(),
        "when": MapOf(_names(), pattern=NAME), "guards": _names(), "shown": Text(longest=300), "notify": _names(),
        "automatic": Flag(),
    },
)  # fmt: skip
_PAUSE_REASON = Fields({"title": Text(longest=60)}, {"consent": Flag(), "evidence": Flag()})
_VERBS = Fields(
    {},
    {
        "merge": Fields({"by": _names(), "states": _names()}),
        "co_handlers": Fields({"by": _names(), "clock": Text(pattern=NAME)}),
        "extension": Fields(
            {"clocks": _names(), "asked_by": _names(), "approved_by": _names(), "times": Whole(least=0, most=9), "most": _LIMIT}
        ),
        "pause": Fields(
            {
                "clocks": _names(), "asked_by": _names(), "approved_by": _names(), "most_days": Whole(least=1, most=366),
                "reasons": MapOf(_PAUSE_REASON, pattern=NAME),
            }
        ),
        "escalation": Fields({"by": _names(), "states": _names(), "clock": Text(pattern=NAME)}),
    },
)  # fmt: skip
_RATING = Fields(
    {
        "sources": MapOf(Text(longest=20), pattern=NAME), "levels": ListOf(Text(longest=10), least=5),
        "bad_at_most": Whole(least=1, most=4), "unsolved_is_bad": Flag(), "rounds": Whole(least=1, most=2),
        "open_days": Whole(least=1, most=366), "reopen_days": Whole(least=0, most=366),
        "least_group": Whole(least=5, most=100), "dissatisfied": Text(pattern=NAME), "rework": Text(pattern=NAME),
        "exempt": Text(pattern=NAME),
    }
)  # fmt: skip
_MOMENT = Text(
    pattern=r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-2][0-9]:[0-5][0-9]", wanted="时刻，如 2024-06-03 10:00"
)
_ACT = Fields(
    {"at": _MOMENT},
    {
        "do": Text(pattern=NAME), "by": Text(pattern=NAME), "with": MapOf(Text(pattern=NAME), pattern=NAME),
        "pause": _names(), "resume": _names(), "extend": MapOf(_LIMIT, pattern=NAME), "refused": Flag(),
        "state": Text(pattern=NAME), "due": MapOf(Text(longest=16), pattern=NAME),
    },
)  # fmt: skip
_EXAMPLE = Fields(
    {"title": Text(longest=60), "opened": _MOMENT, "story": ListOf(_ACT, least=1)},
    {"due": MapOf(Text(longest=16), pattern=NAME)},
)
_SHAPE = Fields(
    {
        "key": Text(pattern=NAME), "title": Text(longest=60), "basis": Text(longest=500), "effective": Effective(),
        "office_hours": _Sessions(),
        "roles": MapOf(Text(longest=20), pattern=NAME), "fields": MapOf(_FIELD, pattern=NAME),
        "clocks": MapOf(_CLOCK, pattern=NAME), "states": MapOf(_STATE, pattern=NAME),
        "transitions": MapOf(_TRANSITION, pattern=NAME), "results": MapOf(Text(longest=20), pattern=NAME),
        "examples": ListOf(_EXAMPLE, least=1),
    },
    {
        "kind": Text(pattern=NAME), "extends": Text(pattern=NAME), "steps": MapOf(Text(longest=20), pattern=NAME), "most_returns": Whole(least=0, most=9),
        "verbs": _VERBS, "rating": _RATING, "documents": MapOf(Text(longest=40), pattern=NAME),
        "confidence": Text(longest=20), "sources": ListOf(Anything()),
    },
)  # fmt: skip
_OWN = ("key", "title", "basis", "effective", "examples")
"""What a type says for itself even where it extends another."""


@dataclass(frozen=True)
class Written:
    """A case type as its files say, whole: plain `content` (days as text), and the file and line of every value."""

    where: str
    content: dict[str, Any]
    lines: Mapping[Place, tuple[str, int]]

    def error(self, place: Place, cause: str, remedy: str = "") -> DataError:
        """Return an error at the value at `place`, or at the nearest above it that has a line."""
        while place and place not in self.lines:
            place = place[:-1]
        return DataError(*self.lines.get(place, (self.where, 1)), cause, remedy)


def read_case_type(document: bytes, *, where: str, beside: Mapping[str, bytes] | None = None) -> Written:
    """Return a case type with whatever it extends, from its file and those `beside` it (name without .yaml to bytes).

    Raises DataError, with file and line, for the first thing that is not in shape.
    """
    return _read(document, where, beside or {}, (where.removesuffix(".yaml"),))


def _read(document: bytes, where: str, beside: Mapping[str, bytes], chain: tuple[str, ...]) -> Written:
    said = read_yaml(document, _EITHER, where=where)
    base_name = said.data.get("extends")
    if base_name is None:
        whole = read_yaml(document, _SHAPE, where=where)
        return Written(
            where, _plain(whole.data), {place: (where, line) for place, line in whole.lines.items()}
        )
    if base_name in chain:
        raise said.error(
            ("extends",), f"互相继承：{' → '.join([*chain, base_name])}", "请让其中一个写全，不再 extends"
        )
    if base_name not in beside:
        raise said.error(
            ("extends",),
            f"没有可继承的“{base_name}”",
            f"同一目录下有：{'、'.join(sorted(beside)) or '（没有）'}",
        )
    for key in _OWN:
        if key not in said.data:
            raise said.error((), f"缺少“{key}”", "继承来的规则也要自己写明，请补充")
    base = _read(beside[base_name], f"{base_name}.yaml", beside, (*chain, base_name))
    return _laid_over(base, read_yaml(document, _OVERLAY, where=where))


def _laid_over(base: Written, over: Loaded) -> Written:
    """Return the base with what the overlay says in place of it: mappings key by key, all else whole; an empty value removes."""
    lines = dict(base.lines)

    def forget(place: Place) -> None:
        for one in [one for one in lines if one[: len(place)] == place]:
            del lines[one]

    def laid(under: Any, above: Any, place: Place) -> Any:
        if isinstance(above, dict) and (under is None or isinstance(under, dict)) and not _is_limit(above):
            found = dict(under or {})
            for key, value in above.items():
                here = (*place, key)
                if value is None:
                    if key not in found:
                        raise over.error(
                            here, f"要去掉的“{key}”在“{base.where}”里没有", "请改正名称，或删去这一行"
                        )
                    del found[key]
                    forget(here)
                else:
                    found[key] = laid(found.get(key), value, here)
            lines[place] = (over.where, over.lines[place])
            return found
        forget(place)
        for one, line in over.lines.items():
            if one[: len(place)] == place:
                lines[one] = (over.where, line)
        return above

    said = _plain(over.data) | {"extends": base.content["key"]}
    content = laid(base.content, said, ())
    whole = Written(over.where, content, lines)
    for place, key in _missing(_SHAPE, content, ()):
        raise whole.error(place, f"“{named(place)}”缺少“{key}”", "请补充")
    return whole


def _is_limit(value: Mapping[str, Any]) -> bool:
    return bool(value) and set(value) <= set(_UNITS)


def _missing(shape: Shape, data: Any, place: Place) -> Iterator[tuple[Place, str]]:
    """Yield what a shape requires and merged data lack."""
    if isinstance(shape, Fields) and isinstance(data, dict):
        yield from ((place, key) for key in shape.required if key not in data)
        parts = {**shape.required, **shape.optional}
        for key, value in data.items():
            yield from _missing(parts[key], value, (*place, key))
    elif isinstance(shape, MapOf) and isinstance(data, dict):
        for key, value in data.items():
            yield from _missing(shape.shape, value, (*place, key))


def _loose(shape: Shape) -> Shape:
    """Return a shape of which any part may be absent, and any key empty (which removes it)."""
    if isinstance(shape, Fields):
        parts = {**shape.required, **shape.optional}
        return Fields({}, {key: Optional(_loose(part)) for key, part in parts.items()})
    if isinstance(shape, MapOf):
        return MapOf(Optional(_loose(shape.shape)), pattern=shape.pattern)
    return shape


_OVERLAY = Fields(
    {"extends": Text(pattern=NAME)},
    {
        key: part if key in _OWN else Optional(_loose(part))
        for key, part in {**_SHAPE.required, **_SHAPE.optional}.items()
        if key != "extends"
    },
)
_EITHER = Fields(
    {}, {"extends": Text(pattern=NAME)} | {key: Anything() for key in [*_SHAPE.required, *_SHAPE.optional]}
)


def content_of(written: Written) -> dict[str, Any]:
    """Return the content as a revision keeps it: JSON data with the `order` in which people wrote what they named.

    A revision sorts its keys, so the order is said beside them.
    """
    return {**written.content, "order": dict(_orders(_SHAPE, written.content, ""))}


def _orders(shape: Shape, data: Any, path: str) -> Iterator[tuple[str, list[str]]]:
    if isinstance(shape, MapOf) and isinstance(data, dict) and list(data) != sorted(data):
        yield path, list(data)
    if isinstance(data, dict):
        parts = {**shape.required, **shape.optional} if isinstance(shape, Fields) else {}
        for key, value in data.items():
            inner = parts.get(key) if isinstance(shape, Fields) else getattr(shape, "shape", None)
            if inner is not None:
                yield from _orders(inner, value, f"{path}/{key}" if path else key)


def _plain(data: Any) -> dict[str, Any]:
    plain = json.loads(json.dumps(data, default=_day))
    assert isinstance(plain, dict)
    return plain


def _day(value: object) -> str:
    assert isinstance(value, date)
    return value.isoformat()
