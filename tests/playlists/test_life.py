"""The whole life of a library: what lies on disk is what the log tells."""

import json
import random

import pytest

from playlista.outlets import deltas, m3u8
from playlista.playlists import delta
from playlista.playlists.compose import compose
from playlista.playlists.replay import replay
from playlista.records import Composition


class Publisher:
    """Does what the daemon does after each composition, on a real folder."""

    def __init__(self, folder, log):
        self.folder, self.log, self.seq = folder, log, 0
        self.state = {}  # id -> revision, head, entries

    def publish(self, lists, tracks):
        songs = {
            t.track_id: m3u8.Song(t.track_id, b"/m/%d.mp3" % t.track_id, t.duration_s, t.file_tags)
            for t in tracks
        }
        for playlist in lists.playlists:
            self._publish(playlist, [songs[member.track_id] for member in playlist.members])

    def _publish(self, playlist, songs):
        revision, old_head, old = self.state.get(playlist.id, (0, b"", []))
        head, new = m3u8.render(playlist.name, playlist.id, songs, bytes(self.folder))
        ops, text = delta.diff(old_head, head, old, new), delta.content(head, new)
        if not ops:
            return
        cause = delta.Cause(delta.Reason.NEW_TRACKS, 0)
        self.seq += 1
        made = delta.record(playlist, cause, ops, rev_from=revision, text=text)
        deltas.append(self.log, [{"seq": self.seq} | made])
        path = self.folder / delta.file_name(playlist)
        _ = m3u8.write(path, text) if text else m3u8.remove(path)
        self.state[playlist.id] = (revision + 1, head, new)


@pytest.fixture
def publisher(tmp_path):
    (tmp_path / "playlists").mkdir()
    return Publisher(tmp_path / "playlists", tmp_path / "deltas.jsonl")


def live(publisher, library):
    """Let music come and go, in the end all of it, and then some come back."""
    rng, tracks, lists = random.Random(2), [], Composition()
    batches = [library(n, first=1 + 100 * i, seed=i) for i, n in enumerate((30, 1, 12, 1, 40))]
    stages = [*batches, [], library(30, first=900)]
    for number, batch in enumerate(stages):
        kept = [track for track in tracks if rng.random() > 0.1] if number != 5 else []
        tracks = [*kept, *batch]
        lists = compose(tracks, lists, now=0)
        publisher.publish(lists, tracks)
        yield number


def test_replaying_the_log_gives_every_file_at_every_stage(publisher, library):
    for _ in live(publisher, library):
        on_disk = {path.name: path.read_bytes() for path in publisher.folder.iterdir()}

        assert replay(publisher.log.read_bytes().splitlines()) == on_disk


def test_no_file_is_ever_empty(publisher, library):
    for number in live(publisher, library):
        sizes = [path.stat().st_size for path in publisher.folder.iterdir()]

        assert all(sizes)
        assert bool(sizes) == (number != 5)


def test_revisions_of_each_list_follow_each_other(publisher, library):
    for _ in live(publisher, library):
        pass
    last = {}
    for record in map(json.loads, publisher.log.read_bytes().splitlines()):
        assert record["rev_from"] == last.get(record["file"], 0)
        last[record["file"]] = record["rev_to"]

    assert len(last) >= 8
