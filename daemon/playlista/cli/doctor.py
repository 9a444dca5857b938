"""``playlista doctor``: this machine, and what to do about it."""

import os
import platform
import shutil
import signal
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from playlista.cli.options import ConfigFile, Json, configuration

if TYPE_CHECKING:
    from playlista.config.settings import Config

LITTLE_ROOM = 100e6  # bytes (a guess)
LATE = 2  # intervals without a new copy of the database
OLDEST_SQLITE = "3.37"
SAMPLE_N = 100  # files of each music folder that are asked about
PATIENCE_S = 10.0  # with a music folder (a guess)
SILENT = ("does not answer", "bring its disk or server back, or unmount it: nothing waits for it")

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; ``remedy`` is None when all is well."""

    what: str
    found: str
    remedy: str | None = None


def doctor(
    restore: Annotated[
        bool, typer.Option("--restore", help="Put the last good copy of the database back.")
    ] = False,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Examine this machine; exit with 1 when something needs doing."""
    from playlista.cli import show
    from playlista.cli.restore import restore as put_back

    settings = configuration(config).config
    if restore:
        put_back(settings.store, json=json)
        return
    findings = [finding for examine in EXAMINATIONS for finding in examine(settings)]
    if json:
        show.as_json([asdict(finding) for finding in findings])
    else:
        rows = [asdict(f) | {"": "ok" if f.remedy is None else "!!"} for f in findings]
        show.as_table(rows, "", "what", "found", "remedy")
    if any(finding.remedy for finding in findings):
        raise typer.Exit(1)


def _programs(_: "Config") -> Iterator[Finding]:
    yield Finding("Python", platform.python_version())
    old = sqlite3.sqlite_version_info < (3, 37, 0)
    yield Finding(
        "SQLite",
        sqlite3.sqlite_version,
        f"install a Python built with SQLite {OLDEST_SQLITE} or newer" if old else None,
    )


def _processor(_: "Config") -> Iterator[Finding]:
    from playlista.pool import processor

    now = processor.read()
    yield Finding("processors", f"{now.cores:g} of {now.machine_cores} usable ({now.source})")
    yield Finding("waiting for processors", _share_of_time(now.contended))
    flags = _read("/proc/cpuinfo")
    if "flags" in flags:
        # without AVX essentia's TensorFlow dies of SIGILL: it is not imported there
        avx = " avx " in flags
        yield Finding("AVX", "yes" if avx else "no: essentia is not used, same fields without it")


def _memory(settings: "Config") -> Iterator[Finding]:
    from playlista.pool import memory

    now = memory.read()
    if now is None:
        workers = settings.pool.fallback_workers
        yield Finding(
            "memory",
            f"cannot be read: never more than {workers} workers",
            "allow the service to read /proc/meminfo (no ProcSubset=pid)",
        )
        return
    scopes = [f"{s.used_ratio:.0%} of {s.limit / 1e9:.1f} GB ({s.source})" for s in now.scopes]
    low = now.used_ratio * 100 >= settings.pool.memory_failsafe_percent
    yield Finding(
        "memory",
        f"in use {', '.join(scopes)}; {now.available_bytes / 1e9:.1f} GB available",
        "free some memory: analysis waits above the failsafe" if low else None,
    )
    yield Finding("waiting for memory", _share_of_time(now.stalled))


def _share_of_time(share: float | None) -> str:
    return "the kernel does not say" if share is None else f"{share:.0%} of the last 10 s"


def _inotify(settings: "Config") -> Iterator[Finding]:
    from playlista.watch import limits

    roots = [root for root in settings.watch.music_paths if _in_time(partial(_is_local, root))]
    folders_n = sum(1 for root in roots for _ in os.walk(root))
    for name, limit, needed_n in (
        ("max_user_watches", limits.watches(), folders_n),
        ("max_user_instances", limits.instances(), len(roots)),
    ):
        few = limit is not None and limit < needed_n
        yield Finding(
            f"inotify {name}",
            f"{'unknown' if limit is None else limit}, {needed_n} needed",
            f"sysctl fs.inotify.{name}={2 * needed_n} or more; in a container its host's, too"
            if few
            else None,
        )


def _is_local(folder: Path) -> bool:
    return not _file_system(folder)[1]


def _music(settings: "Config") -> Iterator[Finding]:
    if not settings.watch.music_paths:
        yield Finding("music folders", "none", "set MUSIC_PATHS in playlista.conf")
    for folder in settings.watch.music_paths:
        state = _in_time(partial(_state_of, folder))
        yield Finding(f"music {folder}", *(state or SILENT))


def _state_of(folder: Path) -> tuple[str, str | None]:
    from playlista.watch import doubt

    if not folder.is_dir():
        return "missing", "mount it or correct MUSIC_PATHS: until then nothing in it changes"
    if not os.access(folder, os.R_OK | os.X_OK):
        return "not readable", "give this user permission to read it"
    kind, _ = _file_system(folder)
    doubtful = doubt.of_kind(kind.encode()) or doubt.of_places(_below(folder))
    return f"readable, on {kind}" if doubtful is None else f"readable; {doubtful.why}", None


