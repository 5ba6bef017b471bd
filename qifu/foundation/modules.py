"""What a room declares of itself for the portal: its title and its menu entries. Services never import the portal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MenuItem:
    """One menu entry: shown to whoever holds `permission`; `area` is `portal` (public) or `workbench` (staff)."""

    title: str
    route: str
    permission: str
    area: str
    icon: str = "list"
    order: int = 100


@dataclass(frozen=True)
class Module:
    """A room as the site shows it."""

    name: str
    title: str
    purpose: str
    menu: tuple[MenuItem, ...] = ()


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
