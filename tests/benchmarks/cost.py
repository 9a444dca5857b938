"""CPU time, memory and throughput beside the peers, on the same files in the same run.

Each file is heard in a child of its own with one thread, after the contender has warmed up on
a short sound: the time is that child's processor time for the file, the memory its VmHWM,
libraries included.
"""

import importlib.metadata
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import av
import numpy as np

import sounds
from playlista.analysis import recipe
from playlista.records import AnalysisRequest, Tier

REPEATS = 3
SLOW = ("MusicExtractor", "the earlier way")  # heard once, and as Ogg alone
KINDS = ("ogg", "mp3", "flac", "m4a")
# 160 s of music by people, from Debian's games
TRACKS = ("fillets-ng/music/rybky06.ogg",)
GAMES = Path("/usr/share/games")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
BLISS = "0.2.0"
FOUR_MINUTES_S = 240
FILES = 8
LONG_MINUTES = (3, 60)

Listen = Callable[[str], object]


def quick(path: str) -> object:
    """Hear a file as the quick tier does."""
    return recipe.analyze(path, tier=Tier.QUICK)


def full(path: str) -> object:
    """Hear a file as the full tier does."""
    return recipe.analyze(path, tier=Tier.FULL)


def bliss(path: str) -> object:
    """Hear a file as bliss-rs does: 23 features."""
    import bliss_audio

    return bliss_audio.Song(path)


def music_extractor(path: str) -> object:
    """Hear a file as essentia's MusicExtractor does: 589 descriptors."""
    return _essentia().MusicExtractor()(path)


def earlier(path: str) -> object:
    """Hear a file the usual way: each descriptor from the whole signal, one after the other."""
    import librosa

    es = _essentia()
    sound = es.MonoLoader(filename=path, sampleRate=44_100)()
    stereo, rate, *_ = es.AudioLoader(filename=path)()
    y = librosa.resample(sound, orig_sr=44_100, target_sr=22_050)
    shape = librosa.feature
    of_y = (shape.mfcc, shape.chroma_stft, shape.spectral_contrast, shape.spectral_rolloff)
    return (
        es.RhythmExtractor2013(method="multifeature")(sound),
        es.KeyExtractor()(sound),
        es.LoudnessEBUR128(sampleRate=rate)(stereo),
        es.Danceability()(sound),
        [feature(y=y, sr=22_050) for feature in (*of_y, shape.spectral_centroid)],
        shape.spectral_flatness(y=y),
        shape.zero_crossing_rate(y),
    )


def _essentia() -> Any:
    import essentia
    import essentia.standard

    essentia.log.infoActive = essentia.log.warningActive = False
    return essentia.standard


CONTENDERS: Mapping[str, Listen] = {
    "playlista quick": quick,
    "playlista full": full,
    "bliss-audio": bliss,
    "MusicExtractor": music_extractor,
    "the earlier way": earlier,
}


