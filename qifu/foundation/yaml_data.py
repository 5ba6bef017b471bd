"""YAML data that officials edit: read with the line of every value, checked against a declared shape, examples run.

Refused, in Chinese, with file, line, cause and remedy: repeated and unknown keys, anchors and aliases, tags, tabs,
several documents, text that is not UTF-8, files over 5 MB, nesting over 30. A kind may carry `examples:`, which run
on load; an example that fails is an error at its line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from qifu.foundation.yaml_shapes import (
    Anything,
    DataError,
    Day,
    Effective,
    Fields,
    Flag,
    ListOf,
    MapOf,
    Node,
    Number,
    OneOf,
    Optional,
    Place,
    Reading,
    Shape,
    Text,
    Whole,
    colon_remedy,
)

__all__ = [
    "Anything",
    "DataError",
    "Day",
    "Effective",
    "Fields",
    "Flag",
    "ListOf",
    "Loaded",
    "MapOf",
    "Number",
    "OneOf",
    "Optional",
    "Shape",
    "Text",
    "Whole",
    "load",
    "load_text",
    "read_nodes",
    "read_yaml",
    "register_kind",
]

LARGEST_BYTES = 5 * 1024 * 1024
DEEPEST = 30

_INDENT = "请把并列的各行左端对齐，下一级多空两格"
_SYNTAX = (
    ("flow sequence", True, "列表没有结束，或缺少逗号", "请补上 ]，各项用逗号隔开"),
    ("flow mapping", True, "大括号没有结束，或缺少逗号", "请补上 }，各项用逗号隔开"),
    ("unknown escape", False, "双引号里的 \\ 写法不对", "请改用单引号，或删去 \\"),
    ("quoted scalar", True, "引号没有结束", "请在文字后面补上引号"),
    ("mapping values are not allowed", False, "缩进不对，或一行里有两个冒号", f"{_INDENT}；文字里有“: ”时请加引号"),
    ("could not find expected ':'", True, "缺少冒号", "请写成“名称: 值”，冒号用半角，后面空一格"),
    ("block mapping", False, "缩进不对", _INDENT),
    ("document start", False, "缩进不对", _INDENT),
    ("block collection", False, "缩进不对", f"{_INDENT}；列表各行以“- ”开头"),
    ("cannot start any token", False, "这个符号不能放在开头", "文字以 @、%、` 等符号开头时请加引号"),
    ("block scalar", False, "| 或 > 后面不能接文字", "请另起一行，缩进后再写"),
    ("node content", False, "多了一个括号或符号", "请核对 [ ]、{ } 是否成对"),
    ("anchor", False, "& 或 * 不能放在开头", "文字以 & 或 * 开头时请加引号"),
    ("alias", False, "& 或 * 不能放在开头", "文字以 & 或 * 开头时请加引号"),
    ("tag", False, "! 不能放在开头", "文字以 ! 开头时请加引号"),
)  # fmt: skip
"""What a parser's message contains, whether its beginning is the place to mend, the cause and the remedy."""
_CONTROL = yaml.reader.Reader.NON_PRINTABLE

_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

RunExample = Callable[[Any, Any], str | None]
"""Runs one example against the file's data: None when it holds, else what came out instead, in Chinese."""


@dataclass(frozen=True)
class Loaded:
    """A checked file: plain `data` and the line of every value by its place (`("years", 0, "from")`)."""

    where: str
    data: Any
    lines: Mapping[Place, int]

    def error(self, place: Place, cause: str, remedy: str = "") -> DataError:
        """Return an error at the value at `place` (or the nearest that has a line), for the caller's own checks."""
        while place and place not in self.lines:
            place = place[:-1]
        return DataError(self.where, self.lines.get(place, 1), cause, remedy)


@dataclass(frozen=True)
class _Kind:
    shape: Shape
    run_example: RunExample | None


_kinds: dict[str, _Kind] = {}


def register_kind(name: str, shape: Shape, run_example: RunExample | None = None) -> None:
    """Declare a kind of data file: its shape and, if it has `examples:`, how one is run. A kind is declared once."""
    if name in _kinds:
        raise ValueError(f"data kind {name} is declared twice")
    _kinds[name] = _Kind(shape, run_example)


def load(path: Path, kind: str) -> Loaded:
    """Return the checked data of a file of `kind`, its examples run; raises DataError, or OSError if unreadable."""
    where = path.name
    if path.stat().st_size > LARGEST_BYTES:
        raise DataError(where, 1, "文件超过 5 MB", "请拆成几个文件")
    return load_text(path.read_bytes(), kind, where=where)


def load_text(raw: bytes, kind: str, *, where: str) -> Loaded:
    """Return the checked data of a file's bytes; `where` is the name used in messages."""
    try:
        declared = _kinds[kind]
    except KeyError:
        raise LookupError(f"data kind {kind} is not declared") from None
    loaded = read_yaml(raw, declared.shape, where=where)
    if declared.run_example is not None:
        _run_examples(loaded, declared.run_example)
    return loaded


def read_yaml(raw: bytes, shape: Shape, *, where: str) -> Loaded:
    """Return the data of a file's bytes in `shape`; no kind, no examples."""
    reading = Reading(where)
    data = reading.read(shape, read_nodes(raw, where=where), ())
    return Loaded(where, data, reading.lines)


def read_nodes(raw: bytes, *, where: str, longest: int | None = None, most_nodes: int | None = None) -> Node:
    """Return the one document of a file's bytes as nodes with lines, for a reader with rules of its own.

    A list or mapping of more than `longest` values, or more than `most_nodes` values in all, are refused at once.
    """
    return _compose(_decode(raw, where), where, longest, most_nodes)


