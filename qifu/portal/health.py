"""/healthz: whether the site can do its work, for a monitor; no secrets, no versions."""

from __future__ import annotations

import logging
from typing import Any

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

log = logging.getLogger("qifu.health")


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database answers and every migration is applied, else 503; the worker's age is told."""
    database = _database()
    migrations = _migrations() if database == "ok" else "unknown"
    healthy = database == "ok" and migrations == "ok"
    body: dict[str, Any] = {
        "status": "ok" if healthy else "failing",
        "database": database,
        "migrations": migrations,
    }
    response = JsonResponse(body, status=200 if healthy else 503)
    response["Cache-Control"] = "no-store"
    return response


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
