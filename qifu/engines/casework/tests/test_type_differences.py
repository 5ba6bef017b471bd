"""What a version changed, told in words: each thing once, names by their titles, nothing of what officials do not see."""

from __future__ import annotations

import copy
from typing import Any

from qifu.engines.casework.case_type_file import read_case_type
from qifu.engines.casework.tests.test_proofs import FOLDER, STANDARD
from qifu.engines.casework.type_differences import Change, changes

BEFORE = read_case_type(STANDARD.encode(), where="standard.yaml").content


def changed(**parts: Any) -> dict[str, Any]:
    """Return the standard content with values set at paths (keys joined by two underscores)."""
    made = copy.deepcopy(BEFORE)
    for path, value in parts.items():
        *way, last = path.split("__")
        node = made
        for key in way:
            node = node[key]
        if value is None:
            del node[last]
        else:
            node[last] = value
    return made


def test_nothing_changed_is_nothing_told() -> None:
    assert changes(BEFORE, copy.deepcopy(BEFORE)) == []
    assert changes(BEFORE, changed(examples=[], order={"states": []})) == []


def test_each_kind_of_change_is_told_in_words() -> None:
    after = changed(
        clocks__filter__limit={"working_hours": 4}, roles__hub="受理中心", transitions__take__by=["lead", "hub"],
        transitions__return=None, transitions__sign__when={"mode": ["assigned", "transferred"]},
        transitions__pass__to="reviewing", clocks__handle__by={"difficulty": {"hard": {"working_days": 30}}},
        most_returns=0, steps__meeting=None, verbs__extension__clocks=["handle"], states__pooled__shown="已受理",
    )  # fmt: skip
    assert set(changes(BEFORE, after)) == {
        Change("时限 · 筛选 · 期限", "1个工作日", "4个工作小时"),
        Change("时限 · 办理 · 分情形", "一般 5个工作日；复杂 15个工作日；疑难 25个工作日", "疑难 30个工作日"),
        Change("角色 · 受理中心", "企服中心", "受理中心"),
        Change("步骤 · 签收 · 由谁", "主办单位", "主办单位、受理中心"),
        Change("步骤 · 退回改派", "退回改派", ""),
        Change("步骤 · 签发 · 前提", "交办方式为交办", "交办方式为交办或转办"),
        Change("步骤 · 审核通过 · 到哪个环节", "答复待签发", "待办结审核"),
        Change("最多退回次数", "1", "0"),
        Change("办理层次 · 会议办", "会议办", ""),
        Change("特别规定 · 延期 · 时限", "办理、重办", "办理"),
        Change("环节 · 待交办 · 企业看到", "已受理，正在确定由谁办理", "已受理"),
    }


def test_no_code_of_a_pack_reaches_the_words() -> None:
    beside = {path.stem: path.read_bytes() for path in FOLDER.glob("*.yaml")}
    for name in ("huzhou", "township"):
        found = changes(BEFORE, read_case_type(beside[name], where=f"{name}.yaml", beside=beside).content)
        words = " ".join(f"{one.where} {one.before} {one.after}" for one in found)
        assert not [
            code
            for code in (*BEFORE["states"], *BEFORE["clocks"], *BEFORE["roles"], "difficulty")
            if code in words
        ]
