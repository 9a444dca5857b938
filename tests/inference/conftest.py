from pathlib import Path

import pytest

from playlista.inference import fetch
from playlista.inference.catalogue import CATALOGUE, Runtime


@pytest.fixture(scope="session")
def converted(musicnn_wheel: Path) -> dict[str, dict[Runtime, bytes]]:
    """Every model of the catalogue as the content of its files."""
    wheel = musicnn_wheel.read_bytes()
    return {name: fetch.convert(model, wheel) for name, model in CATALOGUE.items()}
