"""Real files, a real database, and the kernel's own events."""

import itertools
import mmap
import os
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest

from homes import FLAC, Home
from playlista import mounts
from playlista.config.settings import WatchSettings
from playlista.errors import BadConfig, StoreBusy, UsageError
from playlista.records import Tier
from playlista.service.signals import Signals
from playlista.stages import Wanted
from playlista.store.backlog import Backlog
from playlista.watch.absence import SEARCH_S
from playlista.watch.head import look_into
from shelf import analysis
from writers import HOLDS, held


def on_disk(path):
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


@pytest.fixture
def home(tmp_path, registry):
    home = Home(tmp_path, registry)
    with Signals():  # without it no lease is asked for
        yield home
    home.intake.close()
    home.database.close()


# --- arriving --------------------------------------------------------------------


def test_a_new_file_is_queued_once_it_has_settled(home):
    home.put("album/song.flac")
    home.after()
    assert not home.files
    assert not home.intake.idle

    home.after(10.1)

    assert home.queued == {b"album/song.flac": 1}
    assert (home.found["new"], home.intake.idle) == (1, True)


def test_an_old_library_need_not_settle(home):
    home.put("song.flac")
    home.years_later_s = 3600
    home.after()

    assert home.queued == {b"song.flac": 1}
    assert home.intake.scanned
    assert home.intake.idle


@pytest.mark.fault(29)
def test_a_ctime_in_the_future_does_not_skip_the_wait(home):
    home.put("song.flac")
    home.years_later_s = -3600
    home.after()
    assert not home.files

    home.after(10.1)

    assert home.files == {b"song.flac"}


@pytest.mark.fault(29)
def test_a_growing_file_waits_until_it_stops(home):
    song = home.put("song.flac")
    home.after()
    song.write_bytes(FLAC * 2)
    home.after(10.1)
    assert not home.files

    home.after(10.1)

    assert home.files == {b"song.flac"}
    (signature,) = [known.signature for known in home.tracks.known(1)]
    assert signature.size == 2 * len(FLAC)


def test_a_file_that_goes_before_it_settles_is_never_known(home):
    home.put("song.flac").rename(home.music / "gone.flac")
    home.after()
    (home.music / "gone.flac").unlink()
    home.after(10)

    assert not home.query("SELECT * FROM file")


def test_an_unchanged_library_gives_no_difference(home):
    home.put("song.flac")
    home.scan().heard()
    home.scan()

    assert not home.queued
    assert not +home.found


def test_a_changed_file_is_queued_again(home):
    song = home.put("song.flac")
    home.scan().heard()
    before = song.stat()
    song.write_bytes(FLAC[::-1])
    os.utime(song, ns=(before.st_atime_ns, before.st_mtime_ns))  # as taggers do
    home.scan()

    assert home.queued == {b"song.flac": 1}
    assert home.found["changed"] == 1


def test_what_is_not_audio_is_looked_at_once_and_not_queued(home, monkeypatch):
    home.put("cover.jpg", b"\xff\xd8\xff" + bytes(100))
    home.scan()
    monkeypatch.setattr("playlista.intake.arrivals.look_into", lambda *_: pytest.fail("opened"))
    home.scan()

    assert home.query("SELECT relpath, candidate FROM file") == [(b"cover.jpg", 0)]
    assert not home.queued


def test_audio_under_any_name_is_queued(home):
    home.put("song.bin", FLAC)
    home.put("text.mp3", b"this is not music")

    assert home.scan().queued == {b"song.bin": 1, b"text.mp3": 1}


def test_a_pipe_that_is_named_like_music_is_queued_and_never_opened(home):
    os.mkfifo(home.music / "pipe.flac")
    home.scan()  # would hang here

    assert home.queued == {b"pipe.flac": 1}


def test_unfinished_downloads_and_our_own_lists_are_not_seen(home):
    for name in ("song.flac.part", ".hidden.flac", "@eaDir/song.flac", "lists/a.m3u8"):
        home.put(name)
    home.scan()

    assert not home.query("SELECT * FROM file")


@pytest.mark.fault(1)
def test_more_files_than_can_wait_are_all_found(home, monkeypatch):
    monkeypatch.setattr("playlista.watch.settle.Settle.__init__.__defaults__", (5,))
    for n in range(20):
        home.put(f"{n}.flac")
    for _ in range(10):
        home.after(11)

    assert len(home.files) == 20


def test_a_scan_that_the_store_ended_goes_on_where_it_was_and_misses_nothing(home, monkeypatch):
    monkeypatch.setattr("playlista.intake.arrivals.BATCH_N", 5)
    home.years_later_s = 3600
    for n in range(20):
        home.put(f"{n:02d}.flac")
    real, calls = home.tracks.apply, []

    def busy_once(differences):
        calls.append(1)
        if len(calls) == 2:
            raise StoreBusy("locked", 1.0)
        real(differences)

    monkeypatch.setattr(home.tracks, "apply", busy_once)
    home.after()
    assert home.landed == [b"%02d.flac" % n for n in range(5)]

    home.after(11)

    order = [*range(5), *range(9, 20), *range(5, 9)]
    assert home.landed == [b"%02d.flac" % n for n in order]


