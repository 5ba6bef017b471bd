"""What the forms of handling offer: sensible units, colleagues, what is known already."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from typing import Any

from qifu.engines.casework.models import Case, CasePart
from qifu.registers.divisions import queries as divisions
from qifu.registers.organisations.models import Organisation
from qifu.registers.people.models import Person
from qifu.services.enterprise_problems.lists import lists
from qifu.services.enterprise_problems.models import Problem
from qifu.services.enterprise_problems.queries import responsibility
from qifu.services.enterprise_problems.recipients import officers_of
from qifu.services.enterprise_problems.suggestions import suggest

PART_KINDS: list[tuple[str, str]] = list(CasePart.Kind.choices)
ESCALATION_ANSWERS = [("advised", "批转意见：提出协调意见，仍由下级办理"), ("taken_over", "提级办理：由本级接手"), ("sent_back", "退回下级办理")]  # fmt: skip
Groups = list[tuple[str, list[tuple[str, str]]]]


def units_for(case: Case, *, above: bool, without: int | None = None) -> Groups:
    """Return the units that may be named for a case, by place: its own and those below it, `above` also those over it.

    Never the unit complained of.
    """
    places = set(divisions.subtree(case.place_code))
    if above:
        code = case.place_code
        while (row := divisions.division(code)) is not None and row.parent:
            code = row.parent
            places.add(code)
    return _groups(places, case.place_code, {case.complained_id, without})


def units_of_place(place_code: str, *, without: int | None = None) -> Groups:
    """Return the units of one place."""
    return _groups({place_code}, place_code, {without})


def _groups(places: set[str], first: str, without: set[int | None]) -> Groups:
    rows = Organisation.objects.filter(effective_to=None, place_code__in=places).exclude(
        pk__in=[one for one in without if one is not None]
    )
    by_place: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for pk, name, place in rows.order_by("pk").values_list("pk", "name", "place_code"):
        by_place[place].append((str(pk), name))
    titles = divisions.names(by_place)
    order = sorted(by_place, key=lambda code: (code != first, code))
    return [(titles.get(code, code), by_place[code]) for code in order]


def colleagues(case: Case, at: datetime) -> list[tuple[str, str]]:
    """Return who holds an officer's post in the lead unit now."""
    ids = officers_of(case.lead_id, at)
    names = dict(Person.objects.filter(pk__in=ids).values_list("pk", "name"))
    return [(str(pk), names[pk]) for pk in ids if pk in names]


def known(case: Case, problem: Problem, name: str, day: date) -> Any:
    """Return what a field is filled with beforehand: what is known, the owner of the topic, what the words speak for."""
    value = getattr(problem, name, "") if name in ("board", "topic", "scope", "difficulty", "reply") else ""
    if value:
        return value
    if name == "result":
        return problem.drafted_result
    if name == "lead" and problem.topic:
        owner = responsibility.owners([problem.topic], case.place_code, day).get(problem.topic)
        return str(owner.pk) if owner is not None and owner.pk != case.complained_id else ""
    if name in ("topic", "board"):
        found = suggest(f"{case.title} {problem.words}", lists().topics)
        if not found:
            return ""
        return found[0].code if name == "topic" else lists().topics[found[0].code]["board"]
    return {"scope": "individual", "difficulty": "general"}.get(name, "")
