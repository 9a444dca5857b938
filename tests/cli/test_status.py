"""Whoever answers on the port: a daemon, another program, or nobody."""

import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

FACTS = {
    "state": "running",
    "tracks": {"total": 7},
    "watch": {"roots": [{"path": "/m", "mode": "events", "state": "online", "why": None}]},
    "version": "0.1.0",
}


@pytest.fixture
def answering(heard):
    """Return a function that serves these bytes, and gives the home that asks there."""
    servers = []

    def serve(answer, *, status=200):
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self):
                if status is None:
                    self.wfile.write(answer)
                    return
                self.send_response(status)
                self.end_headers()
                self.wfile.write(answer)

            do_POST = do_GET  # noqa: N815 - as http.server wants it

            def log_message(self, *_):
                pass

        server = HTTPServer(("127.0.0.1", 0), Answer)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        servers.append((server, thread))
        address = f"127.0.0.1:{server.server_port}"
        return replace(heard, keys=heard.keys | {"PLAYLISTA_HTTP_LISTEN": address})

    yield serve
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_running_daemon_is_asked(answering):
    home = answering(json.dumps(FACTS).encode())

    assert home.facts("status") == FACTS


def test_what_it_says_is_shown_to_a_person(answering):
    home = answering(json.dumps(FACTS).encode())

    lines = home.run("status").stdout.splitlines()

    assert "running" in lines[0]
    assert lines[-1].split() == ["/m", "events", "online", "-", "-"]
    assert not any(line.startswith("watch") for line in lines)


@pytest.mark.parametrize(
    ("answer", "status"),
    [(b"220 mail.example ESMTP\r\n", None), (b"<html>", 200), (b"{}", 200), (b"", 503)],
    ids=["not HTTP", "not JSON", "not ours", "not ready"],
)
def test_another_program_on_the_port_is_not_believed(answering, answer, status):
    assert answering(answer, status=status).facts("status")["state"] == "stopped"


@pytest.mark.parametrize(("answer", "status"), [(b"<html>", 200), (b"", 404)])
def test_another_program_on_the_port_is_not_taken_for_one_that_obeys(answering, answer, status):
    done = answering(answer, status=status).run("pause")

    assert done.returncode == 1
    assert done.stderr.startswith("playlista: no daemon obeys at 127.0.0.1:")