def _missing(settings: "Config") -> Iterator[Finding]:
    """Tell what the daemon last missed in the music folders, and keeps."""
    from playlista.errors import PlaylistaError, printable
    from playlista.store.database import reading
    from playlista.store.roots import roots

    with suppress(PlaylistaError), reading(settings.store.database) as read:
        for root in roots(read):
            if root.why and root.state != "unwatched":
                yield Finding(f"missing from {printable(root.path)}", root.state, root.why)


def _writers(settings: "Config") -> Iterator[Finding]:
    """Tell whether a file that somebody still writes to can be told from a finished one."""
    signal.signal(signal.SIGIO, signal.SIG_IGN)  # or no lease is asked for
    for folder in settings.watch.music_paths:
        if answers := _in_time(partial(_sample, folder)):
            yield Finding(f"writers in {folder}", *_told(folder, answers))


def _sample(folder: Path) -> list[bool | None]:
    return list(islice(_written(folder), SAMPLE_N))


def _written(folder: Path) -> Iterator[bool | None]:
    from playlista.watch.head import look_into
    from playlista.watch.names import join
    from playlista.watch.scanner import Walk

    root = os.fsencode(folder)
    for entry in Walk(root).below(b""):
        with suppress(OSError):  # what cannot be read has a remedy of its own
            if entry.regular:
                yield look_into(join(root, entry.relpath), entry.signature).written


def _told(folder: Path, answers: Sequence[bool | None]) -> tuple[str, str | None]:
    unknown_n = answers.count(None)
    if not unknown_n:
        return "told: no file is taken before it is closed", None
    without = f"not told for {unknown_n} of the first {len(answers)} files: quiet time must do"
    _, remote = _file_system(folder)
    if remote:
        return without, None
    return without, "run as the owner of the music, or with CAP_LEASE as systemd/ does"


def _state(settings: "Config") -> Iterator[Finding]:
    for what, folder in (
        ("state", settings.store.state_path),
        ("playlists", settings.store.playlists),
    ):
        nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
        writable = os.access(nearest, os.W_OK | os.X_OK)
        kind, remote = _file_system(nearest)
        remedy = None if writable else f"give this user permission to write {nearest}"
        if what == "state" and remote:
            remedy = "set STATE_PATH to a local disk: a database cannot live on a network mount"
        found = "writable" if writable else "not writable"
        yield Finding(f"{what} {folder}", f"{found}, on {kind}", remedy)


def _database(settings: "Config") -> Iterator[Finding]:
    from playlista.store import backup
    from playlista.store.database import size_bytes

    database = settings.store.database
    if not database.exists():
        return
    size, free = size_bytes(database), shutil.disk_usage(database.parent).free
    scarce = free < max(size * backup.ROOM, LITTLE_ROOM)
    yield Finding(
        f"database {database}",
        f"{size / 1e6:.1f} MB, {free / 1e6:.0f} MB free beside it",
        "free some space: it cannot grow, and cannot be copied" if scarce else None,
    )
    yield Finding("database copy", *_copy(database, settings.store.backup_interval_hours))


def _copy(database: Path, interval_h: float) -> tuple[str, str | None]:
    from playlista.store import backup

    made_at = backup.made_at(database)
    if made_at is None:
        return "none yet", None if interval_h else "set BACKUP_INTERVAL_HOURS: none is ever made"
    age_h = (time.time() - made_at) / 3600
    late = interval_h > 0 and age_h > LATE * interval_h
    return f"{age_h:.0f} h old", "start the daemon, or see in its log why" if late else None


def _port(settings: "Config") -> Iterator[Finding]:
    host, _, port = settings.service.http_listen.rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    with socket.socket(family) as probe:
        taken = probe.connect_ex((host.strip("[]"), int(port))) == 0
    yield Finding(
        f"port {settings.service.http_listen}",
        "answers: a daemon is running, or another program" if taken else "free",
    )


def _in_time(ask: Callable[[], Answer]) -> Answer | None:
    """Return the answer of a disk; None when it is late, as that of a share that hangs."""
    answers: list[Answer] = []
    # a thread that hangs in the kernel ends with this process, and not before
    thread = Thread(target=lambda: answers.append(ask()), daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    return answers[0] if answers else None


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def _file_system(folder: Path) -> tuple[str, bool]:
    """Return the type of the file system a folder is on, and whether it is a network's."""
    from playlista import mounts

    mount = mounts.of(os.fsencode(folder.resolve()), mounts.table())
    kind = b"unknown file system" if mount is None else mount.kind
    return kind.decode(), kind in mounts.NETWORK


def _below(folder: Path) -> dict[bytes, bytes]:
    """Return the types of the file systems that are mounted below a folder, by their places."""
    from playlista import mounts

    below = mounts.below(os.fsencode(folder.resolve()), mounts.table())
    return {place: mount.kind for place, mount in below.items()}


EXAMINATIONS: tuple[Callable[["Config"], Iterator[Finding]], ...] = (
    _programs,
    _processor,
    _memory,
    _inotify,
    _music,
    _missing,
    _writers,
    _state,
    _database,
    _port,
)
