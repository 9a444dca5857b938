"""Models that a person has put there: a network, and beside it the facts, as Essentia has them.

Source:
    essentia.upf.edu/models, e.g. ``msd-musicnn-1.onnx`` (or ``.pb``) and ``msd-musicnn-1.json``.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playlista.errors import ModelMissing
from playlista.inference import files
from playlista.inference.catalogue import (
    BANDS_N,
    CATALOGUE,
    EMBEDDING_N,
    FRAMES_N,
    Model,
    Ports,
    Runtime,
)
from playlista.units import MEGABYTE, Bytes

LICENCE = "CC BY-NC-SA 4.0: non-commercial"
"""That of the models that Essentia publishes; their facts do not name it."""
LARGEST = Bytes(MEGABYTE)
"""A guess: Essentia's facts have 10 kB. The parent reads them, too."""


def names(folder: Path) -> list[str]:
    """Return which models there are besides those of the catalogue, usable or not."""
    there = {file.stem for runtime in Runtime for file in folder.glob(f"*{runtime.suffix}")}
    return sorted(there - set(CATALOGUE))


def read(folder: Path, name: str) -> Model:
    """Return a model by the facts beside it.

    Raises:
        ModelMissing: They are not there, cannot be read, or describe a network that cannot
            hear our patches or does not give what we keep.
    """
    file = folder / f"{name}.json"
    try:
        return _model(name, json.loads(files.read(file, LARGEST)))
    except OSError as error:
        raise ModelMissing(f"{file}: {error.strerror}; a model needs its facts") from error
    except KeyError as error:
        raise ModelMissing(f"{file} does not describe a model: it has no {error}") from error
    except (TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ModelMissing(f"{file} does not describe a model that fits: {error}") from error


def find(folder: Path, name: str) -> Model:
    """Return the model of a name, the catalogue's or one that lies there.

    Raises:
        ModelMissing: There is none, or it does not fit.
    """
    return CATALOGUE.get(name) or read(folder, name)


def _model(name: str, facts: Mapping[str, Any]) -> Model:
    tags = tuple(map(str, facts["classes"]))
    (patches,) = facts["schema"]["inputs"]
    _insist("input", patches["shape"][-2:], [FRAMES_N, BANDS_N])
    outputs = {output.get("output_purpose"): output for output in facts["schema"]["outputs"]}
    embedding, predictions = outputs["embeddings"], outputs["predictions"]
    _insist("embeddings", embedding["shape"][-1:], [EMBEDDING_N])
    _insist("predictions", predictions["shape"][-1:], [len(tags)])
    ports = Ports(*(str(end["name"]) for end in (patches, embedding, predictions)))
    if not all(ports):
        raise ValueError("its input or an output has no name")
    source = str(facts.get("link", "unknown"))
    if not all(text.isprintable() for text in (source, *tags)):
        raise ValueError("a tag or its link cannot be printed")
    return Model(name=name, source=source, licence=LICENCE, tags=tags, ports=ports)


def _insist(what: str, found: list[int], wanted: list[int]) -> None:
    if found != wanted:
        raise ValueError(f"the shape of its {what} is {found}, and should be {wanted}")
