"""Running cases and everything that happened to them; what one row or index can hold, the database holds."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from qifu.foundation.access import Grant
from qifu.foundation.action import Record
from qifu.foundation.files.models import StoredFile
from qifu.foundation.revisions import Revision


class Case(Record):
    """One matter from its arrival to its result, under one number, by one published version of its case type.

    `version` is the number of its events. `lead` answers for it at every moment: the hub until a unit is named.
    `due_at` is the earliest end among its running clocks that do not stand still. A merged case keeps its own clocks,
    reporter and right to rate, and follows `merged_into` until it is split off.
    """

    class Mode(models.TextChoices):
        HUB = "hub", "未交办"
        ASSIGNED = "assigned", "交办"
        TRANSFERRED = "transferred", "转办"

    kind = models.CharField("事务类型", max_length=60)
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="+", verbose_name="办理规则版本")
    number = models.CharField("编号", max_length=24, unique=True)
    title = models.CharField("标题", max_length=200)
    place_code = models.CharField("区划", max_length=16)
    enterprise = models.ForeignKey(
        "enterprises.Enterprise", models.PROTECT, related_name="+", null=True, verbose_name="企业"
    )
    reporter_id = models.BigIntegerField("反映人", null=True)
    lead = models.ForeignKey(
        "organisations.Organisation", models.PROTECT, related_name="+", verbose_name="主办单位"
    )
    complained = models.ForeignKey(
        "organisations.Organisation", models.PROTECT, related_name="+", null=True, verbose_name="被反映单位"
    )
    mode = models.CharField("交办方式", max_length=12, choices=Mode.choices, default=Mode.HUB)
    handler_id = models.BigIntegerField("经办人", null=True)
    state = models.CharField("环节", max_length=40)
    step = models.CharField("办理层次", max_length=40, blank=True)
    result = models.CharField("结果", max_length=40, blank=True)
    returns = models.PositiveSmallIntegerField("退回次数", default=0)
    ruled = models.BooleanField("已裁定", default=False)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, related_name="children", null=True, verbose_name="并入"
    )
    version = models.PositiveIntegerField("事件数", default=0)
    opened_at = models.DateTimeField("收到时间")
    due_at = models.DateTimeField("最近期限", null=True)
    closed_at = models.DateTimeField("办结时间", null=True)
    last_event_at = models.DateTimeField("最近事件时间")

    reach: ClassVar = {
        "in_place": lambda grant: Q(place_code__in=grant.places) & _not_about(grant),
        "own_place": lambda grant: Q(place_code=grant.place) & _not_about(grant),
        "leads": lambda grant: _of_organisation(grant, Q(lead_id=grant.organisation_id)),
        "takes_part": lambda grant: _of_organisation(
            grant, Q(lead_id=grant.organisation_id) | Q(pk__in=_taking_part(grant)) & _not_about(grant)
        ),
        "below_place": lambda grant: _below(grant) & _not_about(grant),
        "raised_here": lambda grant: Q(pk__in=_raised(grant, "to_place")) & _not_about(grant),
        "raised_from": lambda grant: Q(pk__in=_raised(grant, "from_place")) & _not_about(grant),
        "own_enterprise": lambda grant: _same("enterprise_id", grant.enterprise_id),
        "reporter": lambda grant: _same("reporter_id", grant.actor_id),
    }

    class Meta:
        verbose_name = "事务"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=(Q(result="") & Q(closed_at__isnull=True))
                | (~Q(result="") & Q(closed_at__isnull=False)),
                name="case_closed_has_result",
            ),
            models.CheckConstraint(
                condition=Q(complained__isnull=True) | ~Q(lead=F("complained")),
                name="case_not_led_by_its_subject",
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")), name="case_not_into_itself"
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(due_at__isnull=True), name="case_closed_not_due"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["place_code", "due_at"], name="case_open_of_place", condition=Q(closed_at=None)),
            models.Index(fields=["place_code", "-opened_at"], name="case_of_place"),
            models.Index(fields=["place_code", "state", "due_at"], name="case_state_of_place"),
            models.Index(fields=["lead", "state", "due_at"], name="case_of_lead"),
            models.Index(fields=["enterprise", "-opened_at"], name="case_of_enterprise"),
            models.Index(
                fields=["reporter_id", "-opened_at"], name="case_of_reporter", condition=Q(reporter_id__isnull=False)
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


def _of_organisation(grant: Grant, condition: Q) -> Q:
    return Q(pk__in=[]) if grant.organisation_id is None else condition


def _not_about(grant: Grant) -> Q:
    """A complaint about a unit is never that unit's to see."""
    if grant.organisation_id is None:
        return Q()
    return Q(complained__isnull=True) | ~Q(complained_id=grant.organisation_id)


