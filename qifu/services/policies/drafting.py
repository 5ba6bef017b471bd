"""Drafting aid without any model: the facts, comparisons, numbers, days, places and honours found in a clause, as lines to accept.

Every proposed line can be read by the grammar; it carries the words it came from, how certain it is, and the other
readings where the words allow several. Nothing is taken over unless a person accepts it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from qifu.engines.rules.leaf_grammar import Grammar
from qifu.engines.rules.leaf_proposals import mended
from qifu.engines.rules.rule_problems import LineProblem
from qifu.engines.rules.written import WrittenTest
from qifu.services.policies.clause_words import Found, Words, arabic, clause_words
from qifu.services.policies.library import draft_book

LONGEST_CLAUSE = 5_000
MOST_PROPOSALS = 60
Certainty = Literal["certain", "likely", "choose"]
CERTAINTIES: dict[Certainty, str] = {"certain": "写得明确", "likely": "请核对", "choose": "请选一种"}

_OP = (
    r"(?P<op>不超过|不高于|不大于|不多于|不少于|不低于|不小于|大于等于|小于等于|不足|未满|不满|不到|低于|少于|小于|"
    r"超过|大于|高于|多于|突破|达到|达|至少|最低|最高|超|满|>=|<=|≥|≤|>|<)?"
)
_NUMBER = r"(?P<number>[0-9][0-9,]*(?:\.[0-9]+)?)(?P<unit>个百分点|百分点|平方米|千瓦时|吨标准煤|个月|万元|亿元|千元|百元|[万亿]|元|%|倍|人|名|件|项|家|次|年|月|分|吨|个)?"
_END = r"(?:\((?:不?含)(?:本数)?\))?(?P<post>及?以上|及?以下|以内|之内)?(?P<said>\((?:不?含)(?:本数)?\))?"
_LINK = r"(?:额|数|总额|总数|合计|累计|平均|总量|的|应当|应|须|需|必须|要|均|都|分别|在|为|实现|首次|合计|每年|当年|上年度|年度|原则上|\(.{1,12}?\)|:|是){0,4}"
_AFTER = re.compile(_LINK + _OP + r"约?" + _NUMBER + _END)
_THEN = re.compile(r"(?:,|、|且|并|但|至|到|-|~|—)*" + _OP + _NUMBER + _END)
_BEFORE = re.compile(_OP + _NUMBER + _END + r"(?:的|有效|自主|授权|国内|在保|境内){0,3}$")
_GROWTH = re.compile(
    r"(?:较|比|同比|与).{0,6}?(?:增长|增加|提高|提升|增幅|增速)(?:率)?|(?:增长|增幅|增速)(?:率)?|同比(?:增长|增幅)"
)
_GROWN_ALONE = re.compile(r"^(?:且|并|并且|同时)?(?=较|比|同比|增长|增幅)")
_AGE = re.compile(
    r"(?:成立|设立|注册成立|登记注册|注册登记|注册)(?:时间|年限)?"
    + _LINK
    + _OP
    + r"(?P<number>[0-9]+)(?:个)?(?P<unit>周年|年|月)(?:度)?(?P<post>及?以上|及?以下|以内|之内)?"
)
_AGE_BEFORE = re.compile(
    r"(?P<number>[0-9]+)(?:个)?(?P<unit>周年|年|月)(?P<post>以内|之内)(?:新)?(?:注册|成立|设立)"
)
_DAY = re.compile(
    r"(?P<y>[0-9]{4})年(?P<m>[0-9]{1,2})月(?P<d>[0-9]{1,2})日(?:\(含\)|\(含当日\))?(?P<side>及?以后|之后|起|后|及?以前|之前|前)(?:.{0,6}?)(?:注册|成立|设立|登记)"
)
_REFUSED = re.compile(
    r"(?:不予(?:支持|受理|奖励|补助|兑付|兑现|享受|资助)|不得(?:申报|申请|享受)|取消.{0,6}资格|不在支持范围|除外)"
)
_NOT = re.compile(r"未|无|没有|不存在|不得|不属于|不含|非|不是|未被|不在|排除|不包括")
_OTHER_WAY = {">=": "<", ">": "<=", "<=": ">", "<": ">="}
GROWTHS = {"实缴税收": "税收增长率", "出口额": "出口增长率"}
"""Facts whose growth has a name of its own."""
_SIGNS = {
    **dict.fromkeys(("不超过", "不高于", "不大于", "不多于", "小于等于", "最高", "<=", "≤"), "<="),
    **dict.fromkeys(
        ("不少于", "不低于", "不小于", "大于等于", "至少", "最低", "达到", "达", "满", ">=", "≥"), ">="
    ),
    **dict.fromkeys(("不足", "未满", "不满", "不到", "低于", "少于", "小于", "<"), "<"),
    **dict.fromkeys(("超过", "大于", "高于", "多于", "突破", "超", ">"), ">"),
}


@dataclass(frozen=True)
class Proposal:
    """One condition found: the words it came from, its lines (the likeliest first), how certain, and what to look at."""

    words: str
    lines: tuple[str, ...]
    certainty: Certainty
    note: str = ""

    @property
    def certainty_words(self) -> str:
        """How certain, in Chinese."""
        return CERTAINTIES[self.certainty]


def proposals(clause: str, day: date) -> list[Proposal]:
    """Return the conditions found in a clause, in its order, none twice."""
    book = draft_book()
    grammar = Grammar(book.facts, book.places)
    words = clause_words(tuple(rule.title for rule in book.rules.values() if rule.kind == "rule"))
    kept, seen = list[Proposal](), list[WrittenTest]()
    for found in _all(clause[:LONGEST_CLAUSE], words):
        lines = [line for one in found.lines if (line := _readable(one, grammar, day))]
        if not lines:
            continue
        test = grammar.read(lines[0], day=day)
        if test not in seen:
            seen.append(test)
            kept.append(Proposal(found.words, tuple(dict.fromkeys(lines)), found.certainty, found.note))
    return kept[:MOST_PROPOSALS]


def with_line(text: str, line: str) -> str:
    """Return a policy's text with a line added at the end of its first list of conditions that all must hold."""
    rows = text.split("\n")
    start = next((n for n, row in enumerate(rows) if re.fullmatch(r"\s*all:\s*(#.*)?", row)), None)
    shown = f'"{line}"' if re.search(r"[,\[\]{}#:]", line) else line
    if start is None:
        return f"{text.rstrip()}\n# 请放到合适的位置：- {shown}\n"
    end = start + 1
    indent = len(rows[end]) - len(rows[end].lstrip()) if end < len(rows) else 4
    while end < len(rows) and (
        rows[end].startswith(" " * indent + "- ") or len(rows[end]) - len(rows[end].lstrip()) > indent
    ):
        end += 1
    return "\n".join([*rows[:end], f"{' ' * indent}- {shown}", *rows[end:]])


