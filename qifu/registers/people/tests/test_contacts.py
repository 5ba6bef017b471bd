"""Contacts: sealed in the table, masked for administrators, shown in clear only by an act with a reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

from qifu.foundation.access import SYSTEM, NotFound
from qifu.foundation.action import Refused
from qifu.foundation.channels.addresses import address_of
from qifu.foundation.sealed import lookup_keys
from qifu.registers.people import actions, contacts
from qifu.registers.people.models import Contact, Person

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
AT = datetime(2024, 3, 1, 2, 0, tzinfo=UTC)
AuditRow: Any = apps.get_model("foundation", "AuditRow")
MakePerson = Callable[..., Person]


def keep(person: Person, kind: str = "mobile", value: str = "13800001234", **changes: Any) -> None:
    asked = {"by": person.as_actor(), "at": AT, "person": person, "kind": kind, "value": value}
    contacts.set_contact(**(asked | changes))


def test_a_contact_is_sealed_found_by_its_hash_and_told_to_channels(make_person: MakePerson) -> None:
    person = make_person("officer")
    keep(person, value="+86 138-0000-1234")
    keep(person, value="１３８００００１２３４")
    row = Contact.objects.get()
    assert row.value == "13800001234" and row.verified_at is None
    assert Contact.objects.filter(lookup__in=lookup_keys("13800001234", "mobile")).count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM people_contact")
        assert "13800001234" not in str(cursor.fetchall())
    assert "13800001234" not in str(list(AuditRow.objects.values()))
    assert address_of(person.pk, "mobile") == "13800001234" and address_of(person.pk, "email") is None
    actions.disable_person(by=SYSTEM, at=AT, person=person)
    assert address_of(person.pk, "mobile") is None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("mobile", ""), ("mobile", "12345678901"), ("mobile", "1380000123"), ("mobile", "138000012345"),
        ("mobile", "省" * 500), ("mobile", "1380000\x001234"), ("email", "no"), ("email", "a@b"), ("email", "a@b.cn\nx"),
        ("account", "a"), ("account", "<script>"), ("fax", "1"), ("", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_a_contact_is_refused(make_person: MakePerson, kind: str, value: str) -> None:
    with pytest.raises(Refused):
        keep(make_person("officer"), kind, value)
    assert not Contact.objects.exists()


def test_nobody_keeps_or_removes_anothers(make_person: MakePerson) -> None:
    person, admin = make_person("officer"), make_person("admin", "system_administrator")
    with pytest.raises(NotFound):
        keep(person, by=admin.as_actor())
    keep(person)
    with pytest.raises(NotFound):
        contacts.remove_contact(by=admin.as_actor(), at=AT, person=person, kind="mobile")
    contacts.remove_contact(by=person.as_actor(), at=AT, person=person, kind="mobile")
    with pytest.raises(Refused, match="没有登记"):
        contacts.remove_contact(by=person.as_actor(), at=AT, person=person, kind="mobile")


def test_a_lost_key_shows_a_remark_and_breaks_no_page(
    make_person: MakePerson, client: Client, settings: Any
) -> None:
    person, admin = make_person("officer"), make_person("admin", "system_administrator")
    keep(person)
    settings.SEAL_KEYS = "9:" + "A" * 43 + "="
    client.force_login(admin)
    page = client.get(f"/workbench/people/{person.pk}/")
    assert page.status_code == 200 and "无法解密" in page.content.decode()
    assert address_of(person.pk, "mobile") is None
    client.force_login(person)
    assert "无法解密" in client.get("/account/").content.decode()
    with pytest.raises(Refused, match="无法解密"):
        contacts.reveal_contact(by=admin.as_actor(), at=AT, person=person, kind="mobile", reason="urgent")
    keep(person, value="13900001234")
    assert Contact.objects.get().value == "13900001234"


def test_a_story_of_masks_and_reasons(make_person: MakePerson, client: Client) -> None:
    person, admin = make_person("officer"), make_person("admin", "system_administrator")
    client.force_login(person)
    assert client.post("/account/", {"kind": "mobile", "value": "123"}).status_code == 422
    assert client.post("/account/", {"kind": "mobile", "value": "13800001234"}).status_code == 302
    assert client.post("/account/", {"kind": "email", "value": "lin@example.cn"}).status_code == 302
    assert "13800001234" in client.get("/account/").content.decode()
    client.force_login(admin)
    address = f"/workbench/people/{person.pk}/"
    page = client.get(address).content.decode()
    assert "138****1234" in page and "l***@example.cn" in page and "13800001234" not in page
    assert client.post(f"{address}contact/", {"kind": "mobile", "reason": "为了看看"}).status_code == 302
    shown = client.post(f"{address}contact/", {"kind": "mobile", "reason": "identity"})
    assert "13800001234" in shown.content.decode() and "no-store" in shown.headers["Cache-Control"]
    row = AuditRow.objects.get(act="people.reveal_contact")
    assert row.facts == {"kind": "mobile", "reason": "核实身份"} and row.subject_id == str(person.pk)
    client.force_login(person)
    assert client.post(f"{address}contact/", {"kind": "mobile", "reason": "identity"}).status_code == 404
    assert client.post("/account/contacts/remove/", {"kind": "email"}).status_code == 302
    assert "lin@example.cn" not in client.get("/account/").content.decode()
