"""What tests of the registers share: the province's data loaded, people with posts, a fast password hasher."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site

from qifu.foundation.access import SYSTEM
from qifu.registers.divisions.actions import load_divisions
from qifu.registers.organisations.actions import load_organisations
from qifu.registers.people import actions, attempts, sign_in
from qifu.registers.people.models import Person

AT = datetime(2024, 3, 1, 2, 0, tzinfo=UTC)
DAY = date(2024, 3, 1)
PASSWORD = "correct-horse-2024"
MakePerson = Callable[..., Person]


@pytest.fixture
def province(db: None) -> Path:
    """Load the province's divisions and organisations; return its folder."""
    folder = Path(site.PROVINCE_DIR)
    load_divisions(by=SYSTEM, at=AT, path=folder / "divisions.yaml")
    load_organisations(by=SYSTEM, at=AT, province_dir=folder)
    return folder


@pytest.fixture
def quick_passwords(settings: Any) -> Iterator[None]:
    """Hash passwords quickly: what is tested is not the hash."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    attempts._nobodys_password.cache_clear()
    yield
    attempts._nobodys_password.cache_clear()


@pytest.fixture
def make_person(db: None, quick_passwords: None, request: pytest.FixtureRequest) -> MakePerson:
    """Return a function that makes a person with PASSWORD and, if a role is given, a post since 2024-01-01.

    The province is loaded when the first post needs it.
    """

    def make(username: str, role: str = "", place: str = "330000", organisation: str = "") -> Person:
        given = actions.create_person(by=SYSTEM, at=AT, username=username, name=f"{username}（模拟）")
        sign_in.change_own_password(
            by=given.person.as_actor(), at=AT, person=given.person, old=given.password, new=PASSWORD
        )
        if role:
            request.getfixturevalue("province")
            actions.add_post(
                by=SYSTEM, at=AT, person=given.person, role=role, place_code=place,
                starts_on=date(2024, 1, 1), organisation_code=organisation,
            )  # fmt: skip
        return Person.objects.get(pk=given.person.pk)

    return make
