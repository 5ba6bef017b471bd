"""The map is true: MAP.md, glossary, manual and licences agree with what is here."""

from __future__ import annotations

import importlib
import pkgutil
import re
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.apps import apps
from django.conf import settings
from django.db.models import Choices

import qifu
from qifu.foundation.action import actions

ROOT = Path(__file__).resolve().parents[2]
GLOSSARY = yaml.safe_load((ROOT / "docs/glossary.yaml").read_text("utf-8"))


def rooms() -> set[str]:
    """Return every folder that MAP.md must name: top folders, floors, rooms."""
    found = {f"{p.name}/" for p in ROOT.iterdir() if p.is_dir() and not p.name.startswith(".")}
    found -= {"node_modules/", "var/"} | {f"{p.name}/" for p in ROOT.glob("*.egg-info")}
    for floor in (p for p in (ROOT / "qifu").iterdir() if (p / "__init__.py").exists()):
        found.add(f"qifu/{floor.name}/")
        if floor.name in ("registers", "engines", "services"):
            found |= {f"qifu/{floor.name}/{r.name}/" for r in floor.iterdir() if (r / "__init__.py").exists()}
    return {room for room in found if "__pycache__" not in room}


def test_map_names_every_room_and_no_other() -> None:
    text = (ROOT / "MAP.md").read_text("utf-8")
    named = set(re.findall(r"`([a-z_./]+/)`", text))
    assert rooms() - named == set(), "rooms that MAP.md does not name"
    assert {n for n in named if not (ROOT / n).is_dir()} == set(), "MAP.md names folders that are gone"


def test_every_room_says_what_it_is() -> None:
    for room in rooms():
        if room.startswith("qifu/") and room.count("/") == 3:
            text = (ROOT / room / "__init__.py").read_text("utf-8")
            assert text.startswith('"""') and len(text.splitlines()) >= 3, f"{room}__init__.py has no purpose"


@pytest.fixture(scope="module")
def declared_actions() -> dict[str, Any]:
    """Every action of the program by name: each module is imported, tests and migrations excepted."""
    for module in pkgutil.walk_packages(qifu.__path__, "qifu."):
        if not {"tests", "migrations", "conftest"} & set(module.name.split(".")):
            importlib.import_module(module.name)
    return {name: run for name, run in actions().items() if ".tests." not in run.__module__}


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def test_glossary_holds_every_model_choice_and_action(declared_actions: dict[str, Any]) -> None:
    terms = {entry["id"]: entry["zh"] for entry in GLOSSARY["terms"]}
    assert len(terms) == len(GLOSSARY["terms"]), "an identifier stands twice"
    wrong = []
    for model in apps.get_models():
        if not model.__module__.startswith("qifu."):
            continue
        key, label = snake(model.__name__), str(model._meta.verbose_name)
        if terms.get(key) != label:
            wrong.append(f"terms: {{id: {key}, zh: {label}}} (now {terms.get(key)})")
        for inner in vars(model).values():
            if isinstance(inner, type) and issubclass(inner, Choices):
                name = f"{key}.{snake(inner.__name__)}"
                expected = {str(value): str(text) for value, text in inner.choices}
                if GLOSSARY["choices"].get(name) != expected:
                    wrong.append(f"choices: {name}: {expected}")
    for name, run in declared_actions.items():
        if GLOSSARY["actions"].get(name) != run.action_title:
            wrong.append(f"actions: {name}: {run.action_title}")
    assert wrong == []


def test_glossary_is_written_for_people(declared_actions: dict[str, Any]) -> None:
    for entry in GLOSSARY["terms"]:
        assert set(entry) <= {"id", "zh", "definition", "source"}, entry
        assert re.fullmatch(r"[a-z][a-z0-9_]*", entry["id"]), entry
        assert re.search(r"[\u4e00-\u9fff]", entry["zh"]) and entry.get("definition"), entry
    gone = set(GLOSSARY["actions"]) - set(declared_actions)
    assert gone == set(), "the glossary names actions that are gone"


def test_manual_documents_every_environment_variable() -> None:
    text = (ROOT / "docs/manual/operator.md").read_text("utf-8")
    missing = [v.name for v in settings.VARIABLES if f"`{v.name}`" not in text]
    assert missing == []


def test_readme_opens_with_what_it_is_a_picture_and_two_commands() -> None:
    for name in ("README.md", "README.en.md"):
        top = (ROOT / name).read_text("utf-8")[:1800]
        assert "![" in top and "make run" in top and "make test" in top, name
        for picture in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", top):
            assert (ROOT / picture).is_file(), picture


def test_runtime_licences_are_permissive() -> None:
    pins = re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.txt").read_text("utf-8"), re.M)
    assert len(pins) > 10
    wrong = []
    for name in pins:
        meta = distribution(name).metadata
        stated = " ".join(
            [meta.get("License-Expression") or "", (meta.get("License") or "")[:200]]
            + [c for c in meta.get_all("Classifier") or [] if c.startswith("License")]
        )
        if re.search(r"\bA?GPL|GNU (Affero )?General Public", stated) and "LGPL" not in stated:
            wrong.append(f"{name}: {stated}")
    assert wrong == []


def test_no_address_of_a_registry_and_no_machine_path_is_in_the_project() -> None:
    wrong = []
    for name in ("requirements.txt", "requirements-dev.txt", "package-lock.json", "Makefile", ".ci/run"):
        text = (ROOT / name).read_text("utf-8")
        if re.search(r"https?://(registry|pypi|files\.pythonhosted)|/work/|file:///", text):
            wrong.append(name)
    assert wrong == []
