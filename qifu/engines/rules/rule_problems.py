"""What is wrong with a rule file, said so that the writer can mend it: file, line, a stable code, cause and remedy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from qifu.foundation.yaml_shapes import DataError, Node, colon_remedy, seen

CODES = {
    "yaml": "文件不是可读的 YAML：编码、制表符、缩进、锚点、标签",
    "form": "栏目缺少、写错或不认识",
    "date": "日期不存在、超出 1949—2100 年，或先后颠倒",
    "version": "版本重叠或缺少",
    "leaf": "一行条件读不懂",
    "unknown-fact": "事实目录中没有这个名称",
    "unit": "单位缺少、写错或不能比较",
    "percent": "百分数用在了不是比例的事实上",
    "number": "数字写法不对、过大、过细或不该为负",
    "value": "选项、地区或行业不存在或不唯一",
    "unknown-rule": "引用的规则不存在，或某一天没有生效的版本",
    "cycle": "规则互相引用成环",
    "limit": "超过规模上限：大小、层数、条件数、列表长度、引用展开",
    "duplicate": "代码、名称或编号重复",
    "score": "评分表前后不一致",
    "amount": "金额写法不对",
    "example": "示例不成立，或缺少示例",
    "file": "文件打不开",
}
"""Every code, with what it stands for."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing to mend: `message` says what is wrong and `remedy` what to write, both for an official."""

    where: str
    line: int
    code: str
    message: str
    remedy: str = ""

    def __post_init__(self) -> None:
        """What a file holds is shown so that it can not hide or turn the message."""
        for name in ("where", "message", "remedy"):
            object.__setattr__(self, name, seen(getattr(self, name)))

    def __str__(self) -> str:
        """One line, as `qifu rules check` prints it."""
        remedy = f" ({self.remedy})" if self.remedy else ""
        return " ".join(f"{self.where}:{self.line}: {self.code} {self.message}{remedy}".splitlines())


class RuleProblems(ValueError):
    """Rule files can not be used; `problems` are all that were found, by file and line."""

    def __init__(self, problems: Iterable[Problem], *, code: str = "", title: str = "") -> None:
        self.problems = sorted(set(problems))
        self.code, self.title = code, title
        shown = "\n".join(map(str, self.problems[:20]))
        more = len(self.problems) - 20
        super().__init__(shown + (f"\n……另有 {more} 处" if more > 0 else ""))


class LineProblem(ValueError):
    """A text in a rule file is wrong; whoever knows the line makes it a Problem."""

    def __init__(self, code: str, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.remedy = code, message, remedy


@dataclass
class Problems:
    """The problems of one file, as they are found."""

    where: str
    found: list[Problem] = field(default_factory=list)

    def add(self, line: int, code: str, message: str, remedy: str = "") -> None:
        """Note one problem."""
        self.found.append(Problem(self.where, line, code, message, remedy))

    @contextmanager
    def at(self, line: int) -> Iterator[None]:
        """Note a LineProblem or DataError that the block raises, and go on after the block."""
        try:
            yield
        except LineProblem as error:
            self.add(line, error.code, error.message, error.remedy)
        except DataError as error:
            self.add(error.line, "form", error.cause, error.remedy)

    def fields(
        self, node: Node, known: tuple[str, ...], what: str, needed: tuple[str, ...] = ()
    ) -> dict[str, Node]:
        """Return a mapping's nodes by key; unknown and missing keys are noted."""
        if not isinstance(node.value, dict):
            self.add(node.line, "form", f"{what}应为若干“名称: 值”", f"可用：{'、'.join(known)}")
            return {}
        for key in node.value:
            if key not in known:
                remedy = colon_remedy(key) or f"可用：{'、'.join(known)}"
                self.add(node.key_lines[key], "form", f"{what}不认识“{key[:40]}”", remedy)
        for key in needed:
            if key not in node.value:
                self.add(node.line, "form", f"{what}缺少“{key}”", "请补充")
        return {key: part for key, part in node.value.items() if key in known}

    def parts(self, node: Node | None, what: str) -> list[Node]:
        """Return the nodes of a list that is not empty; anything else is noted."""
        if node is None:
            return []
        if not isinstance(node.value, list):
            self.add(node.line, "form", f"{what}应为列表", "请每项一行，以“- ”开头")
            return []
        if not node.value:
            self.add(node.line, "form", f"{what}是空的", "请至少写一项")
        return node.value

    def text(self, node: Node | None, what: str) -> str:
        """Return a text of one line; anything else is noted."""
        if node is None:
            return ""
        if not isinstance(node.value, str) or not node.value.strip():
            self.add(node.line, "form", f"{what}应为一行文字", "请填写")
            return ""
        text = node.value.strip()
        if seen(text) != text:
            self.add(node.line, "form", f"“{text[:40]}”里有看不见的字符", "请删除尖括号标出的字符")
            return ""
        return text
