"""Numbered SQL files, each applied once, all in one transaction."""

import sqlite3
from importlib import resources

from playlista.errors import StoreBroken


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema up to date.

    Args:
        connection: In autocommit mode.

    Raises:
        StoreBroken: The database was written by a newer playlista.
    """
    scripts = _scripts()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(scripts):
        raise StoreBroken(
            f"the database has schema {version}, this playlista knows {len(scripts)}: "
            "install the newer playlista again, or move the database away to start afresh"
        )
    if version == len(scripts):
        return
    statements = ["BEGIN IMMEDIATE;", *scripts[version:], f"PRAGMA user_version={len(scripts)};"]
    connection.executescript("\n".join([*statements, "COMMIT;"]))


def _scripts() -> list[str]:
    folder = resources.files("playlista.store") / "schema"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return [file.read_text("utf-8") for file in files]
