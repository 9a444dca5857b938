"""The benchmarks' own truth: the frozen pieces, the scorers, the measuring, the document."""

import hashlib
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import psutil
import pytest

import sounds

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import accuracy  # noqa: E402 - the benchmarks are no package
import contenders  # noqa: E402
import cost  # noqa: E402
import five  # noqa: E402
import midi  # noqa: E402
import pieces  # noqa: E402
import report  # noqa: E402
import scan  # noqa: E402
import tracks  # noqa: E402
from scores import acc1, acc2, by_confidence, mirex, off_by  # noqa: E402

FROZEN = {
    "pieces.py": "3b6295efbbab4e3fa26d4cf3a583a96e67f8eaba970e38d253733d0413030f35",
    "midi.py": "b89f9885da3ac33de8a8bf9e1ccf8ade78422ed545d43bd682b339fb33c689f1",
}


@pytest.mark.parametrize("name", FROZEN)
def test_the_pieces_are_those_that_were_frozen_before_anything_heard_them(name):
    assert hashlib.sha256((HERE / name).read_bytes()).hexdigest() == FROZEN[name]


def test_the_pieces_are_many_and_varied():
    drawn = list(pieces.pieces())
    assert len(drawn) >= 200
    assert set(Counter(piece.key for piece in drawn).values()) == {10}
    assert {piece.metre for piece in drawn} == {"3/4", "4/4", "6/8"}
    assert all(60 <= piece.bpm <= 200 and 20 <= piece.seconds <= 30 for piece in drawn)
    assert Counter(piece.half for piece in drawn) == {"tuning": 120, "held out": 120}


def test_a_seed_always_gives_the_same_pieces():
    once, again = next(pieces.pieces()), next(pieces.pieces())
    assert once == again
    assert np.array_equal(pieces.rendered(once), pieces.rendered(again))
    assert next(pieces.pieces(seed=1)) != once


@pytest.mark.parametrize(
    ("bpm", "first", "second"),
    [(100, 1, 1), (103.9, 1, 1), (104.1, 0, 0), (50, 0, 1), (205, 0, 1), (300, 0, 1), (150, 0, 0)],
)
def test_a_tempo_is_right_within_4_percent_or_up_to_an_octave_or_triple(bpm, first, second):
    assert (acc1(bpm, 100), acc2(bpm, 100)) == (first, second)


def test_no_tempo_is_a_wrong_tempo():
    assert not acc1(None, 100)
    assert not acc2(None, 100)


@pytest.mark.parametrize(
    ("key", "score"),
    [
        ("C major", 1.0),
        ("G major", 0.5),
        ("F major", 0.5),
        ("A minor", 0.3),
        ("C minor", 0.2),
        ("Eb major", 0.0),
        (None, 0.0),
    ],
)
def test_a_key_scores_as_mirex_has_it(key, score):
    assert mirex(key, "C major") == score


def test_a_minor_key_has_its_relative_a_third_above():
    assert mirex("Eb major", "C minor") == 0.3
    assert mirex("A major", "C minor") == 0.0


def test_an_error_is_a_share_of_the_truth():
    assert off_by(3.0, 4.0) == off_by(5.0, 4.0) == 0.25
    assert off_by(None, 4.0) == 1.0


def test_the_surer_half_is_scored_apart_from_the_rest():
    assert by_confidence([1, 0, 1, 0], [0.9, None, 0.8, 0.1]) == (1.0, 0.0)


# --- pieces as MIDI ---------------------------------------------------------------


def test_each_half_of_the_midi_pieces_has_every_key_once():
    drawn = list(midi.pieces())
    for half in pieces.Half:
        keys = Counter(piece.key for piece in drawn if piece.half == half)
        assert keys == dict.fromkeys(sounds.KEYS, 1)
    assert {piece.metre for piece in drawn} == {"3/4", "4/4", "5/4", "6/8"}


