"""The folder of models: a file for each runtime; a known model's is believed only by its hash."""

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from playlista.errors import ModelMissing
from playlista.inference.catalogue import Model, Runtime
from playlista.records import Signature
from playlista.units import MEGABYTE, Bytes

LARGEST = Bytes(100 * MEGABYTE)
"""A guess: MusiCNN, with all filters, has 3 MB."""


class State(StrEnum):
    """What lies in a file's place."""

    ABSENT = "absent"
    """Nothing that can be read."""
    PRESENT = "present"
    CHANGED = "changed"
    """Something else than the catalogue describes: damaged, or of another version."""
    UNLISTED = "unlisted"
    """A file of a model that the catalogue does not describe."""


class Entry(NamedTuple):
    """A file in the folder, or the place of one."""

    runtime: Runtime
    file: Path
    state: State
    sha256: str | None


def path(folder: Path, model: Model, runtime: Runtime) -> Path:
    """Return the place of a model's file."""
    return folder / f"{model.name}{runtime.suffix}"


def look(folder: Path, model: Model, runtime: Runtime) -> Entry:
    """Say what lies in a file's place."""
    file = path(folder, model, runtime)
    try:
        sha256 = digest(read(file, LARGEST))
    except OSError:
        return Entry(runtime, file, State.ABSENT, None)
    return Entry(runtime, file, _state(model, runtime, sha256), sha256)


def content(folder: Path, model: Model, runtime: Runtime) -> bytes:
    """Return a model's file, known to be what it should be where anybody knows that.

    Raises:
        ModelMissing: It is not there, or something else is.
    """
    file = path(folder, model, runtime)
    remedy = f"`playlista models fetch {model.name}`"
    try:
        found = read(file, LARGEST)
    except OSError as error:
        whence = f"{remedy} brings it" if model.sha256 else "only a person can put it there"
        raise ModelMissing(f"{file}: {error.strerror}; {whence}") from error
    if _state(model, runtime, digest(found)) is State.CHANGED:
        raise ModelMissing(f"{file} is not what the catalogue describes; {remedy} replaces it")
    return found


def read(file: Path, most: Bytes) -> bytes:
    """Return the content of a file that anybody may have put there.

    Raises:
        OSError: It cannot be read, is something whose reading may never end, or is larger.
    """
    found = file.stat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "not a regular file")
    if found.st_size > most:
        raise OSError(errno.EFBIG, f"larger than {most / MEGABYTE:g} MB")
    return file.read_bytes()


def put(file: Path, content: bytes) -> Path:
    """Write a file; at any moment its place holds the old or the new one, whole.

    Raises:
        ModelMissing: It cannot be written.
    """
    fresh = file.with_name(f".{file.name}.{os.getpid()}.tmp")  # another one may fetch, too
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with fresh.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(file)
    except OSError as error:
        raise ModelMissing(f"{file} cannot be written: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink()
    return file


def signatures(folder: Path) -> Mapping[str, Signature]:
    """Return what tells one state of the folder from another, by name; nothing is read."""
    try:
        with os.scandir(folder) as entries:
            there = (entry for entry in entries if Path(entry).is_file())  # no broken link
            return {entry.name: Signature.of(entry.stat()) for entry in there}
    except OSError:  # there is none, or it is changing just now
        return {}


def digest(content: bytes) -> str:
    """Return the sha256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _state(model: Model, runtime: Runtime, sha256: str) -> State:
    if runtime not in model.sha256:
        return State.UNLISTED
    return State.PRESENT if sha256 == model.sha256[runtime] else State.CHANGED
