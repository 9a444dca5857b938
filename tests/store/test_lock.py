import errno
import os
from pathlib import Path

import pytest

from playlista import mounts
from playlista.errors import BadConfig, StoreBusy
from playlista.store.lock import Lock

SHARE = b"""
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 21 0:50 / %s rw,relatime shared:9 - %s nas:/ rw
""".lstrip()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "playlista.db"


def left(path: Path, *, closed: bool = True) -> None:
    """Hold the lock once, as a daemon that ends in order or is killed."""
    lock = Lock(path)
    lock.begin()
    path.write_bytes(b"rows")
    if closed:
        lock.end()
    lock.release()


def is_as_it_was_closed(path: Path) -> bool:
    lock = Lock(path)
    try:
        return lock.begin()
    finally:
        lock.release()


def test_a_database_closed_in_order_is_as_it_was(path):
    left(path)

    assert is_as_it_was_closed(path)


def test_a_killed_holder_is_found_out(path):
    left(path, closed=False)

    assert not is_as_it_was_closed(path)


def test_a_database_without_a_note_is_not_known(path):
    path.touch()

    assert not is_as_it_was_closed(path)


def test_a_database_that_somebody_wrote_to_is_found_out(path):
    left(path)
    with path.open("r+b") as file:
        file.write(b"ROWS")

    assert not is_as_it_was_closed(path)


def test_another_file_of_the_same_size_and_time_is_found_out(path):
    left(path)
    times = path.stat()
    path.write_bytes(b"ROWS")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    assert not is_as_it_was_closed(path)


def test_where_there_is_no_database_there_is_nothing_to_find_out(path):
    assert is_as_it_was_closed(path)


def test_a_database_that_was_put_there_is_found_out(path):
    lock = Lock(path)
    lock.end()
    lock.release()
    path.write_bytes(b"rows")

    assert not is_as_it_was_closed(path)


def test_an_attempt_to_open_leaves_the_note_as_it_was(path):
    left(path)
    lock = Lock(path)
    lock.begin()

    lock.undo()

    lock.release()
    assert is_as_it_was_closed(path)


@pytest.mark.fault(44)
@pytest.mark.parametrize("kind", [b"nfs", b"nfs4", b"cifs", b"smb3", b"9p", b"virtiofs"])
def test_a_share_of_another_machine_is_refused(path, kind, tmp_path, monkeypatch):
    table = tmp_path / "mountinfo"
    table.write_bytes(SHARE % (os.fsencode(tmp_path.resolve()), kind))
    monkeypatch.setattr(mounts, "TABLE", table)

    with pytest.raises(BadConfig, match=f"is on {kind.decode()}: .* set STATE_PATH"):
        Lock(path)


@pytest.mark.fault(44)
def test_a_link_to_a_share_is_refused(tmp_path, monkeypatch):
    (tmp_path / "share").mkdir()
    (tmp_path / "state").symlink_to(tmp_path / "share")
    table = tmp_path / "mountinfo"
    table.write_bytes(SHARE % (os.fsencode((tmp_path / "share").resolve()), b"nfs4"))
    monkeypatch.setattr(mounts, "TABLE", table)

    with pytest.raises(BadConfig, match="is on nfs4"):
        Lock(tmp_path / "state" / "playlista.db")


@pytest.mark.fault(41)
def test_a_full_disk_is_busy_and_not_broken(path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    lock = Lock(path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", refuse)

        with pytest.raises(StoreBusy, match="No space left"):
            lock.begin()
    lock.release()
