"""What kind a table is and what each of its columns holds, from headings and from what stands below them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise

from .cell_types import fit, read_row_number
from .characters import bare
from .grid import Row
from .headers import (
    WORDS,
    Kind,
    Role,
    heading_word,
    heading_year,
    is_part_of_year,
    known_heading,
    period_end,
    role_score,
)
from .tables import RawTable, TypedTable, expanded

_TITLE_HINTS: dict[Kind, str] = {
    "indicators": r"指标",
    "tasks": r"任务(?!.*行动)|举措|措施|分工",
    "actions": r"专项行动|攻坚行动|行动",
}
_NEEDED: dict[Kind, tuple[tuple[Role, ...], ...]] = {
    "indicators": (("name",), ("target",)),
    "tasks": (("measure",), ("responsible", "lead", "deadline")),
    "actions": (("name",), ("goal", "targets", "tasks"), ("lead", "responsible", "targets")),
}


def type_table(raw: RawTable, year: int | None = None) -> TypedTable | None:
    """The kind of the table and its columns' roles; None when it fits no known kind."""
    raw = with_unknown_heading(raw)
    rows = [expanded(r) for r in raw.rows if r.line not in raw.loose]
    words = _heading_words(raw, rows, year)
    if not words or is_roster(words, raw):
        return None
    samples = _samples(rows, len(words))
    best: tuple[float, TypedTable] | None = None
    for kind in WORDS:
        score, roles = _assign(kind, words, samples)
        if roles is None:
            continue
        if re.search(_TITLE_HINTS[kind], raw.title):
            score += 2.5
        roles = _settled(kind, words, roles, samples)
        if roles is not None:
            _take_units(kind, roles, raw, samples)
        if roles is None or not _credible(kind, words, roles, raw, samples):
            continue
        if best is None or score > best[0]:
            blanks = [i for i, w in enumerate(words) if not w and roles[i]]
            printed = expanded(raw.heading).texts if raw.heading else []
            printed = [bare(t) for t in printed[: len(words)]] + [""] * (len(words) - len(printed))
            named = [
                bool(
                    role
                    and (
                        role_score(kind, role, word) > 0 or (role in _UNIT_ROLES and _UNITS_WORD.search(text))
                    )
                )
                for word, role, text in zip(words, roles, printed, strict=True)
            ]
            best = (score, TypedTable(raw, kind, roles, blanks, printed, named))
    least = 3.0 if raw.heading else 5.0
    return best[1] if best and best[0] >= least else None


def _settled(
    kind: Kind, words: list[str], roles: list[Role | None], samples: list[list[str]]
) -> list[Role | None] | None:
    """The roles after looking at columns together: sentences are no group, and actions have names."""
    if kind == "actions":
        names = [s[roles.index("name")] for s in samples]
        return None if sum(bool(bare(n)) for n in names) < 0.5 * len(names) else roles
    if kind == "indicators":
        return _lowest_name(roles, samples)
    if kind != "tasks" or "group" not in roles:
        return roles
    group, measure = roles.index("group"), roles.index("measure")
    texts = [[bare(s[i]) for s in samples if bare(s[i])] for i in (group, measure)]
    if len(texts[0]) < 3 or len(set(texts[0])) < 0.9 * len(texts[0]) or len(texts[0]) < 0.9 * len(samples):
        return roles
    lengths = [sum(map(len, t)) / max(len(t), 1) for t in texts]
    if lengths[0] > lengths[1] and lengths[0] > 12:
        swapped = list(roles)
        swapped[group], swapped[measure] = roles[measure], roles[group]
        return swapped
    if sum(t.endswith(("。", "；")) for t in texts[0]) > 0.5 * len(texts[0]):
        return [None if role == "group" else role for role in roles]
    return roles


def _lowest_name(roles: list[Role | None], samples: list[list[str]]) -> list[Role | None]:
    """Names differ from row to row; where the name column has gaps and one on its right is whole, that one names."""
    name = roles.index("name")
    texts = [bare(s[name]) for s in samples]
    if all(texts) or len(texts) < 3:
        return roles
    for column in range(name + 1, len(roles)):
        others = [bare(s[column]) for s in samples]
        whole = all(others) and len(set(others)) == len(others) and all(fit("name", t) > 0 for t in others)
        if roles[column] in (None, "note") and whole:
            moved = list(roles)
            moved[column], moved[name] = "name", None if "dimension" in roles else "dimension"
            return moved
    return roles


