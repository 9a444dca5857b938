"""What a file says of itself, read by mutagen."""

import re
from collections.abc import Mapping
from typing import BinaryIO

import mutagen

from playlista.records import FileTags

_LONGEST = 500  # characters: a guess; longer "titles" are damage or lyrics in the wrong field
_YEAR = re.compile(r"(?<!\d)(1[89]\d\d|20\d\d)(?!\d)")
_ASF = {"title": "Title", "artist": "Author", "album": "WM/AlbumTitle", "genre": "WM/Genre"}
_ID3 = {"title": "TIT2", "artist": "TPE1", "album": "TALB", "date": "TDRC", "genre": "TCON"}


def file_tags(file: BinaryIO) -> FileTags:
    """Read the tags of an open file.

    Args:
        file: Its position is left at the start.

    Returns:
        The tags; empty ones for a file without any, or with tags beyond reading.

    Raises:
        OSError: The disk fails.
    """
    file.seek(0)
    try:
        found = mutagen.File(file, easy=True)
    except OSError:
        raise
    except Exception:  # noqa: BLE001 - damaged tags raise far more than MutagenError, e.g. IndexError
        found = None
    finally:
        file.seek(0)
    tags = getattr(found, "tags", None)
    return _read(tags) if tags else FileTags()


def _read(tags: Mapping[str, object]) -> FileTags:
    return FileTags(
        title=_text(tags, "title"),
        artist=_text(tags, "artist") or _text(tags, "albumartist"),
        album=_text(tags, "album"),
        year=_year(_text(tags, "date") or _text(tags, "originaldate") or _text(tags, "year")),
        genre=_text(tags, "genre"),
    )


def _text(tags: Mapping[str, object], name: str) -> str | None:
    """Return the first value of a tag under any of its formats' names."""
    for key in (name, _ID3.get(name), _ASF.get(name), "WM/Year" if name == "date" else None):
        value = _value(tags, key)
        if value:
            return value
    return None


def _value(tags: Mapping[str, object], key: str | None) -> str:
    try:
        found = tags[key] if key else None
    except (KeyError, ValueError):  # vorbis comments refuse odd keys by ValueError
        return ""
    if isinstance(found, (list, tuple)):
        found = found[0] if found else None
    text = "" if found is None else str(found)
    return "".join(c if c.isprintable() else " " for c in text).strip()[:_LONGEST]


def _year(text: str | None) -> int | None:
    found = _YEAR.search(text or "")
    return int(found[0]) if found else None
