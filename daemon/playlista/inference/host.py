"""The one resident model: loaded at the first question, kept for all that follow.

The daemon runs this in a process of its own, whose end is how the model is unloaded
(ADR 0014); a program that uses the library has it in its own process.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from playlista.errors import ModelMissing
from playlista.inference import runtime
from playlista.inference.catalogue import BANDS_N, FRAMES_N
from playlista.inference.messages import Answer, Question, Refusal


class Resident:
    """At most one network in memory; a refused one leaves the last in place."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._key: tuple[object, ...] | None = None
        self._network: runtime.Network | None = None

    def network(self, question: Question) -> tuple[runtime.Network, bool]:
        """Return the network that is asked, and whether it had to be loaded.

        Raises:
            ModelMissing: It is not there, not what it should be, or does not work here.
        """
        key = (question.folder, question.model, question.runtime)
        with self._guard:
            if self._network is not None and key == self._key:
                return self._network, False
            self._network = runtime.load(
                question.folder, question.model, runtime=question.runtime, threads=1
            )
            self._key = key
            return self._network, True


_RESIDENT = Resident()


def run(question: Question) -> Answer | Refusal:
    """Ask the model; the target of the process that holds it."""
    try:
        network, loaded = _RESIDENT.network(question)
        start = time.process_time()
        patches = np.frombuffer(question.patches, np.float16).astype(np.float32)
        heard = _heard(network, patches.reshape(-1, FRAMES_N, BANDS_N), question.threads)
    except ModelMissing as refusal:
        return Refusal(str(refusal))
    embedding, tags = (values.astype(float).mean(axis=0) for values in heard)
    sound = bool(np.isfinite(embedding).all() and np.isfinite(tags).all())
    return Answer(
        embedding=tuple(embedding.tolist()) if sound else None,
        tags=dict(zip(network.model.tags, tags.tolist(), strict=True)) if sound else None,
        runtime=network.runtime,
        patches_n=len(heard[0]),
        seconds=time.process_time() - start,
        loaded=loaded,
    )


def _heard(
    network: runtime.Network, patches: NDArray[np.float32], threads: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Hear patches one by one: eight at once take twice the memory and no less time (ADR 0013)."""
    with ThreadPoolExecutor(threads) as executor:
        heard = list(executor.map(lambda patch: network.listen(patch[None]), patches))
    embeddings = np.concatenate([one.embeddings for one in heard])
    tags = np.concatenate([one.tags for one in heard])
    return embeddings, tags
