"""Figures in target lines: name, comparator, value, unit and baseline, one target per figure."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from .characters import CIRCLED, bare, fold, plain_digits, squeeze
from .plan import Comparator, Target

_NUMBER = r"\d{1,3}(?:[,，]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_MEASURE_WORDS = (
    "个百分点|个工作日|个自然日|个小时|百分点|标准箱|标箱|亿元|万元|亿美元|万美元|美元|千瓦时|千瓦|平方米|平方公里|公里|万亩|亩|吨|"
    "人次|人天|户次|件次|场次|家次|部|件|项|家|个|人|名|户|场|天|日|小时|分钟|秒|年|月|列|辆|架|台|套|条|款|篇|种|类|批|次|期|位|分|元|倍|"
    "所|处|座|间|岁|本|册|支|只|头|株|片|村|镇|县|市|区|例|宗|起|单|笔|门|米|层|艘|班|艇|队|对|字|级|档|成|强|案|亩|枚|站|点|页|‰|℃|度|"
    "TEU|标台|车次|班列|航线|平台|基地|GW|MW|kW|kWh|P|PB|TB"
)
_LONGEST_ITEM, _LONGEST_CLAUSE = 6000, 400
_UNIT = rf"(?:万亿|千亿|百亿|十亿|亿|千万|百万|十万|万|千|百)?(?:{_MEASURE_WORDS})|%|‰|万亿|亿|万|(?!以上|以内|以下|左右)[\u4e00-\u9fff]{{1,3}}?(?=以上|以内|以下|左右|$|[，。；、])"
_FIGURE = re.compile(
    rf"(?P<sign>≥|≤|>=|<=|＞|＜|>|<|=)?\s*(?P<value>{_NUMBER})\s*(?P<pct>%|‰)?"
    rf"(?P<range>\s*[-—–~～至到]\s*(?P<value2>{_NUMBER})\s*(?P<pct2>%)?)?\s*(?P<unit>(?(pct)(?!)|(?:{_UNIT}))|)"
)
_WORDS_BEFORE: tuple[tuple[str, Comparator | None], ...] = (
    (
        r"(?:保持|控制|压缩|缩短|降低|减少|下降|降|压减|精简|稳定|维持)?(?:至|到|在)?(?:不高于|不超过|不超出|不大于|不多于|低于或等于|小于等于|至多|最多|最高|不突破)",
        "<=",
    ),
    (
        r"(?:保持|稳定|维持|提高|提升|增加|扩大|达|达到)?(?:至|到|在)?(?:不少于|不低于|不小于|大于等于|高于或等于|至少|最少|最低)",
        ">=",
    ),
    (r"突破|超过|超出|超|多于|大于|高于", ">"),
    (r"低于|少于|小于", "<"),
    (
        r"力争达到|达到|达至|达|提升到|提升至|提高到|提高至|增加到|增加至|扩大到|扩大至|上升到|上升至|增长到|增至|升至",
        ">=",
    ),
    (r"拓展到|拓展至", ">="),
    (
        r"压缩至|压缩到|缩短至|缩短到|降低至|降低到|降至|降到|减少至|减少到|控制在|压减至|压减到|精简至|精简到|下降至|下降到",
        "<=",
    ),
    (r"保持在|稳定在|维持在|保持|为|是|约|共|至|到|在|各|分别|分别为|累计", None),
)
_BEFORE = tuple((re.compile(rf"(?:{words})$"), comparator) for words, comparator in _WORDS_BEFORE)
_AFTER: tuple[tuple[re.Pattern[str], Comparator], ...] = (
    (re.compile(r"^\s*[（(]?(?:及|或|）)?以上"), ">="),
    (re.compile(r"^\s*[（(]?(?:及|或)?(?:以内|以下|之内)"), "<="),
)
_LOWER = re.compile(
    r"天数|时长|时间|周期|费率|成本|费用|占GDP|能耗|逾期|投诉|退回|差错|发生率|死亡|事故|风险率|压缩|缩短|降低|压减"
)
_RELATIVE = re.compile(
    r"(?P<word>高于|低于|优于|快于|不低于|不高于|超过|超|好于|领先|强于)(?P<base>[^，。；、\d]{2,30}?(?:平均(?:水平|增速|值|数|增幅)?|增速|水平|上年|去年|同期|全国|全省|全市|目标|GDP|增幅))"
    r"(?P<by>\s*(?P<value>\d+(?:\.\d+)?)\s*(?P<unit>个百分点|百分点|%|倍|位))?"
)
_RANK = re.compile(
    r"(?P<word>重回|保持|位居|居|进入|达到|稳居|跻身|争创|排名|位列|保持在|力争)(?P<base>(?:全国|全省|全市|全球|长三角|世界|西部|东部|中部)[^，。；、]{0,4}?(?:第[一二三四五六七八九十\d]+|前[一二三四五六七八九十\d]+[位名强]?|首位|前列|领先))"
)
_BASE_BY = re.compile(
    r"(?P<word>高于|低于|优于|快于|较|比)(?P<base>全国|全省|全市|上年|去年|同期|上年同期|202\d年|全国平均(?:水平)?|全省平均(?:水平)?)[^，。；、\d]{0,6}?(?P<dir>提高|提升|增长|增加|下降|降低|减少|压缩)?\s*"
    r"(?P<value>\d+(?:\.\d+)?)\s*(?P<unit>个百分点|百分点|%|倍|位|个)(?P<after>以上|以内)?"
)
_VERB = re.compile(
    r"^(?:力争|确保|实现|全面|到年底|年底前|到20\d\d年底?|全年|努力|推动|争取|进一步|其中|并|使|和|及|以及|在|的|，|,|；)+"
)
_NAME_TAIL = re.compile(r"(?:[，,：:；;、]|达到|达|为|共|力争|确保|实现|约|累计|总数|的)+$")
_ORDER_WORDS = re.compile(r"(?:[第“”\"《（(A-Za-z+])$")
_NOT_UNIT_AFTER = re.compile(r"^(?:[X+号类A-Za-z\-]|年(?!均)|月|日|条[”\"]|条政策|\.0)")


def split_items(text: str) -> list[str]:
    """A cell's numbered items without their numbers; without numbering, its lines; never empty strings."""
    text = text.strip()
    if not text:
        return []
    for style in _STYLES:
        starts = style(text)
        if len(starts) >= 2 or (starts and starts[0][0] == 0):
            bounds = [s for s, _ in starts] + [len(text)]
            items = [text[: starts[0][0]]] if starts[0][0] else []
            items += [text[e : bounds[i + 1]] for i, (_, e) in enumerate(starts)]
            return [item for i in items if (item := squeeze(i))]
    return [item for line in text.split("\n") if (item := squeeze(line))]


