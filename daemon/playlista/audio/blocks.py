"""Blocks of sound, every sample of them a number."""

from dataclasses import dataclass

import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

LOUDEST = 1e4
"""+80 dBFS: beyond any sound, and far below where the squares of float32 overflow."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some seconds of a track.

    Attributes:
        samples: Mono, shape (n,), float32, finite, full scale 1.
        rate: Their rate in Hz.
        momentary: Loudness of 0.4 s windows, one each 0.1 s, in LUFS; shape (k,).
        short_term: The same of 3 s windows.
        mended_n: How many samples were no numbers and became silence.
    """

    samples: NDArray[np.float32]
    rate: int
    momentary: NDArray[np.float32]
    short_term: NDArray[np.float32]
    mended_n: int = 0


def mended(samples: NDArray[np.float32]) -> tuple[NDArray[np.float32], int]:
    """Replace what is no sound by silence.

    Args:
        samples: Any shape.

    Returns:
        The samples, a copy only where one was needed, and how many were replaced: NaN,
        infinities, and numbers beyond `LOUDEST`.
    """
    sound = np.abs(samples) <= LOUDEST  # false for NaN, too
    bad = sound.size - int(np.count_nonzero(sound))
    return (np.where(sound, samples, np.float32(0)), bad) if bad else (samples, 0)


def mended_frame(frame: AudioFrame) -> tuple[AudioFrame, int]:
    """Do the same for a decoded frame of floats: one NaN would deafen every filter after it.

    Only packed frames are touched: PyAV 18 crashes on planar ones of eight channels. What
    hides in those is found after the filters, in the blocks.
    """
    if frame.format.name not in {"flt", "dbl"}:
        return frame, 0
    samples, bad = mended(frame.to_ndarray().astype(np.float32, copy=False))
    if not bad:
        return frame, 0
    whole = samples.astype(np.float64) if frame.format.name == "dbl" else samples
    better = AudioFrame.from_ndarray(whole, frame.format.name, frame.layout)
    better.sample_rate = frame.sample_rate
    return better, bad
