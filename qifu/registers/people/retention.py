"""How long personal data is kept, its deletion when the time is up, and the copy that everyone may ask for.

Deletion takes names, sign-in names, contacts, second factors and notices away; the id, posts without a name and the
audit rows stay. Legal basis: 个人信息保护法 第十九条 (最短时间), 第四十五条 (查阅、复制), 第四十七条 (主动删除);
网络安全法 第二十一条 (logs stay). Days come from `retention.yaml` of the province.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from qifu.foundation import handover
from qifu.foundation.access import SYSTEM, Actor, require
from qifu.foundation.action import Refused, action, current_act
from qifu.foundation.imports.retention import forget_imports
from qifu.foundation.jobs import Job, Running, enqueue, handles
from qifu.foundation.notices import Notice
from qifu.foundation.yaml_data import Fields, Text, Whole, load, register_kind
from qifu.registers.people.attempts import forget_failures
from qifu.registers.people.authority import forget_grants
from qifu.registers.people.models import ApiToken, Contact, OneTimeCode, Person, Post, SecondFactor

JOB = "people.retention"
RUN_AT = time(3, 30)
MOST_AT_ONCE = 500
_RULE = Fields({"days": Whole(30, 36500), "counted_from": Text(longest=200), "basis": Text(longest=500)})
ERASED = (Contact, SecondFactor, OneTimeCode, ApiToken)
register_kind("retention", Fields({"staff": _RULE, "imports": _RULE}))

Bonds = Callable[[Collection[int], datetime], Mapping[int, "date | None"]]
"""(person ids, moment) -> for those bound to something: the first day they were free of it, or None while they are not."""
_bonds: list[Bonds] = []


def declare_bond(bonds: Bonds) -> None:
    """Let a room (mandates) say until when it needs people's data; once, at start."""
    _bonds.append(bonds)


_erasures: list[Callable[[Person], None]] = []


def declare_erasure(erase: Callable[[Person], None]) -> None:
    """Let a room delete what it keeps of a person; called inside the act that erases the person. Once, at start."""
    _erasures.append(erase)


@dataclass(frozen=True)
class RetentionRule:
    """How many days personal data is kept, from which day, on which legal basis."""

    days: int
    counted_from: str
    basis: str


def retention_rule(of: str = "staff") -> RetentionRule:
    """Return the province's rule for `staff` or `imports`; raises DataError, in Chinese, where its file cannot be read."""
    return _rules(Path(settings.PROVINCE_DIR) / "retention.yaml")[of]


@lru_cache(maxsize=4)
def _rules(path: Path) -> dict[str, RetentionRule]:
    return {name: RetentionRule(**rule) for name, rule in load(path, "retention").data.items()}


@dataclass(frozen=True)
class Due:
    """A person who left, and the day from which the personal data is to be deleted."""

    person: Person
    left_on: date
    due_on: date

    def is_due(self, day: date) -> bool:
        """Tell whether the day has come."""
        return self.due_on <= day


def left_people(at: datetime, *, within: timedelta = timedelta(0), only: Person | None = None) -> list[Due]:
    """Return who left and whose data is due for deletion by the local day of `at` plus `within`, the oldest first.

    With `only`, no more than this one person is looked at.
    """
    day, rule = timezone.localdate(at), retention_rule()
    latest = day + within - timedelta(days=rule.days)
    kept = Person.objects.filter(erased_at=None)
    left = _without_open_post(kept if only is None else kept.filter(pk=only.pk), day)
    left = left.annotate(ended=Max("posts__ends_on"))
    rows = list(
        left.filter(Q(ended__lte=latest) | Q(ended=None, created_at__date__lte=latest)).order_by("pk")
    )
    since = {row.pk: max(row.ended or date.min, timezone.localdate(row.created_at)) for row in rows}
    for bonds in _bonds:
        for person_id, free_on in bonds(list(since), at).items():
            if free_on is None:
                since.pop(person_id, None)
            elif person_id in since:
                since[person_id] = max(since[person_id], free_on)
    found = [
        Due(row, since[row.pk], since[row.pk] + timedelta(days=rule.days))
        for row in rows
        if row.pk in since and since[row.pk] <= latest
    ]
    return sorted(found, key=lambda due: due.due_on)


