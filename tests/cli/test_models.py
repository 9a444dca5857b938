"""``playlista models``: what is there, how it comes, whether it works."""

import hashlib
import json
import os
from pathlib import Path

import pytest

import networks
from playlista import essentia
from playlista.inference import onnx_sketch
from playlista.inference.catalogue import Ports

NAMES = ["msd-musicnn", "mtt-musicnn"]
HERE = {"onnxruntime": "present", "essentia": "present" if essentia.usable() else "absent"}
ABSENT = dict.fromkeys(HERE, "absent")
WHEEL = "musicnn-0.1.0-py3-none-any.whl"


@pytest.fixture
def furnished(home, musicnn_wheel):
    """A home with every model."""
    done = home.run("models", "fetch", "--from", musicnn_wheel)
    assert (done.returncode, done.stderr) == (0, "")
    return home


def states(home):
    """What lies there: runtime → state, for each model."""
    rows = home.facts("models")
    return [{file["runtime"]: file["state"] for file in row["files"]} for row in rows]


@pytest.mark.parametrize("verb", [("models",), ("models", "list")])
def test_every_model_is_listed_with_its_licence(home, verb):
    rows = home.facts(*verb)

    assert [row["name"] for row in rows] == NAMES
    assert {row["licence"] for row in rows} == {"ISC"}
    assert states(home) == [ABSENT, ABSENT]
    assert all(len(row["tags"]) == 50 for row in rows)


def test_from_an_index_they_come_checked_and_tried(home, package_index, musicnn_wheel):
    folder, environ = package_index
    (folder / WHEEL).symlink_to(musicnn_wheel)
    home.keys.update(environ)

    fetched = home.facts("models", "fetch")

    assert [row["name"] for row in fetched] == NAMES
    assert states(home) == [HERE, HERE]


def test_what_is_here_is_not_fetched_again(furnished, package_index):
    _, nowhere = package_index
    furnished.keys.update(nowhere)

    fetched = furnished.facts("models", "fetch")

    assert [row["name"] for row in fetched] == NAMES


def test_every_file_that_is_here_is_tried(furnished):
    rows = furnished.facts("models", "verify")

    here = [runtime for runtime, state in HERE.items() if state == "present"]
    assert [(row["name"], row["runtime"]) for row in rows] == [
        (name, runtime) for name in NAMES for runtime in here
    ]
    assert all(row["works"] for row in rows)


def test_every_file_that_is_here_is_listed_with_its_hash(furnished):
    files = [file for row in furnished.facts("models") for file in row["files"]]

    for file in files:
        content = Path(file["file"]).read_bytes() if file["state"] == "present" else None
        assert file["sha256"] == (content and hashlib.sha256(content).hexdigest())


def test_a_person_sees_a_line_for_each_file(furnished):
    lines = furnished.run("models").stdout.splitlines()

    assert lines[0].split() == ["name", "runtime", "state", "licence", "source", "file", "why"]
    assert [line.split()[:2] for line in lines[1:]] == [
        [n, runtime] for n in NAMES for runtime in HERE
    ]


def test_from_a_wheel_they_come_without_a_network(home, musicnn_wheel):
    home.keys["PIP_INDEX_URL"] = "http://127.0.0.1:1/simple"  # nobody answers there

    done = home.run("models", "fetch", "mtt-musicnn", "--from", musicnn_wheel)

    assert done.returncode == 0
    assert states(home) == [ABSENT, HERE]


def test_a_file_that_is_not_the_wheel_leaves_with_66(home, tmp_path):
    (tmp_path / WHEEL).write_bytes(b"something else")

    done = home.run("models", "fetch", "--from", tmp_path / WHEEL)

    assert done.returncode == 66
    assert "not musicnn 0.1.0 as published" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (home.state / "models").exists()


def test_no_network_is_one_line_and_66(home):
    nowhere = "http://127.0.0.1:1/simple"
    home.keys.update(PIP_INDEX_URL=nowhere, PIP_RETRIES="0", PIP_CONFIG_FILE=os.devnull)

    done = home.run("models", "fetch")

    assert done.returncode == 66
    assert "--from FILE" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "word"),
    [(("fetch", "yamnet"), "yamnet"), (("fetch", "--from", "/nowhere.whl"), "/nowhere.whl")],
)
def test_what_does_not_exist_is_a_matter_of_usage(home, arguments, word):
    done = home.run("models", *arguments)

    assert done.returncode == 2
    assert word in done.stderr


def test_with_no_model_there_is_nothing_to_verify(home):
    done = home.run("models", "verify")

    assert done.returncode == 66
    assert "playlista models fetch" in done.stderr


def test_a_damaged_model_is_named_and_leaves_with_66(furnished):
    file = furnished.state / "models/msd-musicnn.onnx"
    file.write_bytes(file.read_bytes()[:-1])

    done = furnished.run("models", "verify")

    assert done.returncode == 66
    assert "not what the catalogue describes" in done.stdout
    assert states(furnished) == [HERE | {"onnxruntime": "changed"}, HERE]


@pytest.fixture
def with_ones_own(home):
    """A home in which a person has put a model, and one that does not fit."""
    folder = home.state / "models"
    folder.mkdir(parents=True)
    network = onnx_sketch.draw(networks.trained(8, dead=0.9), Ports(*networks.ESSENTIAS), {})
    for name in ("mine", "misfit"):
        (folder / f"{name}.onnx").write_bytes(network)
        (folder / f"{name}.json").write_text(json.dumps(networks.facts()))
    (folder / "misfit.json").write_text("{}")
    return home


def test_a_persons_own_model_is_listed_with_what_is_known_of_it(with_ones_own):
    mine, misfit = with_ones_own.facts("models")[2:]

    (file,) = mine["files"]
    assert (mine["name"], len(mine["tags"])) == ("mine", 50)
    assert mine["licence"] == "CC BY-NC-SA 4.0: non-commercial"
    assert (file["runtime"], file["state"]) == ("onnxruntime", "unlisted")
    assert file["sha256"] == hashlib.sha256(Path(file["file"]).read_bytes()).hexdigest()
    assert "it has no 'classes'" in misfit["why"]


def test_a_persons_own_model_is_tried_by_its_name(with_ones_own):
    (row,) = with_ones_own.facts("models", "verify", "mine")

    assert row["works"]


def test_a_model_that_does_not_fit_is_told_and_leaves_with_66(with_ones_own):
    done = with_ones_own.run("models", "verify")

    assert done.returncode == 66
    assert "it has no 'classes'" in done.stdout
    assert done.stderr == ""


def test_a_persons_own_model_cannot_be_fetched(with_ones_own):
    done = with_ones_own.run("models", "fetch", "mine")

    assert done.returncode == 2
    assert "no model is called mine; there are msd-musicnn, mtt-musicnn" in done.stderr