def test_a_scan_that_was_stopped_goes_on_there_after_a_restart(home, monkeypatch):
    monkeypatch.setattr("playlista.intake.arrivals.BATCH_N", 5)
    home.years_later_s = 3600
    for n in range(20):
        home.put(f"{n:02d}.flac")
    home.open(home.music, changed=lambda _: home.stop())
    home.after()
    assert home.landed == [b"%02d.flac" % n for n in range(5)]

    home.open(home.music)
    home.after()

    assert home.landed == [b"%02d.flac" % n for n in range(20)]
    assert home.query("SELECT cursor FROM root") == [(b"",)]


@pytest.mark.parametrize("cursor", [b"05.flac", b"05.flac!", b"0", b"zz"])
def test_wherever_a_scan_begins_it_sees_all_there_is_and_all_that_is_gone(home, cursor):
    songs = [home.put(f"{n:02d}.flac") for n in range(10)]
    home.scan().heard()
    songs[2].unlink()
    songs[8].unlink()
    home.put("03b.flac")
    home.put("09b.flac")
    home.tracks.mark_scan(1, cursor)
    home.open(home.music)
    home.scan()

    assert +home.found == {"new": 2, "vanished": 2, "expected": home.found["expected"]}
    assert home.files == {b"%02d.flac" % n for n in (0, 1, 3, 4, 5, 6, 7, 9)} | {
        b"03b.flac",
        b"09b.flac",
    }


def test_the_music_of_others_is_all_found_though_more_of_it_must_settle_than_can_wait(
    home, monkeypatch
):
    monkeypatch.setattr("playlista.watch.settle.Settle.__init__.__defaults__", (5,))
    home.open(home.music)
    home.years_later_s = 3600
    signal.signal(signal.SIGIO, signal.SIG_DFL)  # nobody can tell who writes to it
    for n in range(20):
        home.put(f"{n}.flac")
    for _ in range(10):
        home.after(11)

    assert len(home.files) == 20


def test_names_of_any_bytes_are_remembered(home):
    name = b"caf\xe9\n.flac"
    home.put(os.fsdecode(name))

    assert home.scan().files == {name}


# --- being written ---------------------------------------------------------------


def changed_over(home, song):
    other = home.music.parent / "other"
    other.write_bytes(FLAC * 2)
    other.replace(song)


def changed_to_an_old_copy(home, song):
    other = home.music.parent / "other"
    other.write_bytes(FLAC[::-1])
    os.utime(other, (0, 10**9))
    shutil.copy2(other, song)  # cp -p


def changed_through_another_name(home, song):
    outside = home.music.parent / "outside"
    outside.hardlink_to(song)
    with outside.open("r+b") as file:
        file.write(b"F")


def changed_in_1970(_, song):
    os.utime(song, (0, 0))


def changed_in_2106(_, song):
    os.utime(song, (1 << 32, 1 << 32))  # past 32 bits


@pytest.mark.fault(29)
@pytest.mark.parametrize(
    "change",
    [
        changed_over,
        changed_to_an_old_copy,
        changed_through_another_name,
        changed_in_1970,
        changed_in_2106,
    ],
)
def test_every_way_to_change_a_file_is_noticed_once(home, change):
    song = home.put("song.flac")
    home.scan().heard()
    change(home, song)
    home.scan().scan()

    assert home.queued == {b"song.flac": 1}
    assert home.found["changed"] == 1
    assert home.remembered == on_disk(song)


def other_inode(song):
    """Make a file look as it does on a share mounted anew: same bytes and mtime, other inode."""
    shutil.copy2(song, song.with_suffix(".new"))
    song.with_suffix(".new").replace(song)


@pytest.mark.fault(9)
def test_another_inode_is_no_change_where_inodes_are_made_up(home):
    home.open(home.music, signature="weak")
    song = home.put("song.flac")
    home.scan().heard()
    other_inode(song)
    home.scan()

    assert not home.queued
    assert not home.found["moved"]


def test_a_change_of_size_or_mtime_is_one_where_inodes_are_made_up(home):
    home.open(home.music, signature="weak")
    one, two = home.put("one.flac"), home.put("two.flac")
    home.scan().heard()
    one.write_bytes(FLAC + b"more")
    os.utime(two, (1, 1))
    home.scan()

    assert home.queued == {b"one.flac": 1, b"two.flac": 1}


def test_a_new_trust_in_signatures_makes_nothing_new(home):
    song = home.put("song.flac")
    home.scan().heard()
    home.open(home.music, signature="weak")
    home.scan()
    assert home.remembered == (0, 0, *on_disk(song)[2:4], 0)

    other_inode(song)
    home.open(home.music, signature="full")
    home.scan()

    assert home.remembered == on_disk(song)
    assert not home.queued


