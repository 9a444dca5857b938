"""The MusiCNN network, drawn from the variables of its checkpoint in one format or another.

Most filters of the trained networks are dead: their weights are as small as 1e-31, so that
their output is the same number everywhere. Only the others are convolved, which takes a
fifth of the time (ADR 0013).

Source:
    Pons and Serra, "musicnn: pre-trained convolutional neural networks for music audio
    tagging" (2019), and Pons et al., "End-to-end learning for music audio tagging at scale"
    (2018): two timbral and three temporal front-end layers, three residual layers in the
    middle, pooling over time, two dense layers.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from playlista.inference.catalogue import Ports
from playlista.inference.checkpoint import Tensor

Places = NDArray[np.intp]

EPSILON = 1e-3  # what TensorFlow 1 adds to the variance in a batch normalization
LOUDEST = 10.0
"""No normalized log-mel value comes near: full scale gives 2.2."""
DEAD = 1e-6
"""A filter whose output cannot vary by more is dead; the embedding varies by about 1."""


class Norm(NamedTuple):
    """A batch normalization of c channels; every part has shape (c,)."""

    gamma: Tensor
    beta: Tensor
    mean: Tensor
    variance: Tensor

    @property
    def gain(self) -> Tensor:
        """What a channel is multiplied with."""
        gain: Tensor = self.gamma / np.sqrt(self.variance + np.float32(EPSILON))
        return gain

    @property
    def offset(self) -> Tensor:
        """What is added to it then."""
        return self.beta - self.mean * self.gain

    def of(self, places: Places) -> "Norm":
        """Return that of some channels."""
        return Norm(*(part[places] for part in self))


class Filters(NamedTuple):
    """A convolution over time, its rectification and its normalization.

    Attributes:
        kernel: Shape (frames, bands, alive): as many bands as are heard at once.
        bias: Shape (alive,).
        norm: Of the channels alive.
        still: What the dead ones always say, shape (dead,).
        places: Where each channel of the layer is among the alive, followed by the dead.
    """

    kernel: Tensor
    bias: Tensor
    norm: Norm
    still: Tensor
    places: Places

    @property
    def pads(self) -> tuple[int, int]:
        """TensorFlow's padding for an output as long as the input: more at the end."""
        frames_n = self.kernel.shape[0]
        return (frames_n - 1) // 2, frames_n // 2


class Sketch(Protocol):
    """A graph that grows, in one format: it lays features out, and calls them, as it likes."""

    def image(self, name: str) -> str:
        """Draw the input, shape (n, 187, 96)."""

    def normalize(self, features: str, norm: Norm, name: str | None = None) -> str:
        """Multiply and add, channel by channel."""

    def hear(self, image: str, filters: Filters) -> str:
        """Convolve an image, and keep the most that each filter hears on any frequency."""

    def combine(self, features: str, filters: Filters) -> str:
        """Convolve features; the bands of the filters are their channels."""

    def join(self, layers: Sequence[str]) -> str:
        """Put the channels of several features behind each other."""

    def add(self, features: str, others: str) -> str:
        """Add features of the same shape."""

    def pool(self, features: str, channels_n: int) -> str:
        """Give each channel's maximum over time, followed by its mean, shape (n, 2 c)."""

    def multiply(self, features: str, kernel: Tensor, bias: Tensor) -> str:
        """Apply a dense layer."""

    def relu(self, features: str) -> str:
        """Rectify."""

    def sigmoid(self, features: str, name: str) -> str:
        """Squeeze into 0 to 1."""


def draw(sketch: Sketch, variables: Mapping[str, Tensor], ports: Ports) -> None:
    """Draw the network.

    Its input has shape (n, 187, 96), its embedding (n, 200), the normalized penultimate layer,
    and its tags (n, 50), the sigmoid of the last one.

    Args:
        sketch: Where.
        variables: The checkpoint's tensors by name.
        ports: How input and outputs are to be called.
    """
    layers = _Layers(variables)
    image = sketch.normalize(sketch.image(ports.patches), layers.norm(0))
    heard = sketch.join([sketch.hear(image, layers.filters(layer)) for layer in range(5)])
    sums: list[str] = []
    for layer in (5, 6, 7):
        more = sketch.combine(sums[-1] if sums else heard, layers.filters(layer))
        sums.append(sketch.add(more, sums[-1]) if sums else more)
    norm = layers.norm(9)
    pooled = sketch.pool(sketch.join([heard, *sums]), len(norm.gamma) // 2)
    pooled = sketch.normalize(pooled, norm)
    dense = sketch.relu(sketch.multiply(pooled, *layers.dense("dense")))
    embedding = sketch.normalize(dense, layers.norm(10), ports.embedding)
    sketch.sigmoid(sketch.multiply(embedding, *layers.dense("dense_1")), ports.tags)


class _Layers(NamedTuple):
    """The variables by layer; layers are counted as they were made."""

    variables: Mapping[str, Tensor]

    def dense(self, name: str) -> tuple[Tensor, Tensor]:
        return self.variables[f"{name}/kernel"], self.variables[f"{name}/bias"]

    def norm(self, layer: int) -> Norm:
        name = _numbered("batch_normalization", layer)
        parts = ("gamma", "beta", "moving_mean", "moving_variance")
        return Norm(*(self.variables[f"{name}/{part}"] for part in parts))

    def filters(self, layer: int) -> Filters:
        """Return a convolution, with its dead filters told from the others."""
        four_axes, bias = self.dense(_numbered("conv2d", layer))
        kernel, norm = four_axes[:, :, 0], self.norm(layer + 1)
        # an upper bound, free of sums: their last bit would differ between processors
        reach = np.abs(kernel).max(axis=(0, 1)) * kernel[..., 0].size * LOUDEST
        varies = reach * np.abs(norm.gain) > DEAD
        alive, dead = np.flatnonzero(varies), np.flatnonzero(~varies)
        still = (np.maximum(bias, 0) - norm.mean) * norm.gain + norm.beta
        places = np.argsort(np.concatenate([alive, dead]))
        return Filters(kernel[..., alive], bias[alive], norm.of(alive), still[dead], places)


def _numbered(name: str, place: int) -> str:
    """Return a variable's name as TensorFlow counts: the first has no number."""
    return f"{name}_{place}" if place else name
