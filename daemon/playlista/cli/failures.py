"""``playlista failures``: what could not be analysed, why, and what to do."""

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
    "unavailable": "check the disk and the permissions of the file",
    "changed": "nothing: it is being written",
    "killed": "free some memory; it is tried again by itself",
}


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
            | {"path": printable(failure.path), "remedy": REMEDIES.get(failure.reason)}
            for failure in backlog.failures(read)
        ]
    if json:
        show.as_json(rows)
    elif rows:
        show.as_table(rows, "path", "state", "error", "remedy")
    else:
        show.console.print("none: every track found could be analysed")
