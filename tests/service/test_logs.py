"""Records as the reader of stderr gets them: most of them from a process of its own."""

import logging
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlista.service.logs import LEVELS, level_of, set_up

SAY = """
import logging, warnings
from playlista.service.logs import set_up
set_up("info")
log = logging.getLogger("playlista.pool.supervisor")
log.info("worker started pid=%d", 12)
log.warning("track parked", extra={"TRACK": "/m/a b.flac", "REASON": "poison"})
log.error("first\\nsecond")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("a bug")
"""

# stands where the extra `systemd` would, and prints what journald would be sent
JOURNAL = """
import logging
class JournalHandler(logging.Handler):
    def __init__(self, **fields):
        super().__init__()
        self.fields = fields
    def emit(self, record):
        print(self.format(record), self.fields, getattr(record, "TRACK", None), sep="|")
"""


def run(code: str, **options: object) -> subprocess.CompletedProcess[str]:
    options = {"stderr": subprocess.PIPE} | options
    return subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True, **options
    )


def said_to_journald(code: str, log: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    with log.open("w") as stderr:
        stat = os.fstat(stderr.fileno())
        journal = {"JOURNAL_STREAM": f"{stat.st_dev}:{stat.st_ino}"}
        return run(code, stderr=stderr, env=os.environ | journal | environ)


@pytest.fixture
def restored() -> Iterator[None]:
    """Logging as pytest had it."""
    root, ours = logging.getLogger(), logging.getLogger("playlista")
    before = root.handlers[:], root.level, ours.level
    root.handlers = []
    yield
    root.handlers, root.level, ours.level = before
    logging.captureWarnings(False)


def test_people_read_when_how_bad_which_part_and_the_fact():
    first, second, *_ = run(SAY).stderr.splitlines()

    when = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}"
    assert re.fullmatch(rf"{when} info    pool\.supervisor: worker started pid=12", first)
    assert re.fullmatch(
        rf'{when} warning .*: track parked track="/m/a b.flac" reason=poison', second
    )


def test_an_event_takes_one_line_whatever_its_text():
    third = run(SAY).stderr.splitlines()[2]

    assert third.endswith("first second")


def test_journald_reads_how_bad_before_every_line_even_of_a_traceback(tmp_path):
    said_to_journald(SAY, tmp_path / "log")

    lines = (tmp_path / "log").read_text().splitlines()
    assert lines[0] == "<6>pool.supervisor: worker started pid=12"
    assert lines[1].startswith("<4>")
    assert len(lines) > 6
    assert all(line.startswith("<3>") for line in lines[2:])
    assert lines[-1] == "<3>ZeroDivisionError: division by zero"


def test_a_journal_stream_that_is_not_our_stderr_is_not_believed(tmp_path):
    (tmp_path / "other").touch()
    stat = (tmp_path / "other").stat()

    said = run(SAY, env=os.environ | {"JOURNAL_STREAM": f"{stat.st_dev}:{stat.st_ino}"})

    assert not said.stderr.startswith("<")


def test_with_the_extra_the_journal_gets_fields(tmp_path):
    (tmp_path / "systemd").mkdir()
    (tmp_path / "systemd" / "__init__.py").touch()
    (tmp_path / "systemd" / "journal.py").write_text(JOURNAL)

    said = said_to_journald(SAY, tmp_path / "log", PYTHONPATH=str(tmp_path))

    parked = said.stdout.splitlines()[1]
    assert parked == (
        'pool.supervisor: track parked track="/m/a b.flac" reason=poison'
        "|{'SYSLOG_IDENTIFIER': 'playlista'}|/m/a b.flac"
    )
    assert (tmp_path / "log").read_text() == ""


@pytest.mark.fault(49)
def test_a_closed_pipe_neither_crashes_nor_spoils_the_exit_status():
    code = SAY + "\nprint('survived')"
    reader, writer = os.pipe()
    os.close(reader)
    try:
        said = run(code, stderr=writer)
    finally:
        os.close(writer)

    assert said.stdout == "survived\n"


def test_a_stderr_closed_from_the_start_is_no_crash():
    shell = f'exec "{sys.executable}" -c "$CODE" 2>&-'

    said = subprocess.run(
        ["/bin/sh", "-c", shell],
        env=os.environ | {"CODE": SAY + "\nprint('survived')"},
        stdout=subprocess.PIPE,
        check=True,
    )

    assert said.stdout == b"survived\n"


@pytest.mark.fault(49)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's own")
def test_a_full_disk_is_no_crash():
    with Path("/dev/full").open("w") as full:
        said = run(SAY + "\nprint('survived')\nimport os\nos._exit(0)", stderr=full)

    assert "survived\n" in said.stdout


def test_a_warning_of_a_library_is_one_line():
    said = run(
        SAY + "\nwarnings.warn('old way', DeprecationWarning)",
        env=os.environ | {"PYTHONWARNINGS": "always"},
    )

    last = said.stderr.splitlines()[-1]
    assert "warning py.warnings: " in last
    assert "DeprecationWarning: old way" in last


@pytest.mark.usefixtures("restored")
def test_every_record_is_counted_by_level_also_when_nobody_reads():
    counted = Counter()
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as broken:
        set_up("debug", broken, count=lambda level: counted.update([level]))
        log = logging.getLogger("playlista.store")
        for say in (log.debug, log.info, log.info, log.warning, log.error, log.critical):
            say("x")

    assert counted == {"debug": 1, "info": 2, "warning": 1, "error": 2}


@pytest.mark.usefixtures("restored")
def test_what_the_level_hides_is_not_counted():
    counted = Counter()
    set_up("error", count=lambda level: counted.update([level]))

    logging.getLogger("playlista.store").warning("x")

    assert not counted


@pytest.mark.usefixtures("restored")
def test_debug_lines_are_ours_only():
    set_up("debug")

    assert logging.getLogger("playlista.store").isEnabledFor(logging.DEBUG)
    assert not logging.getLogger("watchdog.observers").isEnabledFor(logging.DEBUG)


@pytest.mark.usefixtures("restored")
def test_a_second_set_up_changes_the_level_and_doubles_nothing(capsys):
    set_up("error")
    set_up("info")

    logging.getLogger("playlista.store").info("once")

    assert capsys.readouterr().err.count("once") == 1


@given(st.integers(0, 100))
def test_every_level_has_a_name_of_the_closed_set(number):
    record = logging.LogRecord("x", number, "x", 1, "x", (), None)

    assert level_of(record) in LEVELS


@given(st.text())
def test_no_text_breaks_out_of_its_line(text):
    record = logging.LogRecord("playlista.x", logging.INFO, "x", 1, "%s", (text,), None)
    record.TRACK = text
    from playlista.service.logs import _Line

    told = _Line().format(record)

    assert told.isprintable()
