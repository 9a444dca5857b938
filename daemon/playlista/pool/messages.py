"""What parent and child say to each other."""

from dataclasses import dataclass
from typing import Any

from playlista.errors import TrackError, TryAgain
from playlista.units import Bytes


@dataclass(frozen=True, slots=True)
class Start:
    """Parent, first of all: what to become.

    Attributes:
        target: Dotted path of the function to run, ``"package.module:function"``.
        prepare: Dotted path of a function without arguments, run once before READY, for
            what the first task should not pay for (numba's compiler takes 23 s).
        nice: Added to the niceness inherited.
        parent_pid: A child with another parent has been orphaned, and leaves.
    """

    target: str
    prepare: str | None
    nice: int
    parent_pid: int


@dataclass(frozen=True, slots=True)
class Footprint:
    """What the child holds, in bytes; None where the system does not tell.

    Attributes:
        rss: Resident now.
        peak: Most ever resident during the last task.
    """

    rss: Bytes | None
    peak: Bytes | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """An exception that cannot travel, in words."""

    kind: str
    text: str
    trace: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


@dataclass(frozen=True, slots=True)
class Ready:
    """Child: the target is imported and prepared."""

    footprint: Footprint


@dataclass(frozen=True, slots=True)
class Unfit:
    """Child: the target cannot be imported or prepared; it leaves."""

    trouble: Trouble


@dataclass(frozen=True, slots=True)
class Call:
    """Parent: run the target on this."""

    request: Any


@dataclass(frozen=True, slots=True)
class Returned:
    """Child: the target's result."""

    value: Any
    footprint: Footprint


@dataclass(frozen=True, slots=True)
class Declined:
    """Child: the target raised what the pipeline knows how to treat."""

    error: TrackError | TryAgain
    footprint: Footprint


@dataclass(frozen=True, slots=True)
class Failed:
    """Child: the target raised something else, or its result cannot travel."""

    trouble: Trouble
    footprint: Footprint


@dataclass(frozen=True, slots=True)
class Starved:
    """Child: it cannot get the memory that the task takes; it is of no more use."""

    why: str


@dataclass(frozen=True, slots=True)
class Garbled:
    """What stands for a message that arrived whole but cannot be read."""

    trouble: Trouble
