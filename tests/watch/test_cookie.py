import pytest
from watchdog.observers.inotify_c import inotify_rm_watch

from playlista.watch.cookie import PATIENCE_N, PERIOD_S
from playlista.watch.observer import RootObserver, Trouble
from watch.conftest import until


@pytest.fixture
def stuck(watched):
    """An observer whose threads all live, while one of them waits for a lock."""
    with watched._observer._lock:
        yield watched


def is_back(observer):
    return until(observer._cookie._back.is_set)


def test_an_observer_that_passes_events_on_is_not_deaf(watched):
    for period in range(3):
        assert not watched.is_deaf(period * PERIOD_S)
        assert is_back(watched)
        for look in range(2 * PATIENCE_N):
            assert not watched.is_deaf(period * PERIOD_S + look)


@pytest.mark.fault(14)
def test_threads_that_live_and_pass_nothing_on_are_deaf(stuck):
    looks = [stuck.is_deaf(0.0) for _ in range(PATIENCE_N + 1)]

    assert looks == [False] * PATIENCE_N + [True]
    assert stuck.trouble() is None


def test_a_daemon_that_stood_still_does_not_take_its_observer_for_deaf(stuck):
    assert not stuck.is_deaf(0.0)
    assert not stuck.is_deaf(100 * PERIOD_S)


def test_a_watch_that_the_kernel_took_back_is_noticed(watched, cookies):
    descriptor = watched._observer.descriptor
    (number,) = (
        watch.wd
        for watch in descriptor._watch_for_wd.values()
        if watch._initial_creation_path == bytes(cookies)
    )
    inotify_rm_watch(descriptor._inotify_fd, number)

    assert any(watched.is_deaf(0.0) for _ in range(PATIENCE_N + 1))


def test_a_folder_that_vanishes_is_trouble(watched, cookies):
    cookies.rmdir()

    assert until(lambda: watched.trouble() == Trouble.THREAD)


def test_a_folder_that_cannot_be_written_says_nothing(watched, cookies):
    (cookies / "cookie").mkdir()

    assert not any(watched.is_deaf(0.0) for _ in range(2 * PATIENCE_N))


def test_a_folder_that_cannot_be_had_says_nothing(music, dirty, cookies):
    cookies.touch()
    observer = RootObserver(bytes(music), dirty, frozenset(), cookies)

    assert not any(observer.is_deaf(0.0) for _ in range(2 * PATIENCE_N))
    assert observer.trouble() is None
    observer.stop()
