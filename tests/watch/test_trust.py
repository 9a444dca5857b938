import pytest

from playlista.config.settings import WatchSettings
from playlista.watch.trust import adapted, is_weak


def test_a_share_waits_longer_whoever_closed_the_file():
    settings = adapted(WatchSettings(settle_network_seconds=45), b"nfs4")

    assert (settings.settle_seconds, settings.settle_closed_seconds) == (45, 45)


@pytest.mark.parametrize("kind", [b"ext4", b"exfat", b""])
def test_a_disk_of_this_machine_keeps_its_times(kind):
    assert adapted(WatchSettings(), kind) == WatchSettings()


@pytest.mark.parametrize(
    ("kind", "weak"),
    [(b"cifs", True), (b"fuse.sshfs", True), (b"exfat", True), (b"nfs4", False), (b"ext4", False)],
)
def test_signatures_are_weak_by_themselves_where_inodes_are_made_up(kind, weak):
    assert is_weak(WatchSettings(), kind) is weak


@pytest.mark.parametrize("kind", [b"cifs", b"ext4"])
def test_a_person_may_know_better(kind):
    assert is_weak(WatchSettings(signature="weak"), kind)
    assert not is_weak(WatchSettings(signature="full"), kind)
