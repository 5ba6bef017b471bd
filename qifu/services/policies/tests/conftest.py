"""The policies' fixtures: a loaded province, people with posts, the case types of applications and questions."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as site

from qifu.engines.casework import definitions
from qifu.engines.casework.publish import publish_folder
from qifu.foundation.access import SYSTEM
from qifu.registers.conftest import make_person, province, quick_passwords
from qifu.services.policies.tests.policy_world import AT

__all__ = ["make_person", "province", "quick_passwords"]


@pytest.fixture
def case_types(db: None) -> Iterator[None]:
    """Publish the case types; what is kept of them by number is forgotten, since other tests give the numbers anew."""
    definitions.forget()
    publish_folder(Path(site.PROVINCE_DIR) / "policies" / "case_types", by=SYSTEM, at=AT)
    yield
    definitions.forget()
