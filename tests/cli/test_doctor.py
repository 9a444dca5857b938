import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from daemons import PLAYLISTA
from playlista.store import backup
from playlista.store.database import Database
from playlista.store.tracks import Tracks
from writers import NOBODY, NOBODY_WITH_CAP_LEASE, needs_root, public_folder


@pytest.fixture
def healthy(home, tmp_path):
    """A home in which nothing of its own is wrong."""
    (tmp_path / "Music").mkdir()
    home.keys["PLAYLISTA_MUSIC_PATHS"] = str(tmp_path / "Music")
    home.keys["PLAYLISTA_MEMORY_FAILSAFE_PERCENT"] = "100"
    return home


def findings(home):
    done = home.run("doctor", "--json")
    assert done.stderr == ""
    found = {finding["what"]: finding for finding in json.loads(done.stdout)}
    assert done.returncode == (1 if any(f["remedy"] for f in found.values()) else 0)
    return found


def test_a_folder_that_can_be_read_needs_nothing(healthy):
    found = findings(healthy)

    music = found[f"music {healthy.keys['PLAYLISTA_MUSIC_PATHS']}"]
    assert music["remedy"] is None
    assert music["found"].startswith("readable")
    assert found["SQLite"]["remedy"] is None
    assert found["memory"]["remedy"] is None


def test_whether_writers_are_told_from_readers_is_asked_of_the_files_themselves(healthy):
    music = healthy.keys["PLAYLISTA_MUSIC_PATHS"]
    assert f"writers in {music}" not in findings(healthy)
    (Path(music) / "song.flac").touch()

    assert findings(healthy)[f"writers in {music}"]["found"].startswith("told")


@needs_root
@pytest.mark.needs("setpriv", "util-linux")
@pytest.mark.parametrize(
    ("who", "remedy"),
    [
        (NOBODY, "run as the owner of the music, or with CAP_LEASE as systemd/ does"),
        (NOBODY_WITH_CAP_LEASE, None),
    ],
    ids=["without CAP_LEASE", "with it"],
)
def test_the_music_of_another_user_comes_with_a_remedy(healthy, who, remedy):
    with public_folder() as folder:
        (folder / "song.flac").touch()
        keys = {"HOME": str(folder), "PLAYLISTA_MUSIC_PATHS": str(folder)}
        done = subprocess.run(
            [*who, sys.executable, "-m", "playlista", "doctor", "--json"],
            env=healthy.environ | keys,
            capture_output=True,
            text=True,
            check=False,
        )

    found = {finding["what"]: finding for finding in json.loads(done.stdout)}
    assert found[f"writers in {folder}"]["remedy"] == remedy


@pytest.mark.fault(42)
@pytest.mark.needs("unshare", "util-linux")
def test_a_disk_that_has_become_read_only_comes_with_a_remedy(healthy):
    healthy.state.mkdir(parents=True)
    script = f'mount -t tmpfs -o ro none "{healthy.state}" && exec "$0" -m playlista doctor --json'
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, sys.executable],
        env=healthy.environ,
        capture_output=True,
        text=True,
        check=False,
    )

    found = {finding["what"]: finding for finding in json.loads(done.stdout)}
    state = found[f"state {healthy.state}"]
    assert state["found"] == "not writable, on tmpfs"
    assert "make its disk writable again" in state["remedy"]


def test_a_missing_folder_comes_with_a_remedy(healthy):
    healthy.keys["PLAYLISTA_MUSIC_PATHS"] = "/nowhere/at/all"

    found = findings(healthy)

    assert found["music /nowhere/at/all"]["found"] == "missing"
    assert "MUSIC_PATHS" in found["music /nowhere/at/all"]["remedy"]


def test_what_the_daemon_misses_in_a_folder_comes_with_a_remedy(healthy):
    store = Database(healthy.state / "playlista.db")
    why = "nas is not mounted: 2 files are kept; if that was meant: playlista roots confirm /m"
    with store.transaction() as write:
        write.execute(
            "INSERT INTO root (path, state, why) VALUES "
            "(?, 'online', ?), (x'62', 'online', NULL), (x'63', 'unwatched', 'not in MUSIC_PATHS')",
            (b"/m", why),
        )
    store.close()

    missing = {what: f for what, f in findings(healthy).items() if what.startswith("missing")}

    assert {what: f["remedy"] for what, f in missing.items()} == {"missing from /m": why}


def test_no_folder_at_all_comes_with_a_remedy(home):
    assert "MUSIC_PATHS" in findings(home)["music folders"]["remedy"]


def test_something_that_needs_doing_is_marked_and_leaves_with_1(home):
    done = home.run("doctor")

    assert done.returncode == 1
    assert "!!" in done.stdout
    assert "set MUSIC_PATHS" in done.stdout


def test_a_port_that_answers_is_told(healthy):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        healthy.keys["PLAYLISTA_HTTP_LISTEN"] = address
        taken = findings(healthy)[f"port {address}"]["found"]
    free = findings(healthy)[f"port {address}"]["found"]

    assert taken.startswith("answers")
    assert free == "free"


def test_the_limits_of_the_kernel_are_told(healthy):
    found = findings(healthy)

    assert found["inotify max_user_watches"]["found"].endswith(", 1 needed")
    assert found["inotify max_user_watches"]["remedy"] is None
    assert " usable (" in found["processors"]["found"]
    assert found["memory"]["found"].endswith(" GB available")
    for what in ("processors", "memory"):
        assert found[f"waiting for {what}"]["found"]


