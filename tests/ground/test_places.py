from pathlib import Path

from playlista.places import runtime_path


def test_what_need_not_last_lies_where_systemd_says(monkeypatch):
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/playlista:/run/other")

    assert runtime_path(Path("/state")) == Path("/run/playlista")


def test_without_systemd_it_lies_beside_the_rest(monkeypatch):
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)

    assert runtime_path(Path("/state")) == Path("/state")
