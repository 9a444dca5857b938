"""Draws a network as ONNX: features have shape (n, channels, frames)."""

from collections.abc import Mapping, Sequence

import numpy as np

from playlista.inference import graph
from playlista.inference.catalogue import BANDS_N, EMBEDDING_N, FRAMES_N, Ports
from playlista.inference.checkpoint import Tensor
from playlista.inference.graph import EPSILON, Filters, Norm
from playlista.inference.onnx_format import OnnxGraph


def draw(variables: Mapping[str, Tensor], ports: Ports, facts: Mapping[str, str]) -> bytes:
    """Return `playlista.inference.graph` as the content of an ONNX file.

    Args:
        variables: The checkpoint's tensors by name.
        ports: How input and outputs are to be called.
        facts: Kept in the file's metadata: name, licence.
    """
    sketch = _OnnxSketch()
    graph.draw(sketch, variables, ports)
    tags_n = len(variables["dense_1/bias"])
    return sketch.graph.file(
        {ports.patches: ("n", FRAMES_N, BANDS_N)},
        {ports.embedding: ("n", EMBEDDING_N), ports.tags: ("n", tags_n)},
        facts,
    )


class _OnnxSketch:
    def __init__(self) -> None:
        self.graph = OnnxGraph("musicnn")

    def image(self, name: str) -> str:
        return self.graph.node("Unsqueeze", name, self.graph.weights(np.array([1])))

    def normalize(self, features: str, norm: Norm, name: str | None = None) -> str:
        parts = [self.graph.weights(part) for part in norm]
        return self.graph.node("BatchNormalization", features, *parts, name=name, epsilon=EPSILON)

    def hear(self, image: str, filters: Filters) -> str:
        before, behind = filters.pads
        kernel = filters.kernel.transpose(2, 0, 1)[:, None]
        heard = self._convolve(image, kernel, filters, [before, 0, behind, 0])
        return self._complete(self.graph.node("ReduceMax", heard, axes=[3], keepdims=0), filters)

    def combine(self, features: str, filters: Filters) -> str:
        kernel = filters.kernel.transpose(2, 1, 0)
        return self._complete(
            self._convolve(features, kernel, filters, list(filters.pads)), filters
        )

    def join(self, layers: Sequence[str]) -> str:
        return self.graph.node("Concat", *layers, axis=1)

    def add(self, features: str, others: str) -> str:
        return self.graph.node("Add", features, others)

    def pool(self, features: str, channels_n: int) -> str:  # noqa: ARG002 - ONNX knows it
        most = self.graph.node("ReduceMax", features, axes=[2], keepdims=1)
        mean = self.graph.node("ReduceMean", features, axes=[2], keepdims=1)
        return self.graph.node("Flatten", self.graph.node("Concat", most, mean, axis=2))

    def multiply(self, features: str, kernel: Tensor, bias: Tensor) -> str:
        weights = self.graph.weights(kernel), self.graph.weights(bias)
        return self.graph.node("Gemm", features, *weights)

    def relu(self, features: str) -> str:
        return self.graph.node("Relu", features)

    def sigmoid(self, features: str, name: str) -> str:
        return self.graph.node("Sigmoid", features, name=name)

    def _convolve(self, features: str, kernel: Tensor, filters: Filters, pads: list[int]) -> str:
        weights = self.graph.weights(kernel), self.graph.weights(filters.bias)
        heard = self.graph.node("Conv", features, *weights, pads=pads)
        return self.normalize(self.relu(heard), filters.norm)

    def _complete(self, heard: str, filters: Filters) -> str:
        """Put the dead filters' constants back in their places."""
        if not len(filters.still):
            return heard
        graph = self.graph
        batch = graph.node("Shape", heard, start=0, end=1)
        rest = graph.weights(np.array([len(filters.still), FRAMES_N]))
        shape = graph.node("Concat", batch, rest, axis=0)
        still = graph.node("Expand", graph.weights(filters.still[None, :, None]), shape)
        both = graph.node("Concat", heard, still, axis=1)
        return graph.node("Gather", both, graph.weights(filters.places), axis=1)