@pytest.mark.fault(4)
@pytest.mark.needs("unshare", "util-linux")
def test_fewer_watches_than_folders_come_with_a_remedy(healthy):
    for number in range(60):
        (Path(healthy.keys["PLAYLISTA_MUSIC_PATHS"]) / str(number)).mkdir()
    few = 'echo 50 >/proc/sys/user/max_inotify_watches && exec "$@"'
    done = subprocess.run(
        ["unshare", "-Ur", "sh", "-c", few, "sh", *PLAYLISTA, "doctor", "--json"],
        env=healthy.environ,
        capture_output=True,
        text=True,
        check=False,
    )

    found = {finding["what"]: finding for finding in json.loads(done.stdout)}
    watches = found["inotify max_user_watches"]
    assert watches["found"] == "50, 61 needed"
    assert watches["remedy"].startswith("sysctl fs.inotify.max_user_watches=122")


# --- the database -------------------------------------------------------------------


@pytest.fixture
def kept(healthy):
    """A home whose database has a copy of one root, and one root more."""
    database = healthy.state / "playlista.db"
    store = Database(database)
    with store.transaction() as write:
        write.execute("INSERT INTO root (path) VALUES (?)", (b"/in the copy",))
    backup.make(database)
    with store.transaction() as write:
        write.execute("INSERT INTO root (path) VALUES (?)", (b"/later",))
    store.close()
    return healthy


def test_the_database_and_its_copy_are_told(kept):
    found = findings(kept)

    database = found[f"database {kept.state / 'playlista.db'}"]
    assert "MB free beside it" in database["found"]
    assert database["remedy"] is None
    assert found["database copy"] == {"what": "database copy", "found": "0 h old", "remedy": None}


def test_a_copy_that_is_late_comes_with_a_remedy(kept):
    two_days_ago = time.time() - 49 * 3600
    os.utime(kept.state / "backup/playlista.db", (two_days_ago, two_days_ago))

    assert findings(kept)["database copy"]["found"] == "49 h old"
    assert "start the daemon" in findings(kept)["database copy"]["remedy"]


@pytest.mark.parametrize(("hours", "remedied"), [("24", False), ("0", True)])
def test_no_copy_is_told(kept, hours, remedied):
    (kept.state / "backup/playlista.db").unlink()
    kept.keys["PLAYLISTA_BACKUP_INTERVAL_HOURS"] = hours

    copy = findings(kept)["database copy"]

    assert copy["found"] == "none yet"
    assert bool(copy["remedy"]) == remedied


def test_a_database_that_was_closed_in_order_needs_nothing(kept):
    left = findings(kept)["database left"]

    assert (left["found"], left["remedy"]) == ("closed in order", None)


def test_a_database_in_use_is_no_fault(kept):
    store = Database(kept.state / "playlista.db")
    left = findings(kept)["database left"]
    store.close()

    assert (left["found"], left["remedy"]) == ("in use", None)


@pytest.mark.fault(31)
def test_the_end_of_a_daemon_that_was_killed_is_told(kept):
    store = Database(kept.state / "playlista.db")
    store._connection.close()
    store._lock.release()

    left = findings(kept)["database left"]

    assert left["found"].startswith("not closed")
    assert "start the daemon" in left["remedy"]


@pytest.mark.fault(44)
def test_a_damaged_database_comes_with_its_remedy(kept):
    database = kept.state / "playlista.db"
    database.write_bytes(b"damaged" * 10_000)

    assert findings(kept)[f"database {database}"]["remedy"] == "playlista doctor --restore"


@pytest.mark.fault(9)
def test_music_that_is_not_believed_to_be_gone_comes_with_both_ways_out(kept):
    store = Database(kept.state / "playlista.db")
    Tracks(store).mark_root(1, "offline", None, "60 of 100 files are gone")
    store.close()

    offline = findings(kept)["offline /in the copy"]

    assert offline["found"] == "60 of 100 files are gone"
    assert "bring it back" in offline["remedy"]
    assert "playlista roots confirm /in the copy" in offline["remedy"]


@pytest.mark.fault(44)
def test_a_damaged_database_is_put_back_and_what_is_lost_is_told(kept):
    database = kept.state / "playlista.db"
    database.write_bytes(b"damaged" * 10_000)
    (kept.state / "deltas.jsonl").write_text('{"seq": 3}\n')

    done = kept.run("doctor", "--restore")

    assert (done.stderr, done.returncode) == ("", 0)
    assert "playlist edits since, which are lost: 3" in done.stdout
    assert str(kept.state / "damaged.1") in done.stdout
    assert [root["path"] for root in kept.facts("roots")] == ["/in the copy"]


def test_a_program_reads_what_is_lost(kept):
    facts = kept.facts("doctor", "--restore")

    assert facts["made_at"] == int(backup.made_at(kept.state / "playlista.db"))
    assert (facts["tracks"], facts["edits_lost"]) == (0, 0)
    assert facts["aside"] == str(kept.state / "damaged.1")


def test_with_no_copy_the_way_out_is_told(healthy):
    done = healthy.run("doctor", "--restore")

    assert done.returncode == 65
    assert done.stderr.startswith("playlista: there is no good copy")


def test_a_running_daemon_is_to_be_stopped_first(kept):
    store = Database(kept.state / "playlista.db")

    done = kept.run("doctor", "--restore")

    store.close()
    assert done.returncode == 75
    assert "stop it first" in done.stderr