_UNIT_ROLES: tuple[Role, ...] = ("lead", "responsible", "cooperating")
_UNITS_WORD = re.compile(r"单位|部门|主体|分工")
_NO_UNITS = re.compile(
    r"领导|人员|责任人|负责人|联系|处室|科室|股室|电话|考核|评价|备注|数据来源|报送|统计部门|统计单位|验收|督办|督查|督导|监督|审核|指导|备案|主送|包保|挂钩"
)


def _take_units(kind: Kind, roles: list[Role | None], raw: RawTable, samples: list[list[str]]) -> None:
    """A further column of units takes a free role: units of the city beside units of the counties."""
    if kind == "indicators" or not any(role in _UNIT_ROLES for role in roles):
        return
    printed = expanded(raw.heading).texts if raw.heading else []
    first = next(i for i, role in enumerate(roles) if role in _UNIT_ROLES)
    for column, role in enumerate(roles):
        if role is not None or (column < len(printed) and _NO_UNITS.search(bare(printed[column]))):
            continue
        filled = [s[column] for s in samples if bare(s[column])]
        if not filled or sum(fit("responsible", t) >= 1.2 for t in filled) < 0.6 * len(filled):
            continue
        wanted: tuple[Role, ...] = (
            ("lead", "responsible", "cooperating") if column < first else ("responsible", "cooperating")
        )
        free = [r for r in wanted if r not in roles and (kind == "tasks" or r == "cooperating")]
        if free:
            roles[column] = free[0]


def _credible(
    kind: Kind, words: list[str], roles: list[Role | None], raw: RawTable, samples: list[list[str]]
) -> bool:
    """False where a heading stands and names hardly a column of this kind: some other table."""
    named = sum(
        1
        for word, role in zip(words, roles, strict=True)
        if role not in (None, "number", "note") and word and role_score(kind, role, word) > 0
    )
    if kind == "actions":
        heading = words[roles.index("name")]
        if "targets" not in roles and not ({"goal", "tasks"} <= set(roles)) and "行动" not in heading:
            dated = "deadline" in roles
            return not dated and bool(heading) and role_score(kind, "name", heading) > 0
        hinted = re.search(r"行动|攻坚|专项|工程|专班|项目", raw.title + " ".join(words))
        return bool(hinted) or "targets" in roles
    if raw.heading is None or not any(words):
        return True
    if named >= 2 or (named == 1 and re.search(_TITLE_HINTS[kind], raw.title)):
        return True
    telling: tuple[Role, ...] = (
        ("measure", "responsible", "deadline") if kind == "tasks" else ("name", "unit", "target")
    )
    least = {"measure": 0.8, "name": 0.8}
    for role in telling:
        column = (
            roles.index(role)
            if role in roles
            else roles.index("lead")
            if role == "responsible" and "lead" in roles
            else -1
        )
        if column < 0 or sum(fit(role, s[column]) >= least.get(role, 1.5) for s in samples) < 0.7 * len(
            samples
        ):
            return False
    return len(samples) >= 2


_PERSONAL = re.compile(
    r"姓名|职务|职称|电话|手机|联系方式|传真|邮箱|性别|年龄|籍贯|值班|值守|座位|车牌|身份证|出生|学历"
)


def is_roster(words: list[str], raw: RawTable) -> bool:
    """True for a list of persons or telephone numbers: names of duties there are no duties of a plan."""
    texts = raw.heading.texts if raw.heading else words
    personal = sum(bool(_PERSONAL.search(t)) for t in texts)
    return personal >= 2 and personal >= 0.4 * sum(bool(bare(t)) for t in texts)


def with_unknown_heading(raw: RawTable) -> RawTable:
    """A first row of short words over columns with figures is a heading, whatever its words."""
    if raw.heading is not None or len(raw.rows) < 3 or raw.rows[0].line in raw.loose:
        return raw
    first, *rest = [expanded(r) for r in raw.rows]
    texts = [bare(t) for t in first.texts]
    if (
        len(texts) < 3
        or not all(texts)
        or any(len(t) > 10 or re.search(r"[\d。；，、%]", t) for t in texts)
        or len(set(texts)) < len(texts)
    ):
        return raw
    below = [[bare(r.cells[i].text) for r in rest if i < len(r.cells)] for i in range(len(texts))]
    if not any(
        sum(bool(re.search(r"\d", t)) for t in column) >= 0.6 * len(column) for column in below if column
    ):
        return raw
    return replace(raw, heading=raw.rows[0], rows=raw.rows[1:])


