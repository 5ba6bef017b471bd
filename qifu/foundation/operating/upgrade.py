"""Brings the database up to the program: on SQLite all migrations in one transaction, so that a failure leaves nothing."""

from __future__ import annotations

from django.core.management import call_command
from django.db import connection, transaction


def migrate() -> list[str]:
    """Apply every waiting migration and return their names; on SQLite all of them or none.

    On PostgreSQL each migration is a transaction of its own: Django's data and schema changes may not share one there.
    """
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    names = [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
    if connection.vendor != "sqlite":
        call_command("migrate", verbosity=0, interactive=False)
        return names
    connection.ensure_connection()
    connection.disable_constraint_checking()  # no effect inside a transaction, and tables are rebuilt by copying
    try:
        with transaction.atomic():
            call_command("migrate", verbosity=0, interactive=False)
            connection.check_constraints()
    finally:
        connection.enable_constraint_checking()
    return names
