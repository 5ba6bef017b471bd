"""The evidence pack of an escalation: everything done so far as one archive, equal bytes for equal content.

事项.json (canonical), 办理记录.html (to read and print), the files, and SHA256SUMS over all of them. Ratings and the
firm's contact stay out: the level above sees the case itself, and reveals a contact there with its reason.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

from qifu.engines.casework.case_type import CaseType
from qifu.engines.casework.clocks import UNIT_TITLES, Limit, Unit
from qifu.engines.casework.definitions import of_case
from qifu.engines.casework.models import Case, CaseEvent
from qifu.foundation.files.storage import open_file
from qifu.foundation.revisions import canonical
from qifu.foundation.working_days import SHANGHAI
from qifu.registers.divisions import queries as divisions
from qifu.services.enterprise_problems.models import Problem

MATTER, RECORD, SUMS, FILES = "事项.json", "办理记录.html", "SHA256SUMS", "附件"
_WHEN = (1980, 1, 1, 0, 0, 0)
"""The date of every entry: an archive's own dates would make equal packs differ."""


def pack_of(case: Case, *, at: datetime) -> bytes:
    """Return the pack of a case as it stands; `at` is the moment written into it."""
    problem = Problem.objects.get(pk=case.pk)
    events = [one for one in case.events.order_by("seq") if one.kind not in _private(of_case(case))]
    contents: dict[str, bytes] = {}
    files = []
    for event in events:
        for n, one in enumerate(event.files.select_related("file").order_by("pk"), start=1):
            name = f"{FILES}/{event.seq:03d}-{n}-{one.file.name}"
            with open_file(one.file) as content:
                contents[name] = content.read()
            files.append(
                {"event": event.seq, "name": name, "sha256": one.file.sha256, "for_the_firm": one.public}
            )
    matter = _matter(case, problem, events, at) | {"files": files}
    contents[MATTER] = canonical(matter).encode()
    contents[RECORD] = _readable(matter).encode()
    lines = [f"{hashlib.sha256(contents[name]).hexdigest()}  {name}\n" for name in sorted(contents)]
    contents[SUMS] = "".join(lines).encode()
    return archive(contents)


