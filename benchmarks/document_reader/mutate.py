"""Damage, of the kinds that real plans show. Each function edits blocks and truth together and records what it did.

A function takes the plan (edited in place) and a random source and returns the Damage, or None where the plan has no place for it.
The truth after damage is what a careful person would still conclude; only where the document no longer says does it become LOST.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from .model import Damage, Plan, Row, Table

Mutation = Callable[[Plan, Random], Damage | None]
MUTATIONS: dict[str, Mutation] = {}


def mutation(function: Mutation) -> Mutation:
    MUTATIONS[function.__name__] = function
    return function


def field_of(part: str, role: str) -> str:
    """The contract field a column is read into."""
    if part == "tasks" and role in ("lead", "cooperating"):
        return "responsible"
    if role == "target_unit":
        return "target"
    return role


def touched(plan: Plan) -> set[int]:
    """Records that already carry damage of the row: one row is shifted or merged once, or nobody could read it."""
    return {id(record) for damage in plan.damages if not damage.fields for record in damage.records}


def choose_row(
    plan: Plan, random: Random, accept: Callable[[Table, int], bool], part: str | None = None
) -> tuple[Table, int] | None:
    """A data row (table, index in its rows) that `accept` likes and that is not shifted, split or merged already."""
    taken = touched(plan)
    places = [
        (table, index)
        for table in plan.tables(part)
        for index, row in enumerate(table.rows)
        if row.kind == "data"
        and len(row.records) == 1
        and not row.joined
        and not row.loose
        and id(row.records[0]) not in taken
        and accept(table, index)
    ]
    return random.choice(places) if places else None


def mutate(plan: Plan, kinds: list[str], random: Random) -> Plan:
    """A copy of the plan with these kinds of damage, one after the other; kinds that find no place are left out."""
    damaged = plan.clone()
    for kind in kinds:
        damage = MUTATIONS[kind](damaged, random)
        if damage:
            damaged.damages.append(damage)
    return damaged


def previous_data(table: Table, index: int) -> Row | None:
    return next((row for row in reversed(table.rows[:index]) if row.kind == "data"), None)


from . import mutate_rows, mutate_text  # noqa: E402, F401  (they fill MUTATIONS)
