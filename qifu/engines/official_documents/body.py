"""The text of a notice: header, title, number, addressees, signature, and its numbered items with what they say."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from .characters import bare, chinese_number, fold, key, look_alike, plain_digits, squeeze
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
_NUMBER = re.compile(
    r"([\u4e00-\u9fff]{1,14}?)\s*[〔\[（(【［﹝]\s*([2２][0-9０-９OoQlI〇○]{3})\s*[〕\]）)】］﹞]\s*第?\s*([0-9０-９OolI〇]{1,4})\s*号"
)
_DATE = re.compile(
    r"^(2[0-9OoQlI〇]{3})\s*年\s*([0-9OolI]{1,2})\s*月\s*([0-9OolI]{1,2})\s*[日曰目号]?(?:印发)?$"
)
_CN_DATE = re.compile(
    r"^([二][〇○零ＯO0一二三四五六七八九]{3})年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})日$"
)
_TITLE_END = re.compile(
    r"(?:通知|意见|方案|办法|要点|计划|函|批复|报告|决定|公告|通告|规定|细则|措施|清单|行动|规划|安排|纲要|条例|任务书|分工)(?:[（(][^）)]*[)）])?$"
)
_SEAL = re.compile(
    r"^[（(〔\[]?\s*(?:由)?([\u4e00-\u9fff（）]{2,30}?)\s*(?:代章|代印|用印|盖章)\s*[)）〕\]]?$"
)
_URGENCY = re.compile(r"(?:^|紧急程度\s*[:：]\s*|缓急\s*[:：]\s*)(特急|加急|平急|特提|急件)(?=$|[\s　])")
_SIGNER = re.compile(r"签发人?\s*[:：]\s*([\u4e00-\u9fff·]{2,4}(?:[\s　、]+[\u4e00-\u9fff·]{2,4})*)")
_PUBLICITY = re.compile(
    r"(?:公开属性|公开方式|公开形式|政府信息公开选项|信息公开选项)\s*[:：]\s*([\u4e00-\u9fff]{2,8})|[（(]?此件\s*([\u4e00-\u9fff]{0,6}公开[\u4e00-\u9fff]{0,4})\s*[)）]?$"
)
_COPIED = re.compile(r"^(?:抄\s*送|抄\s*报)\s*[:：]\s*(.+)$", re.DOTALL)
_ANNEX_LIST = re.compile(r"^附\s*件\s*[:：]")
_LABEL_LINE = re.compile(
    r"^(?:[省市区县州]级?)?(?:(?:牵头|责任|配合|协同|协办|落实|实施|参与|参加|主责|主管|完成|推进|办结|工作)(?:责任)?(?:单位|部门|主体|处室|科室|机构|时限|时间|期限|进度|时间节点)|"
    r"牵头|责任|配合|协同|完成时限|时限|时间节点|时间安排|进度安排|(?:部门|责任|任务|职责|单位)分工|(?:分管|责任|牵头|联系|包保)[省市县区州]?(?:领导|负责人|责任人)|责任人|主办单位|承办单位)\s*[:：]"
)
_FURNITURE = re.compile(
    r"^(?:当前位置|您?现在的位置|首页|扫一扫|打印(?:本页)?$|关闭(?:窗口|本页)?$|上一篇|下一篇|上一条|下一条|分享(?:到|至)?|字[号体]\s*[:：]|【字|\[?字体|来源\s*[:：]|浏览(?:次数|量)|点击(?:数|量)|访问量|版权所有|"
    r"网站标识码|网站地图|技术支持|相关(?:链接|解读|文档|稿件|阅读|附件)|政策解读|图解|责任编辑|编辑\s*[:：]|信息来源|发布时间\s*[:：]|.{0,30}(?:ICP备|公网安备|Copyright|版权所有))"
)
_RECORD_KEYS = {
    "document_number": "文号|发文字号|发文文号|文件编号|文件号|公文编号",
    "issuer": "发布机构|发文机关|发文单位|发布单位|制发机关|制定机关|发布机关|发文机构",
    "issued_on": "成文日期|成文时间|发文日期|发文时间|生成日期|制发日期|印发日期",
    "title": "标题|名称|文件名称|信息名称|公文标题",
    "": "索引号|信息索引号|时效|主题分类|主题词|公文种类|有效性|时效性|关键词|体裁分类|组配分类|信息分类|所属机构|公开日期|发布日期|废止日期|统一编号|信息类别|文件类型|效力状态|公文时效|内容概述|生效日期|失效日期|服务对象|发文类型|体裁|分类|状态|登记号",
}
_RECORD_FIELD = {key: name for name, keys in _RECORD_KEYS.items() for key in keys.split("|")}
_RECORD = re.compile(
    rf"(?:^|(?<=[\s；;，,])|(?<=[\u4e00-\u9fff〕号\d]))({'|'.join(sorted(_RECORD_FIELD, key=len, reverse=True))})[:：]"
)
_DATE_AND_MORE = re.compile(r"^(2[\dOolI〇]{3}年\d{1,2}月\d{1,2}日)([（(〔].{2,30})$")
_PAGE_NUMBER = re.compile(
    r"^[\s—\-–－·]*\d{1,3}[\s—\-–－·]*$|^第\s*\d+\s*页(?:\s*[，,/／]?\s*共\s*\d+\s*页)?$|^\d+\s*/\s*\d+$"
)


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
    doubts: list[tuple[str, str]] = field(default_factory=list)  # (field of the head, what was done to it)


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
    """Paragraphs with page numbers and running titles left out and those cut by a page or line break put together."""
    whole: list[tuple[Paragraph, list[int]]] = []
    items = [p.text for p in paragraphs if heading_level(p.text) > 2]
    sentences = sum(1 for t in items if re.search(r"[，。；]", t)) > 0.6 * len(items)
    seen: set[str] = set()
    lines = _lines(paragraphs)
    for index, (paragraph, text) in enumerate(lines):
        if _is_running_head(text, seen, [following for _, following in lines[index + 1 : index + 2]]):
            continue
        seen.add(key(text))
        if whole and _goes_on(whole[-1][0].text, text, sentences):
            last, numbers = whole[-1]
            between = "；" if _LABEL_LINE.match(text) and last.text[-1] not in "。；;，,、：:" else ""
            whole[-1] = (
                Paragraph(last.text + between + text, last.line, last.page),
                [*numbers, paragraph.line],
            )
        else:
            whole.append((Paragraph(text, paragraph.line, paragraph.page), [paragraph.line]))
    return whole


def _lines(paragraphs: list[Paragraph]) -> list[tuple[Paragraph, str]]:
    """Lines with text, without page numbers and what a site puts around a document; a date and its remark are two."""
    lines: list[tuple[Paragraph, str]] = []
    for paragraph in paragraphs:
        text = squeeze(without_markup(paragraph.text))
        if (
            not text
            or is_page_number(text)
            or (len(text) < 120 and _FURNITURE.match(text) and not read_number(text))
        ):
            continue
        dated = _DATE_AND_MORE.match(bare(fold(text))) if len(text) < 60 else None
        lines += [
            (paragraph, part)
            for part in (dated.groups() if dated else re.split(r"(?<=。)(?=抄[送报][:：])", text))
        ]
    return lines


def _is_running_head(text: str, seen: set[str], following: list[str]) -> bool:
    """A short line that stood there before: the head of a page, not a signature above its date."""
    if (
        key(text) not in seen
        or not 6 <= len(text) <= 60
        or heading_level(text)
        or re.search(r"[。：:]", text)
    ):
        return False
    if not (_TITLE_END.search(text) or text.endswith("文件")):
        return False
    return not any(read_date(line) for line in following)


def _goes_on(before: str, text: str, sentences: bool) -> bool:
    """True when `text` is the rest of `before`; `sentences`: numbered items of this document are whole sentences."""
    if re.match(r"^(?:抄\s*[送报]|附\s*件|主送)", before):
        return bool(re.search(r"[、，,（(]$", before))
    if re.match(
        r"^[（(〔\[【]\s*(?:牵头|责任|配合|协同|主办|由|[\u4e00-\u9fff、（）]{2,60}(?:牵头|负责|配合))", text
    ):
        return len(before) > 10
    if _LABEL_LINE.match(text):
        if text.startswith(("主办单位", "承办单位")):
            return (
                heading_level(before) > 0
                and before.rstrip("。")[-1:] not in "）)〕】］]"
                and not re.search(r"承办单位[:：].*(?:办公|信息|网)|网站", text)
            )
        return heading_level(before) > 0 or len(before) > 20
    if (
        heading_level(text)
        or _ANNEX_LIST.match(text)
        or read_date(text)
        or (read_number(text) and len(text) < 30)
    ):
        return False
    depth = sum(before.count(c) for c in "（(〔[") - sum(before.count(c) for c in "）)〕]")
    if depth > 0 and len(before) > 20 and re.search(r"[）)〕\]]", text):
        return True
    if re.match(r"^的(?:通知|意见|批复|函|公告|报告|决定)$", text):
        return not _ENDS.search(before) or before.endswith(("》", "）", "”"))
    if _ENDS.search(before) or _TITLE_END.search(before) or text.endswith(("：", ":")):
        return False
    if (
        read_date(before)
        or (looks_like_unit(before) and not heading_level(before) and not re.search(r"[，。；]", before))
        or _SEAL.match(bare(before))
        or read_number(before)
        or before.endswith("文件")
        or re.search(r"签发|公开|特急|加急", before)
    ):
        return False
    level = heading_level(before)
    if level in (1, 2) and not re.search(r"[，。；]", before):
        return False
    if (
        level > 2
        and not re.search(r"[，。；]", before)
        and len(before) < 30
        and not (sentences and re.search(r"[，。；]", text))
    ):
        return False
    if level == 0 and len(before) < 8:
        return False
    return not re.match(r"^[（(]?此件|^抄送|^附件", text)


def read_body(paragraphs: list[Paragraph], plan: Plan) -> Body:
    """Fills the plan's header fields and returns the body's items."""
    record, paragraphs = _without_record(paragraphs)
    whole = joined_paragraphs(paragraphs)
    texts = [p.text for p, _ in whole]
    start = _header(texts, plan)
    end = _signature(texts, start, plan)
    for text in texts:
        _marks(text, plan)
    _from_record(record, plan)
    body = Body(_items(whole[start:end]))
    _agreeing_names(plan, texts, body)
    return body


def _without_record(paragraphs: list[Paragraph]) -> tuple[dict[str, str], list[Paragraph]]:
    """A site's record of the document (索引号, 发布机构, 文号 ...) apart from its text."""
    record: dict[str, str] = {}
    rest: list[Paragraph] = []
    for paragraph in paragraphs:
        text = bare(paragraph.text)
        marks = list(_RECORD.finditer(text)) if len(text) < 400 else []
        if not marks or marks[0].start() > 0:
            rest.append(paragraph)
            continue
        for i, mark in enumerate(marks):
            value = text[mark.end() : marks[i + 1].start() if i + 1 < len(marks) else len(text)].strip(
                "；;，, "
            )
            if value and (name := _RECORD_FIELD[mark[1]]):
                record.setdefault(name, value)
    return record, rest


