"""Mounts below a root, as a table of mounts tells them; with real ones: tests/faults."""

import logging
import os
import shutil

import pytest

from homes import Home, other_inode
from playlista import mounts
from playlista.errors import UsageError
from playlista.watch.absence import MASS_N
from playlista.watch.names import parent


class Machine(Home):
    """A home whose table of mounts is in our hands, and with it what is plugged in."""

    def __init__(self, base, registry):
        self.shelf = base / "unplugged"
        super().__init__(base, registry)
        self.table = base / "mountinfo"
        self.plugged = {}
        self.mount()

    def mount(self, place=b"", kind="ext4", device="8:17"):
        """Note a file system at a place below the root; no place is none at all."""
        if place:
            self.plugged[place] = (kind, device)
        lines = [b"1 1 8:1 / / rw - ext4 /dev/sda1 rw\n"]
        numbers = {at: number for number, at in enumerate(sorted(self.plugged), 2)}
        for at, (type_, disk) in self.plugged.items():
            above = numbers.get(parent(at), 1)
            point = os.fsencode(self.music) + b"/" + at
            words = b"%d %d %s / %s rw - %s /dev/disk rw\n"
            lines.append(words % (numbers[at], above, disk.encode(), point, type_.encode()))
        self.table.write_bytes(b"".join(lines))

    def unplug(self, name):
        """Take a disk away, with all that is on it."""
        (self.music / name).rename(self.shelf)
        (self.music / name).mkdir()
        del self.plugged[os.fsencode(name)]
        self.mount()

    def plug_in(self, name):
        """Bring it back."""
        shutil.rmtree(self.music / name)
        self.shelf.rename(self.music / name)
        self.mount(os.fsencode(name))

    @property
    def why(self):
        (status,) = self.intake.roots_status()
        return status["why"]


@pytest.fixture
def home(tmp_path, registry, monkeypatch):
    home = Machine(tmp_path, registry)
    monkeypatch.setattr(mounts, "TABLE", home.table)
    yield home
    home.intake.close()
    home.database.close()


@pytest.fixture
def nas(home):
    """One song of the root's own, and two on a disk below it."""
    home.put("own.flac")
    home.put("nas/one.flac")
    home.put("nas/two.flac")
    home.mount(b"nas")
    home.scan().heard()
    return home


def test_files_on_a_mount_that_is_gone_are_kept_and_the_remedy_is_said(nas):
    nas.unplug("nas")
    nas.scan()

    assert nas.files == {b"own.flac", b"nas/one.flac", b"nas/two.flac"}
    assert nas.state == "online"
    assert "nas is not mounted: 2 files are kept" in nas.why
    assert f"playlista roots confirm {nas.music}" in nas.why


def test_a_person_who_asks_the_database_is_told_the_same(nas):
    nas.unplug("nas")
    nas.scan()

    (root,) = nas.tracks.roots()
    assert root.why == nas.why


def test_a_mount_that_returns_is_as_it_was(nas):
    nas.unplug("nas")
    nas.scan()
    nas.plug_in("nas")
    nas.scan()

    assert nas.why is None
    assert not +nas.found
    assert not nas.queued


def test_what_could_not_be_read_meanwhile_is_ready_when_the_mount_returns(nas):
    nas.put("nas/queued.flac")
    nas.scan()
    with nas.database.transaction() as write:
        write.execute("UPDATE job SET state = 'waiting', reason = 'unavailable'")
    nas.unplug("nas")
    nas.scan()
    before = nas.query("SELECT state FROM job")
    nas.plug_in("nas")
    nas.scan()

    assert (before, nas.query("SELECT state FROM job")) == ([("waiting",)], [("ready",)])


def test_the_loss_of_a_large_mount_is_no_mass_disappearance(nas):
    for number in range(2 * MASS_N):
        nas.put(f"nas/{number}.flac")
    nas.scan()
    nas.unplug("nas")
    nas.scan()

    assert nas.state == "online"
    assert len(nas.files) == 3 + 2 * MASS_N


def test_the_rest_of_the_root_lives_on_without_it(nas):
    nas.put("other.flac")
    nas.scan()
    nas.unplug("nas")
    (nas.music / "own.flac").unlink()
    nas.put("new.flac")
    nas.scan()

    assert nas.files == {b"other.flac", b"new.flac", b"nas/one.flac", b"nas/two.flac"}


def test_while_it_is_gone_nothing_waits_to_be_believed(nas):
    nas.unplug("nas")
    nas.intake.request_scan()
    nas.after(1)

    assert nas.intake.idle


def test_what_is_written_to_the_empty_mount_point_is_not_taken(nas):
    nas.unplug("nas")
    nas.put("nas/astray.flac")
    nas.scan()

    assert b"nas/astray.flac" not in nas.landed


def test_a_mount_that_is_missing_at_the_start_is_missed(nas):
    nas.unplug("nas")
    nas.intake.close()
    nas.open(nas.music)
    nas.scan()

    assert nas.files == {b"own.flac", b"nas/one.flac", b"nas/two.flac"}
    assert "nas is not mounted" in nas.why


def test_files_that_were_gone_before_the_table_said_why_are_kept(nas):
    shutil.rmtree(nas.music / "nas")
    nas.intake.request_scan()
    nas.after(1)
    del nas.plugged[b"nas"]
    nas.mount()
    nas.after(11)

    assert nas.files == {b"own.flac", b"nas/one.flac", b"nas/two.flac"}


