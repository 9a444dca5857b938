import dataclasses
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from playlista import essentia
from playlista.errors import ModelMissing
from playlista.inference import files, runtime
from playlista.inference.catalogue import CATALOGUE, Runtime

MSD = CATALOGUE["msd-musicnn"]
ESSENTIA = pytest.mark.skipif(not essentia.usable(), reason="needs essentia, and AVX")
each_runtime = pytest.mark.parametrize(
    "one", [Runtime.ONNX, pytest.param(Runtime.ESSENTIA, marks=ESSENTIA)]
)


def knowing(answer):
    return dataclasses.replace(MSD, answer=answer)


def opened(content, one, model=MSD):
    return runtime.Network(model, content[one], runtime=one, threads=1)


def stored(folder, content):
    for one in content:
        files.put(files.path(folder, MSD, one), content[one])


@each_runtime
@pytest.mark.parametrize("name", CATALOGUE)
def test_a_model_from_its_file_gives_embeddings_and_tags(tmp_path, converted, name, one):
    model = CATALOGUE[name]
    files.put(files.path(tmp_path, model, one), converted[name][one])

    network = runtime.load(tmp_path, name, runtime=one, threads=1)
    heard = network.listen(np.repeat(runtime.question(), 2, 0))

    assert network.model is model
    assert heard.embeddings.shape == (2, 200)
    assert heard.tags.shape == (2, len(model.tags)) == (2, 50)
    assert ((heard.tags > 0) & (heard.tags < 1)).all()


@ESSENTIA
@pytest.mark.parametrize("name", CATALOGUE)
def test_of_real_music_both_runtimes_say_the_same(converted, real_patches, name):
    ours = opened(converted[name], Runtime.ONNX, CATALOGUE[name])
    essentias = opened(converted[name], Runtime.ESSENTIA, CATALOGUE[name])
    patches = np.concatenate(real_patches)

    for mine, theirs in zip(ours.listen(patches), essentias.listen(patches), strict=True):
        assert np.abs(mine - theirs).max() < 1e-4


@pytest.mark.parametrize("wrong", [0.2, float("nan")])
@each_runtime
def test_a_network_that_answers_something_else_is_refused(converted, wrong, one):
    model = knowing({"embedding": {}, "tags": {0: wrong}})

    with pytest.raises(ModelMissing, match="does not work here: tags 0"):
        opened(converted[MSD.name], one, model)


@each_runtime
def test_another_models_network_is_refused(converted, one):
    with pytest.raises(ModelMissing, match="does not work here"):
        opened(converted["mtt-musicnn"], one)


@each_runtime
@pytest.mark.parametrize("harm", [lambda _: b"no network", lambda _: b"", lambda b: b[:-100_000]])
def test_what_is_no_network_is_refused_in_a_line(converted, one, harm):
    content = {one: harm(converted[MSD.name][one])}

    with pytest.raises(ModelMissing, match=r"cannot be run: .") as refused:
        opened(content, one)
    assert len(str(refused.value).splitlines()) == 1


@each_runtime
def test_patches_of_another_shape_are_refused(converted, one):
    network = opened(converted[MSD.name], one)

    with pytest.raises(ModelMissing, match=r"cannot be run: .*\(1, 5, 96\)"):
        network.listen(np.zeros((1, 5, 96), np.float32))


def test_without_essentia_its_runtime_is_refused(converted, monkeypatch):
    monkeypatch.setattr(essentia, "usable", lambda: False)

    with pytest.raises(ModelMissing, match="cannot be run: essentia is not installed"):
        opened(converted[MSD.name], Runtime.ESSENTIA)


def test_one_changed_bit_is_noticed_by_its_hash_and_not_by_running_it(tmp_path, converted):
    changed = bytearray(converted[MSD.name][Runtime.ONNX])
    changed[-100] ^= 1  # in the licence: it would run
    content = {Runtime.ONNX: bytes(changed)}
    stored(tmp_path, content)

    opened(content, Runtime.ONNX)
    with pytest.raises(ModelMissing, match=r"not what the catalogue describes.*models fetch"):
        runtime.load(tmp_path, MSD, threads=1)


def test_an_absent_model_comes_with_a_remedy(tmp_path):
    with pytest.raises(ModelMissing, match="`playlista models fetch msd-musicnn`"):
        runtime.load(tmp_path, MSD, threads=1)


def test_where_both_files_are_the_faster_runtime_is_taken(tmp_path, converted):
    stored(tmp_path, converted[MSD.name])

    assert runtime.load(tmp_path, MSD, threads=1).runtime is Runtime.ONNX


@ESSENTIA
def test_where_only_essentias_file_is_it_is_taken(tmp_path, converted):
    stored(tmp_path, {Runtime.ESSENTIA: converted[MSD.name][Runtime.ESSENTIA]})

    assert runtime.load(tmp_path, MSD, threads=1).runtime is Runtime.ESSENTIA


@each_runtime
def test_threads_share_a_network(converted, rng, one):
    network = opened(converted[MSD.name], one)
    patches = rng.uniform(0, 4, (6, 1, 187, 96)).astype(np.float32)

    with ThreadPoolExecutor(3) as threads:
        together = list(threads.map(network.listen, patches))

    for patch, heard in zip(patches, together, strict=True):
        assert np.array_equal(network.listen(patch).embeddings, heard.embeddings)


@ESSENTIA
def test_a_process_that_has_used_essentia_ends_in_peace(tmp_path, converted):
    stored(tmp_path, converted[MSD.name])
    code = (
        "import sys, pathlib\n"
        "from playlista.inference import runtime\n"
        "from playlista.inference.catalogue import Runtime\n"
        "for one in Runtime:\n"
        "    runtime.load(pathlib.Path(sys.argv[1]), 'msd-musicnn', runtime=one, threads=1)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_error_without_a_word_is_told_by_its_kind(converted, monkeypatch):
    network = opened(converted[MSD.name], Runtime.ONNX)

    def run(_):
        raise MemoryError

    monkeypatch.setattr(network._session, "run", run)

    with pytest.raises(ModelMissing, match="msd-musicnn cannot be run: MemoryError"):
        network.listen(runtime.question())
