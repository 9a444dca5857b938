import json
import random
import signal
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlista.errors import TryAgain
from playlista.outlets import deltas


def records(*seqs, size=0):
    return [{"seq": seq, "name": "é" * size} for seq in seqs]


def seqs(path):
    text = path.read_bytes()
    assert not text or text.endswith(b"\n")
    return [json.loads(line)["seq"] for line in text.splitlines()]


def last_seq(log):
    record = deltas.last(log)
    return record["seq"] if record else 0


def test_records_are_appended_in_order(tmp_path):
    log = tmp_path / "deltas.jsonl"
    deltas.append(log, records(1, 2))

    assert deltas.append(log, records(3)) == 1
    assert seqs(log) == [1, 2, 3]


def test_what_is_there_is_not_repeated(tmp_path):
    log = tmp_path / "deltas.jsonl"
    deltas.append(log, records(1, 2))

    assert deltas.append(log, records(1, 2, 3)) == 1
    assert seqs(log) == [1, 2, 3]


def test_the_last_seq_says_where_to_go_on(tmp_path):
    log = tmp_path / "deltas.jsonl"
    before = last_seq(log)
    deltas.append(log, records(1, 7))

    assert (before, last_seq(log)) == (0, 7)


def test_a_log_set_aside_keeps_its_lines_and_makes_room(tmp_path):
    log = tmp_path / "deltas.jsonl"
    deltas.append(log, records(1, 2))
    first = deltas.set_aside(log)
    deltas.append(log, records(1))
    second = deltas.set_aside(log)

    assert (first.name, second.name) == ("deltas.jsonl.1", "deltas.jsonl.2")
    assert (seqs(first), seqs(second)) == ([1, 2], [1])
    assert not log.exists()


@pytest.mark.parametrize(
    "tail",
    [b'{"seq": 3, "na', b"\0" * 5000, b'{"seq": 3, \0\0\n', b"3\n", b'{"seq": "x"}\n'],
    ids=["half a line", "zeros", "a spoilt line", "a number", "no number"],
)
def test_what_a_crash_left_behind_is_cut_off(tmp_path, tail):
    log = tmp_path / "deltas.jsonl"
    deltas.append(log, records(1, 2))
    with log.open("ab") as file:
        file.write(tail)
    deltas.append(log, records(2, 3))

    assert seqs(log) == [1, 2, 3]


@given(st.lists(st.integers(0, 2 * deltas.BLOCK_BYTES), min_size=1, max_size=4), st.data())
def test_cut_anywhere_the_log_is_completed(tmp_path_factory, sizes, data):
    log = tmp_path_factory.mktemp("log") / "deltas.jsonl"
    every = [{"seq": n, "name": "x" * size} for n, size in enumerate(sizes, 1)]
    deltas.append(log, every)
    whole = log.read_bytes()
    log.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    deltas.append(log, every)

    assert log.read_bytes() == whole


def test_a_killed_writer_loses_and_doubles_nothing(tmp_path):
    log, rng = tmp_path / "deltas.jsonl", random.Random(1)
    code = (
        "import sys; from playlista.outlets import deltas\n"
        "while True: deltas.append(sys.argv[1].encode(), [{'seq': n, 'x': 'y' * 20000}"
        " for n in range(1, (deltas.last(sys.argv[1].encode()) or {'seq': 0})['seq'] + 20)])"
    )
    for _ in range(4):
        before = last_seq(log)
        with subprocess.Popen([sys.executable, "-c", code, log]) as writer:
            while last_seq(log) == before and writer.poll() is None:
                time.sleep(0.01)
            time.sleep(rng.random() / 20)
            writer.send_signal(signal.SIGKILL)
        last = last_seq(log)
        deltas.append(log, records(*range(1, last + 3)))

        assert seqs(log) == list(range(1, last + 3))


def test_a_folder_that_is_away_may_come_back(tmp_path):
    with pytest.raises(TryAgain):
        deltas.append(tmp_path / "unmounted" / "deltas.jsonl", records(1))
