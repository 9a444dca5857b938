"""The model in a real daemon: it comes, it is killed, it goes, and no track is lost by it."""

import json
import shutil
import signal
import time
from pathlib import Path

import psutil
import pytest

import sounds
from daemons import PIECES, Daemon, home_in, until

FEW, MANY = 4, 12
KILLS = 5
AGAIN = {"tags", "decode", "patches", "embedding"}
"""What takes time when only the model is new: the file is read once more."""


@pytest.fixture
def few(tmp_path):
    """Tracks of one patch each, for one test."""
    return tracks(tmp_path / "few", FEW, 4)


def tracks(folder, count, seconds):
    folder.mkdir()
    for number in range(count):
        sound = sounds.drums(60 + 9 * number, seconds, 22_050)
        sounds.write(folder / f"{number:02}.flac", sound, rate=22_050)
    return folder


def bring(models, home):
    """Put the model where a daemon looks for it."""
    folder = home.state / "models"
    folder.mkdir(parents=True)
    for file in models.iterdir():
        shutil.copy(file, folder)


def the_host(daemon):
    """Wait for the process that holds the model, as soon as it begins to load it; return it."""
    deadline = time.monotonic() + 30
    while True:
        for child in daemon.workers:
            try:
                if "onnxruntime" in Path(f"/proc/{child.pid}/maps").read_text():
                    return child
            except OSError:
                continue
        assert time.monotonic() < deadline, daemon.words()
        time.sleep(0.01)


def heard(home):
    """Return how many recordings have an embedding."""
    return home.rows("SELECT count(embedding) FROM audio")[0][0]


# --- a library that was heard without a model ---------------------------------------


class Upgrade:
    """A library before and after a model came, and what the daemon said of it."""

    def __init__(self, home, daemon, track, models):
        self._home, self._track = home, track
        until(lambda: daemon.at_rest(PIECES))
        self.before = self._look(daemon)
        bring(models, home)
        until(lambda: heard(home) == PIECES and daemon.at_rest(PIECES))
        self.after = self._look(daemon)
        self.analyses = daemon.metric('analyses_total{outcome="ok",tier="full"}')
        self.loads = daemon.metric("model_loads_total")

    def _look(self, daemon):
        return {
            "track": self._home.facts("explain", self._track),
            "status": daemon.status(),
            "model": json.loads(daemon.ask("/model_info")[1]),
            "lists": contents(self._home),
        }


def contents(home):
    return {file.name: file.read_bytes() for file in home.playlists.glob("*.m3u8")}


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory, analysed, compiled, music, models):
    folder = tmp_path_factory.mktemp("upgraded")
    home = home_in(folder, compiled, music)
    shutil.copytree(analysed.state, home.state)
    daemon = Daemon(home, folder)
    try:
        found = Upgrade(home, daemon, next(music.rglob("*.flac")), models)
    finally:
        daemon.stop()
    done = home.call("analyze")  # it ends when the playlists are up to date
    assert done.returncode == 0, done.stderr
    found.after["lists"] = contents(home)
    return found


def test_without_a_model_a_track_has_a_reason_for_what_it_lacks(upgraded):
    track = upgraded.before["track"]

    assert (track["model"], track["embedding"], track["tags"]) == (None, None, None)
    assert track["reasons"]["embedding"] == track["reasons"]["tags"] == "no model has listened"


def test_a_model_that_appears_gives_every_track_an_embedding_and_tags(upgraded):
    track = upgraded.after["track"]

    assert track["model"] == "msd-musicnn"
    assert len(track["embedding"]) == 200
    assert len(track["tags"]) == 50
    assert all(0 <= score <= 1 for score in track["tags"].values())
    assert not {"embedding", "tags"} & track["reasons"].keys()


def test_each_track_is_heard_once_and_the_model_loaded_once(upgraded):
    assert upgraded.analyses == PIECES
    assert upgraded.loads == 1


def test_what_was_known_is_not_analysed_again(upgraded):
    before, after = (upgraded.before["track"], upgraded.after["track"])

    assert after["seconds"].keys() - before["seconds"].keys() == {"patches", "embedding"}
    for stage in before["seconds"].keys() - AGAIN:
        assert after["seconds"][stage] == before["seconds"][stage]
    for field in ("bpm", "key", "loudness_lufs", "mfcc", "dynamic_complexity"):
        assert after[field] == before[field]


def test_the_engine_names_who_ran_the_model(upgraded):
    before, after = (upgraded.before["track"], upgraded.after["track"])

    assert after["engine"] == f"{before['engine']}+onnxruntime"


