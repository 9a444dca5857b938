"""One line per event: a fact, then key=value.

Text for people on a terminal or in a file; ``<N>`` before the line when journald reads
stderr; real journal fields when the extra ``systemd`` is installed as well. Fields are
given as ``extra={"TRACK": ..., "PLAYLIST": ..., "REASON": ...}``.
"""

import errno
import importlib
import json
import logging
import os
import re
import sys
from collections.abc import Callable, Mapping
from typing import Final, Literal, TextIO, get_args

Level = Literal["debug", "info", "warning", "error"]
LEVELS: Final[tuple[Level, ...]] = get_args(Level)
FIELDS: Final = ("TRACK", "PLAYLIST", "REASON")

# The numbers of syslog
_PRIORITY: Final[Mapping[Level, int]] = {"debug": 7, "info": 6, "warning": 4, "error": 3}
# whoever read us is gone: the pipe is closed, or the terminal
_NOBODY_READS: Final = (errno.EPIPE, errno.EIO)


def set_up(
    level: Level,
    stream: TextIO | None = None,
    *,
    count: Callable[[Level], None] = lambda _: None,
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Send every record of this process, and every warning, to one place.

    May be called again to change the level. Debug lines are ours only: other libraries
    start at info.

    Args:
        level: What is worth a line.
        stream: Where lines go; None is stderr.
        count: Called with the level of every record, written or not.
        environ: JOURNAL_STREAM tells whether journald reads the stream.
    """
    numeric = logging.getLevelNamesMapping()[level.upper()]
    place = _place(stream or sys.stderr, environ)
    logging.basicConfig(handlers=[_Counter(count), place], force=True)
    logging.getLogger().setLevel(max(numeric, logging.INFO))
    logging.getLogger("playlista").setLevel(numeric)
    logging.captureWarnings(True)


def say(line: str) -> None:
    """Print a line for whoever started us; that nobody reads it is no trouble."""
    if sys.stdout is None:  # started with a closed stdout
        return
    try:
        print(line, flush=True)  # noqa: T201 - not a record: it is for the terminal
    except OSError:
        _silence(sys.stdout)


def level_of(record: logging.LogRecord) -> Level:
    """Return the closed name of a level; what lies between counts as the lower one."""
    fitting = (
        name for name in reversed(LEVELS) if record.levelno >= getattr(logging, name.upper())
    )
    return next(fitting, "debug")


def _place(stream: TextIO | None, environ: Mapping[str, str]) -> logging.Handler:
    if stream is None:  # started with a closed stderr
        return logging.NullHandler()
    place: logging.Handler = _Lines(stream)
    if not _read_by_journald(stream, environ):
        place.setFormatter(_Dated())
    elif (journal := _journal()) is not None:
        place = journal
        place.setFormatter(_Line())
    else:
        place.setFormatter(_Ranked())
    return place


def _read_by_journald(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Tell whether the stream is the one that systemd tied to the journal."""
    try:
        stat = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{stat.st_dev}:{stat.st_ino}"


def _journal() -> logging.Handler | None:
    try:
        journal = importlib.import_module("systemd.journal")
    except ImportError:
        return None
    handler: logging.Handler = journal.JournalHandler(SYSLOG_IDENTIFIER="playlista")
    return handler


class _Line(logging.Formatter):
    """A record as text; only a traceback takes more than one line."""

    def format(self, record: logging.LogRecord) -> str:
        part = record.name.removeprefix("playlista.")
        line = f"{part}: {_told(record)}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class _Dated(_Line):
    """For people, who must be told when and how bad."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{self.formatTime(record)} {level_of(record):7} {super().format(record)}"


class _Ranked(_Line):
    """For journald, which knows when, and reads how bad from ``<N>``."""

    def format(self, record: logging.LogRecord) -> str:
        rank = _PRIORITY[level_of(record)]
        return "\n".join(f"<{rank}>{line}" for line in super().format(record).splitlines())


def _told(record: logging.LogRecord) -> str:
    message = re.sub(r"\s*\n\s*", " ", record.getMessage().strip())
    fields = ((name.lower(), getattr(record, name, None)) for name in FIELDS)
    pairs = (f"{name}={_value(str(value))}" for name, value in fields if value is not None)
    return _visible(" ".join([message, *pairs]))


def _value(text: str) -> str:
    return text if re.fullmatch(r"[^\s\"=]+", text) else json.dumps(text, ensure_ascii=False)


def _visible(text: str) -> str:
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


class _Lines(logging.StreamHandler[TextIO]):
    """A stream that may lose its reader: the daemon goes on without it."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (the name is logging's)
        error = sys.exception()
        if not isinstance(error, OSError):
            super().handleError(record)
        elif error.errno in _NOBODY_READS:
            _silence(self.stream)


def _silence(stream: TextIO) -> None:
    """Write to nowhere from now on: else the flush at exit fails, with status 120.

    Source:
        Python's documentation of signal, "Note on SIGPIPE".
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


class _Counter(logging.Handler):
    """Counts records by level."""

    def __init__(self, count: Callable[[Level], None]) -> None:
        super().__init__()
        self._count = count

    def emit(self, record: logging.LogRecord) -> None:
        self._count(level_of(record))
