from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlista.playlists import sequence, space
from playlista.records import Features, FileTags, LibraryTrack


def placed(tracks):
    return space.place(tracks, space.fit(tracks))


def cost(place, rows):
    crowd, way = sequence.Crowd.of(place, rows), np.arange(len(rows))
    return crowd.transitions(way[:-1], way[1:]).sum()


def pair(a, b, artists=(None, None)):
    """Return the cost of a transition between two tracks of which only this is known."""
    tracks = [
        LibraryTrack(n, n, 100.0, features, FileTags(artist=artist))
        for n, (features, artist) in enumerate(zip((a, b), artists, strict=True))
    ]
    crowd = sequence.Crowd.of(space.place(tracks, {"mean": {}, "scale": {}}), [0, 1])
    return float(crowd.transitions(np.array([0]), np.array([1]))[0])


def tempo(bpm):
    return Features(bpm=bpm, bpm_confidence=1.0)


def key(name):
    return Features(key=name, key_confidence=1.0)


def test_an_order_is_far_cheaper_than_chance(library):
    place = placed(library(60))
    ordered = sequence.order(place, range(60))

    assert sorted(ordered) == list(range(60))
    assert cost(place, ordered) < 0.75 * cost(place, range(60))


def test_an_arrival_takes_the_cheapest_place(library):
    place = placed(library(20))
    rows = list(range(19))
    costs = [cost(place, [*rows[:p], 19, *rows[p:]]) for p in range(20)]

    assert sequence.position(place, rows, 19) == int(np.argmin(costs))


def test_the_first_arrival_of_an_empty_list_stands_first(library):
    assert sequence.position(placed(library(3)), [], 1) == 0


def test_half_and_double_tempo_mix_better_than_neighbouring_tempi_that_clash():
    assert pair(tempo(70), tempo(140)) < pair(tempo(70), tempo(85))


def test_the_same_tempo_mixes_best():
    assert pair(tempo(128), tempo(128)) < pair(tempo(64), tempo(128))


def test_an_unknown_tempo_is_neither_good_nor_bad():
    assert pair(tempo(70), tempo(70)) < pair(tempo(70), Features()) < pair(tempo(70), tempo(90))


def test_keys_are_as_far_apart_as_on_the_camelot_wheel():
    tonic = key("C major")
    costs = [
        pair(tonic, key(name)) for name in ("C major", "G major", "E minor", "D major", "F# major")
    ]

    assert costs == sorted(costs)
    assert pair(tonic, key("A minor")) == pytest.approx(pair(tonic, key("G major")))


def test_a_doubtful_key_hardly_counts():
    doubtful = replace(key("F# major"), key_confidence=0.0)

    assert pair(key("C major"), doubtful) < pair(key("C major"), key("F# major"))


def test_a_jump_in_loudness_costs():
    quiet, loud = Features(loudness_lufs=-30.0), Features(loudness_lufs=-8.0)

    assert pair(quiet, quiet) < pair(quiet, loud)


def test_the_same_artist_twice_running_costs_most():
    assert pair(Features(), Features(), ("Nico", "nico")) == pytest.approx(
        pair(Features(), Features(), ("Nico", "Can")) + 1
    )


def test_two_unknown_artists_are_not_the_same():
    assert pair(Features(), Features()) == pair(Features(), Features(), ("Nico", "Can"))


@given(st.sampled_from(["C# minor", "Db minor"]))
def test_enharmonic_keys_are_one(name):
    assert sequence.camelot(name) == (12, True)


@pytest.mark.parametrize("name", [None, "", "H major", "C", "C dorian"])
def test_what_is_no_key_has_no_hour(name):
    assert sequence.camelot(name) is None
