"""Tables that do not stand as one grid: cells on lines of their own, two halves side by side, columns of ticks."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from .cell_types import fit, read_row_number
from .characters import bare, squeeze
from .grid import Block, Cell, Paragraph, Row
from .headers import (
    WORDS,
    Role,
    glued_headings,
    heading_word,
    is_heading_row,
    known_heading,
    period_end,
    role_score,
)
from .paragraph_marks import heading_level, is_page_number
from .plan import Plan
from .tables import RawTable, expanded

_ENDS = re.compile(r"^\s*(?:附\s*[件表录]|抄\s*[送报]|[（(]\s*此件|注\s*[:：]|备注\s*[:：])")
_TICK = re.compile(r"^(?:[√✓✔●■◆▲★☑☒○〇Vv是]|☆)+$")
_LINES_A_ROW = 14  # a row of more lines is no row of such a table
_ROW_WORDS = 60


# -- text whose cells are lines, or words parted by one blank


@dataclass(frozen=True, slots=True)
class HeadingRun:
    """Heading words found outside any grid: blocks `start` to `end`, one line in the file."""

    start: int
    end: int
    words: tuple[str, ...]
    line: int
    mark: str = ""  # what parts the words of one line: a blank, a comma; empty where each word has a line


def heading_runs(blocks: list[Block]) -> list[HeadingRun]:
    """Where three or more heading words stand on one line, or on lines of one word each."""
    runs: list[HeadingRun] = []
    at = 0
    while at < len(blocks):
        block = blocks[at]
        if not isinstance(block, Paragraph):
            at += 1
            continue
        words, mark = _parted(block)
        if words:
            runs.append(HeadingRun(at, at + 1, tuple(words), block.line, mark))
            at += 1
            continue
        end = at
        while end < len(blocks) and isinstance(blocks[end], Paragraph) and _is_word_line(blocks[end]):
            end += 1
        if end - at >= 3:
            texts = tuple(squeeze(b.text) for b in blocks[at:end] if isinstance(b, Paragraph))
            if len(set(texts)) == len(texts) and _of_columns(texts):
                runs.append(HeadingRun(at, end, texts, block.line))
        at = max(end, at + 1)
    return runs


def _parted(block: Paragraph) -> tuple[list[str], str]:
    """The heading words of a line and the mark that parts them; no words where it is no heading."""
    text = block.text.strip()
    if len(text) <= _ROW_WORDS:
        for mark in (" ", ",", "，", "/", ";", "；", "、"):
            words = text.split() if mark == " " else [w.strip() for w in text.split(mark)]
            if (
                len(words) >= 3
                and all(w and len(w) <= 12 for w in words)
                and is_heading_row(words)
                and _of_columns(words)
            ):
                return words, mark
    return [], ""


def _of_columns(words: Iterable[str]) -> bool:
    """True when one of the words heads nothing but columns: 序号, 责任单位, 完成时限, 目标值."""
    known = [known_heading(w) or "" for w in words]
    roles: tuple[Role, ...] = ("number", "responsible", "lead", "deadline", "unit", "frequency")
    return any(role_score("indicators", role, word) for word in known for role in roles) or "目标值" in known


def _is_word_line(block: Block) -> bool:
    text = squeeze(block.text) if isinstance(block, Paragraph) else ""
    return (
        bool(text)
        and len(text) <= 12
        and not heading_level(text)
        and known_heading(text) is not None
        and text[-1] not in "。；："
    )


def as_rows(blocks: list[Block]) -> list[Block]:
    """The blocks with rows made of such text; what does not fall apart into columns stays as it is."""
    result: list[Block] = []
    done = 0
    runs = heading_runs(blocks)
    refused: set[tuple[str, ...]] = set()  # each heading is tried once, so that the time stays linear
    for index, run in enumerate(runs):
        if run.start < done or run.words in refused:
            continue
        if run.end - run.start == 1 and not any(
            isinstance(b, Paragraph) for b in blocks[run.end : run.end + 2]
        ):
            continue
        made, end = _rows_below(blocks, run, runs[index + 1 : index + 200])
        if len(made) < 2:
            refused.add(run.words)
            continue
        result += blocks[done : run.start]
        result.append(
            Row(
                [Cell(w, run.line, i, blocks[run.start].page) for i, w in enumerate(run.words, 1)],
                run.line,
                blocks[run.start].page,
            )
        )
        result += made
        done = end
    return result + blocks[done:] if done else blocks


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    line: int
    page: int | None


def _rows_below(blocks: list[Block], run: HeadingRun, later: list[HeadingRun]) -> tuple[list[Row], int]:
    """The rows under a heading and the block after them; none where the text does not fall apart into columns."""
    roles = _likely_roles(list(run.words))
    if len([r for r in roles if r]) < 3:
        return [], run.end
    by_line = not run.mark
    repeated = {i for other in later if other.words == run.words for i in range(other.start, other.end)}
    stop = next((other.start for other in later if other.words != run.words), len(blocks))
    below = [b for i, b in enumerate(blocks[run.end : stop], run.end) if i not in repeated]
    pieces, starts = _pieces(below, run.mark)
    if "number" in roles:
        groups = _numbered_groups(pieces, starts, len(roles))
    else:
        groups = _even_groups(pieces, starts, len(roles), by_line)
    at = run.end
    rows: list[Row] = []
    for i, group in enumerate(groups):
        last = i + 1 == len(groups)
        row = _row_of(group, roles, run.mark, last)
        if row is None:
            return [], run.end
        rows.append(row[0])
        if last:
            at = next((k for k in range(run.end, len(blocks)) if blocks[k].line > row[1]), len(blocks))
    return rows, at


def _pieces(blocks: list[Block], mark: str) -> tuple[list[_Piece], list[bool]]:
    """What may be cells, in reading order to the end of the table, and which of them stand first on a line."""
    pieces: list[_Piece] = []
    starts: list[bool] = []
    for block in blocks:
        text = block.text if isinstance(block, Paragraph) else " ".join(block.texts)
        if _ENDS.match(text) or (
            isinstance(block, Row) and (not mark or block.ruled or is_heading_row(block.texts))
        ):
            break
        if is_page_number(text) and not text.strip().isdigit():
            continue
        own = text.split() if mark == " " else text.split(mark) if mark else [text]
        pieces += [_Piece(p, block.line, block.page) for p in own]
        starts += [i == 0 for i in range(len(own))]
    return pieces, starts


def _numbered_groups(pieces: list[_Piece], starts: list[bool], columns: int) -> list[list[_Piece]]:
    """The pieces of each row; a row opens with the next number, unless that number comes again within a row's length."""
    groups: list[list[_Piece]] = []
    expected = 1
    for i, (piece, first) in enumerate(zip(pieces, starts, strict=True)):
        if first and _is_number(piece, expected):
            near = pieces[i + 1 : i + columns]
            if not groups or len(groups[-1]) >= columns or not any(_is_number(p, expected) for p in near):
                groups.append([])
                expected += 1
        if groups:
            groups[-1].append(piece)
    return groups


