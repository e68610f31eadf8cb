"""Time, bytes and tries are limited, whatever a server does."""

import gzip
import time
from email.utils import formatdate
from itertools import count

import numpy as np
import pytest

from backends.serving.images import ImageTooLarge, ImageUnreachable, ImageUnreadable
from tests.backends.serving.images.samples import PICTURE, PNG, access
from tests.backends.serving.images.servers import Asked, Reply, Server, closed_port

SLACK_SECONDS = 3.0


def load(server: Server, **changes):
    return access(image_hosts=server.host, **changes).load(f"{server.url}/x.png")


def failing(times: int, reply: Reply):
    """Answers `reply` this many times, and then the picture."""
    tries = count()
    return lambda asked: reply if next(tries) < times else Reply(PNG)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(PNG, drip=0.05),  # every read succeeds, headers and all
        Reply(PNG, headers={"Content-Length": str(len(PNG) + 1)}),  # one byte never comes
        Reply(b"5\r\nabcde\r\n", headers={"Content-Length": "", "Transfer-Encoding": "chunked"}),
    ],
    ids=["drip", "stall", "stalled chunk"],
)
def test_a_slow_server_cannot_hold_a_thread(serve, reply: Reply) -> None:
    server = serve(reply)
    start = time.monotonic()
    with pytest.raises(ImageUnreachable, match=r"x\.png: no complete answer within 0\.5 s"):
        load(server, seconds=0.5, retries=3)
    assert time.monotonic() - start < 0.5 + SLACK_SECONDS
    assert len(server.asked) == 1


def test_the_time_is_for_all_redirects_and_tries_together(serve) -> None:
    def slow(asked: Asked) -> Reply:
        time.sleep(0.2)
        return Reply(status=302, headers={"Location": "/again"})

    start = time.monotonic()
    with pytest.raises(ImageUnreachable, match=r"within 0\.5 s"):
        load(serve(slow), seconds=0.5)
    assert time.monotonic() - start < 0.5 + SLACK_SECONDS


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_passing_faults_are_tried_again(serve, status: int) -> None:
    server = serve(failing(1, Reply(b"busy", status)))
    assert np.array_equal(load(server).pixels, PICTURE)
    assert len(server.asked) == 2


@pytest.mark.parametrize("status", [400, 404, 409, 418, 501])
def test_lasting_faults_are_not(serve, status: int) -> None:
    server = serve(failing(1, Reply(status=status)))
    with pytest.raises(Exception, match=str(status)):
        load(server, retries=3)
    assert len(server.asked) == 1


def test_tries_end(serve) -> None:
    server = serve(Reply(status=503))
    with pytest.raises(ImageUnreachable, match=f"{server.host} answered 503, 3 times"):
        load(server, retries=2)
    assert len(server.asked) == 3
    once = serve(Reply(status=503))
    with pytest.raises(ImageUnreachable):
        load(once, retries=0)
    assert len(once.asked) == 1


@pytest.mark.parametrize("cut", [0, 10, len(PNG) - 1])
def test_a_broken_connection_is_tried_again_from_the_first_byte(serve, cut: int) -> None:
    server = serve(failing(1, Reply(PNG, cut=cut)))
    assert np.array_equal(load(server).pixels, PICTURE)
    assert len(server.asked) == 2
    always = serve(Reply(PNG, cut=cut))
    with pytest.raises(ImageUnreachable, match=r"reached \(the connection broke\), 2 times"):
        load(always)


def test_a_host_that_is_not_there_is_named() -> None:
    host = f"127.0.0.1:{closed_port()}"
    images = access(image_hosts=host)
    with pytest.raises(ImageUnreachable, match=rf"{host} cannot be reached \(.*refused\), 2 times"):
        images.load(f"http://{host}/x.png")


def test_a_name_that_does_not_resolve_is_tried_again() -> None:
    lookups: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        lookups.append(host)
        raise OSError("no name server")

    images = access(image_hosts="images.example", resolver=resolver)
    with pytest.raises(ImageUnreachable, match=r"images\.example cannot be reached"):
        images.load("https://images.example/x.png")
    assert lookups == ["images.example"] * 2


@pytest.mark.parametrize("wait", ["1", "date"])
def test_retry_after_is_obeyed(serve, wait: str) -> None:
    # A date has whole seconds: 2 s from now is between 1 and 2 s away.
    value = formatdate(time.time() + 2, usegmt=True) if wait == "date" else wait
    server = serve(failing(1, Reply(status=503, headers={"Retry-After": value})))
    start = time.monotonic()
    load(server)
    assert 0.9 < time.monotonic() - start < 2 + SLACK_SECONDS


@pytest.mark.parametrize("value", ["60", formatdate(time.time() + 3600, usegmt=True)])
def test_a_retry_after_beyond_the_time_fails_at_once(serve, value: str) -> None:
    server = serve(Reply(status=503, headers={"Retry-After": value}))
    start = time.monotonic()
    with pytest.raises(ImageUnreachable, match="answered 503, and the next try in"):
        load(server)
    assert time.monotonic() - start < SLACK_SECONDS


@pytest.mark.parametrize("value", ["soon", "-1", "1e9", ""])
def test_a_retry_after_that_says_nothing_is_passed_over(serve, value: str) -> None:
    server = serve(failing(1, Reply(status=503, headers={"Retry-After": value})))
    assert np.array_equal(load(server).pixels, PICTURE)


def test_a_declared_size_over_the_limit_is_refused_before_the_body(serve) -> None:
    server = serve(Reply(b"x" * 100, headers={"Content-Length": "200001"}))
    start = time.monotonic()
    said = r"x\.png: more than the 0\.19\d* MiB allowed for one image \(IMAGE_MAX_MB\)$"
    with pytest.raises(ImageTooLarge, match=said):
        load(server)
    assert time.monotonic() - start < SLACK_SECONDS


def test_an_undeclared_size_over_the_limit_is_refused_while_it_comes(serve) -> None:
    chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    body = chunk * 40
    headers = {"Content-Length": "", "Transfer-Encoding": "chunked"}
    with pytest.raises(ImageTooLarge):
        load(serve(Reply(body, headers=headers)))


def test_a_small_body_that_unpacks_to_a_large_one_is_refused(serve) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < 200_000
    with pytest.raises(ImageTooLarge):
        load(serve(Reply(bomb, headers={"Content-Encoding": "gzip"})))


def test_a_packed_body_within_the_limit_is_unpacked(serve) -> None:
    server = serve(Reply(gzip.compress(PNG), headers={"Content-Encoding": "gzip"}))
    assert np.array_equal(load(server).pixels, PICTURE)
    assert server.asked[0].headers["accept-encoding"] == "identity"


def test_an_answer_that_cannot_be_unpacked_is_an_error(serve) -> None:
    server = serve(Reply(b"no gzip at all", headers={"Content-Encoding": "gzip"}))
    with pytest.raises(ImageUnreachable, match="cannot be read"):
        load(server)


def test_a_body_of_just_the_limit_is_read(serve) -> None:
    server = serve(Reply(PNG))
    load(server, max_bytes=len(PNG))
    with pytest.raises(ImageTooLarge):
        load(server, max_bytes=len(PNG) - 1)


def test_half_a_picture_that_the_server_calls_whole_is_unreadable(serve) -> None:
    with pytest.raises(ImageUnreadable, match=r"x\.png: the file is damaged or incomplete"):
        load(serve(Reply(PNG[: len(PNG) // 2])))


def test_a_connection_serves_again_after_an_answer_without_a_picture(serve) -> None:
    server = serve(failing(1, Reply(b"busy", 503)))
    load(server)
    assert server.connections == 1
