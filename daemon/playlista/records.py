"""The frozen facts that parts hand each other."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, Self

from playlista.sieve import Sieve


class Tier(StrEnum):
    """How thoroughly a track was listened to (docs/tour.md)."""

    QUICK = "quick"
    FULL = "full"
    DEEP = "deep"


class Signature(NamedTuple):
    """What tells one state of a file from another: compared for inequality only.

    A weak one knows size and mtime alone, and is 0 elsewhere: some file systems make up inode
    numbers and ctimes anew each time they are asked.

    A tuple, like all that is made of every file in every scan: a frozen dataclass takes twice
    as long to make (measured).
    """

    dev: int
    ino: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, stat: os.stat_result) -> Self:
        """Return the signature in a stat result."""
        return cls(stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)

    @property
    def is_weak(self) -> bool:
        """Whether it knows size and mtime alone: no file has inode 0."""
        return not self.ino

    def weakened(self) -> Self:
        """Return what a weak signature keeps of it."""
        return self._replace(dev=0, ino=0, ctime_ns=0)

    def agrees(self, other: Self) -> bool:
        """Tell whether two looks can have met the same state, as far as both know it."""
        if self.is_weak or other.is_weak:
            return self.weakened() == other.weakened()
        return self == other

    def moved_from(self, other: "Signature") -> bool:
        """Tell whether the same bytes were renamed: a rename changes ctime alone."""
        return (self.dev, self.ino, self.size, self.mtime_ns) == (
            other.dev,
            other.ino,
            other.size,
            other.mtime_ns,
        )


@dataclass(frozen=True, slots=True)
class FileTags:
    """What the file says of itself; None where it says nothing."""

    title: str | None = None
    artist: str | None = None
    album: str | None = None
    year: int | None = None
    genre: str | None = None


@dataclass(frozen=True, slots=True)
class Features:
    """Every descriptor of a track; None is unknown, and ``Analysis.reasons`` says why."""

    bpm: float | None = None
    bpm_confidence: float | None = None
    onset_rate_hz: float | None = None
    onset_rate_confidence: float | None = None
    key: str | None = None
    key_confidence: float | None = None
    loudness_lufs: float | None = None
    loudness_range_lu: float | None = None
    danceability: float | None = None
    danceability_confidence: float | None = None
    spectral_centroid_hz: float | None = None
    zero_crossing_rate: float | None = None
    mfcc: tuple[float, ...] | None = None
    chroma: tuple[float, ...] | None = None
    spectral_contrast: tuple[float, ...] | None = None
    spectral_flatness: float | None = None
    spectral_rolloff_hz: float | None = None
    dynamic_complexity: float | None = None


class Prints(NamedTuple):
    """By what a recording is recognised without decoding it, besides its ``audio_id``.

    Attributes:
        opening: Hash of the codec and the first 64 KiB of packets; None: nobody looked.
        flac: What FLAC's own header says of the sound: rate, width, samples and their MD5.
        packets_n: Length of all packets in bytes.
    """

    opening: str | None = None
    flac: str | None = None
    packets_n: int | None = None


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that one listening found out about one file.

    Attributes:
        audio_id: Hash of the encoded audio packets, without tags: 32 hex digits.
        duration_s: Decoded length in seconds.
        tier: What was asked for.
        done: Stages that this listening did (`playlista.stages`), with their versions.
        engine: Which implementation gave the numbers, e.g. ``"playlista+essentia"``.
        features: The descriptors.
        model: Which network gave embedding and tags; None when none did.
        embedding: 200 numbers, about -10 to 10: tracks that sound alike have similar ones.
        tags: What listeners would call it -> score, 0 to 1; they order, they are no odds.
        reasons: For each field that is None: why.
        truncated: True when a cap thinned or cut what was kept of the track.
        seconds: CPU time per stage.
        prints: By what else the recording is recognised.
    """

    audio_id: str
    duration_s: float
    tier: Tier
    done: Mapping[str, int]
    engine: str
    features: Features
    file_tags: FileTags = field(default_factory=FileTags)
    model: str | None = None
    embedding: tuple[float, ...] | None = None
    tags: Mapping[str, float] | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)
    truncated: bool = False
    seconds: Mapping[str, float] = field(default_factory=dict)
    prints: Prints = field(default_factory=Prints)


@dataclass(frozen=True, slots=True)
class Draft:
    """An analysis that lacks only what the model will say.

    Attributes:
        patches: What it is to hear (`playlista.features.patches`): float16 of shape
            (n, 187, 96) as bytes, possibly none.
        heard: The stages that are done once it has.
    """

    analysis: Analysis
    patches: bytes = b""
    heard: frozenset[str] = frozenset()


class How(StrEnum):
    """By what a recording was recognised."""

    FLAC = "flac"
    PACKETS = "packets"


