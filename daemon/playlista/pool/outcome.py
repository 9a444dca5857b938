"""What became of a request, and why workers leave: closed sets that metrics can count."""

import signal
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypedDict, TypeVar

from playlista.errors import TrackError, TryAgain
from playlista.units import Bytes, Seconds

K = TypeVar("K")


class Crash(StrEnum):
    """Why a request has neither result nor verdict."""

    DEADLINE = "deadline"
    """It took longer than it may, and was killed."""
    SIGNAL = "signal"
    """Its worker died of a signal other than SIGKILL."""
    EXIT = "exit"
    """Its worker left without a result."""
    EXCEPTION = "exception"
    """It raised something that is not in our tree of errors."""
    FOREIGN_KILL = "foreign_kill"
    """Somebody else sent SIGKILL: the kernel short of memory, or a person."""
    MEMORY = "memory"
    """Killed for holding too much memory, or because it could get no more."""
    SHED = "shed"
    """Given back because the pool had to shrink."""
    SHUTDOWN = "shutdown"
    """Given back because the pool closed."""
    WORKER_START = "worker_start"
    """Given back because no worker can be started."""


COUNTED = frozenset({Crash.DEADLINE, Crash.SIGNAL, Crash.EXIT, Crash.EXCEPTION})
"""What may be the request's own fault, and is a strike against it."""


class Exit(StrEnum):
    """Why a worker is no more."""

    DEADLINE = "deadline"
    SIGNAL = "signal"
    EXIT = "exit"
    FOREIGN_KILL = "foreign_kill"
    MEMORY = "memory"
    SHED = "shed"
    SHUTDOWN = "shutdown"
    WORKER_START = "worker_start"
    RETIRED = "retired"
    """It was idle, and not needed."""
    RECYCLED = "recycled"
    """It had done its share of tasks, or grown."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[K]):
    """What became of one request: either a value, or an error, or a crash.

    Attributes:
        key: What the request was submitted under.
        pid: Of the worker; None when the request never reached one.
        seconds: From the worker's receiving it to the end; 0 when it never did.
        value: The target's result, when there is neither error nor crash; it may be None.
        error: What the target raised on purpose.
        crash: Why there is neither.
        detail: The crash in words, for the log; empty otherwise.
        trace: Traceback of an exception in the worker; empty otherwise.
        peak: Most memory ever resident during the task, in bytes; None when unknown.
    """

    key: K
    pid: int | None
    seconds: Seconds
    value: Any = None
    error: TrackError | TryAgain | None = None
    crash: Crash | None = None
    detail: str = ""
    trace: str = ""
    peak: Bytes | None = None

    @property
    def counted(self) -> bool:
        """Whether this is a strike against the request."""
        return self.crash in COUNTED


class Facts(TypedDict, total=False):
    """What a request's end may add to its outcome: fields of Outcome."""

    value: Any
    error: TrackError | TryAgain
    crash: Crash
    detail: str
    trace: str


def cause(status: int | None) -> Crash:
    """Return what a worker's exit status says; None is one that hung up but did not die."""
    if status is None or status >= 0:
        return Crash.EXIT
    return Crash.FOREIGN_KILL if status == -signal.SIGKILL else Crash.SIGNAL


def in_words(status: int | None) -> str:
    """Describe an exit status for the log."""
    if status is None:
        return "its worker hung up"
    if status >= 0:
        return f"its worker left with status {status}"
    name = next((s.name for s in signal.Signals if s == -status), f"signal {-status}")
    return f"its worker was killed by {name}"
