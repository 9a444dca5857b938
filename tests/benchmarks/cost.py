"""CPU time and memory beside the peers, on the same files in the same run.

Each file is heard in a child of its own with one thread, after the contender has warmed up on
a short sound. The time is the processor time that the child takes for the file, and its own
children with it: the model host works for the track. The memory is the peak of each, libraries
and warm-up included.
"""

import importlib.metadata
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

import contenders
import five
import psutil
import throughput
import tracks
from contenders import CONTENDERS, THREADS

import sounds
from playlista.config.load import load
from playlista.config.settings import AudioConfig
from playlista.pipeline.terms import decoding
from playlista.records import AudioSettings

Cost = dict[str, float]
"""cpu_s, peak_mb, host_mb (0 without children), embedding (whether there is one)."""

REPEATS = 3
OURS = ("playlista quick", "playlista full")
SLOW = ("MusicExtractor", "the earlier way")  # heard once, and as Ogg alone
KINDS = ("ogg", "mp3", "flac", "m4a")
LARGE = (("mp3_320", 50), ("flac", 100), ("wav", 200))  # MB: those of the claim
BLISS = "0.2.0"
LONG_MINUTES = (3, 60, 600)


def measured() -> dict[str, Any]:
    """Return every cost: of single files by kind, of large and long ones, of the pool, of runs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sounds.write(_warm(folder), sounds.drums(120, 8))
        return {
            "files": _files(folder),
            "large": _large(folder),
            "long": _long(folder),
            "pool": throughput.measured(folder, models()),
            "five": five.measured(folder / "five", models()),
            "bliss": has_bliss(),
            "graphdef": graphdef() is not None,
        }


def has_bliss() -> bool:
    """Tell whether the very version of bliss-audio that the budget names can be imported."""
    found = importlib.util.find_spec("bliss_audio") is not None
    return found and importlib.metadata.version("bliss-audio") == BLISS


def graphdef() -> Path | None:
    """Return MusiCNN as a TensorFlow graph, beside the other models; None where it is not."""
    file = models() / f"{contenders.MODEL}.pb"
    return file if file.exists() else None


def models() -> Path:
    """Return the folder of the models."""
    return load().config.store.models


def cost(name: str, file: Path, settings: AudioSettings | None = None) -> Cost:
    """Let a contender hear a file in a fresh child; a short sound must lie beside the file.

    Raises:
        ChildProcessError: It cannot.
    """
    how = {} if settings is None else asdict(settings)
    command = [sys.executable, contenders.__file__, name, _warm(file.parent), file, json.dumps(how)]
    env = os.environ | dict.fromkeys(THREADS, "1") | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    env |= {contenders.MODELS: str(models())}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=env, stdin=pipe, stdout=pipe, text=True) as child:
        parent = psutil.Process(child.pid)
        try:
            _said(child)
            before_s = {host: _cpu_s(host) for host in parent.children(recursive=True)}
            child.stdin.write("\n")
            child.stdin.flush()
            found = _said(child)
            hosts = parent.children(recursive=True)
            found["cpu_s"] += sum(_cpu_s(host) - before_s.get(host, 0.0) for host in hosts)
            return found | {"peak_mb": _peak_mb(parent), "host_mb": sum(map(_peak_mb, hosts))}
        finally:  # no polite end: essentia's TensorFlow may crash on its way out
            for process in (*parent.children(recursive=True), child):
                process.kill()


def _warm(folder: Path) -> Path:
    return folder / "warm.wav"


def _said(child: subprocess.Popen[str]) -> Cost:
    """Return what the child says next; libraries may say something in between."""
    for line in child.stdout:
        if line.startswith(contenders.MARK):
            return json.loads(line.removeprefix(contenders.MARK))
    raise ChildProcessError(f"{child.args} did not hear the file")


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _peak_mb(process: psutil.Process) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text("ascii")
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


def _files(folder: Path) -> list[dict[str, Any]]:
    """Measure each contender on each file, taking turns, so that a busy minute hits all."""
    quicker = [name for name in CONTENDERS if name not in SLOW]
    names = [name for name in quicker if name != "bliss-audio" or has_bliss()]
    rows = []
    for source in tracks.TRACKS.values():
        for kind in KINDS:
            file = tracks.transcoded(source, folder / f"{source.stem}.{kind}")
            turns = [{name: cost(name, file) for name in names} for _ in range(REPEATS)]
            costs = {name: _middle(turn[name] for turn in turns) for name in names}
            if kind == KINDS[0]:
                costs |= {name: cost(name, file) for name in SLOW}
            rows.append({"track": source.stem, "kind": kind, "costs": costs})
            file.unlink()
    return rows


def _middle(costs: Iterable[Cost]) -> Cost:
    found = list(costs)
    return {name: median(one[name] for one in found) for name in found[0]}


def _large(folder: Path) -> list[dict[str, Any]]:
    """Measure with MEMORY_OPTIMIZATION_ENABLED on, and off: then the whole file is decoded."""
    rows = []
    for kind, megabytes in LARGE:
        file = tracks.sized(tracks.STEREO, folder / "large", kind, megabytes)
        for name in OURS:
            off, on = (
                cost(name, file, decoding(AudioConfig(memory_optimization_enabled=enabled), None))
                for enabled in (False, True)
            )
            rows.append({"kind": kind, "mb": megabytes, "name": name, "off": off, "on": on})
        file.unlink()
    return rows


def _long(folder: Path) -> list[dict[str, Any]]:
    mp3 = tracks.transcoded(tracks.STEREO, folder / "once.mp3")
    rows = []
    for minutes in LONG_MINUTES:
        file = tracks.spliced(mp3, folder / "long.mp3", minutes)
        rows.append({"minutes": minutes, "costs": {name: cost(name, file) for name in OURS}})
        file.unlink()
    return rows