def test_another_disk_in_its_place_takes_nothing_away_and_nothing_in(nas):
    nas.unplug("nas")
    nas.put("nas/stranger.flac")
    nas.mount(b"nas", device="8:33")
    nas.scan()

    assert nas.files == {b"own.flac", b"nas/one.flac", b"nas/two.flac"}
    assert b"nas/stranger.flac" not in nas.landed
    assert "nas is empty, or another disk" in nas.why
    nas.plug_in("nas")
    assert nas.scan().why is None


def test_a_disk_that_got_another_number_is_the_same(nas):
    nas.mount(b"nas", device="8:33")

    assert nas.scan().why is None


def test_a_mount_that_is_emptied_where_it_is_loses_its_files(nas):
    (nas.music / "nas" / "one.flac").unlink()
    (nas.music / "nas" / "two.flac").unlink()
    nas.scan()

    assert nas.files == {b"own.flac"}
    assert nas.why is None


def test_what_a_person_confirms_to_be_gone_leaves(nas):
    nas.unplug("nas")
    nas.scan()
    nas.confirm()
    nas.scan()

    assert nas.files == {b"own.flac"}
    assert nas.why is None
    assert nas.query("SELECT confirmed, mounts FROM root") == [(0, "[]")]


def test_of_another_disk_that_a_person_confirms_everything_is_taken(nas):
    nas.unplug("nas")
    nas.put("nas/stranger.flac")
    nas.mount(b"nas", device="8:33")
    nas.scan()
    nas.confirm()
    nas.scan()

    assert nas.files == {b"own.flac", b"nas/stranger.flac"}


def test_without_a_loss_there_is_nothing_to_confirm(nas):
    with pytest.raises(UsageError):
        nas.confirm()


def test_a_confirmation_is_not_spent_on_something_else(nas):
    nas.unplug("nas")
    nas.put("other.flac")
    nas.scan()
    (nas.music / "own.flac").unlink()
    nas.intake.request_scan()
    nas.after(1)
    nas.confirm()
    nas.after(11)
    nas.scan()

    assert nas.files == {b"other.flac"}


def test_what_is_lost_after_a_confirmation_is_kept(nas):
    nas.put("usb/three.flac")
    nas.mount(b"usb")
    nas.scan()
    nas.unplug("nas")
    nas.scan().confirm()
    nas.shelf = nas.shelf.with_name("usb unplugged")
    nas.unplug("usb")
    nas.scan()

    nas.scan()

    assert nas.files == {b"own.flac", b"nas/one.flac", b"nas/two.flac", b"usb/three.flac"}
    assert "3 files are kept" in nas.why


def test_a_mount_without_music_is_not_missed(nas):
    nas.put("papers/letter.txt")
    nas.mount(b"papers")
    nas.scan()
    nas.heard()
    with nas.database.transaction() as write:
        write.execute("DELETE FROM file WHERE relpath = ?", (b"papers/letter.txt",))
    nas.unplug("papers")

    assert nas.scan().why is None


def test_a_share_below_a_root_is_scanned_more_often_and_says_why(nas, caplog):
    nas.mount(b"nas", kind="fuse.sshfs")
    nas.scan()

    nas.scan()

    (status,) = nas.intake.roots_status()
    assert (status["state"], status["degraded"]) == ("online", "network")
    assert status["why"].startswith("nas: on fuse.sshfs")
    assert caplog.text.count("not fully watched") == 1


@pytest.mark.fault(9)
def test_another_inode_is_no_change_on_a_share_below_a_root(nas):
    nas.mount(b"nas", kind="fuse.sshfs")
    nas.scan().heard()
    other_inode(nas.music / "nas" / "one.flac")
    other_inode(nas.music / "own.flac")
    nas.scan()

    assert nas.queued == {b"own.flac": 1}


def test_of_mounts_in_each_other_the_files_are_counted_once(nas):
    nas.put("nas/phone/three.flac")
    nas.mount(b"nas/phone", device="8:33")
    nas.scan()
    del nas.plugged[b"nas/phone"]
    nas.unplug("nas")

    assert "nas is not mounted: 3 files are kept" in nas.scan().why


def test_a_mount_is_remembered_whatever_its_name(home):
    name = os.fsdecode(b"caf\xe9")
    home.put(f"{name}/one.flac")
    home.mount(os.fsencode(name))
    home.scan()
    home.intake.close()
    home.unplug(name)
    home.open(home.music)

    assert "caf\\xe9 is not mounted" in home.scan().why


def test_a_root_that_leads_elsewhere_now_is_asked_for_the_mounts_that_are_there(nas):
    nas.music.rename(nas.music.with_name("elsewhere"))
    nas.music.symlink_to("elsewhere")
    nas.table.write_bytes(nas.table.read_bytes().replace(b"/music/nas", b"/elsewhere/nas"))

    assert nas.scan().why is None
    assert nas.files == {b"own.flac", b"nas/one.flac", b"nas/two.flac"}


def test_another_disk_as_the_root_is_not_believed_though_a_mount_is_missing_too(nas):
    (nas.music / "own.flac").unlink()
    nas.put("stranger.flac")
    nas.unplug("nas")
    nas.music.rename(nas.music.with_name("old"))
    shutil.copytree(nas.music.with_name("old"), nas.music)
    nas.scan()

    assert nas.files >= {b"own.flac", b"nas/one.flac", b"nas/two.flac"}
    assert nas.state == "offline"


def test_a_file_system_of_the_kernels_own_is_not_entered_and_that_is_said_once(home, caplog):
    caplog.set_level(logging.INFO)
    home.put("jail/proc/one.flac")
    home.put("own.flac")
    home.mount(b"jail/proc", kind="proc", device="0:20")
    home.scan().scan()

    assert home.landed == [b"own.flac"]
    said = [record.getMessage() for record in caplog.records if "kernel" in record.getMessage()]
    assert len(said) == 1
    assert "jail/proc" in said[0]
