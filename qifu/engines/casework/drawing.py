"""A case type as a flow chart: SVG made here from the definition, with words for those who cannot see it. Pure.

No style sheet is needed, so the picture is the same on a page with a strict security policy, printed, and in a file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from xml.sax.saxutils import escape, quoteattr

from qifu.engines.casework.case_type import CaseType, Effect, Transition
from qifu.engines.casework.drawing_layout import BOX, Box, Chart, Line, Row, chart, places

INK, SOFT, LINE, GROUND = "#1f2937", "#4b5563", "#7b8798", "#ffffff"
BRAND, BRAND_SOFT, GOOD, GOOD_SOFT, WARN = "#1d4ed8", "#e8effd", "#166534", "#e5f5ea", "#8a3b0a"
FONT = "PingFang SC, Microsoft YaHei, Noto Sans CJK SC, Noto Sans SC, sans-serif"
HEAD, ROW, SMALL, EDGE = 40, 26, 18, 12
"""Heights of a box's head, of an act, of a line of small text, and the distance of text from the edge."""


Taken = Collection[tuple[str, str]]
"""The acts that a case went through: the state before each, and its name."""


def draw(definition: CaseType, *, present: str = "", taken: Taken = ()) -> str:
    """Return the flow chart as SVG, `present` the state where a case stands, `taken` what brought it there (`way_of`)."""
    at = places(definition)
    boxes = {name: _box(definition, name, *at[name]) for name in definition.states}
    made = chart(definition, boxes)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{made.width}" height="{made.height}" '
        f'viewBox="0 0 {made.width} {made.height}" role="img" aria-labelledby="flow-title flow-desc" font-family={quoteattr(FONT)}>',
        f'<title id="flow-title">{escape(definition.title)}流程图</title>',
        f'<desc id="flow-desc">{escape(described(definition, present))}</desc>',
        _arrows(),
        f'<rect width="{made.width}" height="{made.height}" fill="{GROUND}"/>',
        _legend(bool(taken)),
    ]
    parts += _lines(made, taken)
    parts += [
        _drawn(definition, box, made.corners[box.state], box.state == present, taken) for box in made.boxes
    ]
    return "\n".join([*parts, "</svg>"])


