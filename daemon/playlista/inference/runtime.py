"""Runs a network: the one door to onnxruntime."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from playlista.errors import ModelMissing
from playlista.inference import files
from playlista.inference.catalogue import Model
from playlista.inference.graph import BANDS_N, EMBEDDING, FRAMES_N, INPUT, TAGS

Patches = NDArray[np.float32]
TOLERANCE = 1e-3
"""How far an answer may be off: measured 4e-6 on x86-64; embeddings go from -10 to 10."""
ERRORS_ONLY = 3  # onnxruntime's scale, from verbose (0) to fatal (4)


class Heard(NamedTuple):
    """What a network makes of n patches.

    Attributes:
        embeddings: Shape (n, 200), about -10 to 10.
        tags: Shape (n, 50), 0 to 1, named by the model's ``tags``.
    """

    embeddings: NDArray[np.float32]
    tags: NDArray[np.float32]


class Network:
    """A network in memory that has given the right answer here; threads may share it.

    Args:
        model: Which one.
        content: Its file.
        threads: How many may work on one call.

    Raises:
        ModelMissing: It cannot be run, or answers something else than it should.
    """

    def __init__(self, model: Model, content: bytes, *, threads: int) -> None:
        self.model = model
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = ERRORS_ONLY
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        with _translated(model):
            self._session = onnxruntime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
        self._verify()

    def listen(self, patches: Patches) -> Heard:
        """Return what it makes of log-mel patches, shape (n, 187, 96), n at least 1."""
        with _translated(self.model):
            return Heard(*self._session.run([EMBEDDING, TAGS], {INPUT: patches}))

    def _verify(self) -> None:
        """Insist on the known answer: a processor or a sandbox may make a runtime lie."""
        heard = self.listen(question())
        for name, found in ((EMBEDDING, heard.embeddings[0]), (TAGS, heard.tags[0])):
            for place, right in self.model.answer[name].items():
                # so written that NaN is wrong too
                if not abs(float(found[place]) - right) <= TOLERANCE:
                    raise ModelMissing(
                        f"{self.model.name} does not work here: {name} {place} of its test is "
                        f"{found[place]:.6g}, and should be {right:.6g}"
                    )


def load(folder: Path, model: Model, *, threads: int) -> Network:
    """Return a network from its file, checked before it is opened.

    Raises:
        ModelMissing: It is not there, not what it should be, or does not work here.
    """
    return Network(model, files.content(folder, model), threads=threads)


def question() -> Patches:
    """Return the patch of the known answer, shape (1, 187, 96), values 0 to 4.

    Steps of the golden ratio scatter like noise, and are the same with every library.
    """
    steps = np.arange(1, FRAMES_N * BANDS_N + 1, dtype=np.uint64) * np.uint64(2_654_435_769)
    patch = (steps % np.uint64(2**32)).astype(np.float64) / 2**30
    return patch.astype(np.float32).reshape(1, FRAMES_N, BANDS_N)


@contextmanager
def _translated(model: Model) -> Iterator[None]:
    """Turn whatever onnxruntime raises into our own."""
    try:
        yield
    except Exception as error:  # its errors have no ancestor of their own
        raise ModelMissing(f"{model.name} cannot be run: {error}") from error
