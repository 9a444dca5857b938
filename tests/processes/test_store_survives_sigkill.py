"""A writer is killed at random points, over and over, and its database must not show it."""

import random
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from shelf import Shelf

WRITER = Path(__file__).with_name("store_writer.py")
KILLS = 25
FILES = 3000


@dataclass
class Aftermath:
    """What the killed writers said, and where their database is."""

    path: Path
    told: list[int]
    kills: int


def killed_once(path: Path, after_s: float) -> tuple[list[int], bool]:
    """Run the writer, kill it so long after it began, and return what it said it kept."""
    with subprocess.Popen(
        [sys.executable, str(WRITER), str(path)],
        env={"PYTHONPATH": str(WRITER.parents[1]), "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"open\n"
        time.sleep(after_s)
        alive = writer.poll() is None
        writer.kill()
        return [int(line) for line in writer.stdout if line.endswith(b"\n")], alive


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    """A database whose writer was killed at random points."""
    path = tmp_path_factory.mktemp("store") / "playlista.db"
    shelf = Shelf(path)
    with shelf.database.transaction() as write:
        write.execute(
            """
            WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?)
            INSERT INTO file (root_id, relpath, dev, ino, size, mtime_ns, ctime_ns, candidate,
                              added_at, landed_at)
            SELECT 1, CAST('f' || n AS BLOB), 1, n, n, n, n, 1, 0, 0 FROM n
            """,
            (FILES,),
        )
        write.execute(
            "INSERT INTO job (file_id, state, queued_at, updated_at) "
            "SELECT id, 'ready', 0, 0 FROM file"
        )
    shelf.database.close()
    chance = random.Random(1)
    told: list[int] = []
    kills = 0
    for _ in range(KILLS):
        kept, alive = killed_once(path, chance.uniform(0.0, 0.12))
        told += kept
        kills += alive
    return Aftermath(path, told, kills)


def asked(path: Path, query: str) -> list[tuple]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_the_writer_was_killed_often_and_at_work(aftermath: Aftermath) -> None:
    assert aftermath.kills >= 20
    assert len(aftermath.told) > 100


@pytest.mark.fault(31)
def test_no_result_that_was_acknowledged_is_lost(aftermath: Aftermath) -> None:
    kept = {row[0] for row in asked(aftermath.path, "SELECT id FROM file WHERE audio_id > 0")}

    assert set(aftermath.told) <= kept


@pytest.mark.fault(31)
def test_no_track_was_saved_twice(aftermath: Aftermath) -> None:
    assert len(aftermath.told) == len(set(aftermath.told))


def test_every_track_is_either_heard_or_queued(aftermath: Aftermath) -> None:
    query = """
        SELECT count(*) FROM file LEFT JOIN job ON job.file_id = file.id
        WHERE (audio_id IS NULL) = (job.file_id IS NULL)
    """

    assert asked(aftermath.path, query) == [(0,)]


def test_a_result_is_that_of_its_own_track(aftermath: Aftermath) -> None:
    query = """
        SELECT count(*) FROM file JOIN audio ON audio.id = audio_id
        WHERE hash <> 'sound-' || file.id
    """

    assert asked(aftermath.path, query) == [(0,)]


def test_the_file_is_whole(aftermath: Aftermath) -> None:
    assert asked(aftermath.path, "PRAGMA quick_check") == [("ok",)]


def test_the_next_daemon_offers_every_track_that_is_left(aftermath: Aftermath) -> None:
    shelf = Shelf(aftermath.path)
    shelf.clock.sleep(1_000_000)

    offered = {job.file_id for job in shelf.backlog.ready(FILES)}

    heard = {track.track_id for track in shelf.tracks.library()}
    shelf.database.close()
    assert offered | heard == set(range(1, FILES + 1))
    assert not offered & heard
