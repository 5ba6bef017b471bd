"""Where a policy stands in the six-state loop, what comes next and what it still lacks; they never write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias

from qifu.foundation.revisions import Revision
from qifu.services.policies.clauses import Clause, clauses_of, version_of, without_plain_words
from qifu.services.policies.content import Content, content_of
from qifu.services.policies.library import draft_book
from qifu.services.policies.models import Policy, PolicyStep
from qifu.services.policies.practice import practice

Stage: TypeAlias = Policy.Stage
ORDER = [Stage.PUBLISH, Stage.QUANTIFY, Stage.INTERPRET, Stage.PAY, Stage.EVALUATE, Stage.ITERATE]
ASKS = {
    Stage.QUANTIFY: "测算惠及多少企业、要花多少钱；规则里要有符合的和不符合的示例",
    Stage.INTERPRET: "每一条都要有通俗解读",
    Stage.PAY: "要写明怎么领、找谁；写明已经怎样兑付",
    Stage.EVALUATE: "写明评估结论：延续、修改或停止，以及下次评估日",
    Stage.ITERATE: "评估结论是修改的，起草新版本",
}


def next_stages(policy: Policy) -> list[str]:
    """Return the steps that may be recorded now; an evaluation may be repeated while the policy goes on."""
    if policy.published_number is None:
        return []
    last = last_step(policy)
    if last is None:
        return []
    if last.stage == Stage.EVALUATE:
        if last.conclusion == PolicyStep.Conclusion.CHANGE:
            return [Stage.ITERATE]
        return [Stage.EVALUATE] if last.conclusion == PolicyStep.Conclusion.CONTINUE else []
    position = ORDER.index(Stage(last.stage))
    return [ORDER[position + 1]] if position + 1 < len(ORDER) else []


def last_step(policy: Policy) -> PolicyStep | None:
    """Return the last step done."""
    return policy.steps.order_by("-seq").first()


def lacking(policy: Policy, stage: str) -> list[str]:
    """Return what a step must leave behind and is not there yet, in words."""
    content = _published_content(policy)
    return [words for check in _CHECKS.get(stage, ()) if (words := check(content, policy))]


def clauses(content: Content, code: str, day: date) -> list[Clause]:
    """Return the clauses of what a revision says, as read on `day`, with their plain words."""
    book, rule = draft_book().with_text(content.text.encode(), where="政策版本")
    version, read_on = version_of(rule, day)
    return clauses_of(
        book, book.bind(code, read_on), content.interpretations, amount_note=version.amount_note
    )


def first_review(policy: Policy, day: date) -> date:
    """Return when a policy that is published on `day` is first to be reviewed: after its usual term, or before it ends."""
    usual = day + timedelta(days=practice().first_review)
    if policy.effective_to is None or policy.effective_to <= day:
        return usual
    return min(usual, max(policy.effective_to - timedelta(days=30), day + timedelta(days=1)))


def _published_content(policy: Policy) -> Content:
    row: Revision = policy.series.revisions.get(number=policy.published_number or 0)
    return content_of(row.content)


def _examples(content: Content, policy: Policy) -> str:
    _, rule = draft_book().with_text(content.text.encode(), where="政策版本")
    expected = {one.expect for one in rule.examples}
    return "" if {"met", "unmet"} <= expected else "规则里缺少符合或不符合的示例"


def _plain_words(content: Content, policy: Policy) -> str:
    open_ones = without_plain_words(clauses(content, policy.code, policy.effective_from or date.max))
    if not open_ones:
        return ""
    return f"还有 {len(open_ones)} 条没有通俗解读，第一条：{open_ones[0].text[:40]}"


def _how_to(content: Content, policy: Policy) -> str:
    return "" if content.terms.how_to.strip() and content.terms.contact.strip() else "没有写明怎么领、找谁"


_CHECKS: dict[str, tuple[Callable[[Content, Policy], str], ...]] = {
    Stage.QUANTIFY: (_examples,),
    Stage.INTERPRET: (_plain_words,),
    Stage.PAY: (_how_to,),
}


@dataclass(frozen=True)
class LoopLine:
    """One of the six states: done in this round (with its last row), the next, or to come."""

    stage: Stage
    done: PolicyStep | None
    is_next: bool
    asks: str
    lacks: tuple[str, ...]


def loop(policy: Policy) -> list[LoopLine]:
    """Return the six states of the round under way."""
    steps = list(policy.steps.select_related("owner").order_by("seq"))
    start = max((one.seq for one in steps if one.stage == Stage.PUBLISH), default=0)
    done = {one.stage: one for one in steps if one.seq >= start}
    offered = next_stages(policy)
    return [
        LoopLine(
            one, done.get(one), one in offered, ASKS.get(one, ""),
            tuple(lacking(policy, one)) if one in offered else (),
        )
        for one in ORDER
    ]  # fmt: skip
