"""Whatever lies in a music folder ends in a result, or in a reason that a person understands."""

import os
from pathlib import Path

import pytest

import sounds
from daemons import MORTAL, PIECES, Daemon, home_in, until

HEARD = ("whole.mp3", "a moment.wav", "silence.flac", "\\xff\\xfe.wav")
SET_ASIDE = {
    "truncated.mp3": ("incomplete", "only 0:05.0 of 0:10.0 is there"),
    "truncated.flac": ("incomplete", "of 0:10.0 is there"),
    "beginning.mp3": ("unreadable", "no decoder can read"),
    "picture.mp3": ("not_audio", "is a PNG image"),
    "nothing.flac": ("empty", "0 bytes"),
    "pipe.flac": ("not_audio", "is a named pipe"),
    "words.ogg": ("not_audio", "is a text file"),
    "two\\x0alines.wav": ("unreadable", "no decoder can read"),
}
NEVER_SEEN = ("folder.mp3", "loop.mp3", "nowhere.mp3", ".hidden.wav", "unfinished.flac.part")


def fill(folder: Path) -> None:
    """Make one of each."""
    mp3 = sounds.write(folder / "whole.mp3", sounds.cadence("C major", 10)).read_bytes()
    flac = sounds.write(folder / "truncated.flac", sounds.cadence("D major", 10))
    os.truncate(flac, flac.stat().st_size // 2)
    (folder / "truncated.mp3").write_bytes(mp3[: len(mp3) // 2])
    (folder / "beginning.mp3").write_bytes(mp3[:300])
    (folder / "picture.mp3").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20)
    (folder / "nothing.flac").touch()
    os.mkfifo(folder / "pipe.flac")
    (folder / "words.ogg").write_text("not a song\n" * 100)
    wav = sounds.write(folder / "a moment.wav", sounds.tone(0.1)).read_bytes()
    (folder / "two\nlines.wav").write_bytes(wav[:30])
    sounds.write(folder / "silence.flac", sounds.silence(600, 8000), rate=8000)
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe.wav")).write_bytes(
        sounds.write(folder / ".hidden.wav", sounds.cadence("E major", 5)).read_bytes()
    )
    (folder / "unfinished.flac.part").write_bytes(wav)
    (folder / "folder.mp3").mkdir()
    (folder / "loop.mp3").symlink_to("loop.mp3")
    (folder / "nowhere.mp3").symlink_to("nothing here")
    (folder / "folder.mp3" / "up").symlink_to("..")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    fill(folder)
    return folder


@pytest.fixture(scope="module")
def daemon(corpus, compiled, tmp_path_factory):
    """A daemon that has seen them all."""
    folder = tmp_path_factory.mktemp("daemon")
    daemon = Daemon(home_in(folder, compiled, corpus), folder)
    try:
        until(lambda: daemon.at_rest(len(HEARD) + len(SET_ASIDE)))
        yield daemon
    finally:
        daemon.stop()


@pytest.fixture(scope="module")
def failures(daemon):
    """What ``playlista failures`` says, by file name."""
    return {Path(row["path"]).name: row for row in daemon.home.facts("failures")}


@pytest.mark.parametrize("name", HEARD)
def test_it_is_heard(daemon, corpus, name):
    path = os.fsencode(corpus / name).replace(b"\\xff\\xfe", b"\xff\xfe")

    told = daemon.home.facts("explain", os.fsdecode(path))

    assert told["tier"] == "full"
    assert told["duration_s"] > 0


@pytest.mark.parametrize("name", SET_ASIDE)
def test_it_is_set_aside_for_a_reason(failures, name):
    reason, why = SET_ASIDE[name]

    assert failures[name]["reason"] == reason
    assert why in failures[name]["error"]
    assert failures[name]["remedy"]


def test_nothing_else_is_set_aside(failures):
    assert failures.keys() == SET_ASIDE.keys()


@pytest.mark.parametrize("name", NEVER_SEEN)
def test_it_is_no_file_of_music(daemon, name):
    rows = daemon.home.rows("SELECT relpath FROM file WHERE relpath LIKE ?", f"%{name}")

    assert rows == []


def test_every_value_that_silence_cannot_have_says_why(daemon, corpus):
    told = daemon.home.facts("explain", corpus / "silence.flac")

    assert told["duration_s"] == pytest.approx(600, abs=1)
    for name in ("bpm", "key", "loudness_lufs"):
        assert told[name] is None
        assert told["reasons"][name]


def test_the_daemon_is_none_the_worse(daemon):
    assert daemon.ask("/healthz")[0] == 200
    assert daemon.ask("/readyz")[0] == 200
    assert daemon.metric('log_messages_total{level="error"}') == 0
    exits = daemon.ask("/metrics")[1]
    assert 'worker_exits_total{reason="signal"} 0.0' in exits
    assert 'worker_exits_total{reason="deadline"} 0.0' in exits


@pytest.mark.fault(30)
@pytest.mark.needs("setpriv", "util-linux")
def test_a_file_that_may_not_be_read_says_so_and_is_heard_once_it_may(home, start, tmp_path):
    file = sounds.write(tmp_path / "mine" / "locked.flac", sounds.cadence("F major", 5))
    file.chmod(0)
    home.configure(SCAN_INTERVAL_SECONDS=1)  # a change of mode alone is no event

    daemon = start(home, *MORTAL)

    until(lambda: daemon.at_rest(PIECES + 1))
    assert [row["reason"] for row in home.facts("failures")] == ["unavailable"]
    file.chmod(0o644)
    until(lambda: daemon.status()["tracks"]["full"] == PIECES + 1)
