"""Draws a network for TensorFlow 2.5: features have shape (n, frames, 1, channels)."""

from collections.abc import Mapping, Sequence

import numpy as np

from playlista.inference import graph
from playlista.inference.catalogue import BANDS_N, FRAMES_N, Ports
from playlista.inference.checkpoint import Tensor
from playlista.inference.graph import Filters, Norm
from playlista.inference.graphdef_format import Attribute, GraphDef, Type


def draw(variables: Mapping[str, Tensor], ports: Ports, facts: Mapping[str, str]) -> bytes:
    """Return `playlista.inference.graph` as the content of a frozen graph's file.

    Args:
        variables: The checkpoint's tensors by name.
        ports: How input and outputs are to be called.
        facts: Kept in the file: name, licence.
    """
    sketch = _GraphDefSketch(facts)
    graph.draw(sketch, variables, ports)
    return sketch.graph.file()


class _GraphDefSketch:
    def __init__(self, facts: Mapping[str, str]) -> None:
        self.graph = GraphDef()
        self._facts = facts

    def image(self, name: str) -> str:
        patches = self.graph.placeholder(name, [FRAMES_N, BANDS_N], self._facts)
        return self._node("ExpandDims", patches, self._whole(3))

    def normalize(self, features: str, norm: Norm, name: str | None = None) -> str:
        louder = self._node("Mul", features, self.graph.weights(norm.gain))
        return self._node("AddV2", louder, self.graph.weights(norm.offset), name=name)

    def hear(self, image: str, filters: Filters) -> str:
        heard = self._convolve(image, filters.kernel[:, :, None], filters)
        return self._complete(self._node("Max", heard, self._whole([2]), keep_dims=True), filters)

    def combine(self, features: str, filters: Filters) -> str:
        return self._complete(self._convolve(features, filters.kernel[:, None], filters), filters)

    def join(self, layers: Sequence[str]) -> str:
        return self._node("ConcatV2", *layers, self._whole(3), N=len(layers))

    def add(self, features: str, others: str) -> str:
        return self._node("AddV2", features, others)

    def pool(self, features: str, channels_n: int) -> str:
        both = [self._node(operator, features, self._whole([1, 2])) for operator in ("Max", "Mean")]
        pairs = self._node("Pack", *both, N=2, axis=2)
        return self._node("Reshape", pairs, self._whole([-1, 2 * channels_n]))

    def multiply(self, features: str, kernel: Tensor, bias: Tensor) -> str:
        product = self._node("MatMul", features, self.graph.weights(kernel))
        return self._node("BiasAdd", product, self.graph.weights(bias))

    def relu(self, features: str) -> str:
        return self._node("Relu", features)

    def sigmoid(self, features: str, name: str) -> str:
        return self._node("Sigmoid", features, name=name)

    def _convolve(self, features: str, kernel: Tensor, filters: Filters) -> str:
        padded = self._node("Pad", features, self._whole([[0, 0], filters.pads, [0, 0], [0, 0]]))
        weights = self.graph.weights(kernel)
        heard = self._node("Conv2D", padded, weights, strides=[1, 1, 1, 1], padding="VALID")
        heard = self._node("BiasAdd", heard, self.graph.weights(filters.bias))
        return self.normalize(self.relu(heard), filters.norm)

    def _complete(self, heard: str, filters: Filters) -> str:
        """Put the dead filters' constants back in their places."""
        dead_n = len(filters.still)
        if not dead_n:
            return heard
        room = self._node("Pad", heard, self._whole([[0, 0], [0, 0], [0, 0], [0, dead_n]]))
        still = np.concatenate([np.zeros(len(filters.bias), np.float32), filters.still])
        both = self._node("AddV2", room, self.graph.weights(still))
        return self.graph.node(
            "GatherV2",
            both,
            self.graph.weights(filters.places),
            self._whole(3),
            Tparams=Type.FLOAT,
            Tindices=Type.INT32,
            Taxis=Type.INT32,
        )

    def _node(
        self, operator: str, *inputs: str, name: str | None = None, **attributes: Attribute
    ) -> str:
        """Append an operator on floats."""
        return self.graph.node(operator, *inputs, name=name, T=Type.FLOAT, **attributes)

    def _whole(self, values: object) -> str:
        return self.graph.weights(np.array(values, np.int64))
