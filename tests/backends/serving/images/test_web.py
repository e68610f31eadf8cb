"""Who is asked for an image, what goes with the request, and where redirects may lead."""

import concurrent.futures

import numpy as np
import pytest
from urllib3.util.url import parse_url

from backends.serving.images import (
    ImageDenied,
    ImageError,
    ImageNotFound,
    ImageRefused,
    ImageUnreachable,
    ImageUnreadable,
)
from backends.serving.images.sources import Reader
from tests.backends.serving.images.conftest import OTHER_PNG, PICTURE, PNG, access, settings
from tests.backends.serving.images.servers import Asked, Reply, Server

KEY = "0123456789abcdef0123456789abcdef01234567"
SIGNED = "?X-Goog-Signature=c0ffee&X-Goog-Credential=someone"
UPLOAD = "/data/upload/1/x.png"


def studio(server: Server, path: str = "", **changes):
    """Access to `server` as Label Studio at this path."""
    url = f"{server.url}{path}"
    return access(**({"label_studio_url": url, "label_studio_api_key": KEY} | changes))


def redirect(location: str, status: int = 303) -> Reply:
    return Reply(status=status, headers={"Location": location})


@pytest.mark.parametrize(
    "path",
    [
        UPLOAD,
        "/data/local-files/?d=a%20b.png",
        "/storage-data/uploaded/?filepath=upload/1/x.png",
        "/tasks/7/presign/?fileuri=Z3M6Ly9iLTEveA==",
        "/tasks/7/resolve/?fileuri=Z3M6Ly9iLTEveA==",
        "/projects/7/resolve/?fileuri=Z3M6Ly9iLTEveA==",
    ],
)
@pytest.mark.parametrize("root", ["", "/sub", "/sub/"])
def test_label_studios_files_are_fetched_with_the_token(serve, path: str, root: str) -> None:
    server = serve(Reply(PNG))
    images = studio(server, root)
    below = root.rstrip("/")
    for address in (path, f"{below}{path}", f"{server.url}{below}{path}"):
        image = images.load(address)
        assert np.array_equal(image.pixels, PICTURE)
        assert (image.width, image.height) == (64, 40)
        asked = server.asked[-1]
        assert asked.headers["authorization"] == f"Token {KEY}"
        assert asked.url.geturl() == f"{below}{path}"
    assert server.connections == 1


@pytest.mark.parametrize(
    "path",
    [
        "/api/projects/1/export",
        "/data/../api/x",
        "/data/%2e%2e/api/x",
        "/user/logout",
        "/x/data/y",
        "/tasks/7/resolve/x",
        "/tasks/x/resolve/",
        "/data/",
        "/static/samples/sample.jpg",
    ],
)
def test_the_token_stays_at_home_where_label_studio_keeps_no_files(serve, path: str) -> None:
    server = serve(Reply(PNG))
    studio(server).load(f"{server.url}{path}")
    assert "authorization" not in server.asked[0].headers


def test_the_token_does_not_go_outside_a_sub_path(serve) -> None:
    server = serve(Reply(PNG))
    images = studio(server, "/sub")
    with pytest.raises(ImageRefused, match="not among the hosts"):
        images.load(f"{server.url}/data/upload/1/x.png")
    with pytest.raises(ImageRefused, match="not among the hosts"):
        images.load(f"{server.url}/subway/data/upload/1/x.png")
    assert server.asked == []


def test_no_key_means_no_header(serve) -> None:
    server = serve(Reply(PNG))
    studio(server, label_studio_api_key=None).load(UPLOAD)
    assert "authorization" not in server.asked[0].headers


def test_an_alias_of_label_studio_is_asked_at_its_inner_address(serve) -> None:
    server = serve(Reply(PNG))
    aliases = frozenset({"https://labels.example/team"})
    images = studio(server, label_studio_aliases=aliases)
    images.load(f"https://labels.example/team{UPLOAD}")
    assert server.asked[0].path == UPLOAD
    assert server.asked[0].headers["authorization"] == f"Token {KEY}"


def test_an_allowed_host_is_asked_without_the_token(serve) -> None:
    server = serve(Reply(PNG))
    images = access(
        label_studio_url="http://127.0.0.1:1",
        label_studio_api_key=KEY,
        allowed_hosts=frozenset({server.host}),
    )
    images.load(f"{server.url}/a.png{SIGNED}")
    assert server.asked[0].url.query == SIGNED[1:]
    assert not {"authorization", "cookie", "referer"} & server.asked[0].headers.keys()


