"""Puts the texts of a damaged row under the columns they fit: shifted, run together or cut."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .grid import Cell

Fit = Callable[[int, str], float]  # (column, text) -> suitability, see cell_types.fit

_TAB, _SOFT, _BLANK_CUT = 0, 1, 2
_MERGE_COST = 0.9  # joining two cells of the file into one
_SPLIT_COST = 0.7  # cutting one cell of the file in two
SOFT_CUTS = re.compile(
    r"(?<=[。；;！])(?=[^”’）)\s。；，、])|\s+(?![。；，、：）”])|(?<=[\u4e00-\u9fff）)。])(?=20\d\d\s*年)|(?<=\d月)(?=[^底末前份上中下\d\s日])|"
    r"(?<=底前)(?=.)|(?<=[\u4e00-\u9fff）)])(?=(?:长期坚持|持续推进))|(?<=^\d)(?=[\u4e00-\u9fff“])|(?<=^\d\d)(?=[\u4e00-\u9fff“])|(?<=^\d[.．、])(?=[\u4e00-\u9fff“])|(?<=^\d\d[.．、])(?=[\u4e00-\u9fff“])|"
    r"(?<=^[（(]\d[)）])(?=.)|(?<=^[（(]\d\d[)）])(?=.)|"
    r"(?<=[\u4e00-\u9fff）)])(?=[%\d])|(?<=[%\d])(?=[月季年半]度)|(?<=[\u4e00-\u9fff])(?=[月季年半]度$)|(?<=[率数量额度])(?=[项家件个部人列亿万][元次]?\d)"
)
_MOST_ATOMS = 48


@dataclass(slots=True)
class Alignment:
    """One text and one source cell for each column, and how well they fit."""

    texts: list[str]
    cells: list[Cell | None]
    score: float
    splits: list[int]  # columns whose text was cut out of a longer cell
    merges: list[int]  # columns made of several cells


@dataclass(slots=True)
class _Atom:
    text: str
    cell: Cell
    glue: str  # what stood before it
    cut: int  # how it was cut off from the atom before


def identity(cells: list[Cell], columns: int, fit: Fit) -> Alignment:
    """Cell for cell, as the file has them."""
    padded: list[Cell | None] = [*cells[:columns], *([None] * (columns - len(cells)))]
    texts = [cell.text if cell else "" for cell in padded]
    return Alignment(texts, padded, sum(fit(i, t) for i, t in enumerate(texts)), [], [])


def best_alignment(cells: list[Cell], columns: int, fit: Fit, *, cut: bool = True) -> Alignment:
    """The best way to lay the row's texts, in their order, under the columns."""
    atoms = _atoms(cells, cut)
    count = len(atoms)
    if count == 0:
        return identity(cells, columns, fit)
    low = float("-inf")
    score = [[low] * (count + 1) for _ in range(columns + 1)]
    back: list[list[int]] = [[0] * (count + 1) for _ in range(columns + 1)]
    score[0][0] = 0.0
    for column in range(columns):
        for start in range(count + 1):
            if score[column][start] == low:
                continue
            for end in range(start, count + 1):
                gain = _gain(atoms, start, end, column, fit)
                if gain is None:
                    break
                if score[column][start] + gain > score[column + 1][end]:
                    score[column + 1][end], back[column + 1][end] = score[column][start] + gain, start
    if score[columns][count] == low:
        return identity(cells, columns, fit)
    return _traced(atoms, back, columns, count, score[columns][count])


def _gain(atoms: list[_Atom], start: int, end: int, column: int, fit: Fit) -> float | None:
    if start == end:
        return fit(column, "")
    run = atoms[start:end]
    merges = sum(1 for a in run[1:] if a.cut == _TAB)
    if merges > 3 or len(run) > 40:
        return None
    cost = _MERGE_COST * merges
    if run[0].cut != _TAB:
        cost += _SPLIT_COST * (1.3 if run[0].cut == _SOFT else 1.0)
    return fit(column, _joined(run)) - cost


def _joined(run: list[_Atom]) -> str:
    return "".join((a.glue if i else "") + a.text for i, a in enumerate(run))


def _traced(atoms: list[_Atom], back: list[list[int]], columns: int, count: int, score: float) -> Alignment:
    texts, cells, splits, merges = [""] * columns, [None] * columns, [], []
    end = count
    placed: list[Cell | None] = list(cells)
    for column in range(columns, 0, -1):
        start = back[column][end]
        run = atoms[start:end]
        if run:
            texts[column - 1] = _joined(run)
            placed[column - 1] = run[0].cell
            if run[0].cut != _TAB or (end < count and atoms[end].cut != _TAB):
                splits.append(column - 1)
            if any(a.cut == _TAB for a in run[1:]):
                merges.append(column - 1)
        end = start
    return Alignment(texts, placed, score, sorted(splits), sorted(merges))


def _atoms(cells: list[Cell], cut: bool) -> list[_Atom]:
    atoms: list[_Atom] = []
    for cell in cells:
        if not cell.text.strip():
            continue
        pieces = _pieces(cell.text.strip()) if cut else [("", cell.text.strip())]
        for index, (glue, text) in enumerate(pieces):
            kind = _TAB if index == 0 else _BLANK_CUT if glue else _SOFT
            atoms.append(_Atom(text, cell, glue if index else "", kind))
    return _thinned(atoms)


def _pieces(text: str) -> list[tuple[str, str]]:
    pieces: list[tuple[str, str]] = []
    position, glue = 0, ""
    for match in SOFT_CUTS.finditer(text):
        if match.start() > position:
            pieces.append((glue, text[position : match.start()]))
            position, glue = match.end(), match.group()
    if position < len(text):
        pieces.append((glue, text[position:]))
    return pieces


def _thinned(atoms: list[_Atom]) -> list[_Atom]:
    """At most `_MOST_ATOMS`: the shortest neighbours inside one cell are put back together."""
    while len(atoms) > _MOST_ATOMS:
        joints = [i for i in range(1, len(atoms)) if atoms[i].cut != _TAB]
        if not joints:
            return atoms
        middle = [i for i in joints if 3 < i < len(atoms) - 6] or joints
        at = min(middle, key=lambda i: len(atoms[i - 1].text) + len(atoms[i].text))
        left, right = atoms[at - 1], atoms[at]
        atoms[at - 1 : at + 1] = [_Atom(left.text + right.glue + right.text, left.cell, left.glue, left.cut)]
    return atoms
