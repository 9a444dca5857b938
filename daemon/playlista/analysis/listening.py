"""Everything that hears the blocks of a track: the descriptors, and what cuts out patches."""

from dataclasses import replace
from typing import TYPE_CHECKING

from playlista.audio.blocks import Block
from playlista.features.describe import Description, Ensemble, Stopwatch
from playlista.features.descriptor import SILENT
from playlista.records import AudioSettings
from playlista.stages import MODELLED, Stage

if TYPE_CHECKING:
    from playlista.features.patches import Patches

TOO_SHORT = "shorter than the 3.01 s that a model hears at once"


class Listening:
    """The stages of one analysis, fed block by block.

    Args:
        rate: Of all blocks, in Hz.
        stages: Which.
        settings: How much may be held.
        stopwatch: Where processor time is counted.
    """

    def __init__(
        self, rate: int, stages: frozenset[Stage], settings: AudioSettings, stopwatch: Stopwatch
    ) -> None:
        self._described = stages - MODELLED
        self._ensemble = Ensemble(rate, self._described, settings, stopwatch)
        self._modelled = stages & MODELLED
        self._patches = _patches(rate, stages) if self._modelled else None
        self._stopwatch = stopwatch

    def feed(self, block: Block) -> None:
        """Let everything hear the next block."""
        self._ensemble.feed(block.samples, block.momentary, block.short_term)
        if self._patches is not None:
            with self._stopwatch.timing("patches"):
                self._patches.feed(block.samples)

    def result(self) -> tuple[Description, bytes, frozenset[Stage]]:
        """Conclude.

        Returns:
            What was described; the patches for a model, possibly none; and the stages that
            are done once it has heard them.
        """
        description = self._ensemble.result()
        if self._patches is None:
            return description, b"", frozenset()
        with self._stopwatch.timing("patches"):
            patches = self._patches.result()
        # every patch takes the place of the few: another model may be asked by then
        heard = self._modelled | {Stage.EMBEDDING}
        if patches.any():
            return description, patches.tobytes(), heard
        why = SILENT.why if len(patches) else TOO_SHORT
        reasons = {**description.reasons, "embedding": why, "tags": why}
        return replace(description, reasons=reasons), b"", heard


def _patches(rate: int, stages: frozenset[Stage]) -> "Patches":
    # librosa's filters: the quick tier does without
    from playlista.features.patches import FEW, MANY, Patches  # noqa: PLC0415

    return Patches(rate, MANY if Stage.EVERY_PATCH in stages else FEW)
