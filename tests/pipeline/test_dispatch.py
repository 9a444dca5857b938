"""Real workers on real sounds of half a second, in the quick tier."""

import itertools
import os
import sqlite3
import tempfile
import threading
import time
from pathlib import Path

import pytest

from playlista.audio.zeros import RUN_N
from playlista.config.settings import Config
from playlista.features.patches import MANY
from playlista.inference.messages import PATCH_BYTES
from playlista.pipeline import steering
from playlista.pipeline.dispatch import CALM_S, IDLE_S, Dispatch
from playlista.pipeline.ear import Ear
from playlista.pipeline.save import Save
from playlista.pool import governor, memory
from playlista.pool.outcome import Outcome
from playlista.records import Appeared, Draft, Signature, Tier
from playlista.stages import Wanted
from playlista.store.backlog import failures
from playlista.store.tracks import Tracks
from playlista.units import Bytes, Seconds
from playlista.web import replies
from shelf import Shelf, analysis
from sounds import noise, silence, tone, write

WITHIN_S = 30.0


@pytest.fixture
def shelf(tmp_path):
    """A store whose root is a real folder, wanting the quick tier."""
    one = Shelf(tmp_path / "state" / "playlista.db", Tier.QUICK)
    (tmp_path / "music").mkdir()
    one.root = Tracks(one.database).root(os.fsencode(tmp_path / "music"))
    yield one
    one.database.close()


@pytest.fixture
def land(shelf, tmp_path):
    """Return a function that puts a sound into the root, and into the backlog."""
    pitches = itertools.count(200)

    def put(name, content=None):
        path = tmp_path / "music" / name
        if content is None:
            write(path, tone(0.5, next(pitches)))
        else:
            path.write_bytes(content)
        signature = Signature.of(path.stat())
        found = Appeared(shelf.root.root_id, os.fsencode(name), signature, True, time.time())
        shelf.tracks.apply([found])
        return shelf.known(os.fsencode(name)).file_id

    return put


def config(shelf, *, audio=None, **pool):
    given = {
        "store": {"state_path": shelf.path.parent},
        "pool": {
            "workers": 1,
            "min_available_memory_gb": 0,
            "memory_reserved_gb": 0,
            "memory_per_worker_gb": 0.001,
            **pool,
        },
        "audio": {"fast_mode": True, **(audio or {})},
    }
    return Config.model_validate(given)


@pytest.fixture
def dispatching(shelf, metrics):
    """Return a function that makes a dispatch for the test's own thread."""
    made = []

    def make(*, patient=True, audio=None, **pool):
        kept = []
        settings = config(shelf, audio=audio, **pool)
        one = Dispatch(
            Save(shelf.backlog, metrics),
            Ear(settings, metrics, answered=lambda: None, squeezed=lambda: False),
            settings,
            metrics,
            patient=patient,
            on_settled=kept.append,
        )
        one.kept = kept
        made.append(one)
        return one

    yield make
    for one in made:
        one._finish(one._pool.close())
        one._ear._pool.close()


def until(dispatch, done):
    """Step until a claim is true."""
    deadline = time.monotonic() + WITHIN_S
    while not done():
        assert time.monotonic() < deadline
        dispatch.step()


def set_aside(shelf):
    with shelf.database.reading() as read:
        return [(f.path.rpartition(b"/")[2].decode(), f.reason) for f in failures(read)]


def content_of(shelf, name):
    return Path(os.fsdecode(shelf.root.path), name).read_bytes()


