"""The parts of an analysis that are done, and done again, each for itself.

A track's tier says how many of them it has. What a later tier adds, it adds to what is
there: nothing is computed twice, and nothing but the values is kept for it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from playlista.records import Tier


class Stage(StrEnum):
    """Where the values of a track come from."""

    RHYTHM = "rhythm"
    KEY = "key"
    LOUDNESS = "loudness"
    DANCEABILITY = "danceability"
    SPECTRAL = "spectral"
    BEATS = "beats"
    """The tempo again, with a second opinion."""
    TIMBRE = "timbre"
    DYNAMICS = "dynamics"
    EMBEDDING = "embedding"
    """What the model hears in a few patches."""
    EVERY_PATCH = "every_patch"
    """What it hears in all of them."""


VERSIONS: Final[Mapping[Stage, int]] = dict.fromkeys(Stage, 1)
"""Raised whenever a stage's numbers change: older results of that stage alone are redone."""
FEATURES_VERSION: Final = max(VERSIONS.values())
"""What people are told: the newest of them."""

_QUICK: Final = frozenset(
    {Stage.RHYTHM, Stage.KEY, Stage.LOUDNESS, Stage.DANCEABILITY, Stage.SPECTRAL}
)
_FULL: Final = _QUICK | {Stage.BEATS, Stage.TIMBRE, Stage.DYNAMICS, Stage.EMBEDDING}
_OF_TIER: Final = {Tier.QUICK: _QUICK, Tier.FULL: _FULL, Tier.DEEP: _FULL | {Stage.EVERY_PATCH}}
MODELLED: Final = frozenset({Stage.EMBEDDING, Stage.EVERY_PATCH})
"""What only a model can do."""

FIELDS: Final[Mapping[Stage, tuple[str, ...]]] = {
    Stage.RHYTHM: ("bpm", "bpm_confidence", "onset_rate_hz", "onset_rate_confidence"),
    Stage.KEY: ("key", "key_confidence"),
    Stage.LOUDNESS: ("loudness_lufs", "loudness_range_lu"),
    Stage.DANCEABILITY: ("danceability", "danceability_confidence"),
    Stage.SPECTRAL: ("spectral_centroid_hz", "zero_crossing_rate"),
    Stage.BEATS: ("bpm", "bpm_confidence"),
    Stage.TIMBRE: (
        "mfcc",
        "chroma",
        "spectral_contrast",
        "spectral_flatness",
        "spectral_rolloff_hz",
    ),
    Stage.DYNAMICS: ("dynamic_complexity",),
    Stage.EMBEDDING: ("embedding", "tags"),
    Stage.EVERY_PATCH: ("embedding", "tags"),
}
"""Which fields a stage decides; of two that decide one, the later in `Stage` has the last word."""


def stages(tier: Tier, *, model: bool) -> frozenset[Stage]:
    """Return what a tier consists of, on a machine with a model or without."""
    return _OF_TIER[tier] if model else _OF_TIER[tier] - MODELLED


@dataclass(frozen=True, slots=True)
class Wanted:
    """When a track counts as done.

    Attributes:
        tier: At this tier.
        model: Heard by this model; None where there is none.
    """

    tier: Tier
    model: str | None = None

    def usable(self, done: Mapping[str, int], model: str | None) -> frozenset[Stage]:
        """Return which of the stages once done need not be done again.

        Args:
            done: Stage -> version.
            model: Whose embedding it is.
        """
        current = {stage for stage in Stage if done.get(stage, 0) >= VERSIONS[stage]}
        return frozenset(current if model == self.model else current - MODELLED)

    def missing(self, done: Mapping[str, int], model: str | None) -> frozenset[Stage]:
        """Return which stages are still to be done."""
        return stages(self.tier, model=self.model is not None) - self.usable(done, model)


def tier_of(done: Collection[str]) -> Tier:
    """Return the highest tier that is complete, but for what only a model can do."""
    complete = [tier for tier in Tier if stages(tier, model=False) <= set(done)]
    if Tier.DEEP in complete and Stage.EVERY_PATCH not in done:
        complete.remove(Tier.DEEP)
    return complete[-1] if complete else Tier.QUICK


def not_asked(done: Collection[str]) -> dict[str, str]:
    """Return, for each field of a stage that was not done, why it has no value."""
    decided = {name for stage in Stage if stage in done for name in FIELDS[stage]}
    return {
        name: NO_MODEL if stage in MODELLED else NOT_QUICK
        for stage, names in FIELDS.items()
        for name in names
        if name not in decided
    }


NO_MODEL: Final = "no model has listened"
NOT_QUICK: Final = "not part of the quick tier"
TIMED: Final = (
    "tags",
    "decode",
    "spectrum",
    "patches",
    *(stage for stage in Stage if stage is not Stage.EVERY_PATCH),
)
"""Where the processor time of an analysis goes: the names in ``Analysis.seconds``."""
