"""``playlista lists``: the playlists, their lines and their history."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from playlista.cli.options import ConfigFile, Json, configuration
from playlista.errors import UsageError

if TYPE_CHECKING:
    import sqlite3

    from playlista.store.lists import StoredList

app = typer.Typer(help="Playlists, their lines and their history.", invoke_without_command=True)
Name = Annotated[str, typer.Argument(help="Name, slug or id of a list.", show_default=False)]


@app.callback()
def lists(context: typer.Context, config: ConfigFile = None, json: Json = False) -> None:
    """List every playlist with its size."""
    if context.invoked_subcommand is not None:
        if config or json:
            verb = f"lists {context.invoked_subcommand}"
            raise UsageError(f"options come behind the verb: `playlista {verb} … --json`")
        return
    from playlista.cli import show
    from playlista.store.database import reading
    from playlista.store.lists import load

    store = configuration(config).config.store
    with reading(store.database) as read:
        rows = [_summary(stored) for stored in load(read).values()]
    if json:
        show.as_json(rows)
    elif rows:
        show.as_table(rows, "name", "kind", "tracks", "revision", "file")
        show.console.print(f"\nin {store.playlists}", markup=False)
    else:
        show.console.print("no playlists yet: they come with the sixth analysed track")


@app.command("show")
def show_list(name: Name, config: ConfigFile = None, json: Json = False) -> None:
    """Show the lines of one list, and why each is there."""
    from playlista.cli import show
    from playlista.errors import printable
    from playlista.store.database import reading
    from playlista.store.library import paths

    store = configuration(config).config.store
    with reading(store.database) as read:
        stored = _find(read, name)
        where = paths(read, [line.member.track_id for line in stored.lines])
    rows = [
        {
            "position": position,
            "path": printable(where.get(line.member.track_id, b"(gone)")),
            "reason": line.member.reason,
        }
        for position, line in enumerate(stored.lines, start=1)
    ]
    if json:
        show.as_json(_summary(stored) | {"lines": rows})
    else:
        show.as_table(rows, "position", "path", "reason")


@app.command()
def history(name: Name, config: ConfigFile = None, json: Json = False) -> None:
    """Show every edit of one list, oldest first."""
    from datetime import UTC, datetime

    from playlista.cli import show
    from playlista.store.database import reading
    from playlista.store.lists import history as edits_of

    store = configuration(config).config.store
    with reading(store.database) as read:
        edits = edits_of(read, _find(read, name).playlist.id)
    if json:
        show.as_json(edits)
        return
    rows = [
        {
            "revision": edit["rev_to"],
            "when": datetime.fromtimestamp(edit["ts"], UTC).astimezone().strftime("%F %T"),
            "reason": edit["reason"],
            "edits": len(edit["ops"]),
        }
        for edit in edits
    ]
    show.as_table(rows, "revision", "when", "reason", "edits")


def _find(read: "sqlite3.Connection", name: str) -> "StoredList":
    from playlista.store.lists import load

    found = load(read)
    for stored in found.values():
        if name in (stored.playlist.id, stored.playlist.slug, stored.playlist.name):
            return stored
    names = ", ".join(f'"{stored.playlist.name}"' for stored in found.values()) or "none yet"
    raise UsageError(f'there is no list "{name}"; there are: {names}')


def _summary(stored: "StoredList") -> dict[str, Any]:
    playlist = stored.playlist
    return {
        "id": playlist.id,
        "name": playlist.name,
        "kind": playlist.kind,
        "tracks": len(stored.lines),
        "revision": stored.revision,
        "file": f"{playlist.slug}.m3u8",
    }
