"""What the documents say is what the code says."""

import runpy
from pathlib import Path

import pytest

from playlista.config.load import load
from playlista.config.settings import Config, table

ROOT = Path(__file__).resolve().parents[2]
GENERATED = (
    "playlista.conf", "docs/settings.md", "docs/metrics.md", "docs/cli.md", "docs/faults.md",
)  # fmt: skip


@pytest.fixture(scope="module")
def generated():
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("STATE_DIRECTORY", raising=False)
        return runpy.run_path(str(ROOT / "docs/generate.py"))["documents"]()


def test_every_generated_document_is_listed_here(generated):
    assert set(generated) == set(GENERATED)


@pytest.mark.parametrize("name", GENERATED)
def test_a_committed_document_is_what_the_code_gives(generated, name):
    committed = (ROOT / name).read_text("utf-8")

    assert committed == generated[name], "run `make docs` and commit what it writes"


def test_the_configuration_file_as_delivered_changes_nothing():
    found = load(ROOT / "playlista.conf", environ={})

    assert found.config == Config()
    assert not found.origins


def test_the_configuration_file_with_every_line_switched_on_changes_nothing(tmp_path, monkeypatch):
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    lines = (ROOT / "playlista.conf").read_text("utf-8").splitlines()
    switched_on = tmp_path / "playlista.conf"
    switched_on.write_text("\n".join(line.removeprefix("#") for line in lines if "# " not in line))

    found = load(switched_on, environ={})

    assert found.config == Config()
    assert list(found.origins) == list(table())


@pytest.mark.parametrize("name", ["playlista.conf", "docs/settings.md"])
def test_every_key_is_documented(name):
    text = (ROOT / name).read_text("utf-8")

    assert [key for key in table() if key not in text] == []


@pytest.mark.parametrize(
    "name",
    [
        "backlog_oldest_timestamp_seconds", "analyses_total", "analysis_seconds", "workers_target",
        "memory_used_ratio", "landing_to_playlist_seconds", "log_messages_total",
    ],
)  # fmt: skip
def test_a_metric_of_the_interface_is_documented_under_its_name(name):
    assert f"`playlista_{name}`" in (ROOT / "docs/metrics.md").read_text("utf-8")


def test_every_decision_that_the_code_cites_is_recorded():
    recorded = {file.name[:4] for file in (ROOT / "docs/adr").glob("[0-9]*.md")}
    cited = {
        word
        for file in (ROOT / "daemon").rglob("*.py")
        for word in file.read_text("utf-8").replace("(", " ").replace(")", " ").split("ADR ")[1:]
    }

    assert {word[:4] for word in cited} <= recorded


def test_every_decision_has_the_four_parts():
    parts = ("## Context", "## Decision", "## Consequences", "## What would change our mind")

    for file in (ROOT / "docs/adr").glob("[0-9]*.md"):
        text = file.read_text("utf-8")
        assert [part for part in parts if f"\n{part}\n" not in text] == [], file.name
        assert text.startswith(f"# {file.name[:4]} "), file.name
