"""The JSON Schema (draft 2020-12) of rule files, for editors that complete and check while one writes; pure.

It says what the reader accepts in form; names, units and examples are the reader's to judge.
"""

from __future__ import annotations

from qifu.engines.rules.leaf_words import OPS
from qifu.engines.rules.rule_amounts import ROUNDINGS
from qifu.engines.rules.rule_file import CODE, CONFIDENCES, EXPECTS, KINDS, READINGS, STACKINGS
from qifu.engines.rules.rule_nodes import LONGEST_LIST, OWN_ID
from qifu.registers.enterprises.fact_book import Fact, FactBook

Schema = dict[str, object]
POLICY_KINDS = ("资金", "税收", "费用", "资格", "权利", "金融", "用地", "人才", "其他")


def rule_schema(facts: FactBook) -> Schema:
    """Return the schema; fact labels and the beginnings of lines are offered as completions."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:qifu:rule",
        "title": "qifu 规则文件",
        **_object(
            {
                "code": _text("代码：小写字母、数字和 -", pattern=f"^{CODE.pattern}$"),
                "title": _text("正式名称，引用时用它"), "kind": _enum(KINDS, "rule 规则，policy 政策"),
                "issuers": _list(_text(), "发文机关"), "document": _text("文号"),
                "kinds": _list({"anyOf": [{"enum": list(POLICY_KINDS)}, _text()]}, "给什么"), "tags": _list(_text(), "标签", least=0),
                "confidence": _enum(CONFIDENCES, "是否与正式文本核对过；待核的不公布"),
                "versions": _list({"$ref": "#/$defs/version"}, "各版本，互不重叠"),
                "examples": _list({"$ref": "#/$defs/example"}, "示例，检查时逐个验算"), "note": _text("备注"), "link": _text("原文网址"),
                "materials": _list(_text(), "申报材料，一项一个名称", least=0),
            },
            ("code", "title", "kind", "issuers", "document", "versions"),
        ),
        "$defs": _definitions(facts),
    }  # fmt: skip


def _definitions(facts: FactBook) -> Schema:
    number_labels = [fact.label for fact in facts.facts.values() if fact.is_number]
    return {
        "version": _version(), "node": _node(), "line": _line(facts), "score": _score(), "amount": _amount(number_labels), "example": _example(facts),
        "day": _text("日期，如 2024-03-31；1949—2100 年", pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
        "id": _text("编号：小写字母开头", pattern=f"^{OWN_ID.pattern}$"),
        "review": _enum(("待核",), "这一处没有与正式文本核对过"),
        "money": _text("金额，如 50万元", pattern="[元角分]$"),
        "points": {"anyOf": [{"type": "number", "minimum": 0}, _text("如 20分", pattern="^[0-9.]+ ?分?$")], "description": "分值"},
        "facts": {"enum": [fact.label for fact in facts.facts.values()]},
    }  # fmt: skip


def _version() -> Schema:
    day: Schema = {"$ref": "#/$defs/day"}
    return _object(
        {
            "effective_from": day | {"description": "生效日（含当天）"}, "effective_to": day | {"description": "失效日（当天起不再有效）"},
            "document": _text("本版本的文号，与全文件不同时才写"), "source": _text("各条件默认的出处"), "note": _text("备注"),
            "reading": _object({word: _enum(tuple(READINGS), f"“{word}”含不含本数") for word in ("以上", "以下")}),
            "require": {"$ref": "#/$defs/node"}, "amount": {"$ref": "#/$defs/amount"}, "amount_note": _text("金额是什么，如 减免税额"),
            "window": _object({"from": day, "to": day}, ("from", "to")),
            "budget": _object({"amount": {"$ref": "#/$defs/money"}, "year": {"type": ["integer", "string"]}}, ("amount", "year")),
            "stacking": _list(_object({"with": _text("另一规则的代码"), "how": _enum(STACKINGS, "关系")}, ("with", "how")), "与其他政策的关系"),
        },
        ("effective_from", "require"),
    )  # fmt: skip


def _node() -> Schema:
    nodes = _list({"$ref": "#/$defs/node"}, "条件")
    kinds: Schema = {
        "is": {"$ref": "#/$defs/line"}, "all": nodes | {"description": "都要符合"}, "any": nodes | {"description": "任一项符合"},
        "not": {"$ref": "#/$defs/node", "description": "不得符合"},
        "at_least": _object({"count": {"type": ["integer", "string"]}, "of": nodes}, ("count", "of")),
        "score": {"$ref": "#/$defs/score"},
    }  # fmt: skip
    beside: Schema = {
        "id": {"$ref": "#/$defs/id"}, "clause": _text("出处，如 第四条（二）"), "title": _text("小标题"), "review": {"$ref": "#/$defs/review"}
    }  # fmt: skip
    written = _object(kinds | beside)
    written["oneOf"] = [{"required": [kind]} for kind in kinds]
    return {
        "anyOf": [{"$ref": "#/$defs/line"}, written],
        "description": "一行条件，或 all、any、not、at_least、score",
    }


def _line(facts: FactBook) -> Schema:
    return {
        "type": "string",
        "minLength": 1,
        "description": f"一行条件。比较词：{'、'.join(OPS)}",
        "examples": [line for fact in facts.facts.values() for line in _lines_of(fact)],
    }


def _lines_of(fact: Fact) -> list[str]:
    """What a line about the fact may look like."""
    if fact.is_number:
        return [f"{fact.label} >= 1{fact.unit}"]
    if fact.type == "choice":
        return [f"{fact.label} 属于 {fact.choices[0]}"]
    return {
        "day": [f"{fact.label} 满 2年", f"{fact.label} 不晚于 2024-12-31"], "flag": [f"{fact.label} 为 是", f"{fact.label} 为 否"],
        "place": [f"{fact.label} 属于 浙江省"], "industry": [f"{fact.label} 属于 制造业"], "honour": [f"有效期内的 {fact.label}"],
    }[fact.type]  # fmt: skip


def _score() -> Schema:
    points: Schema = {"$ref": "#/$defs/points"}
    review: Schema = {"$ref": "#/$defs/review"}
    band = _object(
        {"points": points, "when": {"$ref": "#/$defs/node"}, "text": _text("这一档的说明"), "review": review},
        ("points", "when"),
    )
    item = _object(
        {
            "title": _text("评分项"), "group": _text("所属的组"), "bands": _list(band, "各档，取最高分"), "otherwise": points,
            "id": {"$ref": "#/$defs/id"}, "clause": _text("出处"), "review": review,
        },
        ("title", "bands"),
    )  # fmt: skip
    groups: Schema = {
        "type": "object",
        "additionalProperties": points,
        "minProperties": 1,
        "description": "各组最低分",
    }
    return _object(
        {"title": _text("评分表名称"), "least": points, "groups": groups, "items": _list(item, "各项")},
        ("least", "items"),
    )


def _amount(labels: list[str]) -> Schema:
    amount: Schema = {"$ref": "#/$defs/amount"}
    of: Schema = {"type": "string", "minLength": 1, "examples": labels, "description": "按什么计算，可相加减"}
    part = _object(
        {"upto": _text("到多少为止；最后一段不写"), "rate": _percent(), "each": {"$ref": "#/$defs/money"}}
    )
    tier = _object({"when": {"$ref": "#/$defs/node"}, "amount": amount}, ("when", "amount"))
    forms: Schema = {
        "amount": amount, "rate": _percent(), "each": {"$ref": "#/$defs/money"}, "tiers": _list(tier, "从上到下，第一档符合的算"),
        "brackets": _object({"of": of, "parts": _list(part, "各段")}, ("of", "parts")),
        "best": _list(amount, "取最高"), "least": _list(amount, "取最低"), "sum": _list(amount, "合计"),
    }  # fmt: skip
    beside: Schema = {
        "of": of, "otherwise": amount, "cap": {"$ref": "#/$defs/money"}, "floor": {"$ref": "#/$defs/money"},
        "round": _text("取整到 元、百元、万元……"), "rounding": _enum(tuple(ROUNDINGS), "怎样取整，默认四舍五入"),
    }  # fmt: skip
    written = _object(forms | beside)
    written["oneOf"] = [{"required": [form]} for form in forms]
    return {"anyOf": [{"$ref": "#/$defs/money"}, written], "description": "给多少"}


def _example(facts: FactBook) -> Schema:
    values: Schema = {
        fact.label: {"description": _value_hint(fact)}
        | ({"enum": list(fact.choices)} if fact.choices else {})
        for fact in facts.stored()
    }
    known = [word for fact in facts.stored() for word in (fact.id, fact.label, *fact.aliases)]
    return _object(
        {
            "title": _text("示例说明"), "as_of": {"$ref": "#/$defs/day"}, "expect": _enum(tuple(EXPECTS), "应当得到的结果"), "note": _text("备注"),
            "amount": {"$ref": "#/$defs/money"}, "missing": _list(_text(), "缺哪些事实", least=0),
            "facts": {"type": ["object", "null"], "properties": values, "propertyNames": {"enum": known}, "description": "事实和值，带单位"},
        },
        ("as_of", "facts", "expect"),
    )  # fmt: skip


def _value_hint(fact: Fact) -> str:
    if fact.is_number:
        return f"数字和单位，如 1{fact.unit}"
    hints = {
        "day": "日期，如 2024-06-30",
        "flag": "是 或 否",
        "place": "六位代码或名称",
        "industry": "行业代码或名称，如 C3911",
    }
    return hints.get(fact.type, "否、失效日期或 长期" if fact.type == "honour" else "选一项")


def _percent() -> Schema:
    return _text("百分数，如 20%", pattern="%$")


def _text(description: str = "", *, pattern: str = "") -> Schema:
    schema: Schema = {"type": "string", "minLength": 1}
    if description:
        schema["description"] = description
    if pattern:
        schema["pattern"] = pattern
    return schema


def _enum(words: tuple[str, ...], description: str) -> Schema:
    return {"enum": list(words), "description": description}


def _list(items: Schema, description: str, *, least: int = 1) -> Schema:
    return {
        "type": "array",
        "items": items,
        "minItems": least,
        "maxItems": LONGEST_LIST,
        "description": description,
    }


def _object(properties: Schema, needed: tuple[str, ...] = ()) -> Schema:
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    if needed:
        schema["required"] = list(needed)
    return schema
