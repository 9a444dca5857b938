import re
import socket

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from playlista.web.callers import LOCAL, without_port


@pytest.mark.parametrize(
    "host", ["localhost", "LocalHost:9847", "127.0.0.1:1", "[::1]", "[::1]:80"]
)
def test_a_caller_by_a_local_name_is_answered(http, host):
    assert http.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:9847",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example:localhost",
        "localhost:",
        "::1",
        "user@localhost",
        "",
    ],
)
def test_a_page_elsewhere_that_points_its_name_here_is_refused(http, host):
    for path in ("/", "/metrics", "/status", "/nothing"):
        answer = http.get(path, headers={"Host": host})
        assert answer.status_code == 421
        assert answer.json() == {"detail": "this server has no such name"}


@pytest.mark.parametrize("lines", [b"", b"Host: localhost\r\nHost: evil.example\r\n"])
def test_without_exactly_one_host_header_nobody_is_answered(http, lines):
    with socket.create_connection((http.base_url.host, http.base_url.port), 5) as line:
        line.sendall(b"GET /status HTTP/1.0\r\n" + lines + b"\r\n")

        assert line.recv(100).split()[1] == b"400"


@pytest.mark.parametrize("host", ["localhost:9847", "127.0.0.1:1", "[::1]:80"])
def test_our_own_page_may_give_orders(http, daemon, host):
    headers = {"Host": host, "Origin": f"http://{host}"}

    assert http.post("/api/pause", headers=headers).status_code == 204
    assert daemon.orders == ["pause"]


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "", "https://localhost:9847", "http://localhost:3000",
     "http://localhost", "http://localhost:9847.evil.example"],
)  # fmt: skip
def test_a_page_elsewhere_gives_no_orders(http, daemon, origin):
    headers = {"Host": "localhost:9847", "Origin": origin}

    answer = http.post("/api/pause", headers=headers)

    assert answer.status_code == 403
    assert answer.json() == {"detail": "orders of other pages are not obeyed"}
    assert daemon.orders == []


def test_one_good_origin_does_not_carry_another_along(http, daemon):
    headers = [("Host", "localhost"), ("Origin", "http://localhost"), ("Origin", "http://evil")]

    assert http.post("/api/pause", headers=headers).status_code == 403
    assert daemon.orders == []


def test_reading_is_free_whatever_page_asks(http):
    """The browser keeps the answer from it: there is no Access-Control-Allow-Origin."""
    answer = http.get("/status", headers={"Origin": "http://evil.example"})

    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


@given(st.sampled_from(sorted(LOCAL)), st.integers(0, 65535))
def test_the_port_does_not_matter(name, port):
    assert without_port(f"{name}:{port}") == name


@given(st.sampled_from(sorted(LOCAL)), st.text(min_size=1, max_size=9), st.booleans())
def test_whatever_else_stands_beside_a_local_name_makes_it_another(name, more, before):
    host = more + name if before else name + more
    assume(not re.fullmatch(r":[0-9]+", more))

    assert without_port(host) not in LOCAL
