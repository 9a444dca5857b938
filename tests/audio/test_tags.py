import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sounds
from playlista.audio.tags import file_tags
from playlista.records import FileTags

TAGS = {"title": "Für Elise", "artist": "Ludwig", "album": "Bagatelles", "genre": "Piano"}


@pytest.mark.parametrize("kind", ["flac", "mp3", "m4a", "ogg", "opus", "wma", "wv"])
def test_every_format_of_tags_is_read(kind, tmp_path):
    path = sounds.write(
        tmp_path / "x",
        sounds.tone(1, rate=48_000),
        kind,
        rate=48_000,
        tags={**TAGS, "date": "1810"},
    )

    with path.open("rb") as file:
        found = file_tags(file)

    assert found.title == "Für Elise"
    assert (found.artist, found.album, found.genre) == ("Ludwig", "Bagatelles", "Piano")
    assert found.year in {1810, None if kind == "wma" else 1810}


def test_no_tags_are_empty_tags(tmp_path):
    path = sounds.write(tmp_path / "x.wav", sounds.tone(1))

    with path.open("rb") as file:
        assert file_tags(file) == FileTags()


def test_tags_of_a_wav_are_read(tmp_path):
    import mutagen.id3
    import mutagen.wave

    path = sounds.write(tmp_path / "x.wav", sounds.tone(1))
    wav = mutagen.wave.WAVE(path)
    wav.add_tags()
    wav.tags.add(mutagen.id3.TIT2(text="Wave\nline"))
    wav.tags.add(mutagen.id3.TDRC(text="2001-02-03"))
    wav.save()

    with path.open("rb") as file:
        assert file_tags(file) == FileTags(title="Wave line", year=2001)


@given(
    st.sampled_from([b"ID3\x04\0\0", b"fLaC\0", b"OggS\0\x02", b"RIFF", b"\0\0\0\x18ftypM4A "]),
    st.binary(),
)
def test_damaged_tags_never_raise(head, rest):
    assert isinstance(file_tags(io.BytesIO(head + rest)), FileTags)
