"""People: posts and who stands in for them, contacts, second factors, the count of failed sign-ins."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q

from qifu.foundation.access import Actor, Grant
from qifu.foundation.action import Record, RecordQuerySet
from qifu.foundation.sealed import SealedTextField
from qifu.registers.organisations.models import Organisation


class PersonManager(BaseUserManager.from_queryset(RecordQuerySet)):  # type: ignore[misc]
    """Finds people for Django's sessions; people are made only by actions."""

    def get_by_natural_key(self, username: str | None) -> Any:
        """Return the person with that sign-in name."""
        return self.get(username=username)


class Person(AbstractBaseUser, Record):
    """A user of the site; what he or she may do comes from posts alone."""

    last_login = None  # Django would write it outside the door; the audit trail has each sign-in
    username = models.CharField("登录名", max_length=32, unique=True)
    name = models.CharField("姓名", max_length=60)
    is_active = models.BooleanField("启用", default=True)
    one_time_until = models.DateTimeField("一次性口令有效至", null=True, blank=True)
    created_at = models.DateTimeField("创建时间")
    erased_at = models.DateTimeField("个人信息删除时间", null=True, blank=True)

    USERNAME_FIELD = "username"
    objects: ClassVar[PersonManager] = PersonManager()

    reach: ClassVar = {"self": lambda grant: Q(pk=grant.actor_id)}

    class Meta:
        verbose_name = "人员"

    def __str__(self) -> str:
        return self.name

    @property
    def must_change_password(self) -> bool:
        """True while the password was given by somebody else: such a person holds no post yet."""
        return self.one_time_until is not None

    def as_actor(self) -> Actor:
        """Return this person as the one who acts."""
        return Actor(kind="person", id=self.pk, name=self.name)


class Post(Record):
    """A role held by a person at an organisation over a division subtree, from a day until the day before another.

    A post that ends on the day it began was never held (it was given by mistake); its row and audit rows stay. A post
    that awaits confirmation by a second person grants nothing yet.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="posts", verbose_name="人员")
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="+", verbose_name="单位", null=True, blank=True
    )
    role = models.CharField("角色", max_length=40)
    place_code = models.CharField("管辖区划", max_length=16)
    starts_on = models.DateField("任职日")
    ends_on = models.DateField("离任日", null=True, blank=True)
    awaits_confirmation = models.BooleanField("待确认", default=False)
    proposed_by = models.BigIntegerField("提名人", null=True, blank=True)

    class Meta:
        verbose_name = "岗位"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="post_range_in_order"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["person", "starts_on"], name="post_of_person")]

    def holds_on(self, day: date) -> bool:
        """Tell whether the post is held on `day`."""
        return self.starts_on <= day and (self.ends_on is None or day < self.ends_on)

    def meets(self, starts_on: date, ends_on: date | None) -> bool:
        """Tell whether the post is held on some day of the half-open range."""
        started = self.ends_on is None or max(self.starts_on, starts_on) < self.ends_on
        return started and (ends_on is None or max(self.starts_on, starts_on) < ends_on)


class SignInCount(Record):
    """Failed sign-ins under one name, whether or not anybody bears it; the name is kept only as a keyed hash."""

    name_key = models.CharField("登录名摘要", max_length=64, unique=True)
    failures = models.PositiveSmallIntegerField("连续失败次数", default=0)
    locks = models.PositiveSmallIntegerField("已锁定次数", default=0)
    locked_until = models.DateTimeField("锁定至", null=True)
    last_failed_at = models.DateTimeField("最近失败时间")

    class Meta:
        verbose_name = "登录失败计数"
        indexes: ClassVar = [models.Index(fields=["last_failed_at"], name="sign_in_count_age")]

    def locked_at(self, at: datetime) -> bool:
        """Tell whether signing in under this name is barred at `at`."""
        return self.locked_until is not None and at < self.locked_until


def _of(grant: Grant, column: str) -> Q:
    return Q(pk__in=[]) if grant.actor_id is None else Q(**{column: grant.actor_id})


class Delegation(Record):
    """A colleague exercises a post while its holder is away: from a day until the day before another.

    A delegation taken back before it began ends on the day it begins; its row stays.
    """

    post = models.ForeignKey(Post, models.PROTECT, related_name="delegations", verbose_name="岗位")
    delegate = models.ForeignKey(Person, models.PROTECT, related_name="delegations", verbose_name="代理人")
    starts_on = models.DateField("开始日")
    ends_on = models.DateField("结束日")
    reason = models.CharField("原因", max_length=60)
    created_at = models.DateTimeField("创建时间")

    reach: ClassVar = {
        "holder": lambda grant: _of(grant, "post__person_id"),
        "delegate": lambda grant: _of(grant, "delegate_id"),
    }

    class Meta:
        verbose_name = "代理"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="delegation_range_in_order")
        ]
        indexes: ClassVar = [
            models.Index(fields=["delegate", "starts_on"], name="delegation_of_delegate"),
        ]


class Contact(Record):
    """Where a person can be reached; the value is sealed, `lookup` is its keyed hash."""

    class Kind(models.TextChoices):
        MOBILE = "mobile", "手机号码"
        EMAIL = "email", "电子邮箱"
        ACCOUNT = "account", "平台账号"

    person = models.ForeignKey(Person, models.CASCADE, related_name="contacts", verbose_name="人员")
    kind = models.CharField("种类", max_length=8, choices=Kind.choices)
    value = SealedTextField("内容")
    lookup = models.CharField("查找摘要", max_length=64, db_index=True)
    verified_at = models.DateTimeField("核实时间", null=True, blank=True)
    purpose = models.CharField("用途与同意", max_length=120)
    created_at = models.DateTimeField("登记时间")

    reach: ClassVar = {"self": lambda grant: _of(grant, "person_id")}

    class Meta:
        verbose_name = "联系方式"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "kind"], name="contact_one_of_a_kind")
        ]


class SecondFactor(Record):
    """A person's authenticator (RFC 6238): the sealed secret, and the last time step used, so that none serves twice."""

    person = models.OneToOneField(Person, models.CASCADE, related_name="second_factor", verbose_name="人员")
    secret = SealedTextField("密钥")
    confirmed_at = models.DateTimeField("启用时间", null=True, blank=True)
    last_step = models.BigIntegerField("最近使用的时间步", default=0)

    class Meta:
        verbose_name = "动态口令"


