"""What the pool does while something else takes the memory: ``make pressure``.

A daemon and a hog (``tests/hog.py``) share a group of cgroup v1 with 1.5 GB. The hog takes it past
the failsafe at 200 MB/s, holds it and lets go. The trace becomes docs/pressure.svg, and
test_pressure.py asserts what another has to show.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import plot

import sounds
from daemons import Daemon, bare_environ, home_in, until
from groups import MEMORY, family, joining, new_group, oom_kills, pss

DRAWING = Path(__file__).resolve().parents[2] / "docs" / "pressure.svg"
HOG = Path(__file__).resolve().parents[1] / "hog.py"
LIMIT = 1_500_000_000
"""At 200 MB/s it takes half a second, the pause between two workers given up, from 85 to 92 %."""
SHARE, HOLD_S = 0.95, 8.0
WORKERS = 2
TRACKS, MINUTES, RATE = 90, 20, 8_000
"""Two minutes of work for two workers: it must not end before the trace."""
CALM_S = 4.0
SAMPLE_S = 0.1
BACK_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One moment.

    Attributes:
        at_s: Since the first sample.
        used: Share of the memory in use, as the daemon sees it.
        target: Workers the governor wants.
        busy: Workers that listen.
        alive: Workers that have not been killed.
        leases: Tracks leased so far.
        parent: Bytes (PSS) of the daemon's own process.
        children: Bytes (PSS) of all its children, workers or not.
    """

    at_s: float
    used: float
    target: int
    busy: int
    alive: int
    leases: int
    parent: int
    children: int


@dataclass(frozen=True, slots=True)
class Trace:
    """One shortage.

    Attributes:
        samples: From full speed before it to full speed after it.
        began_s: When the hog was started.
        ended_s: When it had let go.
        oom_kills: Processes of either that the kernel has killed.
    """

    samples: list[Sample]
    began_s: float
    ended_s: float
    oom_kills: int


def trace(environ: Mapping[str, str]) -> Trace:
    """Let a hog take the memory of a daemon that is at work.

    Args:
        environ: Of the daemon.

    Raises:
        OSError: There is no memory controller of cgroup v1, or it may not be written to.
    """
    with ExitStack() as stack:
        group = stack.enter_context(new_group())
        (group / "memory.limit_in_bytes").write_text(str(LIMIT))
        ours, theirs = (stack.enter_context(new_group(group)) for _ in range(2))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        home = home_in(folder, dict(environ), music(folder / "music"))
        home.configure(WORKERS=WORKERS, MIN_MEMORY_FOR_FULL_ANALYSIS_GB=0)
        daemon = Daemon(home, folder, joining(ours))
        stack.callback(daemon.stop)
        until(lambda: daemon.busy == WORKERS, BACK_WITHIN_S)
        watch = Watch(daemon)
        watch.for_s(CALM_S)
        began_s = watch.now
        command = (*joining(theirs), sys.executable, HOG, group, SHARE, HOLD_S)
        hog = subprocess.Popen(list(map(str, command)))
        stack.callback(hog.wait)
        stack.callback(hog.kill)
        watch.until(lambda: hog.poll() is not None)
        ended_s = watch.now
        watch.until(lambda: watch.samples[-1].busy == WORKERS, BACK_WITHIN_S)
        watch.for_s(CALM_S)
        return Trace(watch.samples, began_s, ended_s, oom_kills(group))


def music(folder: Path) -> Path:
    """Fill a folder with tracks that are long to hear and quick to write, no two alike."""
    folder.mkdir()
    for number in range(TRACKS):
        minute = sounds.clicks(60 + number, 60, RATE)
        sounds.write(folder / f"{number}.flac", (minute for _ in range(MINUTES)), rate=RATE)
    return folder


class Watch:
    """Samples a daemon ten times a second."""

    def __init__(self, daemon: Daemon) -> None:
        self.samples: list[Sample] = []
        self._daemon = daemon
        self._began = time.monotonic()

    @property
    def now(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    def for_s(self, seconds: float) -> None:
        """Sample for so long."""
        end = self.now + seconds
        self.until(lambda: self.now >= end)

    def until(self, holds: Callable[[], bool], within_s: float = BACK_WITHIN_S) -> None:
        """Sample until something is so; fail when it is not in time."""
        deadline = self.now + within_s
        while not holds():
            assert self.now < deadline, self._daemon.words()
            self.samples.append(self._sample())
            time.sleep(SAMPLE_S)

    def _sample(self) -> Sample:
        lines = self._daemon.ask("/metrics")[1].splitlines()
        values = dict(line.removeprefix("playlista_").rsplit(" ", 1) for line in lines)
        workers = {
            state: int(float(values[f'workers{{state="{state}"}}']))
            for state in ("starting", "idle", "busy")
        }
        parent, *children = family(self._daemon.pid)
        return Sample(
            at_s=self.now,
            used=float(values["memory_used_ratio"]),
            target=int(float(values["workers_target"])),
            busy=workers["busy"],
            alive=sum(workers.values()),
            leases=int(float(values["leases_total"])),
            parent=pss(parent),
            children=sum(map(pss, children)),
        )


def drawing(found: Trace) -> str:
    """Return the trace as SVG: memory, workers and leases, the hog's time shaded."""
    at_s = [sample.at_s for sample in found.samples]
    first = found.samples[0].leases
    service = [100 * (s.parent + s.children) / LIMIT for s in found.samples]
    memory = plot.Panel(
        f"Memory, % of {LIMIT / 1e9:g} GB",
        100,
        {"in use": [100 * s.used for s in found.samples], "by playlista (PSS)": service},
        {75: "no more workers", 85: "failsafe", 92: "the largest is killed"},
    )
    workers = plot.Panel(
        "Workers",
        WORKERS,
        {
            "listening": [s.busy for s in found.samples],
            "wanted": [s.target for s in found.samples],
        },
    )
    leased = [s.leases - first for s in found.samples]
    leases = plot.Panel("Tracks leased", max(leased), {"since the start": leased})
    return plot.drawing(at_s, (found.began_s, found.ended_s), (memory, workers, leases))


if __name__ == "__main__":
    try:
        DRAWING.write_text(drawing(trace(bare_environ())), "utf-8")
    except OSError as why:
        sys.exit(f"needs {MEMORY} to write to, as root: {why}")
    sys.stderr.write(f"wrote {DRAWING}\n")
