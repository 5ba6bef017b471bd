"""Duties written inside paragraphs: in brackets at their end, on lines of their own, or as sentences."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .body import Body, Item
from .characters import squeeze
from .deadlines import find_deadlines, read_deadline
from .departments import is_usual
from .irregularities import Findings
from .plan import Deadline, Duty, Source
from .roles import CLOSE, OPEN, Roles, is_deadline, members, role_labels, split_roles
from .text_repair import TextMender, without_marks
from .units import UnitNames, looks_like_unit, split_units

_DUTY_WORD = re.compile(r"牵头|配合|负责|责任单位|责任部门|协同单位|落实单位|参与|参加|主办|协办|会同|分工")
_NO_DUTY = re.compile(
    r"^(?:抄\s*送|抄\s*报|[\u4e00-\u9fff]{2,20}\s*20\d\d年\d+月\d+日印发|联系人|附件|主办单位|承办单位)"
)
_STRONG = re.compile(
    r"(?:局|委|办|厅|部|院|司|处|署|中心|政府|管委会|委员会|公司|集团|海关|办公室|部门|单位|银行|分行|支行|街道|街镇|镇街|乡镇|办事处|联合会|工商联|总工会|"
    r"妇联|团委|协会|商会|专班|机关|法院|检察院|研究院|支队|总队|大队|机构|党委|学院|大学|学校|企业|地方|地区|管理站|分局|督查室|研究室|[^社小校片园]区|[省市县州])"
    r"等?(?:[（(〔\[][^（()）]{1,30}[)）〕\]])?$|^各(?:地|区县?|县市?区?|市州?|镇|乡|街)|等(?:有关|相关)?(?:部门|单位|地区)?$"
)
_OFFICE = re.compile(
    r"(?:局|委|办|厅|部|院|司|处|署|中心|政府|会|公司|集团|海关|办公室|部门|单位|行|街道|街镇|乡镇|办事处|工商联|妇联|专班|机关|机构)等?(?:[（(〔\[][^（()）]{1,30}[)）〕\]])?$"
)
_BODY_NAME = re.compile(
    r"(?:[省市县区州委]|自治区|国家)[\u4e00-\u9fff]{1,12}?(?:局|厅|委|办|部|院|中心)(?=[、，,；;牵负配等（(）)。]|为)"
)
_UNREAD = re.compile(r"牵头|责任单位|责任部门|配合单位|负责(?!人|制|任|同志)|[局厅委办部门]配合")
_UNITS = r"(?P<units>[\u4e00-\u9fff、（）()，]{2,80}?)"
_NOT_LIABLE = r"(?!人|制|任|同志|落实到位)"
_SENTENCES = (
    re.compile(rf"(?:^|[，。；])由{_UNITS}(?:牵头|负责{_NOT_LIABLE})"),
    re.compile(
        rf"(?:^|[，。；])请{_UNITS}(?:等部门|等单位)?(?:会同(?P<coop>[\u4e00-\u9fff、]{{2,40}}?))?(?:按照|按|根据|在|于|对|制定|抓紧|适时|明确|尽快|负责|要|20\d\d年|认真|切实|进一步|加快)"
    ),
    re.compile(
        r"(?:^|[。；，])由?(?P<units>[\u4e00-\u9fff、（）()]{2,60}?)(?:要|应|应当|牵头|负责)?会同(?P<coop>[\u4e00-\u9fff、]{2,40}?)(?:适时|定期|统一|及时|分别|具体|按|于|在|每|制定|研究|建立|开展|按照|根据|推进|组织|共同|联合|出台|负责|修订|编制|完善|做好|抓好|加强|加快)"
    ),
    re.compile(
        rf"(?:^|[，。；])(?P<units>[\u4e00-\u9fff、（）()]{{2,60}}?)(?:按(?:照)?职责分工)?(?:牵头(?!的|抓总|单位|部门|、|作用|责任)|负责{_NOT_LIABLE})"
    ),
)
_NAMED_BODY = re.compile(
    r"^(?:[省市县区州]|自治区|国务院|国家|各|[\u4e00-\u9fff]{1,4}[省市县区州])(?!场)[\u4e00-\u9fff（）()]*$"
)


def read_duties(
    body: Body, findings: Findings, *, year: int | None, names: UnitNames | None, mender: TextMender
) -> list[Duty]:
    """All duties of the body, in order; a paragraph that speaks of one and gives none is told."""
    duties: list[Duty] = []
    for item in body.items:
        if len(item.text) > _LONGEST:
            findings.add(
                "duty_unread",
                "duties",
                "这一段文字过长，没有读取其中的任务分工。",
                line=item.line,
                proposal="请核对原文是否丢失了分段。",
            )
            continue
        if _NO_DUTY.match(item.text):
            continue
        found = _DutyReader(item, findings, year, names, mender).read(len(duties))
        duties += found
        if not found and _names_duty(item.text):
            findings.add(
                "duty_unread",
                "duties",
                "这一段提到了责任单位，但没有读出任务分工。",
                line=item.line,
                proposal="请核对原文，必要时手工补录。",
            )
    return duties


def _names_duty(text: str) -> bool:
    return any(
        _UNREAD.search(sentence) and _BODY_NAME.search(sentence) for sentence in re.split(r"[。；]", text)
    )


_LONGEST = 20_000  # characters; a longer paragraph is none


@dataclass(slots=True)
class Stated:
    """What a bracket or labels state about the text before them; `cut`: the bracket breaks off."""

    text: str
    roles: Roles
    cut: bool = False


def stated_duties(text: str) -> list[Stated]:
    """The duties that brackets or label lines of a paragraph state, each with its text."""
    if len(text) > _LONGEST:
        return []
    found: list[Stated] = []
    begin = 0  # where the text of the next duty begins
    brackets = _brackets(text)
    tail = _tail(text, brackets)
    for start, end in brackets:
        last = start >= tail
        if not last and not _DUTY_WORD.search(text, start, end):
            continue
        roles = _bracket_roles(text[start + 1 : end], text[max(0, start - 200) : start], last=last)
        if roles is None:
            continue
        before = text[begin:start].strip(" 。；;，") if begin else text[:start].strip()
        if not before and found:
            for role in ("lead", "cooperating", "responsible", "deadline"):
                found[-1].roles.add(role, getattr(roles, role))
        elif before and (roles or last):
            found.append(
                Stated(
                    before + ("。" if begin and before[-1] not in "。！？" else ""), roles, end >= len(text)
                )
            )
        begin = end + 1
    if found:
        rest = _without_remarks(text[begin:]).strip(" 。；;")
        if rest and len(found) == 1:
            found[0].text = f"{found[0].text.rstrip('。；;')}。{rest}。"
        return [one for one in found if one.roles]
    return _labelled(text) or _half_bracket(text)


def _without_remarks(text: str) -> str:
    return re.sub(r"^[\s。；;]*[（(〔\[【][^（()）]{0,40}[)）〕\]】][\s。；;]*$", "", text)


def _tail(text: str, brackets: list[tuple[int, int]]) -> int:
    """Where the brackets begin that nothing but brackets and stops follows."""
    end = len(text)
    for start, close in reversed(brackets):
        if text[close + 1 : end].strip(" 。；;"):
            return end
        end = start
    return end


def _bracket_roles(inside: str, before: str, *, last: bool) -> Roles | None:
    """The roles of a bracket that states a duty, else None."""
    if _DUTY_WORD.search(inside):
        roles = split_roles(inside)
        if (
            roles
            and _made_of_units(roles)
            and (last or re.search(r"[。；！]$", before.strip()) or len(inside) > 12)
        ):
            return roles
        return None
    if not last or not before.strip():
        return None
    if role_labels(inside):
        stated = split_roles(inside)
        return stated if stated.deadline and not stated else None
    if is_deadline(inside.strip("。")):
        return Roles(deadline=inside.strip("。"))
    parts = [m for piece, _ in members(inside.strip("。")) for m, _ in members(piece, "、")]
    units = [p for p in parts if not is_deadline(p)]
    if (
        not units
        or not all(_STRONG.search(u) for u in units)
        or not any(_OFFICE.search(u) for u in units)
        or re.search(r"[含如即]|包括|除外|简称", inside[:4])
    ):
        return None
    if looks_like_unit(re.split(r"[，。；、]", before.rstrip())[-1]):  # a second name behind a first one
        return None
    roles = split_roles(inside, plain=True)
    return roles if roles else None


def _made_of_units(roles: Roles) -> bool:
    """False where most of what stands before 负责 or 配合 is no unit at all."""
    units = [
        u for text in (roles.lead, roles.cooperating, roles.responsible) for u in split_units(text).units
    ]
    likely = sum(1 for u in units if looks_like_unit(u.raw) or u.kind != "specific")
    return (
        bool(units) and 2 * likely >= len(units) and not any(re.search(r"[的了将把]", u.raw) for u in units)
    )


def _labelled(text: str) -> list[Stated]:
    """`…。牵头单位：甲；完成时限：6月` without a bracket."""
    marks = [
        m
        for m in role_labels(text)
        if m.start() == 0
        or text[m.start() - 1] in "。；;，,、！？：:”）)〕】 \n" + OPEN
        or m.lastgroup == "skip"
    ]
    if len(marks) < 2 or not all(m.lastgroup in ("lead", "coop", "resp", "due") for m in marks):
        marks = [
            m
            for m in marks
            if re.search(r"单位|部门|分工|领导|时|期限|进度|处室|科室|主体|机构|责任人|负责人", m.group())
        ]
    if not marks:
        return []
    stated = text[marks[0].start() :].strip("（）()〔〕[]【】［］。 ")
    roles = split_roles(stated, plain=True)
    return [Stated(text[: marks[0].start()].strip(" （(〔[【［；;\n"), roles)] if roles else []


def _half_bracket(text: str) -> list[Stated]:
    """`…。甲牵头，乙配合）`: the opening bracket is lost."""
    if (
        not text
        or text.rstrip("。；; ")[-1:] not in CLOSE
        or sum(c in CLOSE for c in text) <= sum(c in OPEN for c in text)
    ):
        return []
    end = text.rstrip("。；; ")[:-1]
    at = max(end.rfind("。"), end.rfind("；")) + 1
    roles = split_roles(end[at:]) if at and _DUTY_WORD.search(end[at:]) else Roles()
    return [Stated(text[:at].strip(), roles, True)] if roles and _made_of_units(roles) else []


class _DutyReader:
    def __init__(
        self, item: Item, findings: Findings, year: int | None, names: UnitNames | None, mender: TextMender
    ) -> None:
        self.item = item
        self.findings = findings
        self.year = year
        self.names = names
        self.mender = mender
        self.order = 0

    def read(self, before: int) -> list[Duty]:
        """The paragraph's duties; `before`: how many the document has above."""
        self.order = before + 1
        duties: list[Duty] = []
        for stated in stated_duties(self.item.text):
            if stated.cut:
                self._tell("text_doubtful", None, "责任单位的括号没有写完整，请核对。")
            if not stated.text:
                self._tell("text_missing", "text", "这项分工没有对应的任务文字，请核对。")
            duties.append(self._duty(stated.text, stated.roles))
            self.order += 1
        return duties or self._sentences()

    def _duty(self, text: str, roles: Roles) -> Duty:
        deadline = self._deadline(roles.deadline)
        mended = self.mender.mend(squeeze(text))
        if mended.text != squeeze(text):
            self._tell("text_repaired", "text", f"疑有识别错误：{mended.told}。")
        return Duty(
            mended.text,
            self._units(roles.lead, "lead"),
            self._units(roles.cooperating, "cooperating"),
            self._units(roles.responsible, "responsible"),
            deadline,
            Source("duties", self.item.page, self.item.line, 1),
        )

    def _units(self, text: str, field: str) -> list[str]:
        if not text:
            return []
        plain, told = self.mender.mend_units(without_marks(text))
        found = split_units(plain, self.names)
        if told:
            self._tell("name_repaired", field, f"单位名称疑有识别错误：{told}。")
        for code, _raw, words, proposal in found.doubts:
            self._tell(code, field, words, proposal)
        for raw, near in self.mender.doubtful_units(plain):
            words = f"“{raw}”不像单位名称" + (f"，是否“{near}”？" if near else "，请核对。")
            self._tell("name_doubtful", field, words, near)
        return found.names

    def _deadline(self, text: str) -> Deadline | None:
        if not text:
            return None
        read = read_deadline(text, self.year)
        if read is None:
            self._tell("deadline_unreadable", "deadline", f"完成时限“{text}”无法识别。")
            return Deadline(text, None, None)
        if read.repaired:
            self._tell(
                "deadline_repaired",
                "deadline",
                f"完成时限“{text}”书写有误，读作{read.deadline.due or text}。",
            )
        return read.deadline

    def _tell(self, code: str, field: str | None, text: str, proposal: str | None = None) -> None:
        self.findings.add(
            code, "duties", text, number=self.order, field=field, line=self.item.line, proposal=proposal
        )

    # -- sentences without brackets

    def _sentences(self) -> list[Duty]:
        duties: list[Duty] = []
        for sentence in re.findall(r"[^。；]+[。；]?", self.item.text):
            duty = self._sentence(sentence.strip())
            if duty:
                duties.append(duty)
                self.order += 1
        return duties

    def _sentence(self, sentence: str) -> Duty | None:
        deadline = self._dated(sentence)
        for pattern in _SENTENCES:
            for match in pattern.finditer(sentence):
                groups = match.groupdict()
                units = re.sub(r"等(?:部门|单位|有关部门)?$", "等", groups["units"].strip("，、"))
                if not _all_units(units) or (
                    pattern is _SENTENCES[-1] and not all(_named(u.raw) for u in split_units(units).units)
                ):
                    continue
                helpers = _without_adverbs(groups.get("coop") or "")
                led = match.group().endswith("牵头") or (
                    "会同" in match.group() and not match.group().startswith("请")
                )
                lead, responsible = (
                    (self._units(units, "lead"), []) if led else ([], self._units(units, "responsible"))
                )
                cooperating = self._units(helpers, "cooperating") if helpers and _all_units(helpers) else []
                return Duty(
                    sentence,
                    lead,
                    cooperating,
                    responsible,
                    deadline,
                    Source("duties", self.item.page, self.item.line, 1),
                )
        begins = re.match(
            r"^(?P<u>[\u4e00-\u9fff、（）()]{2,60}?)(?:等)?(?:按职责分工)?负责(?!人|制|任|落实到位)", sentence
        )
        if begins and _all_units(begins["u"]):
            return Duty(
                sentence,
                [],
                [],
                self._units(begins["u"], "responsible"),
                deadline,
                Source("duties", self.item.page, self.item.line, 1),
            )
        if deadline is not None and deadline.due is not None:
            return Duty(
                sentence,
                [],
                [],
                self._subject(sentence),
                deadline,
                Source("duties", self.item.page, self.item.line, 1),
            )
        return None

    def _dated(self, sentence: str) -> Deadline | None:
        if not re.search(r"完成|前|到位|实现", sentence):
            return None
        for match in find_deadlines(sentence):
            words = squeeze(match.group())
            after = sentence[match.end() : match.end() + 8]
            if not re.search(r"前$|底$|末$", words) or not re.match(
                r"^[，]?(?:全面|基本|全部)?(?:完成|实现|建成|出台|印发|落实|到位|报|制定|前)", after
            ):
                continue
            read = read_deadline(words, self.year)
            if read and read.deadline.due:
                return read.deadline
        return None

    def _subject(self, sentence: str) -> list[str]:
        """`各地区、各部门都要…`: the units a sentence begins with."""
        match = re.match(r"^(?P<u>[\u4e00-\u9fff、（）()]{2,60}?)(?:都要|均要|要|应当|应|负责)", sentence)
        if match and _all_units(re.sub(r"和", "、", match["u"])):
            return self._units(re.sub(r"和", "、", match["u"]), "responsible")
        return []