def _run_examples(loaded: Loaded, run: RunExample) -> None:
    examples = loaded.data.get("examples") if isinstance(loaded.data, dict) else None
    if not examples:
        raise DataError(loaded.where, 1, "缺少 examples（示例）", "请至少写一个示例，载入时会逐个验算")
    for index, example in enumerate(examples):
        problem = run(loaded.data, example)
        if problem is not None:
            raise loaded.error(
                ("examples", index), f"第 {index + 1} 个示例不成立：{problem}", "请核对规则或示例"
            )


def _decode(raw: bytes, where: str) -> str:
    if len(raw) > LARGEST_BYTES:
        raise DataError(where, 1, "文件超过 5 MB", "请拆成几个文件")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise DataError(where, line, "不是 UTF-8 编码", "请在编辑器中另存为 UTF-8") from error
    for number, line_text in enumerate(text.split("\n"), start=1):
        if "\t" in line_text:
            raise DataError(where, number, "含有制表符（Tab）", "请改用空格缩进")
    return text


def _compose(text: str, where: str, longest: int | None, most_nodes: int | None) -> Node:
    """Build the nodes of the one document in `text`, without recursion."""
    root: Node | None = None
    count = 0
    open_nodes: list[Node] = []
    waiting_keys: list[str | None] = []
    try:
        for event in yaml.parse(text, Loader=_PARSER):
            line = event.start_mark.line + 1 if event.start_mark else 1
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                raise DataError(where, line, "文件里有第二份文档（“---”）", "请拆成两个文件")
            if isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
                open_nodes.pop()
                waiting_keys.pop()
                continue
            if isinstance(event, yaml.NodeEvent):
                node = _node(event, line, where)
                root = root or node
                count += 1
                if most_nodes is not None and count > most_nodes:
                    raise DataError(where, line, f"内容超过 {most_nodes} 个值", "请拆成几个文件")
                if open_nodes:
                    if longest is not None and len(open_nodes[-1].value) >= longest:
                        raise DataError(where, line, f"列表超过 {longest} 项", "请拆分")
                    _attach(open_nodes[-1], waiting_keys, node, where)
                if not isinstance(node.value, str):
                    open_nodes.append(node)
                    waiting_keys.append(None)
                    if len(open_nodes) > DEEPEST:
                        raise DataError(where, line, f"嵌套超过 {DEEPEST} 层", "请检查缩进或简化结构")
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, text, where) from error
    except yaml.YAMLError as error:
        found = _CONTROL.search(text)
        line = text.count("\n", 0, found.start()) + 1 if found else 1
        shown = f"（U+{ord(found[0]):04X}）" if found else ""
        raise DataError(where, line, f"含有不允许的字符{shown}", "请删除看不见的控制字符") from error
    if root is None:
        raise DataError(where, 1, "文件是空的", "请填写内容")
    return root


def _syntax_error(error: yaml.MarkedYAMLError, text: str, where: str) -> DataError:
    """Return what the parser found wrong, by kind and in Chinese, at the line where it has to be mended."""
    lines = text.split("\n")
    mark = error.problem_mark or error.context_mark
    last = min(mark.line, len(lines) - 1) if mark else 0
    first = error.context_mark.line if error.context_mark else max(0, last - 1)
    for number in dict.fromkeys((last, last - 1, first)):
        remedy = colon_remedy(lines[number]) if 0 <= number < len(lines) else ""
        if remedy:
            return DataError(where, number + 1, "YAML 格式有误：冒号不对", remedy)
    said = f"{error.context or ''}; {error.problem or ''}"
    for words, at_start, cause, remedy in _SYNTAX:
        if words in said:
            return DataError(where, (first if at_start else last) + 1, f"YAML 格式有误：{cause}", remedy)
    return DataError(where, last + 1, "YAML 格式有误：这一行读不懂", "请检查这一行及上一行的缩进、冒号和引号")


def _node(event: yaml.NodeEvent, line: int, where: str) -> Node:
    if isinstance(event, yaml.AliasEvent) or event.anchor:
        raise DataError(
            where, line, "使用了锚点或引用（& 或 *）", "请把内容完整写出；文字以 & 或 * 开头时请加引号"
        )
    if isinstance(event, yaml.ScalarEvent):
        if event.tag is not None and event.tag != "!":
            raise DataError(where, line, f"使用了标签 {event.tag}", "请删除标签；文字以 ! 开头时请加引号")
        return Node(line, event.value, quoted=event.style in ("'", '"', "|", ">"))
    assert isinstance(event, yaml.CollectionStartEvent)
    if event.tag is not None:
        raise DataError(where, line, f"使用了标签 {event.tag}", "请删除标签")
    return Node(line, [] if isinstance(event, yaml.SequenceStartEvent) else {})


def _attach(parent: Node, waiting_keys: list[str | None], node: Node, where: str) -> None:
    """Put `node` into the list or mapping under construction; in a mapping, keys and values take turns."""
    if isinstance(parent.value, list):
        parent.value.append(node)
        return
    assert isinstance(parent.value, dict)
    key = waiting_keys[-1]
    if key is not None:
        parent.value[key] = node
        waiting_keys[-1] = None
        return
    if not isinstance(node.value, str):
        raise DataError(where, node.line, "名称不是文字", "冒号前请只写一个词")
    if node.value in parent.value:
        first = parent.key_lines[node.value]
        raise DataError(where, node.line, f"“{node.value[:40]}”重复（第 {first} 行已有）", "请删除其中一个")
    waiting_keys[-1] = node.value
    parent.key_lines[node.value] = node.line
