"""The five floors hold: imports by contract, foreign keys by looking at every model."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from django.apps import apps
from django.db.models import ForeignKey, ManyToManyField, OneToOneField

from qifu.foundation.action import Record

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ["foundation", "registers", "engines", "services", "portal"]

# Tables that are machinery of foundation itself or of Django; each with its reason. The list may only shrink.
NOT_RECORDS = {
    "foundation.AuditRow": "written by the door itself",
    "foundation.Job": "bookkeeping of the worker; made only inside an act (jobs.enqueue)",
    "foundation.Worker": "heartbeat of the worker",
}


def floor_and_room(model: type) -> tuple[int, str]:
    parts = model.__module__.split(".")
    return FLOORS.index(parts[1]), ".".join(parts[1:3])


def our_models() -> list[type]:
    return [model for model in apps.get_models() if model.__module__.startswith("qifu.")]


def test_import_contracts_hold() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_foreign_keys_only_go_down() -> None:
    wrong = []
    for model in our_models():
        floor, room = floor_and_room(model)
        for field in model._meta.get_fields():
            if not isinstance(field, ForeignKey | OneToOneField | ManyToManyField):
                continue
            target = field.related_model
            if not target.__module__.startswith("qifu."):
                wrong.append(f"{model.__name__}.{field.name} -> {target.__module__}")
                continue
            target_floor, target_room = floor_and_room(target)
            # Registers may know one another (a post names an organisation); no other floor's rooms may.
            beside = (
                target_floor == floor
                and target_room != room
                and FLOORS[floor] not in ("foundation", "registers")
            )
            if target_floor > floor or beside:
                wrong.append(f"{model.__name__}.{field.name} -> {target.__name__}")
            if target_room != room and field.remote_field.related_name != "+":
                wrong.append(f'{model.__name__}.{field.name} crosses rooms without related_name="+"')
    assert wrong == []


def test_every_table_is_behind_the_door() -> None:
    outside = {m._meta.label for m in our_models() if not issubclass(m, Record)}
    assert outside == set(NOT_RECORDS) & outside
    assert set(NOT_RECORDS) <= {m._meta.label for m in our_models()}, (
        "an exception names a table that is gone"
    )


def test_nothing_writes_sql_by_hand_outside_foundation() -> None:
    allowed = {"qifu/commands/demo.py", "qifu/portal/health.py"}  # empties a demo site; asks SELECT 1
    wrong = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "qifu").rglob("*.py")
        if "tests" not in path.parts
        and "foundation" not in path.parts
        and (".cursor()" in (text := path.read_text("utf-8")) or "RunSQL" in text or "_raw_delete" in text)
    ]
    assert set(wrong) <= allowed
