"""Which names are never looked at: unfinished downloads, hidden files, a NAS's own folders.

The final rename of a download names the real file, and that is when it is seen.
"""

import re
from collections.abc import Set as AbstractSet

_PATTERNS = (
    rb"\..*",  # hidden: rsync's .name.XXXXXX, .syncthing.*, .nfs*, ._*, .Trash-1000
    rb".*~",  # editors' backups
    rb"~\$.*|~syncthing~.*",
    rb".*\.(part|ytdl|tmp|temp|!qb|!ut|crdownload|partial|filepart|aria2|opdownload)",
    rb".*\.temp\.[^.]+",  # yt-dlp: name.temp.mp3
    rb"incomplete[~0-9a-f].*",  # Soulseek clients: INCOMPLETE + hash + name
    rb"@eadir|#recycle|#snapshot|@recycle|@recently-snapshot",  # Synology, QNAP
    rb"\$recycle\.bin|system volume information|lost\+found",
)
_IGNORED = re.compile(b"|".join(_PATTERNS), re.IGNORECASE | re.DOTALL)


def is_ignored(name: bytes) -> bool:
    """Tell whether one name, of a file or a folder, is never looked at.

    Example:
        >>> is_ignored(b"song.flac.part"), is_ignored(b"song.flac")
        (True, False)
    """
    return _IGNORED.fullmatch(name) is not None


def is_ignored_path(relpath: bytes) -> bool:
    """Tell whether any part of a path below a root is never looked at."""
    return any(is_ignored(name) for name in relpath.split(b"/"))


def is_within(relpath: bytes, folders: AbstractSet[bytes]) -> bool:
    """Tell whether a path is one of these folders or below one; ``b""`` is the root itself."""
    if not folders:
        return False
    if relpath in folders or b"" in folders:
        return True
    head, slash, _ = relpath.rpartition(b"/")
    return bool(slash) and is_within(head, folders)


def parent(relpath: bytes) -> bytes:
    """Return the folder of a path, relative to the root; ``b""`` is the root itself."""
    return relpath.rpartition(b"/")[0]


def join(folder: bytes, name: bytes) -> bytes:
    """Return the path of a name in a folder, both relative to the root."""
    return folder + b"/" + name if folder else name
