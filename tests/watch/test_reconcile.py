import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlista.records import Known, Signature
from playlista.watch.names import is_within
from playlista.watch.reconcile import Arrived, Back, Gone, compare
from playlista.watch.scanner import Entry

SIGNATURE = Signature(dev=1, ino=10, size=1000, mtime_ns=5, ctime_ns=6)


def on_disk(relpath=b"song", **changes):
    return Entry(relpath, SIGNATURE._replace(**changes), regular=True)


def remembered(relpath=b"song", missing=False, file_id=7):
    return Known(file_id, 1, relpath, SIGNATURE, missing)


def differences(entries, known, unreadable=()):
    return list(compare(entries, known, set(unreadable)))


def test_an_equal_signature_is_no_difference():
    assert not differences([on_disk()], [remembered()])


def test_a_weak_signature_that_agrees_is_the_same_file():
    weak = Entry(b"song", SIGNATURE.weakened(), regular=True)

    assert differences([weak], [remembered()]) == [Back(remembered(), weak.signature)]


def test_a_weak_signature_of_another_size_has_arrived():
    weak = Entry(b"song", SIGNATURE._replace(size=1).weakened(), regular=True)

    assert differences([weak], [remembered()]) == [Arrived(weak, known=True)]


def test_an_unknown_file_has_arrived():
    assert differences([on_disk()], []) == [Arrived(on_disk(), known=False)]


@pytest.mark.fault(29)
def test_a_tagger_that_restores_the_mtime_is_noticed_by_the_ctime():
    changed = on_disk(ctime_ns=9)

    assert differences([changed], [remembered()]) == [Arrived(changed, known=True)]


@pytest.mark.fault(29)
def test_an_older_mtime_is_a_change_like_any_other():
    changed = on_disk(mtime_ns=1)

    assert differences([changed], [remembered()]) == [Arrived(changed, known=True)]


def test_another_device_number_alone_is_the_same_file_after_a_reboot():
    entry = on_disk(dev=2)

    assert differences([entry], [remembered()]) == [Back(remembered(), entry.signature)]


def test_a_tombstone_whose_file_is_back_returns():
    gone = remembered(missing=True)
    entry = on_disk(ctime_ns=9)

    assert differences([entry], [gone]) == [Back(gone, entry.signature)]


def test_another_file_at_a_tombstone_is_new():
    entry = on_disk(size=3)

    assert differences([entry], [remembered(missing=True)]) == [Arrived(entry, known=False)]


def test_what_is_not_on_disk_is_gone():
    assert differences([], [remembered()]) == [Gone(remembered())]


def test_a_tombstone_does_not_go_twice():
    assert not differences([], [remembered(missing=True)])


def test_what_cannot_be_seen_is_not_gone():
    hidden, gone = remembered(b"locked/song", file_id=1), remembered(b"open/song", file_id=2)

    assert differences([], [hidden, gone], {b"locked"}) == [Gone(gone)]


@given(st.sets(st.binary(min_size=1, max_size=2)), st.sets(st.binary(min_size=1, max_size=2)))
def test_every_path_of_either_side_is_judged_once(disk, database):
    found = differences(map(on_disk, sorted(disk)), map(remembered, sorted(database)))

    arrived = {d.entry.relpath for d in found if isinstance(d, Arrived)}
    gone = {d.known.relpath for d in found if isinstance(d, Gone)}
    assert (arrived, gone) == (disk - database, database - disk)
    assert len(found) == len(arrived) + len(gone)


PATHS = st.sampled_from([b"a", b"a!", b"a/1", b"a/b/1", b"a/b/2", b"a0", b"b", b"b/1", b"c"])
INODES = st.integers(1, 2)


@given(
    st.dictionaries(PATHS, INODES),
    st.dictionaries(PATHS, st.tuples(INODES, st.booleans())),
    st.sets(st.sampled_from([b"a", b"a/b", b"c"])),
)
def test_side_by_side_finds_what_a_comparison_of_sets_finds(disk, database, unreadable):
    disk = {path: ino for path, ino in disk.items() if not is_within(path, unreadable)}
    rows = {
        path: remembered(path, missing)._replace(signature=SIGNATURE._replace(ino=ino))
        for path, (ino, missing) in database.items()
    }

    found = differences(
        (on_disk(path, ino=disk[path]) for path in sorted(disk)),
        (rows[path] for path in sorted(rows)),
        unreadable,
    )

    arrived = {d.entry.relpath: d.known for d in found if isinstance(d, Arrived)}
    same = {path for path in disk if path in rows and rows[path].signature.ino == disk[path]}
    assert arrived == {
        path: path in rows and not rows[path].missing for path in disk if path not in same
    }
    back = {d.known.relpath for d in found if isinstance(d, Back)}
    assert back == {path for path in same if rows[path].missing}
    gone = {d.known.relpath for d in found if isinstance(d, Gone)}
    assert gone == {
        path
        for path, row in rows.items()
        if path not in disk and not row.missing and not is_within(path, unreadable)
    }
    assert len(found) == len(arrived) + len(back) + len(gone)


def test_neither_side_is_read_ahead():
    read = []

    def reading(side, files):
        for file in files:
            read.append(side)
            yield file

    names = [b"%03d" % n for n in range(100)]
    list(
        compare(
            reading("disk", map(on_disk, names)), reading("rows", map(remembered, names)), set()
        )
    )

    ahead = [read[: n + 1].count("rows") - read[: n + 1].count("disk") for n in range(len(read))]
    assert {-1, 0, 1} >= set(ahead)
