"""Models that a person puts there: taken for what they say, refused in a line."""

import contextlib
import json
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import networks
from playlista import essentia
from playlista.errors import ModelMissing
from playlista.inference import files, graphdef_sketch, onnx_sketch, runtime, unlisted
from playlista.inference.catalogue import CATALOGUE, Ports, Runtime
from playlista.inference.graphdef_format import GraphDef

NAME = "msd-musicnn-1"
DRAW = {Runtime.ONNX: onnx_sketch.draw, Runtime.ESSENTIA: graphdef_sketch.draw}
ESSENTIAS = Ports(*networks.ESSENTIAS)
each_runtime = pytest.mark.parametrize(
    "one",
    [
        Runtime.ONNX,
        pytest.param(
            Runtime.ESSENTIA,
            marks=pytest.mark.skipif(not essentia.usable(), reason="needs essentia, and AVX"),
        ),
    ],
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def variables():
    return networks.trained(6, dead=0.9)


def put(folder, content, one=Runtime.ONNX, facts=None):
    """A network and its facts in the folder of models."""
    (folder / f"{NAME}{one.suffix}").write_bytes(content)
    (folder / f"{NAME}.json").write_text(json.dumps(facts or networks.facts()))


def heard(folder):
    return runtime.load(folder, NAME, threads=1).listen(runtime.question())


def refused(folder):
    """Why a model is: one line."""
    with pytest.raises(ModelMissing) as error:
        runtime.load(folder, NAME, threads=1)
    (line,) = str(error.value).splitlines()
    return line


@each_runtime
def test_a_model_with_essentias_names_is_heard(tmp_path, variables, one):
    put(tmp_path, DRAW[one](variables, ESSENTIAS, {}), one)

    network = runtime.load(tmp_path, NAME, threads=1)
    found = network.listen(runtime.question())

    assert (network.runtime, network.model.tags[:2]) == (one, ("tag 0", "tag 1"))
    for mine, theirs in zip(found, networks.listen(variables, runtime.question()), strict=True):
        assert np.abs(mine - theirs).max() < 1e-4


def test_a_converted_model_with_tensorflows_numbers_is_heard(tmp_path, variables):
    put(tmp_path, onnx_sketch.draw(variables, Ports(*(f"{name}:0" for name in ESSENTIAS)), {}))

    assert heard(tmp_path).tags.shape == (1, 50)


def test_a_model_may_have_other_tags(tmp_path):
    variables = networks.trained(7, dead=0.9)
    for part in ("kernel", "bias"):
        variables[f"dense_1/{part}"] = variables[f"dense_1/{part}"][..., :3]
    put(tmp_path, onnx_sketch.draw(variables, ESSENTIAS, {}), facts=networks.facts(3))

    assert heard(tmp_path).tags.shape == (1, 3)


def test_nobody_vouches_for_it_and_it_is_not_for_commerce(tmp_path, variables):
    put(tmp_path, onnx_sketch.draw(variables, ESSENTIAS, {}))

    model = unlisted.find(tmp_path, NAME)

    assert files.look(tmp_path, model, Runtime.ONNX).state is files.State.UNLISTED
    assert model.licence == "CC BY-NC-SA 4.0: non-commercial"
    assert model.source.startswith("https://essentia.upf.edu/")


def test_the_catalogues_names_are_never_a_persons(tmp_path):
    (tmp_path / "msd-musicnn.onnx").write_bytes(b"")
    (tmp_path / "msd-musicnn.json").write_text(json.dumps(networks.facts()))

    assert unlisted.names(tmp_path) == []
    assert unlisted.find(tmp_path, "msd-musicnn") is CATALOGUE["msd-musicnn"]


@pytest.mark.skipif(not essentia.usable(), reason="needs essentia, and AVX")
def test_a_graph_that_would_write_a_file_is_refused_before_it_runs(tmp_path, variables):
    graph = GraphDef()
    name, content = graph.placeholder("name", [], {}), graph.placeholder("content", [], {})
    graph.node("WriteFile", name, content)
    network = graphdef_sketch.draw(variables, ESSENTIAS, {})
    put(tmp_path, network + graph.file(), Runtime.ESSENTIA)

    assert "a network needs no WriteFile" in refused(tmp_path)


@each_runtime
def test_a_network_without_the_output_it_promises_is_refused(tmp_path, variables, one):
    other = ESSENTIAS._replace(embedding="model/other")
    put(tmp_path, DRAW[one](variables, other, {}), one)

    assert "cannot be run" in refused(tmp_path)
    assert "model/dense/BiasAdd" in refused(tmp_path)


@each_runtime
def test_a_network_with_another_number_of_tags_is_refused(tmp_path, variables, one):
    put(tmp_path, DRAW[one](variables, ESSENTIAS, {}), one, networks.facts(49))

    assert "the shape of its tags is (1, 50), and should be (1, 49)" in refused(tmp_path)


@each_runtime
def test_a_network_that_is_cut_off_is_refused(tmp_path, variables, one):
    put(tmp_path, DRAW[one](variables, ESSENTIAS, {})[:-50_000], one)

    assert "cannot be run" in refused(tmp_path)


@each_runtime
@pytest.mark.parametrize(
    ("variable", "value", "why"),
    [
        ("dense_1/bias", np.nan, "tags is not finite"),
        ("batch_normalization_10/beta", np.inf, "embedding is not finite"),
        ("dense_1/bias", -np.inf, "tags is all zero"),
    ],
)
def test_a_network_that_cannot_be_right_is_refused(tmp_path, variables, one, variable, value, why):
    ill = variables | {variable: np.full_like(variables[variable], value)}
    put(tmp_path, DRAW[one](ill, ESSENTIAS, {}), one)

    assert f"does not work here: {why}" in refused(tmp_path)


def test_tags_that_are_no_shares_are_refused(tmp_path, variables):
    facts = networks.facts(200)
    facts["schema"]["outputs"][0]["name"] = ESSENTIAS.embedding
    put(tmp_path, onnx_sketch.draw(variables, ESSENTIAS, {}), facts=facts)

    assert "tags are not between 0 and 1" in refused(tmp_path)


def test_a_network_without_facts_is_refused(tmp_path):
    (tmp_path / f"{NAME}.onnx").write_bytes(b"")

    assert unlisted.names(tmp_path) == [NAME]
    assert "a model needs its facts" in refused(tmp_path)


def test_facts_without_a_network_are_refused(tmp_path):
    (tmp_path / f"{NAME}.json").write_text(json.dumps(networks.facts()))

    assert unlisted.names(tmp_path) == []
    assert f"{NAME}.onnx: No such file" in refused(tmp_path)


@pytest.mark.parametrize("suffix", [".onnx", ".json"])
def test_what_would_never_be_read_to_its_end_is_refused(tmp_path, suffix):
    put(tmp_path, b"never opened")
    (tmp_path / f"{NAME}{suffix}").unlink()
    os.mkfifo(tmp_path / f"{NAME}{suffix}")

    assert f"{NAME}{suffix}: not a regular file" in refused(tmp_path)


@pytest.mark.parametrize(("suffix", "size"), [(".onnx", "100 MB"), (".json", "1 MB")])
def test_a_file_that_would_fill_memory_is_refused(tmp_path, suffix, size):
    put(tmp_path, b"never opened")
    os.truncate(tmp_path / f"{NAME}{suffix}", 100_000_001)

    assert f"{NAME}{suffix}: larger than {size}" in refused(tmp_path)


def test_facts_nested_beyond_any_reader_are_refused(tmp_path):
    put(tmp_path, b"never opened")
    (tmp_path / f"{NAME}.json").write_text("[" * 100_000)

    assert "does not describe a model that fits" in refused(tmp_path)


@pytest.mark.parametrize("text", ["\ud800", "\x1b[31m", "two\nlines"])
@pytest.mark.parametrize("place", ["tag", "link"])
def test_facts_that_no_terminal_and_no_page_can_show_are_refused(tmp_path, text, place):
    facts = networks.facts()
    if place == "tag":
        facts["classes"][0] = text
    else:
        facts["link"] = text
    put(tmp_path, b"never opened", facts=facts)

    assert "cannot be printed" in refused(tmp_path)


def without(key):
    return lambda facts: facts.pop(key)


def shaped(end, place, shape):
    return lambda facts: facts["schema"][end][place].update(shape=shape)


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (without("classes"), "it has no 'classes'"),
        (without("schema"), "it has no 'schema'"),
        (
            shaped("inputs", 0, [128, 96]),
            "the shape of its input is [128, 96], and should be [187, 96]",
        ),
        (
            shaped("outputs", 0, [1, 400]),
            "the shape of its predictions is [400], and should be [50]",
        ),
        (
            shaped("outputs", 2, [1, 1280]),
            "the shape of its embeddings is [1280], and should be [200]",
        ),
        (lambda facts: facts["schema"]["outputs"].pop(), "it has no 'embeddings'"),
        (lambda facts: facts["schema"]["outputs"].pop(0), "it has no 'predictions'"),
        (lambda facts: facts["schema"]["inputs"][0].update(name=""), "has no name"),
    ],
)
def test_facts_that_do_not_fit_are_refused_for_what_they_lack(tmp_path, harm, why):
    facts = networks.facts()
    harm(facts)
    put(tmp_path, b"never opened", facts=facts)

    assert why in refused(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b"\xff\xfe", b'"schema"', b"null"])
def test_what_is_no_fact_at_all_is_refused(tmp_path, content):
    (tmp_path / f"{NAME}.json").write_bytes(content)

    assert f"{NAME}.json does not describe a model" in refused(tmp_path)


@given(st.data())
def test_whatever_stands_in_a_facts_place_is_taken_or_refused(tmp_path_factory, data):
    folder = tmp_path_factory.getbasetemp()
    facts = networks.facts()
    place = data.draw(st.sampled_from(["classes", "schema", "inputs", "outputs", "link"]))
    (facts["schema"] if place.endswith("puts") else facts)[place] = data.draw(JSON)
    (folder / f"{NAME}.json").write_text(json.dumps(facts))

    with contextlib.suppress(ModelMissing):
        assert unlisted.read(folder, NAME).tags == tuple(networks.facts()["classes"])
