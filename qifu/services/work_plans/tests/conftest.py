"""The room's fixtures: the province's registers, people with posts, the made-up notice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings as site

from qifu.foundation.access import SYSTEM, Actor
from qifu.registers.divisions.actions import load_divisions
from qifu.registers.organisations.actions import load_organisations
from qifu.registers.people.models import Person
from qifu.services.work_plans.tests import factories

MakePerson = Callable[..., Person]


@pytest.fixture
def province(db: None) -> Path:
    """Load divisions and organisations; return the province's folder."""
    folder = Path(site.PROVINCE_DIR)
    load_divisions(by=SYSTEM, at=factories.AT, path=folder / "divisions.yaml")
    load_organisations(by=SYSTEM, at=factories.AT, province_dir=folder)
    return folder


@pytest.fixture
def officer(province: Path) -> Actor:
    """A reform officer over the province."""
    return factories.person("officer").as_actor()


@pytest.fixture
def make_person(province: Path) -> MakePerson:
    """Return a function that makes a person with a post."""
    return factories.person


@pytest.fixture
def notice(province: Path) -> bytes:
    """The made-up notice that demo sites show."""
    return (province / "demo_notice.txt").read_bytes()
