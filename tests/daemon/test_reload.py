"""SIGHUP: a good configuration is taken over, a broken one changes nothing."""

import signal

import pytest

import sounds
from daemons import PIECES, piece, until


@pytest.mark.fault(47)
def test_a_broken_file_keeps_the_old_configuration_and_says_which_line(home, start):
    daemon = start(home)
    home.configure(LOG_LEVEL="loud")

    daemon.signal(signal.SIGHUP)

    daemon.told("RELOADING=1")
    daemon.told("READY=1")
    until(lambda: f"line {len(home.settings)}" in daemon.words())
    assert "the old configuration stays" in daemon.words()
    assert "LOG_LEVEL=loud" in daemon.words()
    assert daemon.ask("/healthz")[0] == 200


def test_a_new_root_is_analysed_and_a_file_put_right_is_taken_over(home, start, tmp_path, music):
    other = tmp_path / "other"
    other.mkdir()
    sounds.write(other / "new.flac", piece(PIECES))
    daemon = start(home)
    until(lambda: daemon.at_rest(PIECES))

    home.configure(MUSIC_PATHS=f"{music}:{other}")
    daemon.signal(signal.SIGHUP)

    daemon.told("READY=1")
    until(lambda: daemon.at_rest(PIECES + 1) and daemon.status()["tracks"]["full"] == PIECES + 1)


def test_a_root_that_is_watched_no_longer_loses_no_track(home, start, music, tmp_path):
    sounds.write(tmp_path / "mine" / "one.flac", piece(PIECES))
    daemon = start(home)
    until(lambda: daemon.at_rest(PIECES + 1))

    home.configure(MUSIC_PATHS=music)
    daemon.signal(signal.SIGHUP)

    daemon.told("READY=1")
    until(lambda: len(daemon.status()["watch"]["roots"]) == 1)
    assert daemon.at_rest(PIECES + 1)


def test_the_log_level_changes(home, start, tmp_path):
    daemon = start(home)
    until(lambda: daemon.at_rest(PIECES))
    home.configure(LOG_LEVEL="error")

    daemon.signal(signal.SIGHUP)

    daemon.told("READY=1")
    until(lambda: daemon.metric('log_messages_total{level="info"}') > 0)
    said = daemon.words()
    sounds.write(tmp_path / "mine" / "one.flac", piece(PIECES))
    until(lambda: daemon.at_rest(PIECES + 1))
    assert daemon.words() == said


def test_what_only_a_restart_changes_is_said(home, start):
    daemon = start(home)
    home.configure(HTTP_LISTEN="127.0.0.1:1")

    daemon.signal(signal.SIGHUP)

    daemon.told("READY=1")
    until(lambda: "HTTP_LISTEN takes effect after a restart" in daemon.words())
