from importlib.metadata import version

from playlista.records import Tier
from playlista.service.status import STOPPED, describe
from playlista.service.telemetry import metrics_for, show_library
from playlista.store.backlog import oldest
from shelf import Shelf, analysis


def sample(metrics, name, **labels):
    return metrics.registry.get_sample_value(name, labels)


def test_the_version_is_a_label():
    metrics = metrics_for(lambda _: None)

    assert sample(metrics, "playlista_build_info", version=version("playlista")) == 1


def test_the_process_is_measured_beside_the_parts():
    metrics = metrics_for(lambda _: None)

    assert sample(metrics, "process_resident_memory_bytes") > 1e6
    assert sample(metrics, "playlista_tracks", tier="full") == 0


def test_whoever_counts_on_them_is_told_before_anything_happens():
    told = []

    metrics = metrics_for(told.append)

    assert told == [metrics]


def test_two_daemons_in_one_process_count_apart():
    one, other = metrics_for(lambda _: None), metrics_for(lambda _: None)

    one.count_log("error")

    assert sample(other, "playlista_log_messages_total", level="error") == 0


def test_the_library_is_shown_as_the_database_has_it(tmp_path):
    shelf = Shelf(tmp_path / "playlista.db")
    shelf.landed_and_heard(b"a.flac", 1, analysis("a"))
    shelf.landed_and_heard(b"b.flac", 2, analysis("b", tier=Tier.QUICK))
    shelf.land(b"c.flac", 3)
    metrics = metrics_for(lambda _: None)

    with shelf.database.reading() as read:
        show_library(metrics, describe(read, STOPPED), oldest(read), 4096)

    assert sample(metrics, "playlista_tracks", tier="full") == 1
    assert sample(metrics, "playlista_tracks", tier="quick") == 1
    assert sample(metrics, "playlista_backlog_tracks", state="ready") == 2
    assert sample(metrics, "playlista_backlog_oldest_timestamp_seconds") > 1e9
    assert sample(metrics, "playlista_database_bytes") == 4096
    shelf.database.close()


def test_an_empty_backlog_has_no_oldest_track(tmp_path):
    shelf = Shelf(tmp_path / "playlista.db")
    metrics = metrics_for(lambda _: None)
    metrics.backlog_oldest.set(5)

    with shelf.database.reading() as read:
        show_library(metrics, describe(read, STOPPED), oldest(read), 0)

    assert sample(metrics, "playlista_backlog_oldest_timestamp_seconds") == 0
    shelf.database.close()
