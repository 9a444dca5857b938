"""``playlista doctor --restore``: the last good copy of the database, and what it lacks."""

import time
from typing import TYPE_CHECKING

from playlista.cli import show

if TYPE_CHECKING:
    from playlista.config.settings import StoreSettings


def restore(store: "StoreSettings", *, json: bool) -> None:
    """Put the copy in the place of the database, and say what is lost.

    Raises:
        AlreadyRunning: A daemon holds the database.
        StoreBusy: There is no room, or the disk does not take it.
        StoreBroken: There is no sound copy.
    """
    from playlista.outlets import deltas
    from playlista.store.restore import restore as put_back

    done = put_back(store.database)
    last = deltas.last(store.deltas)
    facts = {
        "made_at": int(done.made_at),
        "tracks": done.tracks,
        "edits_lost": max(0, last["seq"] - done.seq) if last else 0,
        "aside": None if done.aside is None else str(done.aside),
    }
    if json:
        show.as_json(facts)
        return
    made = time.strftime("%Y-%m-%d %H:%M", time.localtime(done.made_at))
    show.console.print(
        f"the copy of {made} is in place: {done.tracks} tracks\n"
        "what was analysed since is analysed again, by itself\n"
        f"playlist edits since, which are lost: {facts['edits_lost']}\n"
        f"the damaged files: {facts['aside'] or 'there were none'}",
        markup=False,
    )