def encoded(sound, kind):
    """Return the bytes of a file of a sound, or of several, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        return write(Path(folder) / "x", sound, kind).read_bytes()


def with_a_hole(whole):
    begin = len(whole) // 2
    return whole[:begin] + bytes(2 * RUN_N) + whole[begin + 2 * RUN_N :]


def order_of_results(shelf):
    with shelf.database.reading() as read:
        rows = read.execute("SELECT relpath FROM file WHERE audio_id NOT NULL ORDER BY id")
        return [os.fsdecode(row["relpath"]) for row in rows]


def test_every_track_is_analysed_and_then_it_is_calm(dispatching, land, shelf, counted):
    for name in ("a.wav", "b.wav", "c.wav"):
        land(name)
    dispatch = dispatching()

    until(dispatch, lambda: dispatch.calm)

    assert shelf.states() == {}
    assert len(order_of_results(shelf)) == 3
    assert (dispatch.settled, sum(map(len, dispatch.kept))) == (3, 3)
    assert counted("analyses_total", tier="quick", outcome="ok") == 3
    assert dispatch.facts.workers["target"] == 1
    assert dispatch.facts.memory["failsafe_ratio"] == 0.85


def test_what_holds_a_known_recording_is_not_analysed(dispatching, land, shelf, counted):
    land("a.wav")
    dispatch = dispatching()
    until(dispatch, lambda: dispatch.calm)
    land("copy.wav", content_of(shelf, "a.wav") + b"LIST\4\0\0\0INFO")

    until(dispatch, lambda: shelf.states() == {})

    assert order_of_results(shelf) == ["a.wav", "copy.wav"]
    assert counted("analyses_total", tier="quick", outcome="ok") == 1
    assert counted("recognised_total", how="packets") == 1
    assert dispatch.settled == 2


def test_what_only_begins_like_a_known_recording_is_analysed(dispatching, land, shelf, counted):
    land("a.wav", encoded([silence(1), tone(0.5, 200)], "wav"))
    dispatch = dispatching()
    until(dispatch, lambda: dispatch.calm)
    land("b.wav", encoded([silence(1), tone(0.5, 300)], "wav"))

    until(dispatch, lambda: shelf.states() == {})

    assert counted("analyses_total", tier="quick", outcome="ok") == 2
    assert counted("recognised_total", how="packets") == 0


@pytest.mark.parametrize("damage", [lambda whole: whole[: len(whole) // 2], with_a_hole])
def test_a_download_of_a_known_recording_is_incomplete_until_it_is_whole(
    dispatching, land, shelf, counted, damage
):
    land("a.flac", encoded(noise(5), "flac"))
    dispatch = dispatching()
    until(dispatch, lambda: dispatch.calm)
    land("half.flac", damage(content_of(shelf, "a.flac")))

    until(dispatch, lambda: set_aside(shelf))

    assert set_aside(shelf) == [("half.flac", "incomplete")]
    assert counted("recognised_total", how="flac") == 0


def test_what_is_told_of_the_machine_is_what_the_interface_promises(dispatching):
    dispatch = dispatching()
    dispatch._hand_out()

    told = replies.Memory.model_validate(dispatch.facts.memory)
    processors = replies.Processors.model_validate(dispatch.facts.processors)

    assert 0 < told.available_bytes <= told.limit_bytes
    assert 0 < processors.usable <= os.cpu_count()


@pytest.mark.parametrize(("look_s", "looks"), [(3600.0, 1), (0.0, 3)])
def test_memory_is_not_read_for_every_short_track(dispatching, monkeypatch, look_s, looks):
    seen = []
    read = memory.read
    monkeypatch.setattr(memory, "read", lambda **last: seen.append(last) or read(**last))
    monkeypatch.setattr(steering, "LOOK_S", look_s)
    dispatch = dispatching()
    seen.clear()

    for _ in range(3):
        dispatch._hand_out()

    assert len(seen) == looks


def test_tracks_run_in_the_order_in_which_they_landed(dispatching, land, shelf):
    for name in ("c.wav", "a.wav", "b.wav"):
        land(name)
    dispatch = dispatching()

    until(dispatch, lambda: dispatch.settled == 1)

    assert order_of_results(shelf) == ["c.wav"]


def test_every_worker_gets_a_track(dispatching, land):
    for name in ("a.wav", "b.wav", "c.wav"):
        land(name)
    dispatch = dispatching(workers=2)

    dispatch._hand_out()

    assert dispatch._in_hand == 2


def test_a_worker_between_two_short_tracks_is_not_spare(dispatching, land, counted, monkeypatch):
    for number in range(6):
        land(f"{number}.wav")
    views = []
    decide = governor.decide
    monkeypatch.setattr(governor, "decide", lambda view, *r: views.append(view) or decide(view, *r))
    dispatch = dispatching()
    until(dispatch, lambda: dispatch.settled == 2)  # the first waits for its worker
    views.clear()

    while dispatch.settled < 5:
        dispatch.step()
        if dispatch.settled < 5:
            assert counted("workers", state="busy") == 1

    assert {view.running for view in views} == {1}


def test_who_asks_for_one_pass_does_not_wait_for_the_end_of_quiet_hours(dispatching, land, shelf):
    land("a.wav")
    dispatch = dispatching(patient=True, quiet_hours="00:00-24:00", quiet_workers=0)

    until(dispatch, lambda: dispatch.calm)

    assert order_of_results(shelf) == ["a.wav"]


def test_a_memory_that_is_full_means_no_lease_until_there_is_room_again(
    dispatching, land, counted, monkeypatch
):
    land("a.wav")
    dispatch = dispatching()
    used = Bytes(850)
    monkeypatch.setattr(steering, "LOOK_S", 0.0)
    monkeypatch.setattr(
        memory, "read", lambda **_: memory.Memory((memory.Scope("group", used, Bytes(1000)),))
    )
    dispatch._hand_out()
    assert counted("leases_total") == 0

    used = Bytes(500)
    until(dispatch, lambda: dispatch.calm)

    assert counted("leases_total") == 1


def test_a_full_queue_leases_no_more(dispatching, land):
    for name in ("a.wav", "b.wav", "c.wav"):
        land(name)
    dispatch = dispatching(workers=2, queue_max_size=1)

    dispatch._hand_out()
    dispatch._hand_out()

    assert dispatch._in_hand == 1


def deep_draft(job):
    """As large as one can be."""
    return Outcome(job, 1, Seconds(1.0), value=Draft(analysis(), bytes(MANY * PATCH_BYTES)))


def test_one_deep_draft_may_wait_for_the_model_and_workers_go_on(dispatching, land):
    land("a.wav")
    dispatch = dispatching()
    dispatch._ear._room.enter(deep_draft(dispatch._backlog.ready(1)[0]))

    dispatch._hand_out()

    assert dispatch._in_hand == 1


def test_no_more_is_leased_while_too_much_waits_for_the_model(dispatching, land):
    land("a.wav")
    dispatch = dispatching()
    job = dispatch._backlog.ready(1)[0]
    for _ in range(2):
        dispatch._ear._room.enter(deep_draft(job))
    dispatch._hand_out()
    assert not dispatch._in_hand

    dispatch._ear.close()
    dispatch._ear.take()
    dispatch._hand_out()

    assert dispatch._in_hand == 1


def test_a_track_that_changes_meanwhile_is_in_hand_twice(dispatching, land, shelf):
    dispatch = dispatching(workers=2)
    for _ in range(2):
        land("a.wav")
        dispatch._hand_out()
    assert dispatch._in_hand == 2

    until(dispatch, lambda: dispatch.calm)

    assert dispatch._in_hand == 0
    assert order_of_results(shelf) == ["a.wav"]


def test_a_large_file_has_no_neighbour(dispatching, land):
    for name in ("a.wav", "b.wav"):
        land(name)
    dispatch = dispatching(workers=2, parallel_max_file_size_mb=0.001)

    dispatch._hand_out()
    dispatch._hand_out()

    assert dispatch._in_hand == 1


def test_a_track_that_does_not_fit_beside_another_waits(dispatching, land):
    land("a.wav")
    land("b.wav")
    dispatch = dispatching(workers=2, memory_per_worker_gb=10_000)

    dispatch._hand_out()
    dispatch._hand_out()

    assert dispatch._in_hand == 1


def test_a_track_that_was_killed_runs_last_and_alone(dispatching, land, shelf):
    land("a.wav")
    land("b.wav")
    (job, _) = shelf.backlog.ready(2)
    shelf.backlog.lease(job)
    shelf.backlog.killed(job, "short of memory")
    dispatch = dispatching(workers=2)

    until(dispatch, lambda: dispatch.settled == 1)

    assert order_of_results(shelf) == ["b.wav"]


def test_what_is_too_large_is_refused_counted_and_told(dispatching, land, shelf, counted):
    land("a.wav")
    dispatch = dispatching(sequential_max_file_size_mb=0.001)

    until(dispatch, lambda: dispatch.calm)

    assert set_aside(shelf) == [("a.wav", "too_large")]
    assert counted("track_failures_total", reason="too_large") == 1
    assert dispatch.settled == 1


def test_what_is_no_music_is_set_aside_and_the_rest_goes_on(dispatching, land, shelf):
    land("a.mp3", b"ID3 is all that is music about this" * 100)
    land("b.wav")
    dispatch = dispatching()

    until(dispatch, lambda: dispatch.calm)

    assert [name for name, _ in set_aside(shelf)] == ["a.mp3"]
    assert order_of_results(shelf) == ["b.wav"]


def test_a_file_that_changed_since_it_was_queued_waits_for_intake(dispatching, land, shelf):
    land("a.wav")
    path = Path(os.fsdecode(shelf.root.path)) / "a.wav"
    with path.open("ab") as file:
        file.write(b"more")
    dispatch = dispatching()

    until(dispatch, lambda: dispatch.calm)

    assert set_aside(shelf) == [("a.wav", "changed")]


def test_results_wait_for_a_busy_database_and_are_told_once(dispatching, land, shelf, counted):
    land("a.wav")
    dispatch = dispatching()
    dispatch._hand_out()
    shelf.database._connection.execute("PRAGMA busy_timeout = 0")
    other = sqlite3.connect(shelf.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    until(dispatch, lambda: dispatch._unsaved)
    dispatch.step()
    assert not dispatch.calm
    assert dispatch.settled == 0

    other.close()
    until(dispatch, lambda: dispatch.calm)

    assert (dispatch.settled, sum(map(len, dispatch.kept))) == (1, 1)
    assert counted("analyses_total", tier="quick", outcome="ok") == 1


def test_while_leases_cannot_be_written_it_is_not_calm(dispatching, land, shelf):
    land("a.wav")
    dispatch = dispatching()
    shelf.database._connection.execute("PRAGMA busy_timeout = 0")
    other = sqlite3.connect(shelf.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    dispatch.wake()

    dispatch.step()
    other.close()

    assert not dispatch.calm
    assert shelf.states() == {"ready": 1}


def test_news_while_it_looks_are_not_mistaken_for_calm(dispatching, monkeypatch, shelf):
    dispatch = dispatching()
    look = shelf.backlog.ready

    def land_meanwhile(limit):
        found = look(limit)
        dispatch.wake()
        return found

    monkeypatch.setattr(shelf.backlog, "ready", land_meanwhile)
    dispatch.step()

    assert not dispatch.calm


def test_an_upgrade_that_must_wait_for_memory_does_not_keep_it_from_being_calm(
    dispatching, land, shelf
):
    land("a.wav")
    shelf.backlog.want(Wanted(Tier.FULL))
    dispatch = dispatching(audio={"fast_mode": False}, min_memory_for_full_analysis_gb=10_000)

    until(dispatch, lambda: dispatch.calm)

    (job,) = shelf.backlog.ready(10)
    assert job.upgrade
    assert order_of_results(shelf) == ["a.wav"]


def test_another_memory_limit_takes_effect_on_new_workers(dispatching, land, shelf):
    land("a.wav")
    dispatch = dispatching()
    until(dispatch, lambda: dispatch.calm)
    before = dispatch._pool

    dispatch.reload(config(shelf, memory_limit="3GB"))
    land("b.wav")
    until(dispatch, lambda: dispatch.calm and dispatch._pool is not before)

    assert before.states == {}
    assert order_of_results(shelf) == ["a.wav", "b.wav"]


def test_a_reload_that_changes_nothing_for_workers_keeps_them(dispatching, shelf):
    dispatch = dispatching()
    before = dispatch._pool

    dispatch.reload(config(shelf, queue_max_size=7))
    dispatch.wake()
    dispatch.step()

    assert dispatch._pool is before
    assert dispatch._config.pool.queue_max_size == 7


def test_a_reload_to_the_full_tier_queues_what_is_below_it(dispatching, land, shelf):
    land("a.wav")
    dispatch = dispatching()
    until(dispatch, lambda: dispatch.calm)

    dispatch.reload(config(shelf, audio={"fast_mode": False}, low_memory=True))
    dispatch.wake()
    dispatch.step()

    assert shelf.backlog.wanted.tier is Tier.FULL
    assert sum(shelf.states().values()) == 1


def test_a_reload_that_the_database_refuses_is_tried_again(dispatching, shelf):
    dispatch = dispatching()
    shelf.database._connection.execute("PRAGMA busy_timeout = 0")
    other = sqlite3.connect(shelf.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    dispatch.reload(config(shelf, audio={"fast_mode": False}))
    dispatch.wake()
    dispatch.step()
    assert shelf.backlog.wanted.tier is Tier.QUICK

    other.close()
    dispatch.wake()
    dispatch.step()

    assert shelf.backlog.wanted.tier is Tier.FULL


def test_the_first_guess_of_a_need_is_the_configured_one(dispatching):
    dispatch = dispatching(memory_per_worker_gb=0.25)

    assert dispatch._estimates.needs.predict(Tier.QUICK) == 250_000_000


@pytest.mark.parametrize("wanted", [True, False])
def test_workers_are_weighed_only_when_that_is_wanted(dispatching, land, wanted):
    land("a.wav")
    dispatch = dispatching(audio={"memory_monitoring_enabled": wanted})

    dispatch.step()

    assert (dispatch.worker_memory_bytes is not None) is wanted


def test_what_was_in_hand_at_the_end_is_given_back(dispatching, land, shelf):
    land("a.wav")
    dispatch = dispatching()
    dispatch._hand_out()
    assert shelf.states() == {"leased": 1}
    stop = threading.Event()
    stop.set()

    dispatch.run(stop, lambda: None)

    (job,) = shelf.backlog.ready(10)
    assert (job.strikes, job.alone) == (0, False)


def test_a_worker_is_ready_before_what_is_expected_arrives(dispatching):
    dispatch = dispatching()
    dispatch.expect()

    until(dispatch, lambda: dispatch._pool.idle == 1)

    assert dispatch.calm


def test_it_rests_longer_while_there_is_neither_work_nor_a_worker(dispatching, land, monkeypatch):
    dispatch, rests = dispatching(min_available_memory_gb=1e6), []
    monkeypatch.setattr(dispatch._pool, "collect", lambda rest_s: rests.append(rest_s) or [])

    dispatch.step()
    land("a.wav")
    dispatch.step()

    assert rests == [CALM_S, IDLE_S]
