from dataclasses import replace

import numpy as np
import pytest

from playlista.playlists import space
from playlista.playlists.axes import AXES
from playlista.records import Features

LOUDNESS = [axis.name for axis in AXES].index("loudness")


def test_known_coordinates_have_mean_0_and_deviation_1(library):
    tracks = library(200)
    points = space.place(tracks, space.fit(tracks)).points

    assert points[:, LOUDNESS].mean() == pytest.approx(0, abs=0.05)
    assert points[:, LOUDNESS].std() == pytest.approx(1, abs=0.05)


def test_what_is_unknown_is_neutral_and_counts_little(library):
    tracks = library(50)
    tracks[0] = replace(tracks[0], features=replace(tracks[0].features, loudness_lufs=None))
    place = space.place(tracks, space.fit(tracks))

    assert place.points[0, LOUDNESS] == 0
    assert 0 < place.weights[0, LOUDNESS] <= 0.1 * place.weights[1, LOUDNESS]


def test_a_number_that_is_none_is_unknown_too(library):
    tracks = library(50)
    odd = replace(tracks[0].features, loudness_lufs=float("-inf"), bpm=0.0)
    tracks[0] = replace(tracks[0], features=odd)
    place = space.place(tracks, space.fit(tracks))

    assert np.isfinite(place.points).all()


def test_a_frozen_frame_does_not_move_old_points(library):
    frame = space.fit(library(50))
    before, after = space.place(library(50), frame), space.place(library(90), frame)

    assert (after.points[:50] == before.points).all()


def test_an_axis_on_which_no_track_differs_does_not_count(library):
    tracks = [
        replace(track, features=replace(track.features, loudness_lufs=-14.0))
        for track in library(30)
    ]

    assert not space.place(tracks, space.fit(tracks)).weights[:, LOUDNESS].any()


def test_distance_is_the_same_both_ways_and_zero_to_oneself(library):
    tracks = library(30)
    place, rows = space.place(tracks, space.fit(tracks)), np.arange(30)
    spread = place.between(rows[:, None], rows[None, :])

    assert spread == pytest.approx(spread.T)
    assert not spread.diagonal().any()


def test_distance_to_a_centre_agrees_with_the_definition(library):
    tracks = library(30, unknown=0.2)
    place = space.place(tracks, space.fit(tracks))
    centre, weights = place.points[3], place.weights[5]
    by_hand = np.sqrt((weights * (place.points[5] - centre) ** 2).sum() / weights.sum())

    assert place.distances([5], centre[None, :])[0, 0] == pytest.approx(by_hand)


def test_energy_is_unknown_where_nothing_is_known(library):
    tracks = [replace(track, features=Features()) for track in library(1)] + library(30, first=2)

    assert space.place(tracks, space.fit(tracks)).energy[0] is None


def test_loud_and_busy_is_high_energy(library):
    tracks = library(30)
    wild = Features(loudness_lufs=-5.0, onset_rate_hz=12.0, danceability=2.5)
    tracks[0] = replace(tracks[0], features=wild)
    place = space.place(tracks, space.fit(tracks))

    assert max(place.energy) == place.energy[0]
