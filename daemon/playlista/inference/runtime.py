"""Runs a network: the one door to what can run one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from playlista.errors import ModelMissing
from playlista.inference import files, unlisted
from playlista.inference.catalogue import BANDS_N, EMBEDDING_N, FRAMES_N, Model, Ports, Runtime

Patches = NDArray[np.float32]
TOLERANCE = 1e-3
"""How far an answer may be off: measured 5e-6 on x86-64; embeddings go from -10 to 10."""


class Heard(NamedTuple):
    """What a network makes of n patches.

    Attributes:
        embeddings: Shape (n, 200), about -10 to 10.
        tags: Shape (n, tags), 0 to 1, named by the model's ``tags``.
    """

    embeddings: NDArray[np.float32]
    tags: NDArray[np.float32]


class Network:
    """A network in memory that has been tried here; threads may share it.

    A model of the catalogue must give its known answer. Of any other nobody knows what is
    right: it must answer finite numbers in the right shapes, tags from 0 to 1, not all zero.

    Args:
        model: Which one.
        content: Its file for the runtime.
        runtime: What runs it.
        threads: How many may work on one call.

    Raises:
        ModelMissing: It cannot be run, or answers something else than it should.
    """

    def __init__(self, model: Model, content: bytes, *, runtime: Runtime, threads: int) -> None:
        self.model = model
        self.runtime = runtime
        with _translated(model):
            self._session = _open(runtime, content, model.ports, threads)
        if fault := _fault(model, self.listen(question())):
            raise ModelMissing(f"{model.name} does not work here: {fault}")

    def listen(self, patches: Patches) -> Heard:
        """Return what it makes of log-mel patches, shape (n, 187, 96), n at least 1.

        Raises:
            ModelMissing: It cannot.
        """
        with _translated(self.model):
            if patches.shape[1:] != (FRAMES_N, BANDS_N):
                raise ValueError(f"patches have shape {patches.shape}")
            return Heard(*self._session.run(patches))


def load(
    folder: Path, model: Model | str, *, runtime: Runtime | None = None, threads: int
) -> Network:
    """Return a network from its file, checked before it is opened.

    Args:
        folder: Where the models are.
        model: Which one, or its name.
        runtime: What shall run it; None is the fastest that there is a file for.
        threads: How many may work on one call.

    Raises:
        ModelMissing: It is not there, not what it should be, or does not work here.
    """
    if isinstance(model, str):
        model = unlisted.find(folder, model)
    chosen = runtime or _fastest(folder, model)
    content = files.content(folder, model, chosen)
    return Network(model, content, runtime=chosen, threads=threads)


def question() -> Patches:
    """Return the patch of the known answer, shape (1, 187, 96), values 0 to 4.

    Steps of the golden ratio scatter like noise, and are the same with every library.
    """
    steps = np.arange(1, FRAMES_N * BANDS_N + 1, dtype=np.uint64) * np.uint64(2_654_435_769)
    patch = (steps % np.uint64(2**32)).astype(np.float64) / 2**30
    return patch.astype(np.float32).reshape(1, FRAMES_N, BANDS_N)


class _Session(Protocol):
    def run(self, patches: Patches) -> list[NDArray[np.float32]]:
        """Return embeddings and tags of patches."""


def _open(runtime: Runtime, content: bytes, ports: Ports, threads: int) -> _Session:
    # each runtime is tens of megabytes that only its user needs
    if runtime is Runtime.ONNX:
        from playlista.inference.runtimes.onnx import OnnxSession  # noqa: PLC0415

        return OnnxSession(content, ports, threads=threads)
    from playlista.inference.runtimes.tensorflow import EssentiaSession  # noqa: PLC0415

    return EssentiaSession(content, ports, threads=threads)


def _fastest(folder: Path, model: Model) -> Runtime:
    here = (runtime for runtime in Runtime if files.path(folder, model, runtime).exists())
    return next(here, Runtime.ONNX)


def _fault(model: Model, heard: Heard) -> str | None:
    """Say what is wrong with an answer: a processor or a sandbox may make a runtime lie."""
    for name, found, size in (
        ("embedding", heard.embeddings, EMBEDDING_N),
        ("tags", heard.tags, len(model.tags)),
    ):
        if found.shape != (1, size):
            return f"the shape of its {name} is {found.shape}, and should be {(1, size)}"
        if not np.isfinite(found).all():
            return f"{name} is not finite"
        if not found.any():
            return f"{name} is all zero"
        for place, right in model.answer.get(name, {}).items():
            # so written that NaN is wrong too
            if not abs(float(found[0, place]) - right) <= TOLERANCE:
                return f"{name} {place} is {found[0, place]:.6g}, and should be {right:.6g}"
    if heard.tags.min() < 0 or heard.tags.max() > 1:
        return "tags are not between 0 and 1"
    return None


@contextmanager
def _translated(model: Model) -> Iterator[None]:
    """Turn whatever a runtime raises into our own, in a line."""
    try:
        yield
    except Exception as error:  # onnxruntime's errors have no ancestor of their own
        why = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelMissing(f"{model.name} cannot be run: {why}") from error
