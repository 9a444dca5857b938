"""A store with made-up files, for tests that need no sound."""

import os
from dataclasses import replace
from pathlib import Path

from playlista.records import (
    Analysis,
    Appeared,
    Features,
    FileTags,
    Job,
    Known,
    Root,
    Signature,
    Tier,
)
from playlista.stages import VERSIONS, Wanted, stages
from playlista.store.backlog import Backlog, states
from playlista.store.database import Database
from playlista.store.tracks import Tracks


class FakeClock:
    """Monotonic seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def signature(number: int, **changes: int) -> Signature:
    """A signature of its own for each number."""
    one = Signature(dev=7, ino=number, size=1000 + number, mtime_ns=2000, ctime_ns=3000)
    return one._replace(**changes)


def analysis(
    audio_id: str = "sound", tier: Tier = Tier.FULL, bpm: float = 120.0, **changes: object
) -> Analysis:
    """What a worker would have heard."""
    features = Features(bpm=bpm, mfcc=tuple(float(n) for n in range(13)))
    done = {stage: VERSIONS[stage] for stage in stages(tier, model=tier is Tier.DEEP)}
    one = Analysis(audio_id, 60.0, tier, done, "test", features, FileTags(title="T"))
    return replace(one, **changes)


class Shelf:
    """One database, opened as the daemon does it, with one root.

    Args:
        path: Of the database.
        wanted: The tier at which a track is done.
        model: Who must have heard it.
    """

    def __init__(self, path: Path, wanted: Tier = Tier.FULL, model: str | None = None) -> None:
        self.path = path
        self._open(Wanted(wanted, model))

    def _open(self, wanted: Wanted) -> None:
        self.clock = FakeClock()
        self.database = Database(self.path)
        self.tracks = Tracks(self.database)
        self.root: Root = self.tracks.root(b"/music")
        self.backlog = Backlog(self.database, wanted, self.clock)
        self.backlog.recover()

    def restart(self, wanted: Wanted | None = None) -> None:
        """Let go as a killed process does, without ceremony, and open again."""
        self.database._connection.close()
        os.close(self.database._lock_fd)
        self._open(wanted or self.backlog.wanted)

    def land(
        self, relpath: bytes = b"a.flac", number: int = 1, *, candidate: bool = True, **changes: int
    ) -> Known:
        """Let a file appear; the same number is the same bytes."""
        found = Appeared(
            self.root.root_id, relpath, signature(number, **changes), candidate, landed_at=5.0
        )
        self.tracks.apply([found])
        return self.known(relpath)

    def hear(self, job: Job, heard: Analysis) -> int:
        """Lease and save in one breath; return how many results were kept."""
        assert self.backlog.lease(job)
        return len(self.backlog.save([(job, heard)]))

    def landed_and_heard(self, relpath: bytes, number: int, heard: Analysis) -> Known:
        """Let a file appear and be analysed."""
        known = self.land(relpath, number)
        job = next(job for job in self.backlog.ready(1000) if job.file_id == known.file_id)
        self.hear(job, heard)
        return known

    def known(self, relpath: bytes) -> Known:
        """Return what is remembered of a file."""
        return self.all_known()[relpath]

    def all_known(self, root: Root | None = None) -> dict[bytes, Known]:
        """Return what is remembered of a root, by relpath."""
        return {known.relpath: known for known in self.tracks.known((root or self.root).root_id)}

    def leased(self) -> Job:
        """Lease the next track."""
        (job,) = self.backlog.ready(1)
        assert self.backlog.lease(job)
        return job

    def states(self) -> dict[str, int]:
        """Return the states that are not empty."""
        with self.database.reading() as read:
            return {state: n for state, n in states(read).items() if n}