@pytest.mark.fault(29)
@pytest.mark.parametrize("how", HOLDS)
def test_a_file_waits_for_as_long_as_somebody_writes_to_it(home, how):
    with held(home.put("song.flac"), how):
        home.scan()
        home.after(3600)
        assert not home.files
    home.after(600)

    assert home.queued == {b"song.flac": 1}


@pytest.mark.fault(29)
def test_a_download_that_pauses_is_taken_when_it_is_whole(home):
    with (home.music / "song.flac").open("wb", buffering=0) as song:
        os.posix_fallocate(song.fileno(), 0, 5 * len(FLAC))
        for _ in range(5):
            home.scan()
            assert not home.files
            song.write(FLAC)
    home.scan()

    assert home.remembered == on_disk(home.music / "song.flac")
    assert home.found["new"] == 1


@pytest.mark.fault(29)
def test_what_is_written_through_memory_is_taken_when_it_is_whole(home):
    with home.put("song.flac").open("r+b") as song:
        held = mmap.mmap(song.fileno(), 0)
    home.scan()
    held[:] = FLAC[::-1]
    home.scan()
    assert not home.files

    held.close()
    home.scan()

    assert home.remembered == on_disk(home.music / "song.flac")


def test_a_person_is_told_what_waits_and_one_look_at_the_library_ends_all_the_same(home):
    with held(home.put("song.flac"), "appending"):
        home.scan()
        (status,) = home.intake.roots_status()

        assert (status["settling"], status["open"]) == (0, 1)
        assert status["why"] == "1 open for writing: taken once closed"
        assert home.metrics.settling_files.labels("open")._value.get() == 1
        assert home.intake.idle


def test_a_writer_is_asked_for_ever_more_rarely(home, monkeypatch):
    looks = []
    monkeypatch.setattr(
        "playlista.intake.arrivals.look_into",
        lambda *args: looks.append(home.now) or look_into(*args),
    )
    with held(home.put("song.flac"), "appending"):
        for _ in range(800):
            home.after(1)

    waits = [later - earlier for earlier, later in itertools.pairwise(looks)]
    assert 5 <= waits[0] < 10
    assert all(later >= 2 * earlier for earlier, later in itertools.pairwise(waits))


@pytest.mark.fault(37)
def test_a_clock_far_ahead_takes_no_file_that_is_being_written(home):
    home.years_later_s = 1e9
    with held(home.put("song.flac"), "appending"):
        home.after()
        home.after(3600)

        assert not home.files


@pytest.mark.fault(37)
def test_where_nobody_can_tell_who_writes_a_clock_far_ahead_skips_no_quiet_time(home):
    home.years_later_s = 1e9
    signal.signal(signal.SIGIO, signal.SIG_DFL)  # and so nothing is asked
    home.put("song.flac")
    home.after()
    assert not home.files

    home.after(10.1)

    assert home.files == {b"song.flac"}


# --- moving ----------------------------------------------------------------------


def test_a_renamed_file_is_moved_and_not_analysed_again(home):
    song = home.put("song.flac")
    home.scan().heard()
    song.rename(home.music / "other.flac")
    home.scan()

    assert home.files == {b"other.flac"}
    assert not home.queued
    assert (home.found["moved"], home.found["vanished"]) == (1, 0)


@pytest.mark.fault(15)
def test_a_renamed_folder_moves_all_its_files(home):
    for n in range(60):
        home.put(f"album/{n}.flac")
    home.scan().heard()
    (home.music / "album").rename(home.music / "moved")
    home.scan()

    assert home.found == {"moved": 60, "new": 0, "changed": 0, "returned": 0, "vanished": 0}
    assert home.state == "online"


@pytest.mark.fault(15)
def test_a_move_between_roots_is_a_move(home, tmp_path):
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    (incoming / "song.flac").write_bytes(FLAC)
    home.open(incoming, home.music)
    home.scan().heard()
    (incoming / "keep.flac").touch()
    (incoming / "song.flac").rename(home.music / "song.flac")
    home.scan()

    assert home.query(
        "SELECT root.path FROM file JOIN root ON root.id = root_id "
        "WHERE relpath = CAST('song.flac' AS BLOB)"
    ) == [(os.fsencode(home.music),)]
    assert home.found["moved"] == 1
    assert home.found["vanished"] == 0


@pytest.mark.fault(15)
def test_a_move_between_roots_while_nobody_looked_is_a_move(home, tmp_path):
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    home.open(home.music, incoming)
    for name in ("song.flac", "keep.flac"):
        (incoming / name).write_bytes(FLAC)
    home.scan().heard()
    (incoming / "song.flac").rename(home.music / "song.flac")
    home.open(home.music, incoming)
    home.scan()

    assert (home.found["moved"], home.found["new"]) == (1, 0)
    assert not home.queued


def test_a_hard_link_is_a_second_file(home):
    song = home.put("song.flac")
    home.scan().heard()
    (home.music / "link.flac").hardlink_to(song)
    home.scan()

    assert home.files == {b"song.flac", b"link.flac"}
    assert home.found["moved"] == 0


