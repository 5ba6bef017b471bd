"""The audit trail can be added to and nothing else, whatever code or SQL tries."""

from collections.abc import Callable

import pytest
from django.db import Error, connection, transaction

from qifu.foundation import guards
from qifu.foundation.request_id import request_id
from qifu.foundation.tests.acts import AuditRow, act

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


CHANGES: dict[str, Callable[[], object]] = {
    "save": lambda: AuditRow.objects.get().save(),
    "update": lambda: AuditRow.objects.update(title="改"),
    "delete": lambda: AuditRow.objects.get().delete(),
    "delete all": lambda: AuditRow.objects.all().delete(),
    "raw update": lambda: sql("UPDATE foundation_auditrow SET actor_id = 1"),
    "raw delete": lambda: sql("DELETE FROM foundation_auditrow"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_an_audit_row_cannot_be_changed_or_removed(change: Callable[[], object]) -> None:
    act(lambda: None)
    before = list(AuditRow.objects.values())
    with pytest.raises(Error, match="审计记录不得"), transaction.atomic():
        change()
    assert list(AuditRow.objects.values()) == before and len(before) == 1


def test_the_table_cannot_be_emptied_at_once() -> None:
    act(lambda: None)
    told = (
        "审计记录不得删除" if connection.vendor == "postgresql" else "syntax error"
    )  # SQLite knows no TRUNCATE
    with pytest.raises(Error, match=told), transaction.atomic():
        sql("TRUNCATE foundation_auditrow")
    assert AuditRow.objects.count() == 1


def test_rows_carry_the_request_they_came_with() -> None:
    with request_id("abc123"):
        act(lambda: None)
    act(lambda: None)
    assert list(AuditRow.objects.order_by("pk").values_list("request_id", flat=True)) == ["abc123", ""]


def test_guards_lifted_for_a_flush_come_back_when_installed_again() -> None:
    act(lambda: None)
    guards.lift()
    AuditRow.objects.update(title="改")
    guards.install()
    with pytest.raises(Error, match="审计记录不得修改"), transaction.atomic():
        AuditRow.objects.update(title="再改")
