"""Access is denied unless a grant, a role and a relation together allow it."""

from collections.abc import Iterable
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qifu.foundation import access
from qifu.foundation.access import (
    ANONYMOUS,
    ANYONE,
    ANYWHERE,
    SIGNED_IN,
    SYSTEM,
    Actor,
    Grant,
    NotFound,
    Permission,
    declare_permissions,
    declare_roles,
    find,
    holds,
    require,
    visible,
)
from qifu.foundation.files.models import StoredFile
from qifu.foundation.tests.acts import AT, act

pytestmark = pytest.mark.django_db

declare_roles({"test_reader": "读者", "test_clerk": "职员", "test_admin": "管理"})
declare_permissions(
    Permission(
        "test.view_files",
        "看文件",
        {
            ANYONE: ("public",),
            SIGNED_IN: ("uploader",),
            "test_clerk": ("own_organisation", "in_place"),
            "test_admin": (ANYWHERE,),
        },
    ),
    Permission("test.nobody", "无人可做", {}),
    Permission("test.lost", "关系不存在", {"test_clerk": ("no_such_relation",)}),
)


class Given:
    """An Authority that grants what it was given."""

    def __init__(self, *grants: Grant) -> None:
        self.given = grants

    def grants(self, actor_id: int, at: datetime) -> Iterable[Grant]:
        """Return the grants of that person."""
        return [grant for grant in self.given if grant.actor_id == actor_id]


def authority(monkeypatch: pytest.MonkeyPatch, *grants: Grant) -> None:
    monkeypatch.setattr(access, "_authorities", [Given(*grants)])


def stored(**values: object) -> StoredFile:
    row = StoredFile(
        sha256="0" * 64,
        name="a",
        size=1,
        media_type="text/plain",
        uploaded_at=AT,
        **{"uploaded_by": 1, **values},
    )
    act(row.save)
    return row


PEOPLE = [Actor("person", n, str(n)) for n in (1, 2, 3)]
PLACES = ["330100", "330200", ""]
GRANTS = st.builds(
    Grant,
    role=st.sampled_from(["test_reader", "test_clerk", "test_admin"]),
    actor_id=st.sampled_from([1, 2, 3]),
    organisation_id=st.sampled_from([None, 5, 6]),
    places=st.sets(st.sampled_from(PLACES[:2])).map(frozenset),
)
FILES = st.fixed_dictionaries(
    {
        "uploaded_by": st.sampled_from([None, 1, 2]),
        "owner_organisation_id": st.sampled_from([None, 5, 6]),
        "place_code": st.sampled_from(PLACES),
        "publicity": st.sampled_from(["public", "not_public"]),
    }
)


def allowed(actor: Actor, grants: list[Grant], row: StoredFile) -> bool:
    """Say by plain rules what test.view_files should allow."""
    if actor is SYSTEM or row.publicity == "public":
        return True
    if not actor.is_person:
        return False
    if row.uploaded_by == actor.id:
        return True
    mine = [grant for grant in grants if grant.actor_id == actor.id]
    clerk = [grant for grant in mine if grant.role == "test_clerk"]
    return any(grant.role == "test_admin" for grant in mine) or any(
        (grant.organisation_id is not None and grant.organisation_id == row.owner_organisation_id)
        or row.place_code in grant.places
        for grant in clerk
    )


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(GRANTS, max_size=4), st.lists(FILES, min_size=1, max_size=5))
def test_visible_rows_are_exactly_those_the_rules_allow(
    monkeypatch: pytest.MonkeyPatch, grants: list[Grant], files: list[dict[str, object]]
) -> None:
    authority(monkeypatch, *grants)
    act(lambda: StoredFile.objects.all().delete())
    rows = [stored(**values) for values in files]
    for actor in [*PEOPLE, ANONYMOUS, SYSTEM]:
        seen = set(
            visible(StoredFile.objects.all(), actor, "test.view_files", AT).values_list("pk", flat=True)
        )
        assert seen == {row.pk for row in rows if allowed(actor, grants, row)}
        for row in rows:
            if row.pk in seen:
                require(actor, "test.view_files", AT, target=row)
                assert find(StoredFile.objects.all(), actor, "test.view_files", AT, pk=row.pk) == row
            else:
                with pytest.raises(NotFound):
                    require(actor, "test.view_files", AT, target=row)


def test_a_hidden_row_and_a_missing_row_look_alike() -> None:
    row = stored(publicity="not_public")
    for lookup in (row.pk, row.pk + 1, 10**30, "x", None):
        with pytest.raises(NotFound):
            find(StoredFile.objects.all(), ANONYMOUS, "test.view_files", AT, pk=lookup)


def test_what_nobody_is_granted_nobody_may_do_but_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    authority(monkeypatch, Grant(role="test_admin", actor_id=1))
    assert not holds(PEOPLE[0], "test.nobody", AT) and holds(SYSTEM, "test.nobody", AT)
    with pytest.raises(NotFound):
        require(PEOPLE[0], "test.nobody", AT)


def test_a_permission_over_a_place_needs_a_post_there(monkeypatch: pytest.MonkeyPatch) -> None:
    authority(
        monkeypatch,
        Grant(role="test_clerk", actor_id=1, place="330100", places=frozenset({"330100", "330102"})),
        Grant(role="test_admin", actor_id=2),
    )
    assert holds(PEOPLE[0], "test.view_files", AT, place="330102")
    assert not holds(PEOPLE[0], "test.view_files", AT, place="330200")
    assert not holds(PEOPLE[0], "test.view_files", AT, place="")
    assert holds(PEOPLE[1], "test.view_files", AT, place="330200")
    with pytest.raises(NotFound):
        require(PEOPLE[2], "test.view_files", AT, target="330100")


def test_mistakes_of_declaration_are_errors_not_grants(monkeypatch: pytest.MonkeyPatch) -> None:
    authority(monkeypatch, Grant(role="test_clerk", actor_id=1))
    with pytest.raises(LookupError, match="no_such_relation"):
        visible(StoredFile.objects.all(), PEOPLE[0], "test.lost", AT)
    with pytest.raises(LookupError, match="not declared"):
        holds(PEOPLE[0], "test.undeclared", AT)
    with pytest.raises(LookupError, match="not declared"):
        holds(SYSTEM, "test.undeclared", AT)
    with pytest.raises(ValueError, match="twice"):
        declare_permissions(Permission("test.nobody", "另一个", {}))
    with pytest.raises(ValueError, match="unknown role"):
        declare_permissions(Permission("test.other", "另一个", {"no_such_role": ()}))
    with pytest.raises(ValueError, match="two titles"):
        declare_roles({"test_reader": "别名"})
    monkeypatch.setattr(access, "_authorities", [])
    with pytest.raises(RuntimeError, match="Authority"):
        holds(PEOPLE[0], "test.view_files", AT)
