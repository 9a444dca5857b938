"""``playlista doctor``: this machine, and what to do about it."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from playlista.cli.options import ConfigFile, Json, configuration

if TYPE_CHECKING:
    from playlista.cli.examinations.finding import Finding
    from playlista.config.settings import Config


def doctor(
    restore: Annotated[
        bool, typer.Option("--restore", help="Put the last good copy of the database back.")
    ] = False,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Examine this machine; exit with 1 when something needs doing."""
    from playlista.cli import show
    from playlista.cli.restore import restore as put_back

    settings = configuration(config).config
    if restore:
        put_back(settings.store, json=json)
        return
    findings = list(_findings(settings))
    if json:
        show.as_json([asdict(finding) for finding in findings])
    else:
        rows = [asdict(f) | {"": "ok" if f.remedy is None else "!!"} for f in findings]
        show.as_table(rows, "", "what", "found", "remedy")
    if any(finding.remedy for finding in findings):
        raise typer.Exit(1)


def _findings(settings: "Config") -> Iterator["Finding"]:
    from playlista.cli.examinations import machine, music, storage

    for examine in (
        machine.programs,
        machine.processors,
        machine.memory,
        music.watches,
        music.folders,
        music.missing,
        music.writers,
        storage.folders,
        storage.database,
        machine.port,
    ):
        yield from examine(settings)
