"""A music folder, a database and an intake between them: what tests of the intake hold on to."""

import os
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from playlista.config.settings import WatchSettings
from playlista.intake.intake import Intake
from playlista.metrics import Metrics
from playlista.service.labels import closed_sets
from playlista.store.database import Database, writing
from playlista.store.roots import confirm
from playlista.store.tracks import Tracks

FLAC = b"fLaC" + bytes(100)


class Home:
    """All three, with time in our hands."""

    def __init__(self, base: Path, registry):
        self.music = base / "music"
        self.music.mkdir()
        self.database = Database(base / "state" / "playlista.db")
        self.tracks = Tracks(self.database)
        self.metrics = Metrics(registry, closed_sets())
        self.found = Counter()
        self.now = 1000.0
        self.years_later_s = 0.0
        self.intake = self.open(self.music)

    def open(self, *roots, watching=False, changed=None, **settings):
        self.intake = Intake(
            self.tracks,
            WatchSettings(music_paths=roots, **settings),
            self.metrics,
            changed=changed or (lambda found: self.found.update(asdict(found))),
            expected=lambda: self.found.update(expected=1),
            cookies=self.database.path.with_name("cookies"),
            own=(self.music / "lists",),
            watching=watching,
            wall=lambda: time.time() + self.years_later_s,
        )
        return self.intake

    def confirm(self):
        """Do what the command line does, beside the daemon."""
        with writing(self.database.path) as write:
            confirm(write, os.fsencode(self.music))

    def stop(self):
        """Tell every folder to stop, in the middle of whatever it does."""
        for folder in self.intake._folders.values():
            folder.stopping = True

    def put(self, name, content=FLAC):
        path = self.music / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def after(self, seconds=0.0):
        self.now += seconds
        self.intake.step(self.now)

    def scan(self):
        """Look at everything, and let it settle and vanish."""
        self.intake.request_scan()
        self.after(1)
        self.after(11)
        return self

    def until(self, claim, limit_s=8.0):
        end = time.monotonic() + limit_s
        while not claim() and time.monotonic() < end:
            time.sleep(0.05)
            self.after(0.05)
        return claim()

    def query(self, what):
        with self.database.reading() as read:
            return [tuple(row) for row in read.execute(what)]

    @property
    def files(self):
        return {
            relpath
            for (relpath,) in self.query(
                "SELECT relpath FROM file WHERE missing_since IS NULL AND candidate"
            )
        }

    @property
    def landed(self):
        """Names in the order in which they became known."""
        return [relpath for (relpath,) in self.query("SELECT relpath FROM file ORDER BY id")]

    @property
    def queued(self):
        return Counter(
            relpath
            for (relpath,) in self.query(
                "SELECT relpath FROM job JOIN file ON file.id = file_id WHERE missing_since IS NULL"
            )
        )

    @property
    def remembered(self):
        (signature,) = self.query("SELECT dev, ino, size, mtime_ns, ctime_ns FROM file")
        return signature

    @property
    def state(self):
        (status,) = self.intake.roots_status()
        return status["state"]

    def heard(self):
        """Pretend that everything queued has been analysed."""
        with self.database.transaction() as write:
            write.execute("DELETE FROM job")
        self.found.clear()