def people_due(actor: Actor, at: datetime) -> list[Due]:
    """Return whose data falls due within thirty days, for those who may delete it."""
    require(actor, "people.erase_person", at)
    return left_people(at, within=timedelta(days=30))


def _without_open_post(rows: QuerySet[Person], day: date) -> QuerySet[Person]:
    open_posts = Post.objects.filter(Q(ends_on=None) | Q(ends_on__gt=day))
    return rows.exclude(pk__in=open_posts.values("person_id"))


@action("people.erase_person", title="删除个人信息", permission="people.erase_person", on="person")
def erase_person(*, by: Actor, at: datetime, person: Person) -> None:
    """Delete the personal data of someone who left and whose time is up; Refused while posts, mandates or work are open."""
    row: Person = Person.objects.select_for_update().get(pk=person.pk)
    day = timezone.localdate(at)
    if row.erased_at is not None:
        raise Refused("该人员的个人信息已经删除")
    if not _without_open_post(Person.objects.filter(pk=row.pk), day).exists():
        raise Refused("该人员还有未结束的岗位，不能删除；请先办理离任")
    if any(bonds([row.pk], at).get(row.pk, day) is None for bonds in _bonds):
        raise Refused("该人员还有有效的企业授权，不能删除；请先撤销授权")
    if handover.open_work(row.pk, None, at):
        raise Refused("该人员名下还有未移交的工作，不能删除；请先办理移交")
    if not left_people(at, only=row):
        raise Refused(f"离任未满 {retention_rule().days} 天，保存期限未到，不能删除")
    forget_failures(row)
    for model in ERASED:
        model.objects.filter(person=row).delete()
    Notice.objects.filter(recipient_id=row.pk).delete()
    for erase in _erasures:
        erase(row)
    row.name, row.username = f"已删除人员 {row.pk}", f"~{row.pk}"  # no sign-in name may begin like this
    row.set_unusable_password()
    row.is_active, row.one_time_until, row.erased_at = False, None, at
    row.save()
    forget_grants()
    current_act().about(row)


def schedule_retention(at: datetime) -> None:
    """See to it that the next daily deletion is run, inside the act under way; asking again changes nothing."""
    if Job.objects.filter(kind=JOB, state=Job.State.WAITING).exists():
        return
    local = timezone.localtime(at)
    day = local.date() + timedelta(days=1 if local.time() >= RUN_AT else 0)
    run_at = timezone.make_aware(datetime.combine(day, RUN_AT))
    enqueue(JOB, run_at=run_at, unique_key=f"{JOB}-{day}", max_attempts=20)


@handles(JOB)
def keep_retention(running: Running) -> None:
    """Delete what is due, and see to the next day's run."""
    run_retention(by=SYSTEM, at=running.at)


@action("people.run_retention", title="到期删除个人信息", permission="people.run_retention")
def run_retention(*, by: Actor, at: datetime) -> int:
    """Delete the personal data that is due, at most 500 people a day, and enqueue the next run; return how many.

    Files of imports whose time is up go with it.
    """
    schedule_retention(at)
    forget_imports(days=retention_rule("imports").days, by=by, at=at)
    erased = 0
    for due in left_people(at)[:MOST_AT_ONCE]:
        if handover.open_work(due.person.pk, None, at):
            continue  # stands on the register page until it is handed over
        erase_person(by=by, at=at, person=due.person)
        erased += 1
    current_act().note(people=erased)
    return erased


@action("people.export_own_data", title="导出自己的信息", permission="people.keep_own_account", on="person")
def export_own_data(
    *, by: Actor, at: datetime, person: Person, gather: Iterable[Callable[[Actor, datetime], dict[str, Any]]]
) -> dict[str, Any]:
    """Return everything kept about the person, section by section, as plain values (第四十五条)."""
    current_act().about(person)
    found: dict[str, Any] = {}
    for one in gather:
        found |= one(by, at)
    return found
