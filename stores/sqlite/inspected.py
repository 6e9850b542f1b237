"""Looking a SQLite view through: everything that it has rows of, and whether the file is whole."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from stores.ports.inspected import Held
from stores.sqlite.database import reading

Rows = tuple[Callable[..., Held], str]
"""What a row of the query says is held."""

_AT_ONCE = 1_000
_LINES_LIMIT = 20


def only(kind: str) -> Callable[..., Held]:
    """Rows of a key."""
    return lambda key: (kind, key, None)


def member(kind: str) -> Callable[..., Held]:
    """Rows of a key and a member."""
    return lambda key, of_key: (kind, key, of_key)


async def held(
    connection: sqlite3.Connection, path: Path, queries: Sequence[Rows]
) -> AsyncIterator[Sequence[Held]]:
    for made_of, query in queries:
        with reading(path):
            rows = connection.execute(query)
            while some := rows.fetchmany(_AT_ONCE):
                yield [made_of(*row) for row in some]


def damage(connection: sqlite3.Connection) -> Sequence[str]:
    try:
        found = connection.execute(f"PRAGMA integrity_check({_LINES_LIMIT})").fetchall()
    except sqlite3.DatabaseError as error:
        return [str(error)]
    return [" ".join(line.split()) for (line,) in found if line != "ok"]
