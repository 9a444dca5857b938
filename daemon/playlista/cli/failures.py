"""``playlista failures``: what could not be analysed, why, and what to do."""

import errno
import os
from typing import Annotated

import typer

from playlista.cli.options import ConfigFile, Json, configuration

REMEDIES = {
    "unreadable": "the file is damaged: replace it",
    "not_audio": "rename or remove it: it is not music",
    "empty": "replace it: it holds no sound",
    "too_large": "raise SEQUENTIAL_MAX_FILE_SIZE_MB, or split it",
    "poison": "report it, with the file if you can; it is retried when it changes",
    "incomplete": "nothing, while it is still being copied; else replace it",
    "unavailable": "check its disk; it is tried again by itself",
    "changed": "nothing: it is being written",
    "killed": "free some memory; it is tried again by itself",
}
"""By reason."""

_PERMISSION = "let the daemon's user read it; it is tried again by itself"
_SHARE = "mount its share again; it is tried again by itself"
CLOSER_REMEDIES = {
    "copy-protected": "replace it: no player can use it without its key",
    "no result within its limit": "raise TRACK_TIMEOUT_SECONDS, then playlista failures --retry",
    " bytes of ": "raise MEMORY_LIMIT; it is tried again by itself",
    "the daemon was killed": "nothing, unless it ends on this file again: then report it",
    os.strerror(errno.EACCES): _PERMISSION,
    os.strerror(errno.EPERM): _PERMISSION,
    os.strerror(errno.EIO): "its disk fails: see dmesg, and have a copy of it ready",
    os.strerror(errno.ESTALE): _SHARE,
    os.strerror(errno.ENOTCONN): _SHARE,
    os.strerror(errno.ENOENT): "nothing: it is gone, and the next scan sees that",
}
"""By what the error says, where that is more than the reason."""


def remedy(reason: str, error: str) -> str | None:
    """Return what a person should do about a track; None for a reason from another version."""
    said = error.rpartition(": ")[2]  # what comes before it may be a path
    closer = (told for words, told in CLOSER_REMEDIES.items() if words in said)
    return next(closer, REMEDIES.get(reason))


def failures(
    retry: Annotated[bool, typer.Option("--retry", help="Try them all again.")] = False,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """List tracks that could not be analysed, with the reason and the remedy."""
    from dataclasses import asdict

    from playlista.cli import show
    from playlista.errors import printable
    from playlista.store import backlog
    from playlista.store.database import reading, writing

    store = configuration(config).config.store
    if retry:
        with writing(store.database) as write:
            again = backlog.retry_failed(write)
        show.console.print(f"{again} tracks are queued again")
        return
    with reading(store.database) as read:
        rows = [
            asdict(failure)
            | {
                "path": printable(failure.path),
                "remedy": remedy(failure.reason, failure.error),
            }
            for failure in backlog.failures(read)
        ]
    if json:
        show.as_json(rows)
    elif rows:
        show.as_table(rows, "path", "state", "error", "remedy")
    else:
        show.console.print("none: every track found could be analysed")
