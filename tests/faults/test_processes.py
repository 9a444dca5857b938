"""Workers that die, hang, or take the daemon with them."""

import re
import signal
import time
from pathlib import Path

import psutil
import pytest

from daemons import Daemon, home_in, until
from faults.conftest import sabotage
from faults.odd import song
from groups import joining
from playlista.pool.desk import FROZEN_S

ANALYSIS = "playlista.analysis.recipe:run"
DECODING = "playlista.audio.decode:TrackStream._frames"
GOOD = ("one", "two", "three")
BAD = {
    "segv": "killed by SIGSEGV",
    "raise": "Broken",
    "hang": "no result within its limit",
}
"""Deeds of the saboteur, and what is said of each."""
DEADLINE_S = 5
SHORT_OF_MEMORY = {
    "its worker was killed by SIGKILL", "min_available", "memory", "failsafe", "stalled",
}  # fmt: skip
"""The first is the kernel's own way to say it."""


@pytest.fixture(scope="module")
def sabotaged(compiled, tmp_path_factory):
    """A daemon at rest, some of whose tracks broke every worker that opened them."""
    music, folder = tmp_path_factory.mktemp("music"), tmp_path_factory.mktemp("daemon")
    for name in (*GOOD, *BAD):
        song(music / f"{name}.flac", seconds=1.0)
    home = home_in(folder, compiled, music)
    home.configure(TRACK_TIMEOUT_SECONDS=2)
    daemon = Daemon(home, folder, **sabotage(CALL=ANALYSIS))
    try:
        until(lambda: daemon.at_rest(len(GOOD) + len(BAD)), 120)
        yield daemon
    finally:
        daemon.stop()


@pytest.fixture(scope="module")
def failures(sabotaged):
    return {row["path"].rpartition("/")[2]: row for row in sabotaged.home.facts("failures")}


@pytest.mark.fault(33)
@pytest.mark.timeout(150)
@pytest.mark.parametrize("deed", ["segv", "raise"])
def test_a_track_that_breaks_its_worker_is_tried_three_times_and_set_aside(failures, deed):
    row = failures[f"{deed}.flac"]

    assert (row["state"], row["reason"], row["strikes"]) == ("failed", "poison", 3)
    assert BAD[deed] in row["error"]


@pytest.mark.fault(35)
def test_a_worker_deaf_to_polite_signals_is_killed_at_its_deadline(sabotaged, failures):
    row = failures["hang.flac"]

    assert (row["state"], row["reason"], row["strikes"]) == ("failed", "poison", 3)
    assert BAD["hang"] in row["error"]
    assert sabotaged.metric('worker_exits_total{reason="deadline"}') == 3


@pytest.mark.heavy
@pytest.mark.fault(35)
def test_a_deaf_worker_is_gone_within_a_second_of_its_deadline(make_home, mine, songs, start):
    songs("hang")
    home = make_home(mine)
    home.configure(TRACK_TIMEOUT_SECONDS=DEADLINE_S)
    daemon = start(home, **sabotage(CALL=ANALYSIS))
    pid = int(until(lambda: re.search(r"(\d+) is deaf", daemon.words()))[1])
    began = time.monotonic()
    deaf = psutil.Process(pid)
    deaf.terminate()

    deaf.wait(2 * DEADLINE_S)

    assert time.monotonic() - began == pytest.approx(DEADLINE_S, abs=1)


@pytest.mark.fault(33)
def test_the_neighbours_of_such_tracks_are_heard(sabotaged, failures):
    assert failures.keys() == {f"{deed}.flac" for deed in BAD}
    assert sabotaged.status()["tracks"]["full"] == len(GOOD)
    assert sabotaged.ask("/healthz")[0] == 200


@pytest.mark.heavy
@pytest.mark.fault(34)
@pytest.mark.timeout(180)
def test_a_worker_that_takes_all_memory_is_killed_and_nothing_is_held_against_its_track(
    make_home, mine, songs, memory_group, start
):
    songs("hog", *GOOD)
    home = make_home(mine)
    home.configure(MIN_MEMORY_FOR_FULL_ANALYSIS_GB=0)
    (memory_group / "memory.limit_in_bytes").write_text("700M")

    daemon = start(home, *joining(memory_group), **sabotage(CALL=ANALYSIS))

    until(lambda: daemon.status()["tracks"]["full"] == len(GOOD), 60)
    until(
        lambda: [row["path"].rpartition("/")[2] for row in home.facts("failures")] == ["hog.flac"],
        60,
    )
    (row,) = home.facts("failures")
    assert (row["state"], row["reason"], row["strikes"]) == ("waiting", "killed", 0)
    assert daemon.ask("/healthz")[0] == 200


