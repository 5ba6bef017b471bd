"""Damage inside cells and paragraphs: glyphs, blanks, brackets, tags, figures and dates."""

from __future__ import annotations

from random import Random

from .model import Damage, Plan, Table
from .mutate import choose_row, field_of, mutation

GLYPHS = {"0": "Oo〇", "1": "lI", "5": "S", "8": "B"}


@mutation
def noise_numbers(plan: Plan, random: Random) -> Damage | None:
    """A digit of a target was read as a letter of the same look (90 as 9O)."""
    return _in_cell(
        plan, random, "noise_numbers", ["target", "target_unit"], lambda text: _swap(text, random)
    )


def _swap(text: str, random: Random) -> str | None:
    spots = [
        i
        for i, char in enumerate(text)
        if char in GLYPHS and any(c.isdigit() for c in text[:i] + text[i + 1 :])
    ]
    if not spots or sum(c.isdigit() for c in text) < 2:
        return None
    spot = random.choice(spots)
    return text[:spot] + random.choice(GLYPHS[text[spot]]) + text[spot + 1 :]


@mutation
def noise_deadlines(plan: Plan, random: Random) -> Damage | None:
    """A glyph of a deadline was misread (2O24年6月, 6目)."""

    def change(text: str) -> str | None:
        options = [text.replace("月", glyph, 1) for glyph in ("目", "曰") if "月" in text]
        if "20" in text:
            options += [text.replace("20", "2O", 1), text.replace("20", "2o", 1)]
        if "年" in text:
            options.append(text.replace("年", "牛", 1))
        return random.choice(options) if options else None

    return _in_cell(plan, random, "noise_deadlines", ["deadline"], change)


def _in_cell(plan: Plan, random: Random, kind: str, roles: list[str], change: object) -> Damage | None:
    """Change one cell of one of the roles by `change`; nothing is lost."""
    assert callable(change)

    def fits(table: Table, i: int) -> bool:
        return any(
            r in table.columns
            and change(table.rows[i].cells[table.column(r)])
            not in (None, table.rows[i].cells[table.column(r)])
            for r in roles
        )

    found = choose_row(plan, random, fits)
    if not found:
        return None
    table, index = found
    row = table.rows[index]
    for role in random.sample(
        [r for r in roles if r in table.columns], len([r for r in roles if r in table.columns])
    ):
        old = row.cells[table.column(role)]
        new = change(old)
        if new not in (None, old):
            row.cells[table.column(role)] = new
            return Damage(kind, table.part, row.records, {field_of(table.part, role)}, note=f"{old} -> {new}")
    return None
