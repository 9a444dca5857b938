"""Sounds made by maths, so that a test knows the truth before it listens.

Signals are float32 arrays of shape ``(n,)``, or ``(channels, n)`` where channels differ, at
``RATE`` Hz unless told otherwise. `write` puts one into a file of any kind through PyAV.
"""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

RATE = 44_100
NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
KEYS = tuple(f"{name} {mode}" for mode in ("major", "minor") for name in NAMES)

# suffix -> PyAV container, codec, sample format, codec options
KINDS: Mapping[str, tuple[str, str, str, dict[str, str]]] = {
    "wav": ("wav", "pcm_s16le", "s16", {}),
    "wav8": ("wav", "pcm_u8", "u8", {}),
    "wav24": ("wav", "pcm_s24le", "s32", {}),
    "wav32": ("wav", "pcm_s32le", "s32", {}),
    "wavf": ("wav", "pcm_f32le", "flt", {}),
    "wavd": ("wav", "pcm_f64le", "dbl", {}),
    "aiff": ("aiff", "pcm_s16be", "s16", {}),
    "au": ("au", "pcm_s16be", "s16", {}),
    "flac": ("flac", "flac", "s16", {}),
    "mp3": ("mp3", "libmp3lame", "s16p", {}),
    "mp3_320": ("mp3", "libmp3lame", "s16p", {"b": "320k"}),
    "m4a": ("ipod", "aac", "fltp", {}),
    "alac": ("ipod", "alac", "s16p", {}),
    "aac": ("adts", "aac", "fltp", {}),
    "ogg": ("ogg", "vorbis", "fltp", {"strict": "-2"}),
    "opus": ("ogg", "libopus", "s16", {}),
    "wma": ("asf", "wmav2", "fltp", {"b": "128k"}),
    "wv": ("wv", "wavpack", "s16p", {}),
    "tta": ("tta", "tta", "s16", {}),
    "ac3": ("ac3", "ac3", "fltp", {}),
    "mka": ("matroska", "flac", "s16", {}),
}
LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 8: "7.1"}


def seconds_of(seconds: float, rate: int = RATE) -> np.ndarray:
    """Times of the samples in so many seconds."""
    return np.arange(round(seconds * rate)) / rate


def silence(seconds: float, rate: int = RATE) -> np.ndarray:
    """Digital silence."""
    return np.zeros(round(seconds * rate), np.float32)


def tone(seconds: float, hz: float = 440.0, amplitude: float = 0.5, rate: int = RATE) -> np.ndarray:
    """A sine."""
    return (amplitude * np.sin(2 * np.pi * hz * seconds_of(seconds, rate))).astype(np.float32)


def tone_at(lufs: float, seconds: float, rate: int = RATE) -> np.ndarray:
    """A stereo 1 kHz sine of known loudness: EBU Tech 3341 defines dBFS = LUFS for it."""
    one = tone(seconds, 1000.0, 10 ** (lufs / 20), rate)
    return np.stack([one, one])


def noise(seconds: float, amplitude: float = 0.1, seed: int = 1, rate: int = RATE) -> np.ndarray:
    """White noise, the same for the same seed."""
    drawn = np.random.default_rng(seed).standard_normal(round(seconds * rate))
    return (amplitude * drawn).astype(np.float32)


def clicks(bpm: float, seconds: float, rate: int = RATE) -> np.ndarray:
    """Short decaying 1.5 kHz clicks on every beat, the first at time zero."""
    sound = silence(seconds, rate)
    t = seconds_of(0.05, rate)
    click = (0.8 * np.sin(2 * np.pi * 1500 * t) * np.exp(-t * 120)).astype(np.float32)
    _place(sound, click, np.arange(0, seconds, 60 / bpm), rate)
    return sound


def drums(bpm: float, seconds: float, rate: int = RATE) -> np.ndarray:
    """Kick on 1 and 3, snare on 2 and 4, hi-hat on the eighths."""
    sound = silence(seconds, rate)
    t = seconds_of(0.15, rate)
    hiss = noise(0.15, 1.0, seed=2, rate=rate)
    kick = 0.8 * np.sin(2 * np.pi * (50 + 60 * np.exp(-t * 40)) * t) * np.exp(-t * 25)
    snare = 0.3 * hiss * np.exp(-t * 35) + 0.3 * np.sin(2 * np.pi * 190 * t) * np.exp(-t * 40)
    hat = 0.15 * np.diff(hiss, prepend=0) * np.exp(-t * 90)
    beat = 60 / bpm
    _place(sound, kick.astype(np.float32), np.arange(0, seconds, 2 * beat), rate)
    _place(sound, snare.astype(np.float32), np.arange(beat, seconds, 2 * beat), rate)
    _place(sound, hat.astype(np.float32), np.arange(0, seconds, beat / 2), rate)
    return np.clip(sound, -1, 1)


