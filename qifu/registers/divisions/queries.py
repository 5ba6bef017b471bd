"""Questions about divisions; answers are kept while the table is unchanged within a process."""

from __future__ import annotations


def subtree(code: str) -> frozenset[str]:
    """Return the code itself and every code below it, past and present, functional areas included."""
    from qifu.registers.divisions.models import Division

    children: dict[str, list[str]] = {}
    for child, parent in Division.objects.values_list("code", "parent_code"):
        children.setdefault(parent, []).append(child)
    found, waiting = {code}, [code]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return frozenset(found)
