"""Reads the tensors of a TensorFlow 1 checkpoint, without TensorFlow.

A checkpoint ("tensor bundle") is two files: ``.index``, a LevelDB table of name → where the
tensor lies, and ``.data-00000-of-00001``, the tensors one behind the other, little-endian.

Source:
    TensorFlow, ``tensor_bundle.h`` and ``tensor_bundle.proto``; LevelDB, "table format".
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playlista.errors import ModelMissing
from playlista.inference.wire import Field, read_fields, read_varint

Tensor = NDArray[np.float32]

FOOTER_N = 48
MAGIC = 0xDB4775248B80FB57.to_bytes(8, "little")
FLOAT = 1  # DT_FLOAT in types.proto


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a tensor lies in the data file, and its shape."""

    dtype: int
    shape: tuple[int, ...]
    offset: int
    size: int


def read(index: bytes, data: bytes) -> dict[str, Tensor]:
    """Return every float tensor of a checkpoint by its variable's name.

    Args:
        index: Content of the ``.index`` file.
        data: Content of the only ``.data`` file.

    Raises:
        ModelMissing: It is not such a checkpoint, or part of it is missing.
    """
    try:
        places = {key.decode(): _place(value) for key, value in _table(index) if key}
        return {
            name: np.frombuffer(data, "<f4", place.size // 4, place.offset).reshape(place.shape)
            for name, place in places.items()
            if place.dtype == FLOAT
        }
    except (IndexError, ValueError) as error:
        raise ModelMissing(f"the checkpoint is damaged: {error}") from error


def _table(index: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Give every key and value of a LevelDB table: its last block points to the others."""
    footer = index[-FOOTER_N:]
    if footer[-len(MAGIC) :] != MAGIC:
        raise ValueError("it is no table")
    _, at = _handle(footer, 0)  # of the filters, which a bundle has none of
    blocks, _ = _handle(footer, at)
    for _, handle in _block(index, blocks):
        yield from _block(index, _handle(handle, 0)[0])


def _handle(buffer: bytes, at: int) -> tuple[slice, int]:
    """Return the stretch that a block handle names, and the place behind the handle."""
    offset, at = read_varint(buffer, at)
    size, at = read_varint(buffer, at)
    return slice(offset, offset + size), at


def _block(index: bytes, where: slice) -> Iterator[tuple[bytes, bytes]]:
    """Give the entries of one block; a key is kept as what differs from the one before."""
    if index[where.stop] != 0:
        raise ValueError("it is compressed")
    block = index[where]
    restarts_n = int.from_bytes(block[-4:], "little")
    end = len(block) - 4 * (restarts_n + 1)
    key, at = b"", 0
    while at < end:
        shared, at = read_varint(block, at)
        fresh, at = read_varint(block, at)
        size, at = read_varint(block, at)
        key = key[:shared] + block[at : at + fresh]
        yield key, block[at + fresh : at + fresh + size]
        at += fresh + size


def _place(entry: bytes) -> _Place:
    """Read a BundleEntryProto; a field that is 0 is left out of it."""
    fields: dict[int, Field] = dict(read_fields(entry))
    shape = fields.get(2, b"")
    assert isinstance(shape, bytes)
    return _Place(_whole(fields, 1), tuple(_sizes(shape)), _whole(fields, 4), _whole(fields, 5))


def _sizes(shape: bytes) -> Iterator[int]:
    """Give the dimensions of a TensorShapeProto."""
    for number, dimension in read_fields(shape):
        if number == 2 and isinstance(dimension, bytes):  # noqa: PLR2004 - `dim` in its .proto
            yield _whole(dict(read_fields(dimension)), 1)


def _whole(fields: dict[int, Field], number: int) -> int:
    value = fields.get(number, 0)
    assert isinstance(value, int)
    return value