def test_a_signed_redirect_is_followed_without_the_token(serve) -> None:
    storage = serve(Reply(PNG))
    server = serve(redirect(f"{storage.url}/bucket/x.png{SIGNED}"))
    images = studio(server, allowed_hosts=frozenset({storage.host}))
    assert np.array_equal(images.load("/tasks/7/resolve/?fileuri=eA==").pixels, PICTURE)
    assert server.asked[0].headers["authorization"] == f"Token {KEY}"
    assert "authorization" not in storage.asked[0].headers
    assert storage.asked[0].url.query == SIGNED[1:]


def test_a_host_that_is_not_allowed_is_neither_looked_up_nor_asked(serve) -> None:
    server = serve(Reply(PNG))
    images = access(allowed_hosts=frozenset({"images.example"}))
    for address in (f"{server.url}/a.png", "https://elsewhere.example/a.png"):
        with pytest.raises(ImageRefused, match="not among the hosts"):
            images.load(address)
    assert server.asked == []


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
        allowed_hosts=frozenset({"images.example"}),
        resolver=lambda host, port: ["10.0.0.1"],
    )
    with pytest.raises(ImageRefused, match=reason):
        images.load(UPLOAD)


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "[fd00:ec2::254]", "168.63.129.16", "[::ffff:a9fe:a9fe]", "0.0.0.0"],
)
def test_metadata_addresses_are_refused_even_when_somebody_lists_them(address: str) -> None:
    images = access(allowed_hosts=frozenset({address}))
    with pytest.raises(ImageRefused, match="refused network address"):
        images.load(f"http://{address}/x.png")
    with pytest.raises(ImageRefused, match="refused network address"):
        access(label_studio_url=f"http://{address}").load(UPLOAD)


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::1"]])
def test_an_allowed_name_that_leads_inside_is_refused(serve, answers: list[str]) -> None:
    server = serve(Reply(PNG))
    name = f"images.example:{server.port}"
    images = access(allowed_hosts=frozenset({name}), resolver=lambda host, port: answers)
    with pytest.raises(ImageRefused, match=r"images\.example leads to a refused network address"):
        images.load(f"http://{name}/x.png")
    assert server.asked == []


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
        access(allowed_hosts=frozenset({server.host})).load(f"{server.url}/x.png")
    with pytest.raises(ImageRefused, match="not among the hosts"):
        access().load("https://storage.googleapis.com/b/x.png")
    plain = serve(redirect("http://storage.googleapis.com/b/x.png"))
    with pytest.raises(ImageRefused, match="not among the hosts"):
        studio(plain).load(UPLOAD)


def test_a_foreign_host_cannot_send_us_to_label_studio_with_rights(serve) -> None:
    server = serve(Reply(PNG))
    foreign = serve(redirect(f"{server.url}{UPLOAD}"))
    images = studio(server, allowed_hosts=frozenset({foreign.host}))
    with pytest.raises(ImageRefused, match="not among the hosts"):
        images.load(f"{foreign.url}/x.png")
    assert server.asked == []
    listed = studio(server, allowed_hosts=frozenset({foreign.host, server.host}))
    listed.load(f"{foreign.url}/x.png")
    assert "authorization" not in server.asked[0].headers


def test_the_token_does_not_come_back_after_a_detour(serve) -> None:
    servers: list[Server] = []

    def home(asked: Asked) -> Reply:
        return Reply(PNG) if asked.path == "/data/end" else redirect(f"{servers[1].url}/detour")

    servers.append(serve(home))
    servers.append(serve(lambda asked: redirect(f"{servers[0].url}/data/end")))
    hosts = frozenset(server.host for server in servers)
    studio(servers[0], allowed_hosts=hosts).load(UPLOAD)
    assert [("authorization" in asked.headers) for asked in servers[0].asked] == [True, False]


def test_three_redirects_are_followed_and_a_fourth_is_not(serve) -> None:
    def hops(asked: Asked) -> Reply:
        left = int(asked.path.rpartition("/")[2])
        return redirect(f"./{left - 1}?a=b#c") if left else Reply(PNG)

    server = serve(hops)
    assert np.array_equal(studio(server).load("/data/3").pixels, PICTURE)
    with pytest.raises(ImageUnreachable, match="more than 3 redirects"):
        studio(server).load("/data/4")
    with pytest.raises(ImageUnreachable, match="redirected to nowhere"):
        studio(serve(Reply(status=302))).load(UPLOAD)


def test_a_redirect_may_not_leave_protection(serve) -> None:
    with pytest.raises(ImageRefused, match="unprotected http"):
        Reader(settings()).follow(parse_url("https://a.example/x"), "http://a.example/x", "x")


