"""A package's file: articles, their details, each with owner, due day and what it became; pure.

A detail is live where a policy that it names is published and in force on the day, or an item is on offer since a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from qifu.foundation.money import parse_money
from qifu.foundation.yaml_data import Day, Effective, Fields, ListOf, Text, Whole, load, register_kind

KIND = "policy_package"
_CODE = Text(pattern="[a-z0-9][a-z0-9-]{2,59}", wanted="小写字母、数字、连字符组成的代码")
_DETAIL = Fields(
    {"number": Text(longest=20), "says": Text(longest=500), "owner": Text(longest=80), "due_on": Day()},
    {
        "policies": ListOf(_CODE),
        "item": Fields({"name": Text(longest=100)}, {"since": Day()}),
        "money": Text(longest=30),
    },
)
_ARTICLE = Fields(
    {"number": Whole(1, 500), "title": Text(longest=100), "details": ListOf(_DETAIL, least=1)}, {}
)
_SHAPE = Fields(
    {
        "code": _CODE, "title": Text(longest=200), "document": Text(longest=200), "effective": Effective(),
        "articles": ListOf(_ARTICLE, least=1),
    },
    {"note": Text(longest=500)},
)  # fmt: skip
register_kind(KIND, _SHAPE)


@dataclass(frozen=True)
class Detail:
    """One detail of an article: what was promised, who answers for it by when, the policies or item it became, money promised."""

    article: int
    article_title: str
    number: str
    says: str
    owner: str
    due_on: date
    policies: tuple[str, ...]
    item: str
    item_since: date | None
    promised_fen: int


def read_package(path: Path) -> dict[str, Any]:
    """Return a package file's content as revisions keep it; raises DataError with file and line, OSError."""
    loaded = load(path, KIND)
    seen: set[str] = set()
    for i, article in enumerate(loaded.data["articles"]):
        for j, one in enumerate(article["details"]):
            place = ("articles", i, "details", j)
            if one["number"] in seen:
                raise loaded.error((*place, "number"), f"细则编号“{one['number']}”重复", "请换一个编号")
            seen.add(one["number"])
            if "money" in one:
                try:
                    one["fen"] = parse_money(one.pop("money"))
                except ValueError as error:
                    raise loaded.error((*place, "money"), str(error), "请写成 500万元 这样的金额") from None
    return _as_json(loaded.data)  # type: ignore[no-any-return]


def details_of(content: Mapping[str, Any]) -> list[Detail]:
    """Return the details of a package's content in the file's order."""
    return [_detail(article, one) for article in content["articles"] for one in article["details"]]


def _detail(article: Mapping[str, Any], one: Mapping[str, Any]) -> Detail:
    item = one.get("item") or {}
    since = item.get("since")
    return Detail(
        article["number"], article["title"], one["number"], one["says"], one["owner"], date.fromisoformat(one["due_on"]),
        tuple(one.get("policies", ())), item.get("name", ""), date.fromisoformat(since) if since else None, one.get("fen", 0),
    )  # fmt: skip


def _as_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _as_json(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_as_json(part) for part in value]
    return value.isoformat() if isinstance(value, date) else value
