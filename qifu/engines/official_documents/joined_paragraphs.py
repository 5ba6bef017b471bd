"""Lines that a page or a converter broke become whole paragraphs again."""

from __future__ import annotations

import re

from .characters import bare, fold, key, squeeze
from .grid import Paragraph
from .markup import without_markup
from .paragraph_marks import (
    ANNEX_LIST,
    SEAL,
    TITLE_END,
    heading_level,
    is_page_number,
    read_date,
    read_number,
)
from .units import looks_like_unit

_ENDS = re.compile(r"[。！？；：:”）)】〕]$")
_LABEL_LINE = re.compile(
    r"^(?:[省市区县州]级?)?(?:(?:牵头|责任|配合|协同|协办|落实|实施|参与|参加|主责|主管|完成|推进|办结|工作)(?:责任)?(?:单位|部门|主体|处室|科室|机构|时限|时间|期限|进度|时间节点)|"
    r"牵头|责任|配合|协同|完成时限|时限|时间节点|时间安排|进度安排|(?:部门|责任|任务|职责|单位)分工|(?:分管|责任|牵头|联系|包保)[省市县区州]?(?:领导|负责人|责任人)|责任人|主办单位|承办单位)\s*[:：]"
)
_FURNITURE = re.compile(
    r"^(?:当前位置|您?现在的位置|首页|扫一扫|打印(?:本页)?$|关闭(?:窗口|本页)?$|上一篇|下一篇|上一条|下一条|分享(?:到|至)?|字[号体]\s*[:：]|【字|\[?字体|来源\s*[:：]|浏览(?:次数|量)|点击(?:数|量)|访问量|版权所有|"
    r"网站标识码|网站地图|技术支持|相关(?:链接|解读|文档|稿件|阅读|附件)|政策解读|图解|责任编辑|编辑\s*[:：]|信息来源|发布时间\s*[:：]|.{0,30}(?:ICP备|公网安备|Copyright|版权所有))"
)
_DATE_AND_MORE = re.compile(r"^(2[\dOolI〇]{3}年\d{1,2}月\d{1,2}日)([（(〔].{2,30})$")


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
    if not (TITLE_END.search(text) or text.endswith("文件")):
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
        or ANNEX_LIST.match(text)
        or read_date(text)
        or (read_number(text) and len(text) < 30)
    ):
        return False
    depth = sum(before.count(c) for c in "（(〔[") - sum(before.count(c) for c in "）)〕]")
    if depth > 0 and len(before) > 20 and re.search(r"[）)〕\]]", text):
        return True
    if re.match(r"^的(?:通知|意见|批复|函|公告|报告|决定)$", text):
        return not _ENDS.search(before) or before.endswith(("》", "）", "”"))
    if _ENDS.search(before) or TITLE_END.search(before) or text.endswith(("：", ":")):
        return False
    if (
        read_date(before)
        or (looks_like_unit(before) and not heading_level(before) and not re.search(r"[，。；]", before))
        or SEAL.match(bare(before))
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
