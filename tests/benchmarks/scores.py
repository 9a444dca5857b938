"""How right an estimate is, as the field counts it."""

from collections.abc import Sequence

from pieces import NAMES

TOLERANCE = 0.04  # Gouyon et al., "An experimental comparison of audio tempo induction" (2006)
OCTAVES = (1, 2, 3, 1 / 2, 1 / 3)


def acc1(bpm: float | None, truth: float) -> bool:
    """Tell whether a tempo is within 4 %."""
    return bpm is not None and abs(bpm / truth - 1) <= TOLERANCE


def acc2(bpm: float | None, truth: float) -> bool:
    """Tell the same, taking the double, the triple, the half and the third for right."""
    return any(acc1(bpm, truth * factor) for factor in OCTAVES)


def mirex(key: str | None, truth: str) -> float:
    """Return MIREX's key score: same 1, a fifth apart 0.5, relative 0.3, parallel 0.2, else 0."""
    if key is None:
        return 0.0
    (root, mode), (true_root, true_mode) = _split(key), _split(truth)
    up = (root - true_root) % 12
    if mode == true_mode:
        return {0: 1.0, 7: 0.5, 5: 0.5}.get(up, 0.0)
    relative = 9 if true_mode == "major" else 3
    return {relative: 0.3, 0: 0.2}.get(up, 0.0)


def off_by(estimate: float | None, truth: float) -> float:
    """Return the distance from the truth as a share of it; 1 where there is no estimate."""
    return 1.0 if estimate is None else abs(estimate / truth - 1)


def by_confidence(
    scores: Sequence[float], confidences: Sequence[float | None]
) -> tuple[float, float]:
    """Return the mean score of the more confident half, and that of the rest."""
    ranked = sorted(zip(confidences, scores, strict=True), key=lambda pair: -(pair[0] or 0.0))
    half = (len(ranked) + 1) // 2
    surer, rest = ranked[:half], ranked[half:]
    return _mean([score for _, score in surer]), _mean([score for _, score in rest])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _split(key: str) -> tuple[int, str]:
    name, mode = key.split()
    return (NAMES.index(FLATS.get(name, name)), mode)


FLATS = {"Db": "C#", "Eb": "D#", "Gb": "F#", "Ab": "G#", "Bb": "A#"}
