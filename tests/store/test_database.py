import resource
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from playlista.errors import AlreadyRunning, StoreBroken, StoreBusy
from playlista.store import opening
from playlista.store.database import Database, reading, writing
from playlista.store.trouble import translated
from shelf import Shelf

REMEDY = r"`playlista doctor --restore` puts the last good copy in its place"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "playlista.db"


def add_root(store: Database, name: bytes) -> None:
    with store.transaction() as write:
        write.execute("INSERT INTO root (path) VALUES (?)", (name,))


def roots(store: Database) -> int:
    with store.reading() as read:
        return read.execute("SELECT count(*) FROM root").fetchone()[0]


@contextmanager
def no_file_grows_beyond(size_bytes: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


# --- opening ------------------------------------------------------------------------


def test_a_second_daemon_is_told_that_one_runs_already(shelf: Shelf) -> None:
    with pytest.raises(AlreadyRunning, match="another playlista holds"):
        Database(shelf.path)


@pytest.mark.fault(45)
def test_a_second_process_is_told_that_one_runs_already(shelf: Shelf) -> None:
    script = (
        "import sys, pathlib; from playlista.store.database import Database\n"
        "from playlista.errors import AlreadyRunning\n"
        "try: Database(pathlib.Path(sys.argv[1]))\n"
        "except AlreadyRunning as error: sys.exit(error.exit_status)"
    )

    status = subprocess.run([sys.executable, "-c", script, str(shelf.path)], check=False).returncode

    assert status == 75


def test_a_closed_database_can_be_opened_again(path: Path) -> None:
    Database(path).close()

    Database(path).close()


def test_a_database_that_did_not_open_is_not_locked(path: Path) -> None:
    path.write_bytes(b"x" * 4096)
    with pytest.raises(StoreBroken):
        Database(path)
    path.unlink()

    Database(path).close()


def test_its_folder_is_made(tmp_path: Path) -> None:
    Database(tmp_path / "a" / "b" / "playlista.db").close()

    assert (tmp_path / "a" / "b" / "playlista.db").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StoreBroken, match=r"cannot write in .*file"):
        Database(tmp_path / "file" / "playlista.db")


def test_a_path_that_cannot_be_a_database_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreBroken, match="cannot open"):
        Database(tmp_path)


def test_what_is_no_database_is_refused_with_the_remedy(path: Path) -> None:
    path.write_bytes(b"not a database, but long enough to look at" * 100)

    with pytest.raises(StoreBroken, match=REMEDY):
        Database(path)


@pytest.mark.fault(44)
@pytest.mark.parametrize("page", [1, 2, 5])
def test_a_damaged_page_is_found_at_the_start(path: Path, page: int) -> None:
    Database(path).close()
    with path.open("r+b") as file:
        file.seek(page * 4096)
        file.write(b"\xa5" * 4096)

    with pytest.raises(StoreBroken, match=REMEDY):
        Database(path)


def test_damage_that_appears_later_is_told_with_the_remedy() -> None:
    with (
        pytest.raises(StoreBroken, match=REMEDY),
        translated(),
    ):
        raise sqlite3.DatabaseError("database disk image is malformed")


def test_an_older_sqlite_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 0))

    with pytest.raises(StoreBroken, match="too old"):
        Database(path)


# --- writing ------------------------------------------------------------------------


def test_every_commit_is_on_disk(shelf: Shelf) -> None:
    with shelf.database.transaction() as write:
        settings = [
            write.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]

    assert settings == ["wal", 2, 1]


def add_root_and_raise(write: sqlite3.Connection) -> None:
    write.execute("INSERT INTO root (path) VALUES (?)", (b"/x",))
    raise ValueError("mine")


def test_a_transaction_that_raises_leaves_nothing(shelf: Shelf) -> None:
    with pytest.raises(ValueError, match="mine"), shelf.database.transaction() as write:
        add_root_and_raise(write)

    assert roots(shelf.database) == 1


def test_after_a_failed_transaction_the_next_one_works(shelf: Shelf) -> None:
    with pytest.raises(ValueError, match="mine"), shelf.database.transaction():
        raise ValueError("mine")

    add_root(shelf.database, b"/x")

    assert roots(shelf.database) == 2


def test_wrong_sql_is_a_bug_and_not_a_busy_store(shelf: Shelf) -> None:
    with pytest.raises(sqlite3.OperationalError), shelf.database.transaction() as write:
        write.execute("SELECT nothing FROM nowhere")


def test_a_broken_rule_is_a_bug_and_not_a_broken_store(shelf: Shelf) -> None:
    add_root(shelf.database, b"/x")

    with pytest.raises(sqlite3.IntegrityError):
        add_root(shelf.database, b"/x")