def record_line(cells: list[str]) -> str | None:
    """A row of such a record (label, value, label, value) as one line; None for another row."""
    texts = [bare(c).rstrip(":：") for c in cells]
    pairs = [(texts[i], texts[i + 1] if i + 1 < len(texts) else "") for i in range(0, len(texts), 2)]
    if (
        not texts
        or texts[0] not in _RECORD_FIELD
        or any(label and label not in _RECORD_FIELD for label, _ in pairs)
    ):
        return None
    return "；".join(f"{label}：{value}" for label, value in pairs if label)


def _from_record(record: dict[str, str], plan: Plan) -> None:
    """What the text itself does not say."""
    if plan.document_number is None and "document_number" in record:
        plan.document_number = read_number(record["document_number"])
    plan.issuer = plan.issuer or record.get("issuer")
    plan.title = plan.title or record.get("title")
    if plan.issued_on is None and "issued_on" in record:
        marks = re.match(r"^(20\d\d)[-./年](\d{1,2})[-./月](\d{1,2})", record["issued_on"])
        plan.issued_on = (
            read_date("{}年{}月{}日".format(*marks.groups())) if marks else read_date(record["issued_on"])
        )


def _agreeing_names(plan: Plan, texts: list[str], body: Body) -> None:
    """Title and issuer name the same body; where a scanner confused a character, the commoner writing counts."""
    if not plan.title or not plan.issuer:
        return
    named = plan.title[: len(plan.issuer)]
    if named == plan.issuer or not look_alike(named, plan.issuer):
        return
    titled, signed = (sum(name in text for text in texts) for name in (named, plan.issuer))
    strange = [sum(c in "具匹肖巿布丁" for c in name) for name in (named, plan.issuer)]
    if (strange[0], -titled) > (strange[1], -signed):
        plan.title = plan.issuer + plan.title[len(plan.issuer) :]
        body.doubts.append(
            ("title", f"标题中的“{named}”与发文机关“{plan.issuer}”只差形近字，已按发文机关改正。")
        )
    else:
        body.doubts.append(
            ("issuer", f"发文机关“{plan.issuer}”与标题中的“{named}”只差形近字，已按标题改正。")
        )
        plan.issuer = named


