"""What a daemon costs that has nothing to do, part by part.

``PYTHONPATH=tests python tests/benchmarks/idle.py FOLDER FILES [SECONDS]``: a library that is
known and heard in a new folder in FOLDER, watched for one scan interval, or for so long.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from itertools import count
from pathlib import Path

import psutil
import scan

from daemons import Daemon, home_in, until
from playlista.config.settings import WatchSettings
from playlista.records import Tier
from playlista.stages import Wanted
from playlista.store.backlog import Backlog
from playlista.store.database import Database
from shelf import analysis

BATCH_N = 1000
STARTED_S = 600.0  # for the first playlists of a large library (a guess)
CALM_S = 20.0  # after which nothing of the start is left to do (a guess)


def measured(base: Path, files_n: int, seconds: float) -> Counter[str]:
    """Return the CPU seconds of each thread and of all children of an idle daemon."""
    with tempfile.TemporaryDirectory(dir=base) as name:
        folder = Path(name)
        subprocess.run(
            [sys.executable, scan.__file__, "fill", folder, str(files_n)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        _hear(folder / "state" / "playlista.db")
        names = {"PYTHONPATH": str(Path(__file__).with_name("named"))}
        daemon = Daemon(home_in(folder, dict(os.environ), folder / "music"), folder, **names)
        try:
            until(lambda: daemon.ask("/readyz")[0] == 200, STARTED_S)
            time.sleep(CALM_S)
            before = _spent(daemon.pid)
            time.sleep(seconds)
            return _spent(daemon.pid) - before
        finally:
            daemon.stop()


def _hear(path: Path) -> None:
    """Give every file a result, as the workers would."""
    database = Database(path)
    backlog = Backlog(database, Wanted(Tier.FULL, None))
    numbers = count()
    while jobs := backlog.ready(BATCH_N):
        for job in jobs:
            backlog.lease(job)
        backlog.save([(job, analysis(f"sound {next(numbers)}")) for job in jobs])
    database.close()


def _spent(pid: int) -> Counter[str]:
    process = psutil.Process(pid)
    spent = Counter[str]()
    for thread in process.threads():
        name = Path(f"/proc/{pid}/task/{thread.id}/comm").read_text("utf-8").strip()
        spent[name] += thread.user_time + thread.system_time
    for child in process.children():
        spent["children"] += sum(child.cpu_times()[:2])
    return spent


def _main(base: str, files_n: str, seconds: str | None = None) -> None:
    interval_s = float(seconds or WatchSettings().scan_interval_seconds)
    spent = measured(Path(base), int(files_n), interval_s)
    for part, cpu_s in [*spent.most_common(), ("all", spent.total())]:
        sys.stdout.write(f"{part}: {cpu_s:.2f} s, {cpu_s / interval_s:.3%} of a core\n")


if __name__ == "__main__":
    _main(*sys.argv[1:])
