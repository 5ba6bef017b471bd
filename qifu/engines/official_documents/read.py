"""Reads an official notice into a plan: `read_plan(path)`. Deterministic; raises only `UnreadableDocument`."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import Any

from .annexes import AnnexReader
from .body import Body, Item, read_body
from .characters import squeeze
from .cross_checks import cross_check
from .duties import read_duties, stated_duties
from .grid import Paragraph, SourceDocument, UnreadableDocument
from .groups import Topic
from .irregularities import Findings
from .layouts import arranged, unread_headings
from .load_file import load_file
from .markup import without_markup
from .plan import Plan
from .segments import Segments, segment
from .table_types import type_table
from .tables import TypedTable, expanded
from .text_repair import TextMender
from .traditional import with_known_labels
from .units import UnitNames

_LIST_ROLES = ("responsible", "lead", "cooperating")


@dataclass(slots=True)
class PlanReading:
    """A plan beside its original; `items` are the body's paragraphs with their figures."""

    plan: Plan
    document: SourceDocument
    items: list[Item] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The object of the published contract."""
        return self.plan.to_json()


def read_plan(
    path_or_bytes: str | os.PathLike[str] | bytes,
    *,
    filename: str | None = None,
    names: UnitNames | None = None,
) -> PlanReading:
    """The plan a notice states, every doubt told; `names` makes names of units canonical."""
    document = load_file(path_or_bytes, filename)
    return read_document(document, names=names)


def read_document(document: SourceDocument, *, names: UnitNames | None = None) -> PlanReading:
    """The plan of an already loaded document."""
    known, traditional = with_known_labels(document)
    segments = segment(known)
    _mark_cut(known, segments)
    plan, findings = Plan(), Findings()
    body = read_body(segments.paragraphs, plan)
    year = _year(plan, segments)
    tables = _typed(segments, findings, year)
    mender = _mender(segments, tables, names)
    topics = [Topic(i.title, i.text) for i in body.items if i.level >= 2 and i.title]
    reader = AnnexReader(plan, findings, year=year, names=names, topics=topics, mender=mender)
    for table in tables:
        reader.read(table)
    plan.duties = read_duties(body, findings, year=year, names=names, mender=mender)
    cross_check(plan, body, findings, names, mender)
    _unread(known, plan, findings, tables)
    if traditional is not None:
        findings.add(
            "traditional_labels",
            "document",
            f"第{traditional}行起的表头或标签是繁体字，已按简体识别，正文照原样保留。",
            line=traditional,
        )
    _metadata(plan, findings, body)
    _anything_read(plan, findings)
    plan.irregularities = findings.sorted()
    return PlanReading(plan, document, body.items)


def _mark_cut(document: SourceDocument, segments: Segments) -> None:
    """Marks the rows that were lines of text in the file."""
    lines = {block.line for block in document.blocks if isinstance(block, Paragraph)}
    for table in segments.tables:
        for row in table.rows:
            row.cut = row.line in lines and len({c.line for c in row.cells if c.text.strip()}) < sum(
                bool(c.text.strip()) for c in row.cells
            )


def _typed(segments: Segments, findings: Findings, year: int | None) -> list[TypedTable]:
    tables: list[TypedTable] = []
    for table in segments.tables:
        if not table.rows:
            continue
        raw = arranged(table)
        typed = type_table(raw, year)
        if typed is None:
            if sum(len(r.cells) > 1 for r in raw.rows) >= 2:
                findings.add(
                    "table_unread",
                    "document",
                    f"第{raw.line}行起的表格看不出是指标、任务还是行动，未读取。",
                    line=raw.line,
                    proposal="请核对表头，或手工补录。",
                )
            continue
        if typed.raw.heading is None:
            findings.add(
                "header_missing",
                typed.kind,
                f"第{raw.line}行起的表格没有表头，各列含义按内容推断。",
                line=raw.line,
            )
        tables.append(typed)
    return tables


def _unread(document: SourceDocument, plan: Plan, findings: Findings, tables: list[TypedTable]) -> None:
    """Heading words below which nothing was read: a table is there, and lost."""
    told = {item.where.line for item in findings.items if item.code == "table_unread"}
    headings = [heading for table in tables for heading in table.headings]
    rows = [row.line for table in tables for row in table.raw.rows]
    for line, words in unread_headings(document.blocks, plan, headings, rows):
        if line not in told:
            findings.add(
                "table_unread",
                "document",
                f"第{line}行像是表格（{words[:40]}），但其下各行没有读出。",
                line=line,
                proposal="请核对原件，或手工补录该表。",
            )


def _mender(segments: Segments, tables: list[TypedTable], names: UnitNames | None) -> TextMender:
    texts = [p.text for p in segments.paragraphs]
    units: list[str] = []
    for table in tables:
        for row in table.raw.rows:
            cells = expanded(row).cells
            texts += [without_markup(c.text) for c in cells]
            if len(cells) == len(table.roles):
                units += [
                    without_markup(c.text)
                    for c, role in zip(cells, table.roles, strict=True)
                    if role in _LIST_ROLES and table.fit(table.roles.index(role), c.text) > 0.8
                ]
    for paragraph in segments.paragraphs:
        for stated in stated_duties(squeeze(without_markup(paragraph.text))):
            units += [
                text
                for text in (stated.roles.lead, stated.roles.cooperating, stated.roles.responsible)
                if text
            ]
    mender = TextMender(texts, names)
    mender.learn_units(units)
    return mender


def _year(plan: Plan, segments: Segments) -> int | None:
    """The year a deadline without a year means: the one in the title, else of the date or number."""
    found = re.search(r"(20\d\d)\s*[年—\-–]", plan.title or "") or re.search(
        r"〔(20\d\d)〕", plan.document_number or ""
    )
    if found:
        return int(found[1])
    if plan.issued_on:
        return plan.issued_on.year
    years = re.findall(
        r"20\d\d(?=\s*年)",
        " ".join(p.text for p in segments.paragraphs)
        + " ".join(t for table in segments.tables for row in table.rows for t in row.texts),
    )
    return int(max(set(years), key=lambda y: (years.count(y), y))) if years else None


def _metadata(plan: Plan, findings: Findings, body: Body) -> None:
    """What the head lacks; a warning where the rest shows that the document is an official notice."""
    labels = (
        ("title", "标题"),
        ("document_number", "发文字号"),
        ("issuer", "发文机关"),
        ("issued_on", "成文日期"),
    )
    stated = sum(getattr(plan, name) is not None for name, _ in labels) + bool(plan.addressees)
    for name, label in labels:
        if getattr(plan, name) is None:
            findings.add(
                "metadata_missing",
                "document",
                f"没有找到{label}。",
                field=name,
                severity="warning" if stated >= 2 else "info",
                proposal="请对照原件补录。" if stated >= 2 else None,
            )
    for name, told in body.doubts:
        findings.add("text_repaired", "document", told, field=name)


def _anything_read(plan: Plan, findings: Findings) -> None:
    """Refuses a document that holds no plan; an official notice may hold one that could not be read."""
    rows = plan.indicators or plan.tasks or plan.actions
    official = bool(
        plan.title and (plan.document_number or plan.addressees) and (plan.issuer or plan.issued_on)
    )
    assigned = any(d.lead or d.responsible for d in plan.duties)
    unread = any(i.code in ("table_unread", "duty_unread") for i in findings.items)
    if rows or assigned or (unread and "关于" in (plan.title or "")) or (official and plan.duties):
        return
    raise UnreadableDocument(
        "没有找到通知里的任务：这份文件没有指标、任务或行动表格，也没有写明责任单位的任务。",
        "请确认上传的是工作要点或任务清单一类的通知，或另存为 .docx 后重试。",
    )
