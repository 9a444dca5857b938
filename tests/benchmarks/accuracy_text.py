"""How right the estimates are, in words and tables."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import accuracy
import midi
import pieces
from table import table

Facts = Mapping[str, Any]


def section(right: Facts) -> Iterator[str]:
    """Yield the paragraphs and tables of what `accuracy.measured` returns."""
    yield "## Accuracy"
    yield (
        "Half of the pieces may be used for tuning, the other half is held out. Tempo is right "
        "within 4 %, in Acc2 up to a factor of 2 or 3. Key: MIREX score. Onset error: mean "
        "distance of the onset rate from the truth, as a share of it; notes within "
        f"{1000 * pieces.MERGED_S:.0f} ms are one onset. essentia: RhythmExtractor2013 (degara), "
        "KeyExtractor and OnsetRate; librosa: beat_track and onset_detect; all at their defaults."
    )
    yield (
        f"### {pieces.COUNT} pieces of {pieces.SHORTEST_S:g} to {pieces.LONGEST_S:g} s\n\n"
        f"Seed {pieces.SEED}, made by numpy and frozen before anything heard them "
        "(`tests/benchmarks/pieces.py`): no room, no rubato, no voice, no real instrument."
    )
    yield from _halves(right["scores"]["pieces"])
    yield "### Tempo by metre, all those pieces"
    yield _by_metre(right["heard"])
    yield "### Confidence"
    yield "Score of the half an estimator is surer of, and of the rest, on the held-out pieces."
    yield _confidence(right["scores"]["pieces"][pieces.Half.HELD_OUT])
    if "midi" in right["scores"]:
        yield (
            f"### {midi.COUNT} pieces played from MIDI, two in each key\n\n"
            f"Seed {midi.SEED}, rendered by FluidSynth with {midi.SOUNDFONT.name}, frozen before "
            "anything heard them (`tests/benchmarks/midi.py`): recorded instruments and a room, "
            "but no rubato, no voice, no modulation."
        )
        yield from _halves(right["scores"]["midi"])
    yield "### Loudness: EBU Tech 3341"
    yield _loudness(right["loudness"])


def _halves(scores: Facts) -> Iterator[str]:
    for half, found in scores.items():
        yield f"{half.capitalize()}:"
        yield _scores(found)


def _scores(scores: Facts) -> str:
    rows = [
        (
            name,
            f"{100 * found['acc1']:.1f}",
            f"{100 * found['acc2']:.1f}",
            f"{100 * found['key']:.1f}" if "key" in found else "—",
            f"{100 * found['onset_error']:.1f}",
        )
        for name, found in scores.items()
    ]
    return table(("", "Acc1 %", "Acc2 %", "Key %", "Onset error %"), rows)


def _by_metre(heard: Sequence[Facts]) -> str:
    rows = []
    for metre in sorted({found["metre"] for found in heard}):
        those = [found for found in heard if found["metre"] == metre]
        firsts = [
            sum(
                accuracy.acc1(found["answers"][name]["bpm"], found["truth"]["bpm"])
                for found in those
            )
            for name in accuracy.CONTENDERS
        ]
        rows.append((metre, len(those), *(f"{100 * n / len(those):.1f}" for n in firsts)))
    return table(("Acc1 %", "Pieces", *accuracy.CONTENDERS), rows)


def _confidence(scores: Facts) -> str:
    rows = [
        (name, what, *(f"{100 * part:.1f}" for part in found[f"{what}_by_confidence"]))
        for name, found in scores.items()
        for what in ("acc1", "key")
        if f"{what}_by_confidence" in found
    ]
    return table(("", "Score", "Surer half %", "The rest %"), rows)


def _loudness(cases: Iterable[Facts]) -> str:
    rows = [(case["case"], f"{case['truth']:.1f}", f"{case['found']:.2f}") for case in cases]
    return table(("Case", "LUFS", "Measured"), rows)
