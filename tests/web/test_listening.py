import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlista.errors import AlreadyRunning, BadConfig
from playlista.web.listening import open_listener, split


def test_port_0_takes_a_free_one():
    with open_listener("127.0.0.1:0") as one, open_listener("127.0.0.1:0") as other:
        assert one.getsockname()[1] != other.getsockname()[1]


def test_a_port_in_use_is_another_daemon_and_the_line_names_the_key():
    with open_listener("127.0.0.1:0") as first:
        port = first.getsockname()[1]

        with pytest.raises(AlreadyRunning, match=rf"^HTTP_LISTEN 127\.0\.0\.1:{port} is in use"):
            open_listener(f"127.0.0.1:{port}")


def test_callers_queue_before_anybody_answers():
    with (
        open_listener("127.0.0.1:0") as listener,
        socket.create_connection(listener.getsockname(), 5) as caller,
    ):
        assert caller.getpeername() == listener.getsockname()


def test_a_restart_does_not_wait_for_old_connections():
    with open_listener("127.0.0.1:0") as listener:
        address = listener.getsockname()
        caller = socket.create_connection(address, 5)
        listener.accept()[0].close()  # our side closes first, and so stays in TIME_WAIT
        caller.close()

    with open_listener(f"127.0.0.1:{address[1]}") as again:
        assert again.getsockname() == address


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "192.0.2.1:0", "[::]:0", "8.8.8.8:80"])
def test_the_network_is_refused(listen):
    with pytest.raises(BadConfig, match="loopback only"):
        open_listener(listen)


@pytest.mark.parametrize(
    "listen", ["", "9847", "localhost", "127.0.0.1:", "127.0.0.1:65536", "::1:80", "a b:1", "x:٣"]
)
def test_what_is_no_address_is_bad_configuration(listen):
    with pytest.raises(BadConfig, match=r"^HTTP_LISTEN .*expected an address and a port"):
        split(listen)


def test_a_name_that_nobody_knows_is_bad_configuration():
    with pytest.raises(BadConfig, match=r"^HTTP_LISTEN no-such-host\.invalid:80: "):
        open_listener("no-such-host.invalid:80")


@given(st.sampled_from(["127.0.0.1", "localhost", "[::1]"]), st.integers(0, 65535))
def test_host_and_port_come_apart(host, port):
    assert split(f"{host}:{port}") == (host.strip("[]"), port)
