"""The command line as a person meets it: a process, its two voices and its status."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sounds import cadence, clicks, write

PLAYLISTA = (sys.executable, "-m", "playlista")
KEYS = ("C major", "D minor", "E major", "F# minor", "G major", "A minor", "B major", "C minor")


@dataclass(frozen=True)
class Home:
    """A home folder of its own, with nothing configured but where things are.

    Attributes:
        folder: $HOME.
        keys: Configuration keys, as the environment gives them.
    """

    folder: Path
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        """Where everything remembered lies."""
        return self.folder / ".local/state/playlista"

    @property
    def environ(self) -> dict[str, str]:
        """The environment of every command."""
        given = {
            "HOME": str(self.folder),
            "PLAYLISTA_HTTP_LISTEN": "127.0.0.1:1",  # nobody answers there
            "PLAYLISTA_SETTLE_SECONDS": "0",
        }
        kept = ("PATH", "LANG", "NUMBA_CACHE_DIR")
        return {key: os.environ[key] for key in kept if key in os.environ} | given | self.keys

    def run(self, *arguments: str | bytes | Path) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [*PLAYLISTA, *arguments],
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=50,
            stdin=subprocess.DEVNULL,
        )

    def facts(self, *arguments: str | bytes | Path) -> Any:
        """Run a command that prints facts, and read them."""
        done = self.run(*arguments, "--json")
        assert (done.stderr, done.returncode) == ("", 0)
        return json.loads(done.stdout)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A fresh home."""
    return Home(tmp_path)


@pytest.fixture(scope="session")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight sounds of a second, one text that calls itself music, one name that is not UTF-8."""
    folder = tmp_path_factory.mktemp("music")
    for number, key in enumerate(KEYS):
        sound = cadence(key, 1.0) * 0.5 + clicks(90 + 10 * number, 1.0) * 0.4
        write(folder / f"{number}.flac", sound, tags={"title": f":cat: [b]{key}[/b]"})
    (folder / "broken.mp3").write_bytes(b"ID3" + bytes(4000))
    (folder / "7.flac").rename(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.flac"))
    return folder


@pytest.fixture(scope="session")
def heard(tmp_path_factory: pytest.TempPathFactory, music: Path) -> Home:
    """A home whose library is analysed, in the seed's spelling. Only to be read."""
    one = Home(tmp_path_factory.mktemp("home"))
    done = one.run(
        "-a", "--fast_mode", "--workers", "1", "--memory_limit", "2GB", "--low_memory",
        "--batch_size", "4", music,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (one.state / "told").write_text(done.stdout + done.stderr)
    return one
