"""Database triggers that hold what no constraint can say: append-only audit, immutable published revisions.

They are (re)made after every migration, because SQLite drops a table's triggers when a migration rebuilds the table.
"""

from __future__ import annotations

from typing import Any

from django.db import connections

# (trigger, table, event, condition on OLD/NEW that is refused, message)
GUARDS: list[tuple[str, str, str, str, str]] = [
    ("audit_no_update", "foundation_auditrow", "UPDATE", "1=1", "审计记录不得修改"),
    ("audit_no_delete", "foundation_auditrow", "DELETE", "1=1", "审计记录不得删除"),
    (
        "revision_published_is_fixed",
        "foundation_revision",
        "UPDATE",
        "OLD.state <> 'draft' AND (NEW.content_text <> OLD.content_text OR NEW.digest <> OLD.digest"
        " OR NEW.number <> OLD.number OR NEW.series_id <> OLD.series_id"
        " OR NEW.effective_from <> OLD.effective_from OR NEW.state = 'draft')",
        "已发布的版本不得修改，请发布新版本",
    ),
    (
        "revision_published_stays",
        "foundation_revision",
        "DELETE",
        "OLD.state <> 'draft'",
        "已发布的版本不得删除，请撤回",
    ),
]


def install(using: str = "default") -> None:
    """Make every guard whose table exists on the database `using`."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for guard in GUARDS:
            if guard[1] in tables:
                for statement in _statements(connection.vendor, *guard):
                    cursor.execute(statement)


def _statements(vendor: str, name: str, table: str, event: str, refused: str, message: str) -> list[str]:
    if vendor == "sqlite":
        return [
            f"DROP TRIGGER IF EXISTS {name}",
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {refused}"
            f" BEGIN SELECT RAISE(ABORT, '{message}'); END",
        ]
    returned = "OLD" if event == "DELETE" else "NEW"
    condition = refused.replace("1=1", "TRUE")
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF {condition} THEN RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';"
        f" END IF; RETURN {returned}; END $$",
        f"DROP TRIGGER IF EXISTS {name} ON {table}",
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


def install_after_migrate(*, using: str = "default", **_: Any) -> None:
    """Receive Django's post_migrate."""
    install(using)
