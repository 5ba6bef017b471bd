"""The YAML shape of a case type: every key known, every message with file, line, cause and remedy. Pure."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from qifu.foundation.yaml_data import (
    Anything,
    Effective,
    Fields,
    Flag,
    ListOf,
    Loaded,
    MapOf,
    OneOf,
    Shape,
    Text,
    Whole,
    load_text,
    register_kind,
)

KIND = "case_type"
NAME = r"[a-z][a-z0-9_]{0,39}"
_UNITS = ("working_days", "calendar_days", "working_hours", "hours")
_EFFECTS = ("none", "assign", "transfer", "divide", "return", "recall", "rule", "step", "close", "reopen")
_FIELD_KINDS = ("text", "long_text", "choice", "organisation", "person", "day", "number", "flag")


def _names() -> Shape:
    return ListOf(Text(pattern=NAME))


_LIMIT = Fields({}, {unit: Whole(least=0, most=3660) for unit in _UNITS})
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
_STATE = Fields({"title": Text(longest=20), "shown": Text(longest=120)}, {"initial": Flag(), "final": Flag()})
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
_SHAPE = Fields(
    {
        "key": Text(pattern=NAME), "title": Text(longest=60), "basis": Text(longest=500), "effective": Effective(),
        "office_hours": ListOf(ListOf(Text(pattern=r"[0-2][0-9]:[0-5][0-9]"), least=2), least=1),
        "roles": MapOf(Text(longest=20), pattern=NAME), "fields": MapOf(_FIELD, pattern=NAME),
        "clocks": MapOf(_CLOCK, pattern=NAME), "states": MapOf(_STATE, pattern=NAME),
        "transitions": MapOf(_TRANSITION, pattern=NAME), "results": MapOf(Text(longest=20), pattern=NAME),
    },
    {
        "steps": MapOf(Text(longest=20), pattern=NAME), "most_returns": Whole(least=0, most=9), "verbs": _VERBS,
        "rating": _RATING, "documents": MapOf(Text(longest=40), pattern=NAME), "confidence": Text(longest=20),
        "sources": ListOf(Anything()),
    },
)  # fmt: skip
register_kind(KIND, _SHAPE)


def read_case_type(document: bytes, *, where: str) -> Loaded:
    """Return the checked data of a case type file; raises DataError with file and line."""
    return load_text(document, KIND, where=where)


def content_of(loaded: Loaded) -> dict[str, Any]:
    """Return the content as a revision keeps it: JSON data, days as YYYY-MM-DD, in written order where order counts."""
    plain = json.loads(json.dumps(loaded.data, default=_day))
    assert isinstance(plain, dict)
    return plain


def _day(value: object) -> str:
    assert isinstance(value, date)
    return value.isoformat()


def read_file(path: Path) -> Loaded:
    """Return the checked data of a file."""
    return read_case_type(path.read_bytes(), where=path.name)
