"""Which models are known: where each comes from, what it must be, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

MSD_TAGS = (
    "rock",
    "pop",
    "alternative",
    "indie",
    "electronic",
    "female vocalists",
    "dance",
    "00s",
    "alternative rock",
    "jazz",
    "beautiful",
    "metal",
    "chillout",
    "male vocalists",
    "classic rock",
    "soul",
    "indie rock",
    "Mellow",
    "electronica",
    "80s",
    "folk",
    "90s",
    "chill",
    "instrumental",
    "punk",
    "oldies",
    "blues",
    "hard rock",
    "ambient",
    "acoustic",
    "experimental",
    "female vocalist",
    "guitar",
    "Hip-Hop",
    "70s",
    "party",
    "country",
    "easy listening",
    "sexy",
    "catchy",
    "funk",
    "electro",
    "heavy metal",
    "Progressive rock",
    "60s",
    "rnb",
    "indie pop",
    "sad",
    "House",
    "happy",
)
"""The Million Song Dataset's most frequent last.fm tags, in the network's order."""

MTT_TAGS = (
    "guitar",
    "classical",
    "slow",
    "techno",
    "strings",
    "drums",
    "electronic",
    "rock",
    "fast",
    "piano",
    "ambient",
    "beat",
    "violin",
    "vocal",
    "synth",
    "female",
    "indian",
    "opera",
    "male",
    "singing",
    "vocals",
    "no vocals",
    "harpsichord",
    "loud",
    "quiet",
    "flute",
    "woman",
    "male vocal",
    "no vocal",
    "pop",
    "soft",
    "sitar",
    "solo",
    "man",
    "classic",
    "choir",
    "voice",
    "new age",
    "dance",
    "male voice",
    "female vocal",
    "beats",
    "harp",
    "cello",
    "no voice",
    "weird",
    "country",
    "metal",
    "female voice",
    "choral",
)
"""MagnaTagATune's tags, in the network's order."""


FRAMES_N, BANDS_N = 187, 96
"""The patches that our networks hear."""
EMBEDDING_N = 200


class Runtime(StrEnum):
    """What can run a network; the faster one first (ADR 0013)."""

    ONNX = "onnxruntime"
    ESSENTIA = "essentia"
    """The TensorFlow inside essentia-tensorflow."""

    @property
    def suffix(self) -> str:
        """That of the files that it reads."""
        return ".onnx" if self is Runtime.ONNX else ".pb"


class Ports(NamedTuple):
    """What a network calls its input and its outputs."""

    patches: str
    embedding: str
    tags: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A network that can be run, once one of its files is here.

    Attributes:
        name: Also that of its files.
        source: Where it comes from: a package and its version, or a link.
        licence: Which it may be used under.
        tags: Names of the outputs ``tags``, in order.
        ports: What it calls its input and its outputs.
        sha256: Of each runtime's file; of none where nobody vouches for it.
        answer: What it says of the question in `playlista.inference.runtime`: place in
            ``embedding`` or ``tags`` → value, from an independent implementation.
    """

    name: str
    source: str
    licence: str
    tags: tuple[str, ...]
    ports: Ports
    sha256: Mapping[Runtime, str] = field(default_factory=dict)
    answer: Mapping[str, Mapping[int, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Package:
    """A published wheel that carries models."""

    name: str
    version: str
    sha256: str
    licence_file: str


@dataclass(frozen=True, slots=True)
class Member:
    """One file inside a wheel."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Published(Model):
    """A model that can be fetched.

    Attributes:
        package: Where its weights are published.
        index: The checkpoint's index.
        data: The checkpoint's tensors.
    """

    package: Package
    index: Member
    data: Member


PORTS = Ports("patches", "embedding", "tags")
"""Those of the networks that we draw."""
MUSICNN = Package(
    "musicnn",
    "0.1.0",
    "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa",
    "musicnn-0.1.0.dist-info/LICENSE.md",
)
MSD = Published(
    name="msd-musicnn",
    source=f"{MUSICNN.name} {MUSICNN.version}",
    licence="ISC",
    tags=MSD_TAGS,
    ports=PORTS,
    package=MUSICNN,
    index=Member(
        "musicnn/MSD_musicnn/.index",
        "87f3e0f3550c8d3bafc840374003e5c8af5eeb5ecf6add61af09a7822d3282c8",
    ),
    data=Member(
        "musicnn/MSD_musicnn/.data-00000-of-00001",
        "8579734ee6388f799ed0def4bbd0d1fdcbeaf213ef2a9dc860917bd76a303de6",
    ),
    sha256={
        Runtime.ONNX: "04b2d7807ae5cce343af5ab4ab93f2a71ff93e5759aca083a8ffed5bf59c2558",
        Runtime.ESSENTIA: "1696bb8d1277a96981d7062f7d57f71dc10b159aa345094f93fb2913339cc6c0",
    },
    answer={
        "embedding": {0: -0.177176, 50: 2.18228, 100: 2.465836, 150: -0.280518},
        "tags": {0: 0.292956, 27: 0.149895, 30: 0.133873, 49: 0.000138},
    },
)
MTT = Published(
    name="mtt-musicnn",
    source=f"{MUSICNN.name} {MUSICNN.version}",
    licence="ISC",
    tags=MTT_TAGS,
    ports=PORTS,
    package=MUSICNN,
    index=Member(
        "musicnn/MTT_musicnn/.index",
        "da2d7bb670b2b31e9bc441bb1bd75eca31b5b061f963cc1f9630c1aff3238f57",
    ),
    data=Member(
        "musicnn/MTT_musicnn/.data-00000-of-00001",
        "041f3935e981a65cea739842d30c188d3a7d2adf4410955c8668eb3de4a5acab",
    ),
    sha256={
        Runtime.ONNX: "c35441f9aace7f29515422232a9b935f69b7472bd0cd5220193c377a0a99f3d7",
        Runtime.ESSENTIA: "8360351be0044b52efcdcde16243c01e9cd355ea69b016aae53b2e185d7a4043",
    },
    answer={
        "embedding": {0: 1.838039, 50: -0.473678, 100: 0.736623, 150: -0.055188},
        "tags": {1: 0.351159, 8: 0.112237, 22: 0.089473, 49: 0.016079},
    },
)
CATALOGUE = {model.name: model for model in (MSD, MTT)}