def way_of(definition: CaseType, events: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return what a case went through, by the kind of each of its events and the state after it, in their order."""
    taken, before = set(), definition.initial.name
    for kind, state in events:
        if kind in definition.transitions and state != before:
            taken.add((before, kind))
        before = state
    return taken


def described(definition: CaseType, present: str = "") -> str:
    """Return the whole chart in sentences."""
    said = [f"共 {len(definition.states)} 个环节。"]
    if present:
        said.append(f"目前在“{definition.states[present].title}”。")
    for state in definition.states.values():
        acts = [
            f"{roles(definition, one)}{one.title}，到“{definition.states[one.to].title}”"
            for one in definition.leaving(state.name)
            if one.to not in (None, state.name) and one.to is not None
        ]
        end = "（终结）" if state.final else "（起点）" if state.initial else ""
        said.append(f"“{state.title}”{end}：{'；'.join(acts) or '不再变化'}。")
    return "".join(said)


def roles(definition: CaseType, one: Transition) -> str:
    """Return who does an act, as a person reads it; where nearly everyone may, 各方."""
    if len(one.roles) > 3:
        return "各方"
    return "、".join(definition.roles.get(role, role) for role in one.roles)


def wrapped(text: str, width: int, size: int) -> list[str]:
    """Return a text in lines of at most `width` pixels at a type size; a Chinese character is as wide as the size."""
    lines, line, used = [], "", 0
    for sign in text:
        wide = size if ord(sign) > 0x2E7F or sign in "“”—→" else (size * 3 + 4) // 5
        if used + wide > width and line:
            keep = line[-1] if line[-1] in "（“" else ""  # never left at the end of a line
            lines.append(line.removesuffix(keep))
            line, used = keep, size * len(keep)
        line, used = line + sign, used + wide
    return [*lines, line] if line else lines


def _box(definition: CaseType, name: str, column: int, row: int) -> Box:
    """Measure the box of a state: acts that lead on as rows, those that stay as a list below."""
    y, rows, stay = HEAD, [], []
    state = definition.states[name]
    for one in definition.leaving(name):
        if one.to in (None, name):
            stay.append(f"{one.title}（{roles(definition, one)}）")
            continue
        small = tuple(wrapped(_clocks(definition, one), BOX - 2 * EDGE - 10, 12))
        height = ROW + SMALL * len(small)
        rows.append(Row(one, small, y + ROW // 2, height))
        y += height
    if state.starts:
        stay.insert(0, f"收到即起算：{_titles(definition, state.starts)}")
    staying = tuple(line for text in _grouped(stay) for line in wrapped(text, BOX - 2 * EDGE, 12))
    below = y + (6 if staying and rows else 0)
    height = below + SMALL * len(staying) + (8 if rows or staying else 0)
    return Box(name, column, row, tuple(rows), staying, below, height)


def _grouped(stay: list[str]) -> list[str]:
    own = [one for one in stay if one.startswith("收到即起算")]
    acts = [one for one in stay if one not in own]
    return [*own, f"还可以：{'、'.join(acts)}"] if acts else own


def _titles(definition: CaseType, names: Iterable[str]) -> str:
    return "、".join(
        f"{definition.clocks[name].title}{definition.clocks[name].limit.words()}" if not definition.clocks[name].by
        else f"{definition.clocks[name].title}（分情形）"
        for name in names
    )  # fmt: skip


def _clocks(definition: CaseType, one: Transition) -> str:
    """Return what an act does to clocks."""
    names = {key: "、".join(definition.clocks[name].title for name in getattr(one, key)) for key in ("stops", "pauses", "resumes")}  # fmt: skip
    said = [f"起算 {_titles(definition, one.starts)}"] if one.starts else []
    said += [f"{word} {names[key]}" for key, word in (("stops", "停止"), ("pauses", "暂停"), ("resumes", "恢复")) if names[key]]  # fmt: skip
    return "" if one.effect is Effect.CLOSE else "；".join(said)


def _arrows() -> str:
    return "<defs>" + "".join(
        f'<marker id="flow-{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="10" markerHeight="10" markerUnits="userSpaceOnUse" orient="auto">'
        f'<path d="M0,0 L8,4 L0,8 z" fill="{colour}"/></marker>'
        for name, colour in (("on", LINE), ("back", WARN), ("end", GOOD), ("taken", BRAND))
    ) + "</defs>"  # fmt: skip


def _legend(with_taken: bool) -> str:
    signs = [("on", LINE, "往下办"), ("back", WARN, "退回、撤回或重办"), ("end", GOOD, "办结，全部时限停止")]
    signs += [("taken", BRAND, "这一件走过的路")] if with_taken else []
    parts, x = [], 16
    for name, colour, words in signs:
        dash = ' stroke-dasharray="5 4"' if name == "back" else ""
        parts.append(f'<path d="M{x},18 H{x + 34}" fill="none" stroke="{colour}" stroke-width="{3 if name == "taken" else 1.5}"{dash} marker-end="url(#flow-{name})"/>')  # fmt: skip
        parts.append(_text(x + 44, 22, words, 12, SOFT))
        x += 68 + 12 * len(words)
    return "".join(parts)


def _kind(line: Line, taken: Taken) -> tuple[str, str]:
    if (line.source, line.transition.name) in taken:
        return "taken", BRAND
    if line.transition.effect is Effect.CLOSE:
        return "end", GOOD
    return ("back", WARN) if line.back else ("on", LINE)


def _lines(made: Chart, taken: Taken) -> list[str]:
    """Draw the lines, those taken last; rounded where they turn."""
    drawn = []
    for line in sorted(made.lines, key=lambda line: (line.source, line.transition.name) in taken):
        name, colour = _kind(line, taken)
        dash = ' stroke-dasharray="5 4"' if name == "back" else ""
        width = 3 if name == "taken" else 1.5
        drawn.append(
            f'<path d="{_path(line.points)}" fill="none" stroke="{colour}" stroke-width="{width}"{dash} marker-end="url(#flow-{name})"/>'
        )
    return drawn


def _path(points: tuple[tuple[int, int], ...]) -> str:
    said = [f"M{points[0][0]},{points[0][1]}"]
    for before, here, then in zip(points, points[1:], points[2:], strict=False):
        ax, ay = _towards(here, before)
        bx, by = _towards(here, then)
        said.append(f"L{ax},{ay} Q{here[0]},{here[1]} {bx},{by}")
    return " ".join([*said, f"L{points[-1][0]},{points[-1][1]}"])


def _towards(here: tuple[int, int], there: tuple[int, int]) -> tuple[int, int]:
    """Return the point at most 5 pixels from `here` on the way to `there`, which lies straight across or along."""
    dx, dy = there[0] - here[0], there[1] - here[1]
    return here[0] + max(-5, min(5, dx // 2)), here[1] + max(-5, min(5, dy // 2))


def _drawn(definition: CaseType, box: Box, corner: tuple[int, int], present: bool, taken: Taken) -> str:
    x, y = corner
    state = definition.states[box.state]
    stroke, fill = (
        (GOOD, GOOD_SOFT) if state.final else (BRAND, BRAND_SOFT) if state.initial else (LINE, "#f4f7fb")
    )
    width = 1.25
    if present:
        stroke, width = BRAND, 3
    tag = "目前在这里" if present else "终结" if state.final else "起点" if state.initial else ""
    parts = [
        f'<rect x="{x}" y="{y}" width="{BOX}" height="{box.height}" rx="8" fill="{GROUND if box.height > HEAD else fill}" stroke="{stroke}" stroke-width="{width}"/>',
        _head(x, y, fill) if box.height > HEAD else "",
        _text(x + EDGE, y + 26, state.title, 16, INK, weight=600),
    ]
    if tag:
        parts.append(
            _text(x + BOX - EDGE, y + 25, tag, 12, stroke if present or state.final else BRAND, end=True)
        )
    for row in box.rows:
        one = row.transition
        colour = BRAND if (box.state, one.name) in taken else INK
        to = definition.states[str(one.to)].title
        parts.append(_text(x + EDGE, y + row.y + 5, f"{one.title} → {to}", 13, colour, weight=600 if colour == BRAND else 400))  # fmt: skip
        parts.append(_text(x + BOX - EDGE, y + row.y + 5, roles(definition, one), 12, SOFT, end=True))
        for at, line in enumerate(row.clocks):
            parts.append(_text(x + EDGE + 10, y + row.y + 22 + SMALL * at, line, 12, SOFT))
    for at, line in enumerate(box.staying):
        parts.append(_text(x + EDGE, y + box.staying_y + 13 + SMALL * at, line, 12, SOFT))
    return f"<g>{''.join(parts)}</g>"


def _head(x: int, y: int, fill: str) -> str:
    left, right = x + 1, x + BOX - 1
    return (
        f'<path d="M{left},{y + HEAD} V{y + 8} Q{left},{y + 1} {left + 7},{y + 1} H{right - 7} '
        f'Q{right},{y + 1} {right},{y + 8} V{y + HEAD} z" fill="{fill}"/>'
    )


def _text(x: int, y: int, text: str, size: int, colour: str, *, weight: int = 400, end: bool = False) -> str:
    bold = f' font-weight="{weight}"' if weight != 400 else ""
    anchor = ' text-anchor="end"' if end else ""
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="{colour}"{bold}{anchor}>{escape(text)}</text>'