def _arabic(text: str) -> list[tuple[int, int]]:
    return _sequence(
        text, lambda n: rf"(?:{_digits(n)})\s*[.．、:：](?!\d)\s*|(?:{_digits(n)})[,，](?=[\u4e00-\u9fff])"
    )


def _bracketed(text: str) -> list[tuple[int, int]]:
    return _sequence(
        text,
        lambda n: rf"[（(]\s*(?:{_digits(n)}|{_chinese(n)})\s*[)）]\s*[.、．]?\s*|(?:{_digits(n)})[)）]\s*",
    )


def _circled(text: str) -> list[tuple[int, int]]:
    marks = {n: c for c, n in CIRCLED.items()}
    return _sequence(text, lambda n: rf"{marks.get(n, '①')}\s*[.、．]?\s*")


def _chinese_numbered(text: str) -> list[tuple[int, int]]:
    return _sequence(text, lambda n: rf"{_chinese(n)}\s*[、.．]\s*|{_chinese(n)}是\s*")


_STYLES = (_arabic, _bracketed, _circled, _chinese_numbered)


def _digits(n: int) -> str:
    return (
        "".join({"0": "[0OoO〇]", "1": "[1lI|]"}.get(d, d) for d in str(n))
        + "|"
        + "".join(chr(0xFF10 + int(d)) for d in str(n))
    )


