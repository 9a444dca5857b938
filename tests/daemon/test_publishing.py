"""The playlist folder may go away: the daemon says so, and catches up."""

import shutil

import pytest

import sounds
from daemons import PIECES, piece, until


@pytest.fixture
def daemon(home, start):
    daemon = start(home)
    until(lambda: daemon.at_rest(PIECES))
    return daemon


@pytest.mark.fault(46)
def test_a_deleted_folder_is_filled_again(daemon, home):
    before = home.lists()

    shutil.rmtree(home.playlists)

    until(lambda: home.playlists.is_dir() and home.lists() == before)
    assert "are gone, and are written again" in daemon.words()
    assert home.replays()


@pytest.mark.usefixtures("daemon")
def test_a_deleted_playlist_is_written_again(home):
    before = home.lists()

    next(home.playlists.glob("*.m3u8")).unlink()

    until(lambda: home.lists() == before)


@pytest.mark.fault(46)
def test_a_folder_that_cannot_be_written_is_caught_up_with_later(daemon, home, tmp_path):
    shutil.rmtree(home.playlists)
    home.playlists.write_text("in the way, even of root")

    sounds.write(tmp_path / "mine" / "landed.flac", piece(PIECES))

    until(lambda: "playlists are not up to date" in daemon.words())
    assert daemon.ask("/healthz")[0] == 200
    assert daemon.metric('outlet_pushes_total{outcome="failed",outlet="m3u8"}') > 0
    home.playlists.unlink()
    until(lambda: home.playlists.is_dir() and tmp_path / "mine" / "landed.flac" in home.paths())
    until(home.replays)
