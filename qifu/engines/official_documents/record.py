"""The record of a web page (索引号、文号、成文日期…) printed beside the notice itself."""

from __future__ import annotations

import re

from .characters import bare
from .grid import Paragraph
from .paragraph_marks import (
    read_date,
    read_number,
)
from .plan import Plan

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


def without_record(paragraphs: list[Paragraph]) -> tuple[dict[str, str], list[Paragraph]]:
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


def from_record(record: dict[str, str], plan: Plan) -> None:
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
