"""A store with made-up files, and instruments that count what is done with them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from playlista.metrics import Metrics
from playlista.service.labels import closed_sets
from shelf import Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """A store with one root, wanting the full tier."""
    one = Shelf(tmp_path / "playlista.db")
    yield one
    one.database.close()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> Metrics:
    """Every instrument of the daemon."""
    return Metrics(registry, closed_sets())


@pytest.fixture
def counted(registry: CollectorRegistry) -> Callable[..., float]:
    """Return a function that reads a sample; names come without the prefix."""

    def read(name: str, **labels: str) -> float:
        value = registry.get_sample_value(f"playlista_{name}", labels)
        assert value is not None, f"no such sample: {name} {labels}"
        return value

    return read