def test_two_links_of_a_vanished_name_share_one_move(home):
    song = home.put("song.flac")
    home.scan().heard()
    (home.music / "a.flac").hardlink_to(song)
    (home.music / "b.flac").hardlink_to(song)
    song.unlink()
    home.scan()

    assert home.files == {b"a.flac", b"b.flac"}
    assert (home.found["moved"], home.found["new"]) == (1, 1)


def test_a_file_that_comes_back_is_not_analysed_again(home, tmp_path):
    song, _ = home.put("song.flac"), home.put("other.flac")
    home.scan().heard()
    song.rename(tmp_path / "away")
    home.scan()
    assert home.files == {b"other.flac"}

    (tmp_path / "away").rename(song)
    home.scan()

    assert home.files == {b"song.flac", b"other.flac"}
    assert home.found["returned"] == 1
    assert not home.queued


def test_a_device_that_got_another_number_is_not_analysed_again(home):
    home.put("song.flac")
    home.scan().heard()
    with home.database.transaction() as write:
        write.execute("UPDATE file SET dev = dev + 1")
        write.execute("UPDATE root SET dev = dev + 1")
    home.open(home.music)
    home.scan()
    assert not home.queued
    assert home.found["returned"] == 1

    home.scan()

    assert home.found["returned"] == 1
    assert home.state == "online"


def test_moving_a_root_in_the_configuration_keeps_its_analyses(home):
    home.put("flac/song.flac")
    home.scan().heard()
    home.intake.reload(WatchSettings(music_paths=(home.music / "flac",)))
    home.scan()

    assert home.found["moved"] == 1
    assert not home.queued


# --- vanishing -------------------------------------------------------------------


def test_a_deleted_file_vanishes_after_a_short_quiet(home):
    song, _ = home.put("song.flac"), home.put("other.flac")
    home.scan()
    song.unlink()
    home.intake.request_scan()
    home.after(1)
    assert len(home.files) == 2

    home.after(3)

    assert home.files == {b"other.flac"}
    assert home.found["vanished"] == 1


@pytest.mark.fault(8)
@pytest.mark.parametrize("accident", [shutil.rmtree, lambda m: m.rename(m.parent / "x")])
def test_a_root_that_is_gone_is_offline_and_nothing_vanishes(home, accident):
    home.put("song.flac")
    home.scan()
    accident(home.music)
    home.scan()

    assert home.state == "offline"
    assert home.files == {b"song.flac"}
    assert home.found["vanished"] == 0


@pytest.mark.fault(9)
def test_an_empty_mount_point_is_offline_and_comes_back_by_itself(home):
    home.put("song.flac")
    home.scan().heard()
    disk = home.music.rename(home.music.parent / "disk")
    home.music.mkdir()
    home.scan()
    assert (home.state, home.files) == ("offline", {b"song.flac"})

    home.music.rmdir()
    disk.rename(home.music)
    home.after(6)
    home.after(11)

    assert home.state == "online"
    assert not home.queued
    assert not +home.found


@pytest.mark.fault(9)
def test_another_disk_at_the_same_place_takes_nothing_away(home):
    home.put("song.flac")
    home.scan()
    home.music.rename(home.music.parent / "disk")
    home.put("README.txt", b"NOT MOUNTED")
    home.scan()

    assert home.state == "offline"
    assert home.files == {b"song.flac"}


@pytest.mark.fault(9)
def test_an_absent_root_is_offline_from_the_start(home, tmp_path):
    home.open(tmp_path / "nas")
    home.after()

    assert (home.state, home.intake.scanned, home.intake.idle) == ("offline", True, True)
    assert home.intake.roots_status()[0]["why"] == "No such file or directory"


def test_an_offline_root_holds_up_no_other(home, tmp_path):
    home.put("song.flac")
    home.open(tmp_path / "nas", home.music)

    assert home.scan().files == {b"song.flac"}


def test_a_mass_disappearance_is_not_believed_until_confirmed(home):
    for n in range(100):
        home.put(f"{n}.flac")
    home.scan()
    for n in range(60):
        (home.music / f"{n}.flac").unlink()
    home.scan()
    assert home.state == "offline"
    assert "60 of 100 files are gone" in home.intake.roots_status()[0]["why"]
    home.scan()
    assert len(home.files) == 100

    home.confirm()
    home.scan()

    assert len(home.files) == 40
    assert home.state == "online"


def test_a_mass_disappearance_that_ends_is_forgotten(home):
    for n in range(100):
        home.put(f"disk/{n}.flac")
    home.put("song.flac")
    home.scan().heard()
    (home.music / "disk").rename(home.music.parent / "disk")
    home.scan()
    assert home.state == "offline"

    (home.music.parent / "disk").rename(home.music / "disk")
    home.scan()

    assert (home.state, len(home.files)) == ("online", 101)
    assert not home.queued


def test_the_last_file_may_go_when_it_is_confirmed(home):
    song = home.put("song.flac")
    home.scan()
    song.unlink()
    home.scan()
    assert home.state == "offline"

    home.confirm()
    home.scan()
    home.scan()

    assert (home.state, home.files) == ("online", set())


