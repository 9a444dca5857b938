"""What passes between the daemon and the process that holds the model; no arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from playlista.inference.catalogue import BANDS_N, FRAMES_N, Runtime
from playlista.records import Analysis, Draft
from playlista.stages import VERSIONS, Stage

PATCH_BYTES = 2 * FRAMES_N * BANDS_N


@dataclass(frozen=True, slots=True)
class Question:
    """What does this model make of these patches?

    Attributes:
        folder: Where the models are.
        model: Its name.
        runtime: What shall run it; None is the fastest that there is a file for.
        threads: How many patches may be heard at once.
        patches: As in `playlista.records.Draft`; at least one.
    """

    folder: Path
    model: str
    runtime: Runtime | None
    threads: int
    patches: bytes

    @property
    def patches_n(self) -> int:
        """How many patches they are."""
        return len(self.patches) // PATCH_BYTES


@dataclass(frozen=True, slots=True)
class Answer:
    """What it makes of them: the mean over the patches.

    Attributes:
        runtime: Whose code ran the model.
        patches_n: How many were heard.
        seconds: Processor time it took.
        loaded: Whether the model was loaded for this.
        embedding: 200 numbers; None when they came out as no finite ones.
        tags: Name -> mean of the scores, 0 to 1.
    """

    runtime: Runtime
    patches_n: int
    seconds: float
    loaded: bool
    embedding: tuple[float, ...] | None = None
    tags: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """The model cannot be used, and why; it says nothing about the track."""

    why: str


def concluded(
    draft: Draft, model: str, answer: Answer | None = None, *, why: str | None = None
) -> Analysis:
    """Return the analysis with what a model said of it.

    Args:
        draft: What the model was to hear.
        model: Its name.
        answer: None when it said nothing.
        why: Why it said nothing, unless the draft tells.
    """
    analysis = draft.analysis
    done = {**analysis.done, **{stage: VERSIONS[Stage(stage)] for stage in draft.heard}}
    if answer is not None and answer.embedding is None:
        why = f"{model} gave no finite number"
    silent = {} if why is None else dict.fromkeys(("embedding", "tags"), why)
    analysis = replace(analysis, model=model, done=done, reasons={**analysis.reasons, **silent})
    if answer is None:
        return analysis
    return replace(
        analysis,
        embedding=answer.embedding,
        tags=answer.tags,
        engine="+".join(dict.fromkeys([*analysis.engine.split("+"), answer.runtime])),
        seconds={**analysis.seconds, Stage.EMBEDDING: answer.seconds},
    )
