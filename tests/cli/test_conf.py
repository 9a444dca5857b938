import json

from playlista.config.settings import table


def test_every_key_is_shown(home):
    assert {row["key"] for row in home.facts("conf")} == set(table())


def test_the_origin_of_each_value_is_told(home, tmp_path):
    file = tmp_path / "a.conf"
    file.write_text("# mine\n\nWORKERS=3\nSETTLE_CLOSED_SECONDS=1\n")
    home.keys["PLAYLISTA_SETTLE_CLOSED_SECONDS"] = "4"

    rows = {row["key"]: row for row in home.facts("conf", "--config", file)}

    assert (rows["WORKERS"]["value"], rows["WORKERS"]["origin"]) == ("3", f"{file}, line 3")
    closed = rows["SETTLE_CLOSED_SECONDS"]
    assert closed["value"] == "4.0"
    assert closed["origin"] == "environment variable PLAYLISTA_SETTLE_CLOSED_SECONDS"
    assert rows["QUEUE_MAX_SIZE"]["origin"] == "default"


def test_the_usual_place_is_read_without_being_told(home):
    file = home.folder / ".config/playlista/playlista.conf"
    file.parent.mkdir(parents=True)
    file.write_text("WORKERS=5\n")

    rows = {row["key"]: row for row in home.facts("conf")}

    assert rows["WORKERS"]["origin"] == f"{file}, line 1"


def test_check_says_only_whether_it_is_valid(home):
    done = home.run("conf", "--check")

    assert (done.returncode, done.stdout) == (0, "the configuration is valid\n")


def test_check_refuses_what_is_not_valid(home):
    home.keys["PLAYLISTA_WORKERS"] = "many"

    done = home.run("conf", "--check")

    assert (done.returncode, done.stdout) == (78, "")
    assert "PLAYLISTA_WORKERS" in done.stderr


def test_a_flag_overrides_file_and_environment(home, tmp_path):
    """A fixed number of workers is the limit that status would tell."""
    home.keys["PLAYLISTA_WORKERS"] = "3"

    done = home.run("analyze", "--workers", "2", "--json", tmp_path)

    assert json.loads(done.stdout)["workers"]["limit"] == 2
