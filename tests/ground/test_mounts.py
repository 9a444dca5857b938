"""The table of mounts: lines as kernels wrote them, and the table of this machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from playlista import mounts
from playlista.mounts import NETWORK, PSEUDO, Changes, below, of, read

NAS = rb"""
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
22 21 0:20 / /proc rw,nosuid,nodev,noexec shared:5 master:3 - proc proc rw
30 21 0:50 / /srv/my\040music rw shared:9 - nfs4 nas:/music rw,vers=4.2,addr=10.0.0.2
31 30 0:51 / /srv/my\040music/phone ro - fuse.sshfs phone:/ ro
40 21 8:17 /albums /srv/albums rw - ext4 /dev/sdb1 rw
""".lstrip()


def kind(path: bytes, table: bytes = NAS) -> bytes | None:
    mount = of(path, read(table))
    return mount and mount.kind


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (b"/", b"ext4"),
        (b"/home", b"ext4"),
        (b"/proc/self", b"proc"),
        (b"/srv/my music", b"nfs4"),
        (b"/srv/my music/a/b.flac", b"nfs4"),
        (b"/srv/my music/phone/a.mp3", b"fuse.sshfs"),
        (b"/srv/albums/a", b"ext4"),
    ],
)
def test_a_path_is_on_the_innermost_mount(path, expected):
    assert kind(path) == expected


def test_a_name_that_only_begins_like_a_mount_is_not_on_it():
    assert kind(b"/srv/my musical") == b"ext4"


def test_what_is_mounted_over_a_folder_hides_the_mounts_below_it():
    over = NAS + b"50 21 0:60 / /srv rw - tmpfs tmpfs rw\n"

    assert kind(b"/srv/my music/a.flac", over) == b"tmpfs"


def test_of_two_mounts_on_one_folder_the_later_counts():
    twice = NAS + b"50 40 0:60 / /srv/albums rw - tmpfs tmpfs rw\n"

    assert kind(b"/srv/albums/a", twice) == b"tmpfs"


@pytest.mark.parametrize("name", [b"a\rb", b"a\x0bb", b"a\x0cb", b"a\xff"])
def test_a_mount_may_have_any_name(name):
    table = read(NAS + b"50 21 0:60 / /srv/" + name + b" rw - tmpfs tmpfs rw\n")

    assert below(b"/srv", table)[name].kind == b"tmpfs"


def test_a_root_that_is_its_own_parent_is_no_ring():
    assert kind(b"/a", b"1 1 0:2 / / rw - rootfs rootfs rw\n") == b"rootfs"


def test_a_table_without_a_root_says_nothing_of_what_is_outside():
    assert kind(b"/home", b"40 21 8:17 / /srv rw - ext4 /dev/sdb1 rw\n") is None


def test_below_a_folder_are_the_mounts_that_can_be_seen_there():
    places = {place: mount.kind for place, mount in below(b"/srv", read(NAS)).items()}

    assert places == {
        b"my music": b"nfs4",
        b"my music/phone": b"fuse.sshfs",
        b"albums": b"ext4",
    }


def test_below_the_root_of_all_is_every_other_mount():
    assert b"proc" in below(b"/", read(NAS))
    assert b"" not in below(b"/", read(NAS))


def test_a_mount_is_not_below_itself_nor_below_what_only_begins_like_it():
    assert not below(b"/srv/albums", read(NAS))
    assert not below(b"/srv/my", read(NAS))


def test_what_is_mounted_over_another_is_seen_in_its_place():
    over = read(NAS + b"50 40 0:60 / /srv/albums rw - tmpfs tmpfs rw\n")

    assert below(b"/srv", over)[b"albums"].kind == b"tmpfs"


def test_what_is_hidden_is_not_below():
    hidden = read(NAS + b"50 21 0:60 / /srv rw - tmpfs tmpfs rw\n")

    assert not below(b"/srv", hidden)


def test_what_is_mounted_over_what_is_mounted_over_hides_it_all_the_same():
    twice = read(
        NAS + b"50 40 0:60 / /srv/albums rw - tmpfs tmpfs rw\n"
        b"51 50 0:61 / /srv/albums/a rw - ext4 ext4 rw\n"
        b"52 50 0:62 / /srv/albums rw - xfs xfs rw\n"
    )

    assert below(b"/srv/albums", twice) == {}
    assert below(b"/srv", twice)[b"albums"].kind == b"xfs"


def test_two_folders_of_one_disk_are_two_mounts():
    inside = NAS.replace(b"/albums /srv", b"/others /srv")

    assert below(b"/srv", read(inside))[b"albums"] != below(b"/srv", read(NAS))[b"albums"]


@pytest.mark.parametrize("share", [b"nfs4", b"cifs", b"smb3", b"9p", b"virtiofs", b"fuse.sshfs"])
def test_a_share_of_another_machine_is_known_as_such(share):
    line = b"60 21 0:70 / /mnt/share rw,relatime shared:7 - %s server:/share rw\n" % share

    assert kind(b"/mnt/share/playlista.db", NAS + line) in NETWORK


def test_a_disk_of_this_machine_is_no_share():
    assert not NETWORK & {b"ext4", b"btrfs", b"xfs", b"zfs", b"overlay", b"fuse.mergerfs"}


@pytest.mark.skipif(sys.platform != "linux", reason="the table is Linux's own")
def test_this_machine_has_a_root_and_its_own_proc(tmp_path):
    table = mounts.table()

    assert of(b"/proc/self", table).kind in PSEUDO
    assert of(os.fsencode(tmp_path.resolve()), table).kind not in NETWORK | PSEUDO


@pytest.mark.needs("unshare", "util-linux")
def test_a_mount_of_ones_own_is_seen(tmp_path):
    look = (
        "import os, sys; from playlista import mounts\n"
        "print(mounts.of(os.fsencode(sys.argv[1]), mounts.table()).kind.decode())"
    )
    script = 'mount -t tmpfs none "$1" && exec "$0" -c "$2" "$1/a/b"'

    seen = subprocess.run(
        ["unshare", "-Ur", "-m", "sh", "-c", script, sys.executable, tmp_path.resolve(), look],
        capture_output=True,
        text=True,
        check=True,
    )

    assert seen.stdout == "tmpfs\n"


def test_where_there_is_no_table_there_is_no_mount_and_no_change(monkeypatch):
    monkeypatch.setattr(mounts, "TABLE", Path("/nowhere"))
    changes = Changes(b"/")

    assert mounts.table() == ()
    assert not changes.happened()
    changes.close()


LISTEN = """
import subprocess, sys
from playlista.mounts import Changes

