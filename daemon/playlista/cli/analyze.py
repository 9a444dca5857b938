"""``playlista analyze``: one pass over the library with a progress bar, then exit."""

from typing import Annotated

import typer

from playlista.cli.options import (
    ConfigFile,
    FastMode,
    Json,
    Music,
    Workers,
    configuration,
    folders,
    require_folders,
    require_music,
)


def analyze(  # noqa: PLR0917 - typer passes them by name
    music: Music = None,
    fast_mode: FastMode = None,
    workers: Workers = None,
    memory_limit: Annotated[
        str | None,
        typer.Option("--memory-limit", "--memory_limit", help='Per worker, such as "2GB".'),
    ] = None,
    low_memory: Annotated[
        bool | None,
        typer.Option("--low-memory/--no-low-memory", "--low_memory", help="One worker."),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option("--batch-size", "--batch_size", min=1, help="Results per playlist refresh."),
    ] = None,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Analyse what is new or changed, refresh the playlists, and exit."""
    from playlista.cli import show
    from playlista.cli.bar import Bar
    from playlista.service.once import once

    loaded = configuration(
        config,
        music_paths=folders(music),
        fast_mode=fast_mode,
        workers=workers,
        memory_limit=memory_limit,
        low_memory=low_memory,
        batch_size=batch_size,
    )
    require_music(loaded)
    require_folders(music)
    with Bar(quiet=json) as bar:
        summary = once(loaded.config, bar.show)
    if json:
        show.as_json(summary)
        return
    tracks = summary["tracks"]
    show.console.print(
        f"{summary['analysed']} analysed now; {tracks['total']} tracks, "
        f"{summary['playlists']} playlists in {loaded.config.store.playlists}",
        markup=False,
    )
    for root in summary["watch"]["roots"]:
        if root["why"] is not None:
            show.console.print(f"{root['path']} is {root['state']}: {root['why']}", markup=False)
    set_aside = tracks["failed"] + summary["backlog"]["incomplete"] + summary["backlog"]["waiting"]
    if set_aside:
        show.console.print(f"{set_aside} could not be analysed: `playlista failures` tells why")
    if summary["backlog"]["ready"]:
        show.console.print(
            f"{summary['backlog']['ready']} wait for their disk, or for memory "
            "(MIN_MEMORY_FOR_FULL_ANALYSIS_GB)"
        )
