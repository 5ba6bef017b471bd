"""What a problem is beside its case: the firm's own words, where it came from, how it is classed, what was promised."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from qifu.engines.casework.models import Case, CaseEvent, Rating
from qifu.foundation.action import Record
from qifu.foundation.sealed import SealedTextField


class Problem(Record):
    """A firm's problem: the request in its own words (never changed), the contact (sealed), the classes staff gave it.

    One with its case: number, state, clocks, lead and events are there. `source` and `outside_number` are the channel's
    own name and 工单号: once each. `query_code` lets a reporter without account look and rate, kept as a hash.
    """

    class Channel(models.TextChoices):
        PORTAL = "portal", "网上提交"
        HOTLINE = "hotline", "热线工单"
        PHONE = "phone", "电话速录"
        VISIT = "visit", "来访登记"
        TALK = "talk", "恳谈走访"
        API = "api", "平台对接"
        SUPERIOR = "superior", "上级交办"

    class Scope(models.TextChoices):
        INDIVIDUAL = "individual", "个性"
        COMMON = "common", "共性"

    class Difficulty(models.TextChoices):
        GENERAL = "general", "一般"
        COMPLEX = "complex", "复杂"
        HARD = "hard", "疑难"

    case = models.OneToOneField(Case, models.PROTECT, related_name="+", primary_key=True, verbose_name="事务")
    channel = models.CharField("来源渠道", max_length=12, choices=Channel.choices)
    source = models.CharField("来源系统", max_length=60, blank=True)
    outside_number = models.CharField("外部编号", max_length=80, blank=True)
    outside_at = models.DateTimeField("原提出时间", null=True)
    occasion = models.CharField("场合", max_length=120, blank=True)
    words = models.TextField("诉求原文")
    search_text = models.TextField("检索文本")
    enterprise_name = models.CharField("企业名称", max_length=300, blank=True)
    contact_name = SealedTextField("联系人", blank=True)
    contact_mobile = SealedTextField("联系电话", blank=True)
    mobile_key = models.CharField("电话摘要", max_length=80, blank=True)
    query_code = models.CharField("查询码摘要", max_length=128, blank=True)
    board = models.CharField("板块", max_length=40, blank=True)
    topic = models.CharField("事由", max_length=40, blank=True)
    scope = models.CharField("个性或共性", max_length=12, choices=Scope.choices, blank=True)
    difficulty = models.CharField("难易", max_length=12, choices=Difficulty.choices, blank=True)
    reason_code = models.CharField("不予纳入的原因", max_length=40, blank=True)
    statutory_channel = models.CharField("法定渠道", max_length=40, blank=True)
    drafted_result = models.CharField("拟定结果", max_length=40, blank=True)
    reply = models.TextField("答复", blank=True)
    drafted_by = models.BigIntegerField("拟稿人", null=True)
    contacted_at = models.DateTimeField("联系企业时间", null=True)
    simulated = models.BooleanField("模拟数据", default=False)

    class Meta:
        verbose_name = "涉企问题"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source", "outside_number"],
                condition=~Q(outside_number=""),
                name="problem_once_per_outside_number",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["topic"], name="problem_topic", condition=~Q(topic="")),
            models.Index(fields=["mobile_key"], name="problem_mobile", condition=~Q(mobile_key="")),
        ]

    def __str__(self) -> str:
        return self.case.number


class Responsibility(Record):
    """Who owns a topic in a place: ruled by a person, dated, half-open; a topic without a row is 无主, listed until ruled."""

    topic = models.CharField("事由", max_length=40)
    place_code = models.CharField("区划", max_length=16)
    organisation = models.ForeignKey(
        "organisations.Organisation", models.PROTECT, related_name="+", verbose_name="责任单位"
    )
    effective_from = models.DateField("生效日")
    effective_to = models.DateField("失效日", null=True, blank=True)
    basis = models.CharField("依据", max_length=300)
    ruled_at = models.DateTimeField("确定时间")
    ruled_by = models.BigIntegerField("确定人", null=True)
    ruled_by_name = models.CharField("确定人姓名", max_length=60)

    reach: ClassVar = {
        "in_place": lambda grant: Q(place_code__in=grant.places),
        "own_place": lambda grant: Q(place_code=grant.place),
    }

    class Meta:
        verbose_name = "责任清单"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["topic", "place_code"], condition=Q(effective_to__isnull=True), name="responsibility_open_once"
            ),
            models.CheckConstraint(
                condition=Q(effective_to__isnull=True) | Q(effective_to__gt=F("effective_from")),
                name="responsibility_range_not_empty",
            ),
        ]  # fmt: skip


class Promise(Record):
    """Something promised in an answer, to be done by a day: followed after the case is closed until kept or given up."""

    class State(models.TextChoices):
        OPEN = "open", "待兑现"
        KEPT = "kept", "已兑现"
        BROKEN = "broken", "未能兑现"

    case = models.ForeignKey(Case, models.PROTECT, related_name="+", verbose_name="事务")
    organisation = models.ForeignKey(
        "organisations.Organisation", models.PROTECT, related_name="+", verbose_name="承诺单位"
    )
    text = models.CharField("承诺内容", max_length=500)
    due_on = models.DateField("兑现日")
    made_at = models.DateTimeField("承诺时间")
    state = models.CharField("兑现情况", max_length=8, choices=State.choices, default=State.OPEN)
    settled_at = models.DateTimeField("认定时间", null=True)
    settled_by = models.BigIntegerField("认定人", null=True)
    settled_text = models.CharField("认定说明", max_length=500, blank=True)

    class Meta:
        verbose_name = "承诺"
        ordering: ClassVar = ["due_on", "pk"]
        indexes: ClassVar = [models.Index(fields=["state", "due_on"], name="promise_due")]


class CallBack(Record):
    """One contact by the call-back desk one level above: after a bad rating, or for a case drawn at random (回访).

    What the firm says here is kept apart from what it rated itself. `draw` names the sample with its seed.
    """

    class Occasion(models.TextChoices):
        BAD_RATING = "bad_rating", "不满意回访"
        SAMPLE = "sample", "随机回访"

    class Outcome(models.TextChoices):
        WAITING = "waiting", "待回访"
        REACHED = "reached", "已联系"
        NOT_REACHED = "not_reached", "未联系上"
        DECLINED = "declined", "企业不愿受访"

    case = models.ForeignKey(Case, models.PROTECT, related_name="+", verbose_name="事务")
    occasion = models.CharField("回访事由", max_length=12, choices=Occasion.choices)
    draw = models.CharField("抽样批次", max_length=80, blank=True)
    place_code = models.CharField("回访岗区划", max_length=16)
    planned_at = models.DateTimeField("列入时间")
    outcome = models.CharField("回访结果", max_length=12, choices=Outcome.choices, default=Outcome.WAITING)
    attempts = models.PositiveSmallIntegerField("联系次数", default=0)
    solved = models.BooleanField("是否解决", null=True)
    stars = models.PositiveSmallIntegerField("星级", null=True)
    text = models.TextField("回访记录", blank=True)
    at = models.DateTimeField("回访时间", null=True)
    by_id = models.BigIntegerField("回访人", null=True)

    reach: ClassVar = {"own_place": lambda grant: Q(place_code=grant.place)}

    class Meta:
        verbose_name = "回访"
        ordering: ClassVar = ["planned_at", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case", "draw"], condition=~Q(draw=""), name="sampled_once_per_draw"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["place_code", "outcome"], name="call_back_queue")]


class SavedFilter(Record):
    """A person's own name for conditions of a queue."""

    person_id = models.BigIntegerField("人员")
    name = models.CharField("名称", max_length=40)
    queue = models.CharField("队列", max_length=40)
    query = models.CharField("条件", max_length=1000)

    reach: ClassVar = {"own": lambda grant: Q(person_id=grant.actor_id)}

    class Meta:
        verbose_name = "常用筛选"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person_id", "queue", "name"], name="saved_filter_once")
        ]


