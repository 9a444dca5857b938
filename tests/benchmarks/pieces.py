"""Pieces of music of known tempo, key and onsets: FROZEN, whatever the results say.

This file was committed before any estimator heard its pieces; `test_benchmarks` holds its
hash. Change it only together with every number that was ever taken from it. Half of the
pieces may be looked at for tuning (`Half.TUNE`), the other half (`Half.HELD_OUT`) is for the
table alone.

A piece is drawn from a seed: metre, groove, swing, density, tempo, instruments, harmony. Its
sound is numpy's: oscillators, decaying harmonics and shaped noise. That is the limitation of
all numbers here: no room, no player's rubato, no singer, no recorded instrument.

The tempo is that of the beat as a musician counts it: the crotchet in 3/4 and 4/4, the dotted
crotchet in 6/8.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

RATE = 44_100
SEED = 20_261_121
COUNT = 240  # ten of each key
SLOWEST, FASTEST = 60.0, 200.0
FASTEST_COMPOUND = 140.0  # dotted crotchets: faster 6/8 is counted in whole bars
SHORTEST_S, LONGEST_S = 20.0, 30.0
MERGED_S = 0.03  # notes closer together than this are one onset

NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
PROGRESSIONS = {
    "major": ("I IV V I", "I vi IV V", "I V vi IV", "I ii V I", "I iii IV V"),
    "minor": ("I IV V I", "I vi iv V", "I VI III VII", "I ii V I", "I VII VI V"),
}
DEGREES = {"I": 0, "II": 1, "III": 2, "IV": 3, "V": 4, "VI": 5, "VII": 6}


class Half(StrEnum):
    """What a piece is for."""

    TUNE = "tuning"
    HELD_OUT = "held out"


@dataclass(frozen=True, slots=True)
class Groove:
    """Steps of a bar at which drums sound; a step is a semiquaver."""

    metre: str
    beat_n: int  # steps per beat
    bar_n: int  # steps per bar
    kick: tuple[int, ...]
    snare: tuple[int, ...]
    hat: tuple[int, ...]


GROOVES = (
    Groove("4/4", 4, 16, (0, 8), (4, 12), (0, 2, 4, 6, 8, 10, 12, 14)),
    Groove("4/4", 4, 16, (0, 4, 8, 12), (4, 12), (2, 6, 10, 14)),
    Groove("4/4", 4, 16, (0, 3, 6, 10), (4, 7, 9, 12), tuple(range(16))),
    Groove("4/4", 4, 16, (0, 6, 8, 14), (0, 3, 6, 10, 13), (0, 2, 4, 6, 8, 10, 12, 14)),
    Groove("4/4", 4, 16, (0, 8, 10), (4, 12), (0, 4, 6, 8, 12, 14)),
    Groove("4/4", 4, 16, (0, 7, 10), (4, 12), (0, 4, 8, 12)),
    Groove("3/4", 4, 12, (0,), (4, 8), (0, 2, 4, 6, 8, 10)),
    Groove("3/4", 4, 12, (0, 6), (8,), (0, 4, 6, 8)),
    Groove("6/8", 6, 12, (0,), (6,), (0, 2, 4, 6, 8, 10)),
    Groove("6/8", 6, 12, (0, 4), (6, 10), (0, 4, 6, 10)),
)


@dataclass(frozen=True, slots=True)
class Note:
    """One sound: when it begins, what plays it, how loud, and at which MIDI pitch."""

    at_s: float
    voice: str
    level: float
    pitch: int = 0
    lasts_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Piece:
    """What is true of a piece, and its notes."""

    name: str
    half: Half
    bpm: float
    key: str
    metre: str
    swing: float
    seconds: float
    colour: float
    notes: tuple[Note, ...]

    @property
    def onset_rate_hz(self) -> float:
        """Onsets per second; notes within `MERGED_S` of an onset belong to it."""
        count, last = 0, -1.0
        for at in sorted(note.at_s for note in self.notes):
            if at - last > MERGED_S:
                count, last = count + 1, at
        return count / self.seconds


def pieces(seed: int = SEED, count: int = COUNT) -> Iterator[Piece]:
    """Yield the pieces of a seed: the keys in turn, the first half for tuning."""
    for index in range(count):
        half = Half.TUNE if index < count // 2 else Half.HELD_OUT
        yield _drawn(random.Random(f"{seed}/{index}"), index, half)


def _drawn(chance: random.Random, index: int, half: Half) -> Piece:
    groove = GROOVES[int(chance.random() * len(GROOVES))]
    fastest = FASTEST_COMPOUND if groove.beat_n > 4 else FASTEST
    bpm = SLOWEST + (fastest - SLOWEST) * chance.random()
    mode = "major" if index % 24 < 12 else "minor"
    tonic = index % 12
    swing = chance.random() / 3 if groove.beat_n == 4 and chance.random() < 0.4 else 0.0
    bar_s = 60 / bpm * groove.bar_n / groove.beat_n
    seconds = SHORTEST_S + (LONGEST_S - SHORTEST_S) * chance.random()
    notes = tuple(_played(chance, groove, bar_s, swing, (tonic, mode), seconds))
    key = f"{NAMES[tonic]} {mode}"
    colour = chance.random()
    name = f"{index:03d}"
    return Piece(name, half, bpm, key, groove.metre, swing, seconds, colour, notes)


def _played(
    chance: random.Random,
    groove: Groove,
    bar_s: float,
    swing: float,
    key: tuple[int, str],
    seconds: float,
) -> Iterator[Note]:
    """Yield all notes that begin at least half a second before the end."""
    step_s = bar_s / groove.bar_n
    progressions = PROGRESSIONS[key[1]]
    chords = progressions[int(chance.random() * len(progressions))].split()
    density, drums, arpeggio = chance.random(), chance.random() < 0.8, chance.random() < 0.5
    jitter_s = 0.006 * chance.random()
    bass_steps = groove.kick if chance.random() < 0.5 else range(0, groove.bar_n, groove.beat_n)
    for bar in range(int(seconds / bar_s) + 1):
        for note in _bar(groove, chords[bar % len(chords)], key, bar_s, tuple(bass_steps)):
            step = round(note.at_s / step_s)
            if note.voice in {"hat", "pluck"} and not _kept(chance, step, density):
                continue
            if (note.voice in {"kick", "snare", "hat"} and not drums) or (
                note.voice == "pluck" and drums and not arpeggio
            ):
                continue
            late = swing * 2 * step_s if step % 4 == 2 else 0.0
            at = bar * bar_s + note.at_s + late + jitter_s * chance.random()
            if at < seconds - 0.5:
                level = note.level * (0.75 + 0.25 * chance.random())
                yield Note(round(at, 6), note.voice, round(level, 6), note.pitch, note.lasts_s)


def _kept(chance: random.Random, step: int, density: float) -> bool:
    on_beat = step % 2 == 0
    return chance.random() < (0.7 + 0.3 * density if on_beat else density)


def _bar(
    groove: Groove, chord: str, key: tuple[int, str], bar_s: float, bass_steps: tuple[int, ...]
) -> Iterator[Note]:
    step_s = bar_s / groove.bar_n
    triad = _triad(chord, key)
    for pitch in triad:
        yield Note(0.0, "pad", 0.12, pitch + 60, bar_s)
    for step in bass_steps:
        yield Note(step * step_s, "bass", 0.3, triad[0] + 36, groove.beat_n * step_s)
    for place, step in enumerate(range(0, groove.bar_n, 2)):
        yield Note(step * step_s, "pluck", 0.2, triad[place % 3] + 72)
    for voice, level in (("kick", 0.7), ("snare", 0.45), ("hat", 0.2)):
        for step in getattr(groove, voice):
            yield Note(step * step_s, voice, level)


def _triad(chord: str, key: tuple[int, str]) -> tuple[int, int, int]:
    """Return semitones above C; a minor key's dominant is major, as harmony has it."""
    tonic, mode = key
    degree = DEGREES[chord.upper()]
    scale = SCALES[mode]
    steps = [
        tonic + scale[(degree + third) % 7] + 12 * ((degree + third) // 7) for third in (0, 2, 4)
    ]
    if mode == "minor" and chord == "V":
        steps[1] += 1
    return steps[0], steps[1], steps[2]


def rendered(piece: Piece) -> np.ndarray:
    """Return the sound: mono, shape (n,), float32, peak 0.8, at `RATE`."""
    sound = np.zeros(round(piece.seconds * RATE) + 4 * RATE, np.float32)
    made: dict[tuple[str, int, float], np.ndarray] = {}
    for note in piece.notes:
        which = (note.voice, note.pitch, note.lasts_s)
        if which not in made:
            made[which] = _voice(note, piece.colour)
        start = round(note.at_s * RATE)
        grain = made[which]
        sound[start : start + len(grain)] += note.level * grain[: len(sound) - start]
    sound = sound[: round(piece.seconds * RATE)]
    return (0.8 / np.abs(sound).max() * sound).astype(np.float32)


def _voice(note: Note, colour: float) -> np.ndarray:
    """Return one note of an instrument; the colour, 0 to 1, tells the bands apart."""
    if note.voice == "kick":
        t = _time(0.3)
        return np.sin(2 * np.pi * (45 * t + 15 * colour * t - 2 * np.exp(-t * 35))) * np.exp(
            -t * (10 + 12 * colour)
        )
    if note.voice == "snare":
        t = _time(0.25)
        body = np.sin(2 * np.pi * (170 + 60 * colour) * t)
        return (0.6 * _noise(len(t)) * (0.4 + 0.6 * colour) + 0.5 * body) * np.exp(-t * 22)
    if note.voice == "hat":
        t = _time(0.12)
        return np.diff(_noise(len(t)), prepend=0) * np.exp(-t * (30 + 60 * colour))
    if note.voice == "pluck":
        return _harmonics(note.pitch, _time(1.0), 6 + int(10 * colour), 4.0)
    if note.voice == "bass":
        t = _time(min(note.lasts_s, 1.0))
        return _harmonics(note.pitch, t, 4 + int(12 * colour), 1.5) * np.minimum(
            1, (t[-1] - t) * 100
        )
    t = _time(min(note.lasts_s, 4.0))
    swell = np.minimum(1, t / 0.05) * np.minimum(1, (t[-1] - t) / 0.05)
    return _harmonics(note.pitch, t, 3 + int(6 * colour), 0.2) * swell


def _harmonics(pitch: int, t: np.ndarray, count: int, decay: float) -> np.ndarray:
    hz = 440 * 2 ** ((pitch - 69) / 12)
    tones = [
        np.sin(2 * np.pi * hz * h * t) * np.exp(-t * decay * (1 + 0.5 * h)) / h
        for h in range(1, count + 1)
        if hz * h < 0.45 * RATE
    ]
    return np.sum(tones, axis=0)


def _time(seconds: float) -> np.ndarray:
    return np.arange(round(seconds * RATE)) / RATE


def _noise(n: int) -> np.ndarray:
    return np.clip(np.random.default_rng(0).standard_normal(n) / 2, -1, 1)
