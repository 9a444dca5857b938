"""The intake against the disk itself: whatever happens to the files, at rest both agree."""

import os
import shutil
import tempfile
from collections import defaultdict
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from prometheus_client import CollectorRegistry

from homes import FLAC, Home
from playlista.records import Signature
from playlista.service.signals import Signals
from playlista.stages import Wanted
from playlista.store.backlog import Backlog
from playlista.store.database import Database
from playlista.watch.absence import SEARCH_S
from playlista.watch.dirty import WatchEvent
from shelf import Tier, analysis

WATCHED = ("music", "incoming")
FOLDERS = ("", "caf\udce9")
NAMES = ("a.flac", "b.mp3", "cover.jpg")
HEADERS = {".flac": FLAC, ".mp3": b"ID3" + bytes(101), ".jpg": b"\xff\xd8\xff" + bytes(101)}
KEPT = "kept.flac"
"""In every root and left alone: an empty root is taken for an unplugged disk."""

roots = st.sampled_from(WATCHED)
folders = st.builds(Path, st.sampled_from((*WATCHED, "outside")), st.sampled_from(FOLDERS))
places = st.builds(Path, folders, st.sampled_from(NAMES))


class Killed(BaseException):
    """The daemon is no more."""


class Row(NamedTuple):
    """What the database says of one file."""

    file_id: int
    signature: Signature
    missing: bool
    candidate: bool
    sound: str | None
    job: str | None


some_file = precondition(lambda self: self.files())


