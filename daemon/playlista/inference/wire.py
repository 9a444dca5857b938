"""The protocol buffer wire format: enough to read a checkpoint and to write a graph.

TensorFlow and ONNX describe graphs and tensors in protocol buffers. The few messages that we
need are flat; written by hand they are the same bytes on every machine, so that a converted
model has a hash of its own (ADR 0013).

Source:
    protobuf.dev, "Encoding".
"""

from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
LAST_KEY = 2**32 - 1
_WIDTHS = {FIXED64: 8, FIXED32: 4}
_MORE = 0x80  # the top bit of a varint's byte: another one follows

Field = int | bytes
"""A varint as int; everything else as the bytes it is."""


def read_varint(buffer: bytes, at: int) -> tuple[int, int]:
    """Return the number at a place, and the place behind it."""
    value = shift = 0
    while buffer[at] & _MORE:
        value |= (buffer[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
    return value | buffer[at] << shift, at + 1


def read_fields(message: bytes) -> Iterator[tuple[int, Field]]:
    """Give each field of a message: its number and its value.

    Whatever another reader might take for something else is refused.

    Raises:
        IndexError: The message ends too early.
        ValueError: So does a field, or it is of no kind that is in use.
    """
    at = 0
    while at < len(message):
        key, at = read_varint(message, at)
        number, kind = key >> 3, key & 7
        if key > LAST_KEY or kind not in {VARINT, FIXED64, BYTES, FIXED32}:
            raise ValueError(f"it has a field of kind {kind}")
        if kind == VARINT:
            value, at = read_varint(message, at)
            yield number, value
            continue
        width = _WIDTHS.get(kind)
        if width is None:
            width, at = read_varint(message, at)
        if at + width > len(message):
            raise ValueError("it ends within a field")
        yield number, message[at : at + width]
        at += width


def varint(value: int) -> bytes:
    """Return a number of 0 or more as a varint."""
    encoded = bytearray()
    while value >= _MORE:
        encoded.append(value & 0x7F | _MORE)
        value >>= 7
    return bytes([*encoded, value])


def number(field: int, value: int) -> bytes:
    """Return an integer field."""
    return varint(field << 3 | VARINT) + varint(value)


def text(field: int, value: str | bytes) -> bytes:
    """Return a field of text, bytes or a message inside the message."""
    content = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | BYTES) + varint(len(content)) + content


def fixed32(field: int, value: bytes) -> bytes:
    """Return a field of four bytes, such as a little-endian float."""
    return varint(field << 3 | FIXED32) + value