@pytest.mark.fault(34)
def test_a_worker_that_gets_no_more_memory_is_held_against_no_track(make_home, mine, songs, start):
    songs(*GOOD)
    song(mine / "starve.flac", seconds=60.0)

    daemon = start(make_home(mine), **sabotage(CALL=DECODING))

    until(lambda: daemon.at_rest(1 + len(GOOD)))
    (row,) = daemon.home.facts("failures")
    assert row["path"].endswith("starve.flac")
    assert (row["state"], row["reason"], row["strikes"]) == ("waiting", "killed", 0)
    assert "MemoryError" in row["error"]
    assert daemon.status()["tracks"]["full"] == len(GOOD)


@pytest.mark.fault(36)
def test_a_track_on_which_the_daemon_always_dies_waits_while_all_others_are_heard(
    make_home, mine, songs, start
):
    songs("parricide", *GOOD)
    home = make_home(mine)
    for _ in range(1 + 3):  # in company, and alone
        victim = start(home, **sabotage(CALL=ANALYSIS))
        assert victim.ended(30)[0] == -signal.SIGKILL

    survivor = start(home, **sabotage(CALL=ANALYSIS))

    until(lambda: survivor.at_rest(1 + len(GOOD)))
    (row,) = home.facts("failures")
    assert row["path"].endswith("parricide.flac")
    assert (row["state"], row["reason"]) == ("waiting", "killed")
    assert survivor.status()["tracks"]["full"] == len(GOOD)


@pytest.mark.fault(37)
def test_a_daemon_frozen_with_its_workers_holds_the_time_against_no_track(
    make_home, mine, songs, start
):
    songs("linger")
    home = make_home(mine)
    home.configure(TRACK_TIMEOUT_SECONDS=2)
    daemon = start(home, **sabotage(CALL=ANALYSIS))
    until(lambda: daemon.busy)
    everyone = [psutil.Process(daemon.pid), *daemon.workers]
    for process in everyone:
        process.suspend()
    time.sleep(FROZEN_S + 3)
    for process in everyone:
        process.resume()

    until(lambda: daemon.at_rest(1))
    assert daemon.metric('worker_exits_total{reason="deadline"}') == 0
    assert daemon.status()["tracks"]["full"] == 1


@pytest.mark.fault(37)
@pytest.mark.needs("faketime", "faketime")
def test_a_clock_that_jumps_by_years_stops_nothing_and_is_held_against_no_track(
    make_home, songs, mine, tmp_path, start
):
    stamp = tmp_path / "clock"
    stamp.write_text("+0")
    (library,) = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
    songs("now")
    home = make_home(mine)
    clock = {"FAKETIME_TIMESTAMP_FILE": str(stamp), "FAKETIME_NO_CACHE": "1", "NO_FAKE_STAT": "1"}
    daemon = start(home, LD_PRELOAD=str(library), FAKETIME_DONT_FAKE_MONOTONIC="1", **clock)
    until(lambda: daemon.at_rest(1))

    for known, when in enumerate(("+10y", "-10y", "+0"), start=2):
        stamp.write_text(when)
        songs(when)
        until(lambda known=known: daemon.at_rest(known))

    ((years,),) = home.rows("SELECT (max(added_at) - min(added_at)) / 31557600 FROM file")
    assert years == 19  # and some days: the clock did jump
    assert daemon.ask("/healthz")[0] == 200
    assert daemon.status()["tracks"]["full"] == 4
    assert set(daemon.home.rows("SELECT missing_since FROM file")) == {(None,)}
    assert not home.facts("failures")
    assert daemon.metric('worker_exits_total{reason="deadline"}') == 0


@pytest.mark.fault(39)
@pytest.mark.needs("prlimit", "util-linux")
def test_with_64_descriptors_it_serves_and_analyses(make_home, mine, songs, start):
    songs(*map(str, range(30)))

    daemon = start(make_home(mine), "prlimit", "--nofile=64:64")

    until(lambda: daemon.at_rest(30))
    assert daemon.status()["tracks"]["full"] == 30
    assert daemon.metric('log_messages_total{level="error"}') == 0


@pytest.mark.fault(40)
@pytest.mark.timeout(120)
def test_with_hardly_any_memory_it_serves_waits_says_why_and_goes_on_once_there_is_some(
    make_home, mine, songs, memory_group, start
):
    songs(*GOOD)
    home = make_home(mine)
    (memory_group / "memory.limit_in_bytes").write_text("150M")

    daemon = start(home, *joining(memory_group))

    until(lambda: daemon.status()["workers"]["reason"] in SHORT_OF_MEMORY)
    assert daemon.ask("/healthz")[0] == 200
    assert daemon.metric("analyses_total") == 0
    assert set(home.rows("SELECT strikes, kills FROM job")) == {(0, 0)}
    (memory_group / "memory.limit_in_bytes").write_text("4G")
    until(lambda: daemon.at_rest(len(GOOD)), 60)