def measured() -> dict[str, Any]:
    """Return every cost: of single files by kind, of long files, of the pool."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return {
            "files": _files(folder),
            "long": _long(folder),
            "pool": _throughput(folder),
            "bliss": has_bliss(),
        }


def has_bliss() -> bool:
    """Tell whether the very version of bliss-audio that the budget names can be imported."""
    found = importlib.util.find_spec("bliss_audio") is not None
    return found and importlib.metadata.version("bliss-audio") == BLISS


def _files(folder: Path) -> list[dict[str, Any]]:
    """Measure each contender on each file, taking turns, so that a busy minute hits all."""
    quicker = [name for name in CONTENDERS if name not in SLOW]
    names = [name for name in quicker if name != "bliss-audio" or has_bliss()]
    rows = []
    for track in TRACKS:
        source = GAMES / track
        for kind in KINDS:
            file = _transcoded(source, folder / f"{source.stem}.{kind}")
            turns = [{name: _cost(name, file) for name in names} for _ in range(REPEATS)]
            costs = {name: _middle(turn[name] for turn in turns) for name in names}
            if kind == KINDS[0]:
                costs |= {name: _cost(name, file) for name in SLOW}
            rows.append({"track": source.stem, "kind": kind, "costs": costs})
            file.unlink()
    return rows


def _long(folder: Path) -> list[dict[str, Any]]:
    rows = []
    for minutes in LONG_MINUTES:
        file = sounds.write(folder / f"{minutes}.flac", sounds.drone(minutes / 60))
        costs = {name: _cost(name, file) for name in ("playlista quick", "playlista full")}
        rows.append({"minutes": minutes, "costs": costs})
        file.unlink()
    return rows


def _cost(name: str, file: Path) -> dict[str, float]:
    """Hear a file in a fresh child."""
    env = os.environ | dict.fromkeys(THREADS, "1") | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, __file__, name, str(file)]
    said = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(said.stdout.splitlines()[-1])
    return found


def _middle(costs: Iterable[dict[str, float]]) -> dict[str, float]:
    found = list(costs)
    return {name: median(cost[name] for cost in found) for name in found[0]}


def _child(name: str, path: str) -> None:
    listen = CONTENDERS[name]
    with tempfile.TemporaryDirectory() as folder:
        warm = sounds.write(Path(folder) / "warm.wav", sounds.drums(120, 8))
        listen(str(warm))
    start = time.process_time()
    listen(path)
    cpu_s = time.process_time() - start
    peak = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text("ascii"))
    sys.stdout.write("\n" + json.dumps({"cpu_s": cpu_s, "peak_mb": int(peak[1]) / 1024}) + "\n")
    sys.stdout.flush()
    os._exit(0)  # essentia's TensorFlow may crash on its way out


def _transcoded(source: Path, file: Path) -> Path:
    return sounds.write(file, _decoded(source))


def _decoded(source: Path, seconds: float = float("inf")) -> Iterator[np.ndarray]:
    """Yield a file's sound, repeated or cut to so many seconds where that is asked."""
    heard = 0.0
    while True:
        with av.open(str(source)) as container:
            resampler = av.AudioResampler("fltp", "stereo", sounds.RATE)
            for frame in container.decode(audio=0):
                for even in resampler.resample(frame):
                    yield even.to_ndarray()
                    heard += even.samples / sounds.RATE
                    if heard >= seconds:
                        return
        if seconds == float("inf"):
            return


def _throughput(folder: Path) -> list[dict[str, Any]]:
    source = _decoded(GAMES / TRACKS[0], FOUR_MINUTES_S)
    file = sounds.write(folder / "four minutes.ogg", source)
    return [
        {"tier": tier, "workers": workers, "files_per_hour": _per_hour(file, tier, workers)}
        for tier in (Tier.QUICK, Tier.FULL)
        for workers in (1, 2)
    ]


def _per_hour(file: Path, tier: Tier, workers: int) -> float:
    """Let the real pool hear a file many times; the clock starts when all workers are warm."""
    from playlista.pool.slot import Terms
    from playlista.pool.supervisor import Pool

    prepare = "playlista.analysis.recipe:prepare" if tier is Tier.FULL else None
    pool: Pool[int] = Pool(
        Terms(
            target="playlista.analysis.recipe:run",
            prepare=prepare,
            env=dict.fromkeys(THREADS, "1"),
        )
    )
    request = AnalysisRequest(os.fsencode(file), tier)
    try:
        pool.resize(workers)
        _heard(pool, request, workers)
        start = time.monotonic()
        _heard(pool, request, FILES)
        return FILES * 3600 / (time.monotonic() - start)
    finally:
        pool.close()


def _heard(pool: Any, request: AnalysisRequest, count: int) -> None:
    waiting, found = list(range(count)), 0
    while found < count:
        while waiting and pool.free:
            pool.submit(waiting.pop(), request, 600.0)
        outcomes: Sequence[Any] = pool.collect(1.0)
        if any(outcome.value is None for outcome in outcomes):
            raise ChildProcessError(f"the pool did not hear the file: {outcomes}")
        found += len(outcomes)


if __name__ == "__main__":
    _child(sys.argv[1], sys.argv[2])
