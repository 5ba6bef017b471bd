"""Case types as published revisions: the one in force, and the one a running case keeps."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from qifu.engines.casework.case_type import CaseType, case_type
from qifu.engines.casework.models import Case
from qifu.foundation import revisions
from qifu.foundation.action import Refused
from qifu.foundation.revisions import Revision
from qifu.foundation.working_days import OfficeHours

KIND = "case_type"


@lru_cache(maxsize=256)
def _read(revision_id: int, digest: str) -> CaseType:
    return case_type(Revision.objects.get(pk=revision_id).content)


def of_revision(revision: Revision) -> CaseType:
    """Return the definition that a published revision holds."""
    return _read(revision.pk, revision.digest)


@lru_cache(maxsize=256)
def _of_id(revision_id: int) -> CaseType:
    """Published revisions are immutable, so their definition may be kept by number alone."""
    return of_revision(Revision.objects.get(pk=revision_id))


def of_case(case: Case) -> CaseType:
    """Return the definition by which a case runs."""
    return _of_id(case.revision_id)


def in_force(key: str, day: date) -> Revision:
    """Return the revision of a case type in force on a day; Refused where there is none."""
    found = revisions.as_of_without_content(kind=KIND, key=key, day=day)
    if found is None:
        raise Refused(f"{day} 没有生效的办理规则（{key}），请先由管理员发布")
    return found


def hours_of(definition: CaseType) -> OfficeHours:
    """Return the office hours by which a case type counts."""
    return OfficeHours(sessions=definition.sessions)


def forget() -> None:
    """Forget what was read; for tests that empty the database."""
    _read.cache_clear()
    _of_id.cache_clear()