def _header(texts: list[str], plan: Plan) -> int:
    """Reads everything above the first sentence; index of the first body paragraph."""
    addressed = next((i for i, t in enumerate(texts[:25]) if _is_addressee(t)), None)
    limit = addressed if addressed is not None else min(len(texts), 12)
    titles: list[str] = []
    for text in _unglued(texts[:limit]):
        if (number := read_number(text)) and len(bare(text)) < 40 and "关于" not in text.split("〔")[0]:
            plan.document_number = plan.document_number or number
        elif re.match(r"^[\u4e00-\u9fff“”\"〔〕（）()\s\d一号]{2,60}文件$", text) and "关于" not in text:
            plan.issuer = text.removesuffix("文件").strip()
        elif titles and (
            (_TITLE_END.search(titles[-1]) and titles[-1].count("《") <= titles[-1].count("》"))
            or re.search(r"[。；]", text)
        ):
            if addressed is None:
                break
        elif (
            heading_level(text)
            or read_date(text)
            or _URGENCY.match(text)
            or _SIGNER.search(text)
            or _PUBLICITY.search(text)
        ):
            continue
        elif (
            "。" not in text
            and len(text) < 90
            and (titles or "关于" in text or _TITLE_END.search(text) or _half_title(text, texts))
        ):
            titles.append(text)
    if titles:
        plan.title = "".join(titles)
    if addressed is not None:
        plan.addressees = read_addressees(texts[addressed])
        return addressed + 1
    if not titles:
        return 0
    return next((i + 1 for i, t in enumerate(texts) if t == titles[-1]), 0)


