"""The fair-competition check: what is found, what is left alone, what a decision must say."""

from __future__ import annotations

import pytest

from qifu.engines.rules.rule_file import read_rule
from qifu.services.policies.competition import Finding, findings, undecided
from qifu.services.policies.library import draft_book
from qifu.services.policies.tests.policy_world import JOBS

pytestmark = pytest.mark.django_db
LINE = "    - 参保人数 >= 10人\n"


def found(*lines: str, place: str = "330109", said: str = "", text: str = JOBS) -> set[tuple[str, str]]:
    """(ground, clause) of the policy with these conditions beside its place; examples are left out."""
    body = text[: text.index("examples:")].replace(LINE, "".join(f"    - {line}\n" for line in lines))
    book = draft_book()
    rule = read_rule(body.encode(), where="test.yaml", facts=book.facts, places=book.places)
    return {(one.ground, one.clause) for one in findings(rule, book.with_rules([rule]), place, said=(said,))}


@pytest.mark.parametrize(
    ("line", "ground"),
    [
        ("投资性质 属于 内资", "ownership"),
        ("投资性质 不属于 外商投资", "ownership"),
        ("主体类型 属于 企业", "ownership"),
        ("位于自由贸易试验区 = 是", "place"),
        ("实缴税收 >= 10万元", "local_tie"),
        ("有效期内的 专精特新中小企业", "honour"),
    ],
)
def test_a_clause_that_favours_is_found(province: object, line: str, ground: str) -> None:
    assert found(line) == {(ground, line)}


@pytest.mark.parametrize(
    "line",
    [
        "参保人数 >= 10人",
        "研发费用 >= 10万元",
        "所属行业 属于 C",
        "列入严重违法失信名单 = 否",
        "主体类型 属于 企业、个体工商户、农民专业合作社",
        "没有有效期内的 专精特新中小企业",
    ],
)
def test_what_treats_all_alike_is_left_alone(province: object, line: str) -> None:
    assert found(line) == set()


def test_another_way_beside_an_honour(province: object) -> None:
    one_body = "any: [有效期内的 专精特新中小企业, 有效期内的 创新型中小企业]"
    two_bodies = "any: [有效期内的 专精特新中小企业, 有效期内的 高新技术企业]"
    a_figure = "any: [有效期内的 专精特新中小企业, 研发费用 >= 10万元]"
    assert {ground for ground, _ in found(one_body)} == {"honour"}
    assert found(two_bodies) == found(a_figure) == set()


def test_words_beside_the_conditions(province: object) -> None:
    assert ("local_tie", "限新迁入本区的") in found(LINE.strip()[2:], said="限新迁入本区的")
    assert {g for g, _ in found("参保人数 >= 10人", said="由杭州模拟数智科技有限公司承办的企业优先")} == {
        "named_firm"
    }
    assert found("参保人数 >= 10人", said="符合条件的有限公司都可以申报") == set()
    assert {g for g, _ in found("参保人数 >= 10人", said="本区民营企业优先")} == {"ownership"}
    by_tax = JOBS.replace("{each: 500元, of: 参保人数, cap: 5万元}", "{rate: 50%, of: 实缴税收, cap: 5万元}")
    assert {g for g, _ in found("参保人数 >= 10人", text=by_tax)} == {"local_tie"}
    assert (
        found("参保人数 >= 10人", place="330100")
        == found("参保人数 >= 10人", place="")
        == {("place", "注册地 属于 萧山区")}
    ), "the nation's, for one county"


def test_a_decision_is_reasoned_or_none() -> None:
    one = Finding("k", "ownership", "投资性质 属于 内资")
    keep = {"decision": "keep", "exception": "law", "reason": "有法律依据"}
    assert undecided([one], {"k": keep}) == []
    assert undecided([one], {"k": {"decision": "change", "reason": "删去"}}) == []
    for wrong in (
        {},
        keep | {"exception": ""},
        keep | {"exception": "none"},
        keep | {"reason": " "},
        keep | {"decision": ""},
    ):
        assert undecided([one], {"k": wrong}) == [one]
