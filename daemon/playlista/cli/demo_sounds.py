"""Pieces of music made by maths, in styles that an ear or a machine tells apart at once.

A style is data; one engine plays them all. Every number here is a matter of taste.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

RATE = 44_100
STEPS = 16  # per bar of four beats

Sound: TypeAlias = NDArray[np.float32]
"""Samples in [-1, 1]; shape (n,), or (2, n) where it says stereo."""

MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)


@dataclass(frozen=True, slots=True)
class Style:
    """How a kind of music is played; levels are amplitudes, patterns are steps of a bar.

    Attributes:
        bpm: Slowest and fastest piece.
        scale: Semitones above the tonic.
        chords: Scale degrees, one chord a bar.
        brightness: Harmonics of a note.
    """

    genre: str
    bpm: tuple[float, float]
    scale: tuple[int, ...]
    chords: tuple[int, ...]
    brightness: int
    pad: float = 0.0
    pluck: float = 0.0
    bass: float = 0.0
    hiss: float = 0.0
    pluck_steps: tuple[int, ...] = ()
    bass_steps: tuple[int, ...] = ()
    kick: tuple[int, ...] = ()
    snare: tuple[int, ...] = ()
    hat: tuple[int, ...] = ()


STYLES = (
    Style("Ambient", (58, 68), MAJOR, (0, 3, 5, 3), 4, pad=0.5, hiss=0.03),
    Style(
        "Folk", (92, 110), MAJOR, (0, 4, 5, 3), 9,
        pluck=0.5, pluck_steps=(0, 3, 4, 6, 8, 10, 12, 14),
    ),
    Style(
        "Lo-fi", (74, 86), MINOR, (0, 3, 6, 4), 5,
        pad=0.25, pluck=0.2, bass=0.4, hiss=0.01, pluck_steps=(2, 7, 10), bass_steps=(0, 6, 10),
        kick=(0, 7, 10), snare=(4, 12), hat=(0, 2, 4, 6, 8, 10, 12, 14),
    ),
    Style(
        "House", (120, 126), MINOR, (0, 5, 2, 6), 10,
        pad=0.15, pluck=0.25, bass=0.4, pluck_steps=(2, 5, 8, 11, 14), bass_steps=(2, 6, 10, 14),
        kick=(0, 4, 8, 12), snare=(4, 12), hat=(2, 6, 10, 14),
    ),
    Style(
        "Drum and bass", (170, 176), MINOR, (0, 0, 5, 6), 24,
        pad=0.1, pluck=0.15, bass=0.5, hiss=0.01, pluck_steps=(0, 6, 11), bass_steps=(0, 3, 8, 11),
        kick=(0, 10), snare=(4, 12), hat=tuple(range(STEPS)),
    ),
    Style(
        "Synthwave", (98, 112), MAJOR, (0, 4, 5, 3), 30,
        pad=0.3, pluck=0.25, bass=0.35, pluck_steps=tuple(range(0, STEPS, 2)),
        bass_steps=tuple(range(0, STEPS, 2)), kick=(0, 8), snare=(4, 12), hat=(2, 6, 10, 14),
    ),
)  # fmt: skip


def play(style: Style, *, bpm: float, tonic: int, seconds: float, seed: int) -> Sound:
    """Play a piece.

    Args:
        style: What to play.
        bpm: Beats a minute.
        tonic: MIDI pitch of the key, around 48.
        seconds: At least this long: the last bar is finished.
        seed: Which melody, and which noise.

    Returns:
        Stereo, at RATE Hz, with a peak of 0.9.
    """
    chance = np.random.default_rng(seed)
    step = round(RATE * 60 / bpm * 4 / STEPS)
    bars = int(np.ceil(seconds * RATE / (step * STEPS)))
    track = np.zeros((2, (bars * STEPS + STEPS) * step), np.float32)
    for bar in range(bars):
        degree = style.chords[bar % len(style.chords)]
        for at, note, pan in _bar(style, degree, tonic, step, chance):
            start = bar * STEPS * step + at * step
            room = track.shape[1] - start
            track[0, start : start + len(note)] += note[:room] * (1 - pan)
            track[1, start : start + len(note)] += note[:room] * (1 + pan)
    track += style.hiss * _smooth(chance.standard_normal(track.shape), style.brightness)
    return _finished(track[:, : (bars * STEPS + STEPS // 2) * step])


def _bar(
    style: Style, degree: int, tonic: int, step: int, chance: np.random.Generator
) -> Iterator[tuple[int, Sound, float]]:
    """Give one bar as (step, sound, place between left -1 and right 1)."""
    chord = [tonic + _pitch(style.scale, degree + third) for third in (0, 2, 4)]
    for voice, pan in zip(chord, (-0.4, 0.4, 0.0), strict=True):
        if style.pad:
            yield 0, style.pad * _pad(voice + 12, STEPS * step, style.brightness), pan
    for at in style.pluck_steps:
        pitch = chord[chance.integers(3)] + 12 * int(chance.integers(1, 3))
        yield at, style.pluck * _pluck(pitch, style.brightness), float(chance.uniform(-0.5, 0.5))
    for at in style.bass_steps:
        yield at, style.bass * _bass(chord[0] - 12, 2 * step, style.brightness), 0.0
    drums = ((style.kick, _kick, 0.0), (style.snare, _snare, 0.1), (style.hat, _hat, -0.3))
    for steps, drum, pan in drums:
        for at in steps:
            yield at, drum(), pan


def _pitch(scale: tuple[int, ...], degree: int) -> int:
    octave, place = divmod(degree, len(scale))
    return 12 * octave + scale[place]


# A sound is made once for each set of arguments, and placed many times.


def _harmonics(pitch: int, n: int, count: int, fall: Callable[[int], Sound]) -> Sound:
    hz = 440 * 2 ** ((pitch - 69) / 12)
    turn = 2 * np.pi * hz * _time(n)
    top = max(1, min(count, int(0.45 * RATE / hz)))
    tones = (np.sin(h * turn, dtype=np.float32) * fall(h) / h for h in range(1, top + 1))
    return np.asarray(np.sum(np.stack(list(tones)), axis=0), np.float32)


def _time(n: int) -> Sound:
    return np.asarray(np.arange(n) / RATE, np.float32)


@cache
def _pad(pitch: int, n: int, brightness: int) -> Sound:
    swell = np.sqrt(np.abs(np.sin(np.linspace(0, np.pi, n, dtype=np.float32))))
    tones = _harmonics(pitch, n, min(brightness, 8), lambda _: swell)
    return np.asarray(0.4 * swell * tones, np.float32)


@cache
def _pluck(pitch: int, brightness: int) -> Sound:
    t = _time(RATE)
    return _harmonics(pitch, RATE, brightness, lambda h: np.exp(-t * (3 + 2 * h)))


@cache
def _bass(pitch: int, n: int, brightness: int) -> Sound:
    t = _time(n)
    fade = np.minimum(1, (n / RATE - t) * 100)
    tones = _harmonics(pitch, n, brightness, lambda h: np.exp(-t * h))
    return np.asarray(fade * tones, np.float32)


@cache
def _kick() -> Sound:
    t = _time(RATE // 4)
    sweep = np.sin(2 * np.pi * (50 * t - 2 * np.exp(-t * 35)))
    return np.asarray(0.8 * sweep * np.exp(-t * 14), np.float32)


@cache
def _snare() -> Sound:
    t = _time(RATE // 5)
    hit = 0.35 * _noise(len(t)) + 0.3 * np.sin(2 * np.pi * 185 * t)
    return np.asarray(hit * np.exp(-t * 25), np.float32)


@cache
def _hat() -> Sound:
    t = _time(RATE // 20)
    hiss = np.diff(_noise(len(t)), prepend=0)
    return np.asarray(0.15 * hiss * np.exp(-t * 90), np.float32)


def _noise(n: int) -> Sound:
    return np.asarray(np.random.default_rng(0).standard_normal(n), np.float32)


def _smooth(noise: NDArray[np.float64], brightness: int) -> Sound:
    """Dull white noise by a moving average: the brighter the style, the shorter."""
    width = max(1, 60 // brightness)
    total = np.cumsum(noise, axis=1, dtype=np.float64)
    dull = (total - np.roll(total, width, axis=1)) / np.sqrt(width)
    dull[:, :width] = 0
    return np.asarray(dull, np.float32)


def _finished(track: Sound) -> Sound:
    """Fade the ends and bring the peak to 0.9."""
    fade = np.linspace(0, 1, RATE // 2, dtype=np.float32)
    track[:, : len(fade)] *= fade
    track[:, -len(fade) :] *= fade[::-1]
    return np.asarray(0.9 / np.abs(track).max() * track, np.float32)
