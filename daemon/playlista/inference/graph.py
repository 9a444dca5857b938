"""The MusiCNN network, drawn as ONNX from the variables of its checkpoint.

Most filters of the trained networks are dead: their weights are as small as 1e-31, so that
their output is the same number everywhere. Only the others are convolved, which takes a
fifth of the time (ADR 0013).

Source:
    Pons and Serra, "musicnn: pre-trained convolutional neural networks for music audio
    tagging" (2019), and Pons et al., "End-to-end learning for music audio tagging at scale"
    (2018): two timbral and three temporal front-end layers, three residual layers in the
    middle, pooling over time, two dense layers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playlista.inference.checkpoint import Tensor
from playlista.inference.onnx_format import OnnxGraph

FRAMES_N, BANDS_N = 187, 96
INPUT, EMBEDDING, TAGS = "patches", "embedding", "tags"
EMBEDDING_N, TAGS_N = 200, 50

Places = NDArray[np.intp]

EPSILON = 1e-3  # what TensorFlow 1 adds to the variance in a batch normalization
LOUDEST = 10.0
"""No normalized log-mel value comes near: full scale gives 2.2."""
DEAD = 1e-6
"""A filter whose output cannot vary by more is dead; the embedding varies by about 1."""


def draw(variables: Mapping[str, Tensor], facts: Mapping[str, str]) -> bytes:
    """Return the network as the content of an ONNX file.

    Its input ``patches`` has shape (n, 187, 96), its outputs ``embedding`` (n, 200), the
    normalized penultimate layer, and ``tags`` (n, 50), the sigmoid of the last one.

    Args:
        variables: The checkpoint's tensors by name.
        facts: Kept in the file's metadata: name, licence.
    """
    sketch = _Sketch(OnnxGraph("musicnn"), variables)
    timbre_and_time = _front_end(sketch)
    layers = [timbre_and_time, *_middle(sketch, timbre_and_time)]
    _back_end(sketch, layers)
    return sketch.graph.file(
        {INPUT: ("n", FRAMES_N, BANDS_N)},
        {EMBEDDING: ("n", EMBEDDING_N), TAGS: ("n", TAGS_N)},
        facts,
    )


def _front_end(sketch: "_Sketch") -> str:
    """Return the name of the features of timbre and of time, shape (n, 561, 187)."""
    graph = sketch.graph
    image = graph.node("Unsqueeze", INPUT, graph.weights(np.array([1])))
    image = sketch.normalize(image, 0)
    layers = []
    for layer in range(5):
        kernel = sketch.kernel(layer).transpose(3, 2, 0, 1)
        pads = _same(kernel.shape[2])
        layers.append(
            sketch.convolve(image, kernel, layer, pads=[pads[0], 0, pads[1], 0], pooled=True)
        )
    return graph.node("Concat", *layers, axis=1)


def _middle(sketch: "_Sketch", features: str) -> list[str]:
    """Return the names of the three layers in the middle, each of shape (n, 64, 187)."""
    sums: list[str] = []
    for layer in (5, 6, 7):
        kernel = sketch.kernel(layer)[:, :, 0].transpose(2, 1, 0)
        heard = sketch.convolve(sums[-1] if sums else features, kernel, layer, pads=[3, 3])
        sums.append(sketch.graph.node("Add", heard, sums[-1]) if sums else heard)
    return sums


def _back_end(sketch: "_Sketch", layers: list[str]) -> None:
    """Pool over time and conclude."""
    graph = sketch.graph
    features = graph.node("Concat", *layers, axis=1)
    most = graph.node("ReduceMax", features, axes=[2], keepdims=1)
    mean = graph.node("ReduceMean", features, axes=[2], keepdims=1)
    # side by side and then flattened: each feature's maximum is followed by its mean
    pooled = graph.node("Flatten", graph.node("Concat", most, mean, axis=2))
    dense = graph.node("Relu", sketch.multiply(sketch.normalize(pooled, 9), "dense"))
    graph.named_node(EMBEDDING, "BatchNormalization", dense, *sketch.norm(10), epsilon=EPSILON)
    graph.named_node(TAGS, "Sigmoid", sketch.multiply(EMBEDDING, "dense_1"))


def _same(size: int) -> tuple[int, int]:
    """Return TensorFlow's padding for an output as long as the input: more at the end."""
    return (size - 1) // 2, size // 2


