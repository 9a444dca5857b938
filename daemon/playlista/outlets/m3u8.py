"""Playlists as M3U8 files: UTF-8 without BOM, LF, relative paths, swapped in whole."""

import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from playlista.durable import sync_folder
from playlista.outlets import disk
from playlista.playlists.delta import Entry
from playlista.records import FileTags

LINE_BREAKS = frozenset(b"\n\r")
MARK = b"#PLAYLISTA:id="
"""A comment to every player; a file without it is somebody else's."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Song:
    """What a line says of a track; ``path`` is absolute, as the kernel gives it."""

    track_id: int
    path: bytes
    duration_s: float
    file_tags: FileTags


def render(
    name: str, playlist_id: str, songs: Iterable[Song], folder: bytes
) -> tuple[bytes, list[Entry]]:
    """Return a playlist file taken apart: its head, and one entry per track.

    Args:
        name: As people read it.
        playlist_id: Goes into a comment that players ignore.
        songs: In playing order. Those whose path has a line break are left out:
            the format cannot name them.
        folder: Absolute path of the folder the file will lie in, symbolic links resolved.

    Returns:
        Head and entries; joined they are the file.
    """
    head = f"#EXTM3U\n#PLAYLIST:{_one_line(name)}\n".encode(errors="replace")
    head += MARK + _bytes(f"{_one_line(playlist_id)}\n")
    named = (song for song in songs if not LINE_BREAKS & set(song.path))
    return head, [Entry(song.track_id, _entry(song, folder)) for song in named]


def write(path: bytes | Path, content: bytes) -> bool:
    """Swap a playlist file in; leave it alone when it is equal already.

    An equal file keeps its modification time, which is what servers look at. A file that
    somebody else made, and that has the same name, is kept under another one.

    Returns:
        Whether the file was written.

    Raises:
        TryAgain: The disk is full, busy or away.
        OperatorError: The folder cannot be written to.
    """
    target = disk.located(path)
    with disk.translated(target):
        current = _current(target)
        if current == content:
            return False
        if current is not None and MARK not in current:
            kept = disk.set_aside(target)
            log.warning("%s was not ours: kept as %s", target, kept.name)
        disk.swap(target, content)
        return True


def remove(path: bytes | Path) -> bool:
    """Remove the file of a list that has no lines left, if it is ours.

    Returns:
        Whether there was one.

    Raises:
        TryAgain: The disk is busy or away.
        OperatorError: The folder cannot be written to.
    """
    target = disk.located(path)
    with disk.translated(target):
        if MARK not in (_current(target) or b""):
            return False
        target.unlink()
        sync_folder(target.parent)
        return True


def relative(path: bytes, folder: bytes) -> bytes:
    """Return how a playlist in ``folder`` names a file: raw bytes, never read as a comment."""
    name = os.path.relpath(path, folder)
    # players drop blanks around a line and skip lines that begin with "#"
    return b"./" + name if name[:1] in b"# \t" else name


def _entry(song: Song, folder: bytes) -> bytes:
    tags = song.file_tags
    title = tags.title or os.fsencode(disk.located(song.path).stem).decode(errors="replace")
    label = f"{tags.artist} - {title}" if tags.artist else title
    info = f"#EXTINF:{round(song.duration_s)},{_one_line(label)}\n"
    return _bytes(info) + relative(song.path, folder) + b"\n"


def _one_line(text: str) -> str:
    """Return the text without line breaks and other control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _bytes(text: str) -> bytes:
    return text.encode(errors="replace")


def _current(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
