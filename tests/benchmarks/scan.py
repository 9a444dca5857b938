"""What it costs to look at a library in which nothing has changed.

``python tests/benchmarks/scan.py FOLDER FILES...``: empty files, ten to an album, below a new
folder in FOLDER; a tmpfs spares the disk, and takes about 1 kB a file.
"""

import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from playlista.config.settings import WatchSettings
from playlista.intake.intake import Intake
from playlista.metrics import Metrics
from playlista.service.labels import closed_sets
from playlista.store.database import Database
from playlista.store.tracks import Tracks

ALBUM_N = 10
ARTIST_N = 100
SCANS = 3
YEARS_S = 1e8  # nothing has changed for so long


def measured(base: Path, files_n: int) -> dict[str, Any]:
    """Return the CPU seconds of one scan, and by how many MB it made its process grow at most."""
    with tempfile.TemporaryDirectory(dir=base) as folder:
        _apart("fill", Path(folder), files_n)
        cpu_s, grown_mb = _apart("scan", Path(folder), files_n)
    return {"files": files_n, "cpu_s": cpu_s, "grown_mb": grown_mb}


def _apart(work: str, folder: Path, files_n: int) -> Any:
    """Work in a process of its own: what another has allocated would hide what this one needs."""
    command = [sys.executable, __file__, work, folder, str(files_n)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def _fill(folder: Path, files_n: int) -> None:
    for number in range(files_n):
        artist, album = number // ARTIST_N, number // ALBUM_N
        path = folder / "music" / f"artist {artist}" / f"album {album}"
        if number % ALBUM_N == 0:
            path.mkdir(parents=True)
        (path / f"{number % ALBUM_N:02d} - song.flac").touch()
    intake, database = _opened(folder)
    intake.step(time.monotonic())
    database.close()


def _scan(folder: Path, files_n: int) -> tuple[float, float]:
    intake, database = _opened(folder)
    before_mb = _status_mb("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", "ascii")  # the peak is counted from here
    times = [_cpu_s(intake) for _ in range(SCANS)]
    grown_mb = _status_mb("VmHWM") - before_mb
    found = Tracks(database).counts()["total"]
    database.close()
    if found != files_n:
        raise ValueError(f"{found} of {files_n} files are known")
    return min(times), grown_mb


def _opened(folder: Path) -> tuple[Intake, Database]:
    database = Database(folder / "state" / "playlista.db")
    intake = Intake(
        Tracks(database),
        WatchSettings(music_paths=(folder / "music",)),
        Metrics(CollectorRegistry(), closed_sets()),
        changed=lambda _: None,
        expected=lambda: None,
        cookies=folder / "state" / "cookies",
        watching=False,
        wall=lambda: time.time() + YEARS_S,
    )
    return intake, database


def _cpu_s(intake: Intake) -> float:
    intake.request_scan()
    start = time.process_time()
    intake.step(time.monotonic())
    return time.process_time() - start


def _status_mb(field: str) -> float:
    status = Path("/proc/self/status").read_text("ascii")
    return int(re.search(rf"{field}:\s+(\d+)", status)[1]) / 1024


WORK = {"fill": _fill, "scan": _scan}


def _main(first: str, *others: str) -> None:
    if first in WORK:
        signal.signal(signal.SIGIO, signal.SIG_IGN)  # as in the daemon, which asks for leases
        folder, files_n = others
        sys.stdout.write(json.dumps(WORK[first](Path(folder), int(files_n))))
        return
    for number in others:
        row = measured(Path(first), int(number))
        sys.stdout.write("{files:,} files: {cpu_s:.2f} s, {grown_mb:.0f} MB\n".format(**row))


if __name__ == "__main__":
    _main(*sys.argv[1:])