def test_a_root_that_is_online_cannot_be_confirmed(home):
    home.put("song.flac")
    home.scan()

    with pytest.raises(UsageError, match="nothing is missing"):
        home.confirm()


def test_a_confirmation_holds_for_one_disappearance(home):
    song = home.put("song.flac")
    home.scan()
    song.unlink()
    home.scan()
    home.confirm()
    home.scan()
    home.scan()
    song = home.put("song.flac")
    home.scan()
    song.unlink()

    home.scan()

    assert home.state == "offline"


def refusing(path, real=os.scandir):
    """Refuse to look into one folder."""
    if path.endswith(b"/locked"):
        raise PermissionError(13, "Permission denied")
    return real(path)


@pytest.mark.fault(10)
def test_a_folder_that_cannot_be_read_loses_nothing(home, monkeypatch):
    home.put("locked/song.flac")
    home.put("open/song.flac")
    home.scan()
    monkeypatch.setattr(os, "scandir", refusing)
    home.scan()

    assert home.files == {b"locked/song.flac", b"open/song.flac"}
    (root,) = home.intake.roots_status()
    assert root["degraded"] == "unreadable"
    assert "locked" in root["why"]


@pytest.mark.fault(10)
def test_a_folder_that_can_be_read_again_is_looked_into_without_a_scan(home, monkeypatch):
    home.put("locked/song.flac")
    home.put("song.flac")
    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refusing)
        home.scan()
        assert home.files == {b"song.flac"}
    home.after(3)
    home.after(11)

    assert home.files == {b"locked/song.flac", b"song.flac"}
    assert home.intake.roots_status()[0]["degraded"] is None


# --- moved or deleted --------------------------------------------------------------


def song(sound, tags=b""):
    return FLAC + b"%d|" % sound + tags


def offered(home):
    return Backlog(home.database, Wanted(Tier.QUICK)).ready(1000)


def listen(home):
    """Hear everything that is offered: what a song holds before the bar is its sound."""
    backlog = Backlog(home.database, Wanted(Tier.QUICK))
    for job in backlog.ready(1000):
        sound = Path(os.fsdecode(job.path)).read_bytes().split(b"|")[0].hex()
        assert backlog.lease(job)
        assert backlog.save([(job, analysis(sound, Tier.QUICK))]) == [job]


def ids(home):
    """Return the id of every sound in the library."""
    return {bytes.fromhex(h): n for h, n in home.query(
        "SELECT hash, min(file.id) FROM file JOIN audio ON audio.id = audio_id "
        "WHERE missing_since IS NULL GROUP BY audio_id")}  # fmt: skip


def library(home, songs):
    """Let so many songs be known and heard."""
    for n in range(songs):
        home.put(f"old/{n}.flac", song(n))
    home.scan()
    listen(home)
    home.found.clear()
    return ids(home)


def refile(home, songs, folder=None):
    """Move songs and write new tags into them."""
    for n in range(songs):
        (home.music / f"old/{n}.flac").unlink()
        new = (folder or home.music / "new") / f"{n}.flac"
        new.parent.mkdir(exist_ok=True)
        new.write_bytes(song(n, b"new tags"))


def test_what_moved_with_new_tags_is_not_deleted_while_nobody_has_listened(home):
    before = library(home, 3)
    refile(home, 1)
    home.scan()
    assert ids(home) == before
    assert home.found["vanished"] == 0
    assert "1 files are gone, or moved" in home.intake.roots_status()[0]["why"]

    listen(home)
    home.after(6)

    assert ids(home) == before
    assert home.files == {b"new/0.flac", b"old/1.flac", b"old/2.flac"}
    assert home.found["vanished"] == 0
    assert home.intake.roots_status()[0]["why"] is None


def test_a_deletion_is_believed_at_once_when_nothing_is_new(home):
    library(home, 3)
    (home.music / "old/0.flac").unlink()
    home.scan()

    assert home.found["vanished"] == 1


def test_a_deletion_is_believed_in_the_end_though_new_music_waits(home):
    library(home, 3)
    (home.music / "old/0.flac").unlink()
    home.put("new/9.flac", song(9))
    home.scan()
    home.after(SEARCH_S - 20)
    assert home.found["vanished"] == 0

    home.after(30)

    assert home.found["vanished"] == 1
    assert home.files == {b"new/9.flac", b"old/1.flac", b"old/2.flac"}


def test_a_mass_that_moved_with_new_tags_is_no_disappearance(home):
    before = library(home, 100)
    refile(home, 60)
    home.scan()
    assert home.state == "online"

    listen(home)
    home.after(6)

    assert (home.state, ids(home), len(home.files)) == ("online", before, 100)
    assert home.found["vanished"] == 0


def test_in_a_root_that_lost_too_much_what_turns_up_is_heard_and_ends_the_doubt(home):
    before = library(home, 100)
    for n in range(60):
        (home.music / f"old/{n}.flac").unlink()
    home.scan()
    assert home.state == "offline"
    for n in range(60):
        home.put(f"new/{n}.flac", song(n, b"new tags"))
    home.scan()

    listen(home)
    home.scan().after(1)

    assert (home.state, ids(home), len(home.files)) == ("online", before, 100)
    assert home.found["vanished"] == 0


