"""Which pitch class each bin of a spectrum speaks for."""

import numpy as np
from numpy.typing import NDArray

CENTRE_OCTAVE, OCTAVES = 5.0, 2.0
"""Where harmony is heard: the weight of an octave falls off around it as librosa has it."""
_A0_HZ = 27.5


def chroma_bank(frequencies: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return weights of the pitch classes C to B, shape (12, bins), at A4 = 440 Hz.

    A bin spreads over the classes near its pitch, the wider the lower it is.

    Args:
        frequencies: Centre of each bin in Hz, evenly spaced from 0, shape (bins,).

    Source:
        Ellis, "Chroma feature analysis and synthesis" (2007); the same numbers as
        librosa's ``filters.chroma``, which loads 65 MB of compiled code for them.
    """
    pitch = 12 * np.log2(frequencies[1:].astype(float) / _A0_HZ)
    pitch = np.concatenate([[pitch[0] - 18], pitch])  # 0 Hz: anywhere but there
    width = np.append(np.maximum(np.diff(pitch), 1.0), 1.0)
    away = np.remainder(pitch - np.arange(12)[:, None] + 6, 12) - 6
    bumps = np.exp(-0.5 * (2 * away / width) ** 2)
    bumps /= np.linalg.norm(bumps, axis=0)
    octave = np.exp(-0.5 * ((pitch / 12 - CENTRE_OCTAVE) / OCTAVES) ** 2)
    bank: NDArray[np.float32] = np.roll(bumps * octave, -3, axis=0).astype(np.float32)
    return bank  # rolled: A comes first in octaves of hertz, C in those of music
