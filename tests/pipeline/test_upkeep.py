import os
import sqlite3
import threading
import time

import pytest

from playlista.config.settings import StoreSettings
from playlista.errors import StoreBroken
from playlista.pipeline.part import Part
from playlista.pipeline.upkeep import DAY_S, FIRST_S, LOOK_S, REMEMBER_S, RETRY_S, Upkeep
from playlista.records import Vanished
from playlista.store import backup
from shelf import FakeClock, analysis


class House:
    """A store, its upkeep, and a clock that passes when told to."""

    def __init__(self, shelf, metrics):
        self.shelf = shelf
        self.clock = FakeClock()
        self.calm = True
        self.squeezed = False
        self.beats = 0
        self.upkeep = Upkeep(
            shelf.database,
            StoreSettings(state_path=shelf.path.parent),
            metrics,
            calm=lambda: self.calm,
            squeezed=lambda: self.squeezed,
            clock=self.clock,
        )

    def set(self, **settings):
        self.upkeep.settings = self.upkeep.settings.model_copy(update=settings)

    def live(self, seconds):
        self.clock.sleep(seconds)
        self.upkeep.tend(threading.Event(), self._beat)

    def _beat(self):
        self.beats += 1

    @property
    def copies(self):
        return len(backup.copies(self.shelf.path))

    @property
    def log_bytes(self):
        return self.shelf.path.with_name("playlista.db-wal").stat().st_size


@pytest.fixture
def house(shelf, metrics):
    return House(shelf, metrics)


def age(path, hours):
    then = time.time() - hours * 3600
    os.utime(path, (then, then))


# --- the copy -----------------------------------------------------------------------


def test_the_start_is_left_alone(house):
    house.live(FIRST_S - 1)

    assert house.copies == 0


def test_a_database_without_a_copy_gets_one(house, counted):
    house.live(FIRST_S)

    assert house.copies == 1
    assert house.beats
    assert counted("database_backups_total", outcome="ok") == 1
    assert counted("database_backup_timestamp_seconds") == pytest.approx(time.time(), abs=30)


def test_a_copy_is_made_anew_when_it_is_old(house, shelf):
    house.live(FIRST_S)
    age(backup.copies(shelf.path)[0], 23)
    house.live(LOOK_S)
    assert house.copies == 1

    age(backup.copies(shelf.path)[0], 25)
    house.live(LOOK_S)

    assert house.copies == 2


def test_a_copy_from_the_future_is_not_believed(house, shelf):
    house.live(FIRST_S)
    age(backup.copies(shelf.path)[0], -1000)

    house.live(LOOK_S)

    assert house.copies == 2


def test_none_is_made_where_none_is_wanted(house):
    house.set(backup_interval_hours=0)

    house.live(FIRST_S)

    assert house.copies == 0


def test_a_copy_that_failed_is_told_and_tried_again_later(house, shelf, counted, caplog):
    (shelf.path.parent / "backup").write_text("no folder")
    house.live(FIRST_S)
    assert counted("database_backups_total", outcome="failed") == 1
    assert "no copy of the database: " in caplog.text
    (shelf.path.parent / "backup").unlink()

    house.live(RETRY_S - 1)
    assert house.copies == 0
    house.live(1)

    assert house.copies == 1


@pytest.mark.fault(44)
def test_damage_that_the_copy_shows_ends_the_daemon_with_the_remedy(house, shelf):
    for number in range(100):
        shelf.land(b"%d.flac" % number, number)
    shelf.database.shorten_log()
    with shelf.path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * 4096)

    with pytest.raises(StoreBroken, match="playlista doctor --restore"):
        house.live(FIRST_S)

    assert house.copies == 0


def test_a_copy_waits_until_there_is_memory(house):
    house.squeezed = True
    house.live(FIRST_S)
    assert house.copies == 0

    house.squeezed = False
    house.live(LOOK_S)

    assert house.copies == 1


def test_a_copy_under_way_is_given_up_when_memory_becomes_short(house, monkeypatch):
    answers = iter([False, True])
    monkeypatch.setattr(house.upkeep, "_squeezed", lambda: next(answers))
    house.live(FIRST_S)
    assert house.copies == 0
    monkeypatch.undo()

    house.live(LOOK_S)

    assert house.copies == 1


def test_a_daemon_that_is_to_stop_waits_for_no_copy(house, shelf):
    stop = threading.Event()
    stop.set()
    house.clock.sleep(FIRST_S)

    house.upkeep.tend(stop, lambda: None)

    assert house.copies == 0
    assert shelf.path.exists()


# --- the log ------------------------------------------------------------------------


def test_the_log_is_folded_in_when_all_is_calm(house, shelf):
    shelf.land()
    assert house.log_bytes
    house.calm = False
    house.live(FIRST_S)
    assert house.log_bytes

    house.calm = True
    house.live(REMEMBER_S)

    assert not house.log_bytes


def test_a_reader_is_not_disturbed(house, shelf):
    shelf.land()
    with shelf.database.reading() as read:
        house.live(FIRST_S)

        assert read.execute("SELECT count(*) FROM file").fetchone()[0] == 1


def test_a_writer_is_not_waited_for(shelf, caplog):
    other = sqlite3.connect(shelf.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    began = time.monotonic()
    shelf.database.shorten_log()

    other.close()
    assert time.monotonic() - began < 5
    assert not caplog.text


# --- what is gone -------------------------------------------------------------------


def test_what_is_gone_for_ninety_days_awake_is_forgotten(house, shelf):
    known = shelf.landed_and_heard(b"a.flac", 1, analysis())
    shelf.tracks.apply([Vanished(known.file_id)])
    house.live(FIRST_S)
    for _ in range(89):
        house.live(DAY_S)
    assert shelf.tracks.counts()["missing"] == 1

    house.live(DAY_S)
    house.live(DAY_S)

    assert shelf.tracks.counts()["missing"] == 0


def test_the_setting_counts(house, shelf):
    shelf.tracks.apply([Vanished(shelf.land().file_id)])
    house.set(tombstone_days=2)
    house.live(FIRST_S)

    for _ in range(3):
        house.live(DAY_S)

    assert shelf.tracks.counts()["missing"] == 0


def test_time_awake_is_kept_to_the_end(shelf, metrics):
    house = House(shelf, metrics)
    part = Part("upkeep", house.upkeep.run, lambda: None)
    house.clock.sleep(50.0)
    part.start()
    part.ask_to_stop()
    part.join()

    assert part.problem is None
    with shelf.database.reading() as read:
        assert read.execute("SELECT seconds FROM awake").fetchone()[0] == 50.0


def test_a_database_that_cannot_be_written_puts_chores_off(house, shelf, caplog):
    house.set(backup_interval_hours=0)
    shelf.database._connection.execute("PRAGMA query_only = ON")

    house.live(FIRST_S)

    assert "upkeep is put off" in caplog.text
    shelf.database._connection.execute("PRAGMA query_only = OFF")
    house.live(LOOK_S)
    with shelf.database.reading() as read:
        assert read.execute("SELECT seconds FROM awake").fetchone()[0] == FIRST_S + LOOK_S