@dataclass(frozen=True, slots=True)
class _Sketch:
    """The graph so far, and the variables for the rest; layers are counted as they were made."""

    graph: OnnxGraph
    variables: Mapping[str, Tensor]

    def kernel(self, layer: int) -> Tensor:
        return self.variables[_numbered("conv2d", layer) + "/kernel"]

    def norm(self, layer: int, chosen: slice | Places = slice(None)) -> list[str]:
        return [self.graph.weights(values[chosen]) for values in self._norm(layer)]

    def normalize(self, features: str, layer: int) -> str:
        return self.graph.node("BatchNormalization", features, *self.norm(layer), epsilon=EPSILON)

    def multiply(self, features: str, name: str) -> str:
        kernel, bias = (self.variables[f"{name}/{part}"] for part in ("kernel", "bias"))
        weights = self.graph.weights(kernel), self.graph.weights(bias)
        return self.graph.node("Gemm", features, *weights)

    def convolve(
        self, features: str, kernel: Tensor, layer: int, *, pads: list[int], pooled: bool = False
    ) -> str:
        """Convolve, rectify and normalize; pooled takes the maximum over frequency.

        Args:
            features: What is heard.
            kernel: Shape (filters, channels, …).
            layer: Whose bias and, one behind, normalization it is.
            pads: Zeros before and behind.
            pooled: Take the maximum over frequency.
        """
        graph = self.graph
        bias = self.variables[_numbered("conv2d", layer) + "/bias"]
        gamma, beta, mean, variance = self._norm(layer + 1)
        gain = gamma / np.sqrt(variance + np.float32(EPSILON))
        # an upper bound, free of sums: their last bit would differ between processors
        weights_n = kernel[0].size
        reach = np.abs(kernel).reshape(-1, weights_n).max(axis=1) * weights_n * LOUDEST
        varies = reach * np.abs(gain) > DEAD
        alive, dead = np.flatnonzero(varies), np.flatnonzero(~varies)
        weights = graph.weights(kernel[alive]), graph.weights(bias[alive])
        heard = graph.node("Relu", graph.node("Conv", features, *weights, pads=pads))
        heard = graph.node(
            "BatchNormalization", heard, *self.norm(layer + 1, alive), epsilon=EPSILON
        )
        if pooled:
            heard = graph.node("ReduceMax", heard, axes=[3], keepdims=0)
        constant = (np.maximum(bias, 0) - mean) * gain + beta
        return self._interleave(heard, alive, constant[dead], dead) if len(dead) else heard

    def _interleave(self, heard: str, alive: Places, constant: Tensor, dead: Places) -> str:
        """Put the dead filters' constants back in their places."""
        graph = self.graph
        batch = graph.node("Shape", heard, start=0, end=1)
        rest = graph.weights(np.array([len(constant), FRAMES_N]))
        shape = graph.node("Concat", batch, rest, axis=0)
        still = graph.node("Expand", graph.weights(constant[None, :, None]), shape)
        both = graph.node("Concat", heard, still, axis=1)
        places = np.argsort(np.concatenate([alive, dead]))
        return graph.node("Gather", both, graph.weights(places), axis=1)

    def _norm(self, layer: int) -> list[Tensor]:
        name = _numbered("batch_normalization", layer)
        parts = ("gamma", "beta", "moving_mean", "moving_variance")
        return [self.variables[f"{name}/{part}"] for part in parts]


def _numbered(name: str, place: int) -> str:
    """Return a variable's name as TensorFlow counts: the first has no number."""
    return f"{name}_{place}" if place else name