def _chinese(n: int) -> str:
    ones = "一二三四五六七八九"
    return (
        ones[n - 1]
        if n < 10
        else "十" + (ones[n - 11] if n > 10 else "")
        if n < 20
        else "二十" + (ones[n - 21] if n > 20 else "")
    )


_GLUED = re.compile(
    r"(?<=[\u4e00-\u9fff%”》）)A-Za-z])(?<![第见附表图款条项])(?:\d{1,2}[.．]|[（(](?:\d{1,2}|[一二三四五六七八九十]{1,2})[)）]|[①-⑳])(?=[\u4e00-\u9fff“《])"
)


def _sequence(text: str, pattern: Callable[[int], str]) -> list[tuple[int, int]]:
    """Places of marks 1, 2, 3 ... in order, each at the start or after a blank, a line end or a full stop.

    In a text that opens with mark 1 the others may stand right after a word, where line ends were lost.
    """
    found: list[tuple[int, int]] = []
    position, number = 0, 1
    while number < 29:
        match = glued = None
        for candidate in re.compile(pattern(number)).finditer(text, position):
            before = text[candidate.start() - 1] if candidate.start() else "\n"
            if before in " \t\n\u3000。；;：:？！”）)" or candidate.start() == 0:
                match = candidate
                break
            if (
                glued is None
                and found
                and found[0][0] == 0
                and candidate.start() >= position + 4
                and _GLUED.match(text, candidate.start())
            ):
                glued = candidate
        match = match or glued
        if match is None and found and number >= 2:
            return found
        if match is None or (number == 1 and match.start() > 60 and "\n" not in text[: match.start()]):
            return []
        found.append(match.span())
        position, number = match.end(), number + 1
    return found


def to_decimal(text: str) -> Decimal | None:
    """A plain number with optional thousands commas."""
    try:
        return Decimal(bare(text).replace(",", "").replace("，", ""))
    except InvalidOperation:
        return None


def read_targets(item: str) -> list[Target]:
    """All figures of one target line; a line without a figure gives one target without a value."""
    text = squeeze(item).rstrip("。；;")
    shown = squeeze(item)
    targets: list[Target] = []
    for clause in _clauses(text) if len(text) <= _LONGEST_ITEM else []:
        if len(clause) <= _LONGEST_CLAUSE:  # no sentence; keeps the time linear
            targets.extend(_clause_targets(clause, shown))
    if targets:
        return targets
    rank = _RANK.search(text)
    return [
        Target(
            shown,
            _clean_name(text[: rank.start()] if rank else text) or text,
            baseline=rank["base"] if rank else None,
        )
    ]


def _clauses(text: str) -> list[str]:
    """Clauses with their own figure: cut at ，；, and at 、和 when a figure stands on both sides."""
    clauses: list[str] = []
    for part in re.split(r"[，；;。]|(?<=[\u4e00-\u9fff]),", text):
        pieces = re.split(r"(?<=[%‰\u4e00-\u9fff）)])(?:、|和|以及|及)(?=[^、]*\d)", part)
        clause = pieces[0]
        for piece in pieces[1:]:
            if _figures(clause) and _figures(piece) and not re.match(rf"^\s*(?:{_NUMBER})", piece):
                clauses.append(clause)
                clause = piece
            else:
                clause = clause + part[_joint(part, clause)] + piece
        clauses.append(clause)
    return [c for c in clauses if c.strip()]


def _joint(part: str, clause: str) -> slice:
    """The separator that stood after `clause` in `part`."""
    at = part.find(clause) + len(clause)
    return slice(at, at + 1)


