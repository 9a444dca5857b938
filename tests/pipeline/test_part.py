import threading

import pytest

from playlista.pipeline.part import Part


def test_a_loop_runs_until_it_is_asked_to_stop():
    ended = []

    def loop(stop, beat):
        beat()
        stop.wait(10)
        ended.append(stop.is_set())

    beats = threading.Event()
    part = Part("intake", loop, beats.set)
    part.start()
    assert beats.wait(10)
    assert part.alive

    part.ask_to_stop()
    part.join()

    assert ended == [True]
    assert not part.alive
    assert part.problem is None


@pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt])
def test_what_ends_a_loop_is_kept_for_the_main_thread(kind):
    def loop(_stop, _beat):
        raise kind("a bug")

    part = Part("intake", loop, lambda: None)
    part.start()
    part.join()

    assert isinstance(part.problem, kind)


def test_a_part_that_never_started_can_be_joined():
    part = Part("intake", lambda _stop, _beat: None, lambda: None)

    part.ask_to_stop()
    part.join()

    assert not part.alive


def test_the_thread_has_the_name_of_the_part():
    names = []
    part = Part(
        "intake", lambda _s, _b: names.append(threading.current_thread().name), lambda: None
    )

    part.start()
    part.join()

    assert names == ["intake"]
