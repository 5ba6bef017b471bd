"""What a service tells the engine of its kind of case: permissions of the roles, facts, guards, whom to tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qifu.engines.casework.case_type import Transition
    from qifu.engines.casework.models import Case, CaseClock, CaseEvent

Facts = Callable[["Case"], Mapping[str, str]]
Guard = Callable[["Case", Mapping[str, Any]], "str | None"]
"""Returns why the transition may not happen, in Chinese with what to do, or None."""


def _nothing(*_: Any) -> None:
    return None


@dataclass(frozen=True)
class Binding:
    """A service's side of one kind of case.

    `permissions`: role of the case type to the permission that makes somebody act in it. `facts`: what `when`, limits
    and guards may ask, and sentences may quote, always under `fact_names`; a form changes a fact only under its name. `choices`: code to title of a `choices_of`. `fill` keeps what a form gave, before clocks start. `happened` is called for each event within
    the act, `clock_near` and `clock_over` when a clock comes near its end or has run out. `hub` is the organisation id of a place's hub.
    """

    kind: str
    title: str
    permissions: Mapping[str, str]
    facts: Facts
    hub: Callable[[str], int]
    fact_names: tuple[str, ...] = ()
    choices: Callable[[str], Mapping[str, str]] = lambda name: {}
    fill: Callable[[Case, Transition, Mapping[str, Any]], None] = _nothing
    happened: Callable[[CaseEvent, Transition | None], None] = _nothing
    clock_near: Callable[[Case, CaseClock], None] = _nothing
    clock_over: Callable[[Case, CaseClock], None] = _nothing
    guards: Mapping[str, Guard] = field(default_factory=dict)


_bindings: dict[str, Binding] = {}


def bind(binding: Binding) -> None:
    """Make a service's kind of case known; once each, at start."""
    if _bindings.get(binding.kind, binding) is not binding:
        raise ValueError(f"cases of kind {binding.kind} are bound twice")
    _bindings[binding.kind] = binding


def binding_of(kind: str) -> Binding:
    """Return the service's side of a kind of case; LookupError where no service bound it."""
    try:
        return _bindings[kind]
    except KeyError:
        raise LookupError(f"no service binds cases of kind {kind}") from None
