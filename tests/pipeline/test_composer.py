import logging
import time

import psutil
import pytest

from playlista.config.settings import Config
from playlista.pipeline import composer as module
from playlista.pipeline import terms
from playlista.pipeline.composer import Composer
from playlista.pipeline.pace import Pace
from playlista.pipeline.part import Part
from playlista.pipeline.refresh import Refresh
from shelf import analysis

TRACKS = 12
WITHIN_S = 30.0


class Machine:
    """What the composer asks: is the backlog drained, is memory short?"""

    calm = True
    squeezed = False


@pytest.fixture
def machine():
    return Machine()


@pytest.fixture
def composing(shelf, metrics, machine):
    """Return a function that starts a composer in a thread of its own."""
    parts = []

    def start(database=None):
        config = Config.model_validate({"store": {"state_path": shelf.path.parent}})
        one = Composer(
            Refresh(shelf.database, config.store, metrics),
            Pace("auto"),
            terms.composer(config),
            database or config.store.database,
            calm=lambda: machine.calm,
            squeezed=lambda: machine.squeezed,
        )
        one.beats = []
        part = Part("composer", one.run, lambda: one.beats.append(time.monotonic()))
        one.part = part
        parts.append(part)
        part.start()
        return one

    yield start
    for part in parts:
        part.ask_to_stop()
        part.join()
        assert part.problem is None


def fill(shelf, count=TRACKS):
    for number in range(1, count + 1):
        shelf.landed_and_heard(b"%d.flac" % number, number, analysis(f"sound {number}"))


def until(holds):
    deadline = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def files(shelf):
    return sorted(path.name for path in (shelf.path.parent / "playlists").glob("*.m3u8"))


def test_what_was_asked_is_composed_in_a_child_and_published(composing, shelf):
    fill(shelf)
    composer = composing()
    assert composer.idle
    assert not composer.published

    composer.ask(range(1, TRACKS + 1))
    assert not composer.idle
    until(lambda: composer.idle)

    assert composer.published
    assert files(shelf)
    assert len(composer.beats) > 1


def test_nothing_is_composed_while_the_first_library_is_still_coming(composing, shelf, machine):
    fill(shelf)
    machine.calm = False
    composer = composing()

    composer.ask(range(1, TRACKS + 1))
    time.sleep(3 * module.TICK_S)
    assert not composer.published

    machine.calm = True
    until(lambda: composer.published)


def test_a_folder_in_the_way_is_told_and_tried_again(composing, shelf, caplog, monkeypatch):
    monkeypatch.setattr(module, "RETRY_S", 0.2)
    fill(shelf)
    obstacle = shelf.path.parent / "playlists"
    obstacle.write_text("in the way")
    composer = composing()

    composer.ask()
    until(lambda: "playlists are not up to date" in caplog.text)
    assert not composer.published
    obstacle.unlink()
    until(lambda: composer.published)

    assert files(shelf)


def test_the_way_of_an_arrival_ends_when_its_lists_are_on_disk(
    composing, shelf, counted, caplog, monkeypatch
):
    monkeypatch.setattr(module, "RETRY_S", 0.2)
    fill(shelf)
    obstacle = shelf.path.parent / "playlists"
    obstacle.write_text("in the way")
    composer = composing()
    composer.ask({1})
    until(lambda: "playlists are not up to date" in caplog.text)
    before = counted("landing_to_playlist_seconds_count")

    obstacle.unlink()
    until(lambda: composer.idle)

    assert (before, counted("landing_to_playlist_seconds_count")) == (0, 1)


def test_a_child_that_fails_is_told_and_tried_again(composing, shelf, caplog, monkeypatch):
    monkeypatch.setattr(module, "RETRY_S", 0.2)
    moved = shelf.path.parent / "elsewhere.db"
    fill(shelf)
    composer = composing(moved)

    with caplog.at_level(logging.ERROR):
        composer.ask()
        until(lambda: caplog.text.count("composing failed") > 1)

    assert not composer.idle
    assert not composer.published


def test_while_memory_is_short_nothing_is_composed(composing, shelf, machine):
    fill(shelf)
    machine.squeezed = True
    composer = composing()

    composer.ask()
    composer.expect()
    until(lambda: len(composer.beats) > 3)
    assert not psutil.Process().children()
    assert not composer.idle
    assert not composer.published

    machine.squeezed = False
    until(lambda: composer.published)


def test_the_child_leaves_when_memory_becomes_short(composing, shelf, machine):
    fill(shelf)
    composer = composing()
    composer.ask()
    until(lambda: composer.published)
    assert psutil.Process().children()

    machine.squeezed = True

    until(lambda: not psutil.Process().children())


def test_what_was_being_composed_when_memory_became_short_is_composed_later(
    composing, shelf, machine, monkeypatch, caplog
):
    monkeypatch.setattr(module, "RETRY_S", 0.0)
    fill(shelf)
    composer = composing()
    composer.ask()
    until(lambda: composer._working)

    machine.squeezed = True
    until(lambda: not (composer._working or psutil.Process().children()))

    machine.squeezed = False
    until(lambda: composer.published and composer.idle)
    assert not [said for said in caplog.records if said.levelno >= logging.WARNING]


def test_it_stops_in_the_middle_of_composing(composing, shelf):
    fill(shelf)
    composer = composing()
    composer.ask()
    until(lambda: composer._working)

    began = time.monotonic()
    composer.part.ask_to_stop()
    composer.part.join()

    assert time.monotonic() - began < 5
    assert not composer.published