def _same(column: str, value: int | None) -> Q:
    return Q(pk__in=[]) if value is None else Q(**{column: value})


def _taking_part(grant: Grant) -> Any:
    return CasePart.objects.filter(organisation_id=grant.organisation_id or 0).values("case_id")


def _below(grant: Grant) -> Q:
    """What lies strictly below a place: the desk one level above looks at it; at the top, what is the top's own."""
    if not grant.place:
        return Q(pk__in=[])
    below = Q(place_code__in=grant.places - {grant.place})
    return below | Q(place_code=grant.place) if grant.place.endswith("0000") else below


def _raised(grant: Grant, side: str) -> Any:
    return Escalation.objects.filter(**{side: grant.place}).values("case_id")


class CaseEvent(Record):
    """One thing that happened to a case; never changed, numbered without gaps from 1.

    `kind` is a transition of the case type or a verb of the engine. `text` is internal (内部流转); `shown` is all that
    the firm may read of it (企业可见进展), empty where nothing crosses.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="events", verbose_name="事务")
    seq = models.PositiveIntegerField("次序")
    kind = models.CharField("类型", max_length=40)
    title = models.CharField("事项", max_length=60)
    at = models.DateTimeField("时间")
    by_id = models.BigIntegerField("经办人", null=True)
    by_name = models.CharField("经办人姓名", max_length=60, blank=True)
    role = models.CharField("角色", max_length=40, blank=True)
    organisation = models.ForeignKey(
        "organisations.Organisation", models.PROTECT, related_name="+", null=True, verbose_name="单位"
    )
    state = models.CharField("此后环节", max_length=40)
    text = models.TextField("内部记载", blank=True)
    shown = models.TextField("企业可见", blank=True)
    facts = models.JSONField("事实", default=dict)

    class Meta:
        verbose_name = "办理记录"
        ordering: ClassVar = ["case", "seq"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "seq"], name="case_event_seq_once"),
            models.CheckConstraint(condition=Q(seq__gte=1), name="case_event_from_one"),
        ]


class CaseFile(Record):
    """A file that came with an event; `public`: the firm may open it."""

    event = models.ForeignKey(CaseEvent, models.PROTECT, related_name="files", verbose_name="办理记录")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", verbose_name="文件")
    purpose = models.CharField("用途", max_length=40, blank=True)
    public = models.BooleanField("企业可见", default=False)

    class Meta:
        verbose_name = "事务附件"
        ordering: ClassVar = ["event", "pk"]


class CaseClock(Record):
    """One time limit that runs for a case; running until `stopped_at`, standing still while a pause is open.

    `amount` plus `extended`, in `unit`, from `started_at`: `due_at` follows from them, the pauses and the calendar
    alone, and is null while it stands still. `part` is the co-handler whose own clock it is.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="clocks", verbose_name="事务")
    part = models.ForeignKey(
        "CasePart", models.PROTECT, related_name="clocks", null=True, verbose_name="协办"
    )
    name = models.CharField("时限", max_length=40)
    unit = models.CharField("计量单位", max_length=16)
    amount = models.PositiveIntegerField("期限")
    extended = models.PositiveIntegerField("延长", default=0)
    extensions = models.PositiveSmallIntegerField("延期次数", default=0)
    started_at = models.DateTimeField("起算时间")
    due_at = models.DateTimeField("到期时间", null=True)
    provisional = models.BooleanField("日历待定", default=False)
    stopped_at = models.DateTimeField("终止时间", null=True)
    warned_at = models.DateTimeField("临期提醒时间", null=True)
    overdue_at = models.DateTimeField("逾期提醒时间", null=True)

    class Meta:
        verbose_name = "时钟"
        ordering: ClassVar = ["case", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case", "name"],
                condition=Q(stopped_at__isnull=True, part__isnull=True),
                name="case_clock_runs_once",
            ),
            models.UniqueConstraint(
                fields=["part", "name"],
                condition=Q(stopped_at__isnull=True, part__isnull=False),
                name="part_clock_runs_once",
            ),
            models.CheckConstraint(
                condition=Q(stopped_at__isnull=True) | Q(stopped_at__gte=F("started_at")),
                name="clock_in_order",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], name="clock_running_due", condition=Q(stopped_at=None)),
            models.Index(fields=["case", "name"], name="clock_of_case"),
        ]