def _unglued(texts: list[str]) -> list[str]:
    """`甲政办发〔2024〕3号甲市…的通知` is the number and the title; `甲市人民政府文件甲政发〔2024〕3号` head and number."""
    lines: list[str] = []
    for text in texts:
        match = _NUMBER.search(text) if len(text) < 200 else None
        if match is None or read_number(text[match.end() :]):
            lines.append(text)
            continue
        before, after = text[: match.start()], text[match.end() :].strip()
        head = re.match(r"^(.{4,40}文件)", before + match[1])
        if head and not re.search(r"关于|根据|按照", head[1]):
            before, match_text = head[1], text[len(head[1]) : match.end()]
        else:
            match_text = text[match.start() : match.end()]
        titled = len(after) > 8 and ends_title(after)
        if (titled or head) and not re.search(r"《|根据|按照|关于", before):
            lines += [
                piece
                for piece in (before if head else "", match_text if head else before + match_text, after)
                if piece
            ]
        else:
            lines.append(text)
    return lines


def _half_title(text: str, texts: list[str]) -> bool:
    """The first line of a title that goes on in the next."""
    at = texts.index(text) if text in texts else len(texts)
    following = texts[at + 1] if at + 1 < len(texts) else ""
    return (
        len(text) > 5
        and len(following) < 60
        and ("关于" in following or bool(_TITLE_END.search(following)))
        and not read_number(following)
    )


def _is_addressee(text: str) -> bool:
    if not text.endswith(("：", ":")) or len(text) > 220 or "。" in text or heading_level(text):
        return False
    if re.search(r"(?:如下|通知|事项|要求|包括|附件|意见)[:：]$", text):
        return False
    units = split_units(text.rstrip("：:"))
    return bool(units.units)


_ADDRESSED = re.compile(
    r"(?:政府|委|局|厅|办|部门|单位|机构|部|院|会|公司|银行|企业|学校|处|中心|机关|所|站|集团|兵团|大学|高校|学院|协会|地|地区|开发区|高新区|新区|园区|经开区|先导区|街道|镇|乡|办公室|党委|支部|人员|科室|专班|法院|检察院|海关|团体)"
    r"(?:[（(〔][^（()）]*[)）〕])?$"
)


def read_addressees(text: str) -> list[str]:
    """The bodies a notice is sent to; `各市、县（市、区）人民政府` and `国务院各部委、各直属机构` are one each."""
    result: list[str] = []
    for piece in _outside_brackets(text.strip().rstrip("：:"), "，,；;"):
        piece = squeeze(piece)
        if re.search(r"国务院各部委、各直属机构$", piece):
            result.append(piece)
            continue
        if re.search(r"[委办局]、[委办局]、?[委办局]?$", piece) and not piece.endswith(("委员会", "管委")):
            result.append(piece)
            continue
        waiting = ""
        members = _outside_brackets(piece, "、")
        for i, member in enumerate(members):
            waiting += ("、" if waiting else "") + member
            following = members[i + 1] if i + 1 < len(members) else "各"
            if _ADDRESSED.search(member) or (following.startswith("各") and not waiting.startswith("各省")):
                result.append(waiting)
                waiting = ""
        if waiting:
            result.append(waiting)
    return result


def _outside_brackets(text: str, separators: str) -> list[str]:
    pieces, start, depth = [], 0, 0
    closing = sum(c in "）)〕" for c in text)
    for i, c in enumerate(text):
        if c in "（(〔" and closing:
            depth += 1
        elif c in "）)〕":
            depth, closing = max(0, depth - 1), closing - 1
        elif depth == 0 and c in separators:
            pieces.append(text[start:i].strip())
            start = i + 1
    return [p for p in [*pieces, text[start:].strip()] if p]


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
            elif (
                plan.issuer is None
                and len(text) < 40
                and not re.search(r"[。；，]", text)
                and not heading_level(text)
                and not _ANNEX_LIST.match(text)
            ):
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
        items.append(
            Item(
                "".join(marks).replace("（", "(").replace("）", ")"),
                title,
                rest,
                paragraph.line,
                paragraph.page,
                level,
                lines,
            )
        )
    return items