changes = Changes(sys.argv[1].encode())
for line in sys.stdin:
    subprocess.run(line, shell=True, check=True)
    print(changes.happened(), changes.happened(), flush=True)
"""


@pytest.fixture
def tell(tmp_path):
    """Return a function that runs a command, and tells whether it changed mounts at music/.

    All in one process with mounts of its own; asked twice each time.
    """
    for name in ("music/disk", "music/other", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
    with subprocess.Popen(
        ["unshare", "-Ur", "-m", sys.executable, "-c", LISTEN, tmp_path.resolve() / "music"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:

        def run(command):
            process.stdin.write(command + "\n")
            process.stdin.flush()
            return process.stdout.readline().split()

        yield run
        process.stdin.close()


ONCE, NEVER = ["True", "False"], ["False", "False"]


@pytest.mark.needs("unshare", "util-linux")
def test_a_change_at_a_folder_or_below_it_is_told_once(tell):
    assert tell("true") == NEVER
    assert tell("mount -t tmpfs none music/disk") == ONCE
    assert tell("mount -t tmpfs none music/disk") == ONCE
    assert tell("umount music/disk") == ONCE
    assert tell("umount music/disk") == ONCE
    assert tell("mount -t tmpfs none music") == ONCE
    assert tell("umount music") == ONCE


@pytest.mark.needs("unshare", "util-linux")
def test_another_folder_of_the_same_disk_in_the_place_of_one_is_a_change(tell):
    assert tell("mount --bind music/other music/disk") == ONCE

    assert tell("umount music/disk; mount --bind elsewhere music/disk") == ONCE


@pytest.mark.needs("unshare", "util-linux")
def test_a_change_elsewhere_is_none(tell):
    assert tell("mount -t tmpfs none elsewhere") == NEVER
    assert tell("umount elsewhere") == NEVER