def test_what_is_lost_is_offered_to_nobody_until_it_is_back(home):
    for n in range(100):
        home.put(f"disk/{n}.flac", song(n))
    home.put("song.flac")
    home.scan()
    (home.music / "disk").rename(home.music.parent / "disk")
    home.scan()
    assert home.state == "offline"
    assert [job.path.rpartition(b"/")[2] for job in offered(home)] == [b"song.flac"]

    (home.music.parent / "disk").rename(home.music / "disk")
    home.scan()

    assert (home.state, len(offered(home))) == ("online", 101)


def test_a_root_of_which_everything_moved_to_another_was_not_unplugged(home, tmp_path):
    before = library(home, 10)
    (tmp_path / "other").mkdir()
    home.open(home.music, tmp_path / "other")
    home.scan()
    refile(home, 10, tmp_path / "other")
    (home.music / "old").rmdir()
    home.scan()

    listen(home)
    home.after(6)

    assert ids(home) == before
    assert home.query("SELECT count(*), min(root_id) FROM file") == [(10, 2)]
    assert {root["state"] for root in home.intake.roots_status()} == {"online"}


def test_another_disk_takes_nothing_away_even_where_there_is_a_copy(home, tmp_path):
    library(home, 3)
    (tmp_path / "copy").mkdir()
    shutil.copytree(home.music, tmp_path / "copy", dirs_exist_ok=True)
    home.open(home.music, tmp_path / "copy")
    home.scan()
    listen(home)
    home.music.rename(home.music.parent / "disk")
    home.put("README.txt", b"NOT MOUNTED")
    home.scan()

    assert home.query("SELECT count(*), sum(root_id = 1), sum(lost) FROM file WHERE candidate") == [
        (6, 3, 0)
    ]


# --- the store, the settings, the music ------------------------------------------


@pytest.mark.fault(43)
def test_a_busy_store_loses_nothing(home, monkeypatch):
    home.put("song.flac")
    real, failures = home.tracks.apply, [StoreBusy("locked", 1.0)] * 2

    def busy(differences):
        if failures:
            raise failures.pop()
        real(differences)

    monkeypatch.setattr(home.tracks, "apply", busy)
    for _ in range(6):
        home.after(11)

    assert not failures
    assert home.files == {b"song.flac"}


def test_a_store_that_is_busy_while_files_are_missed_forgets_no_absence(home, monkeypatch):
    library(home, 3)
    real, failures = home.tracks.lose, [StoreBusy("locked", 1.0)] * 2

    def busy(gone):
        if failures:
            raise failures.pop()
        return real(gone)

    monkeypatch.setattr(home.tracks, "lose", busy)
    (home.music / "old/0.flac").unlink()
    home.scan()
    for _ in range(6):
        home.after(11)

    assert not failures
    assert home.files == {b"old/1.flac", b"old/2.flac"}


@pytest.mark.fault(41)
def test_a_full_database_loses_nothing(home):
    song, _ = home.put("song.flac"), home.put("other.flac")
    home.scan()
    with home.database.transaction() as write:
        (pages,) = write.execute("PRAGMA page_count").fetchone()
    home.database._connection.execute(f"PRAGMA max_page_count={pages}")
    song.unlink()
    for n in range(300):
        home.put("x" * 200 + f"{n}.flac")
    home.scan()
    assert len(home.files) < 300

    home.database._connection.execute("PRAGMA max_page_count=1000000")
    for _ in range(5):
        home.after(20)

    assert len(home.files) == 301


def test_a_root_can_be_added_and_removed_while_running(home, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "song.flac").write_bytes(FLAC)
    home.put("old.flac")
    home.scan()
    home.intake.reload(WatchSettings(music_paths=(other,)))
    home.scan()

    assert [status["path"] for status in home.intake.roots_status()] == [str(other)]
    assert home.files == {b"old.flac", b"song.flac"}


def test_a_bad_reload_changes_nothing(home, tmp_path):
    with pytest.raises(BadConfig):
        home.intake.reload(WatchSettings(music_paths=(tmp_path, home.music)))
    home.put("song.flac")

    assert home.scan().files == {b"song.flac"}


def test_the_periodic_scan_finds_what_no_event_told(home):
    home.after()
    home.put("song.flac")
    home.after(899)
    home.after(11)
    home.after(11)

    assert home.files == {b"song.flac"}


def test_the_music_is_not_touched(home):
    def snapshot():
        found = {}
        for path in sorted(home.music.rglob("*")):
            stat = path.stat()
            content = path.read_bytes() if path.is_file() else sorted(path.iterdir())
            found[path] = (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, stat.st_mode, content)
        return found

    for name in ("a/1.flac", "a/cover.jpg", "b/2.mp3", "b/.part/3.flac", "text.txt"):
        home.put(name)
    os.mkfifo(home.music / "pipe.flac")
    (home.music / "pipe.flac").unlink()
    before = snapshot()
    home.open(home.music, watching=True)
    home.scan().scan()
    home.intake.close()

    assert snapshot() == before


