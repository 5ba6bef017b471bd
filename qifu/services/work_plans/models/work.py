"""What is done about the items of a plan: assignments, who takes part, and everything that happened, append-only."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from qifu.foundation.access import Grant
from qifu.foundation.action import Record
from qifu.foundation.files.models import StoredFile
from qifu.services.work_plans.models.plans import Plan, PlanItem, PlanUnit, above


class Assignment(Record):
    """One item of a plan to be carried out at one place: the plan's own place first, then by decomposition below it.

    It outlives versions of the plan: (plan, kind, number, place) is its identity (`occurrence` tells items apart
    where a document repeats a number), `item` the row of the version in force (null when a later version dropped the
    item: no longer current). `phase`, the lead and the days follow from the events alone (`status.after`); they are
    kept so that boards can count them, and `qifu plan verify` holds them to the events. `due_on` is the day that
    counts, `plan_due_on` what the document says.
    """

    class Phase(models.TextChoices):
        NOT_STARTED = "not_started", "未启动"
        UNDER_WAY = "under_way", "推进中"
        PENDING = "pending", "待核"
        CLOSED = "closed", "销号"

    class LeadState(models.TextChoices):
        NONE = "none", "未定"
        PROPOSED = "proposed", "拟定"
        CONFIRMED = "confirmed", "已确认"

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="assignments", verbose_name="工作要点")
    kind = models.CharField("类别", max_length=10, choices=PlanItem.Kind.choices)
    number = models.PositiveIntegerField("序号")
    occurrence = models.PositiveSmallIntegerField("同号中第几项", default=1)
    place_code = models.CharField("区划", max_length=16)
    item = models.ForeignKey(PlanItem, models.SET_NULL, related_name="+", null=True, verbose_name="事项")
    parent = models.ForeignKey(
        "self", models.PROTECT, related_name="parts", null=True, verbose_name="上级事项"
    )
    order = models.PositiveIntegerField("次序")
    title = models.CharField("标题", max_length=300)
    requirement = models.TextField("分解要求", blank=True)
    lead = models.ForeignKey(
        "organisations.Organisation", models.PROTECT, related_name="+", null=True, verbose_name="牵头单位"
    )
    lead_state = models.CharField(
        "牵头确认", max_length=10, choices=LeadState.choices, default=LeadState.NONE
    )
    due_on = models.DateField("期限", null=True)
    plan_due_on = models.DateField("文件期限", null=True)
    phase = models.CharField("阶段", max_length=12, choices=Phase.choices, default=Phase.NOT_STARTED)
    last_seq = models.PositiveIntegerField("事件数", default=0)
    opened_at = models.DateTimeField("建立时间")
    last_report_at = models.DateTimeField("最近报告时间", null=True)
    submitted_at = models.DateTimeField("申请销号时间", null=True)
    submitted_by = models.BigIntegerField("申请人", null=True)
    closed_at = models.DateTimeField("销号时间", null=True)

    reach: ClassVar = {
        "in_place": lambda grant: Q(place_code__in=grant.places),
        "own_place": lambda grant: Q(place_code=grant.place) if grant.place else Q(pk__in=[]),
        "concerns_place": lambda grant: _concerning_place(grant),
        "leads_above": lambda grant: _of_organisation(grant, _below_lead(grant.organisation_id)),
        "leads": lambda grant: _of_organisation(grant, Q(lead_id=grant.organisation_id)),
        "takes_part": lambda grant: _of_organisation(
            grant, Q(lead_id=grant.organisation_id) | Q(pk__in=_taking_part(grant.organisation_id))
        ),
    }

    class Meta:
        verbose_name = "落实事项"
        ordering: ClassVar = ["plan", "order", "place_code"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["plan", "kind", "number", "occurrence", "place_code"], name="assignment_once"
            ),
            models.CheckConstraint(
                condition=Q(lead_state="none", lead__isnull=True)
                | (~Q(lead_state="none") & Q(lead__isnull=False)),
                name="assignment_lead_stands",
            ),
            models.CheckConstraint(
                condition=(Q(phase="closed") & Q(closed_at__isnull=False))
                | (~Q(phase="closed") & Q(closed_at__isnull=True)),
                name="assignment_closed_is_dated",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["plan", "place_code", "kind", "phase", "due_on", "item"], name="assignment_board"
            ),
            models.Index(fields=["plan", "order", "place_code"], name="assignment_row"),
            models.Index(fields=["lead", "phase", "due_on"], name="assignment_lead"),
            models.Index(fields=["place_code", "phase", "due_on"], name="assignment_place"),
        ]


def _of_organisation(grant: Grant, condition: Q) -> Q:
    return Q(pk__in=[]) if grant.organisation_id is None else condition


def _below_lead(organisation_id: int | None) -> Q:
    """The parts, at two levels, of what a unit leads: each by an index, so that half a million rows stay unread."""
    led = Assignment.objects.filter(lead_id=organisation_id).values("pk")
    parts = Assignment.objects.filter(parent__in=led).values("pk")
    return Q(parent__in=led) | Q(parent__in=parts)


def _concerning_place(grant: Grant) -> Q:
    """What lies above a place and has a part there, or names a unit of it."""
    if not grant.place:
        return Q(pk__in=[])
    parts = Assignment.objects.filter(place_code=grant.place, parent__isnull=False)
    named = AssignmentUnit.objects.filter(organisation__place_code=grant.place)
    return Q(place_code__in=above(grant)) & (
        Q(pk__in=parts.values("parent_id"))
        | Q(pk__in=parts.values("parent__parent_id"))
        | Q(pk__in=named.values("assignment_id"))
    )


def _taking_part(organisation_id: int | None) -> Any:
    return AssignmentUnit.objects.filter(organisation_id=organisation_id).values("assignment_id")


class AssignmentUnit(Record):
    """One unit's part in an assignment; `organisation` is null while a generic or unregistered unit awaits a person."""

    assignment = models.ForeignKey(Assignment, models.CASCADE, related_name="units", verbose_name="落实事项")
    order = models.PositiveIntegerField("次序")
    organisation = models.ForeignKey(
        "organisations.Organisation", models.PROTECT, related_name="+", null=True, verbose_name="登记单位"
    )
    name = models.CharField("单位", max_length=200)
    role = models.CharField("角色", max_length=12, choices=PlanUnit.Role.choices)
    generic = models.BooleanField("泛指，待分解", default=False)
    expanded_from = models.CharField("由何处分解", max_length=200, blank=True)
    added = models.BooleanField("文件以外加入", default=False)

    class Meta:
        verbose_name = "参与单位"
        ordering: ClassVar = ["assignment", "order"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["assignment", "organisation"],
                condition=Q(organisation__isnull=False),
                name="assignment_unit_once",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["organisation", "assignment"], name="assignment_of_unit")]


