"""YAML data: exact values, and every fault named with its line, cause and remedy."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qifu.foundation.yaml_data import (
    Anything,
    DataError,
    Day,
    Effective,
    Fields,
    Flag,
    ListOf,
    MapOf,
    Number,
    OneOf,
    Optional,
    Text,
    Whole,
    load,
    load_text,
    read_yaml,
    register_kind,
)


def _example(data: Any, example: Any) -> str | None:
    total = example["count"] * data["price"]
    return None if total == example["total"] else f"应为 {total}"


SHAPE = Fields(
    {"code": Text(r"[0-9]{6}", "六位数字"), "price": Number(), "effective": Effective()},
    {
        "count": Whole(0, 10),
        "open": Flag(),
        "kind": OneOf("甲", "乙"),
        "note": Optional(Text()),
        "names": MapOf(Text(), pattern="[a-z]+"),
        "examples": ListOf(Fields({"count": Whole(), "total": Number()})),
    },
)
register_kind("test_price", SHAPE, _example)
GOOD = """\
code: 001200
price: 12.50
effective: {from: 2024-01-01, to: 2025-01-01}
count: 3
open: 否
kind: 甲
note:
names: {no: 不}
examples:
- {count: 2, total: 25.00}
"""


def read(text: str) -> Any:
    return load_text(text.encode(), "test_price", where="价格.yaml").data


def test_values_are_read_as_declared_not_as_yaml_guesses(tmp_path: Path) -> None:
    path = tmp_path / "价格.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    loaded = load(path, "test_price")
    assert loaded.data["code"] == "001200"
    assert loaded.data["price"] == Decimal("12.50") and isinstance(loaded.data["price"], Decimal)
    assert loaded.data["effective"] == {"from": date(2024, 1, 1), "to": date(2025, 1, 1)}
    assert loaded.data["count"] == 3 and loaded.data["open"] is False and loaded.data["note"] is None
    assert loaded.data["names"] == {"no": "不"}
    assert loaded.lines[("examples", 0, "total")] == 10 and loaded.lines[("kind",)] == 6
    assert "第 6 行" in str(loaded.error(("kind", "deeper"), "甲不可用"))


@pytest.mark.parametrize(
    ("before", "after", "line", "part"),
    [
        ("count: 3", "count: 3.5", 4, "整数"),
        ("count: 3", "count: 11", 4, "超出范围"),
        ("count: 3", "count: 1_0", 4, "整数"),
        ("price: 12.50", "price: 1e3", 2, "不是数字"),
        ("price: 12.50", "price: .inf", 2, "不是数字"),
        ("code: 001200", "code: 12", 1, "六位数字"),
        ("code: 001200", "code:", 1, "为空"),
        ("kind: 甲", "kind: 丙", 6, "可用：甲、乙"),
        ("kind: 甲", "kind: [甲]", 6, "写成一行"),
        ("open: 否", "open: maybe", 5, "true 或 false"),
        ("open: 否", "opened: 否", 5, "不认识"),
        ("open: 否", "kind: 乙", 6, "重复（第 5 行已有）"),
        ("price: 12.50\n", "", 1, "缺少“price”"),
        ("2024-01-01", "2024-02-30", 3, "不是日期"),
        ("2024-01-01", "2025-01-01", 3, "不晚于生效日"),
        ("{no: 不}", "{NO: 不}", 8, "“NO”"),
        ("{no: 不}", "[1]", 8, "名称: 值"),
        ("total: 25.00", "total: 26", 10, "示例不成立：应为 25.00"),
        ("examples:\n- {count: 2, total: 25.00}", "examples: []", 1, "examples"),
        ("kind: 甲", "kind: &a 甲", 6, "锚点"),
        ("kind: 甲", "kind: *a", 6, "锚点"),
        ("kind: 甲", "kind: !!python/name:os.system 甲", 6, "标签"),
        ("kind: 甲", "kind: !!str 甲", 6, "标签"),
        ("kind: 甲", "kind:\t甲", 6, "制表符"),
        ("kind: 甲", "kind: 甲\n---\nkind: 乙", 7, "第二份文档"),
        ("kind: 甲", "kind: '甲", 6, "格式有误"),
        ("kind: 甲", "? [a]\n: 甲", 6, "名称不是文字"),
        ("kind: 甲", "kind: \x00", 6, "控制字符"),
    ],
)
def test_each_fault_names_line_and_cause(before: str, after: str, line: int, part: str) -> None:
    assert before in GOOD
    with pytest.raises(DataError) as caught:
        read(GOOD.replace(before, after, 1))
    assert part in str(caught.value)
    assert str(caught.value).startswith("价格.yaml 第 ")
    if "格式有误" not in part:
        assert caught.value.line == line


def test_hostile_files_are_refused(tmp_path: Path) -> None:
    deep = "[" * 31 + "]" * 31
    with pytest.raises(DataError, match="嵌套"):
        read_yaml(deep.encode(), Anything(), where="x")
    assert read_yaml(("[" * 30 + "]" * 30).encode(), Anything(), where="x").data
    with pytest.raises(DataError, match="嵌套"):
        read_yaml(("[" * 100_000).encode(), Anything(), where="x")
    with pytest.raises(DataError, match="UTF-8") as caught:
        read_yaml("a: 1\nb: 浙江".encode("gb18030"), Anything(), where="x")
    assert caught.value.line == 2
    with pytest.raises(DataError, match="空"):
        read_yaml(b"# nothing\n", Anything(), where="x")
    big = tmp_path / "big.yaml"
    with big.open("wb") as file:
        file.truncate(6 * 1024 * 1024)
    with pytest.raises(DataError, match="5 MB"):
        load(big, "test_price")
    with pytest.raises(LookupError):
        load_text(b"a: 1", "no_such_kind", where="x")
    with pytest.raises(ValueError, match="twice"):
        register_kind("test_price", SHAPE)


def test_bare_values_become_exact_plain_data() -> None:
    text = b"{a: 1, b: 1.10, c: '1', d: null, e: true, f: 2024-01-01, g: no, h: [x, {y: 012}]}"
    assert read_yaml(text, Anything(), where="x").data == {
        "a": 1, "b": Decimal("1.10"), "c": "1", "d": None, "e": True, "f": "2024-01-01", "g": "no",
        "h": ["x", {"y": "012"}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("b: c\nrequire：\n  a: b", 2, "请用半角冒号加空格，如 require: 值"),
        ("code:x\nb: c", 1, "请用半角冒号加空格，如 code: 值"),
        ("a: [b, c\nd: e", 1, "列表没有结束"),
        ("a: {b: c\nd: e", 1, "大括号没有结束"),
        ('a: "b\nc: d', 1, "引号没有结束"),
        ("a: b\n  c: d", 2, "缩进不对"),
        ("a:\n  - b\n - c", 3, "缩进不对"),
        ("  a: b\nc: d", 2, "缩进不对"),
        ("a: b\nc", 2, "缺少冒号"),
        ("a: @x", 1, "不能放在开头"),
        ("a: & b", 1, "& 或 *"),
        ("a: |x", 1, "另起一行"),
        ("a: b]\nc: ]", 2, "括号"),
        ("b: c\na: x\x00y", 2, "U+0000"),
    ],
)
def test_syntax_is_told_in_chinese_by_kind(text: str, line: int, said: str) -> None:
    with pytest.raises(DataError, match=f"x 第 {line} 行") as caught:
        read_yaml(text.encode(), Anything(), where="x")
    assert said in str(caught.value)
    told = f"{caught.value.cause}{caught.value.remedy}".replace("YAML", "").replace("U+", "")
    assert not re.search("[a-z]{2}", told.replace("require: ", "").replace("code: ", ""))


def test_characters_that_hide_or_turn_a_message_are_shown() -> None:
    with pytest.raises(DataError) as caught:
        read_yaml("ti\u202etle: x".encode(), Fields({"title": Text()}), where="a\u200bb")
    assert "“ti<U+202E>tle”" in str(caught.value) and "a<U+200B>b" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("2024年1月1日", "请写成 2024-01-01"),
        ("2024/1/1", "请写成 2024-01-01"),
        ("2024-1-1", "请写成 2024-01-01"),
        ("２０２４．１．１", "请写成 2024-01-01"),
        ("2024-02-30", "日历上没有这一天"),
        ("明天", "请写成 年-月-日，如 2024-01-01"),
    ],
)
def test_the_remedy_of_a_day_is_the_day_that_was_meant(text: str, remedy: str) -> None:
    with pytest.raises(DataError) as caught:
        read_yaml(f"a: {text}".encode(), Fields({"a": Day()}), where="x")
    assert caught.value.remedy.startswith(remedy)


@given(st.binary(max_size=200))
def test_any_bytes_are_data_or_a_data_error(raw: bytes) -> None:
    try:
        loaded = read_yaml(raw, Anything(), where="x")
    except DataError as error:
        assert error.line >= 1 and error.cause
    else:
        assert () in loaded.lines


@given(st.text(alphabet="ab:-[]{}&*!|>'\"#,?%@` \n\r\x85\u2028\t0.甲", max_size=60))
def test_any_yaml_like_text_is_data_or_a_data_error(text: str) -> None:
    try:
        read_yaml(text.encode(), Anything(), where="x")
    except DataError as error:
        assert error.line >= 1
