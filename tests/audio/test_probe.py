import pytest
from hypothesis import given
from hypothesis import strategies as st

import sounds
from playlista.audio.probe import HEAD_N, Content, is_candidate, kind_of

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
JPEG = b"\xff\xd8\xff\xe0" + bytes(100)
MP4 = b"\0\0\0\x18ftypisom" + bytes(100)


@pytest.mark.parametrize("kind", sounds.KINDS)
def test_every_kind_of_audio_is_recognised(kind, tmp_path):
    path = sounds.write(tmp_path / "x", sounds.tone(1), kind, rate=48_000)

    found = kind_of(path.read_bytes()[:HEAD_N], f"x.{kind}")

    if kind == "mka":
        assert found.name == "a Matroska file"
    assert found.content is Content.AUDIO


def test_covers_and_booklets_are_no_candidates():
    for head, name in (
        (PNG, "cover.png"),
        (JPEG, "folder.jpg"),
        (b"FILE x.flac WAVE\n", "disc.cue"),
    ):
        assert not is_candidate(head, name)


def test_a_picture_that_claims_to_be_music_is_listed_so_that_it_can_be_explained():
    assert is_candidate(PNG, "song.mp3")
    assert kind_of(PNG, "song.mp3").name == "a PNG image"


def test_an_empty_file_with_a_musical_name_is_a_candidate():
    assert is_candidate(b"", "song.flac")
    assert kind_of(b"").content is Content.EMPTY


def test_music_is_a_candidate_whatever_its_name():
    assert is_candidate(b"fLaC" + bytes(50), "README")


def test_a_video_is_no_candidate_but_the_same_container_named_as_audio_is():
    assert not is_candidate(MP4, "film.mp4")
    assert kind_of(MP4, "song.m4a").content is Content.AUDIO


def test_text_and_web_pages_are_told_apart():
    assert kind_of(b"<!DOCTYPE html><html>").name == "a web page"
    assert kind_of("Größe\n".encode()).name == "a text file"


def test_text_cut_inside_a_character_is_still_text():
    assert kind_of(("a" + "é" * 3000).encode()[:HEAD_N]).name == "a text file"


def test_one_lonely_sync_word_is_not_mpeg():
    assert kind_of(b"\xff\xfb\x90\x64" + bytes(600)).content is Content.UNKNOWN


def test_a_hidden_file_named_like_a_suffix_is_no_candidate():
    assert not is_candidate(b"\x01\x02", ".mp3")


@given(st.binary(max_size=600), st.text(max_size=20))
def test_any_bytes_get_an_answer(head, name):
    assert kind_of(head, name).name