class Milestone(Record):
    """One step with its own day; reached by an event that says so."""

    assignment = models.ForeignKey(
        Assignment, models.CASCADE, related_name="milestones", verbose_name="落实事项"
    )
    order = models.PositiveIntegerField("次序")
    title = models.CharField("节点", max_length=200)
    due_on = models.DateField("期限")
    reached_on = models.DateField("完成日", null=True)

    class Meta:
        verbose_name = "节点"
        ordering: ClassVar = ["assignment", "due_on", "order"]


class Precedence(Record):
    """`after` should be done after `before`: shown and warned about, never in the way."""

    before = models.ForeignKey(Assignment, models.CASCADE, related_name="followers", verbose_name="在前")
    after = models.ForeignKey(Assignment, models.CASCADE, related_name="preceders", verbose_name="在后")

    class Meta:
        verbose_name = "先后"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["before", "after"], name="precedence_once"),
            models.CheckConstraint(condition=~Q(before=F("after")), name="precedence_of_two"),
        ]


class Event(Record):
    """One thing that happened to an assignment; never changed, numbered without gaps from 1."""

    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="events", verbose_name="落实事项")
    seq = models.PositiveIntegerField("次序")
    kind = models.CharField("类型", max_length=20)
    at = models.DateTimeField("时间")
    by_id = models.BigIntegerField("经办人", null=True)
    by_name = models.CharField("经办人姓名", max_length=60, blank=True)
    organisation = models.ForeignKey(
        "organisations.Organisation", models.PROTECT, related_name="+", null=True, verbose_name="单位"
    )
    text = models.TextField("内容", blank=True)
    facts = models.JSONField("事实", default=dict)
    answers = models.ForeignKey(
        "self", models.PROTECT, related_name="answered_by", null=True, verbose_name="答复"
    )

    class Meta:
        verbose_name = "推进记录"
        ordering: ClassVar = ["assignment", "seq"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["assignment", "seq"], name="event_seq_once"),
            models.UniqueConstraint(
                fields=["answers"], condition=Q(answers__isnull=False), name="question_answered_once"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["kind", "at"], name="event_kind_at")]


class ReportedFigure(Record):
    """A figure that a unit reported (填报), beside the target it speaks to where there is one."""

    event = models.ForeignKey(Event, models.PROTECT, related_name="figures", verbose_name="推进记录")
    target_order = models.PositiveIntegerField("目标次序", null=True)
    name = models.CharField("名称", max_length=300)
    value = models.DecimalField("数值", max_digits=24, decimal_places=6)
    unit = models.CharField("计量单位", max_length=40, blank=True)
    as_of = models.DateField("截至日")

    class Meta:
        verbose_name = "填报数"
        ordering: ClassVar = ["event", "pk"]


class Evidence(Record):
    """A file that bears out a report or a submission."""

    event = models.ForeignKey(Event, models.PROTECT, related_name="evidence", verbose_name="推进记录")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", verbose_name="文件")

    class Meta:
        verbose_name = "佐证材料"
        ordering: ClassVar = ["event", "pk"]