class OneTimeCode(Record):
    """A code that opens the second step once: one of ten recovery codes, or one sent to the person's mobile."""

    class Kind(models.TextChoices):
        RECOVERY = "recovery", "恢复码"
        SENT = "sent", "短信验证码"

    person = models.ForeignKey(Person, models.CASCADE, related_name="one_time_codes", verbose_name="人员")
    kind = models.CharField("种类", max_length=8, choices=Kind.choices)
    code_key = models.CharField("摘要", max_length=64)
    created_at = models.DateTimeField("生成时间")
    expires_at = models.DateTimeField("失效时间", null=True, blank=True)
    used_at = models.DateTimeField("使用时间", null=True, blank=True)

    class Meta:
        verbose_name = "一次性验证码"
        indexes: ClassVar = [models.Index(fields=["person", "kind"], name="one_time_code_of_person")]


class ApiToken(Record):
    """What lets another system call the JSON API as a person until a moment; kept only as a SHA-256 digest.

    `ending` are its last characters, so that its holder tells one from another.
    """

    person = models.ForeignKey(Person, models.CASCADE, related_name="api_tokens", verbose_name="人员")
    title = models.CharField("用途", max_length=60)
    digest = models.CharField("摘要", max_length=64, unique=True)
    ending = models.CharField("末四位", max_length=4)
    created_at = models.DateTimeField("生成时间")
    expires_at = models.DateTimeField("失效时间")
    last_used_on = models.DateField("最近使用日", null=True)
    revoked_at = models.DateTimeField("吊销时间", null=True)
    revoked_by = models.BigIntegerField("吊销人", null=True)

    reach: ClassVar = {"holder": lambda grant: _of(grant, "person_id")}

    class Meta:
        verbose_name = "接口令牌"
        ordering: ClassVar = ["-created_at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["person", "-created_at"], name="api_token_of_person")]
