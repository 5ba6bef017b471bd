"""The JSON Schema accepts every rule that ships and every form of the manual, and refuses what an editor should mark."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
import yaml

from qifu.engines.rules.schema import rule_schema
from qifu.engines.rules.skeleton import skeleton
from qifu.engines.rules.tests.rule_texts import FACTS, ROOT, problems_of, rule_text
from qifu.engines.rules.tests.test_rule_file import WHOLE
from qifu.registers.enterprises.fact_book import FactBook, fact_book

SHIPPED = sorted((ROOT / "provinces").glob("*/rules/*.yaml"))
TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "number": (int, float), "integer": int, "null": type(None)
}  # fmt: skip
KNOWN = {
    "$schema", "$id", "$defs", "$ref", "title", "description", "examples", "type", "properties", "additionalProperties", "required", "items",
    "minItems", "maxItems", "minProperties", "propertyNames", "enum", "pattern", "minLength", "minimum", "anyOf", "oneOf",
}  # fmt: skip


def faults(schema: Mapping[str, Any], value: Any, root: Mapping[str, Any], at: str = "") -> list[str]:
    """What is wrong by the parts of JSON Schema 2020-12 that the schema uses; an unknown keyword fails the test."""
    assert set(schema) <= KNOWN, set(schema) - KNOWN
    found: list[str] = []
    if "$ref" in schema:
        found += faults(root["$defs"][schema["$ref"].removeprefix("#/$defs/")], value, root, at)
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(isinstance(value, TYPES[kind]) and not isinstance(value, bool) for kind in kinds):
        return [*found, f"{at}: {value!r} is no {kinds}"]
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{at}: {value!r} is none of {schema['enum'][:5]}")
    if isinstance(value, str):
        if "pattern" in schema and not re.search(schema["pattern"], value):
            found.append(f"{at}: {value!r} against {schema['pattern']}")
        if len(value) < schema.get("minLength", 0):
            found.append(f"{at}: empty")
    if isinstance(value, int | float) and "minimum" in schema and value < schema["minimum"]:
        found.append(f"{at}: {value} is too small")
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            found.append(f"{at}: {len(value)} items")
        found += [
            f
            for n, part in enumerate(value)
            if "items" in schema
            for f in faults(schema["items"], part, root, f"{at}/{n}")
        ]
    if isinstance(value, dict):
        found += _object_faults(schema, value, root, at)
    for part in ("anyOf", "oneOf"):
        if part in schema:
            tries = [faults(choice, value, root, at) for choice in schema[part]]
            fit = sum(not tried for tried in tries)
            if fit == 0 or (part == "oneOf" and fit > 1):
                found.append(f"{at}: {fit} of {part} fit: {min(tries, key=len)[:2] if tries else ''}")
    return found


def _object_faults(
    schema: Mapping[str, Any], value: dict[str, Any], root: Mapping[str, Any], at: str
) -> list[str]:
    known = schema.get("properties", {})
    found = [f"{at}: lacks {key}" for key in schema.get("required", []) if key not in value]
    if len(value) < schema.get("minProperties", 0):
        found.append(f"{at}: too few")
    for key, part in value.items():
        if "propertyNames" in schema:
            found += faults(schema["propertyNames"], key, root, f"{at}/{key}")
        more = schema.get("additionalProperties", True)
        if key in known:
            found += faults(known[key], part, root, f"{at}/{key}")
        elif isinstance(more, dict):
            found += faults(more, part, root, f"{at}/{key}")
        elif more is False:
            found.append(f"{at}: unknown {key}")
    return found


def as_an_editor_reads(text: str) -> Any:
    """YAML 1.2 core: days are texts, 是 and 否 are texts."""
    return _plain(yaml.safe_load(text))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value.isoformat() if isinstance(value, date) else value


def check(text: str, facts: FactBook = FACTS) -> list[str]:
    schema = rule_schema(facts)
    return faults(schema, as_an_editor_reads(text), schema)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_rule_fits(path: Any) -> None:
    assert check(path.read_text("utf-8"), fact_book()) == []


def test_rules_ship() -> None:
    assert len(SHIPPED) > 30


def test_every_form_fits() -> None:
    assert check(WHOLE) == []
    for policy in (False, True):
        assert check(skeleton("a-rule", policy=policy)) == []


@pytest.mark.parametrize(
    "text",
    [
        rule_text("从业人数 > 1人", code="A"),
        rule_text("从业人数 > 1人", kind="law"),
        rule_text("从业人数 > 1人", start="2020年"),
        rule_text("从业人数 > 1人", more="  amonut: 3元\n"),
        rule_text("{all: []}"),
        rule_text("{all: [从业人数 > 1人], any: [从业人数 > 1人]}"),
        rule_text("{all: [{any: [{is: 从业人数 > 1人, cluase: 第一条}]}]}"),
        rule_text("从业人数 > 1人", more="  amount: {rate: 0.2, of: 研发费用}\n"),
        rule_text("从业人数 > 1人", more="  amount: 50\n"),
        rule_text(
            "从业人数 > 1人", more="examples:\n- {as_of: 2024-01-01, facts: {员工数: 3人}, expect: 符合}\n"
        ),
        rule_text(
            "从业人数 > 1人", more="examples:\n- {as_of: 2024-01-01, facts: {主体类型: 公司}, expect: 符合}\n"
        ),
    ],
)
def test_what_the_reader_refuses_in_form_an_editor_marks_too(text: str) -> None:
    assert check(text) and problems_of(text)


def test_labels_of_facts_are_offered() -> None:
    line = rule_schema(FACTS)["$defs"]["line"]  # type: ignore[index]
    assert {"从业人数 >= 1人", "成立时间 满 2年", "有效期内的 高新技术企业"} <= set(line["examples"])


def test_offered_lines_can_be_read() -> None:
    for line in rule_schema(FACTS)["$defs"]["line"]["examples"]:  # type: ignore[index]
        assert problems_of(rule_text(f"{{all: ['{line}']}}")) == []