def chord(pitches: Iterable[int], seconds: float, rate: int = RATE) -> np.ndarray:
    """MIDI pitches sounding together, each with six falling harmonics and a soft decay."""
    t = seconds_of(seconds, rate)
    voices = [
        np.sin(2 * np.pi * h * 440 * 2 ** ((pitch - 69) / 12) * t) / h
        for pitch in pitches
        for h in range(1, 7)
    ]
    sound = np.sum(voices, axis=0) * np.exp(-t / max(seconds, 1e-9))
    return (0.5 * sound / max(np.abs(sound).max(initial=0), 1e-9)).astype(np.float32)


def triad(key: str = "C major", seconds: float = 4.0, rate: int = RATE) -> np.ndarray:
    """The tonic chord of a key such as ``"C# minor"``."""
    return chord(_triad(key), seconds, rate)


def cadence(key: str = "C major", seconds: float = 16.0, rate: int = RATE) -> np.ndarray:
    """I-IV-V-I (minor: i-iv-V-i), one chord a second: it leaves no doubt about the key."""
    root = 60 + NAMES.index(key.split(maxsplit=1)[0])
    third = 3 if key.endswith("minor") else 4
    steps = ((0, third), (5, third), (7, 4), (0, third))
    bars = [chord((root + s, root + s + t, root + s + 7, root + s - 12), 1, rate) for s, t in steps]
    bar = np.concatenate(bars)
    return np.resize(bar, round(seconds * rate))


def drone(hours: float, rate: int = RATE) -> Iterator[np.ndarray]:
    """A pulsing chord in half-minute pieces, so that hours of it need no memory."""
    piece = triad("A minor", 30, rate) * (0.4 + 0.6 * (clicks(120, 30, rate) > 0))
    for _ in range(round(hours * 120)):
        yield piece.astype(np.float32)


def write(
    path: Path,
    sound: np.ndarray | Iterable[np.ndarray],
    kind: str | None = None,
    *,
    rate: int = RATE,
    tags: Mapping[str, str] | None = None,
) -> Path:
    """Write a sound, or a stream of its pieces, as ``kind``: by default the path's suffix."""
    container, codec, sample_format, options = KINDS[kind or path.suffix[1:]]
    pieces = (sound,) if isinstance(sound, np.ndarray) else sound
    with path.open("wb") as file, av.open(file, "w", format=container) as out:
        out.metadata.update(tags or {})
        stream = None
        written = 0
        for piece in pieces:
            frames = np.atleast_2d(np.asarray(piece, np.float32))
            if codec == "vorbis" and len(frames) == 1:  # its encoder knows stereo alone
                frames = np.repeat(frames, 2, axis=0)
            if stream is None:
                stream = out.add_stream(codec, rate=rate, options=options)
                stream.layout = LAYOUTS[len(frames)]
                stream.format = sample_format
            # encoders want modest frames; PyAV cuts them to the codec's own size
            for start in range(0, frames.shape[1], 65_536):
                part = frames[:, start : start + 65_536]
                packed = np.ascontiguousarray(part.T).reshape(1, -1)
                frame = av.AudioFrame.from_ndarray(packed, "flt", LAYOUTS[len(part)])
                frame.sample_rate, frame.pts = rate, written
                frame.time_base = Fraction(1, rate)
                written += part.shape[1]
                out.mux(stream.encode(frame))
        if stream is not None:
            out.mux(stream.encode(None))
    return path


def _triad(key: str) -> tuple[int, int, int]:
    root = 60 + NAMES.index(key.split(maxsplit=1)[0])
    return root, root + (3 if key.endswith("minor") else 4), root + 7


def _place(sound: np.ndarray, grain: np.ndarray, times: np.ndarray, rate: int) -> None:
    for start in np.round(times * rate).astype(int):
        room = min(len(grain), len(sound) - start)
        sound[start : start + room] += grain[:room]