def _figures(clause: str) -> list[re.Match[str]]:
    found = []
    for match in _FIGURE.finditer(clause):
        before, after = clause[: match.start("value")], clause[match.end() :]
        if _ORDER_WORDS.search(before.rstrip()) or (
            not match["unit"] and not match["pct"] and _NOT_UNIT_AFTER.match(after)
        ):
            continue
        if (
            match["unit"] in ("年", "月", "日") and re.match(r"^(?:\d|底|前|末|年|月|之)", after)
        ) or re.match(r"^20\d\d年", clause[match.start() :]):
            continue
        if match["unit"] in ("条", "号") and after[:1] in '”"':
            continue
        if (
            not match["unit"]
            and not match["pct"]
            and after
            and re.match(r"[\u4e00-\u9fff]", after)
            and not re.match(r"^(?:以|左右|的|及|多)", after)
        ):
            continue
        found.append(match)
    return [
        m
        for i, m in enumerate(found)
        if i + 1 == len(found) or not _inside_name(clause[m.end() : found[i + 1].start()])
    ]


def _inside_name(between: str) -> bool:
    """`10项区域评估覆盖率100%`: the first figure is part of the name of the second."""
    return bool(re.match(r"^\s*[\u4e00-\u9fff]{2,}", between)) and not re.search(
        r"[、，和及；]|^\s*(?:以上|以内|以下|左右|之内)", between
    )


def _clause_targets(clause: str, text: str) -> list[Target]:
    plain = fold(clause)
    relative = _BASE_BY.search(plain) or _RELATIVE.search(plain)
    if relative:
        return [_relative_target(plain, relative, text)]
    figures = _figures(plain)
    if not figures:
        return []
    shared = _shared_names(plain, figures)
    targets: list[Target] = []
    for index, figure in enumerate(figures):
        start = figures[index - 1].end() if index else 0
        before, after = plain[start : figure.start()], plain[figure.end() :]
        comparator, lead_in = _comparator(figure, before, after)
        name = shared[index] if shared else _figure_name(lead_in, after, plain, targets)
        if shared and index:
            comparator = comparator or targets[0].comparator  # the words before the first figure hold for all
        value, unit = _value_and_unit(figure)
        direction = "down" if _LOWER.search(name) or comparator in ("<=", "<") else "up"
        targets.append(Target(text, name, comparator, value, unit, None, direction))  # type: ignore[arg-type]
    return targets


def _relative_target(clause: str, match: re.Match[str], text: str) -> Target:
    word = match["word"]
    found = match.groupdict()
    value = to_decimal(found["value"]) if found.get("value") else None
    comparator: Comparator | None = {
        "高于": ">",
        "超过": ">",
        "超": ">",
        "优于": ">",
        "快于": ">",
        "好于": ">",
        "领先": ">",
        "强于": ">",
        "低于": "<",
        "不低于": ">=",
        "不高于": "<=",
    }.get(word)  # type: ignore[assignment]
    if word in ("较", "比"):
        comparator = {"以上": ">=", "以内": "<="}.get(found.get("after") or "")  # type: ignore[assignment]
    name = _clean_name(clause[: match.start()])
    direction = "down" if comparator in ("<", "<=") or _LOWER.search(name) else "up"
    return Target(text, name, comparator, value, found.get("unit"), match["base"], direction)  # type: ignore[arg-type]


def _comparator(figure: re.Match[str], before: str, after: str) -> tuple[Comparator | None, str]:
    """The comparator the words state, and the text before it."""
    sign = {
        "≥": ">=",
        ">=": ">=",
        "≤": "<=",
        "<=": "<=",
        ">": ">",
        "＞": ">",
        "<": "<",
        "＜": "<",
        "=": "=",
    }.get(figure["sign"] or "")
    lead_in = before.rstrip()
    comparator: Comparator | None = sign  # type: ignore[assignment]
    changed = True
    while changed:
        changed = False
        for pattern, meaning in _BEFORE:
            if match := pattern.search(lead_in):
                lead_in, comparator, changed = lead_in[: match.start()].rstrip(), comparator or meaning, True
                break
    for pattern, meaning in _AFTER:
        if pattern.match(after):
            comparator = meaning
    return comparator, lead_in


