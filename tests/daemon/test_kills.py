"""``kill -9`` at any instant loses nothing and doubles nothing."""

import contextlib
import os
import random
import shutil
import signal
import time

import psutil
import pytest

import sounds
from daemons import until
from playlista.store.backlog import BACK_OFF_S

TRACKS = 30
DAEMON_KILLS = 10
WORKER_KILLS = 5
KILLS = 200
SHORT_TRACKS = 300
MINUTE_S, TRACKS_A_SECOND, TRACK_S = 60, 4, 120.0
SURE_KILLS = 10
"""Of 60: some hit what composes playlists, and where workers take more than a second to start,
longer and longer pauses lie between the starts."""
UP_S = 2.0
"""So long the daemon lives at most from READY; a worker takes half of it to start."""


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Tracks that differ from one another, each a moment's work."""
    folder = tmp_path_factory.mktemp("many")
    for number in range(TRACKS):
        sound = sounds.drums(60 + 4 * number, 30, 22_050)
        sounds.write(folder / f"{number:02}.flac", sound, rate=22_050)
    return folder


@pytest.fixture
def mine(tmp_path):
    """An empty music folder."""
    folder = tmp_path / "mine"
    folder.mkdir()
    return folder


@pytest.fixture
def survived():
    """Return a function that asserts that nothing is lost, doubled or damaged."""

    def check(home, daemon):
        until(lambda: daemon.at_rest(TRACKS) and daemon.status()["tracks"]["full"] == TRACKS, 60)
        assert home.rows("SELECT * FROM job") == []
        assert home.rows("SELECT count(*), count(DISTINCT audio_id) FROM file") == [
            (TRACKS, TRACKS)
        ]
        assert home.rows("SELECT count(*), count(DISTINCT hash) FROM audio") == [(TRACKS, TRACKS)]
        assert home.rows("PRAGMA integrity_check") == [("ok",)]
        until(home.replays)
        assert home.facts("failures") == []

    return check


@pytest.mark.fault(31)
@pytest.mark.timeout(180)
def test_a_daemon_killed_ten_times_in_mid_analysis_loses_and_doubles_nothing(
    many, survived, make_home, start
):
    home = make_home(many)
    orphans = []
    for _ in range(DAEMON_KILLS):
        daemon = start(home)
        until(lambda daemon=daemon: daemon.busy)
        orphans += daemon.workers
        daemon.signal(signal.SIGKILL)
        daemon.ended()

    assert psutil.wait_procs(orphans, 3)[1] == []
    survived(home, start(home))


@pytest.mark.timeout(120)
def test_killed_workers_harm_no_neighbour_and_every_track_has_its_one_result(
    many, mine, survived, make_home, start
):
    home = make_home(mine)
    daemon = start(home)
    tracks = sorted(many.iterdir())
    for kill in range(WORKER_KILLS):
        for track in tracks[kill::WORKER_KILLS]:
            shutil.copy(track, mine)
        until(lambda: daemon.busy)
        victim = max(daemon.workers, key=lambda worker: worker.cpu_times().user)
        os.kill(victim.pid, signal.SIGKILL)

    survived(home, daemon)
    assert daemon.metric('worker_exits_total{reason="foreign_kill"}') > 0
    assert daemon.metric('analyses_total{outcome="ok",tier="full"}') == TRACKS


@pytest.mark.heavy
@pytest.mark.fault(33)
@pytest.mark.timeout(300)
def test_a_worker_killed_every_second_for_a_minute_costs_no_track_its_one_result(
    mine, make_home, start
):
    home = make_home(mine)
    home.configure(FAST_MODE="true", WORKERS=2)  # for the full tier they take longer to start
    daemon = start(home)
    chance = random.Random(60)
    for second in range(MINUTE_S):
        next_kill = time.monotonic() + 1
        for number in range(TRACKS_A_SECOND * second, TRACKS_A_SECOND * (second + 1)):
            sound = sounds.clicks(60 + number / 2, TRACK_S, 22_050)
            sounds.write(mine / f"{number:03}.flac", sound, rate=22_050)
        time.sleep(max(0, next_kill - time.monotonic()))
        with contextlib.suppress(psutil.NoSuchProcess, IndexError):  # there may be none just now
            chance.choice(daemon.workers).kill()

    landed = MINUTE_S * TRACKS_A_SECOND
    until(lambda: daemon.at_rest(landed), 60)
    until(lambda: home.rows("SELECT * FROM job") == [], BACK_OFF_S[0] + 60)
    assert home.rows("SELECT count(*), count(DISTINCT audio_id) FROM file") == [(landed, landed)]
    assert daemon.metric('analyses_total{outcome="ok",tier="quick"}') == landed
    assert home.facts("failures") == []
    assert daemon.metric('worker_exits_total{reason="foreign_kill"}') >= SURE_KILLS


@pytest.mark.heavy
@pytest.mark.fault(31)
@pytest.mark.timeout(900)
def test_kills_at_any_moment_while_music_lands_leave_every_track_with_its_one_result(
    mine, make_home, start
):
    home = make_home(mine)
    home.configure(FAST_MODE="true")
    chance = random.Random(31)
    for kill in range(KILLS):
        daemon = start(home)
        for number in range(kill * SHORT_TRACKS // KILLS, (kill + 1) * SHORT_TRACKS // KILLS):
            sounds.write(mine / f"{number:03}.flac", sounds.noise(0.3, seed=number))
        time.sleep(chance.uniform(0, UP_S))
        daemon.signal(signal.SIGKILL)
        daemon.stop()

    survivor = start(home)

    until(lambda: survivor.at_rest(SHORT_TRACKS))
    until(lambda: home.rows("SELECT * FROM job") == [], BACK_OFF_S[0] + 30)
    assert home.rows("SELECT relpath, ino, size, mtime_ns FROM file ORDER BY relpath") == [
        (os.fsencode(file.name), now.st_ino, now.st_size, now.st_mtime_ns)
        for file in sorted(mine.iterdir())
        for now in [file.stat()]
    ]
    assert home.rows(
        "SELECT count(*), count(DISTINCT audio_id), count(missing_since) FROM file"
    ) == [(SHORT_TRACKS, SHORT_TRACKS, 0)]
    assert home.rows("SELECT count(*) FROM audio") == [(SHORT_TRACKS,)]
    assert home.rows("PRAGMA integrity_check") == [("ok",)]
    until(home.replays)