class IntakeMachine(RuleBasedStateMachine):
    """Two roots, and a folder that nobody watches.

    A sound is the part of a file behind its header; what a worker would hear of it is its name.
    """

    @initialize()
    def begin(self) -> None:
        self.open = ExitStack()
        self.base = Path(self.open.enter_context(tempfile.TemporaryDirectory()))
        self.open.enter_context(Signals())
        self.home = Home(self.base, CollectorRegistry())
        for name in ("incoming", "outside"):
            (self.base / name).mkdir()
        self.away: dict[str, dict[Path, Row]] = {}
        self.heard: dict[int, tuple[Path | None, Signature]] = {}
        self.rested: dict[Path, Row] = {}
        self.used: set[Path] = set()
        self.once: set[int] = set()
        self.writers = self.open.enter_context(ExitStack())
        self.written = 0
        for name in WATCHED:
            for file in (KEPT, *(Path(folder, name) for folder in FOLDERS for name in NAMES)):
                self.write(Path(name, file), "wb", False)
        self.start()
        self.rest()

    def start(self) -> None:
        self.home.open(*(self.base / name for name in WATCHED))
        self.backlog = Backlog(self.home.database, Wanted(Tier.QUICK, None))
        self.backlog.recover()

    def teardown(self) -> None:
        with self.open:
            self.open.callback(lambda: self.home.database.close())  # noqa: PLW0108 - the last of several
            self.rest()

    # --- the files ------------------------------------------------------------------

    @rule(file=places, how=st.sampled_from(["wb", "ab"]), open_for=st.booleans())
    def write(self, file: Path, how: str, open_for: bool) -> None:
        """No two contents have the same length."""
        self.written += 1
        with suppress(OSError):
            path = self.made(file)
            one = path.open(how, buffering=0)
            header = b"" if one.tell() else HEADERS[path.suffix]
            one.write(header + b"%d" % self.written * (99 + self.written))
            self.writers.enter_context(one)
            if not open_for:
                one.close()

    @some_file
    @rule(data=st.data(), restored=st.booleans())
    def retag(self, data: st.DataObject, restored: bool) -> None:
        path = self.touched(self.pick(data))
        before = path.stat()
        self.written += 1
        with path.open("r+b") as one:
            one.seek(4)
            one.write(b"%050d" % self.written)
        if restored:
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    @some_file
    @rule(data=st.data(), new=places)
    def move(self, data: st.DataObject, new: Path) -> None:
        with suppress(OSError):
            self.moved(self.pick(data)).rename(self.touched(self.made(new)))

    @rule(old=folders, new=folders)
    def move_folder(self, old: Path, new: Path) -> None:
        if len(old.parts) > 1 and len(new.parts) > 1:
            with suppress(OSError):
                self.moved(self.base / old).rename(self.made(new))

    @some_file
    @rule(data=st.data(), new=places)
    def link(self, data: st.DataObject, new: Path) -> None:
        with suppress(OSError):
            self.made(new).hardlink_to(self.touched(self.pick(data)))

    @some_file
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        self.touched(self.pick(data)).unlink()

    @rule(folder=folders)
    def remove_folder(self, folder: Path) -> None:
        if len(folder.parts) > 1:
            shutil.rmtree(self.touched(self.base / folder), ignore_errors=True)

    @rule(folder=folders)
    def make_folder(self, folder: Path) -> None:
        with suppress(OSError):
            self.made(folder).mkdir()

    @some_file
    @rule(data=st.data(), mode=st.sampled_from([0o600, 0o644]))
    def change_mode(self, data: st.DataObject, mode: int) -> None:
        self.touched(self.pick(data)).chmod(mode)

    # --- the disks --------------------------------------------------------------------

    @precondition(lambda self: len(self.away) < len(WATCHED))
    @rule(root=roots, mount_point=st.booleans())
    def unmount(self, root: str, mount_point: bool) -> None:
        if root not in self.away:
            rows = ((path, row) for path, row in self.rows() if path.parts[0] == root)
            self.away[root] = {path: row for path, row in rows if not row.missing}
            self.rested = {}  # what was moved off a disk that is gone cannot be known again
            (self.base / root).rename(self.base / f"{root} away")
            if mount_point:
                (self.base / root).mkdir()

    @precondition(lambda self: self.away)
    @rule(root=roots)
    def mount(self, root: str) -> None:
        if self.away.pop(root, None) is not None:
            with suppress(FileNotFoundError):
                shutil.rmtree(self.base / root)
            (self.base / f"{root} away").rename(self.base / root)

    # --- the daemon -------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.1, 3, 11, 1000]))
    def let_pass(self, seconds: float) -> None:
        self.home.years_later_s += seconds
        self.home.after(seconds)

    @rule(place=places | folders, event=st.sampled_from(WatchEvent), finished=st.booleans())
    def be_told(self, place: Path, event: WatchEvent, finished: bool) -> None:
        """Events are hints: any may come, true or not."""
        for folder in self.home.intake._folders.values():
            if folder.root.path == os.fsencode(self.base / place.parts[0]) and place.parts[1:]:
                relpath = os.fsencode(Path(*place.parts[1:]))
                folder._dirty.note(relpath, event, finished=finished)

    @rule(transactions=st.integers(0, 4))
    def crash(self, transactions: int) -> None:
        """Die in the middle of whatever is written, or thereafter, and start again."""
        database = self.home.database
        database.transaction = dying(database.transaction, transactions)
        with suppress(Killed):
            self.home.scan()
        database._connection.close()
        database._lock.release()
        self.home.database = Database(database.path)
        self.home.tracks._database = self.home.database
        self.start()

    @rule()
    def hear(self) -> None:
        """Do what the workers do with all that is offered."""
        for job in self.backlog.ready(99):
            assert self.backlog.lease(job)
            path = Path(os.fsdecode(job.path))
            if not path.is_file() or Signature.of(path.stat()) != job.signature:
                self.backlog.give_back(job)
            elif (heard := sound(path)) is None:
                self.backlog.fail(job, "unreadable", "a picture")
            else:
                assert self.backlog.save([(job, analysis(heard, Tier.QUICK))])
        self.heard |= {row.file_id: (p, row.signature) for p, row in self.rows() if not row.job}

    # --- at rest ------------------------------------------------------------------------

    @rule()
    def rest(self) -> None:
        self.writers.close()
        for _ in range(2):
            self.home.years_later_s += 12
            self.home.scan()
            self.home.after(SEARCH_S + 1)  # what is gone is sought among what nobody has heard yet
        rows = dict(self.rows())
        there = {path: row for path, row in rows.items() if not row.missing}
        self.database_is_disk(there)
        self.one_job_for_what_is_not_heard(there)
        self.none_for_what_is_heard(rows)
        self.moves_keep_ids(there)
        self.rested = {} if self.away else there
        self.used = set(there)
        self.once = set()

    def database_is_disk(self, there: dict[Path, Row]) -> None:
        disk = {path: signature for root in WATCHED for path, signature in self.disk(root)}
        mounted = {path: row for path, row in there.items() if path.parts[0] not in self.away}
        assert {path: row.signature for path, row in mounted.items()} == disk
        for root, before in self.away.items():
            assert {path: row for path, row in there.items() if path.parts[0] == root} == before

    def one_job_for_what_is_not_heard(self, there: dict[Path, Row]) -> None:
        for path, row in there.items():
            if path.parts[0] not in self.away and row.job != "ready":
                assert row.sound == sound(self.base / path)

    def none_for_what_is_heard(self, rows: dict[Path, Row]) -> None:
        """Nothing was done to it but that it was moved, or gone for a while."""
        for path, row in rows.items():
            if row.file_id in self.heard:
                place, signature = self.heard[row.file_id]
                moved = place != path and row.signature.moved_from(signature)
                if row.missing:
                    place = None
                elif row.signature == signature or moved:
                    assert row.job != "ready"
                    place = path
                else:
                    del self.heard[row.file_id]
                    continue
                self.heard[row.file_id] = (place, row.signature)

    def moves_keep_ids(self, there: dict[Path, Row]) -> None:
        """Of the names that a file had and has, as many ids stay as can."""
        before, now = by_content(self.rested), by_content(there)
        for content in before.keys() & now.keys():
            kept = before[content] & now[content]
            assert len(kept) == min(len(before[content]), len(now[content]))

    # --- words ----------------------------------------------------------------------------

    def made(self, place: Path) -> Path:
        """Return a path in a folder that there is now; on a disk that is away there is none."""
        if place.parts[0] in self.away:
            raise FileNotFoundError(place)
        if any(place in (used, *used.parents) for used in self.used):
            self.rested = {}  # whose name it was may be forgotten before it is found elsewhere
        self.used.add(place)
        path = self.base / place
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def pick(self, data: st.DataObject) -> Path:
        return data.draw(st.sampled_from(self.files()))

    def files(self) -> list[Path]:
        return [path for path in sorted(self.base.rglob("*.*")) if path.name in NAMES]

    def touched(self, place: Path) -> Path:
        """Claim no more that what is there need not be heard again: its ctime may say so."""
        inodes = self.inodes(place)
        self.heard = {
            file_id: claim for file_id, claim in self.heard.items() if claim[1].ino not in inodes
        }
        return place

    def moved(self, place: Path) -> Path:
        """Once is a move; twice could be back."""
        inodes = self.inodes(place)
        if inodes & self.once:
            self.touched(place)
        self.once |= inodes
        return place

    def inodes(self, place: Path) -> set[int]:
        return {path.stat().st_ino for path in self.files() if place in (path, *path.parents)}

    def disk(self, root: str) -> list[tuple[Path, Signature]]:
        if root in self.away:
            return []
        top = self.base / root
        found = (Path(folder, name) for folder, _, names in os.walk(top) for name in names)
        return [(path.relative_to(self.base), Signature.of(path.stat())) for path in found]

    def rows(self) -> list[tuple[Path, Row]]:
        found = self.home.query(
            "SELECT root.path, relpath, file.id, file.dev, file.ino, size, mtime_ns, ctime_ns, "
            "missing_since IS NOT NULL, candidate, audio.hash, job.state "
            "FROM file JOIN root ON root.id = root_id LEFT JOIN audio ON audio.id = audio_id "
            "LEFT JOIN job ON job.file_id = file.id"
        )
        base = os.fsencode(self.base)
        return [
            (
                Path(os.fsdecode(os.path.relpath(os.path.join(root, relpath), base))),  # noqa: PTH118 - bytes
                Row(file_id, Signature(*signature), missing, candidate, heard, job),
            )
            for root, relpath, file_id, *signature, missing, candidate, heard, job in found
        ]


def sound(path: Path) -> str | None:
    """Return what is in a file behind its header; None in a picture."""
    content = path.read_bytes()
    return None if content[:1] == b"\xff" else content[len(FLAC) :].hex()


def by_content(rows: dict[Path, Row]) -> dict[tuple[int, ...], set[int]]:
    """Return the ids of all names of each content."""
    found = defaultdict(set)
    for row in rows.values():
        found[row.signature._replace(ctime_ns=0)].add(row.file_id)
    return found


def dying(transaction, left):
    """Return a database's transaction that ends the daemon when so many have been committed."""
    remaining = iter(range(left))

    def deadly():
        if next(remaining, None) is None:
            raise Killed
        return transaction()

    return deadly


class LongIntakeMachine(IntakeMachine):
    """The same, for as long as the heavy tests may take."""


IntakeMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
LongIntakeMachine.TestCase.settings = settings(IntakeMachine.TestCase.settings, max_examples=400)
test_at_rest_the_database_is_the_disk_whatever_happens = IntakeMachine.TestCase
test_at_rest_the_database_is_the_disk_whatever_happens_for_minutes = pytest.mark.heavy(
    pytest.mark.timeout(900)(LongIntakeMachine.TestCase)
)
