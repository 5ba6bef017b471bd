"""The lists that forms offer: boards, topics, reasons for not taking a request up, statutory channels (provinces/…/enterprise_problems/lists.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from qifu.foundation.yaml_data import Fields, Flag, ListOf, MapOf, Text, Whole, load, register_kind
from qifu.services.enterprise_problems.reply_check import Rules, rules_of

KIND = "enterprise_problem_lists"
_NAME = r"[a-z][a-z0-9_]{0,39}"
_REASON = Fields({"title": Text(longest=40), "notice": Text(longest=200)}, {"basis": Text(longest=200)})
_CHANNEL = Fields(
    {"title": Text(longest=20), "words": ListOf(Text(longest=30)), "notice": Text(longest=300)}, {"basis": Text(longest=200)}
)  # fmt: skip
_TOPIC = Fields(
    {"title": Text(longest=40), "board": Text(pattern=_NAME)}, {"words": ListOf(Text(longest=30))}
)
_REPLY_CHECK = Fields(
    {
        "least": Whole(1, 1000), "usual_least": Whole(1, 2000), "most": Whole(100, 20000), "least_substance": Whole(1, 1000),
        "least_shared": Whole(1, 100), "common_above": Whole(1, 100), "outdone_by": Whole(1, 100), "nearness": Whole(50, 100),
        "empty_phrases": ListOf(Text(longest=40)), "internal_words": ListOf(Text(longest=20)),
        "doubtful_words": ListOf(Text(longest=20)), "done_words": ListOf(Text(longest=20)),
        "contact_words": ListOf(Text(longest=20)),
    }
)  # fmt: skip
register_kind(
    KIND,
    Fields(
        {
            "title": Text(), "boards": MapOf(Text(longest=20), pattern=_NAME), "topics": MapOf(_TOPIC, pattern=_NAME),
            "exclusion_reasons": MapOf(_REASON, pattern=_NAME), "statutory_channels": MapOf(_CHANNEL, pattern=_NAME), "reply_check": _REPLY_CHECK,
            "packs": ListOf(Fields({"places": ListOf(Text()), "case_type": Text(pattern=_NAME)}, {"note": Text(), "active": Flag()})),
        },
        {"basis": Text(longest=300), "confidence": Text()},
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Lists:
    """The lists as read: plain data by name, each code to its entry."""

    boards: Mapping[str, str]
    topics: Mapping[str, Mapping[str, Any]]
    exclusion_reasons: Mapping[str, Mapping[str, Any]]
    statutory_channels: Mapping[str, Mapping[str, Any]]
    packs: tuple[Mapping[str, Any], ...]
    reply_check: Rules


def lists() -> Lists:
    """Return the province's lists; read anew when the file changes."""
    path = settings.PROVINCE_DIR / "enterprise_problems" / "lists.yaml"
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _read(path: Path, modified: int) -> Lists:
    data = load(path, KIND).data
    return Lists(
        data["boards"],
        data["topics"],
        data["exclusion_reasons"],
        data["statutory_channels"],
        tuple(data["packs"]),
        rules_of(data["reply_check"]),
    )


def choices(name: str) -> Mapping[str, str]:
    """Return a list as code to title: boards, topics, exclusion_reasons, statutory_channels; empty for others."""
    known: dict[str, Mapping[str, Any]] = {
        "boards": lists().boards, "topics": lists().topics, "exclusion_reasons": lists().exclusion_reasons,
        "statutory_channels": lists().statutory_channels,
    }  # fmt: skip
    entries = known.get(name, {})
    return {code: entry if isinstance(entry, str) else entry["title"] for code, entry in entries.items()}


def case_type_of(place_code: str, above: tuple[str, ...] = ()) -> str:
    """Return the key of the case type by which problems of a place are handled: the first pack that names it, or a place above it."""
    for code in (place_code, *above):
        for pack in lists().packs:
            if pack.get("active", True) and code in pack["places"]:
                return str(pack["case_type"])
    return "enterprise_problem"
