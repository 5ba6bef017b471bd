"""What an enterprise was told of policies, and how often it wants to be; for its own people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.paginator import Page, Paginator

from qifu.foundation.access import Actor, NotFound, visible
from qifu.registers.enterprises.models import Enterprise
from qifu.services.policies.models import Policy, PolicyPush, PushSetting
from qifu.services.policies.push_rules import push_rules

SEE = "policies.see_own"
PAGE_SIZE = 20


@dataclass(frozen=True)
class MessageLine:
    """One policy that the enterprise was told of, by the last push."""

    row: PolicyPush
    state: tuple[str, str]


@dataclass(frozen=True)
class Messages:
    """The page: pushes, the latest first, and the setting."""

    lines: Sequence[MessageLine]
    page: Page[PolicyPush]
    per_week: int | None
    paused: bool
    usual: int
    most: int


def messages(enterprise: Enterprise, actor: Actor, at: datetime, number: str | None) -> Messages:
    """Return what an enterprise was told, whose page the actor was let into."""
    rows = visible(PolicyPush.objects.filter(enterprise=enterprise), actor, SEE, at)
    page = Paginator(rows.select_related("policy").order_by("-pk"), PAGE_SIZE).get_page(number)
    setting = visible(PushSetting.objects.filter(enterprise=enterprise), actor, SEE, at).first()
    rules = push_rules(Path(settings.PROVINCE_DIR))
    return Messages(
        [MessageLine(row, _state(row)) for row in page.object_list], page,
        setting.per_week if setting else None, bool(setting and setting.paused), rules.per_week, rules.most_per_week,
    )  # fmt: skip


def _state(row: PolicyPush) -> tuple[str, str]:
    if row.dismissed_at:
        return "idle", "与我无关"
    if row.paid_at:
        return "good", "已到账"
    if row.confirmed_at:
        return "good", "已确认"
    return ("info", "已看") if row.opened_at else ("warn", "未看")


def reasons() -> list[tuple[str, str]]:
    """Return the reasons of 与我无关."""
    return [(str(value), str(title)) for value, title in PolicyPush.Reason.choices]


def pushed_policy(enterprise: Enterprise, code: str, actor: Actor, at: datetime) -> Policy:
    """Return a policy that the enterprise was told of; raises NotFound."""
    rows = visible(PolicyPush.objects.filter(enterprise=enterprise, policy__code=code), actor, SEE, at)
    row = rows.select_related("policy").first()
    if row is None:
        raise NotFound(f"policy {code}")
    return row.policy