@pytest.mark.parametrize(
    ("status", "error", "sentence"),
    [
        (401, ImageDenied, "check LABEL_STUDIO_API_KEY"),
        (403, ImageDenied, "check LABEL_STUDIO_API_KEY"),
        (404, ImageNotFound, "no such file"),
        (410, ImageNotFound, "no such file"),
        (424, ImageUnreachable, "answered 424"),
        (204, ImageUnreachable, "answered 204"),
        (206, ImageUnreachable, "answered 206"),
    ],
)
def test_label_studios_refusals_are_told_apart(serve, status, error, sentence: str) -> None:
    server = serve(Reply(PNG, status))
    with pytest.raises(error, match=sentence) as caught:
        studio(server).load(f"{UPLOAD}{SIGNED}")
    assert str(caught.value).startswith(f"{UPLOAD}: Label Studio")
    assert len(server.asked) == 1


def test_a_login_page_is_no_image(serve) -> None:
    to_login = serve(redirect("/user/login/?next=/data/upload/1/x.png", 302))
    with pytest.raises(ImageDenied, match="asks to log in; check LABEL_STUDIO_API_KEY"):
        studio(to_login).load(UPLOAD)
    shown = serve(Reply(b"<!DOCTYPE html><title>Label Studio</title>"))
    with pytest.raises(ImageUnreadable, match="web page"):
        studio(shown).load(UPLOAD)
    with pytest.raises(ImageUnreadable, match="empty"):
        studio(serve(Reply())).load(UPLOAD)


@pytest.mark.parametrize("status", [200, 302, 401, 404, 418, 503])
def test_no_message_holds_a_token_or_a_signature(serve, status: int, caplog) -> None:
    caplog.set_level("DEBUG")
    location = {"Location": f"http://evil.example/{SIGNED}"}
    server = serve(Reply(b"not an image", status, location))
    hosts = frozenset({server.host})
    images = access(label_studio_api_key=KEY, allowed_hosts=hosts, retries=0)
    images_of_studio = studio(server, retries=0)
    for load in (
        lambda: images.load(f"{server.url}/folder/x.png{SIGNED}"),
        lambda: images_of_studio.load(f"{UPLOAD}{SIGNED}"),
    ):
        with pytest.raises(ImageError, match=r"x\.png") as caught:
            load()
        assert "c0ffee" not in str(caught.value)
        assert KEY not in str(caught.value)
    ours = [record for record in caplog.records if record.name.startswith("backends")]
    assert not any(KEY in record.getMessage() for record in caplog.records)
    assert not any("c0ffee" in record.getMessage() for record in ours)


def test_a_replaced_file_has_the_same_place_and_another_content(serve) -> None:
    bodies = iter([PNG, PNG, OTHER_PNG])
    server = serve(lambda asked: Reply(next(bodies)))
    images = studio(server)
    place = images.identity(UPLOAD)
    first, again, other = (images.load(UPLOAD).identity for _ in range(3))
    assert first == again != other
    assert first.startswith(f"{place}#")
    assert other.startswith(f"{place}#")
    assert len(first) == len(place) + 33


def test_a_connection_goes_where_the_one_look_up_pointed(serve) -> None:
    lookups: list[tuple[str, int]] = []

    def resolver(host: str, port: int) -> list[str]:
        lookups.append((host, port))
        return ["127.0.0.1"] if len(lookups) == 1 else ["127.0.0.2"]

    server = serve(Reply(PNG))
    name = f"studio.example:{server.port}"
    images = access(label_studio_url=f"http://{name}", resolver=resolver)
    for _ in range(3):
        images.load(UPLOAD)
    assert lookups == [("studio.example", server.port)]
    assert server.connections == 1
    assert {asked.headers["host"] for asked in server.asked} == {name}


def test_the_next_address_is_tried_when_one_does_not_answer(serve) -> None:
    server = serve(Reply(PNG))
    images = access(
        label_studio_url=f"http://studio.example:{server.port}",
        resolver=lambda host, port: ["127.0.0.9", "::1", "127.0.0.1"],
    )
    assert np.array_equal(images.load(UPLOAD).pixels, PICTURE)


def test_a_proxy_of_the_environment_is_not_asked(serve, monkeypatch) -> None:
    proxy = serve(Reply(OTHER_PNG))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    server = serve(Reply(PNG))
    assert np.array_equal(studio(server).load(UPLOAD).pixels, PICTURE)
    assert proxy.asked == []


def test_threads_share_connections_and_mix_nothing_up(serve) -> None:
    server = serve(lambda asked: Reply(PNG if int(asked.path[-1]) % 2 else OTHER_PNG))
    images = studio(server)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        loaded = list(pool.map(lambda n: images.load(f"/data/upload/{n}"), range(160)))
    for number, image in enumerate(loaded):
        assert np.array_equal(image.pixels, PICTURE if number % 2 else 255 - PICTURE)
    assert server.connections <= 16
