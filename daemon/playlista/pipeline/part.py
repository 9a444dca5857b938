"""One part of the flow in a thread of its own."""

import threading
from collections.abc import Callable
from typing import Protocol

Beat = Callable[[], None]


class Loop(Protocol):
    """What runs in the thread: it returns soon after ``stop`` is set, and beats as it works."""

    def __call__(self, stop: threading.Event, beat: Beat, /) -> None:
        """Run."""


class Part:
    """A thread that says when it dies.

    Args:
        name: Of the part and its thread.
        loop: What it runs.
        beat: Called by the loop itself whenever it moves.

    Attributes:
        problem: The exception that ended the loop; None while all is well.
    """

    def __init__(self, name: str, loop: Loop, beat: Beat) -> None:
        self.problem: BaseException | None = None
        self._loop = loop
        self._beat = beat
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Let the loop end at its next look."""
        self._stop.set()

    def join(self) -> None:
        """Wait for the end of the thread, if it was ever started."""
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            self._loop(self._stop, self._beat)
        except BaseException as problem:  # noqa: BLE001 - handed to the main thread, which raises it
            self.problem = problem
