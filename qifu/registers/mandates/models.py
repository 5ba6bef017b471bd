"""Mandates, invitations to become a handler, and the identities from outside under which people sign in."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from qifu.foundation.action import Record
from qifu.foundation.sealed import SealedTextField
from qifu.registers.enterprises.models import Enterprise
from qifu.registers.mandates.scopes import of_enterprise
from qifu.registers.people.models import Person


class Mandate(Record):
    """A person may act for an enterprise: as its legal representative, or as a handler in a scope until a day.

    The range of days is half-open. A revoked mandate ends at once; a suspended one grants nothing until the legal
    representative confirms it.
    """

    class Kind(models.TextChoices):
        LEGAL_REPRESENTATIVE = "legal_representative", "法定代表人"
        HANDLER = "handler", "经办人"

    class Origin(models.TextChoices):
        LICENCE = "licence", "电子营业执照"
        COUNTER = "counter", "窗口核验"
        APPOINTMENT = "appointment", "法定代表人委托"
        DEMO = "demo", "演示"

    class Document(models.TextChoices):
        LICENCE_AND_IDENTITY = "licence_and_identity", "营业执照原件和法定代表人身份证原件"
        EXTRACT_AND_IDENTITY = "extract_and_identity", "登记机关查询单和法定代表人身份证原件"
        NOTARISED = "notarised", "公证文书和法定代表人身份证件"

    class Ending(models.TextChoices):
        REVOKED = "revoked", "法定代表人撤销"
        RESIGNED = "resigned", "经办人自行退出"
        REPLACED = "replaced", "法定代表人变更"
        RENEWED = "renewed", "重新委托"
        CORRECTED = "corrected", "窗口更正"

    person = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="人员")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="+", verbose_name="企业")
    kind = models.CharField("种类", max_length=24, choices=Kind)
    origin = models.CharField("取得方式", max_length=16, choices=Origin)
    document = models.CharField("核验材料", max_length=24, choices=Document, blank=True)
    scope = models.JSONField("授权事项", default=list)
    starts_on = models.DateField("开始日")
    ends_on = models.DateField("截止日", null=True, blank=True)
    given_at = models.DateTimeField("给予时间")
    given_by = models.BigIntegerField("给予人", null=True)
    suspended_at = models.DateTimeField("暂停时间", null=True)
    revoked_at = models.DateTimeField("终止时间", null=True)
    revoked_by = models.BigIntegerField("终止人", null=True)
    ending = models.CharField("终止原因", max_length=16, choices=Ending, blank=True)

    reach: ClassVar = {
        "own_enterprise": of_enterprise(),
        "own": lambda grant: Q(person_id=grant.actor_id),
    }

    class Meta:
        verbose_name = "授权"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["enterprise"],
                condition=Q(kind="legal_representative", revoked_at=None),
                name="mandate_one_representative",
            ),
            models.UniqueConstraint(
                fields=["enterprise", "person", "kind"],
                condition=Q(revoked_at=None),
                name="mandate_once_a_person",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gt=F("starts_on")),
                name="mandate_range_in_order",
            ),
            models.CheckConstraint(
                condition=~Q(kind="legal_representative") | Q(ends_on=None, suspended_at=None),
                name="mandate_representative_open",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None, ending="") | (Q(revoked_at__isnull=False) & ~Q(ending="")),
                name="mandate_ending_says_why",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["person", "revoked_at"], name="mandate_of_person")]

    @property
    def last_day(self) -> date | None:
        """Return the last day with the mandate, as people write it."""
        return None if self.ends_on is None else self.ends_on - timedelta(days=1)

    def state_on(self, day: date) -> str:
        """Return revoked, suspended, ahead, expired or current."""
        if self.revoked_at is not None:
            return "revoked"
        if self.suspended_at is not None:
            return "suspended"
        if day < self.starts_on:
            return "ahead"
        return "expired" if self.ends_on is not None and self.ends_on <= day else "current"


class Invitation(Record):
    """An offer to become a handler, taken up once by whoever holds its token; only the token's hash is kept."""

    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="+", verbose_name="企业")
    token_key = models.CharField("令牌摘要", max_length=64, unique=True)
    name = models.CharField("受邀人姓名", max_length=60)
    mobile = SealedTextField("受邀人手机号", blank=True)
    scope = models.JSONField("授权事项", default=list)
    ends_on = models.DateField("授权截止日")
    invited_at = models.DateTimeField("邀请时间")
    invited_by = models.BigIntegerField("邀请人")
    expires_at = models.DateTimeField("邀请有效至")
    accepted_at = models.DateTimeField("接受时间", null=True)
    declined_at = models.DateTimeField("谢绝时间", null=True)
    revoked_at = models.DateTimeField("撤回时间", null=True)
    mandate = models.OneToOneField(
        Mandate, models.PROTECT, related_name="+", verbose_name="所成授权", null=True, blank=True
    )

    reach: ClassVar = {"own_enterprise": of_enterprise()}

    class Meta:
        verbose_name = "邀请"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(accepted_at=None, mandate=None)
                | Q(accepted_at__isnull=False, mandate__isnull=False, declined_at=None, revoked_at=None),
                name="invitation_answered_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["enterprise", "invited_at"], name="invitation_of_enterprise")
        ]

    @property
    def last_day(self) -> date:
        """Return the last day of the mandate offered, as people write it."""
        return self.ends_on - timedelta(days=1)

    def state_at(self, at: datetime) -> str:
        """Return accepted, declined, revoked, expired or open."""
        for state, moment in (
            ("accepted", self.accepted_at), ("declined", self.declined_at), ("revoked", self.revoked_at),
        ):  # fmt: skip
            if moment is not None:
                return state
        return "expired" if self.expires_at <= at else "open"


class ExternalIdentity(Record):
    """A person as a provider of sign-in knows him or her; the provider's number is kept only as a keyed hash."""

    issuer = models.CharField("认证方", max_length=300)
    subject_key = models.CharField("身份摘要", max_length=64)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="人员")
    linked_at = models.DateTimeField("关联时间")

    reach: ClassVar = {"own": lambda grant: Q(person_id=grant.actor_id)}

    class Meta:
        verbose_name = "外部身份"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["issuer", "subject_key"], name="external_identity_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["person"], name="external_identity_of_person")]
