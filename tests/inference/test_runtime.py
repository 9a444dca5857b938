import dataclasses
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from playlista.errors import ModelMissing
from playlista.inference import files, runtime
from playlista.inference.catalogue import CATALOGUE

MSD = CATALOGUE["msd-musicnn"]


def knowing(answer):
    return dataclasses.replace(MSD, answer=answer)


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_model_from_its_file_gives_embeddings_and_tags(tmp_path, converted, name):
    model = CATALOGUE[name]
    files.put(tmp_path, model, converted[name])

    heard = runtime.load(tmp_path, model, threads=1).listen(np.repeat(runtime.question(), 2, 0))

    assert heard.embeddings.shape == (2, 200)
    assert heard.tags.shape == (2, len(model.tags)) == (2, 50)
    assert ((heard.tags > 0) & (heard.tags < 1)).all()


@pytest.mark.parametrize("wrong", [0.2, float("nan")])
def test_a_network_that_answers_something_else_is_refused(converted, wrong):
    model = knowing({"embedding": {}, "tags": {0: wrong}})

    with pytest.raises(ModelMissing, match="does not work here: tags 0"):
        runtime.Network(model, converted[MSD.name], threads=1)


def test_another_models_network_is_refused(converted):
    with pytest.raises(ModelMissing, match="does not work here"):
        runtime.Network(MSD, converted["mtt-musicnn"], threads=1)


def test_what_is_no_network_is_refused():
    with pytest.raises(ModelMissing, match="cannot be run"):
        runtime.Network(MSD, b"no network at all", threads=1)


def test_patches_of_another_shape_are_refused(converted):
    network = runtime.Network(MSD, converted[MSD.name], threads=1)

    with pytest.raises(ModelMissing, match="cannot be run"):
        network.listen(np.zeros((1, 5, 96), np.float32))


def test_one_changed_bit_is_noticed_by_its_hash_and_not_by_running_it(tmp_path, converted):
    content = bytearray(converted[MSD.name])
    content[-100] ^= 1  # in the licence: it would run
    files.put(tmp_path, MSD, bytes(content))

    runtime.Network(MSD, bytes(content), threads=1)
    with pytest.raises(ModelMissing, match=r"not what the catalogue describes.*models fetch"):
        runtime.load(tmp_path, MSD, threads=1)


def test_an_absent_model_comes_with_a_remedy(tmp_path):
    with pytest.raises(ModelMissing, match="`playlista models fetch msd-musicnn`"):
        runtime.load(tmp_path, MSD, threads=1)


def test_threads_share_a_network(converted, rng):
    network = runtime.Network(MSD, converted[MSD.name], threads=1)
    patches = rng.uniform(0, 4, (6, 1, 187, 96)).astype(np.float32)

    with ThreadPoolExecutor(3) as threads:
        together = list(threads.map(network.listen, patches))

    for patch, heard in zip(patches, together, strict=True):
        assert np.array_equal(network.listen(patch).embeddings, heard.embeddings)
