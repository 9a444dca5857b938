"""The whole daemon as a process, and its state folder: what the tests in daemon/ hold on to."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import numpy as np
import psutil

import sounds
from playlista.playlists.replay import replay

PLAYLISTA = (sys.executable, "-m", "playlista")
PIECES = 12
KINDS = ("flac", "mp3", "ogg")
PIECE_S = 6.0
POLL_S = 0.1
START_S = 30.0
MORTAL = () if os.geteuid() else ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
"""The program that takes from root the power to read what nobody may."""


def bare_environ() -> dict[str, str]:
    """Return this process's environment without what would configure a daemon."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("PLAYLISTA_", "NOTIFY_"))}


def piece(number: int, seconds: float = PIECE_S) -> np.ndarray:
    """A piece of music unlike the others in tempo, key and balance."""
    beat = sounds.drums(70 + 9 * number, seconds)
    harmony = sounds.cadence(sounds.KEYS[number * 7 % len(sounds.KEYS)], seconds)
    share = (number % 5) / 5
    return (share * beat + (1 - share) * harmony).astype(np.float32)


def until(holds: Callable[[], Any], within_s: float = 30.0) -> Any:
    """Return the first true answer; fail when there is none in time."""
    deadline = time.monotonic() + within_s
    while not (answer := holds()):
        assert time.monotonic() < deadline, f"{holds} does not hold after {within_s:g} s"
        time.sleep(POLL_S)
    return answer


@dataclass
class Home:
    """One state folder and one configuration file."""

    state: Path
    environ: dict[str, str]
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.state.with_suffix(".conf")

    @property
    def playlists(self) -> Path:
        return self.state / "playlists"

    def configure(self, **settings: object) -> None:
        """Write KEY=value lines over what was there."""
        self.settings |= {key: str(value) for key, value in settings.items()}
        self.config.write_text("".join(f"{key}={value}\n" for key, value in self.settings.items()))

    def call(self, *words: object, prefix: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
        """Run a verb to its end, if need be through another program."""
        return subprocess.run(
            [*prefix, *PLAYLISTA, *map(str, words), "--config", self.config],
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def facts(self, *words: object) -> Any:
        """Return what a verb prints as JSON."""
        done = self.call(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database."""
        connection = sqlite3.connect(f"{(self.state / 'playlista.db').as_uri()}?mode=ro", uri=True)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()

    def lists(self) -> dict[str, list[str]]:
        """Return the paths in every playlist file, by file name."""
        return {
            file.name: [line for line in file.read_text().splitlines() if line[:1] != "#"]
            for file in sorted(self.playlists.glob("*.m3u8"))
        }

    def paths(self) -> set[Path]:
        """Return every file that some playlist names."""
        lines = {line for lines in self.lists().values() for line in lines}
        return {Path(os.path.normpath(self.playlists.resolve() / line)) for line in lines}

    def replays(self) -> bool:
        """Tell whether the delta log gives every playlist file byte for byte."""
        log = self.state / "deltas.jsonl"
        return log.exists() and replay(log.read_bytes().splitlines()) == {
            file.name: file.read_bytes() for file in self.playlists.glob("*.m3u8")
        }


class Daemon:
    """A running ``playlista run``, and what systemd hears of it.

    Args:
        home: Whose.
        folder: Where its log and its line to systemd are.
        prefix: A program with its arguments that becomes the daemon, such as ``prlimit``.
        environ: On top of the home's.
    """

    def __init__(
        self, home: Home, folder: Path, prefix: Sequence[str] = (), **environ: str
    ) -> None:
        self.home = home
        self.heard: list[str] = []
        self.log = folder / "log"
        self._told = 0
        self._ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._ear.bind(str(folder / "notify"))
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                [*prefix, *PLAYLISTA, "run", "--config", home.config],
                env=home.environ | {"NOTIFY_SOCKET": str(folder / "notify")} | environ,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.pid = self._process.pid
        try:
            self.told("READY=1", START_S)
        except AssertionError as late:
            self.stop()
            raise AssertionError(f"it is not ready but says:\n{self.words()}") from late
        assert self._process.stdout is not None
        (self.url,) = re.findall(r"http://\S+", self._process.stdout.readline())

    # --- what it says -------------------------------------------------------------

    def _listen(self) -> None:
        while said := self._ear.recv(4096).decode():
            self.heard.append(said)

    def told(self, start: str, within_s: float = 10.0) -> str:
        """Wait for the next thing that systemd is told and that begins so; return it."""

        def found() -> str | None:
            for said in self.heard[self._told :]:
                self._told += 1
                if said.startswith(start):
                    return said
            return None

        return str(until(found, within_s))

    def words(self) -> str:
        """Return its log so far."""
        return self.log.read_text()

    def ask(self, path: str) -> tuple[int, str]:
        """Return the status and body of one of its pages."""
        try:
            with urlopen(self.url + path, timeout=10) as reply:
                return reply.status, reply.read().decode()
        except HTTPError as refusal:
            return refusal.code, refusal.read().decode()

    def status(self) -> dict[str, Any]:
        """Return its status document."""
        return dict(json.loads(self.ask("/status")[1]))

    def metric(self, sample: str) -> float:
        """Return the sum of a metric, over all labels unless the sample names some."""
        lines = self.ask("/metrics")[1].splitlines()
        found = [line.rpartition(" ") for line in lines if line.startswith(f"playlista_{sample}")]
        exact = {f"playlista_{sample}"}
        return sum(float(v) for name, _, v in found if name in exact or name.split("{")[0] in exact)

    def at_rest(self, tracks: int) -> bool:
        """Tell whether so many tracks are known, all are done, and the playlists are written."""
        status = self.status()
        backlog = status["backlog"]
        waiting = backlog["ready"] + backlog["leased"]
        ready = self.ask("/readyz")[0] == 200
        return status["tracks"]["total"] == tracks and not waiting and ready

    @property
    def landed(self) -> int:
        """How many new tracks have come to be in a playlist on disk."""
        return int(self.metric("landing_to_playlist_seconds_count"))

    @property
    def listening_s(self) -> float:
        """Wall seconds of all analyses so far."""
        return self.metric("analysis_seconds_sum")

    # --- what is done to it ---------------------------------------------------------

    @property
    def workers(self) -> list[psutil.Process]:
        """Its children."""
        return psutil.Process(self.pid).children()

    @property
    def busy(self) -> int:
        """How many of its workers are listening just now."""
        return int(self.metric('workers{state="busy"}'))

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def ended(self, within_s: float = 15.0) -> tuple[int, float]:
        """Wait for its end; return its exit status, and the seconds it took from now."""
        began = time.monotonic()
        return self._process.wait(within_s), time.monotonic() - began

    def stop(self) -> None:
        """End it, if it still runs."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(15)
            finally:
                self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        if self._listener.is_alive():
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
                last.sendto(b"", self._ear.getsockname())
            self._listener.join()
            self._ear.close()


def home_in(folder: Path, environ: dict[str, str], *roots: Path) -> Home:
    """Return a home with quick settings that watches these folders."""
    home = Home(folder / "state", environ)
    home.configure(
        STATE_PATH=home.state,
        HTTP_LISTEN="127.0.0.1:0",
        SETTLE_SECONDS=0.5,
        SETTLE_CLOSED_SECONDS=0.2,
        MUSIC_PATHS=":".join(map(str, roots)),
    )
    return home
