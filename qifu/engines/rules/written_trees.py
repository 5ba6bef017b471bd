"""Walks over trees as written: their leaves, the rules they name, their depth; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from qifu.engines.rules.written import (
    Meets,
    Version,
    WrittenAmount,
    WrittenBounded,
    WrittenCombine,
    WrittenGroup,
    WrittenLeaf,
    WrittenNode,
    WrittenTiers,
)


def written_leaves(node: WrittenNode) -> list[WrittenLeaf]:
    """Return every leaf, those in score bands too, in the file's order."""
    if isinstance(node, WrittenLeaf):
        return [node]
    if isinstance(node, WrittenGroup):
        return [leaf for child in node.children for leaf in written_leaves(child)]
    return [leaf for item in node.items for band in item.bands for leaf in written_leaves(band.when)]


def trees_of(version: Version) -> Iterator[WrittenNode]:
    """Yield the tree of `require`, then the conditions of the amount's tiers."""
    yield version.require
    if version.amount is not None:
        yield from _tier_trees(version.amount)


def _tier_trees(amount: WrittenAmount) -> Iterator[WrittenNode]:
    if isinstance(amount, WrittenTiers):
        for when, part in amount.tiers:
            yield when
            yield from _tier_trees(part)
        if amount.otherwise is not None:
            yield from _tier_trees(amount.otherwise)
    elif isinstance(amount, WrittenCombine):
        for part in amount.amounts:
            yield from _tier_trees(part)
    elif isinstance(amount, WrittenBounded):
        yield from _tier_trees(amount.amount)


def references(version: Version) -> list[tuple[WrittenLeaf, str]]:
    """Return the leaves of a version that name another rule, with the name."""
    return [
        (leaf, leaf.test.name)
        for tree in trees_of(version)
        for leaf in written_leaves(tree)
        if isinstance(leaf.test, Meets)
    ]


def depth_of(node: WrittenNode, of_leaf: Callable[[WrittenLeaf], int]) -> int:
    """Return how many levels a tree has, when a leaf counts for as many as `of_leaf` says."""
    if isinstance(node, WrittenLeaf):
        return of_leaf(node)
    if isinstance(node, WrittenGroup):
        return (node.kind != "not") + max(depth_of(child, of_leaf) for child in node.children)
    return 1 + max(depth_of(band.when, of_leaf) for item in node.items for band in item.bands)
