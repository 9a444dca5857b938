from types import SimpleNamespace

import pytest

from playlista.config.settings import Config
from playlista.errors import ModelMissing
from playlista.inference.catalogue import MSD, MTT
from playlista.pipeline import selection
from playlista.pipeline.selection import LOOK_S, RETRY_S, Selection
from shelf import FakeClock


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    clock = FakeClock()
    monkeypatch.setattr(selection, "time", SimpleNamespace(monotonic=clock))
    return clock


@pytest.fixture
def config(tmp_path):
    """Return a function that makes a configuration whose models are in the test's folder."""
    (tmp_path / "models").mkdir()
    return lambda model="auto", *, fast_mode=False: Config.model_validate(
        {
            "store": {"state_path": tmp_path},
            "model": {"model": model},
            "audio": {"fast_mode": fast_mode},
        }
    )


@pytest.fixture
def put(tmp_path):
    """Return a function that puts a file into the folder of models."""
    return lambda name, content=b"": (tmp_path / "models" / name).write_bytes(content)


def test_auto_takes_what_is_there(config, put):
    put("mtt-musicnn.pb")

    chosen = Selection(config())

    assert (chosen.model, chosen.why) == (MTT.name, None)


def test_auto_prefers_the_first_of_the_catalogue(config, put):
    put("mtt-musicnn.onnx")
    put("msd-musicnn.onnx")

    assert Selection(config()).model == MSD.name


def test_auto_leaves_what_a_person_has_put_there_to_that_person(config, put):
    put("mine.onnx")

    assert Selection(config()).model is None


def test_auto_without_a_model_says_what_brings_one(config):
    chosen = Selection(config())

    assert chosen.model is None
    assert "playlista models fetch" in chosen.why


def test_a_model_that_is_named_is_taken(config, put):
    put("msd-musicnn.onnx")
    put("mine.onnx")

    assert Selection(config("mine")).model == "mine"


def test_none_takes_none_though_there_is_one(config, put):
    put("msd-musicnn.onnx")

    chosen = Selection(config("none"))

    assert (chosen.model, chosen.why) == (None, "MODEL=none")


def test_the_fast_mode_needs_no_model_not_even_the_one_that_is_named(config):
    chosen = Selection(config("mine", fast_mode=True))

    assert (chosen.model, chosen.why) == (None, "FAST_MODE")


def test_a_model_that_is_named_and_not_there_is_refused_at_the_start(config, tmp_path):
    with pytest.raises(ModelMissing) as refusal:
        Selection(config("mine"))

    assert refusal.value.exit_status == 66
    assert str(refusal.value).startswith(f"MODEL=mine: {tmp_path / 'models'} holds no model mine")


@pytest.mark.parametrize(
    ("name", "remedy"), [(MSD.name, "models fetch` brings one"), ("mine", "models` lists")]
)
def test_what_can_be_done_about_a_model_that_is_not_there_is_told(config, name, remedy):
    with pytest.raises(ModelMissing, match=remedy):
        Selection(config(name))


def test_a_model_that_is_named_later_and_not_there_is_waited_for(config, put, clock):
    chosen = Selection(config())
    chosen.reload(config("mine"))
    chosen.look()
    assert "holds no model mine" in chosen.why

    put("mine.onnx")
    clock.sleep(LOOK_S)

    assert chosen.look()
    assert chosen.model == "mine"


def test_a_model_that_appears_is_noticed_once(config, put, clock):
    chosen = Selection(config())
    put("msd-musicnn.onnx")
    clock.sleep(LOOK_S)

    assert chosen.look()
    assert (chosen.model, chosen.why) == (MSD.name, None)
    clock.sleep(LOOK_S)
    assert not chosen.look()


def test_a_model_that_goes_is_noticed(config, put, clock, tmp_path):
    put("msd-musicnn.onnx")
    chosen = Selection(config())
    (tmp_path / "models/msd-musicnn.onnx").unlink()
    clock.sleep(LOOK_S)

    assert chosen.look()
    assert chosen.model is None


def test_the_folder_is_looked_at_only_now_and_then(config, put, clock):
    chosen = Selection(config())
    put("msd-musicnn.onnx")
    clock.sleep(LOOK_S - 1)

    assert not chosen.look()
    assert chosen.model is None


def test_a_folder_that_does_not_exist_holds_no_model(config, tmp_path):
    (tmp_path / "models").rmdir()

    assert Selection(config()).model is None


def test_a_refused_model_is_not_asked_and_the_reason_stays(config, put, clock):
    put("msd-musicnn.onnx")
    chosen = Selection(config())

    chosen.refuse("it is damaged")
    clock.sleep(RETRY_S - 1)

    assert not chosen.look()
    assert (chosen.model, chosen.why) == (None, "it is damaged")


def test_a_refused_model_is_tried_again_after_a_while(config, put, clock):
    put("msd-musicnn.onnx")
    chosen = Selection(config())

    chosen.refuse("it is damaged")
    clock.sleep(RETRY_S)

    assert chosen.look()
    assert (chosen.model, chosen.why) == (MSD.name, None)


def test_a_refused_model_that_is_replaced_is_tried_at_the_next_look(config, put, clock):
    put("msd-musicnn.onnx")
    chosen = Selection(config())
    chosen.refuse("it is damaged")

    put("msd-musicnn.onnx", b"whole")
    clock.sleep(LOOK_S)

    assert chosen.look()
    assert chosen.model == MSD.name


def test_a_link_that_leads_nowhere_hides_nothing_that_is_replaced(config, put, clock, tmp_path):
    (tmp_path / "models/other.onnx").symlink_to("nowhere")
    put("msd-musicnn.onnx")
    chosen = Selection(config())
    chosen.refuse("it is damaged")

    put("msd-musicnn.onnx", b"whole")
    clock.sleep(LOOK_S)

    assert chosen.look()
    assert chosen.model == MSD.name


def test_another_reason_for_having_none_is_told(config):
    chosen = Selection(config("none"))

    chosen.reload(config("mine"))

    assert chosen.look()
    assert not chosen.look()


def test_a_reload_forgets_a_refusal_and_the_next_look_tells(config, put):
    put("msd-musicnn.onnx")
    chosen = Selection(config())
    chosen.refuse("it is damaged")

    chosen.reload(config())

    assert chosen.look()
    assert chosen.model == MSD.name