def test_no_playlist_changes_by_it(upgraded):
    assert upgraded.before["lists"]
    assert upgraded.after["lists"] == upgraded.before["lists"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_status_and_model_info_agree(upgraded, when):
    seen = getattr(upgraded, when)

    assert seen["status"]["model"].items() <= seen["model"].items()


def test_model_info_tells_where_the_model_comes_from_and_what_it_can_say(upgraded):
    model = upgraded.after["model"]

    assert (model["name"], model["runtime"], model["loaded"]) == (
        "msd-musicnn",
        "onnxruntime",
        True,
    )
    assert (model["source"], model["licence"]) == ("musicnn 0.1.0", "ISC")
    assert set(model["tags"]) == upgraded.after["track"]["tags"].keys()


def test_without_a_model_model_info_says_what_brings_one(upgraded):
    model = upgraded.before["model"]

    assert (model["name"], model["loaded"], model["tags"]) == (None, False, [])
    assert "playlista models fetch" in model["why"]


# --- the deep tier ------------------------------------------------------------------


def test_when_it_is_asked_for_a_short_track_is_heard_once_more_and_is_deep(
    few, make_home, models, start
):
    home = make_home(few)
    home.configure(DEEP_ANALYSIS="yes")
    bring(models, home)
    daemon = start(home)

    until(lambda: daemon.at_rest(FEW))

    assert home.rows("SELECT tier FROM audio") == [("deep",)] * FEW
    counted = [
        daemon.metric(f'analyses_total{{outcome="ok",tier="{t}"}}') for t in ("full", "deep")
    ]
    assert counted == [FEW, FEW]


# --- a process that is killed -------------------------------------------------------


@pytest.mark.timeout(120)
def test_a_model_killed_five_times_costs_no_track_its_embedding(tmp_path, make_home, models, start):
    home = make_home(tracks(tmp_path / "many", MANY, 10))
    bring(models, home)
    daemon = start(home)

    for _ in range(KILLS):
        host = the_host(daemon)
        host.send_signal(signal.SIGKILL)
        psutil.wait_procs([host], 5)

    until(lambda: daemon.at_rest(MANY), 60)
    assert heard(home) == MANY
    assert home.facts("failures") == []
    assert home.rows("SELECT * FROM job") == []
    assert daemon.metric("track_failures_total") == 0
    assert daemon.metric('analyses_total{outcome="ok",tier="full"}') == MANY


# --- memory that is short -----------------------------------------------------------


def test_under_the_failsafe_the_model_leaves_too_and_comes_back_after_it(
    few, make_home, models, start
):
    home = make_home(few)
    bring(models, home)
    daemon = start(home)
    until(lambda: daemon.at_rest(FEW))
    host = the_host(daemon)

    home.configure(MEMORY_FAILSAFE_PERCENT=1)
    daemon.signal(signal.SIGHUP)

    until(lambda: not host.is_running() and len(daemon.workers) <= 1)  # the last of the pool
    assert daemon.status()["workers"]["reason"] == "failsafe"
    until(lambda: not daemon.status()["model"]["loaded"])
    sounds.write(few / "new.flac", sounds.drums(200, 4, 22_050), rate=22_050)
    until(lambda: daemon.status()["backlog"]["ready"] == 1)

    home.configure(MEMORY_FAILSAFE_PERCENT=85)
    daemon.signal(signal.SIGHUP)

    until(lambda: heard(home) == FEW + 1 and daemon.at_rest(FEW + 1))


# --- the end ------------------------------------------------------------------------


@pytest.fixture
def stopped(few, make_home, models, start):
    """A home whose daemon was ended while every track waited for the model; and its end."""
    home = make_home(few)
    bring(models, home)
    daemon = start(home)
    the_host(daemon).suspend()
    until(lambda: daemon.status()["backlog"]["leased"] == FEW and not daemon.busy)
    children = daemon.workers
    daemon.signal(signal.SIGTERM)
    return home, daemon.ended(), children


def test_an_end_while_tracks_wait_for_the_model_loses_none_of_them(stopped, start):
    home, (status, seconds), children = stopped
    assert status == 0
    assert seconds < 10
    assert not psutil.wait_procs(children, 3)[1]
    assert home.rows("SELECT tier, embedding FROM audio") == [("full", None)] * FEW
    assert home.rows("SELECT state, upgrade, strikes, kills FROM job") == [("ready", 1, 0, 0)] * FEW

    again = start(home)

    until(lambda: again.at_rest(FEW))
    assert heard(home) == FEW


# --- a model that is not there ------------------------------------------------------


def test_a_model_that_is_named_and_not_there_ends_it_with_66_and_one_line(few, make_home):
    home = make_home(few)
    home.configure(MODEL="nosuch")

    done = home.call("run")

    assert (done.returncode, done.stdout) == (66, "")
    assert done.stderr.startswith("playlista: MODEL=nosuch: ")
    assert done.stderr.count("\n") == 1
