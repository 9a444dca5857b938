"""The real model in its real process; where it has to misbehave, another one in its place."""

import signal
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from playlista.config.settings import Config
from playlista.inference import files
from playlista.inference.catalogue import CATALOGUE, MSD, MTT, Runtime
from playlista.pipeline import ear as module
from playlista.pipeline import terms
from playlista.pipeline.ear import FATAL, KILLS, TRIES, Ear
from playlista.pipeline.part import Part
from playlista.pool.outcome import Outcome
from playlista.records import Draft, Job, Tier
from playlista.stages import VERSIONS, Stage
from playlista.units import Seconds
from shelf import analysis, signature

WITHIN_S = 30.0
HEARD = frozenset({Stage.EMBEDDING})


def until(holds):
    deadline = time.monotonic() + WITHIN_S
    while not (answer := holds()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return answer


@pytest.fixture(autouse=True)
def folder(models, tmp_path):
    """A folder of models with the usual one, for the test to change."""
    folder = tmp_path / "models"
    folder.mkdir()
    name = f"{MSD.name}.onnx"
    (folder / name).symlink_to(models / name)
    return folder


@pytest.fixture
def config(tmp_path):
    """Return a function that makes a configuration."""
    return lambda **model: Config.model_validate(
        {"store": {"state_path": tmp_path}, "model": model}
    )


@pytest.fixture
def hosted(monkeypatch):
    """Return a function that puts one of ``hosts`` in the place of the model's process."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    return lambda name: monkeypatch.setattr(terms, "MODEL", f"hosts:{name}")


class Patient:
    """An ear in a thread of its own, and what it has given back."""

    def __init__(self, config, metrics):
        self.told = self.steps = 0
        self.squeezed = False
        self.taken = []
        self.ear = Ear(config, metrics, answered=self._tell, squeezed=lambda: self.squeezed)
        self._part = Part("model", self.ear.run, self._step)
        self._part.start()

    def _tell(self):
        self.told += 1

    def _step(self):
        self.steps += 1

    def ask(self, *outcomes):
        for outcome in outcomes:
            self.ear.ask(outcome)

    def has(self, count):
        """Wait until so many have come back; return them in the order of their numbers."""
        until(lambda: len(self._more()) >= count)
        assert len(self.taken) == count
        return [outcome.value for outcome in sorted(self.taken, key=lambda one: one.key.file_id)]

    def _more(self):
        self.taken += self.ear.take()
        return self.taken

    def stop(self):
        self._part.ask_to_stop()
        self.ear.expect()  # a step ends at once
        self._part.join()
        assert self._part.problem is None


@pytest.fixture
def hear(metrics, config):
    """Return a function that starts an ear; it and its process are gone after the test."""
    started = []

    def start(**model):
        one = Patient(config(**model), metrics)
        started.append(one)
        return one

    yield start
    for one in started:
        one.stop()
    assert not psutil.Process().children()


def draft(number=1, patches=None, heard=HEARD):
    """A track that a worker is done with after two seconds."""
    job = Job(number, b"/music/%d.flac" % number, signature(number), 1, Tier.FULL)
    one = Draft(analysis(f"sound {number}"), some(2) if patches is None else patches, heard)
    return Outcome(job, 1, Seconds(2.0), value=one)


def some(count, level=1.0):
    return np.full((count, 187, 96), level, np.float16).tobytes()


def the_process():
    """The one child that there is, once it has begun to load the model."""
    for child in psutil.Process().children():
        try:
            if "onnxruntime" in Path(f"/proc/{child.pid}/maps").read_text():
                return child
        except OSError:
            continue
    return None


@pytest.fixture
def nothing(folder):
    """A folder without a model."""
    (folder / f"{MSD.name}.onnx").unlink()


# --- what comes back ------------------------------------------------------------


def test_a_draft_comes_back_with_what_the_model_hears(hear):
    one = hear()

    one.ask(draft())

    (found,) = one.has(1)
    assert found.model == MSD.name
    assert len(found.embedding) == 200
    assert found.tags.keys() == set(MSD.tags)
    assert found.done[Stage.EMBEDDING] == VERSIONS[Stage.EMBEDDING]
    assert found.features == draft().value.analysis.features


def test_the_time_in_which_it_was_heard_is_added_to_its_workers(hear):
    one = hear()

    one.ask(draft())

    one.has(1)
    assert 2.0 < one.taken[0].seconds < 2.0 + WITHIN_S


def test_each_draft_gets_its_own_answer(hear):
    one = hear()
    levels = (0.0, 1.0, 2.0, 3.0)

    one.ask(*(draft(n, some(1, level)) for n, level in enumerate(levels)))

    embeddings = [found.embedding for found in one.has(len(levels))]
    assert len(set(embeddings)) == len(levels)
    again = hear()
    again.ask(draft(0, some(1, levels[-1])))
    assert again.has(1)[0].embedding == embeddings[-1]


def test_whoever_wants_the_answer_is_told(hear):
    one = hear()
    before = one.told

    one.ask(draft())

    until(lambda: one.told > before)
    assert one.ear.take()


def test_patches_that_are_no_numbers_are_heard_without_an_answer(hear):
    one = hear()

    one.ask(draft(1, some(1, np.nan)))

    (found,) = one.has(1)
    assert found.embedding is None
    assert found.reasons["embedding"] == "msd-musicnn gave no finite number"
    assert Stage.EMBEDDING in found.done


# --- what needs no hearing --------------------------------------------------------


@pytest.mark.usefixtures("nothing")
def test_without_a_model_a_draft_comes_back_at_once_as_it_is(hear):
    one = hear()

    one.ask(draft())

    (outcome,) = one.ear.take()
    assert outcome.value == draft().value.analysis
    assert Stage.EMBEDDING not in outcome.value.done


def test_what_is_too_short_comes_back_at_once_and_is_done(hear):
    one = hear()

    one.ask(draft(patches=b""))

    (outcome,) = one.ear.take()
    assert outcome.value.model == MSD.name
    assert outcome.value.embedding is None
    assert Stage.EMBEDDING in outcome.value.done


def test_what_no_model_was_to_hear_comes_back_at_once_as_it_is(hear):
    one = hear()

    one.ask(draft(patches=b"", heard=frozenset()))

    (outcome,) = one.ear.take()
    assert outcome.value == draft().value.analysis


# --- which model ------------------------------------------------------------------


def test_the_model_that_is_named_listens(hear, folder, musicnn_wheel):
    put(folder, MTT, musicnn_wheel)
    one = hear(model=MTT.name)

    one.ask(draft())

    assert one.has(1)[0].tags.keys() == set(MTT.tags)


def put(folder, model, wheel):
    from playlista.inference import fetch

    content = fetch.convert(model, wheel.read_bytes())[Runtime.ONNX]
    files.put(files.path(folder, model, Runtime.ONNX), content)


def test_another_model_listens_after_a_reload(hear, config, folder, musicnn_wheel):
    put(folder, MTT, musicnn_wheel)
    one = hear()
    told = one.told

    one.ear.reload(config(model=MTT.name))
    until(lambda: one.ear.model == MTT.name)
    until(lambda: one.told > told)
    one.ask(draft())

    assert one.has(1)[0].model == MTT.name


def test_a_reload_that_changes_its_process_loses_nobody(hear, config):
    one = hear()
    one.ask(*(draft(n, some(40)) for n in range(3)))
    before = until(the_process)

    one.ear.reload(config(model_idle_unload_seconds=7))

    assert all(found.embedding for found in one.has(3))
    assert the_process() != before


def test_a_reload_that_changes_nothing_for_its_process_keeps_it(hear, config):
    one = hear()
    one.ask(draft(1))
    one.has(1)
    before = the_process()

    one.ear.reload(config())
    one.ask(draft(2))

    one.has(2)
    assert the_process() == before


def test_nobody_waits_for_a_model_that_a_reload_takes_away(hear, config, hosted):
    hosted("never_answers")
    one = hear()
    one.ask(draft(1), draft(2))

    one.ear.reload(config(model="none"))

    assert [found.model for found in one.has(2)] == [None, None]
    assert one.ear.facts["why"] == "MODEL=none"


def test_who_comes_just_when_the_model_goes_does_not_wait(hear):
    one = hear()
    one.ear._selection.refuse("it went")
    one.ear._room.enter(draft())  # as ``ask`` does that has looked a moment earlier

    assert one.has(1)[0].model is None


def test_a_late_refusal_of_the_last_model_is_none_of_the_present_one(hear, config, folder, hosted):
    hosted("refuses_the_usual_model_slowly")
    one = hear()
    one.ask(draft())
    until(lambda: one.ear._pool.running)
    (folder / f"{MTT.name}.onnx").touch()

    one.ear.reload(config(model=MTT.name))

    assert one.has(1)[0].model == MTT.name
    assert one.ear.model == MTT.name


# --- a process that dies ----------------------------------------------------------


def test_a_killed_process_loses_nobody_and_charges_nobody(hear):
    one = hear()
    one.ask(*(draft(n, some(40, n / 2)) for n in range(6)))

    for _ in range(TRIES + 1):  # more often than anybody may be at fault
        process = until(the_process)
        process.send_signal(signal.SIGKILL)
        until(lambda process=process: not process.is_running())

    assert one.ear.waiting_bytes
    assert all(found.embedding for found in one.has(6))


def test_a_process_that_is_killed_between_two_tracks_comes_again(hear):
    one = hear()
    one.ask(draft(1))
    one.has(1)

    the_process().send_signal(signal.SIGKILL)
    one.ask(draft(2))

    assert one.has(2)[1].embedding


def test_patches_of_which_it_always_dies_have_no_embedding_and_the_others_have(hear, hosted):
    hosted("dies_of_poison")
    one = hear()

    one.ask(draft(1, some(1, 7.0)), draft(2), draft(3))

    poison, *others = one.has(3)
    assert poison.embedding is None
    assert poison.reasons["embedding"] == poison.reasons["tags"] == FATAL
    assert Stage.EMBEDDING in poison.done
    assert all(other.embedding for other in others)
    assert one.ear.model == MSD.name


def test_a_model_of_which_it_always_dies_is_refused_and_no_track_is_at_fault(hear, hosted):
    hosted("dies")
    one = hear()

    one.ask(draft(1), draft(2))

    for found in one.has(2):
        assert (found.model, found.embedding) == (None, None)
        assert Stage.EMBEDDING not in found.done
        assert "embedding" not in found.reasons
    assert "its process was lost: exit" in one.ear.facts["why"]


def test_a_process_that_is_always_killed_is_not_started_for_ever(hear, hosted):
    hosted("is_killed")
    one = hear()

    one.ask(draft())

    assert Stage.EMBEDDING not in one.has(1)[0].done
    assert "foreign_kill" in one.ear.facts["why"]
    assert one.ear._pool.exits["foreign_kill"] == KILLS


def test_kills_with_an_answer_in_between_are_no_kills_in_a_row(hear, hosted, monkeypatch):
    monkeypatch.setattr(module, "KILLS", 2)
    hosted("is_killed_every_other_time")
    one = hear()

    one.ask(draft(1), draft(2), draft(3))

    assert all(found.embedding for found in one.has(3))


def test_a_process_that_does_not_start_leaves_tracks_unheard(hear, hosted):
    hosted("no_such_function")
    one = hear()

    one.ask(draft())

    assert one.has(1)[0].model is None
    assert "no_such_function" in one.ear.facts["why"]


def test_patches_that_take_too_long_are_asked_again_and_then_let_go(hear, hosted, monkeypatch):
    monkeypatch.setattr(module, "LIMIT_S", 0.2)
    monkeypatch.setattr(module, "LIMIT_PER_PATCH_S", 0.0)
    hosted("never_answers")
    one = hear()

    one.ask(draft())

    assert one.has(1)[0].embedding is None
    assert "deadline" in one.ear.facts["why"]


# --- a model that does not work ---------------------------------------------------


@pytest.fixture
def damaged(folder):
    """A folder whose model is damaged."""
    file = folder / f"{MSD.name}.onnx"
    file.unlink()  # it is a link to what all tests share
    file.write_bytes(b"damaged")


@pytest.mark.usefixtures("damaged")
def test_a_damaged_model_leaves_tracks_unheard_and_says_why(hear):
    one = hear()

    one.ask(draft(1), draft(2))

    assert [found.model for found in one.has(2)] == [None, None]
    facts = one.ear.facts
    assert (facts["name"], facts["loaded"]) == (None, False)
    assert "not what the catalogue describes" in facts["why"]


@pytest.mark.usefixtures("damaged")
def test_who_comes_after_a_refusal_does_not_ask_again(hear):
    one = hear()
    one.ask(draft(1))
    one.has(1)

    one.ask(draft(2))

    assert len(one.ear.take()) == 1


@pytest.mark.usefixtures("damaged")
def test_a_model_put_right_is_heard_after_a_reload(hear, config, folder, musicnn_wheel):
    one = hear()
    one.ask(draft(1))
    one.has(1)
    put(folder, MSD, musicnn_wheel)

    one.ear.reload(config())
    until(lambda: one.ear.model)
    one.ask(draft(2))

    assert one.has(2)[1].embedding


# --- the end ----------------------------------------------------------------------


def test_the_end_gives_back_what_waits(hear, hosted):
    hosted("never_answers")
    one = hear()
    one.ask(draft(1), draft(2), draft(3))
    until(lambda: one.ear._pool.running)

    one.ear.close()

    assert {outcome.key.file_id for outcome in one.ear.take()} == {1, 2, 3}
    assert one.ear.waiting_bytes == 0


def test_after_the_end_nobody_waits(hear):
    one = hear()
    one.stop()

    one.ask(draft())

    (outcome,) = one.ear.take()
    assert outcome.value == draft().value.analysis


def test_the_process_ends_with_the_ear(hear):
    one = hear()
    one.ask(draft())
    one.has(1)

    one.stop()

    assert not psutil.Process().children()


# --- memory, and what is told of it -----------------------------------------------


@pytest.fixture
def resident(registry):
    """Return a function that reads the gauge of the usual model."""
    labels = {"model": MSD.name, "runtime": Runtime.ONNX}
    return lambda: registry.get_sample_value("playlista_model_loaded", labels)


def test_a_model_that_nobody_needs_leaves_memory_and_comes_again(hear, counted, resident):
    one = hear(model_idle_unload_seconds=1)
    one.ask(draft(1))
    one.has(1)
    assert resident() == 1
    assert one.ear.facts["loaded"]

    until(lambda: not psutil.Process().children() and resident() == 0)
    assert not one.ear.facts["loaded"]
    assert one.ear.facts["name"] == MSD.name
    one.ask(draft(2))

    assert one.has(2)[1].embedding
    assert resident() == 1
    assert counted("model_loads_total") == 2


def test_where_memory_is_short_the_model_leaves_it_and_whoever_waits_is_heard_later(hear, resident):
    one = hear()
    one.ask(draft(1))
    one.has(1)

    one.squeezed = True
    until(lambda: not psutil.Process().children() and resident() == 0)
    one.ask(draft(2))
    one.ear.expect()
    seen = one.steps
    until(lambda: one.steps > seen + 2)
    assert not psutil.Process().children()
    assert one.ear.waiting_bytes

    one.squeezed = False

    assert one.has(2)[1].embedding


def test_who_was_being_heard_when_memory_became_short_is_not_at_fault(hear, hosted, caplog):
    hosted("never_answers")
    one = hear()
    for _ in range(TRIES + 1):  # more often than anybody may be at fault
        one.ask(*[] if one.ear.waiting_bytes else [draft()])
        until(lambda: one.ear._pool.running)
        one.squeezed = True
        until(lambda: not psutil.Process().children())
        one.squeezed = False

    assert one.ear.waiting_bytes
    assert one.ear.take() == []
    assert "was lost" not in caplog.text


def test_without_work_there_is_no_process(hear):
    one = hear()

    until(lambda: one.steps > 2)

    assert not psutil.Process().children()
    assert one.ear.facts == {"name": MSD.name, "runtime": None, "loaded": False, "why": None}


def test_the_process_comes_when_a_track_is_expected_but_loads_no_model_yet(hear):
    one = hear()

    one.ear.expect()

    until(lambda: one.ear._pool.idle)
    assert not one.ear.facts["loaded"]


@pytest.mark.usefixtures("nothing")
def test_without_a_model_no_process_is_expected(hear):
    one = hear()
    seen = one.steps

    one.ear.expect()
    until(lambda: one.steps > seen + 2)

    assert not psutil.Process().children()


def test_what_is_heard_is_counted(hear, counted):
    one = hear()

    one.ask(draft(1, some(3)), draft(2, some(5)))

    one.has(2)
    assert counted("inference_patches_total") == 8
    assert counted("inference_seconds_count") == 2
    assert counted("model_loads_total") == 1


def test_status_names_whose_code_runs_the_model(hear):
    one = hear()
    one.ask(draft())
    one.has(1)

    assert one.ear.facts == {
        "name": MSD.name,
        "runtime": Runtime.ONNX,
        "loaded": True,
        "why": None,
    }


def test_a_models_name_in_metrics_is_of_a_closed_set():
    names = {module.label(name) for name in (*CATALOGUE, "mine", "other")}

    assert names == set(module.MODELS)
