"""The rights that the running system needs, and not one more: a role that may read and write, never alter a table,
and that cannot change or remove what is append-only, whatever its code is made to say."""

from collections.abc import Mapping

from django.db import connection
from psycopg import sql

# What a role may do with a table when it may not do everything. Balances move through a trigger that has the
# rights of the tables' owner.
KEPT: Mapping[str, tuple[str, ...]] = {
    "journal_entry": ("SELECT", "INSERT"),
    "journal_seal": ("SELECT", "INSERT"),
    "funds_transaction": ("SELECT", "INSERT"),
    "funds_ledgerentry": ("SELECT", "INSERT"),
    "funds_ledgeraccount": ("SELECT", "INSERT"),
    "funds_closing": ("SELECT", "INSERT"),
    "funds_netting": ("SELECT", "INSERT"),
    "funds_writeoffsignature": ("SELECT", "INSERT"),
    "funds_reopening": ("SELECT", "INSERT"),
    "funds_signature": ("SELECT", "INSERT", "UPDATE"),
    "faces_deletion": ("SELECT", "INSERT"),
    "django_migrations": ("SELECT",),
}


def restrict(role: str) -> None:
    """Give a role, made beforehand by whoever runs the server, the rights to run the system and no others."""
    name = sql.Identifier(role)
    with connection.cursor() as cursor:
        for statement in (
            "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {0}",
            "GRANT USAGE ON SCHEMA public TO {0}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {0}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {0}",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {0}",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {0}",
        ):
            cursor.execute(sql.SQL(statement).format(name).as_string(cursor.connection))
        for table, rights in KEPT.items():
            revoke = sql.SQL("REVOKE ALL ON {} FROM {}").format(sql.Identifier(table), name)
            grant = sql.SQL("GRANT {} ON {} TO {}").format(
                sql.SQL(", ").join(map(sql.SQL, rights)), sql.Identifier(table), name
            )
            cursor.execute(revoke.as_string(cursor.connection))
            cursor.execute(grant.as_string(cursor.connection))
