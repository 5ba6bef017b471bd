"""What one version of a case type says otherwise than another, in words for an official. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qifu.engines.casework.clocks import Limit, Unit
from qifu.engines.casework.proofs import OF_TRANSITION, OF_VERBS
from qifu.engines.casework.proofs import POOLS as NAMED
from qifu.foundation import revisions

Content = Mapping[str, Any]
POOLS = (*NAMED, "steps")


@dataclass(frozen=True)
class Change:
    """One difference in words: where, before, after; empty where there was or is nothing."""

    where: str
    before: str
    after: str


_UNSEEN = ("order", "examples", "key", "sources", "extends", "kind")
_SAID = {
    "states": "环节", "transitions": "步骤", "clocks": "时限", "fields": "表单项", "roles": "角色", "results": "结果",
    "steps": "办理层次", "verbs": "特别规定", "rating": "评价", "documents": "文书", "office_hours": "办公时间",
    "title": "名称", "basis": "依据", "effective": "生效期", "limit": "期限", "from": "起", "to": "到", "by": "由谁",
    "form": "必填", "optional": "选填", "starts": "起算时限", "stops": "停止时限", "pauses": "暂停时限", "resumes": "恢复时限",
    "shown": "企业看到", "notify": "告知", "guards": "条件", "when": "前提", "effect": "作用", "most_returns": "最多退回次数",
    "confidence": "核实情况", "of": "负责", "promised": "对企业承诺", "warn": "提前提醒", "extension": "延期", "pause": "暂停",
    "merge": "合并", "escalation": "上报", "co_handlers": "协办", "most": "每次最长", "times": "次数", "choices": "选项",
    "open_days": "评价天数", "reopen_days": "重开天数", "reasons": "事由", "clock": "时限", "mode": "交办方式",
    "step": "办理层次", "asked_by": "申请人", "approved_by": "批准人", "most_days": "每次最长天数", "help": "填写说明",
    "automatic": "自动", "final": "终结", "initial": "起点", "choices_of": "选项清单",
}  # fmt: skip

_ELSEWHERE = {
    ("clocks", "by"): "分情形",
    ("transitions", "from"): "在哪些环节",
    ("transitions", "to"): "到哪个环节",
}


def changes(before: Content, after: Content) -> list[Change]:
    """Return what a content says otherwise than the one before; examples and the order of things aside."""
    made = []
    both = {
        pool: {**before.get(pool, {}), **after.get(pool, {})} for pool in POOLS
    }  # a new title is one change
    for one in revisions.diff(_in_words(before, both), _in_words(after, both)):
        told = Change(_where(one.path, before, after), _value(one.before), _value(one.after))
        if one.path.split("/")[0] not in _UNSEEN and told.before != told.after:
            made.append(told)
    return made


def _in_words(content: Content, both: Content) -> dict[str, Any]:
    """Return content with limits, and lists of names, as words: each is one thing to compare. `both` has the titles."""

    def titles(names: list[str], pool: str) -> str:
        return "、".join(_title(both, pool, name) for name in names)

    words: dict[str, Any] = _limits({key: value for key, value in content.items() if key not in _UNSEEN})
    for one in words["transitions"].values():
        for key, pool in OF_TRANSITION.items():
            if key in one:
                one[key] = titles(one[key], pool)
        if "to" in one:
            one["to"] = _title(both, "states", one["to"])
        if "when" in one:
            one["when"] = "；".join(f"{_fact(both, fact)}为{'或'.join(_fact_value(both, fact, value) for value in values)}" for fact, values in one["when"].items())  # fmt: skip
    for one in words["clocks"].values():
        one["of"] = _title(both, "roles", one["of"])
        if "by" in one:
            one["by"] = "；".join(f"{_fact_value(both, fact, value)} {limit}" for fact, limits in one["by"].items() for value, limit in limits.items())  # fmt: skip
    for (verb, key), pool in OF_VERBS.items():
        said = (words.get("verbs") or {}).get(verb) or {}
        if isinstance(said.get(key), list):
            said[key] = titles(said[key], pool)
        elif key in said:
            said[key] = _title(both, pool, said[key])
    return words


def _limits(value: Any) -> Any:
    if isinstance(value, Mapping):
        if len(value) == 1 and next(iter(value)) in tuple(Unit):
            ((unit, amount),) = value.items()
            return Limit(Unit(unit), amount).words()
        return {key: _limits(one) for key, one in value.items()}
    return [_limits(one) for one in value] if isinstance(value, list) else value


def _title(content: Content, pool: str, name: str) -> str:
    found = content.get(pool, {}).get(name, name)
    return str(found["title"] if isinstance(found, Mapping) else found)


def _fact(content: Content, fact: str) -> str:
    if fact.startswith("clock_"):
        return f"时限“{_title(content, 'clocks', fact.removeprefix('clock_'))}”"
    return _SAID.get(fact) or _title(content, "fields", fact)


def _fact_value(content: Content, fact: str, value: str) -> str:
    own = {
        "hub": "未交办",
        "assigned": "交办",
        "transferred": "转办",
        "running": "在走",
        "paused": "暂停",
        "none": "没有",
    }
    if fact == "step":
        return _title(content, "steps", value)
    choices = content["fields"].get(fact, {}).get("choices") or {}
    return str(choices.get(value, own.get(value, value)))


def _where(path: str, before: Content, after: Content) -> str:
    """Return a path in titles: those of the later content first, else the earlier's."""
    parts = path.split("/")
    if parts[0] in ("roles", "results", "steps", "documents") and len(parts) > 1:
        return f"{_SAID[parts[0]]} · {_title(after if parts[1] in after.get(parts[0], {}) else before, parts[0], parts[1])}"
    said = []
    nodes: list[Any] = [after, before]
    for part in parts:
        nodes = [one.get(part) if isinstance(one, Mapping) else None for one in nodes]
        titles = [str(one["title"]) for one in nodes if isinstance(one, Mapping) and "title" in one]
        said.append(titles[0] if titles else _SAID.get(part, part))
    said[2:3] = [_ELSEWHERE.get((parts[0], part), said[2]) for part in parts[2:3]]
    return " · ".join(said)


def _value(value: Any) -> str:
    """Return a value of a definition as a person reads it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Mapping):
        if "title" in value:
            return str(value["title"])
        return "；".join(
            f"{_SAID.get(key, key)} {_value(one)}" for key, one in value.items() if one is not None
        )
    if isinstance(value, (list, tuple)):
        return "、".join(_value(one) for one in value)
    return str(value)
