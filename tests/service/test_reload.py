import pytest

from playlista.config.load import load
from playlista.config.settings import table
from playlista.service.reload import needs_restart

OTHER = {
    "STATE_PATH": "/elsewhere",
    "PLAYLIST_PATH": "/elsewhere",
    "HTTP_LISTEN": "127.0.0.1:1",
}


def config(**keys):
    return load(environ={f"PLAYLISTA_{key}": value for key, value in keys.items()}).config


def test_an_equal_configuration_needs_no_restart():
    assert needs_restart(config(), config()) == []


@pytest.mark.parametrize("key", OTHER)
def test_what_is_read_at_start_needs_one(key):
    assert needs_restart(config(), config(**{key: OTHER[key]})) == [key]


def test_what_a_reload_takes_over_needs_none():
    assert needs_restart(config(), config(WORKERS="3", MUSIC_PATHS="/m", LOG_LEVEL="debug")) == []


def test_every_key_that_is_marked_is_known_here():
    marked = {
        key
        for key, (_, field) in table().items()
        if (field.json_schema_extra or {}).get("at_start")
    }

    assert marked == set(OTHER)
