"""People, their posts, and the count of failed sign-ins."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q

from qifu.foundation.access import Actor
from qifu.foundation.action import Record, RecordQuerySet
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

    A post that ends on the day it began was never held (it was given by mistake); its row and audit rows stay.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="posts", verbose_name="人员")
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="+", verbose_name="单位", null=True, blank=True
    )
    role = models.CharField("角色", max_length=40)
    place_code = models.CharField("管辖区划", max_length=16)
    starts_on = models.DateField("任职日")
    ends_on = models.DateField("离任日", null=True, blank=True)

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
