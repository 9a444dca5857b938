"""Which model listens."""

from pathlib import Path

from playlista.inference.catalogue import CATALOGUE, Runtime


def present(folder: Path) -> str | None:
    """Return the first model of the catalogue that lies in the folder; None when none does."""
    return next((name for name in CATALOGUE if lies_in(folder, name)), None)


def lies_in(folder: Path, name: str) -> bool:
    """Tell whether a model lies there, for any runtime; whether it works is another matter."""
    return any((folder / f"{name}{runtime.suffix}").exists() for runtime in Runtime)
