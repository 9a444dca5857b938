"""Where a model comes from, and everything that may go wrong on the way."""

import dataclasses
import resource
import socket
import subprocess
import sys
import zipfile

import pytest

from playlista import essentia
from playlista.errors import ModelMissing
from playlista.inference import fetch, files
from playlista.inference.catalogue import CATALOGUE, MUSICNN, Runtime

MSD = CATALOGUE["msd-musicnn"]
WHEEL = "musicnn-0.1.0-py3-none-any.whl"


@pytest.fixture
def index(package_index, monkeypatch):
    """The folder of musicnn's wheel on an index of our own."""
    folder, environ = package_index
    for key, value in environ.items():
        monkeypatch.setenv(key, value)
    return folder


@pytest.fixture
def older(tmp_path):
    """A folder in which an older model lies."""
    folder = tmp_path / "models"
    files.put(folder / "msd-musicnn.onnx", b"the older one")
    return folder


def still(folder):
    """What lies in the model's place; nothing else may be there."""
    (file,) = folder.iterdir()
    return file.read_bytes()


def test_the_published_wheel_is_downloaded_whole(index, musicnn_wheel):
    (index / WHEEL).symlink_to(musicnn_wheel)

    assert files.digest(fetch.download(MUSICNN)) == MUSICNN.sha256


def test_another_wheel_under_the_same_name_is_refused(index):
    with zipfile.ZipFile(index / WHEEL, "w") as wheel:
        wheel.writestr("musicnn-0.1.0.dist-info/METADATA", "Name: musicnn\nVersion: 0.1.0\n")

    with pytest.raises(ModelMissing, match=r"hash|HASH"):
        fetch.download(MUSICNN)


def test_a_wheel_that_is_cut_off_is_refused(index, musicnn_wheel):
    (index / WHEEL).write_bytes(musicnn_wheel.read_bytes()[:100_000])

    with pytest.raises(ModelMissing, match=r"hash|HASH"):
        fetch.download(MUSICNN)


@pytest.mark.usefixtures("index")
def test_an_index_without_the_package_is_told():
    with pytest.raises(ModelMissing, match=r"No matching distribution.*--from FILE"):
        fetch.download(MUSICNN)


@pytest.mark.usefixtures("index")
def test_without_a_network_the_other_way_is_told(monkeypatch):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{nobody.getsockname()[1]}/simple")

        with pytest.raises(ModelMissing, match="--from FILE"):
            fetch.download(MUSICNN)


def test_models_are_put_in_place_of_older_ones(older, musicnn_wheel):
    written = fetch.install(older, CATALOGUE.values(), musicnn_wheel.read_bytes())

    assert sorted(written) == sorted(older.iterdir())
    there = {files.look(older, model, Runtime.ONNX).state for model in CATALOGUE.values()}
    assert there == {files.State.PRESENT}


@pytest.mark.parametrize(("usable", "state"), [(True, "present"), (False, "absent")])
def test_essentias_file_is_written_where_essentia_is(
    tmp_path, musicnn_wheel, monkeypatch, usable, state
):
    monkeypatch.setattr(essentia, "usable", lambda: usable)

    fetch.install(tmp_path, [MSD], musicnn_wheel.read_bytes())

    assert files.look(tmp_path, MSD, Runtime.ESSENTIA).state == state


@pytest.mark.parametrize("harm", [lambda b: b[:-1], lambda b: b + b"\0", lambda _: b""])
def test_a_wheel_of_another_hash_leaves_the_old_model(older, musicnn_wheel, harm):
    with pytest.raises(ModelMissing, match="as published"):
        fetch.install(older, [MSD], harm(musicnn_wheel.read_bytes()))

    assert still(older) == b"the older one"


def test_a_model_that_answers_wrongly_leaves_the_old_one(older, musicnn_wheel):
    wrong = dataclasses.replace(MSD, answer={"embedding": {0: 1e9}, "tags": {}})

    with pytest.raises(ModelMissing, match="does not work here"):
        fetch.install(older, [wrong], musicnn_wheel.read_bytes())

    assert still(older) == b"the older one"


def test_a_conversion_to_other_bytes_leaves_the_old_model(older, musicnn_wheel):
    other = dataclasses.replace(MSD, sha256=dict.fromkeys(Runtime, "0" * 64))

    with pytest.raises(ModelMissing, match="other bytes"):
        fetch.install(older, [other], musicnn_wheel.read_bytes())

    assert still(older) == b"the older one"


def test_a_folder_that_cannot_be_written_is_named(tmp_path, musicnn_wheel):
    (tmp_path / "models").write_text("a file")

    with pytest.raises(ModelMissing, match=r"models/msd-musicnn.onnx cannot be written"):
        fetch.install(tmp_path / "models", [MSD], musicnn_wheel.read_bytes())

    assert files.look(tmp_path / "models", MSD, Runtime.ONNX).state is files.State.ABSENT


def test_a_file_that_finds_no_room_leaves_nothing_behind(older):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(ModelMissing, match="cannot be written: File too large"):
            files.put(older / "msd-musicnn.onnx", bytes(2000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert still(older) == b"the older one"


def test_two_processes_may_put_the_same_file(tmp_path):
    file, content = tmp_path / "msd-musicnn.onnx", bytes(8_000_000)
    program = "import sys, pathlib; from playlista.inference import files\n"
    program += "for _ in range(20): files.put(pathlib.Path(sys.argv[1]), bytes(8_000_000))"
    both = [subprocess.Popen([sys.executable, "-c", program, file]) for _ in range(2)]

    assert [one.wait() for one in both] == [0, 0]
    assert still(tmp_path) == content


def test_a_member_that_differs_leaves_the_old_model(older, musicnn_wheel):
    other = dataclasses.replace(MSD, data=dataclasses.replace(MSD.data, sha256="0" * 64))

    with pytest.raises(ModelMissing, match="not what the catalogue describes"):
        fetch.install(older, [other], musicnn_wheel.read_bytes())

    assert still(older) == b"the older one"


@pytest.mark.parametrize("runtime", Runtime)
@pytest.mark.parametrize("name", CATALOGUE)
def test_what_is_converted_is_what_the_catalogue_describes(converted, name, runtime):
    assert files.digest(converted[name][runtime]) == CATALOGUE[name].sha256[runtime]


def test_the_licence_goes_with_the_model(converted):
    contents = [content for model in converted.values() for content in model.values()]

    assert all(b"Universitat Pompeu Fabra" in content for content in contents)
    assert all(b"THE SOFTWARE IS PROVIDED" in content for content in contents)


def test_every_tag_has_one_name():
    assert all(len(set(model.tags)) == 50 for model in CATALOGUE.values())