# --- events ----------------------------------------------------------------------


@pytest.fixture
def listening(home):
    home.put("album/old.flac")
    home.years_later_s = 3600
    home.open(home.music, watching=True)
    home.after()
    home.years_later_s = 0
    home.heard()
    return home


@pytest.mark.fault(4)
def test_where_events_are_in_doubt_scans_are_more_frequent(home, tmp_path, monkeypatch):
    table = tmp_path / "mountinfo"
    table.write_text(f"1 0 0:1 / / rw - ext4 a rw\n2 1 0:2 / {home.music} rw - nfs4 b rw\n")
    monkeypatch.setattr(mounts, "TABLE", table)
    home.open(home.music, watching=True)
    home.scan()
    home.put("new.flac")
    home.after(250)
    assert not home.landed

    home.after(50)
    home.after(31)

    assert home.landed == [b"new.flac"]
    (status,) = home.intake.roots_status()
    assert (status["state"], status["degraded"]) == ("online", "network")
    assert home.metrics.watch_roots.labels("degraded")._value.get() == 1


def test_watching_is_told(listening):
    (status,) = listening.intake.roots_status()

    assert status == {
        "path": str(listening.music),
        "mode": "events",
        "state": "online",
        "degraded": None,
        "why": None,
        "settling": 0,
        "open": 0,
    }
    assert listening.metrics.watches._value.get() == 2


def test_a_closed_file_is_queued_after_its_short_quiet(listening):
    listening.put("album/song.flac")
    assert listening.until(lambda: not listening.intake.idle)
    began = listening.now

    assert listening.until(lambda: listening.queued)
    assert 1.5 < listening.now - began < 6


def test_a_file_that_is_still_open_waits_longer(listening):
    with (listening.music / "album" / "song.flac").open("wb") as song:
        song.write(FLAC)
        song.flush()
        listening.until(lambda: not listening.intake.idle)
        listening.after(3)
        assert not listening.queued
    assert listening.until(lambda: listening.queued == {b"album/song.flac": 1})


def test_an_album_moved_in_is_queued_at_once(listening, tmp_path):
    album = tmp_path / "new album"
    album.mkdir()
    for n in range(12):
        (album / f"{n}.flac").write_bytes(FLAC)
    listening.years_later_s = 3600
    album.rename(listening.music / "new album")

    assert listening.until(lambda: len(listening.queued) == 12, limit_s=3)


def test_a_deleted_album_vanishes(listening):
    shutil.rmtree(listening.music / "album")
    listening.put("other.flac")

    assert listening.until(lambda: listening.found["vanished"] == 1)


def test_a_renamed_album_moves(listening):
    (listening.music / "album").rename(listening.music / "renamed")

    assert listening.until(lambda: listening.files == {b"renamed/old.flac"})
    assert not listening.queued
    assert listening.metrics.scan_differences.labels("moved")._value.get() == 1


@pytest.mark.fault(1)
def test_ten_thousand_files_in_a_hurry_are_all_found(listening):
    for folder in range(100):
        (listening.music / f"{folder}").mkdir()
        for n in range(100):
            (listening.music / f"{folder}" / f"{n}.flac").touch()
    listening.years_later_s = 3600

    assert listening.until(lambda: len(listening.files) == 10_001, limit_s=30)


def test_an_observer_that_died_is_replaced_and_nothing_is_lost(listening):
    (folder,) = listening.intake._folders.values()
    descriptor = folder.lookout._observer._observer.descriptor
    descriptor.stop()
    descriptor.join()
    listening.put("album/song.flac")
    listening.after(3)
    listening.after(1.5)
    listening.after(11)
    listening.put("album/later.flac")

    assert listening.until(lambda: len(listening.queued) == 2)
    assert listening.metrics.watch_rebuilds.labels("thread")._value.get() == 1


@pytest.mark.fault(8)
def test_a_root_that_comes_back_is_watched_again(listening):
    disk = listening.music.rename(listening.music.parent / "disk")
    listening.after(3)
    assert listening.state == "offline"
    disk.rename(listening.music)
    listening.after(6)
    listening.after(2)
    listening.put("album/song.flac")

    assert listening.until(lambda: listening.queued == {b"album/song.flac": 1})


def test_an_event_in_the_top_folder_reads_no_more_than_its_name(listening, monkeypatch):
    real, read = listening.tracks.known, []

    def spying(*place, **after):
        for known in real(*place, **after):
            read.append(known.relpath)
            yield known

    monkeypatch.setattr(listening.tracks, "known", spying)
    listening.put("song.flac")

    assert listening.until(lambda: listening.queued)
    assert set(read) <= {b"song.flac"}


def test_events_are_counted(listening):
    listening.put("song.flac")
    listening.until(lambda: listening.queued)

    assert listening.metrics.watch_events.labels("closed")._value.get() == 1


# --- threads ---------------------------------------------------------------------


