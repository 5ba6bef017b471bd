"""Four small rules and five enterprises whose verdicts are worked out by hand, for tests of the commands."""

from __future__ import annotations

from pathlib import Path

_HEAD = """code: {code}
title: {title}
kind: {kind}
issuers: [模拟部门]
document: 模拟〔2024〕1号
kinds: [资金]
confidence: 待核
versions:
"""
RULES = {
    "ratio": _HEAD.format(code="ratio", title="研发投入奖励", kind="policy")
    + """- effective_from: 2023-01-01
  source: 第一条
  require:
    all:
    - {is: 研发费用占营业收入比 >= 3%, id: share}
    - {is: 从业人数 <= 300人, id: staff}
    - {is: 成立时间 满 2年, id: age}
  amount: {rate: 20%, of: 研发费用, cap: 5万元}
""",
    "place": _HEAD.format(code="place", title="西湖区用工补贴", kind="policy")
    + """- effective_from: 2024-01-01
  source: 第二条
  require:
    all:
    - {is: 注册地 属于 杭州市西湖区, id: place}
    - any:
      - {is: 有效期内的 高新技术企业, id: high-tech}
      - {is: 从业人数 >= 100人, id: staff}
  amount: {each: 1000元, of: 从业人数, cap: 100万元}
""",
    "dated": _HEAD.format(code="dated", title="小店扶持", kind="policy")
    + """- effective_from: 2022-01-01
  effective_to: 2024-01-01
  source: 第三条
  require:
    all:
    - {is: 从业人数 < 10人, id: staff}
  amount: 1000元
- effective_from: 2024-01-01
  effective_to: 2025-01-01
  source: 第三条
  require:
    all:
    - {is: 从业人数 < 20人, id: staff}
  amount: 2000元
  window: {from: 2024-03-01, to: 2024-07-01}
""",
    "few": _HEAD.format(code="few", title="三项中的两项", kind="rule")
    + """- effective_from: 2022-01-01
  source: 第四条
  require:
    at_least:
      count: 2
      of:
      - {is: 从业人数 >= 300人, id: staff}
      - {is: 营业收入 >= 2000万元, id: revenue}
      - {is: 资产总额 >= 1000万元, id: assets}
""",
}
FACTS = """uscc,place,employees,revenue,rd_expense,high_tech,established_on,assets
EDGE,330106,100,1000000,30000,2024-07-01,2022-06-30,10000000
UNDER,330106,300,1000000,29999.99,否,2020-01-01,9999999.99
COARSE,330100,5,,,,,
OTHER,330110,15,0,0,长期,2020-01-01,
NOTHING,,,,,,,
"""
"""EDGE stands on every edge; COARSE is somewhere in 杭州; OTHER has a revenue of nothing; of NOTHING nothing is known."""

Pair = tuple[str, int | None, int, str | None]
ON_30_JUNE: dict[tuple[str, str], Pair] = {
    ("EDGE", "ratio"): ("met", 6_000_00, 0, None),
    ("EDGE", "place"): ("met", 100_000_00, 0, None),
    ("EDGE", "dated"): ("unmet", None, 1, "staff"),
    ("EDGE", "few"): ("unmet", None, 2, None),
    ("UNDER", "ratio"): ("unmet", None, 1, "share"),
    ("UNDER", "place"): ("met", 300_000_00, 1, None),
    ("UNDER", "dated"): ("unmet", None, 1, "staff"),
    ("UNDER", "few"): ("unmet", None, 2, None),
    ("COARSE", "ratio"): ("unknown", None, 0, None),
    ("COARSE", "place"): ("unknown", None, 1, None),
    ("COARSE", "dated"): ("met", 2_000_00, 0, None),
    ("COARSE", "few"): ("unknown", None, 1, None),
    ("OTHER", "ratio"): ("unknown", None, 0, None),
    ("OTHER", "place"): ("unmet", None, 2, None),
    ("OTHER", "dated"): ("met", 2_000_00, 0, None),
    ("OTHER", "few"): ("unmet", None, 2, None),
    **{("NOTHING", code): ("unknown", None, 0, None) for code in RULES},
}
"""Verdict, amount, unmet leaves and the only one of an unmet rule, on 2024-06-30."""


def write_rules(folder: Path) -> Path:
    """Write the rules into a new folder `rules` and return it."""
    rules = folder / "rules"
    rules.mkdir()
    for code, text in RULES.items():
        (rules / f"{code}.yaml").write_text(text, encoding="utf-8")
    return rules


def write_facts(folder: Path) -> Path:
    """Write the enterprises into `facts.csv`."""
    path = folder / "facts.csv"
    path.write_text(FACTS, encoding="utf-8")
    return path
