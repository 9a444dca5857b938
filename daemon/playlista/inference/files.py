"""The folder of models: one file each, believed only by its hash."""

import hashlib
import os
from enum import StrEnum
from pathlib import Path

from playlista.errors import ModelMissing
from playlista.inference.catalogue import Model


class State(StrEnum):
    """What lies in a model's place."""

    ABSENT = "absent"
    """Nothing that can be read."""
    PRESENT = "present"
    CHANGED = "changed"
    """Something else than the catalogue describes: damaged, or of another version."""


def path(folder: Path, model: Model) -> Path:
    """Return a model's place."""
    return folder / f"{model.name}.onnx"


def state(folder: Path, model: Model) -> State:
    """Say what lies there."""
    try:
        content = path(folder, model).read_bytes()
    except OSError:
        return State.ABSENT
    return State.PRESENT if digest(content) == model.sha256 else State.CHANGED


def content(folder: Path, model: Model) -> bytes:
    """Return a model's file, known to be what it should be.

    Raises:
        ModelMissing: It is not there, or something else is.
    """
    file = path(folder, model)
    try:
        found = file.read_bytes()
    except OSError as error:
        remedy = f"`playlista models fetch {model.name}` brings it"
        raise ModelMissing(f"{file}: {error.strerror}; {remedy}") from error
    if digest(found) != model.sha256:
        remedy = f"`playlista models fetch {model.name}` replaces it"
        raise ModelMissing(f"{file} is not what the catalogue describes; {remedy}")
    return found


def put(folder: Path, model: Model, content: bytes) -> Path:
    """Write a model's file; at any moment its place holds the old or the new one, whole.

    Raises:
        ModelMissing: It cannot be written.
    """
    file = path(folder, model)
    fresh = folder / f".{file.name}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with fresh.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(file)
    except OSError as error:
        raise ModelMissing(f"{file} cannot be written: {error.strerror}") from error
    return file


def digest(content: bytes) -> str:
    """Return the sha256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
