"""The life of one child: ``python -m playlista.pool.worker FD``.

It imports neither the configuration nor Prometheus: workers report, the parent counts.
"""

import contextlib
import ctypes
import faulthandler
import os
import pkgutil
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from pickle import PicklingError
from typing import Any

import psutil

from playlista.errors import TrackError, TryAgain
from playlista.pool.line import Line, described
from playlista.pool.messages import (
    Call,
    Declined,
    Failed,
    Footprint,
    Ready,
    Returned,
    Start,
    Starved,
    Unfit,
)
from playlista.units import Bytes

PR_SET_PDEATHSIG = 1
"""From linux/prctl.h."""
OOM_SCORE = 900
"""Of 1000: short of memory, the kernel takes a worker before anything else of ours."""
RESET_PEAK = "5"
"""Written to clear_refs, this starts a new peak of resident memory: proc(5)."""


def main(fd: int) -> None:
    """Serve tasks over the inherited socket until the parent closes it."""
    faulthandler.enable()
    leave_the_ending_to_the_parent()
    os.set_inheritable(fd, False)
    line = Line(socket.socket(fileno=fd))
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        serve(line)


def serve(line: Line) -> None:
    """Become what the first message says, then answer calls one by one."""
    words = heard(line)
    start: Start | None = next(words, None)
    if start is None or os.getppid() != start.parent_pid:
        return
    step_back(start.nice)
    try:
        run = imported(start)
    except BaseException as e:  # noqa: BLE001 - an import may raise SystemExit too
        line.send(Unfit(described(e)))
        return
    line.send(Ready(footprint()))
    for call in words:
        answer(line, run, call)


def leave_the_ending_to_the_parent() -> None:
    """Ignore polite signals, and die with the parent even if it is killed.

    What is meant for the daemon may reach everybody: Ctrl-C, and ``systemctl kill``.
    The parent's death in the moment before this call is seen by getppid in serve().
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def step_back(nice: int) -> None:
    """Give way to everything else: processor, disk, and memory when there is none left.

    A sandbox may forbid each of them; the work is the same without.
    """
    with contextlib.suppress(OSError):
        os.nice(nice)
    if sys.platform == "linux":
        with contextlib.suppress(OSError, psutil.Error):
            psutil.Process().ionice(psutil.IOPRIO_CLASS_IDLE)
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))


def imported(start: Start) -> Callable[[Any], Any]:
    """Return the target, imported and prepared."""
    run: Callable[[Any], Any] = pkgutil.resolve_name(start.target)
    if start.prepare is not None:
        pkgutil.resolve_name(start.prepare)()
    return run


def heard(line: Line) -> Iterator[Any]:
    """Yield the parent's messages until it hangs up."""
    with contextlib.suppress(EOFError):
        while True:
            yield from line.receive()


def answer(line: Line, run: Callable[[Any], Any], call: Call) -> None:
    """Run one task and report what became of it."""
    begin_peak()
    reply = attempt(run, call)
    try:
        line.send(reply)
    except PicklingError as e:
        line.send(complaint(e.__cause__ or e))


def attempt(run: Callable[[Any], Any], call: Call) -> Returned | Declined | Failed | Starved:
    """Run the target; whatever it raises is a reply."""
    try:
        return Returned(run(call.request), footprint())
    except (TrackError, TryAgain) as e:
        return Declined(e, footprint())
    except BaseException as e:  # noqa: BLE001 - SystemExit in a task is a failure of the task
        return complaint(e)


def complaint(error: BaseException) -> Failed | Starved:
    """Tell a failure of the task from one of the machine, for which a trace takes too much."""
    if isinstance(error, MemoryError):
        return Starved(f"{type(error).__qualname__}: {error}")
    return Failed(described(error), footprint())


def begin_peak() -> None:
    """Forget the peak of the tasks before, where the kernel can."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text(RESET_PEAK)


def footprint() -> Footprint:
    """Read what this process holds and held at most: proc(5), VmRSS and VmHWM."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return Footprint(None, None)
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return Footprint(size(fields.get("VmRSS")), size(fields.get("VmHWM")))


def size(field: str | None) -> Bytes | None:
    """Return a size that proc(5) gives as ``" 1234 kB"``."""
    return None if field is None else Bytes(int(field.split()[0]) * 1024)


if __name__ == "__main__":
    main(int(sys.argv[1]))
