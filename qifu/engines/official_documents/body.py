"""The text of a notice: header, title, number, addressees, signature, and its numbered items with what they say."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from .characters import bare, chinese_number, fold, key, plain_digits, squeeze
from .figures import read_targets
from .grid import Paragraph
from .markup import without_markup
from .plan import Plan, Target
from .units import looks_like_unit, split_units

_LEVELS = (
    re.compile(r"^([一二三四五六七八九十]{1,3})\s*[、.．]"),
    re.compile(r"^[（(]\s*([一二三四五六七八九十]{1,3})\s*[)）]"),
    re.compile(r"^(\d{1,2})\s*[.．、](?!\d)"),
    re.compile(r"^[（(]\s*(\d{1,2})\s*[)）]"),
)
_CIRCLED = re.compile(r"^[①-⑳]")
_ENDS = re.compile(r"[。！？；：:”）)】〕]$")
_NUMBER = re.compile(r"([\u4e00-\u9fff]{1,14}?)\s*[〔\[（(【［]\s*([2２][0-9０-９OoQlI〇○]{3})\s*[〕\]）)】］]\s*第?\s*([0-9０-９OolI〇]{1,4})\s*号")
_DATE = re.compile(r"^(2[0-9OoQlI〇]{3})\s*年\s*([0-9OolI]{1,2})\s*月\s*([0-9OolI]{1,2})\s*[日曰目号]?(?:印发)?$")
_CN_DATE = re.compile(r"^([二][〇○零ＯO0一二三四五六七八九]{3})年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})日$")
_TITLE_END = re.compile(r"(?:通知|意见|方案|办法|要点|计划|函|批复|报告|决定|公告|通告|规定|细则|措施|清单|行动|规划|安排|纲要|条例|任务书|分工)(?:[（(][^）)]*[)）])?$")
_SEAL = re.compile(r"^[（(〔\[]?\s*(?:由)?([\u4e00-\u9fff（）]{2,30}?)\s*(?:代章|代印|用印|盖章)\s*[)）〕\]]?$")
_URGENCY = re.compile(r"(?:^|紧急程度\s*[:：]\s*|缓急\s*[:：]\s*)(特急|加急|平急|特提|急件)(?=$|[\s　])")
_SIGNER = re.compile(r"签发人?\s*[:：]\s*([\u4e00-\u9fff·]{2,4}(?:[\s　、]+[\u4e00-\u9fff·]{2,4})*)")
_PUBLICITY = re.compile(r"(?:公开属性|公开方式|公开形式|政府信息公开选项|信息公开选项)\s*[:：]\s*([\u4e00-\u9fff]{2,8})|[（(]?此件\s*([\u4e00-\u9fff]{0,6}公开[\u4e00-\u9fff]{0,4})\s*[)）]?$")
_COPIED = re.compile(r"^(?:抄\s*送|抄\s*报)\s*[:：]\s*(.+)$", re.DOTALL)
_ANNEX_LIST = re.compile(r"^附\s*件\s*[:：]")
_PAGE_NUMBER = re.compile(r"^[\s—\-–－·]*\d{1,3}[\s—\-–－·]*$|^第\s*\d+\s*页(?:\s*[，,/／]?\s*共\s*\d+\s*页)?$|^\d+\s*/\s*\d+$")


@dataclass(slots=True)
class Item:
    """One paragraph of the body: `path` such as 二(五)2, its own title and text, and where it stands."""

    path: str
    title: str
    text: str
    line: int
    page: int | None
    level: int  # 0 no number, 1 一、, 2 （一）, 3 1., 4 （1）
    lines: list[int] = field(default_factory=list)

    @property
    def targets(self) -> list[Target]:
        """Figures the item states (lines without a figure give none)."""
        found: list[Target] = []
        for sentence in re.split(r"(?<=[。；])", self.text):
            if re.search(r"\d", sentence):
                found += [t for t in read_targets(sentence) if t.value is not None or t.baseline]
        return found


@dataclass(slots=True)
class Body:
    """Items in order; `names` of items called 专项行动 help to fill gaps of an annex."""

    items: list[Item] = field(default_factory=list)


def ends_title(text: str) -> bool:
    """True for a line that ends as titles do."""
    return bool(_TITLE_END.search(text.strip()))


def is_page_number(text: str) -> bool:
    """True for `- 3 -`, `第 3 页` and the like."""
    return bool(_PAGE_NUMBER.match(text.strip()))


def heading_level(text: str) -> int:
    """1 for 一、, 2 for （一）, 3 for 1., 4 for （1） or ①, 0 without a number."""
    text = text.strip()
    for level, pattern in enumerate(_LEVELS, 1):
        if pattern.match(text):
            return level
    return 4 if _CIRCLED.match(text) else 0


def read_number(text: str) -> str | None:
    """`浙营商专发〔2024〕1号` with any brackets and look-alike digits; None when there is none."""
    match = _NUMBER.search(squeeze(text))
    if not match:
        return None
    letters = re.sub(r"^.*(?:文件|根据|按照|《)", "", match[1])
    return f"{letters}〔{plain_digits(match[2])}〕{int(plain_digits(match[3]))}号" if letters else None


def read_date(text: str) -> date | None:
    """A line that is a date and nothing else."""
    plain = bare(fold(text)).strip("（）()")
    plain = re.sub(r"^(?:发文|成文|印发)日期[:：]", "", plain)
    if match := _CN_DATE.match(plain):
        parts = [chinese_number(g.replace("Ｏ", "〇").replace("O", "〇")) for g in match.groups()]
    elif match := _DATE.match(plain):
        parts = [int(plain_digits(g)) for g in match.groups()]
    else:
        return None
    try:
        return date(*(p or 0 for p in parts))
    except (TypeError, ValueError):
        return None


def joined_paragraphs(paragraphs: list[Paragraph]) -> list[tuple[Paragraph, list[int]]]:
    """Paragraphs with page numbers left out and those cut by a page or line break put together again."""
    whole: list[tuple[Paragraph, list[int]]] = []
    items = [p.text for p in paragraphs if heading_level(p.text) > 2]
    sentences = sum(1 for t in items if re.search(r"[，。；]", t)) > 0.6 * len(items)
    seen: set[str] = set()
    for index, paragraph in enumerate(paragraphs):
        text = squeeze(without_markup(paragraph.text))
        if not text or is_page_number(text) or _is_running_head(text, seen, paragraphs[index + 1 : index + 2]):
            continue
        seen.add(key(text))
        if whole and _goes_on(whole[-1][0].text, text, sentences):
            last, lines = whole[-1]
            whole[-1] = (Paragraph(last.text + text, last.line, last.page), [*lines, paragraph.line])
        else:
            whole.append((Paragraph(text, paragraph.line, paragraph.page), [paragraph.line]))
    return whole


def _is_running_head(text: str, seen: set[str], following: list[Paragraph]) -> bool:
    """A short line that stood there before: the head of a page, not a signature above its date."""
    if key(text) not in seen or not 6 <= len(text) <= 60 or heading_level(text) or re.search(r"[。：:]", text):
        return False
    if not (_TITLE_END.search(text) or text.endswith("文件")):
        return False
    return not any(read_date(p.text) for p in following)


def _goes_on(before: str, text: str, sentences: bool) -> bool:
    """True when `text` is the rest of `before`; `sentences`: numbered items of this document are whole sentences."""
    if re.match(r"^(?:抄\s*[送报]|附\s*件|主送)", before):
        return bool(re.search(r"[、，,（(]$", before))
    if re.match(r"^[（(〔\[【]\s*(?:牵头|责任|配合|协同|主办|由|[\u4e00-\u9fff、（）]{2,60}(?:牵头|负责|配合))", text):
        return len(before) > 10
    if re.match(r"^(?:牵头|责任|配合|协同|完成|参与|落实)(?:单位|部门|时限|时间)?\s*[:：]", text):
        return heading_level(before) > 0 or len(before) > 20
    if heading_level(text) or _ANNEX_LIST.match(text) or read_date(text) or (read_number(text) and len(text) < 30):
        return False
    depth = sum(before.count(c) for c in "（(〔[") - sum(before.count(c) for c in "）)〕]")
    if depth > 0 and len(before) > 20 and re.search(r"[）)〕\]]", text):
        return True
    if _ENDS.search(before) or _TITLE_END.search(before) or text.endswith(("：", ":")):
        return False
    if read_date(before) or looks_like_unit(before) or _SEAL.match(bare(before)) or read_number(before) or before.endswith("文件") or re.search(r"签发|公开|特急|加急", before):
        return False
    level = heading_level(before)
    if level in (1, 2) and not re.search(r"[，。；]", before):
        return False
    if level > 2 and not re.search(r"[，。；]", before) and len(before) < 30 and not (sentences and re.search(r"[，。；]", text)):
        return False
    if level == 0 and len(before) < 8:
        return False
    return not re.match(r"^[（(]?此件|^抄送|^附件", text)


def read_body(paragraphs: list[Paragraph], plan: Plan) -> Body:
    """Fills the plan's header fields and returns the body's items."""
    whole = joined_paragraphs(paragraphs)
    texts = [p.text for p, _ in whole]
    start = _header(texts, plan)
    end = _signature(texts, start, plan)
    for text in texts:
        _marks(text, plan)
    return Body(_items(whole[start:end]))


def _header(texts: list[str], plan: Plan) -> int:
    """Reads everything above the first sentence; index of the first body paragraph."""
    addressed = next((i for i, t in enumerate(texts[:25]) if _is_addressee(t)), None)
    limit = addressed if addressed is not None else min(len(texts), 12)
    titles: list[str] = []
    for text in texts[:limit]:
        if (number := read_number(text)) and len(bare(text)) < 40 and "关于" not in text.split("〔")[0]:
            plan.document_number = plan.document_number or number
        elif re.match(r"^[\u4e00-\u9fff“”\"〔〕（）()\s\d一号]{2,60}文件$", text) and "关于" not in text:
            plan.issuer = text.removesuffix("文件").strip()
        elif titles and ((_TITLE_END.search(titles[-1]) and titles[-1].count("《") <= titles[-1].count("》")) or re.search(r"[。；]", text)):
            if addressed is None:
                break
        elif heading_level(text) or read_date(text) or _URGENCY.match(text) or _SIGNER.search(text) or _PUBLICITY.search(text):
            continue
        elif "。" not in text and len(text) < 90 and (titles or "关于" in text or _TITLE_END.search(text) or _half_title(text, texts)):
            titles.append(text)
    if titles:
        plan.title = "".join(titles)
    if addressed is not None:
        plan.addressees = read_addressees(texts[addressed])
        return addressed + 1
    if not titles:
        return 0
    return next((i + 1 for i, t in enumerate(texts) if t == titles[-1]), 0)


def _half_title(text: str, texts: list[str]) -> bool:
    """The first line of a title that goes on in the next."""
    at = texts.index(text)
    following = texts[at + 1] if at + 1 < len(texts) else ""
    return len(text) > 5 and len(following) < 60 and ("关于" in following or bool(_TITLE_END.search(following))) and not read_number(following)


def _is_addressee(text: str) -> bool:
    if not text.endswith(("：", ":")) or len(text) > 220 or "。" in text or heading_level(text):
        return False
    if re.search(r"(?:如下|通知|事项|要求|包括|附件|意见)[:：]$", text):
        return False
    units = split_units(text.rstrip("：:"))
    return bool(units.units)


def read_addressees(text: str) -> list[str]:
    """The bodies a notice is sent to; set phrases such as 国务院各部委、各直属机构 stay together."""
    result: list[str] = []
    for piece in re.split(r"[，,；;]", text.strip().rstrip("：:")):
        piece = squeeze(piece)
        if not piece:
            continue
        found = split_units(piece)
        together = re.search(r"各省、自治区|、各直属机构$", piece) or any(len(u.raw) <= 1 for u in found.units)
        result += [piece] if together else [u.raw if not u.inherited else u.name for u in found.units]
    return result


def _signature(texts: list[str], start: int, plan: Plan) -> int:
    """Issuer, seal and date under the text; index where the items end (a second title may follow the date)."""
    for i in range(start, len(texts)):
        issued = read_date(texts[i])
        if issued is None:
            continue
        plan.issued_on = issued
        for text in texts[max(start, i - 3) : i]:
            if match := _SEAL.match(bare(text)):
                plan.seal = match[1]
            elif plan.issuer is None and len(text) < 40 and not re.search(r"[。；，]", text) and not heading_level(text) and not _ANNEX_LIST.match(text):
                plan.issuer = bare(text)
        break
    return len(texts)


def _marks(text: str, plan: Plan) -> None:
    if match := _COPIED.match(text):
        plan.copied_to = [u.name for u in split_units(match[1].rstrip("。")).units]
    if plan.urgency is None and (match := _URGENCY.search(text)) and len(text) < 30:
        plan.urgency = match[1]
    if plan.signed_by is None and (match := _SIGNER.search(text)) and len(text) < 60:
        plan.signed_by = squeeze(match[1])
    if plan.publicity is None and (match := _PUBLICITY.search(text)) and len(text) < 60:
        plan.publicity = match[1] or match[2]
    if match := _SEAL.match(bare(text)):
        plan.seal = plan.seal or match[1]


def _items(whole: list[tuple[Paragraph, list[int]]]) -> list[Item]:
    items: list[Item] = []
    marks = ["", "", "", ""]
    for paragraph, lines in whole:
        text = paragraph.text
        level = heading_level(text)
        if level:
            match = _LEVELS[level - 1].match(text)
            mark = match[1] if match else text[0]
            marks[level - 1 :] = [f"（{mark}）" if level in (2, 4) else mark] + [""] * (4 - level)
            rest = text[match.end() :].strip() if match else text[1:].strip()
        else:
            rest = text
        title = re.split(r"[。：:]", rest, maxsplit=1)[0].strip() if level else ""
        title = re.sub(r"[（(〔\[].*$", "", title) if len(title) > 60 else title
        items.append(Item("".join(marks).replace("（", "(").replace("）", ")"), title, rest, paragraph.line, paragraph.page, level, lines))
    return items