@pytest.mark.parametrize("piece", [*midi.pieces()], ids=lambda piece: piece.name)
def test_a_midi_piece_keeps_to_its_key_and_ends_on_the_tonic(piece):
    root, mode = piece.key.split()
    tonic = pieces.NAMES.index(root)
    steps = {*pieces.SCALES[mode], *({11} if mode == "minor" else ())}
    tuned = [note for note in piece.notes if note.voice != midi.DRUMS]
    last_bass = max((note for note in tuned if note.voice in midi.BASSES), key=lambda n: n.at_s)

    assert {(note.pitch - tonic) % 12 for note in tuned} <= steps
    assert last_bass.pitch % 12 == tonic


# the examples of the Standard MIDI File 1.0 specification
@pytest.mark.parametrize(
    ("number", "written"),
    [(0, "00"), (0x40, "40"), (0x80, "8100"), (0x2000, "c000"), (0x0FFFFFFF, "ffffff7f")],
)
def test_a_quantity_is_written_as_the_standard_has_it(number, written):
    assert midi._quantity(number).hex() == written


@pytest.mark.skipif(
    bool(midi.absent()), reason=f"needs a synthesizer: apt install {' '.join(midi.absent())}"
)
def test_fluidsynth_plays_a_piece_as_long_as_it_should_be():
    piece = next(midi.pieces())

    sound = midi.rendered(piece)

    assert sound.shape[1] / midi.RATE == pytest.approx(piece.seconds, abs=0.05)
    assert np.abs(sound).max() == pytest.approx(0.8)


# --- measuring --------------------------------------------------------------------


def test_an_mp3_is_spliced_to_any_length(tmp_path):
    once = sounds.write(tmp_path / "once.mp3", sounds.drums(120, 5))

    file = tracks.spliced(once, tmp_path / "long.mp3", 1)

    heard_s = sum(piece.shape[1] for piece in tracks._decoded(file)) / sounds.RATE
    assert heard_s == pytest.approx(60, abs=0.1)


def test_an_mp3_that_is_spliced_from_another_frame_on_is_another_recording(tmp_path):
    once = sounds.write(tmp_path / "once.mp3", sounds.drums(120, 5))

    files = [tracks.spliced(once, tmp_path / f"{n}.mp3", 0.5, n).read_bytes() for n in (0, 7)]

    assert files[0] != files[1]
    assert len(files[0]) == pytest.approx(len(files[1]), rel=0.01)


def test_a_track_is_repeated_until_its_file_is_large_enough(tmp_path):
    once = sounds.write(tmp_path / "once.ogg", sounds.drums(120, 2))

    file = tracks.sized(once, tmp_path / "large", "wav", 1.5)

    assert file.stat().st_size == pytest.approx(1.5e6, rel=0.05)


def test_a_contender_tells_what_a_file_costs(tmp_path):
    sounds.write(tmp_path / "warm.wav", sounds.drums(120, 2))
    file = sounds.write(tmp_path / "x.wav", sounds.drums(120, 8))

    found = cost.cost("playlista quick", file)

    assert 0 < found["cpu_s"] < 10
    assert found["peak_mb"] > 20
    assert not found["embedding"]


HOST = "import sys, time\nheld = bytearray(50_000_000)\nfor _ in sys.stdin:\n"
HOST += "    while time.process_time() < 0.5: pass\n    print(flush=True)"
HOSTED = f"""
import subprocess, sys
sys.path.insert(0, {str(HERE)!r})
import contenders
host = subprocess.Popen(
    [sys.executable, "-c", {HOST!r}], stdin=-1, stdout=-1, text=True, bufsize=1
)
def hosted(path):
    if path != "warm.wav":
        host.stdin.write("\\n")
        host.stdout.readline()
contenders.CONTENDERS = {{"hosted": hosted}}
contenders.main(sys.argv[1], "warm.wav", *sys.argv[3:])
"""


