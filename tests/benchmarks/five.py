"""The five ways to run an earlier playlista, and what each costs now.

The whole command counts, from its start to the playlists on disk, and all its processes.
"""

import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import tracks
from table import table

from daemons import PLAYLISTA, bare_environ, home_in
from groups import family, pss

FILES, MINUTES = 32, 4
SAMPLE_S = 0.25
"""Ten times a second, looking took an eighth of a processor from those looked at (2026-11)."""


@dataclass(frozen=True, slots=True)
class Way:
    """One configuration.

    Attributes:
        name: As the earlier playlista calls it.
        flags: Ours for it.
        files_per_hour: What the earlier one claims, least and most.
        gigabytes: The same, of memory.
    """

    name: str
    flags: tuple[str, ...]
    files_per_hour: tuple[int, int]
    gigabytes: tuple[int, int]


WAYS = (
    Way("default", (), (50, 100), (4, 8)),
    Way("fast", ("--fast_mode", "--workers=1"), (150, 300), (2, 4)),
    Way("fast + parallel", ("--fast_mode", "--workers=2"), (300, 600), (6, 12)),
    Way("sequential", ("--workers=1",), (20, 40), (1, 2)),
    Way("low memory", ("--low_memory",), (30, 60), (1, 3)),
)
"""x-dean/playlist-generator, playlist_generator/PERFORMANCE_OPTIMIZATION.md@48e87c1."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a way took: files an hour, and the most bytes (PSS) of all processes at a time."""

    files_per_hour: float
    peak: int


def measured(folder: Path, models: Path) -> dict[str, Spent]:
    """Return what each way takes for FILES recordings of four minutes, with these models."""
    music = folder / "music"
    music.mkdir(parents=True)
    once = tracks.transcoded(tracks.STEREO, folder / "once.mp3")
    for number in range(FILES):
        tracks.spliced(once, music / f"{number}.mp3", MINUTES, 100 * number)
    return {way.name: _spent(way, folder / way.name, music, models) for way in WAYS}


def _spent(way: Way, folder: Path, music: Path, models: Path) -> Spent:
    folder.mkdir()
    files = len(list(music.iterdir()))
    home = home_in(folder, bare_environ(), music)
    if models.is_dir():
        shutil.copytree(models, home.state / "models")
    command = [*PLAYLISTA, "analyze", *way.flags, "--json", "--config", str(home.config)]
    began, peak = time.monotonic(), 0
    with subprocess.Popen(command, env=home.environ, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            peak = max(peak, sum(map(pss, family(process.pid))))
            time.sleep(SAMPLE_S)
    seconds = time.monotonic() - began
    if process.returncode:
        raise ChildProcessError(f"{way.name}: it ended with status {process.returncode}")
    ((heard,),) = home.rows("SELECT count(audio_id) FROM file")
    if heard != files:
        raise ChildProcessError(f"{way.name}: {heard} of {files} files were heard")
    return Spent(files * 3600 / seconds, peak)


def text(spent: dict[str, Spent]) -> str:
    """Return a table of what was claimed and what was measured."""
    return table(
        ("Way", "Ours", "Files/h", "Peak MB", "Files/h, earlier", "GB, earlier"),
        (
            (
                way.name,
                f"`analyze {' '.join(way.flags)}`".replace(" `", "`"),
                f"{spent[way.name].files_per_hour:,.0f}",
                f"{spent[way.name].peak / 1e6:.0f}",
                "{}-{}".format(*way.files_per_hour),
                "{}-{}".format(*way.gigabytes),
            )
            for way in WAYS
        ),
    )