@dataclass(frozen=True, slots=True)
class Recognised:
    """A file that holds what seems to be a known recording, so that nobody listened.

    Attributes:
        print: ``Prints.flac`` or ``Analysis.audio_id``, as ``how`` says.
        file_tags: What the file says of itself.
    """

    how: How
    print: str
    file_tags: FileTags = field(default_factory=FileTags)


@dataclass(frozen=True, slots=True)
class AudioSettings:
    """How a track is decoded: the slice of the configuration that workers receive.

    Attributes:
        sample_rate: Rate of the shared decode in Hz; None keeps the file's own.
        block_s: Length of one block of the stream in seconds.
        streaming: False decodes the whole file before analysing, for comparison.
        float16: Store curves that outlive a block as float16; arithmetic stays float32.
        cap_bytes: What one track may hold; beyond it curves are thinned.
        memory_map: Read uncompressed files through a memory map.
        cleanup: Collect garbage and give memory back after each track.
    """

    sample_rate: int | None = 22050
    block_s: float = 3.0
    streaming: bool = True
    float16: bool = True
    cap_bytes: int = 100_000_000
    memory_map: bool = True
    cleanup: bool = True


@dataclass(frozen=True, slots=True)
class AnalysisRequest:
    """One track for a worker: refused if the file no longer has this signature.

    Attributes:
        model: Whether one will listen, too: patches are wanted.
        have: Stages that need not be done again.
        sieve: What may be recognised; empty: listen without asking.
    """

    path: bytes
    tier: Tier
    signature: Signature | None = None
    settings: AudioSettings = field(default_factory=AudioSettings)
    model: bool = False
    have: frozenset[str] = frozenset()
    sieve: Sieve = field(default_factory=Sieve)


@dataclass(frozen=True, slots=True)
class Job:
    """One leased line of the backlog.

    Attributes:
        path: Absolute path, as bytes.
        generation: Raised each time the file changes; a result for an older one is discarded.
        strikes: How often this content brought down its worker.
        alone: It did not fit, or was killed from outside: run it with no neighbour.
        upgrade: Something is known of it already, so only what is missing is worth running.
        have: Stages that are known, and need not be done again.
    """

    file_id: int
    path: bytes
    signature: Signature
    generation: int
    tier: Tier
    strikes: int = 0
    alone: bool = False
    upgrade: bool = False
    have: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LibraryTrack:
    """What playlists need to know of one analysed track."""

    track_id: int
    added_at: int
    duration_s: float
    features: Features
    file_tags: FileTags = field(default_factory=FileTags)


@dataclass(frozen=True, slots=True)
class Member:
    """One line of a playlist, and why it is there."""

    track_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Playlist:
    """One list; ``id`` and ``slug`` never change once given.

    Attributes:
        kind: ``"sound"`` (around a centre) or ``"rule"``.
        rule: What decides membership, in a form only ``playlista.playlists`` reads;
            frozen when the list is born, so that an arrival moves nobody else.
        members: In playing order.
    """

    id: str
    slug: str
    name: str
    kind: str
    rule: Mapping[str, Any]
    members: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True)
class Composition:
    """All lists, and the frozen frame that makes tracks comparable points."""

    frame: Mapping[str, Any] = field(default_factory=dict)
    playlists: tuple[Playlist, ...] = ()


# --- what intake finds on disk ------------------------------------------------


@dataclass(frozen=True, slots=True)
class Root:
    """A music folder.

    Attributes:
        identity: (st_dev, st_ino) when it was last online.
        why: Why it is offline, or what is kept of it though it is not there.
        cursor: How far the last scan came, relative to it; empty when it came to its end.
        mounts: Where other file systems were mounted below it, relative to it.
    """

    root_id: int
    path: bytes
    state: str
    identity: tuple[int, int] | None = None
    why: str | None = None
    cursor: bytes = b""
    mounts: frozenset[bytes] = frozenset()


class Known(NamedTuple):
    """A file as the database remembers it; ``relpath`` is relative to its root."""

    file_id: int
    root_id: int
    relpath: bytes
    signature: Signature
    missing: bool


@dataclass(frozen=True, slots=True)
class Appeared:
    """A settled file that is new, or differs from what is remembered of its path.

    Attributes:
        candidate: False for what is looked at once and known not to be audio.
        landed_at: Unix time of its last observed change.
    """

    root_id: int
    relpath: bytes
    signature: Signature
    candidate: bool
    landed_at: float


@dataclass(frozen=True, slots=True)
class Moved:
    """A known file under another path, possibly in another root: nothing to analyse."""

    file_id: int
    root_id: int
    relpath: bytes
    signature: Signature


@dataclass(frozen=True, slots=True)
class Returned:
    """A tombstone whose file is back, unchanged."""

    file_id: int
    signature: Signature


@dataclass(frozen=True, slots=True)
class Vanished:
    """A known file that is no longer on disk: it becomes a tombstone."""

    file_id: int


Difference = Appeared | Moved | Returned | Vanished
