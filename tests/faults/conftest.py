"""What the faults share: short music, a way to break a process from within, namespaces."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from daemons import Daemon
from faults.odd import song

SABOTEUR = Path(__file__).with_name("saboteur")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A music folder of the test's own."""
    folder = tmp_path / "mine"
    folder.mkdir()
    return folder


@pytest.fixture
def songs(mine: Path) -> Callable[..., list[Path]]:
    """Return a function that puts short songs of these names into that folder."""
    return lambda *names: [song(mine / f"{name}.flac", seconds=1.0) for name in names]


def sabotage(**how: str) -> dict[str, str]:
    """Return what a daemon's environment needs for the saboteur to do so."""
    return {"PYTHONPATH": str(SABOTEUR)} | {f"SABOTAGE_{name}": it for name, it in how.items()}


def private(namespace: str) -> tuple[str, ...]:
    """Return the program that gives a daemon ``mount``s or a ``net`` that nobody else sees."""
    prefix = ("unshare", "--user", "--map-root-user", f"--{namespace}")
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs user namespaces: sysctl kernel.unprivileged_userns_clone=1")
    return prefix


@pytest.fixture
def private_mounts() -> tuple[str, ...]:
    """The program that gives a daemon mounts of its own."""
    return private("mount")


def within(daemon: Daemon, *command: object, network: bool = False) -> str:
    """Run a program among the mounts of a daemon, or in its network; return what it prints."""
    where = "--net" if network else "--mount"
    words = ("nsenter", "--target", str(daemon.pid), "--user", where, *map(str, command))
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def seen_by(daemon: Daemon, path: Path) -> Path:
    """Return the way to what a daemon sees under a path."""
    return Path(f"/proc/{daemon.pid}/root{path}")
