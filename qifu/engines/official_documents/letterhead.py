"""What stands before and after the text of a notice: title, issuer, number, addressees, signature, marks."""

from __future__ import annotations

import re

from .characters import bare, squeeze
from .paragraph_marks import (
    ANNEX_LIST,
    NUMBER,
    SEAL,
    TITLE_END,
    ends_title,
    heading_level,
    read_date,
    read_number,
)
from .plan import Plan
from .units import split_units

_URGENCY = re.compile(r"(?:^|紧急程度\s*[:：]\s*|缓急\s*[:：]\s*)(特急|加急|平急|特提|急件)(?=$|[\s　])")
_SIGNER = re.compile(r"签发人?\s*[:：]\s*([\u4e00-\u9fff·]{2,4}(?:[\s　、]+[\u4e00-\u9fff·]{2,4})*)")
_PUBLICITY = re.compile(
    r"(?:公开属性|公开方式|公开形式|政府信息公开选项|信息公开选项)\s*[:：]\s*([\u4e00-\u9fff]{2,8})|[（(]?此件\s*([\u4e00-\u9fff]{0,6}公开[\u4e00-\u9fff]{0,4})\s*[)）]?$"
)
_COPIED = re.compile(r"^(?:抄\s*送|抄\s*报)\s*[:：]\s*(.+)$", re.DOTALL)
_ADDRESSED = re.compile(
    r"(?:政府|委|局|厅|办|部门|单位|机构|部|院|会|公司|银行|企业|学校|处|中心|机关|所|站|集团|兵团|大学|高校|学院|协会|地|地区|开发区|高新区|新区|园区|经开区|先导区|街道|镇|乡|办公室|党委|支部|人员|科室|专班|法院|检察院|海关|团体)"
    r"(?:[（(〔][^（()）]*[)）〕])?$"
)


def read_header(texts: list[str], plan: Plan) -> int:
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
            (TITLE_END.search(titles[-1]) and titles[-1].count("《") <= titles[-1].count("》"))
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
            and (titles or "关于" in text or TITLE_END.search(text) or _half_title(text, texts))
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
        match = NUMBER.search(text) if len(text) < 200 else None
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
        and ("关于" in following or bool(TITLE_END.search(following)))
        and not read_number(following)
    )


def _is_addressee(text: str) -> bool:
    if not text.endswith(("：", ":")) or len(text) > 220 or "。" in text or heading_level(text):
        return False
    if re.search(r"(?:如下|通知|事项|要求|包括|附件|意见)[:：]$", text):
        return False
    units = split_units(text.rstrip("：:"))
    return bool(units.units)


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


def read_signature(texts: list[str], start: int, plan: Plan) -> int:
    """Issuer, seal and date under the text; index where the items end (a second title may follow the date)."""
    for i in range(start, len(texts)):
        issued = read_date(texts[i])
        if issued is None:
            continue
        plan.issued_on = issued
        for text in texts[max(start, i - 3) : i]:
            if match := SEAL.match(bare(text)):
                plan.seal = match[1]
            elif (
                plan.issuer is None
                and len(text) < 40
                and not re.search(r"[。；，]", text)
                and not heading_level(text)
                and not ANNEX_LIST.match(text)
            ):
                plan.issuer = bare(text)
        break
    return len(texts)


def read_marks(text: str, plan: Plan) -> None:
    if match := _COPIED.match(text):
        plan.copied_to = [u.name for u in split_units(match[1].rstrip("。")).units]
    if plan.urgency is None and (match := _URGENCY.search(text)) and len(text) < 30:
        plan.urgency = match[1]
    if plan.signed_by is None and (match := _SIGNER.search(text)) and len(text) < 60:
        plan.signed_by = squeeze(match[1])
    if plan.publicity is None and (match := _PUBLICITY.search(text)) and len(text) < 60:
        plan.publicity = match[1] or match[2]
    if match := SEAL.match(bare(text)):
        plan.seal = plan.seal or match[1]