class BulkAct(Record):
    """One act on many cases (批量交办, 批量合并), so that it can be undone as one while nothing followed it."""

    class Kind(models.TextChoices):
        ACCEPT = "accept", "批量纳入"
        ASSIGN = "assign", "批量交办"
        MERGE = "merge", "批量合并"

    kind = models.CharField("类型", max_length=8, choices=Kind.choices)
    place_code = models.CharField("区划", max_length=16)
    at = models.DateTimeField("时间")
    by_id = models.BigIntegerField("经办人", null=True)
    steps = models.JSONField("逐件记录")
    undone_at = models.DateTimeField("撤销时间", null=True)

    reach: ClassVar = {"own_place": lambda grant: Q(place_code=grant.place)}

    class Meta:
        verbose_name = "批量操作"
        indexes: ClassVar = [models.Index(fields=["place_code", "-at"], name="bulk_act_recent")]


class RatingGroup(Record):
    """Ratings of one unit as it may see them: five or more together, of whole quarters of closing, published once, never changed.

    Groups of a unit and source follow one another without overlap, and every figure that a unit can see is a sum of
    whole groups: no subtraction of two tables leaves fewer than five. A quarter is published when its rating window is
    over for every case, so nothing can join it later. Of the stars only three bands are kept.
    """

    organisation = models.ForeignKey(
        "organisations.Organisation", models.PROTECT, related_name="+", verbose_name="单位"
    )
    place_code = models.CharField("区划", max_length=16)
    source = models.CharField("评价主体", max_length=12, choices=Rating.Source.choices)
    starts_on = models.DateField("办结期起")
    ends_on = models.DateField("办结期止（不含）")
    closed = models.PositiveIntegerField("办结件数")
    rated = models.PositiveIntegerField("评价件数")
    solved = models.PositiveIntegerField("评价为解决")
    satisfied = models.PositiveIntegerField("满意（四、五星）")
    fair = models.PositiveIntegerField("基本满意（三星）")
    bad = models.PositiveIntegerField("不满意（一、二星）")
    published_at = models.DateTimeField("公布时间")

    reach: ClassVar = {
        "in_place": lambda grant: Q(place_code__in=grant.places),
        "own_unit": lambda grant: Q(pk__in=[]) if grant.organisation_id is None else Q(organisation_id=grant.organisation_id),
    }  # fmt: skip

    class Meta:
        verbose_name = "成组评价"
        ordering: ClassVar = ["organisation", "source", "starts_on"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "source", "starts_on"], name="rating_group_once"),
            models.CheckConstraint(condition=Q(rated__gte=5), name="rating_group_of_five"),
            models.CheckConstraint(condition=Q(ends_on__gt=F("starts_on")), name="rating_group_not_empty"),
            models.CheckConstraint(
                condition=Q(rated=F("satisfied") + F("fair") + F("bad")), name="rating_group_adds_up"
            ),
        ]


