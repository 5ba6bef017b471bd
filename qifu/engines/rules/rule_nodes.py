"""Reads the `require:` tree of a rule file, collecting every problem with its line; pure.

A node is a line of text (a test), a mapping with `is`, or one of all / any / not / at_least / score. Ids are the
writer's own or the path from the root: 1, 2.1; children of a score item are 3.2.1 (score 3, item 2, band 1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from qifu.engines.rules.bind import UNCHECKED
from qifu.engines.rules.leaf_grammar import DEFAULT_READING, Grammar, Reading
from qifu.engines.rules.leaf_numbers import check_sense
from qifu.engines.rules.leaf_words import squeeze
from qifu.engines.rules.rule_problems import Problems
from qifu.engines.rules.tree import Compare
from qifu.engines.rules.written import (
    WrittenBand,
    WrittenGroup,
    WrittenItem,
    WrittenLeaf,
    WrittenNode,
    WrittenScore,
)
from qifu.foundation.yaml_shapes import Node, colon_remedy

LONGEST_LIST = 1000
MOST_NODES = 60_000
MOST_LEAVES = 2_000
OWN_ID = re.compile(r"[a-z][a-z0-9_-]{0,39}", re.ASCII)
_KINDS = ("is", "all", "any", "not", "at_least", "score")
_BESIDE = ("id", "clause", "review", "title")
_POINTS = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,4})?)分?")


@dataclass
class TreeReader:
    """Reads the trees of one version."""

    grammar: Grammar
    problems: Problems
    day: date
    document: str
    source: str
    reading: Reading = field(default_factory=lambda: DEFAULT_READING)
    ids: dict[str, int] = field(default_factory=dict)
    reviews: list[str] = field(default_factory=list)
    leaves: int = 0

    def root(self, node: Node) -> WrittenNode | None:
        """Return the tree of `require:`, or None when something is wrong (noted)."""
        if isinstance(node.value, dict) and not any(key in node.value for key in ("all", "any", "at_least")):
            return self.node(node, "1", self.source)
        if isinstance(node.value, str):
            return self.node(node, "1", self.source)
        return self.node(node, "", self.source)

    def node(self, node: Node, path: str, clause: str) -> WrittenNode | None:
        """Return the node that stands at `path`; None when something is wrong (noted)."""
        if isinstance(node.value, str):
            return self._leaf(node, node, path, clause)
        if not isinstance(node.value, dict):
            self.problems.add(
                node.line,
                "form",
                "此处应是一行条件，或 all、any、not、at_least、score 之一",
                "并列的条件请写在 all: 或 any: 之下",
            )
            return None
        parts = self.problems.fields(node, (*_KINDS, *_BESIDE), "条件")
        kinds = [kind for kind in _KINDS if kind in parts]
        if len(kinds) != 1:
            self.problems.add(
                node.line,
                "form",
                "条件里要写且只写一个 is、all、any、not、at_least 或 score",
                "请拆成几项，放在 all: 或 any: 之下",
            )
            return None
        own = self._own_id(parts.get("id"))
        clause = self.problems.text(parts.get("clause"), "clause") or clause
        review = self._review(parts.get("review"))
        inner = parts[kinds[0]]
        if kinds[0] == "is":
            return self._leaf(inner, node, own or path, clause, review=review)
        if kinds[0] == "score":
            return self._score(inner, own or path, path, clause, review=review)
        title = self.problems.text(parts.get("title"), "title")
        if kinds[0] == "not":
            self._claim(own, node.line)
            child = self.node(inner, path, clause)
            return WrittenGroup("", "not", 1, (child,), node.line) if child is not None else None
        return self._group(kinds[0], inner, own or path, path, clause, title)

    def _group(
        self, kind: str, inner: Node, identity: str, path: str, clause: str, title: str
    ) -> WrittenNode | None:
        least_node: Node | None = None
        members = inner
        if kind == "at_least":
            parts = self.problems.fields(inner, ("count", "of"), "at_least", ("count", "of"))
            if len(parts) < 2:
                return None
            least_node, members = parts["count"], parts["of"]
        nodes = self.problems.parts(members, kind)
        if not nodes:
            return None
        children = [
            self.node(child, f"{path}.{number}" if path else str(number), clause)
            for number, child in enumerate(nodes, 1)
        ]
        least = len(nodes) if kind == "all" else 1
        if least_node is not None:
            least = self._count(least_node, len(nodes))
        self._claim(identity, inner.line)
        good = tuple(child for child in children if child is not None)
        if len(good) < len(children) or not least:
            return None
        written = {"all": "all", "any": "any", "at_least": "k_of_n"}[kind]
        return WrittenGroup(identity, written, least, good, inner.line, title)  # type: ignore[arg-type]

    def _count(self, node: Node, most: int) -> int:
        text = self.problems.text(node, "count").removesuffix("项")
        if not re.fullmatch(r"[0-9]{1,6}", text) or not 1 <= int(text) <= most:
            self.problems.add(
                node.line,
                "number",
                f"count 的值“{text[:20]}”不对",
                f"下面列了 {most} 项，应在 1 与 {most} 之间",
            )
            return 0
        return int(text)

    def _leaf(
        self, node: Node, outer: Node, identity: str, clause: str, *, review: bool = False
    ) -> WrittenLeaf | None:
        text = self.problems.text(node, "条件")
        if not text:
            return None
        self.leaves += 1
        if self.leaves > MOST_LEAVES:
            if self.leaves == MOST_LEAVES + 1:
                self.problems.add(node.line, "limit", f"一个版本的条件超过 {MOST_LEAVES} 个", "请减少条件")
            return None
        self._claim(identity, outer.line)
        if review:
            self.reviews.append(text)
        if colon_remedy(text):
            self.problems.add(node.line, "form", f"“{text[:40]}”的冒号不对", colon_remedy(text))
            return None
        source = self._source(clause, review)
        with self.problems.at(node.line):
            test = self.grammar.read(text, day=self.day, reading=self.reading)
            if isinstance(test, Compare):
                check_sense(test, self.grammar.facts)
            return WrittenLeaf(identity, test, self._shown(text), source, node.line)
        return None

    def _shown(self, text: str) -> str:
        """The line, with the reading of 以上 and 以下 written out behind it."""
        plain = squeeze(text)
        for word in ("以上", "以下"):
            if re.search(rf"[0-9][^0-9]{{0,6}}(?<!及){word}$", plain):
                return f"{text}（{'含' if self.reading[word] else '不含'}本数）"
        return text

    def _score(
        self, node: Node, identity: str, path: str, clause: str, *, review: bool
    ) -> WrittenScore | None:
        parts = self.problems.fields(node, ("title", "least", "groups", "items"), "score", ("least", "items"))
        if "least" not in parts or "items" not in parts:
            return None
        self._claim(identity, node.line)
        known = len(self.problems.found)
        least = self._points(parts["least"])
        groups: dict[str, Decimal] = {}
        group_lines: dict[str, int] = {}
        if "groups" in parts:
            if not isinstance(parts["groups"].value, dict) or not parts["groups"].value:
                self.problems.add(
                    parts["groups"].line, "score", "groups 应写明各组最低分", "如 groups: {创新能力: 20分}"
                )
            else:
                for title, points in parts["groups"].value.items():
                    groups[title], group_lines[title] = self._points(points), points.line
        drafts = [
            self._item(item, f"{path}.{number}", clause, groups if "groups" in parts else None)
            for number, item in enumerate(self.problems.parts(parts["items"], "items"), 1)
        ]
        items = [item for item in drafts if item is not None]
        if not items or len(items) < len(drafts):
            return None
        if len(self.problems.found) > known:
            return None
        self._check_reach(node.line, least, groups, group_lines, items)
        return self._scaled(
            node.line,
            identity,
            self.problems.text(parts.get("title"), "title"),
            items,
            least,
            groups,
            clause,
            review,
        )

    def _item(self, node: Node, path: str, clause: str, groups: dict[str, Decimal] | None) -> _Item | None:
        known = ("title", "group", "bands", "otherwise", "id", "review", "clause")
        parts = self.problems.fields(node, known, "评分项", ("title", "bands"))
        title, group = (
            self.problems.text(parts.get("title"), "title"),
            self.problems.text(parts.get("group"), "group"),
        )
        review = self._review(parts.get("review"))
        if group and groups is not None and group not in groups:
            self.problems.add(
                parts["group"].line,
                "score",
                f"groups 里没有“{group}”组",
                f"可用：{'、'.join(groups)}；没有最低分的组写 0分",
            )
        identity = self._own_id(parts.get("id")) or path
        self._claim(identity, node.line)
        clause = self.problems.text(parts.get("clause"), "clause") or clause
        otherwise = self._points(parts["otherwise"]) if "otherwise" in parts else Decimal(0)
        bands: list[tuple[Decimal, WrittenNode, str]] = []
        complete = bool(title) and "bands" in parts
        for number, band in enumerate(self.problems.parts(parts.get("bands"), "bands"), 1):
            fields = self.problems.fields(
                band, ("points", "when", "review", "text"), "分档", ("points", "when")
            )
            if len({"points", "when"} & set(fields)) < 2:
                complete = False
                continue
            wrong = len(self.problems.found)
            points = self._points(fields["points"])
            unchecked = self._review(fields.get("review"))
            when = self.node(fields["when"], f"{path}.{number}", clause)
            if when is None:
                complete = False
                continue
            if points < otherwise and len(self.problems.found) == wrong:
                self.problems.add(
                    band.line,
                    "score",
                    f"“{title}”的这一档 {points} 分，少于不在任何一档时的 {otherwise} 分",
                    "otherwise 不能高于任何一档",
                )
            text = self.problems.text(fields.get("text"), "text") or words_of(when)
            if unchecked:
                self.reviews.append(f"{title}：{text}")
            bands.append((points, when, text + (UNCHECKED if unchecked else "")))
        if review:
            self.reviews.append(title)
        return (
            _Item(identity, title + (UNCHECKED if review else ""), group, bands, otherwise)
            if complete and bands
            else None
        )

    def _check_reach(
        self,
        line: int,
        least: Decimal,
        groups: dict[str, Decimal],
        group_lines: dict[str, int],
        items: list[_Item],
    ) -> None:
        most = sum((item.most for item in items), Decimal(0))
        if least > most:
            self.problems.add(line, "score", f"要求 {least} 分，但满分只有 {most} 分", "请核对分值")
        for title, wanted in groups.items():
            reach = sum((item.most for item in items if item.group == title), Decimal(0))
            if wanted > reach:
                self.problems.add(
                    group_lines[title],
                    "score",
                    f"“{title}”组要求 {wanted} 分，但该组满分只有 {reach} 分",
                    "请核对分值和各项的 group",
                )

    def _scaled(
        self,
        line: int,
        identity: str,
        title: str,
        items: list[_Item],
        least: Decimal,
        groups: dict[str, Decimal],
        clause: str,
        review: bool,
    ) -> WrittenScore:
        every = [
            least,
            *groups.values(),
            *(p for item in items for p in [item.otherwise, *(b[0] for b in item.bands)]),
        ]
        decimals = max(max(0, -int(value.normalize().as_tuple().exponent)) for value in every)

        def scaled(value: Decimal) -> int:
            return int(value.scaleb(decimals))

        done = tuple(
            WrittenItem(
                item.id, item.title, tuple(WrittenBand(scaled(p), when, text) for p, when, text in item.bands),
                scaled(item.otherwise), item.group,
            )
            for item in items
        )  # fmt: skip
        if review:
            self.reviews.append(title)
        source = self._source(clause, review)
        least_groups = tuple((name, scaled(value)) for name, value in groups.items())
        return WrittenScore(identity, title, done, scaled(least), least_groups, decimals, source, line)

    def _points(self, node: Node) -> Decimal:
        text = squeeze(self.problems.text(node, "分值"))
        found = _POINTS.fullmatch(text)
        if found is None:
            if text:
                self.problems.add(
                    node.line, "score", f"分值“{text[:20]}”不对", "请写成 20 或 20分，不能为负，最多四位小数"
                )
            return Decimal(0)
        return Decimal(found[1])

    def _source(self, clause: str, review: bool) -> str:
        """Document and clause; a clause of another law (《…》第一条) stands alone."""
        parts = (clause,) if clause.startswith("《") else (self.document, clause)
        return " ".join(part for part in parts if part) + (UNCHECKED if review else "")

    def _own_id(self, node: Node | None) -> str:
        text = self.problems.text(node, "id")
        if text and not OWN_ID.fullmatch(text):
            assert node is not None
            self.problems.add(
                node.line, "form", f"编号“{text[:40]}”不对", "编号以小写字母开头，只用小写字母、数字、- 和 _"
            )
            return ""
        return text

    def _review(self, node: Node | None) -> bool:
        text = self.problems.text(node, "review")
        if text and text != "待核":
            assert node is not None
            self.problems.add(
                node.line, "form", f"review 的值“{text[:20]}”不对", "只能写 待核；核对过的不写 review"
            )
        return bool(text)

    def _claim(self, identity: str, line: int) -> None:
        if not identity:
            return
        if identity in self.ids:
            self.problems.add(
                line, "duplicate", f"编号“{identity}”重复（第 {self.ids[identity]} 行已有）", "请换一个 id"
            )
        self.ids[identity] = line


@dataclass
class _Item:
    id: str
    title: str
    group: str
    bands: list[tuple[Decimal, WrittenNode, str]]
    otherwise: Decimal

    @property
    def most(self) -> Decimal:
        return max([self.otherwise, *(points for points, _, _ in self.bands)])


def words_of(node: WrittenNode) -> str:
    """Return a condition in one line: its text, or its parts joined by 且, 或."""
    if isinstance(node, WrittenLeaf):
        return node.text
    if isinstance(node, WrittenScore):
        return node.title
    if node.kind == "not":
        return f"并非（{words_of(node.children[0])}）"
    if node.kind == "k_of_n":
        return f"满足 {node.least} 项：" + "、".join(map(words_of, node.children))
    joined = ("，且 " if node.kind == "all" else "，或 ").join(map(words_of, node.children))
    return joined
