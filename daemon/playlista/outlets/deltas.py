"""The delta log on disk: appended to, never rewritten; the database can always fill it up.

A crash while appending leaves half a line at the end. It is cut off before the next
append, and the ``seq`` of the last whole line says from where the database must repeat.
"""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from playlista.durable import sync_folder
from playlista.outlets import disk

BLOCK_BYTES = 65_536
"""Step of the backward search; a line is usually shorter."""


def last(path: bytes | Path) -> dict[str, Any] | None:
    """Return the record in the last whole line; None when there is none.

    Raises:
        TryAgain: The disk is busy or away.
        OperatorError: The log cannot be read.
    """
    target = disk.located(path)
    with disk.translated(target):
        try:
            with target.open("rb") as log:
                return _last(log)[0]
        except FileNotFoundError:
            return None


def set_aside(path: bytes | Path) -> Path:
    """Keep a log under another name, so that a new one can begin; return that name.

    Raises:
        TryAgain: The disk is busy or away.
        OperatorError: The log cannot be renamed.
    """
    target = disk.located(path)
    with disk.translated(target):
        return disk.set_aside(target)


def append(path: bytes | Path, records: Iterable[Mapping[str, Any]]) -> int:
    """Append those records that the log does not have yet, durably.

    Args:
        path: The log; made when absent, in a folder that exists.
        records: With ``seq``, ascending. What the log has already is passed over.

    Returns:
        How many lines were appended.

    Raises:
        TryAgain: The disk is full, busy or away; the same call completes the log later.
        OperatorError: The log cannot be written.
    """
    target = disk.located(path)
    with (
        disk.translated(target),
        target.open("a+b") as log,
    ):
        newest, end = _last(log)
        seq = newest["seq"] if newest else 0
        lines = [json.dumps(record).encode() for record in records if record["seq"] > seq]
        log.truncate(end)
        log.writelines(line + b"\n" for line in lines)
        log.flush()
        os.fsync(log.fileno())
        if not end:
            sync_folder(target.parent)
        return len(lines)


def _last(log: BinaryIO) -> tuple[dict[str, Any] | None, int]:
    """Return the last record that can be read, and where its line ends."""
    end = _line_start(log, log.seek(0, os.SEEK_END))
    while end:
        start = _line_start(log, end - 1)
        log.seek(start)
        record = _record(log.read(end - start))
        if record is not None:
            return record, end
        end = start
    return None, 0


def _line_start(log: BinaryIO, end: int) -> int:
    """Return the offset behind the last newline before ``end``; 0 when there is none."""
    while end:
        start = max(0, end - BLOCK_BYTES)
        log.seek(start)
        found = log.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _record(line: bytes) -> dict[str, Any] | None:
    """Return a record; None for what a power cut left of one."""
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and isinstance(record.get("seq"), int) else None
