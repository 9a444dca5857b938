import threading
import time

from hypothesis import given
from hypothesis import strategies as st

from playlista.watch.dirty import NAMES_PER_FOLDER, NAMES_PER_ROOT, Dirty, WatchEvent
from playlista.watch.names import join, parent

NAME = st.sampled_from([b"a", b"b", b"c"])
PATHS = st.lists(st.lists(NAME, min_size=1, max_size=4).map(b"/".join), max_size=50)


def filled(paths):
    dirty = Dirty(lambda: None)
    for path in paths:
        dirty.note(path, WatchEvent.CREATED)
    return dirty


def test_a_noted_path_is_taken_once():
    dirty = filled([b"album/song.flac"])

    assert dirty.take().folders == {b"album": {b"song.flac": False}}
    assert not dirty.take().folders


def test_the_last_event_says_whether_the_writer_has_finished():
    dirty = filled([b"song.flac"])
    dirty.note(b"song.flac", WatchEvent.CLOSED, finished=True)

    assert dirty.take().folders == {b"": {b"song.flac": True}}


def test_many_names_of_a_folder_become_the_folder():
    dirty = filled(b"album/%d" % n for n in range(NAMES_PER_FOLDER + 1))

    assert dirty.take().folders == {b"album": None}


def test_many_folders_become_the_root():
    noted = filled(b"%d/song" % n for n in range(NAMES_PER_ROOT + 1)).take()

    assert noted.whole
    assert not noted.folders


def test_after_a_burst_detail_is_kept_again():
    dirty = filled(b"%d/song" % n for n in range(NAMES_PER_ROOT + 1))
    dirty.take()
    dirty.note(b"a/song", WatchEvent.CREATED)

    assert dirty.take().folders == {b"a": {b"song": False}}


def test_events_are_counted_even_where_detail_is_lost():
    dirty = filled(b"%d/song" % n for n in range(2 * NAMES_PER_ROOT))

    assert dirty.take().events == {WatchEvent.CREATED: 2 * NAMES_PER_ROOT}


def test_memory_is_bounded_whatever_happens():
    dirty = filled(b"%d/%d" % (n % 600, n) for n in range(10_000))

    assert sum(len(names or [None]) for names in dirty._folders.values()) <= NAMES_PER_ROOT


def test_only_the_first_note_wakes():
    woken = []
    dirty = Dirty(lambda: woken.append(1))
    for name in (b"a", b"b"):
        dirty.note(name, WatchEvent.CREATED)

    assert woken == [1]


@given(PATHS)
def test_no_noted_path_is_ever_forgotten(paths):
    noted = filled(paths).take()

    for path in paths:
        names = noted.folders.get(parent(path), {})
        assert noted.whole or names is None or path in {join(parent(path), n) for n in names}


def test_two_threads_lose_nothing():
    dirty = Dirty(lambda: None)
    taken = set()
    done = threading.Event()

    def take():
        while not done.is_set() or dirty:
            for folder, names in dirty.take().folders.items():
                taken.update(join(folder, name) for name in names or [])
            time.sleep(0.001)

    reader = threading.Thread(target=take)
    reader.start()
    paths = {b"%d/%d" % (n % 100, n) for n in range(5_000)}
    for path in paths:
        while len(dirty._folders) > 50:
            time.sleep(0)
        dirty.note(path, WatchEvent.CLOSED)
    done.set()
    reader.join()

    assert taken == paths
