"""What is kept of deliveries: states and numbers, never a text or an address (save for the messages of a demo)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from qifu.foundation.access import Grant
from qifu.foundation.action import Record


class Delivery(Record):
    """One message to one person by one channel: a notice alone, a digest of several, a to-do's end, a one-time code.

    A notice that waits for a digest has `by_digest`; `digest` then names the delivery it goes out with. `key` goes with
    every request, so that a provider can tell a repetition.
    """

    class Purpose(models.TextChoices):
        SINGLE = "single", "单条"
        DIGEST = "digest", "摘要"
        DONE = "done", "办结"
        CODE = "code", "验证码"

    class State(models.TextChoices):
        WAITING = "waiting", "待发"
        SENT = "sent", "已发"
        FAILED = "failed", "未发出"
        SKIPPED = "skipped", "不必发"

    notice = models.ForeignKey(
        "foundation.Notice", models.CASCADE, null=True, related_name="+", verbose_name="消息"
    )
    recipient_id = models.BigIntegerField("收件人", null=True)
    channel = models.CharField("渠道", max_length=40)
    purpose = models.CharField("用途", max_length=10, choices=Purpose.choices, default=Purpose.SINGLE)
    by_digest = models.BooleanField("随摘要发出", default=False)
    digest = models.ForeignKey(
        "self", models.SET_NULL, null=True, related_name="members", verbose_name="所随摘要"
    )
    key = models.CharField("请求标识", max_length=64, unique=True)
    target_key = models.CharField("收件方摘要", max_length=64, blank=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField("已试次数", default=0)
    reason = models.CharField("原因", max_length=60, blank=True)
    provider_number = models.CharField("对方编号", max_length=80, blank=True)
    created_at = models.DateTimeField("创建时间")
    at = models.DateTimeField("最近时间")

    class Meta:
        app_label = "foundation"
        verbose_name = "投递"
        indexes: ClassVar = [
            models.Index(fields=["channel", "state", "at"], name="delivery_of_channel"),
            models.Index(fields=["target_key", "created_at"], name="delivery_of_target"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["notice", "channel", "purpose"],
                condition=Q(notice__isnull=False),
                name="delivery_once",
            )
        ]


class ChannelRest(Record):
    """A channel whose provider does not answer: nobody asks it again before `until`."""

    channel = models.CharField("渠道", max_length=40, unique=True)
    failures = models.PositiveIntegerField("连续失败次数", default=0)
    until = models.DateTimeField("暂停至")

    class Meta:
        app_label = "foundation"
        verbose_name = "渠道暂停"


class ChannelPreference(Record):
    """How one person wants to be told: which channels, when not, and whether once a day; absent: the site's defaults."""

    person_id = models.BigIntegerField("人员", unique=True)
    channels = models.JSONField("所选渠道", default=list)
    quiet_from = models.TimeField("免打扰起", null=True)
    quiet_to = models.TimeField("免打扰止", null=True)
    daily_digest = models.BooleanField("每日摘要", default=False)

    reach: ClassVar = {"own": lambda grant: _own(grant)}

    class Meta:
        app_label = "foundation"
        verbose_name = "通知偏好"


class DemoMessage(Record):
    """A message that a demo site would have sent; only the newest hundred are kept, and none on a real site."""

    channel = models.CharField("渠道", max_length=40)
    recipient_id = models.BigIntegerField("收件人", null=True)
    address = models.CharField("收件地址", max_length=120, blank=True)
    text = models.TextField("内容")
    key = models.CharField("请求标识", max_length=64, unique=True)
    done = models.BooleanField("已办结", default=False)
    at = models.DateTimeField("时间")

    class Meta:
        app_label = "foundation"
        verbose_name = "模拟消息"


def _own(grant: Grant) -> Q:
    return Q(person_id=grant.actor_id)
