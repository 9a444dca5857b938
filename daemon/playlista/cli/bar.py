"""The progress bar of long work: how far, how fast, how long still."""

from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

if TYPE_CHECKING:
    from playlista.service.once import Step


class Bar:
    """A bar on stderr, so that standard output stays for facts; only where somebody looks.

    Args:
        quiet: Draw nothing.
    """

    def __init__(self, *, quiet: bool) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=quiet or not console.is_terminal,
        )
        self._task = self._progress.add_task("looking", total=None, rate="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, step: "Step") -> None:
        """Show how far the work is."""
        elapsed = self._progress.tasks[0].elapsed or 0
        rate = f"{step.done / elapsed * 3600:,.0f} tracks/h" if step.done and elapsed else ""
        self._progress.update(
            self._task,
            description=step.what,
            completed=step.done,
            total=step.total,
            rate=rate,
        )
