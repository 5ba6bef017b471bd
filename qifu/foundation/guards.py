"""Database triggers that hold what no constraint can say: append-only audit, immutable published revisions.

They are (re)made after every migration, because SQLite drops a table's triggers when a migration rebuilds the table.
"""

from __future__ import annotations

from typing import Any

from django.db import connections

# What is fixed once a revision is published; only its withdrawal may still be written, once.
_FIXED = " OR ".join(
    f"NEW.{column} {{differs}} OLD.{column}"
    for column in (
        "series_id", "number", "content_text", "digest", "note", "effective_from", "effective_to",
        "created_at", "created_by", "published_at", "published_by",
    )
)  # fmt: skip

_PAUSE_FIXED = " OR ".join(
    f"NEW.{column} {{differs}} OLD.{column}"
    for column in ("clock_id", "from_at", "reason", "text", "approved_by", "evidence_id", "consent_id")
)

# (trigger, table, event, condition on OLD/NEW that is refused, message);
# in the condition {differs} compares two values that may be null
GUARDS: list[tuple[str, str, str, str, str]] = [
    ("audit_no_update", "foundation_auditrow", "UPDATE", "1=1", "审计记录不得修改"),
    ("audit_no_delete", "foundation_auditrow", "DELETE", "1=1", "审计记录不得删除"),
    *(
        (
            f"{table}_{event.lower()}",
            f"work_plans_{table}",
            event,
            "1=1",
            "推进记录不得修改或删除，请另作记录",
        )
        for table in ("event", "evidence", "reportedfigure")
        for event in ("UPDATE", "DELETE")
    ),
    *(
        (
            f"casework_{table}_{event.lower()}",
            f"casework_{table}",
            event,
            "1=1",
            "办理记录和评价不得修改或删除，请另作记录",
        )
        for table in ("caseevent", "casefile", "rating")
        for event in ("UPDATE", "DELETE")
    ),
    *(
        (
            f"policies_{table}_{event.lower()}",
            f"policies_{table}",
            event,
            "1=1",
            "政策的审查和环节记录不得修改或删除，请另作记录",
        )
        for table in ("policyreview", "policystep")
        for event in ("UPDATE", "DELETE")
    ),
    (
        "casework_pause_ends_once",
        "casework_clockpause",
        "UPDATE",
        f"OLD.to_at IS NOT NULL OR NEW.to_at IS NULL OR {_PAUSE_FIXED}",
        "暂停记录不得修改，只能写明一次恢复时间",
    ),
    ("casework_pause_stays", "casework_clockpause", "DELETE", "1=1", "暂停记录不得删除"),
    *(
        (
            f"enterprises_factvalue_{event.lower()}",
            "enterprises_factvalue",
            event,
            "1=1",
            "企业事实不得修改或删除，请另记一条更正",
        )
        for event in ("UPDATE", "DELETE")
    ),
    *(
        (
            f"policies_{table}_{event.lower()}",
            f"policies_{table}",
            event,
            "1=1",
            "兑付记录不得修改或删除，请另作记录",
        )
        for table in ("payoutstep", "repayment")
        for event in ("UPDATE", "DELETE")
    ),
    *(
        (
            f"policies_{table}_fixed",
            f"policies_{table}",
            "UPDATE",
            " OR ".join(f"NEW.{column} {{differs}} OLD.{column}" for column in columns),
            "兑付名单、账户、支付明细和申报定下后不得修改，请另作记录",
        )
        for table, columns in (
            (
                "payoutentry",
                ("round_id", "policy_id", "enterprise_id", "period", "listed_fen", "facts", "listed_by"),
            ),
            ("payaccount", ("enterprise_id", "holder", "bank", "tail", "given_at", "given_by")),
            ("paymentline", ("batch_id", "entry_id", "account_id", "code", "fen")),
            ("objection", ("entry_id", "words", "at")),
            (
                "policyrequest",
                (
                    "kind",
                    "policy_id",
                    "enterprise_id",
                    "period",
                    "words",
                    "revision_id",
                    "judged_on",
                    "verdict",
                    "amount_fen",
                    "said",
                    "facts",
                    "materials",
                ),
            ),
        )
    ),
    *(
        (
            f"policies_{table}_stays",
            f"policies_{table}",
            "DELETE",
            "1=1",
            "兑付名单、账户、支付明细、异议和申报不得删除",
        )
        for table in ("payoutentry", "payaccount", "paymentline", "objection", "clawback", "policyrequest")
    ),
    (
        "problem_words_are_fixed",
        "enterprise_problems_problem",
        "UPDATE",
        "NEW.words {differs} OLD.words",
        "诉求原文不得修改",
    ),
    (
        "revision_published_is_fixed",
        "foundation_revision",
        "UPDATE",
        f"OLD.state <> 'draft' AND ({_FIXED} OR OLD.state = 'withdrawn' OR NEW.state = 'draft')",
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


def lift(using: str = "default") -> None:
    """Drop every guard, for the flush of a test database; `install` (after it) makes them again."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for name, table, *_ in GUARDS:
            if connection.vendor == "sqlite":
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
                continue
            for trigger in (name, f"{name}_truncate"):
                cursor.execute(f"DROP TRIGGER IF EXISTS {trigger} ON {table}")


def _statements(vendor: str, name: str, table: str, event: str, refused: str, message: str) -> list[str]:
    refused = refused.replace("{differs}", "IS NOT" if vendor == "sqlite" else "IS DISTINCT FROM")
    if vendor == "sqlite":
        return [
            f"DROP TRIGGER IF EXISTS {name}",
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {refused}"
            f" BEGIN SELECT RAISE(ABORT, '{message}'); END",
        ]
    returned = "OLD" if event == "DELETE" else "NEW"
    condition = refused.replace("1=1", "TRUE")
    statements = [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF {condition} THEN RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';"
        f" END IF; RETURN {returned}; END $$",
        f"DROP TRIGGER IF EXISTS {name} ON {table}",
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]
    if (
        event == "DELETE"
    ):  # PostgreSQL asks no row trigger about TRUNCATE, so a statement trigger refuses it always
        statements += [
            f"CREATE OR REPLACE FUNCTION {name}_truncate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
            f"DROP TRIGGER IF EXISTS {name}_truncate ON {table}",
            f"CREATE TRIGGER {name}_truncate BEFORE TRUNCATE ON {table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {name}_truncate()",
        ]
    return statements


def install_after_migrate(*, using: str = "default", **_: Any) -> None:
    """Receive Django's post_migrate."""
    install(using)
