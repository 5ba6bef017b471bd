"""What a person enters is checked and kept exactly; what is wrong is said in Chinese with what to write instead."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qifu.services.work_plans.content import direction_of, exact, short_title, year_of
from qifu.services.work_plans.fields import (
    FIELDS,
    Entry,
    FieldFault,
    field_of,
    grouped,
    proposed_value,
    read_entry,
    shown,
    split_names,
)


def entered(part: str, name: str, text: str, **more: object) -> object:
    field = field_of(part, name)
    assert field is not None
    return read_entry(field, Entry(text=text), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("95.5", "95.5"),
        ("12,000", "12000"),
        (" ９５．５ ", "95.5"),
        ("-1", "-1"),
        ("", None),
        ("0.50", "0.50"),
    ],
)
def test_numbers_are_read_exactly(text: str, value: str | None) -> None:
    assert entered("indicators", "target", text) == value


@pytest.mark.parametrize("text", ["九十", "95%", "1e400", "nan", "inf", "1.2.3", "9" * 16, "0.1234567"])
def test_what_is_no_number_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(FieldFault, match="目标值"):
        entered("indicators", "target", text)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**10), max_value=10**10))
def test_any_number_survives_showing_and_entering(number: Decimal) -> None:
    text = grouped(f"{number:f}")
    read = entered("indicators", "target", text)
    assert Decimal(str(read)) == number


def test_deadlines_are_read_in_the_plans_year() -> None:
    assert entered("tasks", "deadline", "6月底", year=2024) == {
        "raw": "6月底",
        "kind": "month",
        "due": "2024-06-30",
    }
    assert entered("tasks", "deadline", "持续推进") == {"raw": "持续推进", "kind": "ongoing", "due": None}
    with pytest.raises(FieldFault, match="2024年6月"):
        entered("tasks", "deadline", "尽快", year=2024)


def test_units_are_split_and_resolved_but_never_dropped() -> None:
    def resolve(raw: str) -> tuple[str, str]:
        return ("省发展改革委", "specific") if raw == "省发改委" else (raw, "generic")

    value = entered("tasks", "responsible", "省发改委、市、县（市、区）企服中心", resolve=resolve)
    assert [unit["name"] for unit in value] == ["省发展改革委", "市", "县（市、区）企服中心"]  # type: ignore[attr-defined]
    one_a_line = entered("tasks", "responsible", "省发改委\n市、县（市、区）企服中心", resolve=resolve)
    assert [unit["raw"] for unit in one_a_line] == ["省发改委", "市、县（市、区）企服中心"]  # type: ignore[attr-defined]
    assert split_names("甲，乙；丙、丁（戊、己）") == ["甲", "乙", "丙", "丁（戊、己）"]


@given(st.text(max_size=60))
def test_splitting_names_loses_no_character_but_marks(text: str) -> None:
    kept = "".join("".join(split_names(text)).split())
    assert set(kept) <= set(text)
    assert all(name.strip() for name in split_names(text))


def test_targets_are_rows_and_empty_rows_go() -> None:
    field = field_of("actions", "targets")
    assert field is not None
    columns = {
        "name": ["办结率", ""],
        "comparator": [">=", ""],
        "value": ["55", ""],
        "unit": ["%", ""],
        "text": ["", ""],
    }
    (target,) = read_entry(field, Entry(columns=columns))
    assert (target["name"], target["comparator"], target["value"], target["unit"]) == (
        "办结率",
        ">=",
        "55",
        "%",
    )
    with pytest.raises(FieldFault, match="第1个指标缺名称"):
        read_entry(field, Entry(columns={"name": [""], "value": ["5"]}))
    with pytest.raises(FieldFault, match="比较方式"):
        read_entry(field, Entry(columns={"name": ["甲"], "comparator": ["<script>"]}))


def test_required_and_choice_fields_say_what_to_do() -> None:
    with pytest.raises(FieldFault, match="不能为空"):
        entered("tasks", "measure", "  ")
    with pytest.raises(FieldFault, match="只能选"):
        entered("indicators", "frequency", "每天")
    with pytest.raises(FieldFault, match="不是日期"):
        entered("document", "issued_on", "2024-02-30")
    assert entered("document", "issued_on", "2024年2月9日") == "2024-02-09"


def test_a_proposal_changes_the_reading_only_when_it_is_a_value() -> None:
    deadline, group = field_of("tasks", "deadline"), field_of("tasks", "group")
    lead = field_of("actions", "lead")
    assert proposed_value(deadline, "2024年6月", None, year=2024, resolve=None)["due"] == "2024-06-30"
    assert proposed_value(deadline, "请对照原件补录。", None, year=2024, resolve=None) is None
    assert proposed_value(group, "甲类", "甲类", year=None, resolve=None) is None
    assert proposed_value(group, "甲类", "乙类", year=None, resolve=None) == "甲类"
    assert proposed_value(lead, "省人社厅", ["省人社厅", "省财政厅"], year=None, resolve=None) is None
    assert proposed_value(None, "甲", None, year=None, resolve=None) is None


def test_every_field_is_shown_in_words() -> None:
    values = {
        "text": "甲", "long": "甲", "group": "甲", "number": "12000", "date": "2024-01-01", "flag": True,
        "deadline": {"raw": "6月"}, "units": [{"name": "甲"}], "names": ["甲"], "lines": ["甲"],
        "targets": [{"name": "甲", "value": "1.50", "unit": "%", "comparator": ">="}],
    }  # fmt: skip
    for fields in FIELDS.values():
        for field in fields:
            value = field.choices[0][0] if field.kind == "choice" else values[field.kind]
            assert shown(field, value)
            assert shown(field, None) == ""


def test_figures_become_exact_text() -> None:
    reading = {
        "indicators": [{"number": 6, "target": 95.5}, {"number": 1, "target": 90}],
        "x": [{"value": 2.7}],
    }
    assert exact(reading) == {
        "indicators": [{"number": 6, "target": "95.5"}, {"number": 1, "target": "90"}], "x": [{"value": "2.7"}],
    }  # fmt: skip


def test_what_no_database_keeps_is_dropped() -> None:
    assert exact({"title": "甲\0乙\ud800丙"}) == {"title": "甲乙丙"}
    assert entered("tasks", "measure", "甲\0乙") == "甲乙"


def test_titles_years_and_directions() -> None:
    assert short_title("加快出台管理办法，压实职责。") == "加快出台管理办法"
    assert short_title("推进，尽快办理这件事情") == "推进，尽快办理这件事情"
    assert len(short_title("长" * 99)) == 40
    assert year_of({"title": "2024年工作要点", "issued_on": "2025-01-01"}) == 2024
    assert year_of({"title": "工作要点", "issued_on": "2025-01-01"}) == 2025
    assert direction_of("平均审理天数", None, None) == "lower"
    assert direction_of("压减率", None, "up") == "higher"
    assert direction_of("覆盖率", None, None) == "none"
