"""The music folders: can they be read, watched, and told from what is being written?"""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path

from playlista.cli.examinations.finding import Finding, file_system, in_time
from playlista.config.settings import Config
from playlista.errors import PlaylistaError, printable
from playlista.store.database import reading
from playlista.store.roots import roots
from playlista.watch import doubt, limits
from playlista.watch.head import look_into
from playlista.watch.names import join
from playlista.watch.scanner import Walk

SAMPLE_N = 100  # files of each music folder that are asked about
SILENT = ("does not answer", "bring its disk or server back, or unmount it: nothing waits for it")


def watches(settings: Config) -> Iterator[Finding]:
    """Tell whether the kernel allows as many watches as there are folders."""
    roots = [root for root in settings.watch.music_paths if in_time(partial(_is_local, root))]
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


def folders(settings: Config) -> Iterator[Finding]:
    """Tell whether each music folder can be read, and whether its changes give events."""
    if not settings.watch.music_paths:
        yield Finding("music folders", "none", "set MUSIC_PATHS in playlista.conf")
    for folder in settings.watch.music_paths:
        state = in_time(partial(_state_of, folder))
        yield Finding(f"music {folder}", *(state or SILENT))


def missing(settings: Config) -> Iterator[Finding]:
    """Tell which music the daemon misses, and does not believe to be gone."""
    with suppress(PlaylistaError), reading(settings.store.database) as read:
        for root in roots(read):
            path = printable(root.path)
            if root.state == "offline":
                remedy = f"bring it back, or accept what is gone: playlista roots confirm {path}"
                yield Finding(f"offline {path}", root.why or "its tracks are kept", remedy)
            elif root.state == "online" and root.why:
                yield Finding(f"missing from {path}", root.state, root.why)


def writers(settings: Config) -> Iterator[Finding]:
    """Tell whether a file that somebody still writes to can be told from a finished one."""
    signal.signal(signal.SIGIO, signal.SIG_IGN)  # or no lease is asked for
    for folder in settings.watch.music_paths:
        if answers := in_time(partial(_sample, folder)):
            yield Finding(f"writers in {folder}", *_told(folder, answers))


def _is_local(folder: Path) -> bool:
    return not file_system(folder)[1]


def _state_of(folder: Path) -> tuple[str, str | None]:
    if not folder.is_dir():
        return "missing", "mount it or correct MUSIC_PATHS: until then nothing in it changes"
    if not os.access(folder, os.R_OK | os.X_OK):
        return "not readable", "give this user permission to read it"
    kind, _ = file_system(folder)
    doubtful = doubt.of_kind(kind.encode())
    return f"readable, on {kind}" if doubtful is None else f"readable; {doubtful.why}", None


def _sample(folder: Path) -> list[bool | None]:
    return list(islice(_written(folder), SAMPLE_N))


def _written(folder: Path) -> Iterator[bool | None]:
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
    _, remote = file_system(folder)
    if remote:
        return without, None
    return without, "run as the owner of the music, or with CAP_LEASE as systemd/ does"
