"""The text of a notice: header, title, number, addressees, signature, and its numbered items with what they say."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .characters import look_alike
from .figures import read_targets
from .grid import Paragraph
from .joined_paragraphs import joined_paragraphs
from .letterhead import read_header, read_marks, read_signature
from .paragraph_marks import (
    LEVELS,
    heading_level,
)
from .plan import Plan, Target
from .record import from_record, without_record


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


def read_body(paragraphs: list[Paragraph], plan: Plan) -> Body:
    """Fills the plan's header fields and returns the body's items."""
    record, paragraphs = without_record(paragraphs)
    whole = joined_paragraphs(paragraphs)
    texts = [p.text for p, _ in whole]
    start = read_header(texts, plan)
    end = read_signature(texts, start, plan)
    for text in texts:
        read_marks(text, plan)
    from_record(record, plan)
    body = Body(_items(whole[start:end]))
    _agreeing_names(plan, texts, body)
    return body


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


def _items(whole: list[tuple[Paragraph, list[int]]]) -> list[Item]:
    items: list[Item] = []
    marks = ["", "", "", ""]
    for paragraph, lines in whole:
        text = paragraph.text
        level = heading_level(text)
        if level:
            match = LEVELS[level - 1].match(text)
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
