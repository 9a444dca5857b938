"""What an examination finds, and what it asks disks that may not answer."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import TypeVar

from playlista import mounts

PATIENCE_S = 10.0  # with a music folder (a guess)

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; ``remedy`` is None when all is well."""

    what: str
    found: str
    remedy: str | None = None


def in_time(ask: Callable[[], Answer]) -> Answer | None:
    """Return the answer of a disk; None when it is late, as that of a share that hangs."""
    answers: list[Answer] = []
    # a thread that hangs in the kernel ends with this process, and not before
    thread = Thread(target=lambda: answers.append(ask()), daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    return answers[0] if answers else None


def file_system(folder: Path) -> tuple[str, bool]:
    """Return the type of the file system a folder is on, and whether it is a network's."""
    mount = mounts.of(os.fsencode(folder.resolve()), mounts.table())
    kind = b"unknown file system" if mount is None else mount.kind
    return kind.decode(), kind in mounts.NETWORK
