"""A second opinion on the tempo, from essentia where this machine can run it."""

import importlib.util
import os
import platform
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FEWEST_BEATS = 4
LONGEST_S = 300.0
"""Its memory grows by 140 MB for each hour (measured): a long track is judged by its middle."""


def usable(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Tell whether essentia is installed and its code runs on this processor.

    Its TensorFlow is compiled for AVX: without it the import dies of SIGILL, so the flags
    are asked before.
    """
    if importlib.util.find_spec("essentia") is None:
        return False
    return platform.machine() != "x86_64" or not cpuinfo.exists() or " avx " in cpuinfo.read_text()


def beats_per_minute(curve: NDArray[np.float32], rate: float) -> float | None:
    """Track the beats of an onset curve.

    Args:
        curve: Shape (n,).
        rate: Its values per second.

    Returns:
        60 over the median interval of the beats; None when there are too few.

    Source:
        Degara et al., "Reliability-informed beat tracking of musical signals" (2012), as
        essentia's ``TempoTapDegara``.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # its TensorFlow greets on stderr
    # a class for each of its 270 algorithms, as essentia.standard makes them, is 130 MB
    from essentia import _essentia  # noqa: PLC0415 - 60 MB, which the quick tier saves

    track = _essentia.Algorithm("TempoTapDegara")
    track.__configure__(sampleRateODF=float(rate), resample="x2")
    beats = track.__compute__(np.ascontiguousarray(_middle(curve, round(LONGEST_S * rate))))
    if len(beats) < FEWEST_BEATS:
        return None
    return float(60 / np.median(np.diff(beats)))


def _middle(curve: NDArray[np.float32], n: int) -> NDArray[np.float32]:
    start = max(0, (len(curve) - n) // 2)
    return curve[start : start + n]