class SampleDraw(Record):
    """One month's random sample for call-backs below one desk: a seed promised before, a list fixed, a rule anyone can replay.

    `commitment` is the SHA-256 of the seed, shown from the day it is made; the seed is opened when it is drawn with.
    `counties` holds, by place, how many were closed and how many of them were drawn.
    """

    place_code = models.CharField("回访岗区划", max_length=16)
    month = models.CharField("办结月份", max_length=7)
    commitment = models.CharField("种子承诺值", max_length=64)
    committed_at = models.DateTimeField("承诺时间")
    seed = SealedTextField("种子")
    drawn_at = models.DateTimeField("抽取时间", null=True)
    drawn_by = models.BigIntegerField("抽取人", null=True)
    per_cent = models.PositiveSmallIntegerField("比例（%）", default=0)
    least = models.PositiveSmallIntegerField("每地至少", default=0)
    frame_digest = models.CharField("名单摘要", max_length=64, blank=True)
    counties = models.JSONField("各地件数", default=dict)

    reach: ClassVar = {"own_place": lambda grant: Q(place_code=grant.place)}

    class Meta:
        verbose_name = "回访抽样"
        ordering: ClassVar = ["-month"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["place_code", "month"], name="sample_draw_once")
        ]


class UnitTelephone(Record):
    """The telephone by which firms reach a unit about their problems: a number of the office, never a private one."""

    organisation = models.OneToOneField(
        "organisations.Organisation", models.PROTECT, related_name="+", primary_key=True, verbose_name="单位"
    )
    number = models.CharField("对外电话", max_length=30)
    set_at = models.DateTimeField("登记时间")
    set_by = models.BigIntegerField("登记人", null=True)

    class Meta:
        verbose_name = "单位对外电话"


__all__ = [
    "BulkAct",
    "CallBack",
    "Case",
    "CaseEvent",
    "Problem",
    "Promise",
    "RatingGroup",
    "Responsibility",
    "SampleDraw",
    "SavedFilter",
    "UnitTelephone",
]
