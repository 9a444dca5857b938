"""What the server may ask of the daemon: callables handed in by the assembly."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Verdict = tuple[bool, list[str]]
"""Whether, and if not, why not."""


@dataclass(frozen=True, slots=True)
class Views:
    """Each is called from any of a few threads, also at the same time.

    A view may raise `TryAgain`: the caller is told when to come back.

    Attributes:
        alive: Whether every loop moves.
        ready: Whether the first scan has ended and the lists are written.
        status: The names of `replies.Status`.
        performance: The names of `replies.Performance`.
        model: The names of `replies.ModelInfo`.
        pause: Gives tracks in hand back at once; none is begun until `resume`.
        resume: Lets work go on.
    """

    alive: Callable[[], Verdict]
    ready: Callable[[], Verdict]
    status: Callable[[], Mapping[str, Any]]
    performance: Callable[[], Mapping[str, Any]]
    model: Callable[[], Mapping[str, Any]]
    pause: Callable[[], None]
    resume: Callable[[], None]
