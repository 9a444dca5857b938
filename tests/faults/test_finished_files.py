"""Downloads under a running daemon, whoever it runs as and whoever owns the music."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest

import sounds
from daemons import PIECE_S, Daemon, Home, home_in, piece, until
from writers import NOBODY, NOBODY_ID, NOBODY_WITH_CAP_LEASE, needs_root, public_folder


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A whole track."""
    return sounds.write(tmp_path_factory.mktemp("song") / "x.flac", piece(1)).read_bytes()


@pytest.fixture
def public_home(compiled: dict[str, str]) -> Iterator[Home]:
    """A home that nobody may use, with a folder ``music`` beside it."""
    before = os.umask(0)
    with public_folder() as folder:
        folder.chmod(0o777)
        (folder / "music").mkdir()
        cache = shutil.copytree(compiled["NUMBA_CACHE_DIR"], folder / "numba")
        for path in (cache, *cache.rglob("*")):
            path.chmod(0o777)
        environ = compiled | {"HOME": str(folder), "NUMBA_CACHE_DIR": str(cache)}
        home = home_in(folder, environ, folder / "music")
        home.configure(FAST_MODE="true")
        yield home
    os.umask(before)


@pytest.fixture
def begin(public_home: Home) -> Iterator[Callable[..., Daemon]]:
    """Return a function that starts the daemon as somebody."""
    daemons: list[Daemon] = []

    def started(*prefix: str) -> Daemon:
        run = public_home.state.with_name("run")
        run.mkdir()
        daemons.append(Daemon(public_home, run, prefix))
        return daemons[-1]

    yield started
    for daemon in daemons:
        daemon.stop()


@pytest.mark.fault(29)
@needs_root
@pytest.mark.needs("setpriv", "util-linux")
@pytest.mark.parametrize(
    ("who", "owner"),
    [((), 0), (NOBODY, NOBODY_ID), (NOBODY_WITH_CAP_LEASE, 0)],
    ids=["root", "the owner", "CAP_LEASE"],
)
def test_a_download_that_pauses_is_analysed_once_when_it_is_whole(
    begin, public_home, song, who, owner
):
    daemon = begin(*who)
    path = public_home.state.with_name("music") / "song.flac"
    with path.open("wb", buffering=0) as download:
        os.chown(path, owner, owner)
        download.write(song[: len(song) // 2])
        until(lambda: daemon.status()["watch"]["roots"][0]["open"] == 1)
        assert daemon.status()["tracks"]["total"] == 0
        download.write(song[len(song) // 2 :])
    until(lambda: daemon.at_rest(1))

    assert daemon.metric("analyses_total") == 1
    assert daemon.metric("track_failures_total") == 0


@pytest.mark.fault(29)
@needs_root
@pytest.mark.needs("setpriv", "util-linux")
def test_where_the_kernel_does_not_tell_half_a_download_is_incomplete_until_it_is_whole(
    begin, public_home, song
):
    daemon = begin(*NOBODY)
    path = public_home.state.with_name("music") / "song.flac"
    with path.open("wb", buffering=0) as download:
        download.write(song[: len(song) // 2])
        until(lambda: daemon.status()["backlog"]["incomplete"] == 1)
        download.write(song[len(song) // 2 :])
    until(lambda: daemon.status()["tracks"]["quick"] == 1)

    assert daemon.status()["backlog"]["incomplete"] == 0


@pytest.mark.fault(29)
@pytest.mark.fault(30)
def test_what_was_heard_of_a_file_that_changed_meanwhile_is_thrown_away(
    begin, public_home, song, tmp_path
):
    path = public_home.state.with_name("music") / "song.flac"
    sounds.write(path, sounds.noise(300))
    daemon = begin()
    until(lambda: daemon.busy)
    for worker in daemon.workers:
        worker.suspend()
    (tmp_path / "other").write_bytes(song)
    (tmp_path / "other").replace(path)
    for worker in daemon.workers:
        worker.resume()
    until(lambda: daemon.status()["tracks"]["quick"] == 1)

    assert public_home.facts("explain", path)["duration_s"] == pytest.approx(PIECE_S, abs=0.1)
    assert daemon.metric('track_failures_total{reason="changed"}') == 1
