"""Databases of SkyPortal's shape, and what the catalogue of a database says about its shape."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, text

FACTS = Path(__file__).with_name("skyportal_1_4.sql")

COLUMNS = """
SELECT table_name, column_name,
       CASE data_type WHEN 'USER-DEFINED' THEN udt_name ELSE data_type END,
       character_maximum_length, is_nullable, column_default
FROM information_schema.columns WHERE table_schema = 'public'
"""
CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
"""
INDEXES = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
LABELS = """
SELECT typname, enumlabel, enumsortorder FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid
"""

Facts = set[tuple[object, ...]]
Shape = dict[str, Facts]


def create_skyportal_tables(engine: Engine) -> None:
    """Give an empty database the tables of SkyPortal 1.4, with its ACLs and public group."""
    with engine.begin() as connection:
        connection.exec_driver_sql(
            FACTS.read_text(encoding="utf-8"), execution_options={"no_parameters": True}
        )
        for acl in ("Upload data", "Manage photometry", "System admin"):
            connection.execute(
                text("INSERT INTO acls (id, created_at, modified) VALUES (:acl, now(), now())"),
                {"acl": acl},
            )
        connection.exec_driver_sql(
            "INSERT INTO groups (name, private, single_user_group, created_at, modified)"
            " VALUES ('Sitewide Group', false, false, now(), now())"
        )


def _facts(connection: Connection, query: str) -> Facts:
    return {tuple(row) for row in connection.exec_driver_sql(query)}


def describe(engine: Engine) -> Shape:
    """Columns, constraints, indexes and enum labels; each fact begins with its table or type."""
    queries = {
        "columns": COLUMNS,
        "constraints": CONSTRAINTS,
        "indexes": INDEXES,
        "labels": LABELS,
    }
    with engine.connect() as connection:
        return {kind: _facts(connection, query) for kind, query in queries.items()}


def of_tables(facts: Facts, names: set[str]) -> Facts:
    """Those of `facts` that are about tables `names`."""
    return {fact for fact in facts if fact[0] in names}


def tables_in(shape: Shape) -> set[str]:
    """The tables that `describe` found."""
    return {str(fact[0]) for fact in shape["columns"]}
