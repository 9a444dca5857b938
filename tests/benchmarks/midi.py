"""MIDI pieces in all 24 keys, played by FluidSynth: FROZEN, whatever the results say.

This file was committed before any estimator heard its pieces; `test_benchmarks` holds its
hash. Change it only together with every number that was ever taken from it. The first piece of
each key may be looked at for tuning, the second is held out.

A piece is drawn from a seed: metre, groove, swing, tempo, General MIDI instruments, and two
phrases of harmony that end in a cadence, with a melody that keeps to the scale. Its limitation:
recorded instruments, but no voice, no rubato, no modulation, and one performer: FluidR3's.

The tempo is that of the beat as a musician counts it: the crotchet, in 6/8 the dotted one.
"""

import random
import shutil
import struct
import subprocess
import tempfile
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from pieces import (
    DEGREES,
    FASTEST,
    FASTEST_COMPOUND,
    GROOVES,
    LONGEST_S,
    NAMES,
    SCALES,
    SHORTEST_S,
    SLOWEST,
    Groove,
    Half,
    Note,
    Piece,
)

RATE = 44_100
SEED = 20_261_122
COUNT = 48
SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
TICKS = 480  # per crotchet
DRUMS = "drums"
RINGS_S = 1.5  # what the last chord has after its bar