def test_what_a_model_host_takes_is_counted_and_it_is_not_left_behind(tmp_path, monkeypatch):
    script = tmp_path / "contenders.py"
    script.write_text(HOSTED)
    monkeypatch.setattr(contenders, "__file__", str(script))

    found = cost.cost("hosted", tmp_path / "x.wav")

    assert found["cpu_s"] > 0.3
    assert found["host_mb"] > 50
    assert not psutil.Process().children(recursive=True)


def test_a_contender_that_falls_over_is_an_error(tmp_path):
    with pytest.raises(ChildProcessError, match="did not hear"):
        cost.cost("playlista quick", tmp_path / "absent.wav")


def test_the_earlier_way_has_its_network_from_the_folder_of_models(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAYLISTA_STATE_PATH", str(tmp_path))
    file = tmp_path / "models/msd-musicnn.pb"
    assert cost.graphdef() is None

    file.parent.mkdir()
    file.touch()

    assert cost.graphdef() == file


def test_a_way_to_run_is_measured_with_all_its_processes(tmp_path):
    (tmp_path / "music").mkdir()
    sounds.write(tmp_path / "music" / "a.flac", sounds.drums(120, 8))

    spent = five._spent(five.WAYS[1], tmp_path / "fast", tmp_path / "music", tmp_path / "models")

    assert 0 < spent.files_per_hour < 3600 * 10
    assert spent.peak > 60_000_000  # more than any one of them holds


def test_a_way_that_leaves_files_unheard_is_an_error(tmp_path):
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "a.flac").touch()

    with pytest.raises(ChildProcessError, match="0 of 1 files"):
        five._spent(five.WAYS[1], tmp_path / "fast", tmp_path / "music", tmp_path / "models")


def test_the_ways_to_run_stand_beside_what_was_claimed_for_them():
    text = report.document(right(), spent(), 12.0)

    assert "| default | `analyze` | 5,000 | 300 | 50-100 | 4-8 |" in text
    assert text.count(" `analyze") == len(five.WAYS)


# --- the document -----------------------------------------------------------------

SCORES = {
    "acc1": 0.9,
    "acc2": 0.98,
    "key": 0.9,
    "onset_error": 0.05,
    "acc1_by_confidence": (1.0, 0.8),
    "key_by_confidence": (1.0, 0.8),
}
BUDGETS = 27


def right(makers=tuple(accuracy.MAKERS)):
    """Return what `accuracy.measured` might."""
    halves = {half: dict.fromkeys(accuracy.CONTENDERS, SCORES) for half in pieces.Half}
    answers = {name: {"bpm": 100.0} for name in accuracy.CONTENDERS}
    return {
        "scores": dict.fromkeys(makers, halves),
        "heard": [{"metre": "3/4", "truth": {"bpm": 100.0}, "answers": answers}],
        "loudness": [{"case": 1, "truth": -23.0, "found": -23.02}],
    }


def taken(cpu_s=1.0, peak_mb=100.0, host_mb=0, embedding=False):
    """Return what `cost.cost` might."""
    return {"cpu_s": cpu_s, "peak_mb": peak_mb, "host_mb": host_mb, "embedding": embedding}


def spent(mine=None, peers=("bliss-audio", *cost.SLOW), *, graphdef=False):
    """Return what `cost.measured` might."""
    ours = dict.fromkeys(cost.OURS, mine or taken())
    costs = ours | dict.fromkeys(peers, taken(cpu_s=4.0))
    large = {"kind": "mp3_320", "mb": 50, "off": taken(peak_mb=400.0), "on": mine or taken()}
    return {
        "files": [{"track": "x", "kind": kind, "costs": costs} for kind in cost.KINDS],
        "large": [large | {"name": name} for name in cost.OURS],
        "long": [{"minutes": minutes, "costs": ours} for minutes in cost.LONG_MINUTES],
        "pool": [
            {"tier": tier, "workers": workers, "files_per_hour": 5_000.0}
            for tier in ("quick", "full")
            for workers in (1, 2)
        ],
        "five": {way.name: five.Spent(5_000.0, 300_000_000) for way in five.WAYS},
        "bliss": "bliss-audio" in peers,
        "graphdef": graphdef,
    }


