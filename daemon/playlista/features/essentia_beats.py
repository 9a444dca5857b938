"""A second opinion on the tempo, from essentia where this machine can run it."""

import numpy as np
from numpy.typing import NDArray

from playlista import essentia

FEWEST_BEATS = 4
LONGEST_S = 300.0
"""Its memory grows by 140 MB for each hour (measured): a long track is judged by its middle."""


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
    track = essentia.compiled().Algorithm("TempoTapDegara")
    track.__configure__(sampleRateODF=float(rate), resample="x2")
    beats = track.__compute__(np.ascontiguousarray(_middle(curve, round(LONGEST_S * rate))))
    if len(beats) < FEWEST_BEATS:
        return None
    return float(60 / np.median(np.diff(beats)))


def _middle(curve: NDArray[np.float32], n: int) -> NDArray[np.float32]:
    start = max(0, (len(curve) - n) // 2)
    return curve[start : start + n]
