"""The daemon, or its database when none runs, in one document."""

import sqlite3
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from playlista.errors import ModelMissing, printable
from playlista.inference import unlisted
from playlista.store import backlog, library

NO_MODEL: Mapping[str, Any] = {
    "name": None,
    "runtime": None,
    "loaded": False,
    "why": "no daemon runs",
}
STOPPED: Mapping[str, Any] = {
    "state": "stopped",
    "workers": {"running": 0, "target": 0, "limit": None, "reason": "no daemon runs"},
    "memory": dict.fromkeys(
        (
            "used_ratio",
            "failsafe_ratio",
            "source",
            "limit_bytes",
            "available_bytes",
            "stalled_ratio",
        )
    ),
    "processors": dict.fromkeys(("usable", "source", "others", "contended_ratio")),
}
"""What a live daemon would say of itself, when there is none."""


def describe(read: sqlite3.Connection, live: Mapping[str, Any]) -> dict[str, Any]:
    """Gather the ``status`` contract.

    Args:
        read: The database.
        live: ``state``, ``workers``, ``memory``, ``processors`` and, from a daemon, ``watch``
            and ``model``.
    """
    return {
        "state": live["state"],
        "tracks": library.counts(read),
        "backlog": _backlog(read),
        "workers": live["workers"],
        "memory": live["memory"],
        "processors": live["processors"],
        "watch": live.get("watch") or {"degraded": None, "roots": _roots(read)},
        "model": dict(live.get("model") or NO_MODEL),
        "playlists": _playlists(read),
        "version": version("playlista"),
    }


def describe_model(live: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Gather the ``model_info`` document.

    Args:
        live: ``model`` of the ``status`` document.
        folder: Where models are.
    """
    facts = {**live, "source": None, "licence": None, "tags": []}
    if live["name"] is None:
        return facts
    try:
        model = unlisted.find(folder, live["name"])
    except ModelMissing as gone:
        return facts | {"why": str(gone)}
    return facts | {"source": model.source, "licence": model.licence, "tags": list(model.tags)}


def _backlog(read: sqlite3.Connection) -> dict[str, Any]:
    oldest = backlog.oldest(read)
    age = None if oldest is None else max(0.0, time.time() - oldest)
    return {**backlog.states(read), "oldest_s": age}


def _roots(read: sqlite3.Connection) -> list[dict[str, Any]]:
    rows = read.execute("SELECT path, state, why FROM root ORDER BY id")
    unseen = {"mode": None, "degraded": None, "settling": None, "open": None}
    return [
        {"path": printable(row["path"]), "state": row["state"], "why": row["why"]} | unseen
        for row in rows
    ]


def _playlists(read: sqlite3.Connection) -> int:
    (count,) = read.execute("SELECT count(DISTINCT playlist_id) FROM line").fetchone()
    return int(count)