def _named(unit: str) -> bool:
    """True for a name that begins as names of bodies do, not with a verb."""
    return is_usual(unit) or bool(_NAMED_BODY.match(unit))


def _without_adverbs(units: str) -> str:
    return re.sub(r"(?:适时|定期|统一|及时|分别|具体|共同|联合|抓紧|认真|进一步)$", "", units)


def _all_units(text: str) -> bool:
    units = split_units(text).units
    return (
        bool(units)
        and all(looks_like_unit(u.raw) or u.kind != "specific" for u in units)
        and not re.search(r"[是的了将把要应须]", text)
    )


def _brackets(text: str) -> list[tuple[int, int]]:
    """Outermost brackets of any kind as (open, close), in order; one left open at the end closes there."""
    pairs: list[tuple[int, int]] = []
    stack: list[int] = []
    for i, c in enumerate(text):
        if c in OPEN:
            stack.append(i)
        elif c in CLOSE and stack:
            start = stack.pop()
            while pairs and pairs[-1][0] > start:
                pairs.pop()
            pairs.append((start, i))
    if stack and (not pairs or pairs[-1][1] < stack[-1]):
        pairs.append((stack[-1], len(text)))
    elif stack and _DUTY_WORD.search(text, stack[-1]):
        pairs = [p for p in pairs if p[0] < stack[-1]] + [(stack[-1], len(text))]
    return pairs