def verdicts(text):
    """Return the budgets of a document -> (measured, verdict)."""
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
    return {row[0]: (row[2], row[3]) for row in cells if len(row) == 4 and row[1][:1] in {"≤", "≥"}}


def whole(text):
    """Tell whether the rows of each table are as long as its head."""
    return all(
        above.count("|") == below.count("|")
        for above, below in pairwise(text.splitlines())
        if above.startswith("|") and below.startswith("|")
    )


def test_a_document_judges_every_budget():
    text = report.document(right(), spent(), 12.0)

    found = verdicts(text)
    assert whole(text)
    assert len(found) == BUDGETS
    assert found["CPU, quick ÷ bliss-audio, median of files"] == ("0.25", "met")
    assert found["CPU, full ÷ the earlier way, median of files"] == ("0.25", "**missed**")
    assert found["Key, quick, MIDI, held out, beside KeyExtractor"] == ("0.9", "met")
    assert found["Files an hour, quick, 2 workers"] == ("5e+03", "**missed**")


def test_a_document_says_what_was_absent_and_how_to_get_it():
    text = report.document(right(makers=("pieces",)), spent(peers=cost.SLOW), 12.0)

    found = verdicts(text)
    assert whole(text)
    assert len(found) == BUDGETS
    assert "apt install fluidsynth fluid-soundfont-gm" in text
    assert "Absent: bliss-audio 0.2.0" in text
    assert found["Key, full, MIDI, held out, beside KeyExtractor"] == ("not measured", "unknown")
    assert found["CPU, quick ÷ bliss-audio, median of files"] == ("not measured", "unknown")


def test_a_document_in_which_nothing_was_absent_says_nothing_of_it():
    assert "Absent" not in report.document(right(), spent(), 12.0)


def test_without_an_embedding_the_document_says_so_and_knows_no_host():
    text = report.document(right(), spent(), 12.0)

    assert "The full tier has no embedding yet" in text
    assert verdicts(text)["Model host peak MB"] == ("not measured", "unknown")
    assert "| model host |" not in text


def test_with_an_embedding_the_model_host_has_rows_of_its_own():
    text = report.document(right(), spent(taken(host_mb=90, embedding=True)), 12.0)

    assert "no embedding yet" not in text
    assert verdicts(text)["Model host peak MB"] == ("90", "met")
    assert "| 600 | model host | — | 90 |" in text


@pytest.mark.parametrize(("graphdef", "words"), [(False, "went without"), (True, "has MusiCNN's")])
def test_a_document_says_whether_the_earlier_way_had_a_network(graphdef, words):
    assert f"The earlier way {words}" in report.document(right(), spent(graphdef=graphdef), 12.0)


def test_the_largest_peak_of_any_length_is_judged():
    large = spent()
    large["long"][-1]["costs"] = dict.fromkeys(cost.OURS, taken(peak_mb=200.0))

    found = verdicts(report.document(right(), large, 12.0))

    assert found["Peak MB of a worker, quick, 3 minutes to 10 hours"] == ("200", "**missed**")
    assert found["Peak MB of a worker, full, 3 minutes to 10 hours"] == ("200", "met")


def test_what_decoding_in_a_stream_saves_is_a_share_of_the_whole():
    text = report.document(right(), spent(), 12.0)

    assert "| 50 MB MP3 | playlista quick | 400 | 100 | 75 % |" in text


def test_the_committed_document_is_whole():
    text = report.DOCUMENT.read_text("utf-8")

    assert whole(text)
    assert {verdict for _, verdict in verdicts(text).values()} <= {"met", "**missed**", "unknown"}
    assert verdicts(text)


def test_a_scan_is_measured_in_a_process_that_has_done_nothing_else(tmp_path):
    found = scan.measured(tmp_path, 30)

    assert found["files"] == 30
    assert found["cpu_s"] > 0
    assert found["grown_mb"] >= 0
    assert not list(tmp_path.iterdir())
