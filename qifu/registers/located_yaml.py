"""YAML whose every mapping knows its line, so that an error in a data file can be found by a clerk.

Reading uses the C loader when libyaml is present. Mappings come back as `Block` (a dict); lists and scalars are
plain. A key written twice is an error, because YAML would silently keep the last one.
"""

from __future__ import annotations

from collections.abc import Hashable
from datetime import date
from pathlib import Path
from typing import Any

import yaml

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # libyaml is absent: slower, same result
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]


class DataFileError(ValueError):
    """A data file is wrong: says which file, which line, why, and what to do (Chinese, for the screen)."""

    def __init__(self, file: Path, line: int, cause: str, remedy: str) -> None:
        self.file, self.line, self.cause, self.remedy = file, line, cause, remedy
        super().__init__(f"{file.name} 第{line}行：{cause}。处理办法：{remedy}。")


class Block(dict[str, Any]):
    """A YAML mapping with the line it starts on and the line of each key, 1-based."""

    __slots__ = ("key_lines", "line")

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.key_lines: dict[str, int] = {}

    def line_of(self, key: str) -> int:
        """The line of `key`, or of the mapping when the key is absent."""
        return self.key_lines.get(key, self.line)


class _LocatedLoader(_Loader):
    """Builds `Block` for mappings and refuses repeated keys."""


class _RepeatedKey(yaml.MarkedYAMLError):
    pass


def _construct_block(loader: Any, node: yaml.MappingNode) -> Any:
    block = Block(node.start_mark.line + 1)
    yield block
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, Hashable) or not isinstance(key, str):
            raise _RepeatedKey(problem="键必须是文字", problem_mark=key_node.start_mark)
        if key in block:
            raise _RepeatedKey(problem=f"键“{key}”重复", problem_mark=key_node.start_mark)
        block[key] = loader.construct_object(value_node, deep=True)
        block.key_lines[key] = key_node.start_mark.line + 1


_LocatedLoader.add_constructor("tag:yaml.org,2002:map", _construct_block)


def read_block(path: Path) -> Block:
    """The mapping in `path`; raises DataFileError when it cannot be read, parsed, or is not a mapping."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataFileError(path, 0, f"读不到文件（{error.strerror}）", "检查文件是否存在、是否可读") from None
    except UnicodeDecodeError:
        raise DataFileError(path, 1, "文件不是 UTF-8 编码", "另存为 UTF-8 编码后重试") from None
    try:
        content = yaml.load(text, Loader=_LocatedLoader)
    except _RepeatedKey as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DataFileError(path, line, str(error.problem), "删去多余的一处，键只写一次且用文字") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DataFileError(path, line, "YAML 格式有误", "检查该行及上一行的缩进、冒号、引号和括号") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise DataFileError(path, 1, "YAML 格式有误", "检查有无不可见字符、不存在的日期或过深的嵌套") from None
    if not isinstance(content, Block):
        raise DataFileError(path, 1, "文件内容不是“键: 值”结构", "按文件头的说明填写")
    return content


class Reader:
    """Takes typed values out of blocks of one file; every refusal is located."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fail(self, block: Block, key: str, cause: str, remedy: str) -> DataFileError:
        """The error to raise for `key` of `block`."""
        return DataFileError(self.path, block.line_of(key), cause, remedy)

    def text(self, block: Block, key: str, default: str | None = None) -> str:
        """A non-empty text; required when no default is given."""
        value = block.get(key, default)
        if not isinstance(value, str) or (not value.strip() and default is None):
            raise self.fail(block, key, f"“{key}”缺失或不是文字", f"补写“{key}”，代码类要加引号")
        return value

    def texts(self, block: Block, key: str) -> tuple[str, ...]:
        """A list of non-empty texts; absent means none."""
        value = block.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
            raise self.fail(block, key, f"“{key}”应为文字列表", f"写成 {key}: [甲, 乙]，代码要加引号")
        return tuple(value)

    def choice(self, block: Block, key: str, allowed: frozenset[str]) -> str:
        """One of `allowed`."""
        value = self.text(block, key)
        if value not in allowed:
            raise self.fail(block, key, f"“{key}”写了不认识的“{value}”", "改为：" + "、".join(sorted(allowed)))
        return value

    def blocks(self, block: Block, key: str) -> list[Block]:
        """A list of mappings; absent means none."""
        value = block.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, Block) for item in value):
            raise self.fail(block, key, f"“{key}”应为条目列表", "每个条目以“- ”开头并写成“键: 值”")
        return value

    def effective(self, block: Block) -> tuple[date | None, date | None]:
        """The half-open validity `effective: {from, to}`; an open end is None."""
        value = block.get("effective")
        if value is None:
            return None, None
        if not isinstance(value, Block) or set(value) - {"from", "to"}:
            raise self.fail(block, "effective", "有效期写法不对", "写成 effective: {from: 2021-04-09, to: null}")
        ends = value.get("from"), value.get("to")
        for end in ends:
            # datetime is a date, but a time of day has no meaning here
            if end is not None and type(end) is not date:
                raise self.fail(block, "effective", f"日期“{end}”不对", "写成 2021-04-09 的样子，不加引号和时间")
        if ends[0] is not None and ends[1] is not None and ends[0] >= ends[1]:
            raise self.fail(block, "effective", "有效期的起日不早于止日", "起日要早于止日，止日当天不含在内")
        return ends
