"""The messages of an ONNX file, as far as our graphs need them.

Source:
    ONNX, ``onnx.proto``: the numbers are its field numbers; operator set 17.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from playlista.inference.wire import fixed32, number, text

IR_VERSION, OPERATOR_SET = 8, 17
FLOAT, INT64 = 1, 7  # TensorProto.DataType
A_FLOAT, AN_INT, INTS = 1, 2, 7  # AttributeProto.AttributeType

Attribute = float | int | Sequence[int]
Shape = Sequence[int | str]
"""A dimension with a name instead of a number may be any."""


class OnnxGraph:
    """A graph that grows node by node.

    Args:
        name: What the graph calls itself.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[bytes] = []
        self._weights: list[bytes] = []

    def node(
        self, operator: str, *inputs: str, name: str | None = None, **attributes: Attribute
    ) -> str:
        """Append an operator; return the name of its only output."""
        output = name or f"{operator}_{len(self._nodes)}"
        self._nodes.append(
            b"".join(text(1, source) for source in inputs)
            + text(2, output)
            + text(4, operator)
            + b"".join(text(5, _attribute(*pair)) for pair in attributes.items())
        )
        return output

    def weights(self, values: NDArray[np.float32] | NDArray[np.int64]) -> str:
        """Store an array of constants; return its name."""
        name = f"weights_{len(self._weights)}"
        kind, order = (INT64, "<i8") if values.dtype.kind == "i" else (FLOAT, "<f4")
        content = np.ascontiguousarray(values, order).tobytes()
        dims = b"".join(number(1, size) for size in values.shape)
        self._weights.append(dims + number(2, kind) + text(8, name) + text(9, content))
        return name

    def file(
        self, inputs: Mapping[str, Shape], outputs: Mapping[str, Shape], facts: Mapping[str, str]
    ) -> bytes:
        """Return the content of the ONNX file.

        Args:
            inputs: Name → shape of every input, float32.
            outputs: The same of every output.
            facts: Kept in the file's metadata.
        """
        graph = (
            b"".join(text(1, node) for node in self._nodes)
            + text(2, self._name)
            + b"".join(text(5, tensor) for tensor in self._weights)
            + b"".join(text(11, _value(*pair)) for pair in inputs.items())
            + b"".join(text(12, _value(*pair)) for pair in outputs.items())
        )
        return (
            number(1, IR_VERSION)
            + text(2, "playlista")
            + text(7, graph)
            + text(8, number(2, OPERATOR_SET))
            + b"".join(text(14, text(1, key) + text(2, fact)) for key, fact in facts.items())
        )


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, float):
        body = fixed32(2, np.float32(value).astype("<f4").tobytes()) + number(20, A_FLOAT)
    elif isinstance(value, int):
        body = number(3, value) + number(20, AN_INT)
    else:
        body = b"".join(number(8, item) for item in value) + number(20, INTS)
    return text(1, name) + body


def _value(name: str, shape: Shape) -> bytes:
    dims = (number(1, size) if isinstance(size, int) else text(2, size) for size in shape)
    tensor = number(1, FLOAT) + text(2, b"".join(text(1, dim) for dim in dims))
    return text(1, name) + text(2, text(1, tensor))
