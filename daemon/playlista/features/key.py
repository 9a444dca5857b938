"""The key of a track, from the pitch classes of its spectral peaks."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from playlista.features.descriptor import Findings, Spectrogram, Stretch, Unknown
from playlista.features.spectrum import SOUNDING

NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
# Higher up are few notes and many harmonics: the top was tuned on the tuning half of
# tests/benchmarks
LOWEST_HZ, HIGHEST_HZ = 50.0, 1500.0
FINE = 10
"""Parts of a semitone in which peaks are gathered, so that the tuning can be found later."""
FLATTEST = 0.05
"""Pitch classes closer together than this share of the strongest have no tonal centre (a guess)."""
_C0_HZ = 440.0 / 2 ** (57 / 12)
_FAINT = 0.01  # peaks 40 dB below the frame's strongest are leakage

# Faraldo et al., "Key estimation in electronic dance music" (2016), as published
PROFILES = {
    "major": (1.00, 0.00, 0.42, 0.00, 0.53, 0.37, 0.00, 0.77, 0.00, 0.38, 0.21, 0.30),
    "minor": (1.00, 0.00, 0.36, 0.39, 0.00, 0.38, 0.00, 0.74, 0.27, 0.00, 0.42, 0.23),
}


class Key:
    """Key such as ``"C# minor"`` and its confidence.

    The confidence, 0 to 1, is the correlation with the best key's profile, halved when the
    runner-up fits as well, and lowered when no pitch class stands out: cadences give above
    0.7, noise below 0.2.

    Source:
        Gómez, "Tonal description of music audio signals" (2006): pitch-class profiles of
        spectral peaks and what they are harmonics of; tuning from the peaks' own mean deviation.
    """

    stage: ClassVar[str] = "key"

    def __init__(self, frequencies: NDArray[np.float32]) -> None:
        self._low = max(1, int(np.searchsorted(frequencies, LOWEST_HZ)))
        self._high = min(len(frequencies) - 1, int(np.searchsorted(frequencies, HIGHEST_HZ)))
        self._spacing = float(frequencies[1])
        self._fine = np.zeros(12 * FINE)

    def feed(self, stretch: Stretch) -> None:
        """Gather the peaks of each audible frame, all frames with the same weight."""
        if self._high > self._low:
            frames = stretch.spectrum[:, self._low - 1 : self._high + 1]
            strongest = frames[:, 1:-1].max(axis=1, keepdims=True)
            audible = strongest[:, 0] > SOUNDING
            self._gather(frames[audible], strongest[audible])

    def result(self) -> Findings:
        """Tune, fold into twelve pitch classes, and compare with all 24 keys."""
        if not self._fine.any():
            silent = Unknown(f"silent between {LOWEST_HZ:g} and {HIGHEST_HZ:g} Hz")
            return {"key": silent, "key_confidence": silent}
        classes = fundamentals(folded(self._fine))
        prominence = 1 - np.median(classes) / classes.max()
        if prominence < FLATTEST:
            nowhere = Unknown("no tonal centre: all pitch classes are equally strong")
            return {"key": nowhere, "key_confidence": nowhere}
        # evened out, lest one long note outweigh the rest
        name, fit, margin = best_key(classes**_EVEN)
        confidence = fit * (0.5 + 0.5 * min(1, margin / _CLEAR)) * min(1, prominence / _PROMINENT)
        return {"key": name, "key_confidence": float(np.clip(confidence, 0, 1))}

    def _gather(self, frames: Spectrogram, strongest: Spectrogram) -> None:
        before, middle, after = frames[:, :-2], frames[:, 1:-1], frames[:, 2:]
        peak = (middle > before) & (middle >= after) & (middle > _FAINT * strongest)
        frame, at = np.divmod(np.flatnonzero(peak), peak.shape[1])  # nonzero is slow in two axes
        left, top, right = (np.log(part[frame, at] + _TINY) for part in (before, middle, after))
        shift = 0.5 * (left - right) / np.minimum(left - 2 * top + right, -_TINY)
        hertz = (at + self._low + np.clip(shift, -0.5, 0.5)) * self._spacing
        bins = np.round(np.log2(hertz / _C0_HZ) * 12 * FINE).astype(int) % (12 * FINE)
        weight = middle[frame, at] / strongest[frame, 0]
        self._fine += np.bincount(bins, weight, minlength=12 * FINE)


_TINY = 1e-12
_EVEN = 0.7  # leads furthest on 191 pieces of other seeds than the benchmarks' (0.5, 0.7 and 1)
# Lead of the best key in correlation from which it is beyond doubt: with less, the confidence did
# not tell right keys from wrong on the tuning half of tests/benchmarks
_CLEAR = 0.25
_PROMINENT = 0.5  # a guess: the same for the share by which pitch classes stand out


def folded(fine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fold a fine pitch-class histogram into 12 classes around its own tuning.

    Args:
        fine: Weights by tenth of a semitone, shape (12 * FINE,), from C at A4 = 440 Hz.

    Returns:
        Weights of the pitch classes C to B, shape (12,).
    """
    by_deviation = fine.reshape(12, FINE).sum(axis=0)
    turn = by_deviation @ np.exp(2j * np.pi * np.arange(FINE) / FINE)
    tuning = round(float(np.angle(turn)) / (2 * np.pi) * FINE)
    centred = np.roll(fine, FINE // 2 - tuning).reshape(12, FINE)
    classes: NDArray[np.float64] = centred @ _NEARNESS
    return classes


_NEARNESS = np.cos(np.pi * (np.arange(FINE) - FINE // 2) / FINE) ** 2


def fundamentals(classes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Let each peak count for the notes it may be a harmonic of, and not only for its own.

    Without it, the third harmonics of a tonic's chord are taken for its dominant.

    Args:
        classes: Weights of the pitch classes of peaks, C to B, shape (12,).

    Returns:
        Weights of the pitch classes of notes, shape (12,).
    """
    notes: NDArray[np.float64] = np.sum(
        [_DECAY**nth * np.roll(classes, -steps) for nth, steps in enumerate(_SEMITONES)], axis=0
    )
    return notes


_SEMITONES = (0, 12, 19, 24, 28)  # from a note up to its first five harmonics; the sixth adds < 1 %
_DECAY = 0.6  # Gómez; 0.4 was as good on the pieces of other seeds


def best_key(classes: NDArray[np.float64]) -> tuple[str, float, float]:
    """Return the best key's name, its correlation, and its lead over the next best."""
    fits = {
        f"{NAMES[root]} {mode}": float(np.corrcoef(classes, np.roll(profile, root))[0, 1])
        for mode, profile in PROFILES.items()
        for root in range(12)
    }
    best, second = sorted(fits, key=fits.__getitem__, reverse=True)[:2]
    return best, fits[best], fits[best] - fits[second]
