"""watchdog's private names that `playlista.watch.native` builds on."""

import inspect

import watchdog.version
from watchdog.observers.inotify import InotifyFullEmitter, InotifyObserver, InotifyWatchGroup
from watchdog.observers.inotify_c import InotifyFD


def test_the_version_is_the_one_that_was_read():
    assert (watchdog.version.VERSION_MAJOR, watchdog.version.VERSION_MINOR) == (7, 1)


def test_the_descriptor_still_has_what_is_overridden():
    signature = inspect.signature(InotifyFD._add_callback)

    assert list(signature.parameters) == ["self", "path", "mask", "callback", "id_"]
    assert list(inspect.signature(InotifyFD._remove_callback).parameters) == ["self", "wd", "id_"]
    assert "run" in vars(InotifyFD)
    assert "handle_event" in vars(InotifyFD)
    assert "_create_inotify_fd" in vars(InotifyFD)


def test_the_descriptor_still_adds_a_callback_the_way_it_is_done_here():
    source = inspect.getsource(InotifyFD._add_callback)

    assert "watch = self._get_or_create_watch(path, mask)" in source
    assert "watch.callbacks[id_] = callback" in source
    assert "return watch.wd" in source


def test_the_observer_still_builds_what_is_replaced():
    source = inspect.getsource(InotifyObserver.__init__)

    assert "self._inotify_fd = InotifyFD()" in source
    assert "super().__init__(cls, timeout=timeout, inotify_fd=self._inotify_fd)" in source


def test_the_emitter_still_keeps_its_watches_where_they_are_counted():
    assert "self._inotify" in inspect.getsource(InotifyFullEmitter.on_thread_start)
    fields = InotifyWatchGroup.__dataclass_fields__
    assert fields["_active_callbacks_by_watch"].type == "dict[WatchDescriptor, bytes]"
    assert fields["_active_callbacks_by_path"].type == "dict[bytes, WatchDescriptor]"


def test_the_emitter_still_stops_in_the_way_that_is_replaced():
    source = inspect.getsource(InotifyWatchGroup.deactivate)

    assert "inotify.deactivate()" in inspect.getsource(InotifyFullEmitter.on_thread_stop)
    assert "with self._lock:\n            self._is_active = False" in source
    assert "self._move_event_grouper.close()" in source


def test_the_descriptor_is_still_closed_by_whoever_comes_last():
    assert "if self._is_reading:" in inspect.getsource(InotifyFD.close)
    assert "self._is_reading = False" in inspect.getsource(InotifyFD._read_event_buffer)


def test_the_emitter_still_makes_its_group_of_watches_the_way_it_is_done_here():
    source = inspect.getsource(InotifyFullEmitter.on_thread_start)

    assert "self._inotify = InotifyWatchGroup(" in source
    names = list(inspect.signature(InotifyWatchGroup).parameters)
    assert names == ["_inotify_fd", "path", "event_mask", "is_recursive", "follow_symlink"]


def test_the_group_still_watches_a_tree_the_way_it_is_done_here():
    source = inspect.getsource(InotifyWatchGroup._add_all_callbacks)

    assert "self._add_callback(path)" in source
    assert "for root, dirnames, _ in os.walk(path, followlinks=self.follow_symlink):" in source
    assert list(inspect.signature(InotifyWatchGroup._add_callback).parameters) == ["self", "path"]
