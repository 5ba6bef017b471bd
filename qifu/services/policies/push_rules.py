"""How often an enterprise is told of policies, and when it is reminded: the province's figures with their examples; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from qifu.foundation.yaml_data import Effective, Fields, ListOf, Text, Whole, load, register_kind

FILE = "policies/push.yaml"
T = TypeVar("T")


@dataclass(frozen=True)
class PushRules:
    """Messages a week, the most that an enterprise may choose, days before an end and after a push when it is reminded."""

    per_week: int
    most_per_week: int
    before_end: int
    remind_after: int


def messages(pending: Sequence[T], *, sent: int, per_week: int) -> list[list[T]]:
    """Return what goes into each message: one each as far as the week has room, else all in one; nothing once it is full."""
    room = per_week - sent
    if room <= 0 or not pending:
        return []
    return [[one] for one in pending] if len(pending) <= room else [list(pending)]


_SHAPE = Fields(
    {
        "title": Text(), "basis": Text(), "effective": Effective(), "per_week": Whole(1, 100),
        "most_per_week": Whole(1, 100), "before_end": Whole(1, 90), "remind_after": Whole(1, 365),
        "examples": ListOf(
            Fields({"title": Text(), "pending": Whole(0, 100), "sent": Whole(0, 100), "expect": ListOf(Whole(1, 100))}),
            least=1,
        ),
    }
)  # fmt: skip


def _run_example(data: Any, example: Any) -> str | None:
    came = messages(range(example["pending"]), sent=example["sent"], per_week=data["per_week"])
    sizes = [len(one) for one in came]
    return None if sizes == example["expect"] else "、".join(map(str, sizes)) or "不发"


register_kind("policy_push", _SHAPE, _run_example)


def push_rules(province: Path) -> PushRules:
    """Return the province's figures, the examples run; raises DataError with the line of what is wrong."""
    path = province / FILE
    return _loaded(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _loaded(path: Path, modified: int) -> PushRules:
    data: Mapping[str, Any] = load(path, "policy_push").data
    return PushRules(*(data[name] for name in ("per_week", "most_per_week", "before_end", "remind_after")))