def _even_groups(pieces: list[_Piece], starts: list[bool], columns: int, by_line: bool) -> list[list[_Piece]]:
    """The pieces of each row where no column counts: as many lines a row as columns, or one line a row."""
    if by_line:
        return [pieces[i : i + columns] for i in range(0, len(pieces) - columns + 1, columns)]
    groups: list[list[_Piece]] = []
    for piece, first in zip(pieces, starts, strict=True):
        if first or not groups:
            groups.append([])
        groups[-1].append(piece)
    return [g for g in groups if len(g) >= columns - 1]


def _is_number(piece: _Piece, number: int) -> bool:
    read = read_row_number(piece.text)
    return read is not None and read[0] == number


def _likely_roles(words: list[str]) -> list[Role | None]:
    """The role each heading word most likely has, as a task or indicator table has them."""
    best: tuple[float, list[Role | None]] = (-1.0, [])
    for kind in WORDS:
        total, roles = 0.0, list[Role | None]()
        for word in words:
            known = known_heading(word) or heading_word(word)
            scored = [(role_score(kind, role, known), role) for role in WORDS[kind] if role not in roles]
            score, role = max(scored, key=lambda s: s[0])
            total += score
            roles.append(role if score > 0 else None)
        if total > best[0]:
            best = (total, roles)
    return best[1]


