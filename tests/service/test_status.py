import time

from playlista.records import Member, Playlist
from playlista.service.status import NO_MODEL, STOPPED, describe
from playlista.store.lists import Lists, StoredLine, StoredList
from shelf import Shelf, analysis

LIVE = {
    "state": "running",
    "workers": {"running": 1, "target": 2, "limit": 4, "reason": "backlog"},
    "memory": {"used_ratio": 0.5, "failsafe_ratio": 0.85, "source": "machine"},
    "processors": {"usable": 2.0, "source": "affinity"},
    "watch": {"roots": [{"path": "/music", "mode": "events", "state": "online", "why": None}]},
}


def told(shelf, live=LIVE):
    with shelf.database.reading() as read:
        return describe(read, live)


def test_a_daemon_tells_what_it_is_doing(tmp_path):
    shelf = Shelf(tmp_path / "playlista.db")

    facts = told(shelf)

    assert {name: facts[name] for name in LIVE} == LIVE
    assert facts["model"] == NO_MODEL
    shelf.database.close()


def test_without_a_daemon_the_roots_are_those_of_the_database(tmp_path):
    shelf = Shelf(tmp_path / "playlista.db")

    facts = told(shelf, STOPPED)

    assert facts["state"] == "stopped"
    assert [root["path"] for root in facts["watch"]["roots"]] == ["/music"]
    assert facts["watch"]["degraded"] is None
    unseen = {"mode": None, "degraded": None, "settling": None, "open": None}
    assert facts["watch"]["roots"][0].items() >= unseen.items()
    shelf.database.close()


def test_the_backlog_is_told_with_the_age_of_its_oldest_track(tmp_path):
    shelf = Shelf(tmp_path / "playlista.db")
    assert told(shelf)["backlog"]["oldest_s"] is None
    shelf.land()
    with shelf.database.transaction() as write:
        write.execute("UPDATE job SET queued_at = ?", (int(time.time()) - 100,))

    backlog = told(shelf)["backlog"]

    assert backlog["ready"] == 1
    assert 100 <= backlog["oldest_s"] < 110
    shelf.database.close()


def test_a_clock_that_was_set_back_gives_no_negative_age(tmp_path):
    shelf = Shelf(tmp_path / "playlista.db")
    shelf.land()
    with shelf.database.transaction() as write:
        write.execute("UPDATE job SET queued_at = ?", (int(time.time()) + 1000,))

    assert told(shelf)["backlog"]["oldest_s"] == 0
    shelf.database.close()


def test_only_lists_with_lines_count(tmp_path):
    shelf = Shelf(tmp_path / "playlista.db")
    track = shelf.landed_and_heard(b"a.flac", 1, analysis()).file_id
    member = Member(track, "near")
    full = Playlist("1", "full", "Full", "sound", {}, (member,))
    empty = Playlist("2", "empty", "Empty", "sound", {})
    stored = [StoredList(full, 1, lines=(StoredLine(member, b"x\n"),)), StoredList(empty, 1)]
    Lists(shelf.database).save({}, stored, [])

    assert told(shelf)["playlists"] == 1
    shelf.database.close()
