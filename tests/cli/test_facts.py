"""Verbs that print facts, on a library that is analysed."""

import json
import os

import pytest

EXPLAIN = set(
    """
    path audio_id duration_s file_tags tier features_version engine bpm bpm_confidence
    onset_rate_hz key key_confidence loudness_lufs loudness_range_lu danceability
    spectral_centroid_hz zero_crossing_rate mfcc chroma spectral_contrast spectral_flatness
    spectral_rolloff_hz dynamic_complexity embedding tags truncated analysed_at seconds
    playlists failures
    """.split()  # noqa: SIM905 - as the interface lists them
)
STATUS = {
    "state": None,
    "tracks": {"total", "quick", "full", "deep", "failed", "missing"},
    "backlog": {"ready", "leased", "waiting", "incomplete", "failed", "oldest_s"},
    "workers": {"running", "target", "limit", "reason"},
    "memory": {
        "used_ratio",
        "failsafe_ratio",
        "source",
        "limit_bytes",
        "available_bytes",
        "stalled_ratio",
    },
    "processors": {"usable", "source", "others", "contended_ratio"},
    "watch": {"degraded", "roots"},
    "model": {"name", "runtime", "loaded", "why"},
    "playlists": None,
    "version": None,
}
"""Names of the interface: more may be added, none may go."""


def test_status_tells_of_the_database_when_no_daemon_runs(heard):
    facts = heard.facts("status")

    assert facts["state"] == "stopped"
    assert facts["tracks"] | {"total": 9} == {
        "total": 9, "quick": 8, "full": 0, "deep": 0, "failed": 1, "missing": 0,
    }  # fmt: skip


def test_status_has_every_name_of_the_interface(heard):
    facts = heard.facts("status")

    assert facts.keys() == STATUS.keys()
    for name, names in STATUS.items():
        if names is not None:
            assert facts[name].keys() == names, name
    assert {"path", "mode", "state"} <= facts["watch"]["roots"][0].keys()


def test_status_is_one_screen_for_a_person(heard, music):
    lines = heard.run("status").stdout.splitlines()

    assert len(lines) < 40
    assert any(str(music) in line and "online" in line for line in lines)


def test_explain_has_every_name_of_the_interface(heard, music):
    facts = heard.facts("explain", music / "0.flac")

    assert facts.keys() >= EXPLAIN
    assert facts.keys() - EXPLAIN == {
        "missing", "model", "reasons", "onset_rate_confidence", "danceability_confidence",
    }  # fmt: skip
    assert (facts["tier"], facts["duration_s"]) == ("quick", 1.0)
    assert facts["file_tags"].keys() == {"title", "artist", "album", "year", "genre"}
    for place in facts["playlists"]:
        assert place.keys() == {"id", "name", "position", "reason"}


def test_what_is_unknown_is_null_with_a_reason(heard, music):
    facts = heard.facts("explain", music / "0.flac")

    unknown = {name for name in EXPLAIN if facts[name] is None}
    assert {"embedding", "tags", "mfcc"} <= unknown
    assert unknown <= facts["reasons"].keys()


def test_text_from_a_file_is_shown_as_it_is(heard, music):
    facts = heard.facts("explain", music / "0.flac")
    shown = heard.run("explain", music / "0.flac").stdout

    assert facts["file_tags"]["title"] == ":cat: [b]C major[/b]"
    assert ":cat: [b]C major[/b]" in shown


def test_a_path_that_is_not_utf8_is_explained(heard, music):
    path = os.fsencode(music) + b"/caf\xe9.flac"

    facts = heard.facts("explain", path)
    shown = heard.run("explain", path)

    assert facts["path"] == f"{music}/caf\\xe9.flac"
    assert (shown.returncode, "caf\\xe9.flac" in shown.stdout) == (0, True)


def test_a_relative_path_is_explained(heard, music, monkeypatch):
    monkeypatch.chdir(music.parent)

    assert heard.facts("explain", f"./{music.name}/0.flac")["path"] == f"{music}/0.flac"