def _readable(line: str, grammar: Grammar, day: date) -> str:
    """Return the line, or the one that the grammar proposes in its place; nothing where neither can be read."""

    def reads(other: str) -> bool:
        try:
            grammar.read(other, day=day)
        except LineProblem:
            return False
        return True

    if reads(line):
        return line
    better = mended(line, reads, lambda name: grammar.facts.facts.get(name))
    remedy = better.remedy.removeprefix("请写成 ") if better else ""
    return remedy if remedy and reads(remedy) else ""


def _all(clause: str, words: Words) -> Iterator[Proposal]:
    """Yield what is found, sentence by sentence; in a sentence that says who gets nothing, the other way round."""
    denied_list = False
    for sentence in re.split(r"[。;!\n]", unicodedata.normalize("NFKC", clause)):
        refuses = _REFUSED.search(sentence) is not None
        if re.search(r"(?:下列|以下|有).{0,6}(?:情形|情况|行为)之一", sentence):
            denied_list = refuses or denied_list
        subject = ""
        for piece in re.split(r",(?![0-9]{3})|:", sentence):
            plain = arabic(piece)
            if subject and _GROWN_ALONE.match(plain):  # 同比增长10%以上 goes on with the fact before it
                plain = subject + _GROWN_ALONE.sub("", plain, count=1)
            subject = next((one.line for one in words.find(plain) if one.kind == "number"), subject)
            for found in _in_piece(plain, words, turned=refuses or denied_list):
                yield replace(found, words=piece.strip())


def _in_piece(piece: str, words: Words, *, turned: bool) -> Iterator[Proposal]:
    piece = re.sub(r"(?<=[于过到])零(?![0-9])", "0", re.sub(r"且(?=同比|较上年)", ",", piece))
    found = _joined(piece, words.find(piece))
    yield from _ages(piece, turned=turned)
    taken = set[int]()
    for number, one in enumerate(found):
        if number in taken:
            continue
        nxt = found[number + 1] if number + 1 < len(found) else None
        before = found[number - 1].end if number else 0
        if one.kind == "number":
            over = nxt if nxt and nxt.kind == "number" and _is_share(piece[one.end : nxt.start]) else None
            end = found[number + 2].start if over and number + 2 < len(found) else nxt.start if nxt and not over else len(piece)  # fmt: skip
            if over is not None:
                taken.add(number + 1)
            yield from _numbers(piece, one, over, before, end, words, turned=turned)
        else:
            negated = (_NOT.search(piece[: one.start]) is not None) != turned
            yield from _named(piece, one, negated, words)


