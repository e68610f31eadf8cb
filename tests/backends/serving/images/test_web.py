"""Who is asked for an image, and what goes with the request."""

import concurrent.futures

import numpy as np
import pytest

from backends.serving.images import (
    ImageDenied,
    ImageError,
    ImageNotFound,
    ImageRefused,
    ImageUnreachable,
    ImageUnreadable,
)
from tests.backends.serving.images.samples import (
    KEY,
    OTHER_PNG,
    PICTURE,
    PNG,
    SIGNED,
    UPLOAD,
    access,
    redirect,
    studio,
)
from tests.backends.serving.images.servers import Reply


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
    aliases = "https://labels.example/team"
    images = studio(server, label_studio_aliases=aliases)
    images.load(f"https://labels.example/team{UPLOAD}")
    assert server.asked[0].path == UPLOAD
    assert server.asked[0].headers["authorization"] == f"Token {KEY}"


def test_an_allowed_host_is_asked_without_the_token(serve) -> None:
    server = serve(Reply(PNG))
    images = access(
        label_studio_url="http://127.0.0.1:1",
        label_studio_api_key=KEY,
        image_hosts=server.host,
    )
    images.load(f"{server.url}/a.png{SIGNED}")
    assert server.asked[0].url.query == SIGNED[1:]
    assert not {"authorization", "cookie", "referer"} & server.asked[0].headers.keys()


def test_a_host_that_is_not_allowed_is_neither_looked_up_nor_asked(serve) -> None:
    server = serve(Reply(PNG))
    images = access(image_hosts="images.example")
    for address in (f"{server.url}/a.png", "https://elsewhere.example/a.png"):
        with pytest.raises(ImageRefused, match="not among the hosts"):
            images.load(address)
    assert server.asked == []


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "[fd00:ec2::254]", "168.63.129.16", "[::ffff:a9fe:a9fe]", "0.0.0.0"],
)
def test_metadata_addresses_are_refused_even_when_somebody_lists_them(address: str) -> None:
    images = access(image_hosts=address)
    with pytest.raises(ImageRefused, match="refused network address"):
        images.load(f"http://{address}/x.png")
    with pytest.raises(ImageRefused, match="refused network address"):
        access(label_studio_url=f"http://{address}").load(UPLOAD)


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::1"]])
def test_an_allowed_name_that_leads_inside_is_refused(serve, answers: list[str]) -> None:
    server = serve(Reply(PNG))
    name = f"images.example:{server.port}"
    images = access(image_hosts=name, resolver=lambda host, port: answers)
    with pytest.raises(
        ImageRefused, match=r"images\.example resolves to a refused network address"
    ):
        images.load(f"http://{name}/x.png")
    assert server.asked == []


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


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("/data/local-files/?d=a%20folder/x.png&token=secret", "/data/local-files/ a folder/x.png"),
        ("/storage-data/uploaded/?filepath=upload/1/x.png", "/storage-data/uploaded/ upload/1/x"),
        ("/tasks/7/resolve/?fileuri=Z3M6Ly9iLTEveA==", "/tasks/7/resolve/ gs://b-1/x"),
    ],
)
def test_messages_name_the_file_behind_label_studios_path(serve, address, named: str) -> None:
    with pytest.raises(ImageNotFound, match=f"^{named}") as caught:
        studio(serve(Reply(status=404))).load(address)
    assert "secret" not in str(caught.value)


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
    hosts = server.host
    images = access(label_studio_api_key=KEY, image_hosts=hosts, retries=0)
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
