import pytest
from pydantic import ValidationError

from playlista.config.settings import Config, StoreSettings, table
from playlista.units import GIGABYTE


def test_every_key_is_in_one_slice_only():
    names = [name for holder in Config() for name in type(holder[1]).model_fields]

    assert len(names) == len(set(names)) == len(table())


def test_every_key_says_why_it_exists():
    for key, (_, field) in table().items():
        assert field.description, key
        assert field.description.endswith("."), key


def test_a_configuration_cannot_be_changed_after_it_is_made():
    config = Config()

    with pytest.raises(ValidationError, match="frozen"):
        config.watch.settle_seconds = 1
    with pytest.raises(ValidationError, match="frozen"):
        config.watch = config.watch.model_copy()


def test_state_is_kept_where_systemd_says(monkeypatch):
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/playlista:/var/lib/other")

    assert str(StoreSettings().state_path) == "/var/lib/playlista"


def test_without_systemd_state_is_kept_at_home(monkeypatch):
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.setenv("HOME", "/home/ada")

    assert str(StoreSettings().state_path) == "/home/ada/.local/state/playlista"


def test_playlists_lie_beside_the_database_unless_told_otherwise():
    assert str(StoreSettings(state_path="/s").playlists) == "/s/playlists"
    assert str(StoreSettings(state_path="/s", playlist_path="/m").playlists) == "/m"
    assert str(StoreSettings(state_path="/s", playlist_path="").playlists) == "/s/playlists"


def test_a_memory_limit_is_given_as_people_write_it():
    given = Config.model_validate({"pool": {"memory_limit": "2GB"}})

    assert given.pool.memory_limit == 2 * GIGABYTE


def test_workers_get_one_thread_per_library_unless_told_otherwise():
    plain = Config().libraries.environment()
    told = Config.model_validate({"libraries": {"omp_num_threads": "3"}}).libraries.environment()

    assert plain["OMP_NUM_THREADS"] == plain["OPENBLAS_NUM_THREADS"] == "1"
    assert told["OMP_NUM_THREADS"] == told["OPENBLAS_NUM_THREADS"] == "3"
    assert plain["MKL_NUM_THREADS"] == told["NUMBA_NUM_THREADS"] == "1"


def test_the_environment_of_workers_is_text_only():
    assert all(isinstance(value, str) for value in Config().libraries.environment().values())


@pytest.mark.parametrize(
    "address", ["127.0.0.1:9847", "127.1.2.3:0", "localhost:80", "[::1]:9847", "127.0.0.1:65535"]
)
def test_the_server_listens_on_loopback(address):
    config = Config.model_validate({"service": {"http_listen": address}})

    assert config.service.http_listen == address


@pytest.mark.parametrize(
    "address",
    ["0.0.0.0:9847", "192.168.1.2:9847", "[::]:9847", ":9847", "127.0.0.1", "127.0.0.1:x",
     "localhost.example:80", "127.0.0.1:80\n", "127.0.0.1:65536"],
)  # fmt: skip
def test_the_server_listens_nowhere_else(address):
    with pytest.raises(ValidationError, match="loopback"):
        Config.model_validate({"service": {"http_listen": address}})
