import pytest

from playlista.inference.catalogue import Runtime
from playlista.inference.messages import PATCH_BYTES, Answer, Question, concluded
from playlista.records import Draft
from playlista.stages import VERSIONS, Stage
from shelf import analysis

MODEL = "msd-musicnn"
EMBEDDING = tuple(float(n) for n in range(200))
TAGS = {"rock": 0.5}
DRAFT = Draft(
    analysis(engine="playlista+librosa", reasons={"key": "silent"}, seconds={"key": 1.0}),
    bytes(PATCH_BYTES),
    frozenset({Stage.EMBEDDING}),
)


def answer(**changes):
    given = {"embedding": EMBEDDING, "tags": TAGS, **changes}
    return Answer(Runtime.ONNX, patches_n=1, seconds=0.25, loaded=True, **given)


def test_what_the_model_said_joins_what_was_known():
    found = concluded(DRAFT, MODEL, answer())

    assert (found.model, found.embedding, found.tags) == (MODEL, EMBEDDING, TAGS)
    assert found.features == DRAFT.analysis.features
    assert found.reasons == {"key": "silent"}


def test_the_processor_time_of_the_model_is_told_beside_the_rest():
    assert concluded(DRAFT, MODEL, answer()).seconds == {"key": 1.0, "embedding": 0.25}


def test_the_engine_names_who_ran_the_model():
    assert concluded(DRAFT, MODEL, answer()).engine == "playlista+librosa+onnxruntime"


def test_an_engine_is_named_once():
    draft = Draft(analysis(engine="playlista+onnxruntime"), DRAFT.patches, DRAFT.heard)

    assert concluded(draft, MODEL, answer()).engine == "playlista+onnxruntime"


def test_the_stages_that_were_to_be_heard_are_done():
    found = concluded(DRAFT, MODEL, answer())

    assert found.done == {**DRAFT.analysis.done, Stage.EMBEDDING: VERSIONS[Stage.EMBEDDING]}


def test_an_answer_that_is_no_number_is_done_and_has_a_reason():
    found = concluded(DRAFT, MODEL, answer(embedding=None, tags=None))

    assert (found.embedding, found.tags) == (None, None)
    assert found.reasons["embedding"] == found.reasons["tags"] == f"{MODEL} gave no finite number"
    assert Stage.EMBEDDING in found.done


def test_a_reason_from_outside_is_told_of_both_fields():
    found = concluded(DRAFT, MODEL, why="it died")

    assert found.reasons == {"key": "silent", "embedding": "it died", "tags": "it died"}
    assert Stage.EMBEDDING in found.done


def test_without_an_answer_the_reasons_of_the_draft_stay():
    draft = Draft(analysis(reasons={"embedding": "too short"}), b"", DRAFT.heard)

    assert concluded(draft, MODEL).reasons == {"embedding": "too short"}


@pytest.mark.parametrize("n", [1, 24])
def test_a_question_knows_how_many_patches_it_has(tmp_path, n):
    assert Question(tmp_path, MODEL, None, 1, bytes(n * PATCH_BYTES)).patches_n == n
