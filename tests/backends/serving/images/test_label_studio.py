"""Personal access tokens buy access tokens, once for all threads."""

import base64
import concurrent.futures
import json

import numpy as np
import pytest

from backends.serving.images import ImageAccess, ImageDenied, ImageUnreachable
from tests.backends.serving.images.samples import PICTURE, PNG, access
from tests.backends.serving.images.servers import Asked, Reply, Server

UPLOAD = "/data/upload/1/x.png"


def jwt(kind: str) -> str:
    def part(content: dict) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    return ".".join([part({"alg": "HS256", "typ": "JWT"}), part({"token_type": kind}), "sign"])


PERSONAL = jwt("refresh")


class Studio:
    """Label Studio's answers: access tokens are numbered, and only the newest is good."""

    def __init__(self, refresh: Reply | None = None) -> None:
        self.refreshed = 0
        self.refresh = refresh
        self.good = ""

    def __call__(self, asked: Asked) -> Reply:
        if asked.path.endswith("/api/token/refresh/"):
            assert asked.method == "POST"
            assert asked.headers["content-type"] == "application/json"
            assert "authorization" not in asked.headers
            assert json.loads(asked.body) == {"refresh": PERSONAL}
            self.refreshed += 1
            self.good = f"access-{self.refreshed}"
            return self.refresh or Reply(json.dumps({"access": self.good}).encode())
        good = asked.headers.get("authorization") == f"Bearer {self.good}"
        return Reply(PNG) if good else Reply(status=401)


def images_of(server: Server, path: str = "", key: str = PERSONAL) -> ImageAccess:
    return access(label_studio_url=f"{server.url}{path}", label_studio_api_key=key)


@pytest.mark.parametrize("path", ["", "/sub"])
def test_a_personal_token_is_exchanged_once_and_the_access_token_kept(serve, path: str) -> None:
    studio = Studio()
    images = images_of(serve(studio), path)
    for _ in range(3):
        assert np.array_equal(images.load(UPLOAD).pixels, PICTURE)
    assert studio.refreshed == 1


def test_threads_share_one_exchange(serve) -> None:
    studio = Studio()
    images = images_of(serve(studio))
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: images.load(UPLOAD), range(32)))
    assert studio.refreshed == 1


def test_an_access_token_that_is_refused_is_renewed_once(serve) -> None:
    studio = Studio()
    images = images_of(serve(studio))
    images.load(UPLOAD)
    studio.good = "forgotten"
    assert np.array_equal(images.load(UPLOAD).pixels, PICTURE)
    assert studio.refreshed == 2


def test_an_owner_without_rights_ends_in_a_refusal_and_not_in_a_circle(serve) -> None:
    def answer(asked: Asked) -> Reply:
        refresh = asked.path.startswith("/api/")
        return Reply(b'{"access": "a"}') if refresh else Reply(status=401)

    server = serve(answer)
    with pytest.raises(ImageDenied, match="check LABEL_STUDIO_API_KEY"):
        images_of(server).load(UPLOAD)
    assert len(server.asked) == 4


def test_an_access_token_grows_old(serve, monkeypatch: pytest.MonkeyPatch) -> None:
    studio = Studio()
    images = images_of(serve(studio))
    images.load(UPLOAD)
    monkeypatch.setattr("backends.serving.images.label_studio._ACCESS_SECONDS", 0.0)
    studio.good = "forgotten"
    images.load(UPLOAD)
    images.load(UPLOAD)
    assert studio.refreshed == 3


@pytest.mark.parametrize(
    ("refresh", "error", "sentence"),
    [
        (Reply(status=401), ImageDenied, "refuses the personal access token; make a new one"),
        (Reply(status=404), ImageUnreachable, "answered 404 without an access token"),
        (Reply(b"<html>"), ImageUnreachable, "answered 200 without an access token"),
        (Reply(b"[]"), ImageUnreachable, "without an access token"),
        (Reply(b'{"access": null}'), ImageUnreachable, "without an access token"),
        (Reply(b'{"access": "a\\r\\nX: y"}'), ImageUnreachable, "without an access token"),
    ],
)
def test_a_personal_token_that_buys_nothing_is_said(serve, refresh, error, sentence) -> None:
    server = serve(Studio(refresh))
    with pytest.raises(error, match=sentence) as caught:
        images_of(server).load(UPLOAD)
    assert PERSONAL not in str(caught.value)
    assert all(asked.path.startswith("/api/") for asked in server.asked)


def test_the_personal_token_goes_nowhere_but_to_the_exchange(serve) -> None:
    storage = serve(Reply(PNG))

    def answer(asked: Asked) -> Reply:
        if asked.path.startswith("/api/"):
            return Reply(b'{"access": "a"}')
        return Reply(status=303, headers={"Location": f"{storage.url}/x"})

    server = serve(answer)
    images = access(
        label_studio_url=server.url,
        label_studio_api_key=PERSONAL,
        image_hosts=storage.host,
    )
    images.load(UPLOAD)
    assert "authorization" not in storage.asked[0].headers
    assert not any(PERSONAL in str(asked.headers) for asked in server.asked + storage.asked)


@pytest.mark.parametrize("key", ["a" * 40, "a.b", "a.b.c", "....", "bnVsbA.b.c", "MQ.b.c"])
def test_what_is_no_web_token_is_sent_as_a_legacy_token(serve, key: str) -> None:
    server = serve(Reply(PNG))
    images_of(server, key=key).load(UPLOAD)
    assert server.asked[0].headers["authorization"] == f"Token {key}"
