import queue
import socket
import threading
import time
from contextlib import suppress
from functools import partial

import httpx
import psutil
import pytest

from playlista.errors import AlreadyRunning
from playlista.web.routes import THREADS
from playlista.web.server import Server

get = partial(httpx.get, trust_env=False, timeout=20)


def test_it_answers_as_soon_as_it_is_entered(daemon):
    with Server("127.0.0.1:0", daemon.views(), daemon.registry) as server:
        assert get(f"{server.url}/healthz").status_code == 200


def test_the_url_names_the_port_taken(daemon):
    with Server("localhost:0", daemon.views(), daemon.registry) as server:
        assert server.url.startswith("http://localhost:")
        assert not server.url.endswith(":0")


def test_it_answers_to_the_address_it_was_given(daemon):
    with Server("127.0.0.2:0", daemon.views(), daemon.registry) as server:
        assert get(f"{server.url}/healthz").status_code == 200


def test_a_second_server_on_the_port_is_another_daemon(daemon):
    with Server("127.0.0.1:0", daemon.views(), daemon.registry) as first:
        second = Server(first.url.removeprefix("http://"), daemon.views(), daemon.registry)

        with pytest.raises(AlreadyRunning), second:
            pass


def test_nothing_is_left_when_it_stops(daemon):
    before = psutil.Process().num_fds()

    with Server("127.0.0.1:0", daemon.views(), daemon.registry) as server:
        get(f"{server.url}/status")
        address = server.url.removeprefix("http://").split(":")

    assert [thread.name for thread in threading.enumerate() if thread.name == "http"] == []
    assert psutil.Process().num_fds() == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address[0], int(address[1])), 5)


@pytest.mark.fault(48)
def test_it_stops_in_time_though_a_caller_holds_on(daemon):
    with (
        httpx.Client(trust_env=False) as caller,
        Server("127.0.0.1:0", daemon.views(), daemon.registry) as server,
        socket.create_connection(server.url.removeprefix("http://").split(":"), 5) as silent,
    ):
        caller.get(f"{server.url}/status")
        silent.sendall(b"GET /status HTTP/1.1\r\n")
        started = time.monotonic()
        server.__exit__()

        assert time.monotonic() - started < 2


def test_it_stops_in_time_though_an_answer_does_not_end(daemon):
    begun, end = threading.Event(), threading.Event()

    def endless():
        begun.set()
        end.wait(30)
        return (True, [])

    daemon.alive = endless
    with Server("127.0.0.1:0", daemon.views(), daemon.registry) as server:
        caller = threading.Thread(target=call, args=(f"{server.url}/healthz",))
        caller.start()
        assert begun.wait(5)
        started = time.monotonic()

    took = time.monotonic() - started
    end.set()
    caller.join(5)
    assert took < 2
    assert not server._thread.is_alive()


def test_a_loop_that_does_not_end_is_left_behind_and_said_so(daemon, caplog):
    begun, end = threading.Event(), threading.Event()

    def endless():
        begun.set()
        end.wait(30)

    with Server("127.0.0.1:0", daemon.views(), daemon.registry, beat=endless) as server:
        assert begun.wait(5)
        started = time.monotonic()

    took = time.monotonic() - started
    end.set()
    server._thread.join(5)
    assert took < 2.5
    assert "left behind" in caplog.text


def call(url: str) -> None:
    with suppress(httpx.HTTPError):
        get(url)


def test_slow_answers_share_a_few_threads(daemon):
    busy, most, lock = 0, 0, threading.Lock()

    def slow():
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        time.sleep(0.05)
        with lock:
            busy -= 1
        return (True, [])

    daemon.alive = slow
    with Server("127.0.0.1:0", daemon.views(), daemon.registry) as server:
        callers = [
            threading.Thread(target=call, args=(f"{server.url}/healthz",))
            for _ in range(3 * THREADS)
        ]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()

    assert most == THREADS


def test_its_own_loop_beats(daemon):
    beaten = threading.Event()

    with Server("127.0.0.1:0", daemon.views(), daemon.registry, beat=beaten.set):
        assert beaten.wait(5)


@pytest.mark.fault(37)
def test_its_own_loop_beats_on_when_the_clock_is_put_back(daemon, monkeypatch):
    beats = queue.SimpleQueue()

    with Server("127.0.0.1:0", daemon.views(), daemon.registry, beat=lambda: beats.put(1)):
        beats.get(timeout=5)
        monkeypatch.setattr(time, "time", lambda: 0.0)

        for _ in range(3):
            beats.get(timeout=5)


def test_what_ends_its_loop_is_raised_where_somebody_looks(daemon):
    with Server("127.0.0.1:0", daemon.views(), daemon.registry, beat=lambda: 1 / 0) as server:
        server._thread.join(5)

        with pytest.raises(ZeroDivisionError):
            server.raise_problem()


def test_a_scrape_leaves_no_line_in_the_log(daemon, caplog):
    caplog.set_level("INFO")

    with (
        Server("127.0.0.1:0", daemon.views(), daemon.registry) as server,
        httpx.Client(trust_env=False) as caller,
    ):
        caller.get(f"{server.url}/metrics")

    assert [record for record in caplog.records if record.name.startswith("uvicorn")] == []
