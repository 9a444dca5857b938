import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from playlista.errors import AlreadyRunning, StoreBroken, StoreBusy
from playlista.store import backup, restore
from playlista.store.database import Database, reading
from shelf import Shelf, analysis

PAGE = 4096


def damage(path: Path) -> None:
    """Overwrite all but the first page."""
    whole = path.read_bytes()
    path.write_bytes(whole[:PAGE] + b"\xa5" * (len(whole) - PAGE))


def roots(path: Path) -> list[bytes]:
    with reading(path) as read:
        return [row[0] for row in read.execute("SELECT path FROM root ORDER BY id")]


def add_root(store: Database, name: bytes) -> None:
    with store.transaction() as write:
        write.execute("INSERT INTO root (path) VALUES (?)", (name,))


def files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


# --- the copy -----------------------------------------------------------------------


def test_a_copy_holds_what_is_committed_and_no_more(shelf):
    add_root(shelf.database, b"/committed")
    with shelf.database.transaction() as write:
        write.execute("INSERT INTO root (path) VALUES (?)", (b"/not yet",))

        backup.make(shelf.path)

    (copy,) = backup.copies(shelf.path)
    assert roots(copy) == [b"/music", b"/committed"]


def test_a_copy_is_one_file(shelf):
    backup.make(shelf.path)

    assert files(shelf.path.parent / "backup") == ["playlista.db"]


def test_one_older_copy_is_kept(shelf):
    for name in (b"/1", b"/2", b"/3"):
        add_root(shelf.database, name)
        backup.make(shelf.path)

    newest, older = backup.copies(shelf.path)
    assert files(newest.parent) == ["playlista.db", "playlista.db.1"]
    assert roots(newest)[-1] == b"/3"
    assert roots(older)[-1] == b"/2"


def test_the_time_of_the_newest_copy_is_known(shelf):
    assert backup.made_at(shelf.path) is None

    backup.make(shelf.path)

    assert backup.made_at(shelf.path) == pytest.approx(time.time(), abs=5)


def test_a_daemon_writes_on_while_it_is_copied(shelf):
    """The source is read in one view: what is written meanwhile is in the next copy."""
    with reading(shelf.path):
        add_root(shelf.database, b"/meanwhile")

        backup.make(shelf.path)

    assert roots(backup.copies(shelf.path)[0])[-1] == b"/meanwhile"


def test_what_a_killed_copy_left_is_no_hindrance(shelf):
    folder = shelf.path.parent / "backup"
    folder.mkdir()
    for name in ("playlista.db.tmp", "playlista.db.tmp-journal", "playlista.db.tmp-wal"):
        (folder / name).write_bytes(b"half" * PAGE)

    backup.make(shelf.path)

    assert files(folder) == ["playlista.db"]


@pytest.mark.fault(44)
def test_a_damaged_database_does_not_replace_a_good_copy(shelf):
    backup.make(shelf.path)
    good = backup.copies(shelf.path)[0].read_bytes()
    shelf.database.close()
    damage(shelf.path)

    assert "is damaged" in backup.run(shelf.path)

    assert [copy.read_bytes() for copy in backup.copies(shelf.path)] == [good]
    shelf.path.unlink()
    shelf._open(shelf.backlog.wanted)


def test_a_copy_that_came_out_bad_of_a_sound_database_is_only_a_failure(shelf, monkeypatch):
    monkeypatch.setattr(backup, "is_sound", lambda _: False)

    with pytest.raises(StoreBusy, match="the database is not"):
        backup.make(shelf.path)

    assert backup.copies(shelf.path) == []


