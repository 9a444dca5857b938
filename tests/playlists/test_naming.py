import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from playlista.playlists.axes import AXES
from playlista.playlists.naming import describe, slug


def centre(**deviations):
    names = {name.replace("_", " "): value for name, value in deviations.items()}
    return np.array([names.get(axis.name, 0.0) for axis in AXES])


def test_a_list_is_named_for_what_sets_it_apart():
    assert describe(centre(tempo=-2.0, loudness=-1.5, centroid=0.3), ()) == "Slow and quiet"
    assert describe(centre(centroid=-1.5, dynamic_complexity=-1.0), ()) == "Dark and steady"


def test_a_name_that_is_taken_gives_way_to_the_next_qualities():
    slow = centre(tempo=-2.0, loudness=-1.5, centroid=0.3)

    assert describe(slow, {"slow-and-quiet"}) == "Slow and bright"


def test_a_centre_like_the_whole_library_has_no_name():
    assert describe(centre(), ()) is None


def test_even_sixty_alike_lists_have_different_names():
    alike, taken = np.ones(len(AXES)), set()
    for _ in range(60):
        taken.add(slug(describe(alike, taken)))

    assert len(taken) == 60


@given(st.text(min_size=1, max_size=200))
def test_any_name_makes_a_safe_file_name(name):
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?", slug(name))


def test_names_in_other_scripts_stay_apart():
    assert slug("演歌") != slug("ロック")


def test_accents_are_dropped():
    assert slug("Música Popular") == "musica-popular"
