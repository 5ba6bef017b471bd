"""The one door for writes: permission, transaction, audit row, after-commit jobs. There is no other way to write.

A function marked `@action` runs inside one transaction; the audit row is written in it, and jobs enqueued in it are
seen by the worker only after it commits. `Record`, the base of every business table, refuses a write outside an act,
so the door has no bypass. Pages, API, command line, jobs and imports all call the same functions.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ParamSpec, TypeVar, cast

from django.db import models, transaction

from qifu.foundation import access, clock
from qifu.foundation.access import Actor
from qifu.foundation.audit import write_row

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=models.Model)


class Refused(Exception):
    """The act cannot be done as asked; the message is Chinese, for the person who asked, and says what to do."""

    def __init__(self, message: str, /, **fields: str) -> None:  # fields may have any name, also "message"
        super().__init__(message)
        self.message = message
        self.fields = fields


class WriteOutsideAct(RuntimeError):
    """Code tried to write a business row without going through an `@action`."""


@dataclass
class Act:
    """The act under way: what its audit row will say beside who, when and what."""

    name: str
    title: str
    by: Actor
    at: datetime
    subject_kind: str = ""
    subject_id: str = ""
    place: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    parent: Act | None = None

    @property
    def moment(self) -> datetime:
        """Return when the act happened for business: `at`, on the 截至日 of a demo site."""
        return clock.business(self.at)

    def about(self, subject: models.Model, *, place: str = "") -> None:
        """Name the row that the act is about, and the division it happened in."""
        self.subject_kind = subject._meta.label_lower
        self.subject_id = str(subject.pk)
        self.place = place or str(getattr(subject, "place_code", "") or "")

    def note(self, **facts: Any) -> None:
        """Add facts (counts, digests, before and after) to the audit row; no personal data, ids only."""
        self.facts.update(facts)


_current: ContextVar[Act | None] = ContextVar("qifu_act", default=None)
_actions: dict[str, Callable[..., Any]] = {}


def current_act() -> Act:
    """Return the act under way; raise WriteOutsideAct where there is none."""
    act = _current.get()
    if act is None:
        raise WriteOutsideAct("写入必须经过 @action：此处没有正在进行的操作")
    return act


def actions() -> dict[str, Callable[..., Any]]:
    """Return every declared action by name."""
    return dict(_actions)


def action(
    name: str, *, title: str, permission: str, on: str | None = None
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a keyword-only function with `by: Actor` and `at: datetime` an act.

    `on` names the parameter that the permission is asked about: a row (the row must be visible under `permission`)
    or a division code; without it the permission must merely be held. Raises access.NotFound when it is not.
    """

    def mark(function: Callable[P, R]) -> Callable[P, R]:
        parameters = inspect.signature(function).parameters
        if any(p.kind is not inspect.Parameter.KEYWORD_ONLY for p in parameters.values()):
            raise TypeError(f"action {name}: every parameter is keyword-only")
        missing = {"by", "at", *([on] if on else [])} - set(parameters)
        if missing:
            raise TypeError(f"action {name}: parameters {sorted(missing)} are missing")
        if name in _actions:
            raise ValueError(f"action {name} is declared twice")

        @functools.wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            by, at = cast(Actor, kwargs["by"]), cast(datetime, kwargs["at"])
            if at.tzinfo is None:
                raise ValueError(f"action {name}: `at` needs a time zone")
            absent = access.require(by, permission, at, target=cast(Any, kwargs[on]) if on else None)
            act = Act(name=name, title=title, by=by, at=at, parent=_current.get())
            if absent is not None:
                act.note(on_behalf_of=absent)
            with transaction.atomic():
                token = _current.set(act)
                try:
                    result = function(*args, **kwargs)
                    write_row(act)
                finally:
                    _current.reset(token)  # before the commit: what runs after it is outside the act
            return result

        cast(Any, run).action_name = name
        cast(Any, run).action_title = title
        cast(Any, run).permission = permission
        _actions[name] = run
        return run

    return mark


class RecordQuerySet(models.QuerySet[M]):
    """A queryset whose writing methods need an act."""

    def update(self, **kwargs: Any) -> int:
        """Update, inside an act."""
        current_act()
        return super().update(**kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete, inside an act."""
        current_act()
        return super().delete()

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> Any:
        """Insert many, inside an act."""
        current_act()
        return super().bulk_create(objs, *args, **kwargs)

    def bulk_update(self, objs: Any, *args: Any, **kwargs: Any) -> int:
        """Update many, inside an act."""
        current_act()
        return super().bulk_update(objs, *args, **kwargs)


class Record(models.Model):
    """A business row: it can be written only while an act is under way."""

    objects = models.Manager.from_queryset(RecordQuerySet)()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, inside an act."""
        current_act()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete, inside an act."""
        current_act()
        return super().delete(*args, **kwargs)
