import json

import pytest

from playlista.records import FileTags, How, Prints, Recognised, Tier
from shelf import Shelf, analysis, signature

RETAGGED = FileTags(title="New")
PACKETS_N = signature(1).size


def known(shelf: Shelf, **changes):
    """Let one recording be known."""
    prints = Prints("0a" * 16, "0b" * 24, PACKETS_N)
    return shelf.landed_and_heard(b"a.flac", 1, analysis("5e" * 16, prints=prints, **changes))


def recognise(shelf: Shelf, how=How.PACKETS, says=None):
    says = says or {How.PACKETS: "5e" * 16, How.FLAC: "0b" * 24}[how]
    job = shelf.leased()
    return job in shelf.backlog.save([(job, Recognised(how, says, RETAGGED))])


def held(shelf: Shelf):
    """Return what each file holds, and what it says of itself."""
    with shelf.database.reading() as read:
        rows = read.execute("SELECT relpath, audio_id, tags FROM file ORDER BY id")
        return {row[0]: (row[1], row[2] and json.loads(row[2])["title"]) for row in rows}


@pytest.mark.parametrize("how", How)
def test_a_copy_shares_what_was_heard_and_keeps_its_own_tags(shelf, how):
    known(shelf)
    shelf.land(b"b.flac", 2)

    assert recognise(shelf, how)
    assert held(shelf) == {b"a.flac": (1, "T"), b"b.flac": (1, "New")}
    assert shelf.states() == {}


def test_a_file_with_new_tags_says_so_and_owes_nothing(shelf):
    known(shelf)
    shelf.land(b"a.flac", 3)

    assert recognise(shelf)
    assert held(shelf) == {b"a.flac": (1, "New")}
    assert shelf.states() == {}


def test_what_a_recording_lacks_is_still_owed_to_its_copy(shelf):
    known(shelf, tier=Tier.QUICK)
    shelf.land(b"b.flac", 2)

    offered = {job.path: job for job in shelf.backlog.ready(9)}
    copy = offered[b"/music/b.flac"]
    assert shelf.backlog.lease(copy)
    assert shelf.backlog.save([(copy, Recognised(How.PACKETS, "5e" * 16))]) == [copy]
    assert {job.path: job.upgrade for job in shelf.backlog.ready(9)} == {
        b"/music/a.flac": True,
        b"/music/b.flac": True,
    }


def test_what_is_heard_for_one_copy_is_owed_to_no_other(shelf):
    known(shelf, tier=Tier.QUICK)
    shelf.land(b"b.flac", 2)
    copy = next(job for job in shelf.backlog.ready(9) if job.path.endswith(b"b.flac"))
    shelf.backlog.lease(copy)
    shelf.backlog.save([(copy, Recognised(How.PACKETS, "5e" * 16))])

    shelf.hear(shelf.backlog.ready(1)[0], analysis("5e" * 16))

    assert shelf.states() == {}


@pytest.mark.parametrize(("how", "says"), [(How.PACKETS, "00" * 16), (How.FLAC, "00" * 24)])
def test_an_unknown_recording_gives_the_track_back(shelf, how, says):
    known(shelf)
    shelf.land(b"b.flac", 2)

    assert not recognise(shelf, how, says)
    assert held(shelf)[b"b.flac"] == (None, None)
    assert shelf.states() == {"ready": 1}


@pytest.mark.parametrize(("bytes_n", "believed"), [(PACKETS_N - 1, False), (PACKETS_N, True)])
def test_a_header_is_believed_only_of_a_file_that_could_hold_it_all(shelf, bytes_n, believed):
    known(shelf)
    shelf.land(b"b.flac", 2, size=bytes_n)

    assert recognise(shelf, How.FLAC) == believed


def test_what_was_recognised_in_a_file_that_changed_meanwhile_is_thrown_away(shelf):
    known(shelf)
    shelf.land(b"b.flac", 2)
    job = shelf.leased()
    shelf.land(b"b.flac", 3)

    assert shelf.backlog.save([(job, Recognised(How.PACKETS, "5e" * 16))]) == []
    assert held(shelf)[b"b.flac"] == (None, None)


def test_the_sieve_holds_openings_and_headers_of_all_that_was_heard(shelf):
    known(shelf)
    shelf.landed_and_heard(b"b.flac", 2, analysis("5f" * 16, prints=Prints("0c" * 16, None, 9)))
    sieve = shelf.backlog.sieve()

    assert [one in sieve for one in ("0a" * 16, "0b" * 24, "0c" * 16)] == [True] * 3
    assert "0d" * 16 not in sieve
