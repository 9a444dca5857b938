"""A fresh store for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shelf import Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """A store with one root, wanting the full tier."""
    one = Shelf(tmp_path / "playlista.db")
    yield one
    one.database.close()