def _joined(piece: str, found: list[Found]) -> list[Found]:
    """Make one of the places or industries that stand in a list: 批发业、零售业."""
    kept = list[Found]()
    for one in found:
        last = kept[-1] if kept else None
        if last and one.kind == last.kind in ("place", "industry") and piece[last.end : one.start] in ("、", "或", "和", "及", "或者"):  # fmt: skip
            kept[-1] = replace(last, end=one.end, line=f"{last.line}、{one.line}")
        else:
            kept.append(one)
    return kept


def _is_share(between: str) -> bool:
    return re.fullmatch(r"(?:额|总额|支出|投入|的|合计)?占(?:企业|当年|同期|全部|年度|上年度|本企业|年)?", between) is not None  # fmt: skip


def _numbers(
    piece: str, fact: Found, over: Found | None, before: int, end: int, words: Words, *, turned: bool
) -> Iterator[Proposal]:
    """Yield the comparisons of a number fact: what follows it up to the next fact, else what stands just before it."""
    rest = piece[(over or fact).end : end]
    label = f"{fact.line} 占 {over.line} 比" if over else fact.line
    if over:
        rest = re.sub(r"^(?:总额|总数|总量)?的?(?:比例|比重|占比|比率|比)?", "", rest)
    grown = _GROWTH.match(rest.lstrip("额数总的"))
    growth = GROWTHS.get(fact.line, f"{fact.line}增长率")
    if grown and not over and growth in words.labels:
        label = growth
        rest = rest.lstrip("额数总的")[grown.end() :]
    matched = _AFTER.match(rest)
    if matched is None and fact.unit == "%" and end < len(piece):  # 裁员率不高于参保职工总数20%
        word = next((one for one in words.find(piece) if one.start == end), None)
        if word is not None and re.fullmatch(_LINK + _OP, rest) and rest:
            matched = _AFTER.match(rest + re.sub(r"^(?:总额|总数|的)+", "", piece[word.end :]))
    if matched is None:
        ahead = _BEFORE.search(piece[before : fact.start])
        if ahead is not None and not over:
            yield _compared(piece, label, fact, ahead, words, turned=turned)
        elif (sign := re.match(_LINK + r"(?:为|是)?(正|负)(?:数|值)?", rest)) and not over:
            yield Proposal(piece, (f"{label} {'>' if sign[1] == '正' else '<'} 0元",), "certain")
        return
    first = _compared(piece, label, fact, matched, words, turned=turned)
    yield first
    then = _THEN.match(rest, matched.end())
    if then is not None and (then["op"] or then["post"]):
        yield _compared(piece, label, fact, then, words, turned=turned)
    years = re.search(r"(?:连续|近|最近)(?:2|3)(?:个)?(?:会计)?年(?:度)?", piece[: fact.end])
    if years and f"前一年{fact.line}" in words.labels and not over:
        lines = tuple(line.replace(fact.line, f"前一年{fact.line}", 1) for line in first.lines)
        yield Proposal(piece, lines, "choose", "原文说连续几年：每年写一行，更早的年份目录里没有就不能判断")


def _compared(piece: str, label: str, fact: Found, found: re.Match[str], words: Words, *, turned: bool) -> Proposal:  # fmt: skip
    """Return the comparison of a label with the number that was found; several lines where the words leave it open."""
    unit, note = found["unit"] or "", ""
    certainty: Certainty = "certain"
    written, post = found["op"] or "", (found["post"] or "").removeprefix("及")
    said = found.groupdict().get("said") or ""
    if post:
        signs = [">="] if post == "以上" else ["<="]
        excluded = "不含" in (said + found.group(0))
        signs = [signs[0][0]] if excluded else signs
        if not excluded and "含" not in found.group(0):
            signs, certainty, note = [*signs, signs[0][0]], "likely", f"“{post}”按民法典第1259条含本数；原文不含时选另一种"  # fmt: skip
    elif written:
        signs = [_SIGNS[written]]
    else:
        signs, certainty, note = [">=", "<="], "choose", "原文没有写比较词，请选不低于或不超过"
    if turned:
        signs = [_OTHER_WAY[sign] for sign in signs]
        certainty, note = "likely", "原文说的是不予支持的情形，已反过来写"
    units = _units(found["number"], unit, fact, label)
    if not unit and len(units) > 1:
        certainty, note = "choose", "原文没有写单位，请选一种"
    number = found["number"]
    lines = [f"{label} {sign} {number}{one}" for one in units for sign in signs]
    return Proposal(piece, tuple(lines), certainty, note)


