"""Playlists, their lines as they stand in the files, and every edit ever made."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from playlista.records import Composition, Member, Playlist
from playlista.store.database import Database


@dataclass(frozen=True, slots=True)
class StoredLine:
    """One line of a list: its member, and the exact bytes in the file."""

    member: Member
    lines: bytes


@dataclass(frozen=True, slots=True)
class StoredList:
    """One list as it was last written."""

    playlist: Playlist
    revision: int = 0
    published: int = 0
    head: bytes = b""
    lines: tuple[StoredLine, ...] = ()


class Lists:
    """What is remembered of playlists; one revision of all of them is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self) -> dict[str, StoredList]:
        """Return every list by id, in the order in which they were born."""
        with self._database.reading() as read:
            return load(read)

    def save(
        self,
        frame: Mapping[str, Any],
        lists: Sequence[StoredList],
        records: Iterable[dict[str, Any]],
    ) -> list[dict[str, Any]]:
        """Replace the given lists and log their edits.

        Args:
            frame: What ``Composition.frame`` holds.
            lists: Those that are new or changed.
            records: One for each edit, ``seq`` still missing.

        Returns:
            The records with their ``seq``, as they were stored.
        """
        with self._database.transaction() as write:
            write.execute(
                "INSERT INTO frame VALUES (1, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
                (json.dumps(dict(frame)),),
            )
            for stored in lists:
                _put(write, stored)
            return [_log(write, record) for record in records]

    def mark_published(self, lists: Iterable[StoredList]) -> None:
        """Remember that these revisions are on disk."""
        with self._database.transaction() as write:
            write.executemany(
                "UPDATE playlist SET published = ? WHERE id = ?",
                [(stored.revision, stored.playlist.id) for stored in lists],
            )

    def holds(self, record: dict[str, Any]) -> bool:
        """Tell whether a line of the delta log is this database's own."""
        with self._database.reading() as read:
            row = read.execute(
                "SELECT seq, record FROM delta WHERE seq = ?", (record["seq"],)
            ).fetchone()
            return row is not None and {"seq": row["seq"]} | json.loads(row["record"]) == record

    def records(self, after: int = 0) -> list[dict[str, Any]]:
        """Return the edits with a ``seq`` above the given one, oldest first."""
        with self._database.reading() as read:
            rows = read.execute(
                "SELECT seq, record FROM delta WHERE seq > ? ORDER BY seq", (after,)
            )
            return [{"seq": row["seq"]} | json.loads(row["record"]) for row in rows]


def load(read: sqlite3.Connection) -> dict[str, StoredList]:
    """Read every list by id, in the order in which they were born."""
    lines: dict[str, list[StoredLine]] = {}
    for row in read.execute("SELECT * FROM line ORDER BY playlist_id, position"):
        member = Member(row["file_id"], row["reason"])
        lines.setdefault(row["playlist_id"], []).append(StoredLine(member, row["lines"]))
    rows = read.execute("SELECT * FROM playlist ORDER BY position")
    return {row["id"]: _stored(row, tuple(lines.get(row["id"], ()))) for row in rows}


def composition(read: sqlite3.Connection) -> Composition:
    """Read the lists as the composer knows them."""
    row = read.execute("SELECT body FROM frame").fetchone()
    return Composition(
        frame=json.loads(row["body"]) if row else {},
        playlists=tuple(stored.playlist for stored in load(read).values()),
    )


def history(read: sqlite3.Connection, playlist_id: str) -> list[dict[str, Any]]:
    """Read every edit of one list, oldest first."""
    rows = read.execute(
        "SELECT seq, record FROM delta WHERE playlist_id = ? ORDER BY seq", (playlist_id,)
    )
    return [{"seq": row["seq"]} | json.loads(row["record"]) for row in rows]


def _stored(row: sqlite3.Row, lines: tuple[StoredLine, ...]) -> StoredList:
    playlist = Playlist(
        id=row["id"],
        slug=row["slug"],
        name=row["name"],
        kind=row["kind"],
        rule=json.loads(row["rule"]),
        members=tuple(line.member for line in lines),
    )
    return StoredList(playlist, row["revision"], row["published"], row["head"], lines)


def _put(write: sqlite3.Connection, stored: StoredList) -> None:
    playlist = stored.playlist
    write.execute(
        """
        INSERT INTO playlist (id, position, slug, name, kind, rule, revision, head)
        VALUES (?, (SELECT count(*) FROM playlist), ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET
            rule = excluded.rule, revision = excluded.revision, head = excluded.head
        """,
        (
            playlist.id,
            playlist.slug,
            playlist.name,
            playlist.kind,
            json.dumps(dict(playlist.rule)),
            stored.revision,
            stored.head,
        ),
    )
    write.execute("DELETE FROM line WHERE playlist_id = ?", (playlist.id,))
    write.executemany(
        "INSERT INTO line (playlist_id, position, file_id, reason, lines) VALUES (?, ?, ?, ?, ?)",
        (
            (playlist.id, position, line.member.track_id, line.member.reason, line.lines)
            for position, line in enumerate(stored.lines)
        ),
    )


def _log(write: sqlite3.Connection, record: dict[str, Any]) -> dict[str, Any]:
    (seq,) = write.execute(
        "INSERT INTO delta (playlist_id, record) VALUES (?, ?) RETURNING seq",
        (record["playlist_id"], json.dumps(record)),
    ).fetchone()
    return {"seq": seq} | record
