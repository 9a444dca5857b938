"""The drawn network says what plain numpy says, though it leaves most filters out."""

import zipfile

import numpy as np
import pytest

import networks
from playlista import essentia
from playlista.inference import checkpoint, graphdef_sketch, onnx_sketch, runtime
from playlista.inference.catalogue import CATALOGUE, PORTS, Runtime
from playlista.inference.runtimes.onnx import OnnxSession
from playlista.inference.runtimes.tensorflow import EssentiaSession

CLOSE = 1e-4
FORMATS = [
    pytest.param(onnx_sketch.draw, OnnxSession, id=Runtime.ONNX),
    pytest.param(
        graphdef_sketch.draw,
        EssentiaSession,
        id=Runtime.ESSENTIA,
        marks=pytest.mark.skipif(not essentia.usable(), reason="needs essentia, and AVX"),
    ),
]


def some_patches(rng, n):
    noise = rng.normal(2, 1, (n, 187, 96)).clip(0, 5)
    noise[0] = 0  # silence
    return noise.astype(np.float32)


@pytest.mark.parametrize(("draw", "session"), FORMATS)
@pytest.mark.parametrize("dead", [0, 0.3, 0.9])
def test_any_network_says_what_numpy_says(rng, dead, draw, session):
    variables, patches = networks.trained(2, dead=dead), some_patches(rng, 2)

    found = session(draw(variables, PORTS, {}), PORTS, threads=1).run(patches)

    for mine, theirs in zip(found, networks.listen(variables, patches), strict=True):
        assert np.abs(mine - theirs).max() < CLOSE


@pytest.mark.parametrize(("draw", "session"), FORMATS)
@pytest.mark.parametrize("name", CATALOGUE)
def test_a_published_network_says_what_numpy_says(musicnn_wheel, rng, name, draw, session):
    model, patches = CATALOGUE[name], some_patches(rng, 3)
    with zipfile.ZipFile(musicnn_wheel) as wheel:
        variables = checkpoint.read(wheel.read(model.index.path), wheel.read(model.data.path))

    found = session(draw(variables, PORTS, {}), PORTS, threads=1).run(patches)

    for mine, theirs in zip(found, networks.listen(variables, patches), strict=True):
        assert np.abs(mine - theirs).max() < CLOSE


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_known_answer_is_the_one_numpy_gives(musicnn_wheel, name):
    model = CATALOGUE[name]
    with zipfile.ZipFile(musicnn_wheel) as wheel:
        variables = checkpoint.read(wheel.read(model.index.path), wheel.read(model.data.path))

    embeddings, tags = networks.listen(variables, runtime.question())

    for place, known in model.answer["embedding"].items():
        assert embeddings[0, place] == pytest.approx(known, abs=CLOSE)
    for place, known in model.answer["tags"].items():
        assert tags[0, place] == pytest.approx(known, abs=CLOSE)


@pytest.mark.parametrize(("draw", "session"), FORMATS)
def test_a_patch_is_heard_the_same_alone_and_in_company(rng, draw, session):
    file, patches = draw(networks.trained(3, dead=0.5), PORTS, {}), some_patches(rng, 3)
    network = session(file, PORTS, threads=1)

    together = network.run(patches)
    alone = network.run(patches[1:2])

    assert np.allclose(together[0][1], alone[0][0], atol=CLOSE)
    assert np.allclose(together[1][1], alone[1][0], atol=CLOSE)


@pytest.mark.parametrize("draw", [onnx_sketch.draw, graphdef_sketch.draw])
def test_a_dead_filter_is_not_even_stored(draw):
    alive, dead = (len(draw(networks.trained(4, dead=share), PORTS, {})) for share in (0, 0.9))

    assert dead < alive / 1.4


@pytest.mark.parametrize("draw", [onnx_sketch.draw, graphdef_sketch.draw])
def test_a_drawing_is_the_same_bytes_each_time(draw):
    variables = networks.trained(5, dead=0.5)

    assert draw(variables, PORTS, {"a": "b"}) == draw(variables, PORTS, {"a": "b"})
