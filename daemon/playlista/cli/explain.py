"""``playlista explain``: everything known of a track."""

import os
from pathlib import Path
from typing import Annotated

import typer

from playlista.cli.options import ConfigFile, Json, configuration


def explain(
    path: Annotated[Path, typer.Argument(help="A music file.", show_default=False)],
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Tell everything known of a track: what was heard, which lists it is in and why."""
    from playlista.cli import show
    from playlista.store.database import reading
    from playlista.store.explain import explain as facts_of

    store = configuration(config).config.store
    with reading(store.database) as read:
        facts = facts_of(read, os.path.abspath(os.fsencode(path)))  # noqa: PTH100 - bytes
    if json:
        show.as_json(facts)
    else:
        playlists = facts.pop("playlists")
        show.as_facts(facts)
        show.console.print()
        if playlists:
            show.as_table(playlists, "name", "position", "reason")
        else:
            show.console.print("in no playlist")
