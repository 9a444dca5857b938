"""Ours, essentia's and librosa's answers for the frozen pieces, and ours for EBU's tones."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import mean
from types import ModuleType
from typing import Any

import midi
import numpy as np
import pieces
from scores import acc1, acc2, by_confidence, mirex, off_by

import sounds
from playlista.analysis.recipe import analyze
from playlista.records import Tier

Answer = dict[str, Any]
"""bpm, key, onset_rate_hz and confidences, as far as a contender gives them."""

EBU_RATE = 48_000
# EBU Tech 3341 (2023), table 1: (seconds, dBFS of each channel) one after the other -> LUFS
EBU_CASES: tuple[tuple[tuple[tuple[float, Sequence[float]], ...], float], ...] = (
    (((20, (-23, -23)),), -23.0),
    (((20, (-33, -33)),), -33.0),
    (((10, (-36, -36)), (60, (-23, -23)), (10, (-36, -36))), -23.0),
    (
        ((10, (-72, -72)), (10, (-36, -36)), (60, (-23, -23)), (10, (-36, -36)), (10, (-72, -72))),
        -23.0,
    ),
    (((20, (-26, -26)), (20.1, (-20, -20)), (20, (-26, -26))), -23.0),
    (((20, (-28, -28, -24, -30, -30)),), -23.0),
)


def ours(path: str, tier: Tier) -> Answer:
    """Ask our own analysis."""
    features = analyze(path, tier=tier).features
    names = ("bpm", "key", "onset_rate_hz", "bpm_confidence", "key_confidence")
    return {name: getattr(features, name) for name in names}


def quick(path: str) -> Answer:
    """Ask the quick tier."""
    return ours(path, Tier.QUICK)


def full(path: str) -> Answer:
    """Ask the full tier."""
    return ours(path, Tier.FULL)


def essentia(path: str) -> Answer:
    """Ask RhythmExtractor2013 (degara), KeyExtractor and OnsetRate, at their defaults."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import essentia as library
    import essentia.standard as es

    library.log.infoActive = library.log.warningActive = False
    sound = es.MonoLoader(filename=path, sampleRate=44_100)()
    bpm = es.RhythmExtractor2013(method="degara")(sound)[0]
    key, mode, strength = es.KeyExtractor()(sound)
    return {
        "bpm": float(bpm) or None,
        "key": f"{key} {mode}",
        "key_confidence": float(strength),
        "onset_rate_hz": float(es.OnsetRate()(sound)[1]),
    }


def librosa(path: str) -> Answer:
    """Ask beat_track and onset_detect, at their defaults."""
    import librosa as library

    sound, rate = library.load(path)
    bpm = library.beat.beat_track(y=sound, sr=rate)[0]
    onsets = library.onset.onset_detect(y=sound, sr=rate)
    return {
        "bpm": float(np.atleast_1d(bpm)[0]) or None,
        "onset_rate_hz": len(onsets) * rate / len(sound),
    }


CONTENDERS: Mapping[str, Callable[[str], Answer]] = {
    "playlista quick": quick,
    "playlista full": full,
    "essentia": essentia,
    "librosa": librosa,
}


MAKERS: Mapping[str, ModuleType] = {"pieces": pieces, "midi": midi}


def measured() -> Answer:
    """Return the scores of every contender on each half of the pieces, and the EBU readings.

    The pieces that FluidSynth plays are missing where it is.
    """
    heard = {
        maker: _all_heard(maker, len(os.sched_getaffinity(0)))
        for maker in MAKERS
        if maker != "midi" or not midi.absent()
    }
    return {
        "scores": {maker: _by_half(found) for maker, found in heard.items()},
        "loudness": [_loudness(case) for case in range(len(EBU_CASES))],
        "heard": heard["pieces"],
    }


def _by_half(heard: Sequence[Answer]) -> Answer:
    return {
        half: {
            name: _scores(name, [found for found in heard if found["half"] == half])
            for name in CONTENDERS
        }
        for half in pieces.Half
    }


def _all_heard(maker: str, count: int) -> list[Answer]:
    """Share the pieces out to plain children: essentia brought multiprocessing's own down."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{place}.json" for place in range(count)]
        children = [
            subprocess.Popen([sys.executable, __file__, maker, str(place), str(count), file])
            for place, file in enumerate(files)
        ]
        if any(child.wait() for child in children):
            raise ChildProcessError("a child that measured accuracy has failed")
        return [answer for file in files for answer in json.loads(file.read_text("utf-8"))]


def _heard(maker: ModuleType, piece: pieces.Piece) -> Answer:
    with tempfile.TemporaryDirectory() as folder:
        path = sounds.write(Path(folder) / f"{piece.name}.wav", maker.rendered(piece))
        answers = {name: ask(str(path)) for name, ask in CONTENDERS.items()}
    truth = {"bpm": piece.bpm, "key": piece.key, "onset_rate_hz": piece.onset_rate_hz}
    return {"half": piece.half, "metre": piece.metre, "truth": truth, "answers": answers}


def _scores(name: str, heard: Sequence[Answer]) -> Answer:
    pairs = [(found["answers"][name], found["truth"]) for found in heard]
    firsts = [float(acc1(answer["bpm"], truth["bpm"])) for answer, truth in pairs]
    scores: Answer = {
        "acc1": mean(firsts),
        "acc2": mean(acc2(answer["bpm"], truth["bpm"]) for answer, truth in pairs),
        "onset_error": mean(
            off_by(answer["onset_rate_hz"], truth["onset_rate_hz"]) for answer, truth in pairs
        ),
    }
    if "key" in pairs[0][0]:
        keys = [mirex(answer["key"], truth["key"]) for answer, truth in pairs]
        surer = [answer["key_confidence"] for answer, _ in pairs]
        scores |= {"key": mean(keys), "key_by_confidence": by_confidence(keys, surer)}
    if "bpm_confidence" in pairs[0][0]:
        surer = [answer["bpm_confidence"] for answer, _ in pairs]
        scores["acc1_by_confidence"] = by_confidence(firsts, surer)
    return scores


def _loudness(case: int) -> Answer:
    parts, truth = EBU_CASES[case]
    sound = np.concatenate([_tones(seconds, levels) for seconds, levels in parts], axis=1)
    with tempfile.TemporaryDirectory() as folder:
        path = sounds.write(Path(folder) / "ebu.wav", sound, "wavf", rate=EBU_RATE)
        found = analyze(path, tier=Tier.QUICK).features.loudness_lufs
    return {"case": case + 1, "truth": truth, "found": found}


def _tones(seconds: float, levels: Sequence[float]) -> np.ndarray:
    tones = [sounds.tone(seconds, 1000.0, 10 ** (level / 20), EBU_RATE) for level in levels]
    return np.stack(tones)


def _child(maker: ModuleType, place: int, count: int, file: Path) -> None:
    _compile()
    heard = [_heard(maker, piece) for piece in list(maker.pieces())[place::count]]
    file.write_text(json.dumps(heard), "utf-8")


def _compile() -> None:
    """Let librosa compile what it needs: numba crashes once essentia has loaded TensorFlow."""
    with tempfile.TemporaryDirectory() as folder:
        librosa(str(sounds.write(Path(folder) / "drums.wav", sounds.drums(120, 8))))


if __name__ == "__main__":
    _child(MAKERS[sys.argv[1]], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
