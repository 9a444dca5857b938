"""Music among one of every file that could break something: it is heard as it is alone."""

import shutil

import pytest

import sounds
from daemons import KINDS, Daemon, home_in, piece, until
from faults.corpus import candidates, fill, fuzz

NEIGHBOURS = 24
FUZZED_EACH = 2
WITHIN_S = 120.0


@pytest.fixture(scope="module")
def odd_ones(tmp_path_factory):
    folder = tmp_path_factory.mktemp("odd")
    fill(folder)
    fuzz(folder, FUZZED_EACH)
    return folder


@pytest.fixture(scope="module")
def neighbours(odd_ones, tmp_path_factory):
    """Music, with names that put it between the odd ones."""
    folder = tmp_path_factory.mktemp("neighbours")
    names = [file.stem for file in candidates(odd_ones)]
    for number, before in enumerate(names[:: len(names) // NEIGHBOURS][:NEIGHBOURS]):
        kind = KINDS[number % len(KINDS)]
        sounds.write(folder / f"{before} then {number}.{kind}", piece(number))
    return folder


@pytest.fixture
def hear(tmp_path_factory, compiled, models):
    """Return a function that has a daemon hear a folder, and returns what it found in each."""

    def heard(music):
        folder = tmp_path_factory.mktemp("daemon")
        home = home_in(folder, compiled, music)
        shutil.copytree(models, home.state / "models")
        daemon = Daemon(home, folder)
        try:
            until(lambda: daemon.at_rest(len(candidates(music))), WITHIN_S)
        finally:
            daemon.stop()
        rows = home.rows(
            "SELECT relpath, hash, duration_s, features, reasons, embedding, tags, truncated "
            "FROM file JOIN audio ON audio.id = audio_id"
        )
        return {relpath.decode(): found for relpath, *found in rows}

    return heard


@pytest.mark.heavy
@pytest.mark.fault(27)
@pytest.mark.fault(28)
@pytest.mark.timeout(300)
def test_music_among_odd_files_is_heard_bit_for_bit_as_without_them(hear, neighbours, odd_ones):
    alone = hear(neighbours)

    for file in neighbours.iterdir():
        shutil.copy(file, odd_ones)
    among = hear(odd_ones)

    assert len(alone) == NEIGHBOURS
    assert all(embedding is not None for *_, embedding, _, _ in alone.values())
    assert {name: among[name] for name in alone} == alone
    assert len(among) > len(alone)
