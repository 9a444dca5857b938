from pathlib import Path

import pytest

from playlista.inference import fetch
from playlista.inference.catalogue import CATALOGUE


@pytest.fixture(scope="session")
def converted(musicnn_wheel: Path) -> dict[str, bytes]:
    """Every model of the catalogue as a file's content."""
    wheel = musicnn_wheel.read_bytes()
    return {name: fetch.convert(model, wheel) for name, model in CATALOGUE.items()}
