"""Acts that tests of foundation write through; the names begin with `test.`, so that no list of real acts has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from django.apps import apps

from qifu.foundation.access import (
    ANYWHERE,
    SYSTEM,
    Actor,
    Grant,
    Permission,
    declare_permissions,
    declare_roles,
)
from qifu.foundation.action import action
from qifu.foundation.notices import Notice

# By name, because only the audit room may import its table.
AuditRow: Any = apps.get_model("foundation", "AuditRow")
AT = datetime(2024, 3, 1, 2, 0, tzinfo=UTC)
PERSON = Actor(kind="person", id=7, name="甲")

declare_roles({"test_keeper": "测试员"})
declare_permissions(
    Permission("test.write", "测试写入", {"test_keeper": (ANYWHERE,)}),
    Permission("test.own", "测试本人", {"test_keeper": ("own",)}),
)


class OneRole:
    """An Authority under which each of `holders` has the role test_keeper over place 330100."""

    def __init__(self, *holders: int) -> None:
        self.holders = holders

    def grants(self, actor_id: int, at: datetime) -> Iterable[Grant]:
        """Return the one grant of a holder."""
        if actor_id in self.holders:
            yield Grant(
                role="test_keeper",
                actor_id=actor_id,
                organisation_id=5,
                place="330100",
                places=frozenset({"330100"}),
            )


@action("test.run", title="测试操作", permission="test.write")
def run(*, body: Callable[[], Any], by: Actor, at: datetime) -> Any:
    """Run `body` as an act."""
    return body()


@action("test.touch_notice", title="测试消息", permission="test.own", on="notice")
def touch_notice(*, notice: Notice, by: Actor, at: datetime) -> None:
    """Mark a notice as read."""
    notice.read_at = at
    notice.save()


def act(body: Callable[[], Any], *, at: datetime = AT) -> Any:
    """Run `body` as an act of the system."""
    return run(body=body, by=SYSTEM, at=at)
