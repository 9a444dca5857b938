from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlista.config.load import load
from playlista.config.settings import Config, table
from playlista.errors import BadConfig


@pytest.fixture
def file(tmp_path):
    return tmp_path / "playlista.conf"


def refused(file, text, environ=None, flags=None):
    """The one line a person gets."""
    file.write_text(text)
    with pytest.raises(BadConfig) as caught:
        load(file, environ=environ or {}, flags=flags)
    return str(caught.value)


def loaded(file, text, environ=None, flags=None):
    file.write_text(text)
    return load(file, environ=environ or {}, flags=flags)


# --- where a value comes from ---------------------------------------------------


def test_nothing_given_is_the_default_configuration():
    found = load(environ={})

    assert found.config == Config()
    assert found.origins == {}


def test_a_file_overrides_the_default(file):
    found = loaded(file, "# a comment\n\nWORKERS=3\n")

    assert found.config.pool.workers == 3
    assert found.origins == {"WORKERS": f"{file}, line 3"}


def test_the_environment_overrides_the_file(file):
    found = loaded(file, "WORKERS=3\n", {"PLAYLISTA_WORKERS": "4", "WORKERS": "5"})

    assert found.config.pool.workers == 4
    assert found.origins == {"WORKERS": "environment variable PLAYLISTA_WORKERS"}


def test_a_flag_overrides_the_environment(file):
    found = loaded(file, "WORKERS=3\n", {"PLAYLISTA_WORKERS": "4"}, {"WORKERS": 6})

    assert found.config.pool.workers == 6
    assert found.origins == {"WORKERS": "command line"}


def test_a_flag_that_was_not_given_overrides_nothing(file):
    found = loaded(file, "WORKERS=3\n", flags={"WORKERS": None})

    assert found.config.pool.workers == 3


def test_the_process_environment_counts_when_none_is_handed_in(monkeypatch):
    monkeypatch.setenv("PLAYLISTA_LOG_LEVEL", "debug")

    assert load().config.service.log_level == "debug"


def test_the_last_of_two_equal_keys_wins(file):
    found = loaded(file, "WORKERS=3\nWORKERS=5\n")

    assert found.config.pool.workers == 5
    assert found.origins["WORKERS"].endswith("line 2")


# --- how a line is read ---------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    ["PLAYLIST_PATH=/my music", " PLAYLIST_PATH = /my music ", 'PLAYLIST_PATH="/my music"',
     "PLAYLIST_PATH='/my music'", "PLAYLIST_PATH=/my music\r"],
)  # fmt: skip
def test_spaces_and_quotes_around_a_value_are_not_part_of_it(file, line):
    assert loaded(file, line + "\n").config.store.playlist_path == Path("/my music")


def test_a_hash_inside_a_value_is_part_of_it(file):
    assert loaded(file, "PLAYLIST_PATH=/a#b\n").config.store.playlist_path == Path("/a#b")


def test_a_single_quote_mark_is_part_of_the_value(file):
    found = loaded(file, 'PLAYLIST_PATH=/a"\n')

    assert found.config.store.playlist_path == Path('/a"')


def test_music_folders_are_separated_by_colons_and_know_home(file, monkeypatch):
    monkeypatch.setenv("HOME", "/home/ada")

    found = loaded(file, "MUSIC_PATHS=~/Music:/mnt/nas::\n")

    assert found.config.watch.music_paths == (Path("/home/ada/Music"), Path("/mnt/nas"))


# --- what is refused ------------------------------------------------------------


def test_an_unknown_key_names_its_line_and_the_nearest_key(file):
    said = refused(file, "\nWORKRS=3\n")

    assert said == f"{file}, line 2: unknown key WORKRS; did you mean WORKERS?"


def test_a_key_in_lower_case_is_unknown_and_its_nearest_is_named(file):
    assert refused(file, "workers=3\n").endswith("did you mean WORKERS?")


def test_a_key_near_to_none_points_to_the_list(file):
    assert "`playlista conf` lists the keys" in refused(file, "FLUX_CAPACITOR=3\n")


