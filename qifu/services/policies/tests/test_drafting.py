"""Clauses in the style of real policies: how many of their conditions are found, and how many of the proposals are right."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from qifu.engines.rules.leaf_grammar import Grammar
from qifu.engines.rules.written import WrittenTest
from qifu.services.policies.drafting import Proposal, proposals, with_line
from qifu.services.policies.library import draft_book
from qifu.services.policies.tests.policy_world import JOBS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("province")]
DAY = date(2024, 6, 20)
LEAST_PRECISION, LEAST_RECALL = 0.9, 0.9


@dataclass
class Measured:
    """`right` proposals whose first line is meant, `offered` whose other lines hold it; what was missed or made up."""

    clauses: int = 0
    expected: int = 0
    proposed: int = 0
    right: int = 0
    offered: int = 0
    missed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    certain_wrong: list[str] = field(default_factory=list)


def clauses() -> list[tuple[str, list[str]]]:
    """The clauses and the lines that they mean."""
    text = (Path(__file__).parent / "clauses.txt").read_text("utf-8")
    blocks = [[row for row in block.split("\n") if row and row[0] != "#"] for block in text.split("\n\n")]
    return [(block[0], block[1:]) for block in blocks if block]


def measure() -> Measured:
    """Compare the proposals for every clause with what it means, as tests and not as words."""
    book = draft_book()
    grammar, told = Grammar(book.facts, book.places), Measured()
    for clause, lines in clauses():
        found = proposals(clause, DAY)
        tests = [[grammar.read(line, day=DAY) for line in one.lines] for one in found]
        wanted = {line: grammar.read(line, day=DAY) for line in lines}
        told.clauses += 1
        told.expected += len(wanted)
        told.proposed += len(found)
        _compare(told, clause, wanted, found, tests)
    return told


def _compare(
    told: Measured, clause: str, wanted: dict[str, WrittenTest], found: list[Proposal], tests: list[list[WrittenTest]]
) -> None:  # fmt: skip
    for line, test in wanted.items():
        first = any(one[0] == test for one in tests)
        told.right += first
        told.offered += first or any(test in one for one in tests)
        if not first and not any(test in one for one in tests):
            told.missed.append(f"{clause} -> {line}")
    for one, meant in zip(found, tests, strict=True):
        if not any(test in wanted.values() for test in meant):
            told.wrong.append(f"{clause} -> {one.lines[0]}")
            if one.certainty == "certain":
                told.certain_wrong.append(f"{clause} -> {one.lines[0]}")


def test_conditions_of_clauses_are_found() -> None:
    """Run with -s to see the figures."""
    told = measure()
    precision, recall = 1 - len(told.wrong) / told.proposed, told.offered / told.expected
    said = (
        f"{told.clauses} clauses, {told.expected} conditions, {told.proposed} proposals: precision {precision:.3f}, "
        f"recall {recall:.3f}, first line right {told.right / told.expected:.3f}"
    )
    sys.stdout.write("\n".join([said, "missed", *told.missed, "wrong", *told.wrong, ""]))
    assert told.clauses >= 60
    assert precision >= LEAST_PRECISION and recall >= LEAST_RECALL
    assert not told.certain_wrong, told.certain_wrong


def test_ambiguous_words_are_left_to_a_person() -> None:
    above, bare, unit = (
        proposals(text, DAY)[0] for text in ("营业收入2000万元以上", "从业人数300人", "注册资本不低于500")
    )
    assert above.lines == ("营业收入 >= 2000万元", "营业收入 > 2000万元") and above.certainty == "likely"
    assert bare.lines == ("从业人数 >= 300人", "从业人数 <= 300人") and bare.certainty == "choose"
    assert unit.lines == ("注册资本 >= 500万元", "注册资本 >= 500元") and unit.certainty == "choose"
    assert proposals("位于萧山区", DAY)[0].certainty == "choose"
    assert [one.words for one in proposals("一、年营收超一亿元；员工二十人以上", DAY)] == ["一、年营收超一亿元", "员工二十人以上"]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "。，；：", "万元以上" * 500, "0" * 4000, "营业收入" * 1000, "（" * 3000, "一二三四五六七八九" * 400 + "人", "\x00\u202e萧山区"]
)  # fmt: skip
def test_hostile_clauses_are_read_quickly_and_quietly(text: str) -> None:
    assert isinstance(proposals(text, DAY), list)


def test_an_accepted_line_goes_into_the_first_list() -> None:
    text = with_line(JOBS, "营业收入 >= 2000万元")
    assert "    - 参保人数 >= 10人\n    - 营业收入 >= 2000万元\n  amount" in text
    assert '- "研发费用: 3"' in with_line("require:\n  all:\n  - a\n", "研发费用: 3")
    assert with_line("code: x", "a").endswith("- a\n")