def _heading_words(raw: RawTable, rows: list[Row], year: int | None) -> list[str]:
    width = Counter(len(r.cells) for r in rows).most_common(1)[0][0] if rows else 0
    if raw.heading is None:
        return [""] * width
    words = []
    for text in expanded(raw.heading).texts:
        word = known_heading(text) or heading_word(text) or ("?" if bare(text) else "")
        words.append(word)
    if {"三级指标", "四级指标"} & set(words):  # the lowest level names the indicator
        lowest = "四级指标" if "四级指标" in words else "三级指标"
        words = ["?" if w in ("二级指标", "三级指标") and w != lowest else w for w in words]
    _by_period(words, expanded(raw.heading).texts)
    _by_year(words, [heading_year(t) for t in expanded(raw.heading).texts], year)
    if width > len(words):
        words = _split_words(words, width)
    while len(words) > width > 0 and not words[-1]:
        words.pop()
    return words


_TIMED = re.compile(
    r"^(?:20\d\d年?.{0,4}|年度?|上年值|\?|年?(?:预计|预期|执行|完成|实际|计划|初步|快报|任务|指标|数|值|值数)+)$"
)


def _by_period(words: list[str], texts: list[str]) -> None:
    """Where columns for a part of the year stand beside one for the whole of it, the whole is the target."""
    parts = [i for i, t in enumerate(texts) if is_part_of_year(t)]
    whole = [
        i
        for i, t in enumerate(texts)
        if i not in parts
        and words[i] != "上年值"
        and (
            period_end(t) == 12
            or (
                re.search(r"全年|年度|年[底末终]|20\d\d年", bare(t))
                and role_score("indicators", "target", words[i])
            )
        )
    ]
    if not parts or not whole:
        return
    for i in parts:
        words[i] = "上年值"
    for i in whole:
        words[i] = "目标值"


def _by_year(words: list[str], years: list[int | None], plan_year: int | None) -> None:
    """Of several columns of figures, one a year, the plan's own year is the target; the others are not."""
    dated = [
        i
        for i, y in enumerate(years)
        if y and (role_score("indicators", "target", words[i]) or _TIMED.match(words[i]))
    ]
    dated = dated if len(dated) > 1 else [i for i in dated if _TIMED.match(words[i])]
    known = sorted({y for i in dated if (y := years[i]) and words[i] != "上年值"})
    if not known:
        return
    own = (
        plan_year
        if plan_year in known
        else next((y for y in known if plan_year and y > plan_year), known[-1])
    )
    for i in dated:
        if words[i] != "上年值":
            words[i] = "目标值" if years[i] == own else "上年值"


def _split_words(words: list[str], width: int) -> list[str]:
    """Heading cells that ran together are cut where two known words meet."""
    result: list[str] = []
    for word in words:
        cut = None
        if len(result) + len(words) < width + len(result):
            for at in range(2, len(word) - 1):
                if known_heading(word[:at]) == word[:at] and known_heading(word[at:]) == word[at:]:
                    cut = at
                    break
        result += [word[:cut], word[cut:]] if cut else [word]
    return result + [""] * (width - len(result)) if len(result) < width else result


