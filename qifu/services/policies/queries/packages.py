"""Packages of promises: what each detail became, which promise has no live item or policy, what money is still owed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from qifu.foundation.access import Actor, find, visible
from qifu.foundation.revisions import Revision
from qifu.registers.divisions import queries as divisions
from qifu.registers.organisations.models import Organisation
from qifu.services.policies.models import Policy, PolicyPackage
from qifu.services.policies.package_file import Detail, details_of
from qifu.services.policies.paid import paid_fen

VIEW = "policies.view_packages"


@dataclass(frozen=True)
class DetailLine:
    """One detail on a day: its owner's name, its policies that are known here, whether it is live, money paid under it."""

    detail: Detail
    owner: str
    policies: tuple[Policy, ...]
    unknown: tuple[str, ...]
    live: bool
    paid_fen: int
    day: date

    @property
    def owed_fen(self) -> int:
        """Money promised and not yet paid, in fen."""
        return max(self.detail.promised_fen - self.paid_fen, 0)

    @property
    def state(self) -> tuple[str, str]:
        """Its colour and word."""
        if self.live:
            return "good", "已落地"
        return ("bad", "逾期未落地") if self.detail.due_on < self.day else ("warn", "未落地")


@dataclass(frozen=True)
class PackagePage:
    """One package with all its details."""

    package: PolicyPackage
    place: str
    note: str
    lines: tuple[DetailLine, ...]

    @property
    def without_live(self) -> list[DetailLine]:
        """Promises that have no live item or policy, the earliest due first."""
        return sorted((one for one in self.lines if not one.live), key=lambda one: one.detail.due_on)

    @property
    def unpaid(self) -> list[DetailLine]:
        """Promises of money of which something is not paid, the largest first."""
        return sorted((one for one in self.lines if one.owed_fen), key=lambda one: -one.owed_fen)

    @property
    def promised_fen(self) -> int:
        """All money promised, in fen."""
        return sum(one.detail.promised_fen for one in self.lines)

    @property
    def owed_fen(self) -> int:
        """All money promised and not yet paid, in fen."""
        return sum(one.owed_fen for one in self.lines)

    @property
    def articles(self) -> list[tuple[str, list[DetailLine]]]:
        """The details under their articles."""
        grouped: dict[str, list[DetailLine]] = {}
        for one in self.lines:
            title = f"第{one.detail.article}条 {one.detail.article_title}"
            grouped.setdefault(title, []).append(one)
        return list(grouped.items())


def packages(actor: Actor, at: datetime, day: date) -> list[PackagePage]:
    """Return every package that the actor may see."""
    rows = list(visible(PolicyPackage.objects.select_related("series"), actor, VIEW, at))
    return _pages(rows, day)


def package(code: str, actor: Actor, at: datetime, day: date) -> PackagePage:
    """Return one package; raises NotFound."""
    return _pages([find(PolicyPackage.objects.select_related("series"), actor, VIEW, at, code=code)], day)[0]


def _pages(rows: list[PolicyPackage], day: date) -> list[PackagePage]:
    latest: dict[int, Revision] = {}
    for revision in Revision.objects.filter(
        series__in=[row.series_id for row in rows], state=Revision.State.PUBLISHED
    ).order_by("number"):
        latest[revision.series_id] = revision
    contents = {row.pk: latest[row.series_id].content for row in rows}
    details = {pk: details_of(content) for pk, content in contents.items()}
    codes = {code for found in details.values() for one in found for code in one.policies}
    known = {row.code: row for row in Policy.objects.filter(code__in=codes)}
    paid = paid_fen([row.pk for row in known.values()])
    owners = {one.owner for found in details.values() for one in found}
    names = dict(Organisation.objects.filter(code__in=owners).values_list("code", "name"))
    places = divisions.names({row.place_code for row in rows})
    return [
        PackagePage(
            row, places.get(row.place_code, "国家"), contents[row.pk].get("note", ""),
            tuple(_line(one, known, paid, names, day) for one in details[row.pk]),
        )
        for row in rows
    ]  # fmt: skip


def _line(
    one: Detail, known: Mapping[str, Policy], paid: Mapping[int, int], names: Mapping[str, str], day: date
) -> DetailLine:
    found = tuple(known[code] for code in one.policies if code in known)
    live = any(_in_force(row, day) for row in found)
    live = live or (one.item_since is not None and one.item_since <= day)
    return DetailLine(
        one, names.get(one.owner, one.owner), found, tuple(code for code in one.policies if code not in known),
        live, sum(paid.get(row.pk, 0) for row in found), day,
    )  # fmt: skip


def _in_force(row: Policy, day: date) -> bool:
    if row.published_number is None or row.effective_from is None or row.effective_from > day:
        return False
    return row.effective_to is None or day < row.effective_to
