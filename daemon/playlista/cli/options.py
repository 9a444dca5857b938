"""Options that several verbs share, and the configuration they lead to."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from playlista.errors import UsageError

if TYPE_CHECKING:
    from playlista.config.load import Loaded

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Configuration file.", dir_okay=False, metavar="FILE"),
]
Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]
Music = Annotated[
    list[Path] | None,
    typer.Argument(help="Music folders; instead of MUSIC_PATHS.", show_default=False),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers", "-w", min=1, help="A fixed number of workers.", show_default="as many as fit"
    ),
]
FastMode = Annotated[
    bool | None,
    typer.Option("--fast-mode/--no-fast-mode", "--fast_mode", help="Quick tier only."),
]

USUAL_PLACES = (
    Path("~/.config/playlista/playlista.conf"),
    Path("/etc/playlista/playlista.conf"),
)
"""Where the configuration is looked for when --config does not say."""


def configuration(file: Path | None, **flags: Any) -> "Loaded":  # noqa: ANN401 - any setting
    """Load the configuration as this command line means it.

    Args:
        file: From --config; else the first of the usual places that can be read.
        flags: Setting in lower case → value; None was not given.
    """
    from playlista.config.load import load

    if file is None:
        places = (place.expanduser() for place in USUAL_PLACES)
        file = next((place for place in places if os.access(place, os.R_OK)), None)
    return load(file, flags={key.upper(): value for key, value in flags.items()})


def folders(music: list[Path] | None) -> tuple[Path, ...] | None:
    """Return the music folders of the command line as absolute paths; None when none is given."""
    return tuple(folder.expanduser().absolute() for folder in music) if music else None


def require_music(loaded: "Loaded") -> None:
    """Insist on at least one music folder.

    Raises:
        UsageError: None is configured and none was given.
    """
    if not loaded.config.watch.music_paths:
        raise UsageError(
            "no music folder: name one (`playlista run ~/Music`) or set MUSIC_PATHS in "
            "playlista.conf"
        )


def require_folders(music: list[Path] | None) -> None:
    """Insist that folders named on the command line are there, now.

    Configured ones may be on a disk that is not mounted yet: the daemon waits for them.

    Raises:
        UsageError: One is not a folder.
    """
    for folder in music or []:
        if not folder.expanduser().is_dir():
            raise UsageError(f"{folder} is not a folder")
