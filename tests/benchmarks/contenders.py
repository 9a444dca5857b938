"""Those whose cost is compared, and the child in which one of them hears one file.

The child imports nothing but its contender, so that the memory it takes is that one's alone.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
"""Environment variables: how many threads the libraries may start."""
MARK = "\x1e"
"""Begins a line that the child itself has written; libraries write others."""
MODELS = "PLAYLISTA_MODELS"
"""The environment variable that names the folder of the models."""
MODEL = "msd-musicnn"


def quick(path: str, **decoding: Any) -> object:
    """Hear a file as the quick tier does."""
    return _ours(path, "quick", decoding)


def full(path: str, **decoding: Any) -> object:
    """Hear a file as the full tier does."""
    return _ours(path, "full", decoding)


def _ours(path: str, tier: str, decoding: Mapping[str, Any]) -> object:
    """Do what a worker does, and let the model's process do its part."""
    from playlista.analysis.recipe import run
    from playlista.inference.messages import concluded
    from playlista.records import AnalysisRequest, AudioSettings, Tier

    settings = AudioSettings(**decoding)
    draft = run(AnalysisRequest(os.fsencode(path), Tier(tier), None, settings, model=_listens()))
    answer = _asked(draft.patches) if draft.patches else None
    return concluded(draft, MODEL, answer) if draft.heard else draft.analysis


def _listens() -> bool:
    return (Path(os.environ[MODELS]) / f"{MODEL}.onnx").exists()


def _asked(patches: bytes) -> Any:
    from playlista.inference.messages import Question

    host = _host()
    host.submit(MODEL, Question(Path(os.environ[MODELS]), MODEL, None, 1, patches), 600.0)
    outcomes: list[Any] = []
    while not outcomes:
        outcomes = host.collect(1.0)
    return outcomes[0].value


@cache
def _host() -> Any:
    from playlista.pool.slot import Terms
    from playlista.pool.supervisor import Pool

    pool: Pool[str] = Pool(Terms(target="playlista.inference.host:run"))
    pool.resize(1)
    return pool


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

    if "essentia" not in sys.modules:  # once that has loaded TensorFlow, numba crashes
        _timbre(librosa.clicks(times=[0.5], length=44_100))
    es = _essentia()
    sound = es.MonoLoader(filename=path, sampleRate=44_100)()
    stereo, rate, *_ = es.AudioLoader(filename=path)()
    return (
        es.RhythmExtractor2013(method="multifeature")(sound),
        es.KeyExtractor()(sound),
        es.LoudnessEBUR128(sampleRate=rate)(stereo),
        es.Danceability()(sound),
        _timbre(sound),
        _embedding(path),
    )


def _timbre(sound: Any) -> object:
    import librosa

    y = librosa.resample(sound, orig_sr=44_100, target_sr=22_050)
    shape = librosa.feature
    of_y = (shape.mfcc, shape.chroma_stft, shape.spectral_contrast, shape.spectral_rolloff)
    return (
        [feature(y=y, sr=22_050) for feature in (*of_y, shape.spectral_centroid)],
        shape.spectral_flatness(y=y),
        shape.zero_crossing_rate(y),
    )


def _embedding(path: str) -> object:
    """Ask essentia's TensorFlow for MusiCNN's, at its defaults; None where no graph is named."""
    graph = Path(os.environ[MODELS]) / f"{MODEL}.pb"
    if not graph.exists():
        return None
    es = _essentia()
    sound = es.MonoLoader(filename=path, sampleRate=16_000)()
    predict = es.TensorflowPredictMusiCNN(
        graphFilename=str(graph), input="patches", output="embedding"
    )
    return predict(sound)


def _essentia() -> Any:
    import essentia
    import essentia.standard

    essentia.log.infoActive = essentia.log.warningActive = False
    return essentia.standard


CONTENDERS: Mapping[str, Callable[..., object]] = {
    "playlista quick": quick,
    "playlista full": full,
    "bliss-audio": bliss,
    "MusicExtractor": music_extractor,
    "the earlier way": earlier,
}


def main(name: str, warm: str, path: str, decoding: str) -> None:
    """Hear a short sound, wait for a line, hear the file, say what it took, and wait again."""
    listen, settings = CONTENDERS[name], json.loads(decoding)
    listen(warm, **settings)
    _say({})
    sys.stdin.readline()
    start = time.process_time()
    found = listen(path, **settings)
    _say({"cpu_s": time.process_time() - start, "embedding": _has_embedding(found)})
    sys.stdin.readline()


def _say(facts: Mapping[str, Any]) -> None:
    sys.stdout.write(f"\n{MARK}{json.dumps(facts)}\n")
    sys.stdout.flush()


def _has_embedding(found: object) -> bool:
    return getattr(found, "embedding", None) is not None


if __name__ == "__main__":
    main(*sys.argv[1:])
