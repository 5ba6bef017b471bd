"""/healthz: whether the site can do its work, for a monitor; no secrets, no versions."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from qifu.foundation import clock, jobs

log = logging.getLogger("qifu.health")


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database answers and every migration is applied, else 503.

    A silent worker makes the status `degraded`, still with 200: pages can be read, only long work waits.
    `worker`: jobs.Health.
    """
    database = _database()
    migrations = _migrations() if database == "ok" else "unknown"
    worker = jobs.health(at=clock.now()) if migrations == "ok" else None
    healthy = database == "ok" and migrations == "ok"
    body: dict[str, Any] = {
        "status": _status(healthy, worker),
        "database": database,
        "migrations": migrations,
        "worker": asdict(worker) if worker else None,
    }
    response = JsonResponse(body, status=200 if healthy else 503)
    response["Cache-Control"] = "no-store"
    return response


def _status(healthy: bool, worker: jobs.Health | None) -> str:
    if not healthy or worker is None:
        return "failing"
    return "ok" if worker.alive else "degraded"


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseError:
        log.exception("the database does not answer")
        return "failing"
    return "ok"


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    return "missing" if executor.migration_plan(executor.loader.graph.leaf_nodes()) else "ok"
