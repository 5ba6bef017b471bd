"""A case type's file: what it extends, what it removes, the order of what it names, the lines of its faults."""

from __future__ import annotations

from typing import Any

import pytest

from qifu.engines.casework.case_type import case_type, in_written_order
from qifu.engines.casework.case_type_file import Written, content_of, read_case_type
from qifu.engines.casework.publish import NotProved, check_case_type
from qifu.engines.casework.tests.test_proofs import FOLDER, STANDARD, line_of
from qifu.foundation import revisions
from qifu.foundation.revisions import canonical
from qifu.foundation.yaml_data import DataError

BESIDE = {"standard": STANDARD.encode()}
OWN = """\
extends: standard
key: other
title: 另一种
basis: 测试
effective: {from: 2024-02-01}
"""
EXAMPLES = """\
examples:
- title: 一日筛选
  opened: 2024-06-05 10:00
  due: {filter: 2024-06-06}
  story:
  - {at: 2024-06-05 15:00, do: accept, with: {difficulty: general}, state: pooled}
"""


def read(more: str, *, beside: dict[str, bytes] | None = None) -> Written:
    return read_case_type((OWN + EXAMPLES + more).encode(), where="other.yaml", beside=beside or BESIDE)


def test_what_is_not_said_is_as_in_the_base() -> None:
    mine, base = read("").content, read_case_type(STANDARD.encode(), where="standard.yaml").content
    changed = {change.path.split("/")[0] for change in revisions.diff(base, mine)}
    assert changed == {"key", "title", "basis", "effective", "examples", "extends"}
    assert mine["extends"] == base["key"]


def test_mappings_are_laid_over_lists_and_limits_replaced_and_empty_values_remove() -> None:
    mine = read(
        "clocks:\n  filter: {limit: {working_hours: 4}}\n  appeal: ~\n"
        "transitions:\n  take: {by: [hub], shown: ~}\n  appeal: ~\n"
    ).content
    assert mine["clocks"]["filter"] == {
        "title": "筛选",
        "of": "hub",
        "limit": {"working_hours": 4},
        "promised": True,
    }
    assert "appeal" not in mine["clocks"] and "appeal" not in mine["transitions"]
    assert mine["transitions"]["take"]["by"] == ["hub"]
    assert "shown" not in mine["transitions"]["take"]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("clocks: {nothing: ~}\n", r"other.yaml 第 12 行：要去掉的“nothing”在“standard.yaml”里没有"),
        ("clocks:\n  extra: {title: 另加}\n", r"other.yaml 第 13 行：“clocks extra”缺少“of”"),
        ("clocks:\n  extra: {title: 另加, of: hub, limit: {hours: 1}, warn: ~}\n", r"other.yaml 第 13 行：要去掉的“warn”"),
        ("colour: red\n", r"other.yaml 第 12 行：不认识“colour”"),
        ("office_hours: [['13:30', '25:00']]\n", r"other.yaml 第 12 行：.*“25:00”不正确"),
        ("office_hours: [['17:00', '09:00']]\n", r"other.yaml 第 12 行：办公时间应按先后写明"),
        ("office_hours: [['09:00', '12:00', '13:00']]\n", r"other.yaml 第 12 行：办公时间的每一段应有开始、结束"),
        ("clocks: {filter: {limit: {days: 1}}}\n", r"other.yaml 第 12 行：不认识“days”"),
    ],
)  # fmt: skip
def test_what_cannot_be_laid_over_is_told_at_its_line(more: str, told: str) -> None:
    with pytest.raises(DataError, match=told):
        read(more)


def test_cycles_unknown_bases_and_missing_own_words_are_refused() -> None:
    with pytest.raises(DataError, match="第 1 行：没有可继承的“standard”。同一目录下有：a"):
        read("", beside={"a": b""})
    ring = {"standard": (OWN.replace("extends: standard", "extends: other") + EXAMPLES).encode()}
    ring["other"] = (OWN + EXAMPLES).encode()
    with pytest.raises(DataError, match="互相继承：other → standard → other"):
        read("", beside=ring)
    with pytest.raises(DataError, match="缺少“basis”"):
        read_case_type(
            (OWN.replace("basis: 测试\n", "") + EXAMPLES).encode(), where="other.yaml", beside=BESIDE
        )