def _row_of(pieces: list[_Piece], roles: list[Role | None], glue: str, last: bool) -> tuple[Row, int] | None:
    """Pieces in reading order dealt out to the columns; (row, line of the last piece used)."""
    limit = _LINES_A_ROW if not glue else max(_LINES_A_ROW, 2 * len(roles))
    if len(pieces) > limit and not last:
        return None
    pieces = pieces[:limit]
    count = len(pieces)
    best: list[list[tuple[float, int]]] = [[(-1e9, 0)] * (count + 1) for _ in range(len(roles) + 1)]
    best[0][0] = (0.0, 0)
    for column, role in enumerate(roles):
        for start in range(count + 1):
            before = best[column][start][0]
            if before < -1e8:
                continue
            for end in range(start, count + 1):
                score = before + _suits(role, glue.join(p.text for p in pieces[start:end]), end - start)
                if score > best[column + 1][end][0]:
                    best[column + 1][end] = (score, start)
    final = best[len(roles)]
    end = max(range(count + 1), key=lambda i: (final[i][0], i)) if last else count
    if final[end][0] < 0.5 * len(roles):
        return None
    bounds, at = [end], end
    for column in range(len(roles), 0, -1):
        at = best[column][at][1]
        bounds.append(at)
    bounds.reverse()
    cells = []
    for i in range(len(roles)):
        own = pieces[bounds[i] : bounds[i + 1]]
        place = own[0] if own else pieces[0]
        cells.append(Cell(glue.join(p.text for p in own), place.line, i + 1, place.page))
    return Row(cells, pieces[0].line, pieces[0].page), pieces[end - 1].line if end else pieces[0].line


def _suits(role: Role | None, text: str, pieces: int) -> float:
    if role is None:
        return 0.0 if not text else -0.1
    return max(-2.0, fit(role, text)) - (0.05 * (pieces - 1) if pieces > 1 else 0.0)


# -- tables side by side, and columns of ticks


def arranged(raw: RawTable) -> RawTable:
    """The table as one plain grid: halves one below the other, ticks as a deadline."""
    for step in (_halves, _ticks):
        raw = step(raw)
    return raw


