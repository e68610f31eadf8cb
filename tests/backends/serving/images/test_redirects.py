"""Redirects are followed by hand: where they may lead, and what goes along."""

import numpy as np
import pytest
from urllib3.util.url import parse_url

from backends.serving.images import (
    ImageRefused,
)
from backends.serving.images.sources import Reader
from tests.backends.serving.images.samples import (
    KEY,
    PICTURE,
    PNG,
    SIGNED,
    UPLOAD,
    access,
    redirect,
    settings,
    studio,
)
from tests.backends.serving.images.servers import Asked, Reply, Server


def test_a_signed_redirect_is_followed_without_the_token(serve) -> None:
    storage = serve(Reply(PNG))
    server = serve(redirect(f"{storage.url}/bucket/x.png{SIGNED}"))
    images = studio(server, image_hosts=storage.host)
    assert np.array_equal(images.load("/tasks/7/resolve/?fileuri=eA==").pixels, PICTURE)
    assert server.asked[0].headers["authorization"] == f"Token {KEY}"
    assert "authorization" not in storage.asked[0].headers
    assert storage.asked[0].url.query == SIGNED[1:]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_a_host_that_is_not_allowed_is_refused(serve, status: int) -> None:
    foreign = serve(Reply(PNG))
    server = serve(redirect(f"{foreign.url}/x.png{SIGNED}", status))
    with pytest.raises(ImageRefused, match=f"redirected to {foreign.host}, which is not among"):
        studio(server).load(UPLOAD)
    assert foreign.asked == []


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://169.254.169.254/computeMetadata/v1/", "not among|refused"),
        ("http://metadata.google.internal/", "metadata|not among"),
        ("http://images.example/x.png", "refused network address \\(private\\)"),
        ("http://2130706433/", "unusual spelling"),
        ("http://[::ffff:127.0.0.1]/", "not among|refused"),
        ("http://u:p@images.example/", "user name"),
        ("file:///etc/passwd", "not http"),
        ("gs://bucket-1/x.png", "not http"),
        ("http:\\\\images.example\\x", "cannot be read"),
        ("//images.example/x.png", "refused network address"),
    ],
)
def test_redirects_are_checked_like_addresses_in_a_task(serve, location: str, reason: str) -> None:
    server = serve(redirect(location))
    images = studio(
        server,
        image_hosts="images.example",
        resolver=lambda host, port: ["10.0.0.1"],
    )
    with pytest.raises(ImageRefused, match=reason):
        images.load(UPLOAD)


def test_google_storage_is_allowed_for_label_studios_redirects_alone(serve) -> None:
    asked: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(f"{host}:{port}")
        return ["10.0.0.1"]  # so that the test ends at the guard and not at Google

    server = serve(redirect(f"https://storage.googleapis.com/b/x.png{SIGNED}"))
    with pytest.raises(ImageRefused, match="refused network address"):
        studio(server, resolver=resolver).load(UPLOAD)
    assert asked == ["storage.googleapis.com:443"]
    with pytest.raises(ImageRefused, match="not among the hosts"):
        access(image_hosts=server.host).load(f"{server.url}/x.png")
    with pytest.raises(ImageRefused, match="not among the hosts"):
        access().load("https://storage.googleapis.com/b/x.png")
    plain = serve(redirect("http://storage.googleapis.com/b/x.png"))
    with pytest.raises(ImageRefused, match="not among the hosts"):
        studio(plain).load(UPLOAD)


def test_a_foreign_host_cannot_send_us_to_label_studio_with_rights(serve) -> None:
    server = serve(Reply(PNG))
    foreign = serve(redirect(f"{server.url}{UPLOAD}"))
    images = studio(server, image_hosts=foreign.host)
    with pytest.raises(ImageRefused, match="not among the hosts"):
        images.load(f"{foreign.url}/x.png")
    assert server.asked == []
    listed = studio(server, image_hosts=f"{foreign.host},{server.host}")
    listed.load(f"{foreign.url}/x.png")
    assert "authorization" not in server.asked[0].headers


def test_the_token_does_not_come_back_after_a_detour(serve) -> None:
    servers: list[Server] = []

    def home(asked: Asked) -> Reply:
        return Reply(PNG) if asked.path == "/data/end" else redirect(f"{servers[1].url}/detour")

    servers.append(serve(home))
    servers.append(serve(lambda asked: redirect(f"{servers[0].url}/data/end")))
    hosts = ",".join(server.host for server in servers)
    studio(servers[0], image_hosts=hosts).load(UPLOAD)
    assert [("authorization" in asked.headers) for asked in servers[0].asked] == [True, False]


def test_three_redirects_are_followed_and_a_fourth_is_not(serve) -> None:
    def hops(asked: Asked) -> Reply:
        left = int(asked.path.rpartition("/")[2])
        return redirect(f"./{left - 1}?a=b#c") if left else Reply(PNG)

    server = serve(hops)
    assert np.array_equal(studio(server).load("/data/3").pixels, PICTURE)
    with pytest.raises(ImageRefused, match="more than 3 redirects"):
        studio(server).load("/data/4")
    with pytest.raises(ImageRefused, match="redirected without an address"):
        studio(serve(Reply(status=302))).load(UPLOAD)


def test_a_redirect_may_not_leave_protection(serve) -> None:
    with pytest.raises(ImageRefused, match="unprotected http"):
        Reader(settings()).follow(parse_url("https://a.example/x"), "http://a.example/x", "x")
