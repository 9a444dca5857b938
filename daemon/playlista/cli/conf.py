"""``playlista conf``: the effective configuration, and where each value came from."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from playlista.cli.options import ConfigFile, Json, configuration

if TYPE_CHECKING:
    from playlista.config.load import Loaded


def conf(
    check: Annotated[bool, typer.Option("--check", help="Say only whether it is valid.")] = False,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Show every setting, its value, and whether default, file, environment or flag gave it."""
    from playlista.cli import show

    loaded = configuration(config)
    rows = list(_rows(loaded))
    if check:
        show.console.print("the configuration is valid")
    elif json:
        show.as_json(rows)
    else:
        show.as_table(rows, "key", "value", "origin")


def _rows(loaded: "Loaded") -> Iterator[dict[str, Any]]:
    from playlista.config.settings import table

    for key, (part, _) in table().items():
        value = getattr(getattr(loaded.config, part), key.lower())
        yield {
            "key": key,
            "value": _text(value),
            "origin": loaded.origins.get(key, "default"),
        }


def _text(value: object) -> str | None:
    if isinstance(value, tuple):
        return ":".join(str(item) for item in value)
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)