class ClockPause(Record):
    """A time in which a clock stands still: why, who approved it, what bears it out, whether the firm consented.

    Append-only but for its end, which is written once (a database trigger holds it).
    """

    clock = models.ForeignKey(CaseClock, models.PROTECT, related_name="pauses", verbose_name="时钟")
    from_at = models.DateTimeField("暂停时间")
    to_at = models.DateTimeField("恢复时间", null=True)
    reason = models.CharField("事由", max_length=40)
    text = models.CharField("说明", max_length=500)
    approved_by = models.BigIntegerField("批准人", null=True)
    approved_by_name = models.CharField("批准人姓名", max_length=60)
    evidence = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", null=True, verbose_name="佐证")
    consent = models.ForeignKey(
        CaseEvent, models.PROTECT, related_name="+", null=True, verbose_name="企业同意"
    )
    until_on = models.DateField("最迟恢复日", null=True)

    class Meta:
        verbose_name = "暂停"
        ordering: ClassVar = ["clock", "from_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["clock"], condition=Q(to_at__isnull=True), name="one_open_pause"),
            models.CheckConstraint(
                condition=Q(to_at__isnull=True) | Q(to_at__gte=F("from_at")), name="pause_in_order"
            ),
        ]


class CasePart(Record):
    """A unit that takes part beside the lead: 协办 with its own clock, or 征求意见 whose opinion is asked."""

    class Kind(models.TextChoices):
        CO_HANDLER = "co_handler", "协办"
        CONSULTED = "consulted", "征求意见"

    case = models.ForeignKey(Case, models.PROTECT, related_name="parts", verbose_name="事务")
    organisation = models.ForeignKey(
        "organisations.Organisation", models.PROTECT, related_name="+", verbose_name="单位"
    )
    kind = models.CharField("参与方式", max_length=12, choices=Kind.choices)
    asked_at = models.DateTimeField("请求时间")
    asked_by = models.BigIntegerField("请求人", null=True)
    request = models.TextField("请求内容")
    answered_at = models.DateTimeField("答复时间", null=True)
    answered_by = models.BigIntegerField("答复人", null=True)
    answer = models.TextField("意见", blank=True)
    withdrawn_at = models.DateTimeField("撤销时间", null=True)

    class Meta:
        verbose_name = "参与单位"
        ordering: ClassVar = ["case", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case", "organisation", "kind"],
                condition=Q(answered_at__isnull=True, withdrawn_at__isnull=True),
                name="case_part_open_once",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["organisation", "case"], name="case_part_of_unit")]


class CaseAsk(Record):
    """A request that somebody else decides: 延期, 暂停; decided once, with a reason where refused.

    `waits_for` says whose word is awaited: the approver's or, for a pause that needs it, the firm's.
    """

    class Kind(models.TextChoices):
        EXTENSION = "extension", "延期"
        PAUSE = "pause", "暂停计时"

    class Decision(models.TextChoices):
        OPEN = "open", "待审批"
        APPROVED = "approved", "同意"
        REFUSED = "refused", "不同意"
        WITHDRAWN = "withdrawn", "撤回"

    case = models.ForeignKey(Case, models.PROTECT, related_name="asks", verbose_name="事务")
    clock = models.ForeignKey(CaseClock, models.PROTECT, related_name="asks", verbose_name="时钟")
    kind = models.CharField("申请", max_length=12, choices=Kind.choices)
    amount = models.PositiveIntegerField("延长", default=0)
    reason = models.CharField("事由", max_length=40, blank=True)
    text = models.CharField("理由", max_length=500)
    evidence = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", null=True, verbose_name="佐证")
    until_on = models.DateField("最迟恢复日", null=True)
    asked_at = models.DateTimeField("申请时间")
    asked_by = models.BigIntegerField("申请人", null=True)
    asked_by_name = models.CharField("申请人姓名", max_length=60)
    consent = models.ForeignKey(
        CaseEvent, models.PROTECT, related_name="+", null=True, verbose_name="企业同意"
    )
    decision = models.CharField("决定", max_length=10, choices=Decision.choices, default=Decision.OPEN)
    decided_at = models.DateTimeField("决定时间", null=True)
    decided_by = models.BigIntegerField("决定人", null=True)
    decided_by_name = models.CharField("决定人姓名", max_length=60, blank=True)
    decision_text = models.CharField("决定理由", max_length=500, blank=True)

    class Meta:
        verbose_name = "审批申请"
        ordering: ClassVar = ["case", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["clock", "kind"], condition=Q(decision="open"), name="case_ask_open_once"),
            models.CheckConstraint(
                condition=(Q(decision="open") & Q(decided_at__isnull=True))
                | (~Q(decision="open") & Q(decided_at__isnull=False)),
                name="case_ask_decided_is_dated",
            ),
        ]  # fmt: skip