@pytest.mark.needs("unshare", "util-linux")
def test_without_room_there_is_no_copy_and_no_harm(shelf, tmp_path):
    """On a disk of its own, that the database fills to the half."""
    shelf.database.close()
    size = shelf.path.stat().st_size
    script = (
        f'mount -t tmpfs -o size={size * 2} none "$1" && cp "$2" "$1" && exec "$0" -c "$3" "$1"'
    )
    attempt = (
        "import sys, pathlib; from playlista.store import backup\n"
        "from playlista.errors import StoreBusy\n"
        "path = pathlib.Path(sys.argv[1], 'playlista.db')\n"
        "try: backup.make(path)\n"
        "except StoreBusy as busy: print(busy.what)\n"
        "print(list(path.parent.joinpath('backup').iterdir()))"
    )
    disk = tmp_path / "disk"
    disk.mkdir()

    done = subprocess.run(
        ["unshare", "-Ur", "-m", "sh", "-c", script, sys.executable, disk, shelf.path, attempt],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.startswith("no room in ")
    assert done.stdout.endswith("[]\n")
    shelf._open(shelf.backlog.wanted)


# --- and back -----------------------------------------------------------------------


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A database of one root and one track, with a copy, that no daemon holds."""
    shelf = Shelf(tmp_path / "state" / "playlista.db")
    shelf.landed_and_heard(b"a.flac", 1, analysis())
    backup.make(shelf.path)
    add_root(shelf.database, b"/after the copy")
    shelf.database.close()
    return shelf.path


@pytest.mark.fault(44)
def test_the_copy_takes_the_place_of_a_damaged_database(kept):
    damage(kept)

    told = restore.restore(kept)

    store = Database(kept)
    store.close()
    assert roots(kept) == [b"/music"]
    assert (told.tracks, told.seq) == (1, 0)
    assert told.made_at == backup.made_at(kept)


@pytest.mark.fault(44)
def test_the_damaged_files_are_kept_together(kept):
    wal = kept.with_name("playlista.db-wal")
    wal.write_bytes(b"of the damaged one")
    damage(kept)
    damaged = kept.read_bytes()

    told = restore.restore(kept)

    assert told.aside == kept.parent / "damaged.1"
    assert (told.aside / "playlista.db").read_bytes() == damaged
    assert (told.aside / wal.name).read_bytes() == b"of the damaged one"
    assert not wal.exists()


def test_a_second_time_they_are_kept_beside_the_first(kept):
    restore.restore(kept)

    assert restore.restore(kept).aside == kept.parent / "damaged.2"


def test_a_database_that_is_gone_can_be_put_back(kept):
    kept.unlink()

    assert restore.restore(kept).aside is None

    assert roots(kept) == [b"/music"]


def test_the_copy_stays_where_it_is(kept):
    restore.restore(kept)

    assert roots(backup.copies(kept)[0]) == [b"/music"]


def test_of_two_copies_the_newest_good_one_is_taken(kept):
    Database(kept).close()
    backup.make(kept)
    newest, older = backup.copies(kept)
    damage(newest)

    restore.restore(kept)

    assert older.exists()
    assert roots(kept) == [b"/music"]


@pytest.mark.parametrize("copies", ["none", "damaged"])
def test_without_a_good_copy_nothing_is_touched_and_the_way_out_is_told(kept, copies):
    if copies == "none":
        shutil.rmtree(kept.parent / "backup")
    else:
        damage(kept.parent / "backup" / "playlista.db")
    before = kept.read_bytes()

    with pytest.raises(StoreBroken, match=r"no good copy.*move playlista\.db, -wal and -shm"):
        restore.restore(kept)

    assert kept.read_bytes() == before


def test_nothing_is_put_under_a_running_daemon(shelf):
    backup.make(shelf.path)

    with pytest.raises(AlreadyRunning):
        restore.restore(shelf.path)


def test_every_list_is_written_anew(kept):
    copy = backup.copies(kept)[0]
    connection = sqlite3.connect(copy)
    connection.execute(
        "INSERT INTO playlist (id, position, slug, name, kind, rule, revision, published) "
        "VALUES ('x', 0, 'x', 'X', 'sound', '{}', 4, 4)"
    )
    connection.commit()
    connection.close()

    restore.restore(kept)

    with reading(kept) as read:
        assert read.execute("SELECT revision, published FROM playlist").fetchone()[:] == (4, 0)


def test_what_was_put_back_is_checked_at_the_next_start(kept, caplog):
    restore.restore(kept)

    with caplog.at_level("INFO", "playlista"):
        Database(kept).close()

    assert "not stopped in order" in caplog.text
    assert files(kept.parent / "backup") == ["playlista.db"]
