"""Fixtures of the tests of channels."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from qifu.foundation import access
from qifu.foundation.channels import addresses
from qifu.foundation.channels.stand_in import StandIn
from qifu.foundation.channels.tests.provider import SECRET, Book, Clock, Everyone, running


@dataclass
class Provider:
    """A running stand-in and its address."""

    stand_in: StandIn
    url: str


@pytest.fixture
def provider() -> Iterator[Provider]:
    stand_in = StandIn(SECRET)
    with running(stand_in) as url:
        yield Provider(stand_in, url)


@pytest.fixture(autouse=True)
def everyone_can_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "_authorities", [Everyone()])
    monkeypatch.setattr(addresses, "_books", [Book()])


@pytest.fixture
def clock() -> Clock:
    return Clock()
