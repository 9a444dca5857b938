import sqlite3
from pathlib import Path

import pytest

from playlista.errors import StoreBroken
from playlista.store import migrate as migration
from playlista.store.database import Database
from playlista.store.migrate import migrate


def version(connection: sqlite3.Connection) -> int:
    return connection.execute("PRAGMA user_version").fetchone()[0]


@pytest.fixture
def connection(tmp_path: Path) -> sqlite3.Connection:
    one = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    yield one
    one.close()


def test_a_fresh_database_gets_every_table(connection: sqlite3.Connection) -> None:
    migrate(connection)

    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    assert {"root", "file", "audio", "job", "playlist", "line", "frame", "delta"} <= {
        name for (name,) in tables
    }


def test_every_table_is_strict(connection: sqlite3.Connection) -> None:
    migrate(connection)

    ours = "SELECT name FROM pragma_table_list WHERE NOT strict AND name NOT LIKE 'sqlite%'"
    assert connection.execute(ours).fetchall() == []


def test_scripts_are_numbered_without_a_gap() -> None:
    # the version of a database is how many were applied: one put in before others breaks it
    folder = Path(migration.__file__).with_name("schema")
    numbers = sorted(int(script.name[:4]) for script in folder.glob("*.sql"))

    assert numbers == list(range(1, len(numbers) + 1))


def test_a_script_is_applied_once(connection: sqlite3.Connection) -> None:
    migrate(connection)

    migrate(connection)

    assert version(connection) == len(migration._scripts())


def test_only_what_is_missing_is_applied(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(connection)
    connection.execute("INSERT INTO root (path) VALUES (x'2f')")
    scripts = [*migration._scripts(), "ALTER TABLE root ADD COLUMN colour TEXT;"]
    monkeypatch.setattr(migration, "_scripts", lambda: scripts)

    migrate(connection)

    assert connection.execute("SELECT path, colour FROM root").fetchall() == [(b"/", None)]
    assert version(connection) == len(scripts)


def test_a_migration_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "playlista.db"
    Database(path).close()
    scripts = [*migration._scripts(), "CREATE TABLE colour (x);", "ALTER TABLE nowhere ADD y;"]
    with monkeypatch.context() as patch:
        patch.setattr(migration, "_scripts", lambda: scripts)
        with pytest.raises(StoreBroken, match="cannot open"):
            Database(path)

    store = Database(path)

    with store.reading() as read:
        assert version(read) == len(migration._scripts())
        assert read.execute("SELECT 1 FROM sqlite_master WHERE name = 'colour'").fetchone() is None
    store.close()


@pytest.mark.fault(44)
def test_a_newer_database_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "playlista.db"
    Database(path).close()
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA user_version = 999")
    raw.close()

    with pytest.raises(StoreBroken, match=r"schema 999.*install the newer playlista"):
        Database(path)


def test_a_refused_database_is_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "playlista.db"
    Database(path).close()
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA user_version = 999")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(StoreBroken):
        Database(path)

    assert path.read_bytes() == before