def archive(contents: Mapping[str, bytes]) -> bytes:
    """Return a ZIP of named contents; equal contents give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as made:
        for name in sorted(contents):
            entry = zipfile.ZipInfo(name, _WHEN)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            made.writestr(entry, contents[name])
    return buffer.getvalue()


def _private(definition: CaseType) -> tuple[str, ...]:
    rule = definition.rating
    return () if rule is None else (rule.dissatisfied, rule.exempt)


def _matter(case: Case, problem: Problem, events: list[CaseEvent], at: datetime) -> dict[str, Any]:
    definition = of_case(case)
    titles = divisions.names([case.place_code])
    return {
        "number": case.number, "title": case.title, "words": problem.words, "place": case.place_code,
        "place_name": titles.get(case.place_code, case.place_code), "state": definition.states[case.state].title,
        "lead": case.lead.full_name or case.lead.name, "step": definition.steps.get(case.step, ""), "channel": problem.get_channel_display(),
        "enterprise": problem.enterprise_name, "rules": definition.title, "rules_revision": case.revision_id,
        "opened_at": _at(case.opened_at), "made_at": _at(at), "version": case.version, "reply": problem.reply,
        "clocks": [_clock(definition, one) for one in case.clocks.select_related("part__organisation").order_by("pk")],
        "parts": [
            {"unit": one.organisation.name, "kind": one.get_kind_display(), "asked_at": _at(one.asked_at),
             "request": one.request, "answered_at": _at(one.answered_at), "answer": one.answer}
            for one in case.parts.select_related("organisation").order_by("pk")
        ],
        "events": [
            {"seq": one.seq, "at": _at(one.at), "title": one.title, "by": one.by_name,
             "unit": one.organisation.name if one.organisation else "", "internal": one.text, "shown": one.shown}
            for one in events
        ],
    }  # fmt: skip


def _clock(definition: CaseType, row: Any) -> dict[str, Any]:
    limit = Limit(Unit(row.unit), row.amount + row.extended)
    return {
        "title": definition.clocks[row.name].title, "unit": UNIT_TITLES[Unit(row.unit)], "limit": limit.words(),
        "of": row.part.organisation.name if row.part else "", "extended": row.extended, "started_at": _at(row.started_at),
        "due_at": _at(row.due_at), "stopped_at": _at(row.stopped_at),
        "pauses": [
            {"from": _at(one.from_at), "to": _at(one.to_at), "text": one.text, "approved_by": one.approved_by_name}
            for one in row.pauses.order_by("from_at")
        ],
    }  # fmt: skip


def _at(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


_STYLE = "body{font-family:'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;max-width:60rem;margin:2rem auto;line-height:1.6}table{border-collapse:collapse;width:100%}th,td{border:1px solid #999;padding:.3rem .5rem;text-align:left;vertical-align:top}.inside{color:#8a1c1c}.shown{color:#14532d}"


def _readable(said: Mapping[str, Any]) -> str:
    """Return the record as one page without outside parts; every value is escaped."""
    facts = [
        ("编号", said["number"]), ("标题", said["title"]), ("区划", said["place_name"]), ("企业", said["enterprise"] or "—"),
        ("来源", said["channel"]), ("收到", said["opened_at"]), ("主办单位", said["lead"]), ("现在环节", said["state"]),
        ("办理层次", said["step"] or "—"), ("办理规则", said["rules"]), ("诉求原文", said["words"]), ("答复", said["reply"] or "—"),
    ]  # fmt: skip
    clocks = [
        (one["title"] + (f"（{one['of']}）" if one["of"] else ""), one["limit"], one["started_at"], one["due_at"] or "暂停中", one["stopped_at"] or "在计时",
         "；".join(f"{p['from']} 至 {p['to'] or '今'} {p['text']}（{p['approved_by']}）" for p in one["pauses"]) or "—")
        for one in said["clocks"]
    ]  # fmt: skip
    parts = [(p["unit"], p["kind"], p["asked_at"], p["request"], p["answered_at"] or "未答复", p["answer"]) for p in said["parts"]]  # fmt: skip
    body = "".join(
        f"<tr><td>{e['seq']}</td><td>{e['at']}</td><td>{escape(e['title'])}</td><td>{escape(e['unit'])} {escape(e['by'])}</td>"
        f'<td class="inside">{_lines(e["internal"])}</td><td class="shown">{_lines(e["shown"])}</td></tr>'
        for e in said["events"]
    )  # fmt: skip
    files = "".join(f"<li>{escape(one['name'])}</li>" for one in said["files"]) or "<li>无</li>"
    return (
        f'<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{escape(said["number"])} 办理记录</title>'
        f"<style>{_STYLE}</style></head><body><h1>办理记录（内部）</h1>"
        f"<table>{''.join(f'<tr><th>{k}</th><td>{_lines(v)}</td></tr>' for k, v in facts)}</table>"
        f"<h2>时限</h2>{_table(('时限', '期限', '起算', '到期', '终止', '暂停'), clocks)}"
        f"<h2>参与单位</h2>{_table(('单位', '方式', '请求时间', '请求', '答复时间', '意见'), parts)}"
        "<h2>办理经过</h2><table><tr><th>次序</th><th>时间</th><th>事项</th><th>经办</th><th>内部记载</th><th>企业可见</th></tr>"
        f"{body}</table><h2>附件</h2><ul>{files}</ul><p>截至 {said['made_at']}</p></body></html>\n"
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return "<p>无</p>"
    body = "".join("<tr>" + "".join(f"<td>{_lines(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return "<table><tr>" + "".join(f"<th>{head}</th>" for head in heads) + f"</tr>{body}</table>"


def _lines(text: str) -> str:
    return escape(text).replace("\n", "<br>")
