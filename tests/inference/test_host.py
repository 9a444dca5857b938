from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from playlista.inference import files, host, runtime
from playlista.inference.catalogue import MSD, MTT, Runtime
from playlista.inference.messages import PATCH_BYTES, Answer, Question, Refusal

MUSIC = np.tile(runtime.question(), (3, 1, 1)) * np.float32([0.2, 0.6, 1])[:, None, None]


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch):
    """Each test has a process as it is at first."""
    monkeypatch.setattr(host, "_RESIDENT", host.Resident())


@pytest.fixture(scope="session")
def both_models(tmp_path_factory, converted):
    folder = tmp_path_factory.mktemp("both")
    for model in (MSD, MTT):
        content = converted[model.name][Runtime.ONNX]
        files.put(files.path(folder, model, Runtime.ONNX), content)
    return folder


@pytest.fixture(scope="session")
def network(models):
    return runtime.load(models, MSD, threads=1)


def ask(folder, patches=MUSIC, model=MSD.name, threads=1):
    return host.run(Question(folder, model, None, threads, patches.astype(np.float16).tobytes()))


def test_the_answer_is_the_mean_of_what_the_network_says_of_each_patch(models, network):
    heard = network.listen(MUSIC.astype(np.float16).astype(np.float32))

    answer = ask(models)

    assert answer.embedding == pytest.approx(heard.embeddings.mean(axis=0), rel=1e-4, abs=1e-5)
    means = dict(zip(MSD.tags, heard.tags.mean(axis=0), strict=True))
    assert answer.tags == pytest.approx(means, rel=1e-4, abs=1e-6)


def test_the_answer_says_whose_code_gave_it_and_of_how_many_patches(models):
    answer = ask(models)

    assert (answer.runtime, answer.patches_n) == (Runtime.ONNX, 3)
    assert answer.seconds > 0


def test_half_precision_on_the_way_hardly_changes_an_embedding_of_real_music(
    models, network, real_patches
):
    for patches in real_patches:
        exact = network.listen(patches).embeddings.astype(float).mean(axis=0)

        assert cosine(ask(models, patches).embedding, exact) >= 0.9999


def cosine(one, other):
    return np.dot(one, other) / np.linalg.norm(one) / np.linalg.norm(other)


def test_only_the_first_question_loads_the_model(models):
    assert [ask(models).loaded for _ in range(3)] == [True, False, False]


def test_another_model_is_loaded_in_its_place(both_models):
    one, other, again = (ask(both_models, model=m.name) for m in (MSD, MTT, MSD))

    assert (one.loaded, other.loaded, again.loaded) == (True, True, True)
    assert other.tags.keys() == set(MTT.tags)
    assert (again.embedding, again.tags) == (one.embedding, one.tags)


def test_a_model_that_is_not_there_is_refused_and_says_what_helps(tmp_path):
    refusal = ask(tmp_path)

    assert isinstance(refusal, Refusal)
    assert "playlista models fetch" in refusal.why


def test_a_damaged_model_is_refused_and_leaves_the_last_one_in_place(models, tmp_path):
    (tmp_path / "msd-musicnn.onnx").write_bytes(b"damaged")
    ask(models)

    refusal = ask(tmp_path)

    assert isinstance(refusal, Refusal)
    assert "not what the catalogue describes" in refusal.why
    assert not ask(models).loaded


def test_several_threads_give_the_answer_of_one(models):
    one, three = (ask(models, threads=n) for n in (1, 3))

    assert (one.embedding, one.tags) == (three.embedding, three.tags)


def test_a_program_with_many_threads_loads_the_model_once(models):
    with ThreadPoolExecutor(4) as executor:
        answers = list(executor.map(lambda _: ask(models), range(4)))

    assert [answer.loaded for answer in answers].count(True) == 1


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_no_number_is_answered_with_nothing(models, wrong):
    patches = MUSIC.copy()
    patches[1, 90, 40] = wrong

    answer = ask(models, patches)

    assert isinstance(answer, Answer)
    assert (answer.embedding, answer.tags) == (None, None)
    assert answer.patches_n == 3


def test_bytes_that_are_no_whole_patches_are_a_mistake_of_ours(models):
    with pytest.raises(ValueError, match="reshape"):
        host.run(Question(models, MSD.name, None, 1, bytes(PATCH_BYTES + 2)))