def test_two_threads_never_write_in_one_transaction(shelf: Shelf) -> None:
    """Each writes two halves, and looks in between for a half of the other."""
    halves: list[int] = []

    def write_pairs(name: bytes) -> None:
        for n in range(25):
            with shelf.database.transaction() as write:
                write.execute("INSERT INTO root (path) VALUES (?)", (b"%s%d-1" % (name, n),))
                time.sleep(0.001)
                count = "SELECT count(*) FROM root WHERE path <> ?"
                halves.append(write.execute(count, (b"/music",)).fetchone()[0] % 2)
                write.execute("INSERT INTO root (path) VALUES (?)", (b"%s%d-2" % (name, n),))

    threads = [threading.Thread(target=write_pairs, args=(name,)) for name in (b"a", b"b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert halves == [1] * 50
    assert roots(shelf.database) == 101


@pytest.mark.fault(43)
def test_a_store_locked_by_another_process_is_busy(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "BUSY_S", 0.05)
    store = Database(path)
    with writing(path), pytest.raises(StoreBusy, match="locked") as caught:
        add_root(store, b"/x")

    assert caught.value.wait_s > 0
    store.close()


def test_a_command_may_write_beside_the_daemon(shelf: Shelf) -> None:
    with writing(shelf.path) as write:
        write.execute("INSERT INTO root (path) VALUES (?)", (b"/x",))

    assert roots(shelf.database) == 2


def test_a_command_that_fails_writes_nothing(shelf: Shelf) -> None:
    with pytest.raises(ValueError, match="mine"), writing(shelf.path) as write:
        add_root_and_raise(write)

    assert roots(shelf.database) == 1


# --- no space -----------------------------------------------------------------------


def test_a_full_store_is_busy_and_loses_nothing(shelf: Shelf) -> None:
    with shelf.database.transaction() as write:
        (pages,) = write.execute("PRAGMA page_count").fetchone()
        write.execute(f"PRAGMA max_page_count = {pages}")
    before = roots(shelf.database)

    with pytest.raises(StoreBusy, match="full"):
        add_root(shelf.database, b"/" + b"x" * 100_000)

    assert roots(shelf.database) == before


@pytest.mark.fault(41)
def test_a_store_works_again_when_there_is_space(shelf: Shelf) -> None:
    with shelf.database.transaction() as write:
        (pages,) = write.execute("PRAGMA page_count").fetchone()
        write.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreBusy):
        add_root(shelf.database, b"/" + b"x" * 100_000)

    with shelf.database.transaction() as write:
        write.execute("PRAGMA max_page_count = 1000000")
    add_root(shelf.database, b"/" + b"x" * 100_000)

    assert roots(shelf.database) == 2


@pytest.mark.fault(41)
def test_a_disk_that_takes_no_more_makes_the_store_busy(shelf: Shelf) -> None:
    with no_file_grows_beyond(shelf.database.size_bytes()), pytest.raises(StoreBusy):
        add_root(shelf.database, b"/" + b"x" * 1_000_000)

    add_root(shelf.database, b"/" + b"x" * 1_000_000)
    assert roots(shelf.database) == 2


def test_what_was_stored_is_readable_while_the_disk_is_full(shelf: Shelf) -> None:
    with no_file_grows_beyond(shelf.database.size_bytes()):
        with pytest.raises(StoreBusy):
            add_root(shelf.database, b"/" + b"x" * 1_000_000)

        assert roots(shelf.database) == 1


# --- reading ------------------------------------------------------------------------


def test_a_reader_sees_one_view_while_others_write(shelf: Shelf) -> None:
    with shelf.database.reading() as read:
        add_root(shelf.database, b"/x")
        seen = [read.execute("SELECT count(*) FROM root").fetchone()[0]]
        add_root(shelf.database, b"/y")
        seen.append(read.execute("SELECT count(*) FROM root").fetchone()[0])

    assert seen == [1, 1]
    assert roots(shelf.database) == 3


def test_a_reader_sees_nothing_uncommitted(shelf: Shelf) -> None:
    with shelf.database.transaction() as write:
        write.execute("INSERT INTO root (path) VALUES (?)", (b"/x",))

        assert roots(shelf.database) == 1


def test_a_reader_cannot_write(shelf: Shelf) -> None:
    with pytest.raises(StoreBusy, match="readonly"), shelf.database.reading() as read:
        read.execute("INSERT INTO root (path) VALUES (?)", (b"/x",))


def test_a_store_that_no_daemon_holds_can_be_read(shelf: Shelf) -> None:
    shelf.restart()
    shelf.database.close()

    with reading(shelf.path) as read:
        assert read.execute("SELECT count(*) FROM root").fetchone()[0] == 1
    shelf._open(shelf.backlog.wanted)


@pytest.mark.parametrize("content", [None, b""])
def test_reading_where_nothing_is_says_what_to_do(path: Path, content: bytes | None) -> None:
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(StoreBroken, match="no database at"), reading(path):
        pass


def test_reading_makes_no_database(path: Path) -> None:
    with pytest.raises(StoreBroken), reading(path):
        pass

    assert not path.exists()


def test_a_path_may_hold_what_urls_cannot(tmp_path: Path) -> None:
    odd = tmp_path / "a?b#c %41" / "playlista.db"
    store = Database(odd)

    assert roots(store) == 0
    store.close()


# --- closing ------------------------------------------------------------------------


def test_the_size_counts_the_log(shelf: Shelf) -> None:
    before = shelf.database.size_bytes()

    add_root(shelf.database, b"/" + b"x" * 100_000)

    assert shelf.database.size_bytes() >= before + 100_000


def test_closing_leaves_one_file_and_its_lock(path: Path) -> None:
    store = Database(path)
    add_root(store, b"/x")

    store.close()

    assert sorted(file.name for file in path.parent.iterdir()) == ["playlista.db", "playlista.lock"]


def test_closing_on_a_full_disk_still_lets_go(path: Path) -> None:
    store = Database(path)
    for n in range(20):
        add_root(store, b"/%d" % n + b"x" * 10_000)
    with no_file_grows_beyond(4096):
        store.close()

    again = Database(path)
    assert roots(again) == 20
    again.close()
