"""Library → lists → outlets: what changed becomes a revision, a log line and a file.

The order makes a crash harmless: revision and log line are one transaction; the log file
is filled up from the database; a file is marked as published only once it is on disk.
"""

import logging
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from playlista.config.settings import StoreSettings
from playlista.errors import OperatorError, TryAgain
from playlista.metrics import Metrics
from playlista.outlets import deltas, disk, m3u8
from playlista.playlists import delta
from playlista.playlists.delta import Cause, Entry, Reason
from playlista.records import Composition, Member, Playlist
from playlista.store.database import Database
from playlista.store.library import Caption, captions
from playlista.store.lists import Lists, StoredLine, StoredList

LINE_OPS = ("add", "remove", "move", "set")
OUTLETS = ("m3u8",)
PUSH_OUTCOMES = ("ok", "failed")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Revision:
    """A list with its new lines, and the edits that lead there."""

    stored: StoredList
    ops: list[dict[str, Any]]
    record: dict[str, Any]


class Refresh:
    """Turns a composition into revisions, and revisions into files.

    Args:
        database: The store.
        settings: Where files go.
        metrics: Where edits are counted.
    """

    def __init__(self, database: Database, settings: StoreSettings, metrics: Metrics) -> None:
        self._database = database
        self._lists = Lists(database)
        self._settings = settings
        self._metrics = metrics
        self._files: list[Path] = []

    def founded(self) -> bool:
        """Tell whether there are lists already."""
        return bool(self._lists.load())

    def adopt(self, composition: Composition) -> int:
        """Store what the composer wants and publish it; return how many lists changed.

        Raises:
            TryAgain: The disk refuses just now; `publish` completes it later.
            OperatorError: The playlist folder cannot be written.
        """
        before = self._lists.load()
        texts = self._captions(composition)
        revisions, quiet = [], []
        for playlist in composition.playlists:
            old = before.get(playlist.id, StoredList(replace(playlist, members=())))
            new = self._stored(playlist, old, texts)
            ops = delta.diff(old.head, new.head, entries(old), entries(new))
            if ops:
                revisions.append(_revised(new, ops))
            elif new != old:
                quiet.append(new)
        saved = [revision.stored for revision in revisions]
        self._lists.save(composition.frame, saved + quiet, [r.record for r in revisions])
        self._count(revisions)
        self.publish()
        return len(revisions)

    def publish(self) -> None:
        """Bring log and files up to date with the database, after a crash too.

        Raises:
            TryAgain: The disk refuses just now.
            OperatorError: The playlist folder cannot be written.
        """
        stored = self._lists.load().values()
        self._metrics.playlists.set(sum(1 for one in stored if one.lines))
        files = {self._file(one): one for one in stored if entries(one)}
        self._files = list(files)
        gone = [files[file].playlist.id for file in self.missing()]
        pending = [one for one in stored if one.published < one.revision or one.playlist.id in gone]
        self._fill_log()
        try:
            with disk.translated(self._settings.playlists):
                self._settings.playlists.mkdir(parents=True, exist_ok=True)
            for one in pending:
                self._push(one)
        except (OperatorError, TryAgain):
            self._metrics.outlet_pushes.labels("m3u8", "failed").inc()
            raise
        if pending:
            self._lists.mark_published(pending)

    def _fill_log(self) -> None:
        """Append what the log lacks; one that another database wrote is kept aside."""
        path = self._settings.deltas
        newest = deltas.last(path)
        if newest is not None and not self._lists.holds(newest):
            kept = deltas.set_aside(path)
            log.warning("%s is of another database: kept as %s", path, kept.name)
            newest = None
        records = self._lists.records(after=newest["seq"] if newest else 0)
        if records:
            deltas.append(path, records)

    def missing(self) -> list[Path]:
        """Return the files that were written, and that somebody has taken away since.

        Raises:
            TryAgain: The disk is away.
            OperatorError: The playlist folder cannot be looked into.
        """
        with disk.translated(self._settings.playlists):
            return [file for file in self._files if not file.exists()]

    def _file(self, stored: StoredList) -> Path:
        return self._settings.playlists / delta.file_name(stored.playlist)

    def _push(self, stored: StoredList) -> None:
        path = self._file(stored)
        text = delta.content(stored.head, entries(stored))
        if text:
            m3u8.write(path, text)
        else:
            m3u8.remove(path)
        self._metrics.outlet_pushes.labels("m3u8", "ok").inc()
        log.info("playlist %s revision=%d lines=%d", stored.playlist.slug, stored.revision,
                 len(stored.lines))  # fmt: skip

    def _captions(self, composition: Composition) -> dict[int, Caption]:
        members = {m.track_id for playlist in composition.playlists for m in playlist.members}
        with self._database.reading() as read:
            return captions(read, members)

    def _stored(
        self, playlist: Playlist, old: StoredList, texts: Mapping[int, Caption]
    ) -> StoredList:
        """Return the list with the exact text of every line."""
        folder = os.fsencode(self._settings.playlists.resolve())
        members = [member for member in playlist.members if member.track_id in texts]
        songs = (_song(member, texts[member.track_id]) for member in members)
        head, rendered = m3u8.render(playlist.name, playlist.id, songs, folder)
        text = {entry.track_id: entry.lines for entry in rendered}
        lines = tuple(StoredLine(member, text.get(member.track_id, b"")) for member in members)
        kept = replace(playlist, members=tuple(members))
        return replace(old, playlist=kept, head=head, lines=lines)

    def _count(self, revisions: Iterable[Revision]) -> None:
        for revision in revisions:
            self._metrics.playlist_updates.labels(revision.record["reason"]).inc()
            for op in revision.ops:
                if op["op"] in LINE_OPS:
                    self._metrics.playlist_lines.labels(op["op"]).inc()

    def observe_landing(self, arrived: Iterable[int]) -> None:
        """Measure the way of tracks that have just been heard and are in lists now."""
        listed = {m.track_id for one in self._lists.load().values() for m in one.playlist.members}
        with self._database.reading() as read:
            landed = captions(read, listed & set(arrived)).values()
        now = time.time()
        for caption in landed:
            self._metrics.landing.observe(max(0.0, now - caption.landed_at))


def entries(stored: StoredList) -> list[Entry]:
    """Return the lines a file holds; a track the format cannot name has none."""
    return [Entry(line.member.track_id, line.lines) for line in stored.lines if line.lines]


def _song(member: Member, caption: Caption) -> m3u8.Song:
    return m3u8.Song(member.track_id, caption.path, caption.duration_s, caption.file_tags)


def _revised(new: StoredList, ops: list[dict[str, Any]]) -> Revision:
    stored = replace(new, revision=new.revision + 1)
    record = delta.record(
        new.playlist,
        Cause(_reason(ops), int(time.time()), tuple(_trigger(ops))),
        ops,
        rev_from=new.revision,
        text=delta.content(new.head, entries(new)),
    )
    return Revision(stored, ops, record)


def _reason(ops: Iterable[Mapping[str, Any]]) -> Reason:
    kinds = {op["op"] for op in ops}
    if "add" in kinds:
        return Reason.NEW_TRACKS
    return Reason.DELETED if "remove" in kinds else Reason.CHANGED


def _trigger(ops: Iterable[Mapping[str, Any]]) -> list[int]:
    return [op["track"] for op in ops if "track" in op]
