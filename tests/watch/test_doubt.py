import errno

import pytest

from playlista.watch.doubt import INSTANCES, WATCHES, Reason, of_error, of_kind


@pytest.mark.parametrize(
    "kind",
    ["nfs", "nfs4", "cifs", "smb3", "9p", "virtiofs", "ceph", "fuse.sshfs", "fuse.rclone"],
)
def test_other_machines_change_a_share(kind):
    assert of_kind(kind.encode()).reason is Reason.NETWORK


@pytest.mark.parametrize("kind", ["overlay", "fuse.mergerfs", "fuse"])
def test_other_programs_change_what_is_beneath(kind):
    assert of_kind(kind.encode()).reason is Reason.LAYERS


@pytest.mark.parametrize("kind", ["ext4", "btrfs", "xfs", "zfs", "tmpfs", "fuseblk", ""])
def test_a_disk_of_this_machine_is_in_no_doubt(kind):
    assert of_kind(kind.encode()) is None


def test_an_error_that_is_no_limit_is_told_as_the_kernel_does():
    assert of_error(OSError(errno.ENOSPC, "")) == WATCHES
    assert of_error(OSError(errno.EMFILE, "")) == INSTANCES
    assert of_error(PermissionError(errno.EACCES, "Permission denied")).why == "Permission denied"
