"""Beats per minute from the parts of an onset curve."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from playlista.features.periodicity import correlation, profiles, pulse

SLOWEST, FASTEST = 40.0, 220.0
"""The range that is searched, in BPM."""
SHORTEST_S = 4.0
"""Less holds too few beats to agree on a tempo."""
RATIOS = np.array([1 / 3, 1 / 2, 2 / 3, 1, 3 / 2, 2, 3])
"""The beat, as parts of the tempo that fits best: one of these in 479 of 480 pieces (measured)."""
WEIGHTS = np.array([1.19, -2.90, 0.72, 7.87, 6.02, -12.42, -7.28, -7.38, 3.18, 3.01])
VOTE = 0.44
"""Both fitted by tests/benchmarks/fit_tempo.py, on 1776 pieces; see `evidence` for their order."""

# Chosen, with the square root in `candidates`, from nine settings on 30 real tracks (28 as
# essentia's RhythmExtractor2013 has them, all 30 up to an octave) and on click tracks (all exact)
_USUAL_BPM, _OCTAVES = 110.0, 0.5
_GRID = np.geomspace(SLOWEST, FASTEST, 3600)  # steps of 0.05 %
_NEAR = 42  # steps of the grid: 2 %
_POOREST = 0.03  # a guess: less of the best fit is no fit at all
_SAME = 0.04  # the field's tolerance, Gouyon et al. (2006)
_STEADY = 0.35  # noise repeats to 0.1, three of four real tracks to 0.39 or more (measured)

SecondOpinion = Callable[[NDArray[np.float32], float], float | None]
"""Another tempo estimate: onset curve and its rate in, BPM out."""


def tempo(
    parts: NDArray[np.floating], rate: float, second_opinion: SecondOpinion | None = None
) -> tuple[float, float] | None:
    """Estimate the tempo that most of a track keeps.

    The onset curve alone leaves open which of several tempi, mostly octaves of each other,
    is the beat. Its parts tell: a kick sounds every other beat, a snare in between. What
    speaks for each candidate is weighed by a logistic regression.

    Args:
        parts: Onset curve below, in the middle and above, shape (3, n), n / rate >=
            `SHORTEST_S`.
        rate: Values per second.
        second_opinion: Has a vote.

    Returns:
        BPM, 40 to 220, and its confidence: the probability of this candidate, less where
        hardly anything repeats. None when nothing ever begins.
    """
    curve = parts.sum(axis=0, dtype=np.float32)
    found = candidates(curve, rate)
    if found is None:
        return None
    bpm, fit, repeats = found
    logits = evidence(parts, rate, bpm, fit) @ WEIGHTS
    if second_opinion is not None:
        logits += VOTE * (agree(bpm, second_opinion(curve, rate)) & _octaves(bpm, logits))
    odds = np.exp(logits - logits.max())
    confidence = min(1.0, repeats / _STEADY) / odds.sum()
    return float(bpm[np.argmax(odds)]), float(confidence)


def candidates(
    curve: NDArray[np.float32], rate: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], float] | None:
    """Find the tempi that may be the beat.

    Beats repeat, so the autocorrelation peaks at a beat's length and its multiples, the
    Fourier transform at a beat's frequency and its multiples; their product at both alone.

    Args:
        curve: The whole onset curve, shape (n,).
        rate: Its values per second.

    Returns:
        BPM, shape (k,); how well each fits, 0 to 1 for the best; how much of the curve
        repeats, 0 to 1. None when nothing does.

    Source:
        Peeters, "Template-based estimation of time-varying tempo" (2007).
    """
    repeats, spectrum = profiles(curve, rate, _GRID)
    fit = np.maximum(repeats, 0) * np.sqrt(spectrum)
    prior = np.exp(-0.5 * (np.log2(_GRID / _USUAL_BPM) / _OCTAVES) ** 2)
    best = int(np.argmax(fit * prior))
    if fit[best] <= 0:
        return None
    bpm = RATIOS * _refined(spectrum, best)
    bpm = bpm[(bpm >= SLOWEST) & (bpm <= FASTEST)]
    fits = np.interp(bpm, _GRID, fit)
    return bpm, fits / max(fits.max(), fit[best]), float(repeats[best])


def evidence(
    parts: NDArray[np.floating], rate: float, bpm: NDArray[np.float64], fit: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return what speaks for or against each tempo, shape (k, 10), in the order of `WEIGHTS`.

    Args:
        parts: As in `tempo`.
        rate: Values per second.
        bpm: The candidates, shape (k,).
        fit: How well each fits, shape (k,).
    """
    low, middle, high = parts
    octaves, hertz = np.log2(bpm / _USUAL_BPM), bpm / 60
    return np.column_stack(
        [
            octaves,
            octaves**2,
            np.log(np.maximum(fit, _POOREST)),
            pulse(low, rate, hertz / 2),
            pulse(low, rate, hertz),
            pulse(middle, rate, hertz / 3),
            pulse(middle, rate, hertz * 3 / 2),
            pulse(high, rate, hertz),
            correlation(low, high, rate, 1 / hertz),
            correlation(low, high, rate, 3 / hertz),
        ]
    )


def agree(bpm: NDArray[np.float64], other: float | None) -> NDArray[np.bool_]:
    """Tell which tempi are the other opinion, shape (k,)."""
    return np.abs(bpm / (other or np.inf) - 1) <= _SAME


def _octaves(bpm: NDArray[np.float64], logits: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which tempi are octaves of the likeliest: three for two, the tracker was mostly wrong.

    With its vote on any tempo 84 % of the tuning pieces were right, without it 87 %.
    """
    apart = np.log2(bpm / bpm[np.argmax(logits)])
    octaves: NDArray[np.bool_] = np.isclose(apart, np.round(apart))
    return octaves


def _refined(spectrum: NDArray[np.float64], best: int) -> float:
    """Look for the Fourier peak next by: lags are whole frames, 1 % of a beat or worse."""
    low = max(0, best - _NEAR)
    near = spectrum[low : best + _NEAR + 1]
    return float(_GRID[low + int(np.argmax(near))])
