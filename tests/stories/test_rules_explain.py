"""`qifu rules explain`: the contract's object, plain words, and what it says when it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qifu.commands.rules import main

RULE = """
code: grant
title: 模拟补助
kind: policy
issuers: [模拟]
document: 模拟文件
kinds: [资金]
tags: [模拟]
confidence: 待核
versions:
- effective_from: 2024-01-01
  source: 第一条
  require:
    all:
    - {is: 从业人数 <= 300人, id: staff}
    - {is: 研发费用占营业收入比 >= 3%, id: rd, clause: 第二条}
    - {is: 成立时间 满 2年, id: age}
  amount: {rate: 20%, of: 研发费用, cap: 50万元}
"""
FACTS = """uscc,employees,rd_expense,revenue,established_on
91330106MA2ABCDE0X,300,3000,100000,2020-01-01
91330106MA2ABCDE1X,301,2000.5,100000,2023-03-31
91330106MA2ABCDE2X,300,,100000,2020-01-01
"""


@pytest.fixture
def asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    (tmp_path / "grant.yaml").write_text(RULE, encoding="utf-8")
    (tmp_path / "facts.csv").write_text(FACTS, encoding="utf-8")

    def ask(*more: str, policy: str = "grant", uscc: str = "91330106MA2ABCDE1X", day: str = "2024-06-30"):  # type: ignore[no-untyped-def]
        code = main(
            ["explain", "--policy", policy, "--policies", str(tmp_path / "grant.yaml"), "--facts", str(tmp_path / "facts.csv"),
             "--uscc", uscc, "--as-of", day, *more]
        )  # fmt: skip
        said = capsys.readouterr()
        return code, said.out, said.err

    return ask


def test_an_unmet_rule_as_json(asked) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = asked("--json")
    told = json.loads(out)
    assert code == 0
    assert set(told) == {
        "policy",
        "version",
        "as_of",
        "verdict",
        "amount_fen",
        "leaves",
        "missing",
        "nearest",
    }
    assert (told["policy"], told["version"], told["as_of"]) == ("grant", "2024-01-01", "2024-06-30")
    assert (told["verdict"], told["amount_fen"], told["missing"]) == ("unmet", None, [])
    assert [leaf["id"] for leaf in told["leaves"]] == ["staff", "rd", "age"]
    staff, rd, age = told["leaves"]
    assert (staff["actual"], staff["required"], staff["gap"]) == ("301", "300", "1")
    assert (rd["actual"], rd["required"], rd["gap"], rd["truth"]) == ("2.0005", "3", "0.9995", "unmet")
    assert rd["source"].endswith("第二条") and age["gap"] == "274"
    first = told["nearest"][0]
    assert first["kind"] == "all" and set(first) == {"changes", "kind"}
    assert {(c["leaf"], c["fact"], c["from"], c["to"]) for c in first["changes"]} == {
        ("staff", "employees", "301", "300"), ("rd", "rd_expense", "2000.5", "3000"), ("age", "established_on", "2023-03-31", "2025-03-31"),
    }  # fmt: skip


def test_a_met_rule_and_a_rule_that_waits_for_a_fact(asked) -> None:  # type: ignore[no-untyped-def]
    met = json.loads(asked("--json", uscc="91330106MA2ABCDE0X")[1])
    assert (met["verdict"], met["amount_fen"], met["nearest"]) == ("met", 60_000, [])
    waits = json.loads(asked("--json", uscc="91330106MA2ABCDE2X", policy="模拟补助")[1])
    assert (waits["verdict"], waits["missing"]) == ("unknown", ["rd_expense"])


def test_in_words(asked) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = asked()
    assert code == 0 and out.startswith("模拟补助（2024-01-01 起的版本，按 2024-06-30）：不符合")
    assert "办法1：" in out and "等到 2025-03-31" in out and "把研发费用从" in out
    assert "还要知道：“研发费用”。" in asked(uscc="91330106MA2ABCDE2X")[1]


def test_what_cannot_be_explained(asked, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    for options, wanted, word in (
        ({"policy": "no-such"}, 2, "no-such"),
        ({"uscc": "91330106MA2ABCDE9X"}, 2, "91330106MA2ABCDE9X"),
        ({"day": "2023-12-31"}, 1, "2023-12-31"),
        ({"day": "2024-02-30"}, 2, "没有“2024-02-30”这一天"),
        ({"day": "今天"}, 2, "不是日期"),
    ):
        code, out, error = asked(**options)
        assert (code, out) == (wanted, "") and word in error
    (tmp_path / "facts.csv").write_text("uscc,employees\n91330106MA2ABCDE1X,三百\n", encoding="utf-8")
    code, out, error = asked()
    assert (code, out) == (2, "") and "从业人数" in error
    (tmp_path / "facts.csv").unlink()
    assert asked()[0] == 2


def test_names_of_places_and_codes_in_small_letters(asked, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "facts.csv").write_text(
        "USCC,从业人数（人）,营业收入（万元）,研发费用（万元）,注册地,所属行业\n"
        "91330106ma2abcde1x,300,10,0.3,杭州市西湖区,制造业\nfirm-1,301,,,浙江省,C3911\n",
        encoding="utf-8",
    )
    staff, rd, _ = json.loads(asked("--json", day="2024/6/30")[1])["leaves"]
    assert (staff["actual"], rd["actual"], rd["truth"]) == ("300", "3", "met")
    assert asked(uscc="firm-1")[0] == 0
    (tmp_path / "facts.csv").write_text("uscc,注册地\n91330106ma2abcde1x,天上市\n", encoding="utf-8")
    assert asked()[0] == 2
