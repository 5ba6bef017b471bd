"""The documents of a run: which family, which damage, which format; a function of the seed alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from . import plan_2024
from .generate import FAMILIES, generate
from .model import Plan
from .mutate import MUTATIONS, mutate
from .render import FORMATS, RENDERERS, render

AT_LEAST = 3  # mutations a document


@dataclass
class Document:
    plan: Plan
    form: str
    content: bytes

    @property
    def filename(self) -> str:
        return (
            self.plan.seed.replace(":", "-")
            + "-"
            + self.plan.family
            + "."
            + self.form
            + RENDERERS[self.form][0]
        )


def families() -> tuple[str, ...]:
    """All families; the 2024 plan itself is one where its text is at hand."""
    return (*FAMILIES, plan_2024.FAMILY) if plan_2024.text_file().exists() else FAMILIES


def corpus(seed: str, size: int, only: str | None = None, clean: bool = False) -> Iterator[Document]:
    """`size` documents; the kinds of damage that have come up least are tried first, so that all come up about equally often."""
    random = Random(f"corpus:{seed}")
    counts = dict.fromkeys(MUTATIONS, 0)
    names = families()
    made = 0
    attempt = 0
    while made < size:
        attempt += 1
        family = names[attempt % len(names)]
        own = family == plan_2024.FAMILY
        plan = plan_2024.load(f"{seed}:{attempt}") if own else generate(f"{seed}:{attempt}", family)
        if not clean:
            plan = _damage(plan, random, counts, only)
            if len(plan.damages) < AT_LEAST or (only and not any(d.kind == only for d in plan.damages)):
                continue
            for damage in plan.damages:
                counts[damage.kind] += 1
        form = FORMATS[(made + attempt // len(names)) % len(FORMATS)]
        made += 1
        yield Document(plan, form, render(plan, form))


def _damage(plan: Plan, random: Random, counts: dict[str, int], only: str | None) -> Plan:
    """At least three kinds, rare ones first; `only` first of all where it is asked for."""
    kinds = sorted(MUTATIONS, key=lambda kind: (counts[kind] + random.random() * 3, kind))
    if only:
        kinds.remove(only)
        kinds.insert(0, only)
    wanted = AT_LEAST + random.choice([0, 0, 1, 2])
    damaged = plan
    for kind in kinds:
        if len(damaged.damages) >= wanted:
            break
        damaged = mutate(damaged, [kind], random)
    return damaged
