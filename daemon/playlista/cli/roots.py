"""``playlista roots``: the watched folders, and whether what is missing from one is believed."""

import os
from pathlib import Path
from typing import Annotated

import typer

from playlista.cli.options import ConfigFile, Json, configuration

app = typer.Typer(help="The watched folders and their state.", invoke_without_command=True)


@app.callback()
def roots(context: typer.Context, config: ConfigFile = None, json: Json = False) -> None:
    """List every watched folder with its state."""
    if context.invoked_subcommand is not None:
        return
    from playlista.cli import show
    from playlista.errors import printable
    from playlista.store.database import reading
    from playlista.store.roots import roots as all_roots

    store = configuration(config).config.store
    with reading(store.database) as read:
        rows = [
            {"path": printable(root.path), "state": root.state, "why": root.why}
            for root in all_roots(read)
        ]
    if json:
        show.as_json(rows)
    else:
        show.as_table(rows, "path", "state", "why")


@app.command()
def confirm(
    path: Annotated[
        Path, typer.Argument(help="A folder from which something is missing.", show_default=False)
    ],
    config: ConfigFile = None,
) -> None:
    """Accept that what is missing from a folder was deleted on purpose."""
    from playlista.cli import show
    from playlista.store import roots as store_of
    from playlista.store.database import writing

    store = configuration(config).config.store
    with writing(store.database) as write:
        store_of.confirm(write, os.path.abspath(os.fsencode(path)))  # noqa: PTH100 - bytes
    show.console.print("confirmed: a running daemon acts on it within five minutes")
