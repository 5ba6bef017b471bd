"""Which group each row stands under: filled down, and put right where a page break moved a group's name."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from .characters import bigrams, distance, key, likeness, look_alike
from .data_row import DataRow
from .headers import Role
from .irregularities import Findings
from .plan import Part
from .text_repair import without_marks

_SECTION_MARK = re.compile(
    r"^(?:[（(]?[一二三四五六七八九十]+[)）、.．]\s*|第[一二三四五六七八九十]+(?:部分|类|章)\s*|\d{1,2}[.．、]\s*)"
)
_COUNT = re.compile(r"[（(]\s*(?:共)?\d+\s*[项个条]\s*[)）]$")
_WINDOW = 4  # rows on either side of a page break that may change group


@dataclass(frozen=True, slots=True)
class Topic:
    """A heading of the body with its text; tells what a group is about."""

    title: str
    text: str


def group_name(text: str) -> str:
    """A group's name without blanks, its own numbering and counts like （5项）."""
    name = without_marks(re.sub(r"\s+", "", text))
    name = _SECTION_MARK.sub("", name)
    return _COUNT.sub("", name)


def assign_groups(
    rows: list[DataRow],
    role: Role,
    part: Part,
    findings: Findings,
    topics: list[Topic],
    before: str | None = None,
) -> list[str | None]:
    """The group of every row, in order; `before` is the last group of the table that this one continues."""
    printed = [group_name(row.text(role)) or None for row in rows]
    sections = [group_name(row.section) if row.section else None for row in rows]
    if not any(printed):
        groups = sections if any(sections) else [before] * len(rows)
        for row in rows if any(sections) else []:
            if not row.section:
                findings.add(
                    "group_missing",
                    part,
                    "该行上方没有读出类别标题，其下各行却有，请核对所属类别。",
                    number=row.number,
                    field=role,
                    line=row.line,
                )
        _tell_jumps(
            groups,
            [i > 0 and s != sections[i - 1] for i, s in enumerate(sections)],
            rows,
            part,
            findings,
            role,
        )
        return groups
    _mend_names(printed, rows, role, part, findings, topics)
    if _labels_below(printed, rows, role, before):
        return _around_labels(printed, rows, part, findings, role)
    groups = _filled(printed, rows, part, findings, role, before)
    _mend_outliers(groups, printed, rows, part, findings, role)
    _mend_page_breaks(groups, printed, rows, part, findings, role, topics)
    _tell_jumps(
        groups,
        [name is not None or role in row.merged for name, row in zip(printed, rows, strict=True)],
        rows,
        part,
        findings,
        role,
    )
    return groups


def _tell_jumps(
    groups: list[str | None], own: list[bool], rows: list[DataRow], part: Part, findings: Findings, role: Role
) -> None:
    """After a gap or a step back in the numbering a group that is only carried over may be the wrong one; `own[i]`: row i has its own."""
    doubtful = False
    for i, row in enumerate(rows):
        above = rows[i - 1].number if i else None
        if own[i]:
            doubtful = False
        elif above is not None and row.number not in (above, above + 1):
            doubtful = True
        if doubtful and groups[i]:
            findings.add(
                "group_doubtful",
                part,
                f"序号在此前不连续，该行未写类别，暂随上文归入“{groups[i]}”，请核对。",
                number=row.number,
                field=role,
                line=row.line,
            )


def _labels_below(printed: list[str | None], rows: list[DataRow], role: Role, before: str | None) -> bool:
    """True where labels stand in the middle of the rows they cover: the first row has none, and nothing goes on from above."""
    return (
        not printed[0]
        and before is None
        and sum(1 for name in printed if name) >= 2
        and not any(role in row.merged for row in rows)
    )