def _figure_name(lead_in: str, after: str, clause: str, earlier: list[Target]) -> str:
    name = _clean_name(lead_in)
    if len(name) <= 2 or name in ("新增培育", "新增建设", "培育建设") or name.endswith("等"):
        rest = re.sub(r"^(?:以上|以内|左右|及以上|的)+", "", after.strip())
        name = _clean_name(name + rest)
    if not name and earlier:
        name = earlier[-1].name
    return name or _clean_name(clause) or clause


def _shared_names(clause: str, figures: list[re.Match[str]]) -> list[str] | None:
    """Names of `甲、乙、丙分别不少于 1、2 和 3`: the figures share one sentence in order."""
    if len(figures) < 2 or "分别" not in clause[: figures[0].start()]:
        return None
    head = clause[: clause.index("分别")]
    names = [_clean_name(n) for n in re.split(r"、|和|及", head) if n.strip()]
    return names if len(names) == len(figures) else None


def _clean_name(text: str) -> str:
    text = _VERB.sub("", squeeze(text).strip("，,；;。、 ：:"))
    return _NAME_TAIL.sub("", text).strip()


def _value_and_unit(figure: re.Match[str]) -> tuple[Decimal | None, str | None]:
    value = (
        to_decimal(figure["value2"] or figure["value"])
        if not figure["range"]
        else to_decimal(figure["value"])
    )
    return value, figure["pct"] or figure["pct2"] or figure["unit"] or None


SCALES = {
    "万亿": Decimal(10) ** 12,
    "千亿": Decimal(10) ** 11,
    "百亿": Decimal(10) ** 10,
    "亿": Decimal(10) ** 8,
    "千万": Decimal(10) ** 7,
    "百万": Decimal(10) ** 6,
    "十万": Decimal(10) ** 5,
    "万": Decimal(10) ** 4,
}


def in_base_units(value: Decimal, unit: str | None) -> tuple[Decimal, str]:
    """9 万亿元 and 90000 亿元 both become (9000000000000, 元); used to compare, never to print."""
    unit = bare(unit or "")
    for word, scale in SCALES.items():
        if unit.startswith(word):
            return value * scale, unit[len(word) :]
    return value, unit


_CELL_NUMBER = re.compile(
    rf"^(?P<sign>≥|≤|>=|<=|>|<|=|不低于|不少于|不高于|不超过|大于|小于|超过|达到|达|突破|约)?\s*(?P<value>-?(?:{_NUMBER}))\s*(?P<unit>%|‰|(?:{_UNIT})|(?:(?!以上|以下|以内|左右)[\u4e00-\u9fff]){{1,3}}?)?\s*(?P<after>以上|以下|以内|左右)?$"
)
_SIGNS: dict[str, Comparator] = {
    "≥": ">=",
    ">=": ">=",
    "≤": "<=",
    "<=": "<=",
    ">": ">",
    "<": "<",
    "=": "=",
    "不低于": ">=",
    "不少于": ">=",
    "不高于": "<=",
    "不超过": "<=",
    "大于": ">",
    "小于": "<",
    "超过": ">",
    "突破": ">",
    "达到": ">=",
    "达": ">=",
}


def read_number_cell(text: str) -> tuple[Decimal, Comparator | None, str | None, bool] | None:
    """(value, comparator, unit, repaired) of a cell that holds one number; None when it does not."""
    plain = bare(fold(text))
    for candidate, repaired in (
        (plain, False),
        (plain_digits(plain), True),
        (plain_digits(plain).replace("。", ".").replace("·", "."), True),
    ):
        match = _CELL_NUMBER.match(candidate)
        if match and (value := to_decimal(match["value"])) is not None:
            after: Comparator | None = {"以上": ">=", "以下": "<=", "以内": "<="}.get(match["after"] or "")  # type: ignore[assignment]
            return value, after or _SIGNS.get(match["sign"] or ""), match["unit"], repaired
    return None
