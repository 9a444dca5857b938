"""What is known of one track, gathered for a person."""

import json
import sqlite3
from dataclasses import asdict
from typing import Any

from playlista.errors import UsageError, printable
from playlista.records import Features, FileTags
from playlista.stages import not_asked
from playlista.store.heard import embedding_from
from playlista.store.library import features_from

_ALL = """
    SELECT file.id AS file_id, root.path AS root, relpath, missing_since, tags, audio.*,
           job.state, job.reason AS failure, job.error, job.strikes
    FROM file JOIN root ON root.id = root_id
              LEFT JOIN audio ON audio.id = file.audio_id
              LEFT JOIN job ON job.file_id = file.id
    WHERE file.candidate
"""


def explain(read: sqlite3.Connection, path: bytes) -> dict[str, Any]:
    """Return everything known of a track under the names of the ``explain`` contract.

    Args:
        read: The database.
        path: Absolute.

    Raises:
        UsageError: No watched folder holds this path.
    """
    for root in read.execute("SELECT id, path FROM root"):
        if path.startswith(root["path"] + b"/"):
            below = path[len(root["path"]) + 1 :]
            where = " AND root_id = ? AND relpath = ?"
            row = read.execute(_ALL + where, (root["id"], below)).fetchone()
            if row is not None:
                return _facts(read, row)
    raise UsageError(
        f"{printable(path)} is not in the library: is it below MUSIC_PATHS, "
        "and has it been found yet? `playlista status` tells"
    )


def _facts(read: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
    heard = row["hash"] is not None
    return {
        "path": printable(row["root"] + b"/" + row["relpath"]),
        "missing": row["missing_since"] is not None,
        "audio_id": row["hash"],
        "duration_s": row["duration_s"],
        "file_tags": json.loads(row["tags"]) if row["tags"] else asdict(FileTags()),
        "tier": row["tier"],
        "features_version": row["features_version"],
        "engine": row["engine"],
        **asdict(features_from(row["features"]) if heard else Features()),
        "model": row["model"],
        "embedding": embedding_from(row["embedding"]),
        "tags": json.loads(row["model_tags"]) if row["model_tags"] else None,
        "reasons": _reasons(row),
        "truncated": bool(row["truncated"]) if heard else None,
        "analysed_at": row["analysed_at"],
        "seconds": json.loads(row["seconds"]) if heard else {},
        "playlists": _playlists(read, row["file_id"]),
        "failures": _failures(row),
    }


def _reasons(row: sqlite3.Row) -> dict[str, str]:
    if row["hash"] is None:
        return {"*": "not analysed yet"}
    reasons: dict[str, str] = json.loads(row["reasons"])
    return not_asked(json.loads(row["done"])) | reasons


def _playlists(read: sqlite3.Connection, file_id: int) -> list[dict[str, Any]]:
    rows = read.execute(
        "SELECT playlist.id, name, line.position + 1 AS position, reason "
        "FROM line JOIN playlist ON playlist.id = playlist_id WHERE file_id = ? "
        "ORDER BY playlist.position",
        (file_id,),
    )
    return [dict(row) for row in rows]


def _failures(row: sqlite3.Row) -> list[dict[str, Any]]:
    if row["failure"] is None:
        return []
    what = {"state": row["state"], "reason": row["failure"], "error": row["error"]}
    return [what | {"strikes": row["strikes"]}]