def _samples(rows: list[Row], width: int) -> list[list[str]]:
    chosen = [
        r.texts for r in rows if len(r.cells) == width and sum(1 for t in r.texts if t.strip()) >= width / 2
    ]
    step = max(1, len(chosen) // 24)
    return chosen[::step][:24]


def _assign(kind: Kind, words: list[str], samples: list[list[str]]) -> tuple[float, list[Role | None] | None]:
    """The best one-to-one choice of roles for the columns, by heading word and content."""
    roles: list[Role] = list(WORDS[kind])
    columns = [[s[i] for s in samples] for i in range(len(words))]
    named = [_well_named(kind, roles, word, columns[i]) for i, word in enumerate(words)]
    value = [
        [_column_score(kind, role, word, columns[i], named[i]) for role in roles]
        for i, word in enumerate(words)
    ]
    states: dict[int, tuple[float, tuple[int, ...]]] = {0: (0.0, ())}
    for scores in value:
        after: dict[int, tuple[float, tuple[int, ...]]] = {}
        for used, (total, chosen) in states.items():
            for index in range(-1, len(roles)):
                if index >= 0 and (used >> index & 1 or scores[index] <= 0):
                    continue
                gain = scores[index] if index >= 0 else -0.4
                if (
                    index >= 0
                    and roles[index] in ("group", "dimension")
                    and not named[len(chosen)]
                    and any(roles[k] in ("measure", "name") for k in chosen if k >= 0)
                ):
                    gain -= 2.0
                elif index >= 0 and any(roles[k] in _FOLLOWS.get(roles[index], ()) for k in chosen if k >= 0):
                    gain -= 0.25
                mark = used | (1 << index) if index >= 0 else used
                if mark not in after or after[mark][0] < total + gain:
                    after[mark] = (total + gain, (*chosen, index))
        states = dict(sorted(after.items(), key=lambda item: -item[1][0])[:400])
    for total, chosen in sorted(states.values(), key=lambda item: -item[0]):
        assigned: list[Role | None] = [roles[i] if i >= 0 else None for i in chosen]
        if all(any(need in assigned for need in needs) for needs in _NEEDED[kind]):
            return total, assigned
    return 0.0, None


# The role on the left usually stands before those on the right; decides between columns of like content.
_FOLLOWS: dict[Role, tuple[Role, ...]] = {
    "lead": ("cooperating",),
    "responsible": ("cooperating",),
    "group": ("measure",),
    "dimension": ("name",),
    "goal": ("targets", "tasks"),
    "targets": ("tasks",),
    "name": ("goal", "targets", "tasks"),
}
_UNNAMED: dict[tuple[Kind, Role], float] = {
    ("tasks", "lead"): 0.95,
    ("tasks", "cooperating"): 0.9,
    ("actions", "responsible"): 0.5,
    ("actions", "cooperating"): 0.95,
    ("indicators", "lead"): 0.9,
    ("indicators", "cooperating"): 0.85,
}


def _well_named(kind: Kind, roles: list[Role], word: str, texts: list[str]) -> bool:
    """True when what stands below agrees with the heading, so that the heading alone decides."""
    named = [role for role in roles if word and role_score(kind, role, word) > 0]
    filled = [t for t in texts if t.strip()]
    if not named or not filled:
        return bool(named)
    return any(sum(max(-2.0, fit(role, t)) for t in filled) / len(filled) > -0.4 for role in named)


def _counts(texts: list[str]) -> bool:
    """True for 1, 2, 3 and so on: mostly rising from a small number."""
    numbers = [read[0] for t in texts if (read := read_row_number(t))]
    rising = sum(0 < b - a <= 3 for a, b in pairwise(numbers))
    return len(numbers) >= 2 and numbers[0] <= 3 and rising >= 0.7 * (len(numbers) - 1)


def _column_score(kind: Kind, role: Role, word: str, texts: list[str], named: bool) -> float:
    by_word = role_score(kind, role, word) if word else 0.0
    filled = [t for t in texts if t.strip()]
    fits = sorted(max(-2.0, fit(role, t)) for t in filled)
    fits = fits[
        max(1, len(fits) // 7) if len(fits) >= 4 else 0 :
    ]  # a damaged row must not speak for its column
    by_content = sum(fits) / len(fits) if fits else 0.0
    if by_word > 0:
        if by_content < -0.9 and len(filled) >= 2:
            return by_word * 0.3 + by_content * 0.5
        return by_word + 0.5 * by_content
    if named:
        return 0.0
    if role == "number" and word and not _counts(filled):
        return 0.0
    unique = len({bare(t) for t in filled}) / len(filled) if filled else 0.0
    if role in ("group", "dimension"):
        grouped = unique < 0.8 or len(filled) < 0.8 * len(texts)
        return (0.8 if grouped else 0.05) if by_content > 0.5 and not named and len(texts) > 1 else 0.0
    if role in ("note", "office", "baseline") or not filled:
        return 0.0
    if role in ("name", "measure", "goal", "tasks", "targets") and unique < 0.7 and len(filled) > 3:
        by_content -= 1.0
    return (
        by_content * 0.8 * _UNNAMED.get((kind, role), 1.0)
        if by_content >= (0.6 if role in ("name", "goal") and not word else 1.0)
        else 0.0
    )
