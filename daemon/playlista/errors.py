"""Every error, filed by who must act.

Each class hands all its fields to ``super().__init__`` positionally and builds its
text in ``__str__``: anything else cannot be unpickled in the parent when a worker
reports it (ADR 0002).
"""

import os


class PlaylistaError(Exception):
    """The root: whatever is not below it is a bug."""


# --- the file must change ---------------------------------------------------


class TrackError(PlaylistaError):
    """This file cannot be analysed as it stands; it waits until it changes.

    Attributes:
        reason: The closed label under which the failure is counted.
    """

    reason = "track"

    def __init__(self, path: bytes, why: str) -> None:
        super().__init__(path, why)
        self.path = path
        self.why = why

    def __str__(self) -> str:
        return f"{printable(self.path)}: {self.why}"


class UnreadableAudio(TrackError):
    """No decoder makes sound of it."""

    reason = "unreadable"


class NotAudio(TrackError):
    """The content is something else, whatever the name says."""

    reason = "not_audio"


class NothingToHear(TrackError):
    """It decodes to no samples at all."""

    reason = "empty"


class TooLarge(TrackError):
    """Larger than SEQUENTIAL_MAX_FILE_SIZE_MB allows."""

    reason = "too_large"


class ChangedMeanwhile(TrackError):
    """The file is no longer the one that was queued; the result is discarded."""

    reason = "changed"


class IncompleteTrack(TrackError):
    """Part of the sound is missing: still being written, or cut off."""

    reason = "incomplete"


# --- time must pass ---------------------------------------------------------


class TryAgain(PlaylistaError):
    """Nothing is wrong with the track: the same call may succeed later."""

    reason = "try_again"

    def __init__(self, what: str, wait_s: float) -> None:
        super().__init__(what, wait_s)
        self.what = what
        self.wait_s = wait_s

    def __str__(self) -> str:
        return f"{self.what} (again in {self.wait_s:g} s)"


class StoreBusy(TryAgain):
    """The database cannot be written just now: locked, or its disk is full."""

    reason = "store_busy"


class FileUnavailable(TryAgain):
    """The disk does not give the file just now: I/O error, stale mount, no permission."""

    reason = "unavailable"


# --- a person must act ------------------------------------------------------


class OperatorError(PlaylistaError):
    """One line for a person, and a sysexits status for systemd."""

    exit_status = 1

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def __str__(self) -> str:
        return self.why


class BadConfig(OperatorError):
    """EX_CONFIG."""

    exit_status = 78


class AlreadyRunning(OperatorError):
    """EX_TEMPFAIL: another daemon holds the database, or the port is in use."""

    exit_status = 75


class StoreBroken(OperatorError):
    """EX_DATAERR: the database is damaged, or newer than this program."""

    exit_status = 65


class ModelMissing(OperatorError):
    """EX_NOINPUT: a model is not there, is not what it should be, or does not work here."""

    exit_status = 66


class Interrupted(OperatorError):
    """Stopped by the user before it was done: 128 + SIGINT, as shells report it."""

    exit_status = 130


class UsageError(OperatorError):
    """The command line asks for something that does not exist."""

    exit_status = 2


def printable(path: bytes) -> str:
    r"""Return a path that any terminal, log or JSON can carry.

    Bytes that are not UTF-8, and control characters, become ``\xNN``.

    Example:
        >>> printable(b"caf\xe9\n.mp3")
        'caf\\xe9\\x0a.mp3'
    """
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