class Escalation(Record):
    """A case put before the level above (上报协调), with an evidence pack; that level sees the case itself, live.

    The case stays one and keeps its number; `answer` tells what the level above decided.
    """

    class Decision(models.TextChoices):
        OPEN = "open", "待答复"
        ADVISED = "advised", "批转意见"
        TAKEN_OVER = "taken_over", "提级办理"
        SENT_BACK = "sent_back", "退回下级办理"
        WITHDRAWN = "withdrawn", "已撤回"

    case = models.ForeignKey(Case, models.PROTECT, related_name="escalations", verbose_name="事务")
    from_place = models.CharField("上报区划", max_length=16)
    to_place = models.CharField("接收区划", max_length=16)
    to_organisation = models.ForeignKey(
        "organisations.Organisation", models.PROTECT, related_name="+", verbose_name="接收单位"
    )
    at = models.DateTimeField("上报时间")
    by_id = models.BigIntegerField("上报人", null=True)
    reason = models.TextField("上报理由")
    pack = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", null=True, verbose_name="证据包")
    clock = models.ForeignKey(CaseClock, models.PROTECT, related_name="+", null=True, verbose_name="时钟")
    decision = models.CharField("决定", max_length=12, choices=Decision.choices, default=Decision.OPEN)
    answered_at = models.DateTimeField("答复时间", null=True)
    answered_by = models.BigIntegerField("答复人", null=True)
    answer = models.TextField("答复", blank=True)

    class Meta:
        verbose_name = "上报协调"
        ordering: ClassVar = ["case", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(decision="open"), name="escalation_open_once"
            ),
            models.CheckConstraint(
                condition=(Q(decision="open") & Q(answered_at__isnull=True))
                | (~Q(decision="open") & Q(answered_at__isnull=False)),
                name="escalation_answered_is_dated",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["to_place", "decision"], name="escalation_to_place")]


class Rating(Record):
    """One rating of a closed case (办理满意度): solved or not, one to five stars; the unit that handled it never sees it.

    `round` 1 is the first of its source, 2 the additional one after rework. `bad` as the case type's rule said then.
    """

    class Source(models.TextChoices):
        ENTERPRISE = "enterprise", "企业评价"
        GRASSROOTS = "grassroots", "基层评价"
        THIRD_PARTY = "third_party", "第三方评价"

    case = models.ForeignKey(Case, models.PROTECT, related_name="ratings", verbose_name="事务")
    source = models.CharField("评价主体", max_length=12, choices=Source.choices)
    round = models.PositiveSmallIntegerField("第几次")
    solved = models.BooleanField("是否解决")
    stars = models.PositiveSmallIntegerField("星级")
    bad = models.BooleanField("不满意")
    text = models.TextField("评价内容", blank=True)
    at = models.DateTimeField("评价时间")
    by_id = models.BigIntegerField("评价人", null=True)
    channel = models.CharField("评价途径", max_length=20)
    closed_seq = models.PositiveIntegerField("所评办结记录")

    class Meta:
        verbose_name = "评价"
        ordering: ClassVar = ["case", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "source", "round"], name="rating_once"),
            models.CheckConstraint(condition=Q(stars__gte=1, stars__lte=5), name="rating_stars"),
            models.CheckConstraint(condition=Q(round__gte=1, round__lte=2), name="rating_rounds"),
        ]
        indexes: ClassVar = [models.Index(fields=["source", "at"], name="rating_of_source")]


class CaseNumber(Record):
    """The last number given to cases of one place in one month."""

    place_code = models.CharField("区划", max_length=16)
    month = models.CharField("年月", max_length=6)
    last = models.PositiveIntegerField("末号")

    class Meta:
        verbose_name = "编号计数"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["place_code", "month"], name="case_number_once")
        ]


class RequestKey(Record):
    """A key under which something was asked to be made, and the case that was made: asked again, it is made no second time."""

    scope = models.CharField("来源", max_length=80)
    key = models.CharField("请求标识", max_length=160)
    digest = models.CharField("摘要", max_length=64)
    case = models.ForeignKey(Case, models.PROTECT, related_name="+", verbose_name="事务")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "请求标识"
        constraints: ClassVar = [models.UniqueConstraint(fields=["scope", "key"], name="request_key_once")]
