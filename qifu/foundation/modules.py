"""What a room declares of itself for the portal: title, menu, home cards. Rooms never import the portal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from qifu.foundation.access import Actor


@dataclass(frozen=True)
class MenuItem:
    """One menu entry, for holders of `permission`; `area` is `portal` (public) or `workbench` (staff)."""

    title: str
    route: str
    permission: str
    area: str
    icon: str = "list"
    order: int = 100


@dataclass(frozen=True)
class HomeFigure:
    """One live figure: a number with its unit, what it counts, and the address of the rows it was made of."""

    value: int
    unit: str
    label: str
    link: str = ""


Figures = Callable[[Actor, date], Sequence[HomeFigure]]


@dataclass(frozen=True)
class HomeCard:
    """One thing to do here: `title` is a verb, `sentence` says what one gets, `figures` are counted live."""

    title: str
    sentence: str
    route: str
    permission: str
    icon: str = "list"
    order: int = 100
    figures: Figures | None = None


@dataclass(frozen=True)
class SearchKind:
    """What entries of `kind` in the search index are: shown as `title`, opened by `route` with the object's number.

    They are found by holders of `permission`: public ones by all of them, internal ones by those whose posts reach
    the entry's place by the relation `in_place`.
    """

    kind: str
    title: str
    route: str
    permission: str


@dataclass(frozen=True)
class Module:
    """A room as the site shows it."""

    name: str
    title: str
    purpose: str
    menu: tuple[MenuItem, ...] = ()
    home: tuple[HomeCard, ...] = ()
    search: tuple[SearchKind, ...] = ()


_modules: dict[str, Module] = {}


def declare_module(module: Module) -> Module:
    """Make a room known; once each."""
    if _modules.get(module.name, module) != module:
        raise ValueError(f"module {module.name} is declared twice")
    _modules[module.name] = module
    return module


def modules() -> list[Module]:
    """Return every declared room."""
    return list(_modules.values())


def menu(area: str) -> list[MenuItem]:
    """Return the menu entries of an area in their order."""
    items = [item for module in _modules.values() for item in module.menu if item.area == area]
    return sorted(items, key=lambda item: (item.order, item.title))


def search_kinds() -> dict[str, SearchKind]:
    """Return what may stand in the search index, by kind."""
    return {one.kind: one for module in _modules.values() for one in module.search}


def home_cards() -> list[HomeCard]:
    """Return the cards of the home page in their order."""
    cards = [card for module in _modules.values() for card in module.home]
    return sorted(cards, key=lambda card: (card.order, card.title))
