"""Every playlist file from the delta log alone; shares no code with what wrote the log."""

import base64
import hashlib
import json
from collections.abc import Iterable
from typing import Any

from playlista.errors import StoreBroken


def replay(log: Iterable[bytes | str]) -> dict[str, bytes]:
    """Return the files that a delta log describes.

    Args:
        log: The lines of ``deltas.jsonl``, oldest first.

    Returns:
        File name to content, byte for byte; files that were closed are absent.

    Raises:
        StoreBroken: A line cannot be read, or does not give the file it promises.
    """
    files: dict[str, list[bytes]] = {}  # [head, line, line, …]
    for number, line in enumerate(log, start=1):
        try:
            _revise(files, json.loads(line))
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise StoreBroken(f"delta log, line {number}: {error!r}") from error
    return {name: b"".join(parts) for name, parts in files.items()}


def _revise(files: dict[str, list[bytes]], revision: dict[str, Any]) -> None:
    name = revision["file"]
    parts = files.pop(name, [b""])
    for op in revision["ops"]:
        _edit(parts, op)
    if hashlib.sha256(b"".join(parts)).hexdigest() != revision["sha256"]:
        raise ValueError(f"{name} differs at revision {revision['rev_to']}")
    if any(parts):
        files[name] = parts


def _edit(parts: list[bytes], op: dict[str, Any]) -> None:
    match op["op"]:
        case "head":
            parts[0] = _text(op)
        case "remove":
            del parts[op["pos"] + 1]
        case "move":
            parts.insert(op["to"] + 1, parts.pop(op["from"] + 1))
        case "add":
            parts.insert(op["pos"] + 1, _text(op))
        case "set":
            parts[op["pos"] + 1] = _text(op)
        case "close":
            parts[:] = [b""]
        case unknown:
            raise ValueError(f"unknown operation {unknown!r}")


def _text(op: dict[str, Any]) -> bytes:
    if "lines_base64" in op:
        return base64.b64decode(op["lines_base64"])
    return str(op["lines"]).encode()