def test_why_a_track_failed_is_explained(heard, music):
    (failure,) = heard.facts("explain", music / "broken.mp3")["failures"]

    assert (failure["state"], failure["reason"]) == ("failed", "unreadable")


def test_a_path_outside_the_library_is_refused(heard, tmp_path):
    done = heard.run("explain", tmp_path / "x.flac")

    assert done.returncode == 2
    assert "not in the library" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_failures_come_with_a_remedy(heard, music):
    (row,) = heard.facts("failures")

    assert row["path"] == f"{music}/broken.mp3"
    assert row["remedy"] == "the file is damaged: replace it"
    assert "replace it" in heard.run("failures").stdout


@pytest.mark.parametrize(
    ("reason", "error", "does"),
    [
        (
            "unavailable",
            "/m/Input/output error: a.mp3: Permission denied (again in 60 s)",
            "read it",
        ),
        ("unavailable", "/m/a.mp3: Input/output error (again in 60 s)", "disk fails"),
        ("unavailable", "/m/a.mp3: Stale file handle (again in 60 s)", "mount"),
        ("unavailable", "/m/a.mp3: Too many open files", "check its disk"),
        ("poison", "deadline: no result within its limit", "TRACK_TIMEOUT_SECONDS"),
        ("poison", "signal: its worker was killed by SIGSEGV", "report it"),
        ("killed", "the daemon was killed meanwhile", "report it"),
        ("killed", "foreign_kill: its worker was killed by SIGKILL", "free some memory"),
        ("killed", "memory: holds 900 bytes of 800 allowed", "MEMORY_LIMIT"),
        ("unreadable", "is a copy-protected M4P file that no decoder can read", "replace it"),
        ("from a later version", "", None),
    ],
)
def test_the_remedy_suits_what_happened(reason, error, does):
    from playlista.cli.failures import remedy

    told = remedy(reason, error)

    assert told is None if does is None else does in told


def test_every_reason_has_a_remedy():
    from playlista.cli.failures import REMEDIES
    from playlista.pipeline.save import TRACK_REASONS

    assert set(REMEDIES) == set(TRACK_REASONS)


def test_lists_are_told_with_their_files(heard):
    rows = heard.facts("lists")

    files = {path.name for path in (heard.state / "playlists").iterdir()}
    assert {row["file"] for row in rows} == files != set()


@pytest.mark.parametrize("by", ["id", "name"])
def test_a_list_is_shown_by_any_of_its_names(heard, by):
    first = heard.facts("lists")[0]

    shown = heard.facts("lists", "show", first[by])

    assert shown["id"] == first["id"]
    assert [line["position"] for line in shown["lines"]] == list(range(1, first["tracks"] + 1))
    assert all(line["reason"] for line in shown["lines"])


def test_the_history_of_a_list_leads_to_its_revision(heard):
    first = heard.facts("lists")[0]

    edits = heard.facts("lists", "history", first["name"])

    assert edits[-1]["rev_to"] == first["revision"]
    assert heard.run("lists", "history", first["name"]).returncode == 0


def test_an_unknown_list_is_refused_with_the_names_there_are(heard):
    first = heard.facts("lists")[0]

    done = heard.run("lists", "show", "nothing like it")

    assert done.returncode == 2
    assert f'"{first["name"]}"' in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_option_that_would_be_lost_before_the_verb_is_refused(heard):
    done = heard.run("lists", "--json", "show", "any")

    assert done.returncode == 2
    assert "behind the verb" in done.stderr


def test_the_delta_log_gives_the_files(heard):
    from playlista.playlists.replay import replay

    files = {path.name: path.read_bytes() for path in (heard.state / "playlists").iterdir()}

    assert replay((heard.state / "deltas.jsonl").read_bytes().splitlines()) == files


def test_facts_are_plain_ascii_json(heard):
    out = heard.run("lists", "--json").stdout

    assert out.isascii()
    json.loads(out)