# General MIDI 1 (1991): instrument -> program, counted from 0
CHORDS = {
    "piano": 0,
    "electric piano": 4,
    "harpsichord": 6,
    "organ": 19,
    "nylon guitar": 24,
    "steel guitar": 25,
    "strings": 48,
    "pad": 89,
}
LEADS = {
    "vibraphone": 11,
    "violin": 40,
    "trumpet": 56,
    "saxophone": 65,
    "oboe": 68,
    "clarinet": 71,
    "flute": 73,
    "synth lead": 81,
}
BASSES = {
    "acoustic bass": 32,
    "finger bass": 33,
    "fretless bass": 35,
    "synth bass": 38,
    "cello": 42,
    "tuba": 58,
}
PROGRAMS = CHORDS | LEADS | BASSES
KICK, SNARE, HAT = 36, 38, 42  # General MIDI's percussion map
METRES = ("4/4", "4/4", "4/4", "3/4", "6/8", "5/4")
FIVE_FOUR = Groove("5/4", 4, 20, (0, 12), (8, 16), (0, 4, 6, 8, 12, 14, 16))
PHRASES = {
    "major": ("I IV V I", "I vi ii V", "I V vi IV", "I iii IV V", "I IV ii V", "I I IV V"),
    "minor": ("I iv V I", "I VI iv V", "I VI VII I", "I VII VI V", "I ii V I", "I I iv V"),
}
LOWEST, HIGHEST = 67, 84  # of a melody
LEAP = 5  # semitones

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a piece: what all players look at.

    Attributes:
        triad: Pitch classes, the root first.
        scale: Pitch classes; a minor key's seventh is raised over its dominant.
        last: Everybody plays the tonic, and holds it.
    """

    groove: Groove
    step_s: float
    triad: tuple[int, int, int]
    scale: frozenset[int]
    last: bool


@dataclass(frozen=True, slots=True)
class Band:
    """Who plays, and how."""

    chords: str
    lead: str
    bass: str
    drums: bool
    style: str
    density: float
    bass_on_kick: bool


def absent() -> list[str]:
    """Return the Debian packages that playing needs and this machine has not."""
    there = {
        "fluidsynth": shutil.which("fluidsynth") is not None,
        "fluid-soundfont-gm": SOUNDFONT.exists(),
    }
    return [package for package, found in there.items() if not found]


def pieces(seed: int = SEED, count: int = COUNT) -> Iterator[Piece]:
    """Yield the pieces of a seed: the keys in turn, the first half for tuning."""
    for index in range(count):
        half = Half.TUNE if index < count // 2 else Half.HELD_OUT
        yield _drawn(random.Random(f"{seed}/{index}"), index, half)


def rendered(piece: Piece) -> np.ndarray:
    """Return the sound that FluidSynth makes: shape (2, n), float32, peak 0.8, at `RATE`."""
    with tempfile.TemporaryDirectory() as folder:
        score, file = Path(folder) / "score.mid", Path(folder) / "sound.wav"
        score.write_bytes(smf(piece))
        command = ["fluidsynth", "-niq", "-F", file, "-r", str(RATE), SOUNDFONT, score]
        subprocess.run(command, check=True, capture_output=True)
        with wave.open(str(file)) as frames:
            raw = np.frombuffer(frames.readframes(frames.getnframes()), "<i2").reshape(-1, 2)
    sound = raw[: round(piece.seconds * RATE)].T.astype(np.float32)
    return 0.8 / np.abs(sound).max() * sound


def _drawn(chance: random.Random, index: int, half: Half) -> Piece:
    metre = _one(chance, METRES)
    groove = _one(chance, [one for one in (*GROOVES, FIVE_FOUR) if one.metre == metre])
    compound = groove.beat_n > 4
    bpm = SLOWEST + ((FASTEST_COMPOUND if compound else FASTEST) - SLOWEST) * chance.random()
    swing = 0.0 if compound or chance.random() < 0.7 else chance.random() / 3
    tonic, mode = index % 12, "major" if index % 24 < 12 else "minor"
    bar_s = 60 / bpm * groove.bar_n / groove.beat_n
    wanted_s = SHORTEST_S + (LONGEST_S - RINGS_S - SHORTEST_S) * chance.random()
    bars = tuple(_bars(chance, groove, bar_s, (tonic, mode), max(5, round(wanted_s / bar_s))))
    notes = tuple(sorted(_played(chance, _band(chance), bars, swing), key=lambda note: note.at_s))
    key, seconds = f"{NAMES[tonic]} {mode}", round(len(bars) * bar_s + RINGS_S, 6)
    return Piece(f"midi{index:02d}", half, bpm, key, metre, swing, seconds, 0.0, notes)


def _one(chance: random.Random, things: Sequence[Thing]) -> Thing:
    return things[int(chance.random() * len(things))]


def _band(chance: random.Random) -> Band:
    chords = _one(chance, tuple(CHORDS))
    held = chords in {"organ", "strings", "pad"}
    return Band(
        chords,
        _one(chance, tuple(LEADS)),
        _one(chance, tuple(BASSES)),
        drums=chance.random() < 0.75,
        style="held" if held else _one(chance, ("held", "struck", "broken")),
        density=0.2 + 0.6 * chance.random(),
        bass_on_kick=chance.random() < 0.5,
    )


def _bars(
    chance: random.Random, groove: Groove, bar_s: float, key: tuple[int, str], count: int
) -> Iterator[Bar]:
    """Yield two phrases in turn; the piece ends with a full cadence."""
    phrases = [_one(chance, PHRASES[key[1]]).split() for _ in range(2)]
    chords = [phrases[bar // 4 % 2][bar % 4] for bar in range(count - 2)] + ["V", "I"]
    for place, chord in enumerate(chords):
        triad, scale = _harmony(chord, key)
        yield Bar(groove, bar_s / groove.bar_n, triad, scale, place == count - 1)


def _harmony(chord: str, key: tuple[int, str]) -> tuple[tuple[int, int, int], frozenset[int]]:
    """Return a degree's triad and the scale over it; a minor key's dominant is major."""
    tonic, mode = key
    steps = list(SCALES[mode])
    if mode == "minor" and chord == "V":
        steps[6] += 1
    scale = [(tonic + step) % 12 for step in steps]
    root, third, fifth = (scale[(DEGREES[chord.upper()] + place) % 7] for place in (0, 2, 4))
    return (root, third, fifth), frozenset(scale)


def _played(chance: random.Random, band: Band, bars: Sequence[Bar], swing: float) -> Iterator[Note]:
    """Yield the notes of all players, each a little late and of its own force."""
    late_s = 0.008 * chance.random()
    pitch = 74
    for place, bar in enumerate(bars):
        melody = tuple(_melody(chance, band, bar, pitch))
        pitch = melody[-1].pitch if melody else pitch
        for note in (*_chords(band, bar), *_bass(band, bar), *_drums(chance, band, bar), *melody):
            swung = swing * 2 * bar.step_s if round(note.at_s / bar.step_s) % 4 == 2 else 0.0
            start_s = place * bar.step_s * bar.groove.bar_n + note.at_s
            at_s = round(start_s + swung + late_s * chance.random(), 6)
            level = round(note.level * (0.75 + 0.25 * chance.random()), 6)
            yield Note(at_s, note.voice, level, note.pitch, round(note.lasts_s, 6))


def _chords(band: Band, bar: Bar) -> Iterator[Note]:
    pitches = sorted(55 + (pitch - 55) % 12 for pitch in bar.triad)
    bar_n, beat_n, step_s = bar.groove.bar_n, bar.groove.beat_n, bar.step_s
    if bar.last or band.style == "held":
        for pitch in pitches:
            yield Note(0.0, band.chords, 0.6, pitch, bar_n * step_s)
    elif band.style == "struck":
        for step in range(0, bar_n, beat_n):
            for pitch in pitches:
                yield Note(step * step_s, band.chords, 0.6, pitch, 0.8 * beat_n * step_s)
    else:
        for place, step in enumerate(range(0, bar_n, 2)):
            yield Note(step * step_s, band.chords, 0.65, pitches[place % 3], 4 * step_s)


def _bass(band: Band, bar: Bar) -> Iterator[Note]:
    """Yield the root, and its fifth in the weaker places."""
    root, _, fifth = (36 + pitch % 12 for pitch in bar.triad)
    bar_n, beat_n = bar.groove.bar_n, bar.groove.beat_n
    beats = bar.groove.kick if band.bass_on_kick else range(0, bar_n, beat_n)
    if bar.last:
        yield Note(0.0, band.bass, 0.8, root, bar_n * bar.step_s)
        return
    for place, step in enumerate(beats):
        lasts_s = 0.9 * beat_n * bar.step_s
        yield Note(step * bar.step_s, band.bass, 0.8, fifth if place % 4 == 3 else root, lasts_s)


def _drums(chance: random.Random, band: Band, bar: Bar) -> Iterator[Note]:
    if not band.drums:
        return
    if bar.last:
        yield Note(0.0, DRUMS, 0.9, KICK, 0.1)
        return
    groove = bar.groove
    for pitch, level, steps in ((KICK, 0.9, groove.kick), (SNARE, 0.8, groove.snare)):
        for step in steps:
            yield Note(step * bar.step_s, DRUMS, level, pitch, 0.1)
    for step in groove.hat:
        if step % groove.beat_n == 0 or chance.random() < 0.3 + 0.7 * band.density:
            yield Note(step * bar.step_s, DRUMS, 0.5, HAT, 0.1)


def _melody(chance: random.Random, band: Band, bar: Bar, before: int) -> Iterator[Note]:
    """Yield notes of the chord on the beats and of the scale between, in small leaps."""
    beat_n, bar_n = bar.groove.beat_n, bar.groove.bar_n
    steps = [
        step
        for step in range(0, 1 if bar.last else bar_n, 2)
        if chance.random() < (0.85 if step % beat_n == 0 else band.density) or bar.last
    ]
    for step, end in zip(steps, [*steps[1:], bar_n], strict=True):
        wanted = bar.triad if step % beat_n == 0 else bar.scale
        wanted = bar.triad[:1] if bar.last else wanted
        leap = 12 if bar.last else LEAP
        near = range(max(LOWEST, before - leap), min(HIGHEST, before + leap) + 1)
        before = _one(chance, [pitch for pitch in near if pitch % 12 in wanted])
        yield Note(step * bar.step_s, band.lead, 0.8, before, 0.95 * (end - step) * bar.step_s)


def smf(piece: Piece) -> bytes:
    """Return a piece as a Standard MIDI File 1.0 of format 0, instruments by General MIDI."""
    crotchet_s = 60 / piece.bpm / (1.5 if piece.metre == "6/8" else 1.0)
    ticks_hz = TICKS / crotchet_s
    voices = sorted({note.voice for note in piece.notes} - {DRUMS})
    channels = {voice: channel for channel, voice in enumerate(voices)} | {DRUMS: 9}
    events = [(0, 0, b"\xff\x51\x03" + round(crotchet_s * 1e6).to_bytes(3, "big"))]
    events += [(0, 1, bytes((0xC0 | channels[voice], PROGRAMS[voice]))) for voice in voices]
    again: dict[tuple[str, int], int] = {}  # when the same key is struck next
    for note in reversed(piece.notes):
        channel, force = channels[note.voice], round(127 * note.level)
        start, end = (round(at * ticks_hz) for at in (note.at_s, note.at_s + note.lasts_s))
        end = min(end, again.get((note.voice, note.pitch), end))
        again[note.voice, note.pitch] = start
        events.append((start, 3, bytes((0x90 | channel, note.pitch, force))))
        events.append((end, 2, bytes((0x80 | channel, note.pitch, 0))))
    events.append((round(piece.seconds * ticks_hz), 4, b"\xff\x2f\x00"))
    track, now = bytearray(), 0
    for at, _, event in sorted(events):
        track += _quantity(at - now) + event
        now = at
    head = struct.pack(">4sIHHH", b"MThd", 6, 0, 1, TICKS)
    return head + struct.pack(">4sI", b"MTrk", len(track)) + bytes(track)


def _quantity(number: int) -> bytes:
    """Write a variable-length quantity: seven bits a byte, the highest bit says more follow."""
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(number & 0x7F | 0x80)
    return bytes(reversed(digits))
