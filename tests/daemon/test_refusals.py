"""What a person must put right: one line that says what, and the status that systemd knows."""

import shutil
import socket

import pytest

from daemons import PIECES, until


@pytest.fixture
def refusal(home):
    """Return a function that runs the daemon, which must refuse; it returns status and words."""

    def run(**settings):
        home.configure(**settings)
        done = home.call("run")
        assert done.stdout == ""
        return done.returncode, done.stderr

    return run


def one_line(words):
    return words.startswith("playlista: ") and words.count("\n") == 1


@pytest.mark.fault(45)
def test_a_second_daemon_on_the_same_state_exits_75(home, start, refusal):
    start(home)

    status, words = refusal()

    assert status == 75
    assert one_line(words)
    assert "another playlista" in words


def test_analyze_beside_a_daemon_exits_75(home, start):
    start(home)

    done = home.call("analyze")

    assert done.returncode == 75
    assert one_line(done.stderr)


@pytest.mark.fault(48)
def test_a_port_in_use_exits_75_and_names_it(refusal):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        status, words = refusal(HTTP_LISTEN=f"127.0.0.1:{port}")

    assert status == 75
    assert one_line(words)
    assert str(port) in words


@pytest.mark.fault(47)
def test_an_unknown_key_exits_78_with_its_line_and_the_nearest_key(home, refusal):
    status, words = refusal(SETTLE_SECOND=3)

    line = 1 + list(home.settings).index("SETTLE_SECOND")
    assert status == 78
    assert one_line(words)
    assert f"line {line}" in words
    assert "SETTLE_SECONDS" in words


@pytest.mark.fault(44)
def test_a_damaged_database_exits_65_and_says_what_to_do(home, refusal):
    database = home.state / "playlista.db"
    whole = database.read_bytes()
    database.write_bytes(whole[:4096] + b"\xa5" * (len(whole) - 4096))

    status, words = refusal()

    assert status == 65
    assert one_line(words)
    assert "playlista doctor --restore" in words


def test_no_music_folder_at_all_exits_2(refusal):
    status, words = refusal(MUSIC_PATHS="")

    assert status == 2
    assert one_line(words)


@pytest.mark.fault(9)
def test_a_missing_root_is_offline_and_its_tracks_are_kept(home, start, music, tmp_path):
    away = tmp_path / "mine"
    shutil.copytree(music / "album 0", away / "album")
    first = start(home)
    until(lambda: first.at_rest(PIECES + 4))
    first.stop()
    lists = home.lists()
    away.rename(tmp_path / "unplugged")

    daemon = start(home)

    until(lambda: daemon.ask("/readyz")[0] == 200)
    roots = {root["path"]: root for root in daemon.status()["watch"]["roots"]}
    assert roots[str(away)]["state"] == "offline"
    assert roots[str(away)]["why"]
    assert roots[str(music)]["state"] == "online"
    assert daemon.at_rest(PIECES + 4)
    assert home.lists() == lists

    (tmp_path / "unplugged").rename(away)

    until(lambda: daemon.status()["watch"]["roots"][1]["state"] == "online")
    assert daemon.at_rest(PIECES + 4)
    assert daemon.metric("analyses_total") == 0
    assert home.lists() == lists