def _halves(raw: RawTable) -> RawTable:
    if raw.heading is None:
        return raw
    heading = expanded(raw.heading)
    words = [known_heading(t) or heading_word(t) for t in heading.texts]
    period = next(
        (
            p
            for p in (len(words) // n for n in (2, 3, 4) if len(words) % n == 0)
            if p >= 2
            and len({w for w in words[:p] if w}) >= 2
            and all(words[i] == words[i % p] for i in range(len(words)))
        ),
        0,
    )
    if not period or any(not w for w in words[:period]):
        return raw
    rows: list[Row] = []
    for start in range(0, len(words), period):
        for row in raw.rows:
            own = expanded(row).cells[start : start + period]
            if any(bare(c.text) for c in own):
                rows.append(replace(row, cells=own))
    return replace(raw, heading=replace(heading, cells=heading.cells[:period]), rows=rows)


def _ticks(raw: RawTable) -> RawTable:
    if raw.heading is None:
        return raw
    heading = expanded(raw.heading)
    periods = [i for i, t in enumerate(heading.texts) if period_end(t)]
    if len(periods) < 2 or periods != list(range(periods[0], periods[-1] + 1)):
        return raw
    first, end = periods[0], periods[-1] + 1
    rows = [expanded(r) for r in raw.rows]
    marks = [c.text.strip() for r in rows for c in r.cells[first:end] if c.text.strip()]
    if not marks or sum(bool(_TICK.match(m)) for m in marks) < 0.8 * len(marks):
        return raw

    def deadline(row: Row) -> Row:
        if len(row.cells) < end:
            return row
        ticked = [i for i in range(first, end) if _TICK.match(row.cells[i].text.strip())]
        other = next(
            (c.text for c in row.cells[first:end] if c.text.strip() and not _TICK.match(c.text.strip())), ""
        )
        cell = row.cells[ticked[-1] if ticked else first]
        text = squeeze(heading.texts[ticked[-1]]) if ticked else other
        return replace(row, cells=[*row.cells[:first], replace(cell, text=text, span=1), *row.cells[end:]])

    top = replace(heading.cells[first], text="完成时限", span=1)
    return replace(
        raw,
        heading=replace(heading, cells=[*heading.cells[:first], top, *heading.cells[end:]]),
        rows=[deadline(r) for r in rows],
    )


# -- what was seen and not read


def unread_headings(
    blocks: list[Block], plan: Plan, headings: list[str], rows: Iterable[int] = ()
) -> Iterator[tuple[int, str]]:
    """(line, words) of heading words and of lines like rows from which nothing of the plan was read.

    `headings`: the cells of the headings read; `rows`: the lines of the tables read.
    """
    seen = [
        (run.line, " ".join(run.words)) for run in heading_runs(blocks) if not _is_half(run.words, headings)
    ]
    seen += [
        (b.line, " ".join(t for t in b.texts if t.strip()))
        for b in blocks
        if isinstance(b, Row)
        and is_heading_row(b.texts)
        and sum(1 for t in b.texts if known_heading(t)) >= 3
        and not _is_half(tuple(t for t in b.texts if t.strip()), headings)
    ]
    # A table that a converter ran together into one paragraph.
    glued = [
        (b.line, glued_headings(b.text)) for b in blocks if isinstance(b, Paragraph) and len(b.text) > 60
    ]
    seen += [(line, " ".join(words)) for line, words in glued if len(words) >= 3]
    read = sorted(
        {
            *rows,
            *(item.source.line for items in (plan.indicators, plan.tasks, plan.actions) for item in items),
        }
    )
    seen.sort()
    for i, (line, words) in enumerate(seen):
        after = bisect_right(read, line)
        if after == len(read) or read[after] >= (seen[i + 1][0] if i + 1 < len(seen) else float("inf")):
            yield line, words
    for first, last, words in _row_like_runs(blocks):
        at = bisect_left(read, first)
        if at == len(read) or read[at] > last:
            yield first, words


def _row_like_runs(blocks: list[Block]) -> list[tuple[int, int, str]]:
    """First and last line of three paragraphs that look like rows: a number, then units or a deadline apart by blanks."""
    runs: list[tuple[int, int, str]] = []
    near: list[tuple[int, Paragraph]] = []
    for at, block in enumerate(blocks):
        if not isinstance(block, Paragraph) or not _row_like(block.text):
            continue
        near = [*near, (at, block)] if near and at - near[-1][0] <= 8 else [(at, block)]
        if len(near) == 3:
            runs.append((near[0][1].line, block.line, squeeze(near[0][1].text)))
    return runs


def _row_like(text: str) -> bool:
    pieces = text.split() if len(text) <= 400 else []
    if not 3 <= len(pieces) <= 12 or read_row_number(pieces[0]) is None:
        return False
    return any(fit("deadline", p) >= 1.6 for p in pieces[2:]) or any(
        fit("responsible", p) >= 1.8 for p in pieces[2:]
    )


def _is_half(words: tuple[str, ...], headings: list[str]) -> bool:
    """True for one of the lines over which a heading that was read is broken."""
    plain = [bare(word) for word in words]
    return all(any(w in h for h in headings) for w in plain) and any(w not in headings for w in plain)
