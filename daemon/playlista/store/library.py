"""What was heard in the files that are there: what playlists are made of, and print."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any

from playlista.records import Features, FileTags, LibraryTrack, Tier


@dataclass(frozen=True, slots=True)
class Caption:
    """What a playlist prints of a track, and when the file landed (Unix seconds)."""

    path: bytes
    duration_s: float
    file_tags: FileTags
    landed_at: float


def library(read: sqlite3.Connection) -> Iterator[LibraryTrack]:
    """Read the library that playlists are made of, in the order of arrival."""
    rows = read.execute(
        """
        SELECT min(file.id) AS id, file.added_at, file.tags, audio.duration_s, audio.features
        FROM file JOIN audio ON audio.id = file.audio_id
        WHERE file.missing_since IS NULL
        GROUP BY audio.id ORDER BY file.id
        """
    )
    for row in rows:
        yield LibraryTrack(
            track_id=row["id"],
            added_at=row["added_at"],
            duration_s=row["duration_s"],
            features=features_from(row["features"]),
            file_tags=FileTags(**json.loads(row["tags"])),
        )


def paths(read: sqlite3.Connection, file_ids: Iterable[int]) -> dict[int, bytes]:
    """Return the absolute path of each file."""
    rows = read.execute(
        "SELECT file.id, root.path, relpath FROM file JOIN root ON root.id = root_id "
        "WHERE file.id IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(file_ids)),),
    )
    return {row["id"]: row["path"] + b"/" + row["relpath"] for row in rows}


def captions(read: sqlite3.Connection, file_ids: Iterable[int]) -> dict[int, Caption]:
    """Return what a playlist prints of each file."""
    rows = read.execute(
        """
        SELECT file.id, root.path AS root, relpath, tags, duration_s, landed_at
        FROM file JOIN root ON root.id = root_id JOIN audio ON audio.id = audio_id
        WHERE file.id IN (SELECT value FROM json_each(?))
        """,
        (json.dumps(sorted(file_ids)),),
    )
    return {
        row["id"]: Caption(
            path=row["root"] + b"/" + row["relpath"],
            duration_s=row["duration_s"],
            file_tags=FileTags(**json.loads(row["tags"])),
            landed_at=row["landed_at"],
        )
        for row in rows
    }


def counts(read: sqlite3.Connection) -> dict[str, int]:
    """Return how many tracks there are: total, by tier, failed and missing."""
    rows = read.execute(
        """
        SELECT CASE WHEN file.missing_since IS NOT NULL THEN 'missing'
                    WHEN job.state = 'failed' THEN 'failed'
                    ELSE coalesce(audio.tier, 'none') END AS what, count(*) AS n
        FROM file LEFT JOIN audio ON audio.id = file.audio_id
                  LEFT JOIN job ON job.file_id = file.id
        WHERE file.candidate GROUP BY what
        """
    )
    found = {row["what"]: row["n"] for row in rows}
    total = sum(n for what, n in found.items() if what != "missing")
    tiers = {tier.value: found.get(tier, 0) for tier in Tier}
    others = {what: found.get(what, 0) for what in ("failed", "missing")}
    return {"total": total} | tiers | others


def features_from(text: str) -> Features:
    """Read features as they were stored; fields this version does not know are dropped."""
    stored: dict[str, Any] = json.loads(text)
    known = {field.name for field in fields(Features)}
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in stored.items()
        if name in known
    }
    return Features(**values)