def _around_labels(
    printed: list[str | None], rows: list[DataRow], part: Part, findings: Findings, role: Role
) -> list[str | None]:
    """Each label covers as many rows above it as below it; every row without a label of its own is told."""
    at = [i for i, name in enumerate(printed) if name]
    ends = _centred_ends(at, len(rows)) or [*((a + b) // 2 + 1 for a, b in pairwise(at)), len(rows)]
    groups: list[str | None] = []
    for label, end in zip(at, ends, strict=True):
        groups += [printed[label]] * (end - len(groups))
    for name, group, row in zip(printed, groups, rows, strict=True):
        if not name:
            findings.add(
                "group_doubtful",
                part,
                f"类别名印在所辖各行的中间，该行按上下居中归入“{group}”，请核对。",
                number=row.number,
                field=role,
                line=row.line,
                proposal=group,
            )
    return groups


def _centred_ends(labels: list[int], count: int) -> list[int] | None:
    """Where each label's rows end when every label stands in the middle of its rows, half a row off at most; None where that cannot be."""
    reached: list[dict[int, int]] = [{0: 0}]  # for each label: end of its rows -> end of the rows above
    for k, label in enumerate(labels):
        latest = labels[k + 1] if k + 1 < len(labels) else count
        found: dict[int, int] = {}
        for begin in reached[-1]:
            for end in (2 * label - begin + 1, 2 * label - begin, 2 * label - begin + 2):
                if label < end <= latest:
                    found.setdefault(end, begin)
        if not found:
            return None
        reached.append(found)
    if count not in reached[-1]:
        return None
    ends = [count]
    for found in reversed(reached[2:]):
        ends.append(found[ends[-1]])
    return ends[::-1]


def _mend_names(
    printed: list[str | None],
    rows: list[DataRow],
    role: Role,
    part: Part,
    findings: Findings,
    topics: list[Topic],
) -> None:
    counts: dict[str, int] = {}
    for name in printed:
        if name:
            counts[name] = counts.get(name, 0) + 1
    for i, name in enumerate(printed):
        if not name or len(name) < 3:
            continue
        better = _better_name(name, counts, topics)
        if better and better != name:
            text = f"“{name}”与“{better}”只差一字，按后者读取。"
            findings.add(
                "text_repaired",
                part,
                text,
                number=rows[i].number,
                field=role,
                line=rows[i].line,
                proposal=better,
            )
            printed[i] = better
            for j in range(i + 1, len(rows)):
                if printed[j]:
                    break
                findings.add(
                    "text_repaired",
                    part,
                    text,
                    number=rows[j].number,
                    field=role,
                    line=rows[j].line,
                    proposal=better,
                )


def _better_name(name: str, counts: dict[str, int], topics: list[Topic]) -> str | None:
    titles = {group_name(t.title) for t in topics}
    if name in titles or any(key(name) == key(t) for t in titles):
        return None
    for other, count in counts.items():
        if (
            other != name
            and count > counts[name]
            and (look_alike(name, other) or (len(name) > 4 and distance(name, other, 1) == 1))
        ):
            return other
    for title in titles:
        if len(title) >= 5 and (
            look_alike(name, title) or (distance(key(name), key(title), 1) == 1 and len(key(name)) > 5)
        ):
            return title
    return None


def _filled(
    printed: list[str | None],
    rows: list[DataRow],
    part: Part,
    findings: Findings,
    role: Role,
    before: str | None,
) -> list[str | None]:
    groups: list[str | None] = []
    current = before
    usual = Counter(row.cells[role].cell for row in rows if row.text(role) and role in row.cells).most_common(
        1
    )
    shifted: str | None = None  # a name that a repair put into the column, on its way down
    for name, row in zip(printed, rows, strict=True):
        current = name or current
        groups.append(current)
        if name:
            moved = role in row.cells and usual and row.cells[role].cell != usual[0][0]
            shifted = (
                name
                if moved and any(code in ("row_shifted", "cells_separated") for code, _, _ in row.repairs)
                else None
            )
        elif shifted:
            findings.add(
                "group_doubtful",
                part,
                f"“{shifted}”由错位的单元格归位得来，其下各行的类别请核对。",
                field=role,
            )
    first = next((i for i, g in enumerate(groups) if g), 0)
    for i in range(first):
        groups[i] = groups[first]
        findings.add(
            "group_missing",
            part,
            f"该行没有写明所属类别，暂归入下方首个类别“{groups[first]}”。",
            number=rows[i].number,
            field=role,
            line=rows[i].line,
            proposal=groups[first],
        )
    return groups


def _runs(groups: list[str | None]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for i, name in enumerate(groups):
        if runs and groups[runs[-1][0]] == name:
            runs[-1] = (runs[-1][0], i + 1)
        else:
            runs.append((i, i + 1))
    return runs


def _mend_outliers(
    groups: list[str | None],
    printed: list[str | None],
    rows: list[DataRow],
    part: Part,
    findings: Findings,
    role: Role,
) -> None:
    """A B A: groups do not resume, so the rows between are under the wrong name when B stands elsewhere too."""
    runs = _runs(groups)
    names = [groups[a] for a, _ in runs]
    for k in range(1, len(runs) - 1):
        a, b = runs[k]
        if names[k - 1] != names[k + 1] or b - a > 2:
            continue
        elsewhere = names.count(names[k]) > 1
        for i in range(a, b):
            better = names[k - 1]
            text = f"该行写在“{groups[i]}”下，前后各行都属“{better}”，" + (
                "已归入后者。" if elsewhere else "请核对。"
            )
            findings.add(
                "group_moved" if elsewhere else "group_doubtful",
                part,
                text,
                number=rows[i].number,
                field=role,
                line=rows[i].line,
                proposal=better,
            )
            if elsewhere:
                groups[i] = better


def _mend_page_breaks(
    groups: list[str | None],
    printed: list[str | None],
    rows: list[DataRow],
    part: Part,
    findings: Findings,
    role: Role,
    topics: list[Topic],
) -> None:
    """Where a merged group cell crosses a page break its name may land on the wrong side; the rows' own words decide."""
    suits = _Suitability(groups, rows, topics)
    for at in range(1, len(rows)):
        if not printed[at] or groups[at] == groups[at - 1] or all(printed[max(0, at - 2) : at + 2]):
            continue
        if not rows[at].page_start and role != "group":
            continue
        least = 0.12 if rows[at].page_start else 0.15
        upper, lower = groups[at - 1], groups[at]
        low = max(
            (i + 1 for i in range(at) if groups[i] != upper or (rows[i].page_start and i < at)), default=1
        )
        low = max(low, at - _WINDOW, 1)
        high = min(
            (i for i in range(at + 1, len(rows)) if groups[i] != lower or rows[i].page_start),
            default=len(rows),
        )
        high = min(high, at + _WINDOW)
        best = at
        best_gain = 0.0
        for cut in range(low, high + 1):
            if cut == at or (cut >= len(rows) and groups[-1] == lower):
                continue
            if not rows[at].page_start and abs(cut - at) > 2:
                continue
            moved = range(at, cut) if cut > at else range(cut, at)
            to, out = (upper, lower) if cut > at else (lower, upper)
            gains = [suits.gain(i, to, out, set(range(low, high))) for i in moved]
            gain = sum(gains)
            if (
                gains
                and gain > best_gain
                and gain / len(gains) > least
                and gains[0 if cut > at else -1] > least
            ):
                best, best_gain = cut, gain
        _move(groups, rows, at, best, part, findings, role)
        if best == at:
            _ask(groups, rows, at, suits, set(range(low, high)), part, findings, role)


def _ask(
    groups: list[str | None],
    rows: list[DataRow],
    at: int,
    suits: _Suitability,
    unsure: set[int],
    part: Part,
    findings: Findings,
    role: Role,
) -> None:
    """Rows beside a boundary that suit the other group a little better are named, not moved."""
    for row, other in ((at - 1, groups[at]), (at, groups[at - 1])):
        if suits.gain(row, other, groups[row], unsure) > 0.03:
            findings.add(
                "group_doubtful",
                part,
                f"该行在“{groups[row]}”与“{other}”的交界处，内容与后者更近，请核对。",
                number=rows[row].number,
                field=role,
                line=rows[row].line,
                proposal=other,
            )


def _move(
    groups: list[str | None],
    rows: list[DataRow],
    at: int,
    cut: int,
    part: Part,
    findings: Findings,
    role: Role,
) -> None:
    upper, lower = groups[at - 1], groups[at]
    if at < cut:
        moved, to = range(at, cut), upper
        text = f"分页使该行落在“{lower}”下，从内容看应属“{upper}”，已改归。"
    else:
        moved, to = range(cut, at), lower
        text = f"类别名“{lower}”因分页印在下一页，从内容看该行已属此类，已改归。"
    for i in moved:
        row = rows[i]
        findings.add("group_moved", part, text, number=row.number, field=role, line=row.line, proposal=to)
        groups[i] = to


class _Suitability:
    """How much better a row's words suit one group than another; rare words weigh more."""

    def __init__(self, groups: list[str | None], rows: list[DataRow], topics: list[Topic]) -> None:
        self.words = [bigrams(_content(row)) for row in rows]
        self.groups = groups
        texts = self.words + [bigrams(t.text) for t in topics]
        counts: dict[str, int] = {}
        for words in texts:
            for word in words:
                counts[word] = counts.get(word, 0) + 1
        self.weight = {w: math.log((len(texts) + 1) / c) for w, c in counts.items()}
        self.topics = {g: _topic_words(g, topics) for g in set(groups) if g}

    def gain(self, row: int, to: str | None, out: str | None, unsure: set[int]) -> float:
        total = sum(self.weight.get(w, 0.0) for w in self.words[row]) or 1.0
        return (self._suit(row, to, unsure) - self._suit(row, out, unsure)) / total * 4

    def _suit(self, row: int, group: str | None, unsure: set[int]) -> float:
        if group is None:
            return 0.0
        name = bigrams(group)
        members = set().union(
            *(self.words[i] for i, g in enumerate(self.groups) if g == group and i not in unsure and i != row)
        )
        score = 0.0
        for word in self.words[row]:
            strength = max(
                1.2 if word in name else 0.0,
                1.0 if word in self.topics.get(group, ()) else 0.0,
                0.45 if word in members else 0.0,
            )
            score += strength * self.weight.get(word, 0.0)
        return score


def _content(row: DataRow) -> str:
    return row.text("measure") or row.text("name") or row.text("tasks")


def _topic_words(group: str, topics: list[Topic]) -> set[str]:
    best = max(topics, key=lambda t: likeness(t.title, group), default=None)
    if best is None or likeness(best.title, group) < 0.6:
        return set()
    return bigrams(best.title + best.text)