def test_an_unknown_key_in_the_environment_is_refused(file):
    said = refused(file, "", {"PLAYLISTA_WORKRS": "3"})

    assert said.startswith("environment variable PLAYLISTA_WORKRS: unknown key WORKRS")


def test_a_line_without_equals_is_refused(file):
    assert refused(file, "WORKERS 3\n") == f"{file}, line 1: expected KEY=value, found 'WORKERS 3'"


@pytest.mark.parametrize(
    "line",
    ["WORKERS=0", "WORKERS=many", "SCAN_INTERVAL_SECONDS=0", "MEMORY_FAILSAFE_PERCENT=101",
     "MEMORY_OPTIMIZED_BIT_DEPTH=24", "MEMORY_OPTIMIZED_SAMPLE_RATE=4000", "LOW_MEMORY=perhaps",
     "LOG_LEVEL=loud", "MEMORY_LIMIT=2 horses", "MEMORY_LIMIT=0",
     "HTTP_LISTEN=0.0.0.0:9847", "SETTLE_SECONDS=-1",
     "TF_CPP_MIN_LOG_LEVEL=4", "QUEUE_MAX_SIZE=", "SETTLE_SECONDS=inf", "SETTLE_SECONDS=nan"],
)  # fmt: skip
def test_an_impossible_value_is_refused_with_its_line(file, line):
    said = refused(file, f"# first\n{line}\n")

    assert said.startswith(f"{file}, line 2: {line}: ")
    assert "\n" not in said


def test_an_impossible_flag_is_named_as_such(file):
    assert refused(file, "", flags={"WORKERS": 0}).startswith("command line: WORKERS=0: ")


def test_a_file_that_is_absent_is_named(file):
    with pytest.raises(BadConfig, match=r"playlista\.conf: cannot be read: No such file"):
        load(file, environ={})


def test_a_folder_is_no_configuration(tmp_path):
    with pytest.raises(BadConfig, match="cannot be read: Is a directory"):
        load(tmp_path, environ={})


def test_a_file_that_is_not_text_is_refused(file):
    file.write_bytes(b"MUSIC_PATHS=/m\xfcsic\n")

    with pytest.raises(BadConfig, match="it is not UTF-8 text"):
        load(file, environ={})


# --- there and back -------------------------------------------------------------

NUMBERS = st.one_of(st.integers(1, 10**6), st.floats(1, 1e6, allow_nan=False), st.floats(0.001, 1))
NAMES = st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters=":~\"'"), min_size=1
)
FOLDERS = NAMES.map(lambda name: f"/{name}")
VALUES = {
    "MUSIC_PATHS": st.lists(FOLDERS).map(":".join),
    "SETTLE_SECONDS": NUMBERS,
    "STATE_PATH": FOLDERS,
    "PLAYLIST_PATH": FOLDERS,
    "WORKERS": st.just("auto") | st.integers(1, 1000),
    "MEMORY_FAILSAFE_PERCENT": st.floats(0.1, 100),
    "MEMORY_LIMIT": st.integers(1_000_000, 10**13),
    "LOW_MEMORY": st.sampled_from(["true", "false", "yes", "off", "1", "0"]),
    "MEMORY_OPTIMIZED_BIT_DEPTH": st.sampled_from([16, 32]),
    "HTTP_LISTEN": st.integers(0, 65535).map(lambda port: f"localhost:{port}"),
    "LOG_LEVEL": st.sampled_from(["debug", "info", "warning", "error"]),
}


@given(given=st.fixed_dictionaries({}, optional=VALUES))
def test_what_was_loaded_can_be_written_and_loaded_again(tmp_path_factory, given):
    first = loaded(tmp_path_factory.mktemp("conf") / "a", as_file(given))
    text = as_file({key: _text(value_of(first.config, key)) for key in given})

    second = loaded(tmp_path_factory.mktemp("conf") / "b", text)

    assert second.config == first.config
    assert set(second.origins) == set(given)


def as_file(values):
    return "".join(f"{key}={value}\n" for key, value in values.items())


def value_of(config, key):
    return getattr(getattr(config, table()[key][0]), key.lower())


def _text(value):
    return ":".join(map(str, value)) if isinstance(value, tuple) else str(value)