def test_a_fault_is_told_in_the_file_in_which_it_stands() -> None:
    over = OWN + EXAMPLES + "clocks:\n  filter: {of: hubb}\n"
    with pytest.raises(NotProved) as caught:
        check_case_type(over.encode(), where="other.yaml", beside=BESIDE)
    assert [(one.where, one.line) for one in caught.value.faults] == [("other.yaml", 13)]
    broken = STANDARD.replace(
        "stops: [accept], shown: '已由{lead}签收'", "stops: [acept], shown: '已由{lead}签收'"
    )
    with pytest.raises(NotProved) as caught:
        check_case_type((OWN + EXAMPLES).encode(), where="other.yaml", beside={"standard": broken.encode()})
    assert (caught.value.faults[0].where, caught.value.faults[0].line) == (
        "standard.yaml",
        line_of(STANDARD, "take: {"),
    )


def test_the_written_order_survives_a_revision() -> None:
    import json

    written = read_case_type(STANDARD.encode(), where="standard.yaml")
    stored = json.loads(canonical(content_of(written)))
    assert list(stored["states"]) == sorted(stored["states"])
    restored: Any = in_written_order(stored)
    for place in ("states", "transitions", "clocks", "fields", "results", "roles"):
        assert list(restored[place]) == list(written.content[place])
    definition = case_type(stored)
    assert list(definition.steps) == ["board", "consultation", "meeting"]
    assert next(iter(definition.fields["result"].choices)) == "solved"
    assert next(iter(definition.verbs.pause_reasons)) == "awaiting_enterprise"
    assert definition == case_type(written.content)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("handle: 2024-06-14 17:00", "handle: 2024-06-13", "时限“handle”写的是 2024-06-13，算出来是 2024-06-14 17:00"),
        ("state: reviewing, due", "state: signing, due", "此时应为“signing”，实际为“reviewing”"),
        ("at: 2024-06-06 10:00, do: take", "at: 2024-06-06 10:00, do: sign", "在“待签收”时做不了这一步"),
        ("at: 2024-06-06 10:00, do: take", "at: 2024-06-06 10:00, do: take, refused: true", "示例说做不了，实际可以做"),
        ("at: 2024-06-06 10:00, do: take", "at: 2024-06-05 10:00, do: take", "比上一件事还早"),
        ("at: 2024-06-06 10:00, do: take", "at: 2024-06-31 10:00, do: take", "示例里有写错的日期"),
        ("at: 2024-06-06 10:00, do: take", "at: 2024-06-06 10:00, do: taken", "没有“taken”这个步骤"),
        ("at: 2024-06-06 10:00, do: take", "at: 2024-06-06 10:00, by: hub, do: take", "“签收”不由“hub”来做"),
        ("due: {contact: 终止}", "due: {contract: 终止}", "没有时限“contract”"),
        ("due: {contact: 终止}", "due: {contact: 暂停}", "算出来是 终止"),
    ],
)  # fmt: skip
def test_an_example_that_does_not_hold_is_told(old: str, new: str, told: str) -> None:
    assert STANDARD.count(old) == 1
    broken = STANDARD.replace(old, new)
    with pytest.raises(NotProved) as caught:
        check_case_type(broken.encode(), where="standard.yaml")
    [fault] = caught.value.faults
    assert told in fault.cause
    expected = broken[: broken.index(new)].count("\n") + 1
    assert fault.line == (
        expected if "写错的日期" not in told else line_of(broken, "- title: 一般问题，端午节")
    )


def test_packs_say_only_what_is_theirs() -> None:
    for name in ("huzhou", "township"):
        assert len((FOLDER / f"{name}.yaml").read_text("utf-8").splitlines()) < 60
