"""Daemons over real folders, with a NOTIFY_SOCKET like systemd's.

The shared music folder is analysed once. A test that only reads it starts from a copy of that
state, and the files keep their paths and inodes, so nothing of it is analysed again.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import sounds
from daemons import KINDS, PIECES, Daemon, Home, bare_environ, home_in, piece


@pytest.fixture(scope="session")
def compiled(pytestconfig: pytest.Config) -> dict[str, str]:
    """The environment of every daemon here; what numba compiles is kept for the next run."""
    return bare_environ() | {"NUMBA_CACHE_DIR": str(pytestconfig.cache.mkdir("numba"))}


@pytest.fixture(scope="session")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A music folder that nobody may change."""
    folder = tmp_path_factory.mktemp("music")
    for number in range(PIECES):
        album = folder / f"album {number % 3}"
        album.mkdir(exist_ok=True)
        file = album / f"{number:02}.{KINDS[number % len(KINDS)]}"
        sounds.write(file, piece(number), tags={"title": f"Piece {number}"})
    return folder


@pytest.fixture(scope="session")
def analysed(
    tmp_path_factory: pytest.TempPathFactory, compiled: dict[str, str], music: Path
) -> Home:
    """A home in which the shared folder has been analysed; to be copied, never used."""
    home = home_in(tmp_path_factory.mktemp("analysed"), compiled, music)
    done = home.call("analyze")
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture
def make_home(tmp_path: Path, compiled: dict[str, str]) -> Callable[..., Home]:
    """Return a function that makes an empty home watching the folders it is given."""
    return lambda *roots: home_in(tmp_path, compiled, *roots)


@pytest.fixture
def home(analysed: Home, make_home: Callable[..., Home], music: Path, tmp_path: Path) -> Home:
    """A home that knows the shared folder, and ``tmp_path/"mine"``, a folder of the test's own."""
    (tmp_path / "mine").mkdir(exist_ok=True)
    home = make_home(music, tmp_path / "mine")
    shutil.copytree(analysed.state, home.state)
    return home


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Daemon]]:
    """Return a function that starts a daemon, if need be through another program.

    All are ended after the test.
    """
    started: list[Daemon] = []

    def begin(home: Home, *prefix: str, **environ: str) -> Daemon:
        folder = tmp_path / f"run{len(started)}"
        folder.mkdir()
        daemon = Daemon(home, folder, prefix, **environ)
        started.append(daemon)
        return daemon

    yield begin
    for daemon in started:
        daemon.stop()