def _units(number: str, unit: str, fact: Found, label: str) -> list[str]:
    if "占" in label or label.endswith("增长率"):
        return ["%"] if unit in ("%", "个百分点", "百分点", "") else [unit]
    if unit in ("名", "个", "家", "人", "件", "项", "次", "年", "月", "个月"):
        return [fact.unit]
    if unit in ("万", "亿"):
        return [unit + ("元" if fact.unit == "元" else fact.unit)]
    if unit:
        return [unit]
    if fact.unit == "元":
        return ["元"] if number == "0" else ["万元", "元"]
    return [fact.unit]


def _ages(piece: str, *, turned: bool) -> Iterator[Proposal]:
    """Yield what is said of the day an enterprise was set up."""
    for found in _DAY.finditer(piece):
        after = found["side"].endswith(("后", "起"))
        day = f"{found['y']}-{int(found['m']):02d}-{int(found['d']):02d}"
        word = "不早于" if after != turned else "早于"
        plain = found["side"] in ("后", "之后", "前", "之前")
        strict = (f"成立时间 {'晚于' if after != turned else '不晚于'} {day}",) if plain else ()
        note = "当天算不算，原文没有写明" if plain else ""
        yield Proposal(piece, (f"成立时间 {word} {day}", *strict), "likely" if plain else "certain", note)
    for found in (*_AGE.finditer(piece), *_AGE_BEFORE.finditer(piece)):
        op = found.groupdict().get("op") or ""
        sign = _SIGNS.get(op) or (
            "<=" if (found["post"] or "") in ("以内", "之内", "以下", "及以下") else ">="
        )
        if turned:
            sign = _OTHER_WAY[sign]
        word = {">=": "满", ">": "超过", "<": "不满", "<=": "不超过"}[sign]
        span = f"{found['number']}{'个月' if found['unit'] == '月' else '年'}"
        clear = op not in ("",) or found["post"]
        yield Proposal(piece, (f"成立时间 {word} {span}",), "likely" if turned or not clear else "certain")


def _named(piece: str, one: Found, negated: bool, words: Words) -> Iterator[Proposal]:
    """Yield a flag, honour, choice, place, industry or rule that is named."""
    if one.kind == "flag":
        yield Proposal(piece, (f"{one.line} 为 {'否' if negated else '是'}",), "certain" if one.exact else "likely")  # fmt: skip
    elif one.kind == "honour":
        line = f"{'没有' if negated else ''}有效期内的 {one.line}"
        yield Proposal(piece, (line,), "certain" if one.exact else "likely")
    elif one.kind == "choice":
        yield from _choice(piece, one, negated, words)
    elif one.kind == "rule":
        yield Proposal(piece, (f"{'不' if negated else ''}符合 {one.line}",), "likely", "按平台里的规则判断，请核对口径")  # fmt: skip
    elif one.kind == "place":
        said = re.search(r"注册|登记|住所|设立|纳税", piece) is not None
        facts = ("注册地", "实际经营地")
        if re.search(r"经营地|实际经营|生产经营", piece) and not said:
            facts = ("实际经营地", "注册地")
        word = "不属于" if negated else "属于"
        note = "" if said else "原文没有写明是注册地还是经营地"
        yield Proposal(piece, tuple(f"{fact} {word} {one.line}" for fact in facts), "certain" if said else "choose", note)  # fmt: skip
    else:
        yield Proposal(piece, (f"所属行业 {'不属于' if negated else '属于'} {one.line}",), "likely")


def _choice(piece: str, one: Found, negated: bool, words: Words) -> Iterator[Proposal]:
    """Yield one line of all values of the same fact that the piece names; `A级及以上` takes those that stand before it."""
    values = [found.line for found in words.find(piece) if found.kind == "choice" and found.fact == one.fact]
    if values[0] != one.line:
        return
    options = words.choices[one.fact]
    note, certainty = "", "certain" if one.exact else "likely"
    above = re.match(r"级?(?:等级|类|档)?(?:\(含\))?及?以上", piece[one.end :])
    if above and len(values) == 1:
        place = options.index(one.line)
        best_first = one.line[0] in "ABCD"
        values = list(options[: place + 1] if best_first else options[place:])
        note, certainty = "“以上”按目录里的次序展开，请核对", "likely"
    line = f"{words.label_of[one.fact]} {'不属于' if negated else '属于'} {'、'.join(values)}"
    yield Proposal(piece, (line,), certainty, note)  # type: ignore[arg-type]