@pytest.fixture
def running(home, tmp_path):
    """The real loop, with real threads and real time."""
    other = tmp_path / "other"
    other.mkdir()
    intake = home.open(other, home.music, watching=True, settle_closed_seconds=0.1)
    stop = threading.Event()
    thread = threading.Thread(target=intake.run, args=(stop,))
    thread.start()
    yield home
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def eventually(claim, limit_s=10.0):
    end = time.monotonic() + limit_s
    while not claim() and time.monotonic() < end:
        time.sleep(0.02)
    return claim()


def test_a_file_in_a_running_loop_is_queued(running):
    assert eventually(lambda: running.intake.scanned)
    running.put("song.flac")

    assert eventually(lambda: running.queued == {b"song.flac": 1})


def test_a_root_that_hangs_holds_up_no_other(home, tmp_path, monkeypatch):
    other = tmp_path / "hanging"
    other.mkdir()
    answer = threading.Event()
    real = os.scandir

    def hanging(path):
        if path == os.fsencode(other):
            answer.wait(20)
        return real(path)

    monkeypatch.setattr(os, "scandir", hanging)
    monkeypatch.setattr("playlista.intake.intake.HUNG_S", 0.5)
    intake = home.open(other, home.music)
    stop = threading.Event()
    thread = threading.Thread(target=intake.run, args=(stop,))
    thread.start()
    home.years_later_s = 3600
    home.put("song.flac")

    assert eventually(lambda: intake.roots_status() and intake.roots_status()[0]["state"] == "hung")
    intake.request_scan()
    assert eventually(lambda: home.files == {b"song.flac"})
    assert eventually(lambda: intake.scanned and intake.idle)
    answer.set()
    stop.set()
    thread.join(10)


def test_a_disk_that_never_says_where_it_leads_holds_up_neither_start_nor_reload(
    home, tmp_path, monkeypatch
):
    answer = threading.Event()
    real = os.path.realpath

    def hanging(path, **how):
        if os.fsencode(path) == os.fsencode(tmp_path / "nas"):
            answer.wait(20)
        return real(path, **how)

    monkeypatch.setattr(os.path, "realpath", hanging)
    monkeypatch.setattr("playlista.intake.intake.HUNG_S", 0.5)
    intake = home.open(tmp_path / "nas", home.music)
    stop = threading.Event()
    thread = threading.Thread(target=intake.run, args=(stop,))
    thread.start()
    home.years_later_s = 3600
    home.put("song.flac")
    intake.reload(WatchSettings(music_paths=(tmp_path / "nas", home.music)))

    assert eventually(lambda: home.files == {b"song.flac"})
    assert eventually(lambda: "hung" in {root["state"] for root in intake.roots_status()})
    answer.set()
    stop.set()
    thread.join(10)


def test_a_root_with_two_names_is_looked_at_once(home):
    home.put("song.flac")
    (home.music.parent / "zzz").symlink_to(home.music)
    home.open(home.music.parent / "zzz", home.music)
    home.scan()

    states = {root["path"]: root["state"] for root in home.intake.roots_status()}
    assert states == {str(home.music): "online", str(home.music.parent / "zzz"): "offline"}
    assert home.landed == [b"song.flac"]


def test_our_own_folder_is_found_through_a_link(home):
    home.put("lists/one.flac")
    home.put("song.flac")
    (home.music.parent / "link").symlink_to(home.music)
    home.open(home.music.parent / "link")

    assert home.scan().files == {b"song.flac"}


@pytest.mark.fault(14)
def test_a_bug_in_a_folder_ends_the_loop_loudly(home, monkeypatch):
    monkeypatch.setattr(home.tracks, "known", lambda *_, **__: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        home.intake.run(threading.Event())


def test_a_file_that_is_settling_is_announced(home):
    home.scan()
    home.put("song.flac")
    home.intake.request_scan()

    home.after(1)

    assert (home.found["expected"], home.found["new"]) == (1, 0)


def test_a_root_taken_out_of_the_configuration_waits_with_its_tracks(home):
    home.put("song.flac")
    home.scan()
    (home.music.parent / "other").mkdir()

    home.intake.reload(WatchSettings(music_paths=(home.music.parent / "other",)))
    home.after(1)

    states = {root.path: root.state for root in home.tracks.roots()}
    assert states[os.fsencode(home.music)] == "unwatched"
    assert home.files == {b"song.flac"}


def test_the_tracks_of_an_unwatched_root_leave_when_that_is_confirmed(home):
    home.put("song.flac")
    home.scan()
    (home.music.parent / "other").mkdir()
    home.intake.reload(WatchSettings(music_paths=(home.music.parent / "other",)))
    home.after(1)

    home.confirm()

    assert home.files == set()


def test_a_root_that_is_configured_again_is_watched_again(home):
    home.put("song.flac")
    home.scan()
    (home.music.parent / "other").mkdir()
    home.intake.reload(WatchSettings(music_paths=(home.music.parent / "other",)))
    home.after(1)

    home.intake.reload(WatchSettings(music_paths=(home.music,)))
    home.scan()

    assert (home.state, home.files) == ("online", {b"song.flac"})
