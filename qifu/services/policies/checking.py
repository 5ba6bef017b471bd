"""What the library demands of a policy's text, beside what the rule reader does."""

from __future__ import annotations

from qifu.engines.rules.rule_book import RuleBook
from qifu.engines.rules.tree import CodeIn, Group, Leaf, Node
from qifu.engines.rules.written import Rule
from qifu.foundation.action import Refused
from qifu.services.policies.library import draft_book

NEW_DRAFT = "draft.yaml"
"""The name by which messages call a text that is in no file."""


def checked(text: str, place_code: str, *, book: RuleBook | None = None) -> tuple[RuleBook, Rule]:
    """Return the book with a policy's text in it and its rule; raises RuleProblems, or Refused for what the library demands.

    The policy of a place must itself say that it is for enterprises of that place: nothing is read into it.
    """
    within, rule = (book or draft_book()).with_text(text.encode(), where=NEW_DRAFT)
    if rule.kind != "policy":
        raise Refused(
            "这不是政策：kind 应为 policy", text="请把 kind 写成 policy；只供引用的规则放在规则文件里"
        )
    if place_code:
        prefix = place_code.rstrip("0")
        for version in rule.versions:
            bound = within.bind(rule.code, version.effective_from)
            if not _asks_place(bound.require, prefix + "0" * (len(prefix) % 2)):
                place = within.places.name(place_code)
                raise Refused(
                    f"{version.effective_from} 起的版本没有写明只适用于{place}的企业",
                    text=f"请在 require 的 all 下加一行：注册地 属于 {place}",
                )
    return within, rule


def _asks_place(node: Node, prefix: str) -> bool:
    """Tell whether a tree can be met only where the place lies under `prefix`."""
    if isinstance(node, Leaf):
        test = node.test
        return (
            isinstance(test, CodeIn)
            and test.fact == "place"
            and not test.negated
            and all(one.startswith(prefix) for one in test.prefixes)
        )
    if isinstance(node, Group):
        asking = sum(_asks_place(child, prefix) for child in node.children)
        return len(node.children) - asking < node.least  # the others alone do not suffice
    return False
