"""The messages of a TensorFlow graph whose weights are constants ("frozen").

Source:
    TensorFlow, ``graph.proto``, ``node_def.proto``, ``attr_value.proto`` and ``tensor.proto``:
    the numbers are their field numbers.
"""

from collections.abc import Mapping, Sequence
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from playlista.inference.wire import Field, number, read_fields, text, varint

PRODUCER = 134  # TensorFlow 1.15, as of the graphs that Essentia publishes
ANY = 2**64 - 1  # -1, as the wire has it


class Type(IntEnum):
    """The types of tensors in types.proto."""

    FLOAT = 1
    INT32 = 3


Attribute = bool | int | str | Type | Sequence[int]


class GraphDef:
    """A graph that grows node by node."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []

    def node(
        self, operator: str, *inputs: str, name: str | None = None, **attributes: Attribute
    ) -> str:
        """Append an operator; return its name."""
        attrs = {key: _attribute(value) for key, value in attributes.items()}
        return self._append(operator, inputs, name, attrs)

    def placeholder(self, name: str, shape: Sequence[int], facts: Mapping[str, str]) -> str:
        """Append an input of any batch size.

        Args:
            name: Its name.
            shape: Without the batch.
            facts: Kept beside it: a graph has no metadata, and ``_…`` is nothing to TensorFlow.
        """
        attrs = {f"_{key}": _attribute(fact) for key, fact in facts.items()}
        attrs |= {"dtype": _attribute(Type.FLOAT), "shape": text(7, _shape([ANY, *shape]))}
        return self._append("Placeholder", (), name, attrs)

    def weights(self, values: NDArray[np.float32] | NDArray[np.int64]) -> str:
        """Append an array of constants; return its name."""
        dtype, order = (Type.INT32, "<i4") if values.dtype.kind == "i" else (Type.FLOAT, "<f4")
        content = np.ascontiguousarray(values, order).tobytes()
        tensor = number(1, dtype) + text(2, _shape(values.shape)) + text(4, content)
        return self._append(
            "Const", (), None, {"dtype": _attribute(dtype), "value": text(8, tensor)}
        )

    def file(self) -> bytes:
        """Return the content of the file."""
        return b"".join(text(1, node) for node in self._nodes) + text(4, number(1, PRODUCER))

    def _append(
        self, operator: str, inputs: Sequence[str], name: str | None, attrs: Mapping[str, bytes]
    ) -> str:
        name = name or f"{operator}_{len(self._nodes)}"
        self._nodes.append(
            text(1, name)
            + text(2, operator)
            + b"".join(text(3, source) for source in inputs)
            + b"".join(text(5, text(1, key) + text(2, value)) for key, value in attrs.items())
        )
        return name


def operators(content: bytes) -> set[str]:
    """Return which operators the nodes of a graph's file name.

    Raises:
        IndexError, TypeError, ValueError: It is no such file.
    """
    nodes = (_message(node) for field, node in read_fields(content) if field == 1)
    return {_message(dict(read_fields(node)).get(2, b"")).decode() for node in nodes}


def _message(field: Field) -> bytes:
    if isinstance(field, int):
        raise TypeError("a number stands in a message's place")
    return field


def _attribute(value: Attribute) -> bytes:
    match value:
        case bool():
            return number(5, value)
        case Type():
            return number(6, value)
        case int():
            return number(3, value)
        case str():
            return text(2, value)
    return text(1, text(3, b"".join(map(varint, value))))


def _shape(sizes: Sequence[int]) -> bytes:
    return b"".join(text(2, number(1, size)) for size in sizes)
