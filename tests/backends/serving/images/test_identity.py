"""The same image has one identity, however its address was written or signed."""

import base64

import pytest

from backends.serving.images import ImageRefused
from tests.backends.serving.images.samples import access

STUDIO = "https://studio.example/sub"


def identity(url: str) -> str:
    return access(
        label_studio_url=f"{STUDIO}/", label_studio_aliases="http://frontend:8080"
    ).identity(url)


def fileuri(uri: str) -> str:
    return base64.urlsafe_b64encode(uri.encode()).decode()


@pytest.mark.parametrize(
    "name", ["a.jpg", "folder/a b.jpg", "ünï/100%?.jpg", "what?x=1#2", "a//b", "./../a"]
)
def test_an_object_in_a_bucket_keeps_its_name_as_it_is(name: str) -> None:
    assert identity(f"gs://my-bucket/{name}") == f"gs://my-bucket/{name}"


@pytest.mark.parametrize("kind", ["tasks", "projects"])
@pytest.mark.parametrize("verb", ["presign", "resolve"])
def test_an_address_to_be_resolved_is_the_object_itself(kind: str, verb: str) -> None:
    uri = "gs://my-bucket/ünï code?.jpg"
    address = f"/{kind}/17/{verb}/?fileuri={fileuri(uri)}"
    assert identity(address) == identity(f"{STUDIO}{address}") == uri


def test_an_older_percent_encoded_fileuri_is_read_too() -> None:
    assert identity("/tasks/1/resolve/?fileuri=gs%3A%2F%2Fb-1%2Fx.jpg") == "gs://b-1/x.jpg"


@pytest.mark.parametrize("broken", ["", "%00", "AAAA", "_____", "bm8gdXJp"])
def test_a_fileuri_that_says_nothing_keeps_the_address(broken: str) -> None:
    assert identity(f"/tasks/1/resolve/?fileuri={broken}").startswith(f"{STUDIO}/tasks/1/resolve/")


@pytest.mark.parametrize(
    "path",
    [
        "/data/upload/1/8a-x.jpg",
        "/data/local-files/?d=folder/my picture.jpg",
        "/storage-data/uploaded/?filepath=upload/1/x.jpg",
    ],
)
def test_label_studio_has_one_identity_by_all_its_addresses(path: str) -> None:
    ways = [path, f"/sub{path}", f"{STUDIO}{path}", f"https://STUDIO.example:443/sub{path}"]
    ways += [f"http://frontend:8080{path}", f" {path}#part"]
    assert len({identity(way) for way in ways}) == 1


def test_which_local_file_is_part_of_the_identity() -> None:
    assert identity("/data/local-files/?d=a.jpg") != identity("/data/local-files/?d=b.jpg")
    assert identity("/data/local-files/?d=a%20b.jpg") == identity("/data/local-files/?d=a+b.jpg")


@pytest.mark.parametrize(
    "signature",
    [
        "X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Date=20261122T1&X-Goog-Signature=ab12",
        "X-Amz-Signature=ab&X-Amz-Security-Token=cd&x-amz-expires=60",
        "GoogleAccessId=me&Expires=1&Signature=ab%2F",
        "sv=2024&se=2026-11-22&sp=r&sr=b&skoid=1&sig=ab",
        "Policy=ab&Key-Pair-Id=K1&Signature=cd",
        "token=secret",
    ],
)
def test_a_signature_is_no_part_of_the_identity(signature: str) -> None:
    plain = "https://images.example/a/b.jpg?version=2"
    assert identity(f"{plain}&{signature}") == plain
    assert identity(f"https://images.example/a/b.jpg?{signature}&version=2") == plain


def test_words_that_only_some_services_sign_with_stay_when_nothing_is_signed() -> None:
    url = "https://images.example/draw?se=1&sp=2&policy=3"
    assert identity(url) == url


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/x", "http://a.example/x"),
        ("https://a.example/x", "https://a.example:8443/x"),
        ("https://a.example/x", "https://b.example/x"),
        ("https://a.example/x", "https://a.example/X"),
        ("https://a.example/x?size=1", "https://a.example/x?size=2"),
        ("gs://bucket-a/x", "gs://bucket-b/x"),
        ("/data/upload/1/x.jpg", "https://elsewhere.example/data/upload/1/x.jpg"),
        ("/data/upload/1/x.jpg", "https://studio.example/data/upload/1/x.jpg"),
    ],
)
def test_different_images_have_different_identities(one: str, other: str) -> None:
    assert identity(one) != identity(other)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("", "the task has no image"),
        ("   ", "the task has no image"),
        (None, "the task has no image"),
        ({"url": "x"}, "the task has no image"),
        ("data:image/png;base64,iVBORw0KGgo=", "only gs://"),
        ("DATA:image/png,x", "only gs://"),
        ("file:///etc/passwd", "only gs://"),
        ("ftp://images.example/a.png", "only gs://"),
        ("s3://bucket/a.png", "read through Label Studio; set LABEL_STUDIO_URL"),
        ("//images.example/a.png", "only gs://"),
        ("images/a.png", "only gs://"),
        ("javascript:alert(1)", "only gs://"),
        ("gs://bucket", "gs://bucket/name"),
        ("gs://bucket/", "gs://bucket/name"),
        ("gs://Bad_Bucket!/x", "gs://bucket/name"),
        ("gs://../x", "gs://bucket/name"),
        (f"gs://bucket/{'x' * 1025}", "1024 bytes"),
        ("https://user:secret@images.example/a.png", "user name"),
        ("https:///a.png", "no host"),
        ("https://images.example\\@evil.example/a.png", "backslash"),
        ("https://images.example:99999/a.png", "valid address"),
        ("https://\uff11\uff12\uff17.0.0.1/a.png", "valid address"),
        ("https://images.example/a\r\nHost: evil", "control"),
    ],
)
def test_what_is_no_image_address_is_refused_in_a_sentence(address, reason: str) -> None:
    with pytest.raises(ImageRefused, match=reason) as caught:
        identity(address)
    sentence = str(caught.value)
    assert len(sentence) < 330
    assert "\n" not in sentence
    assert "secret" not in sentence
    assert "iVBOR" not in sentence


def test_a_path_means_nothing_without_a_label_studio() -> None:
    with pytest.raises(ImageRefused, match="LABEL_STUDIO_URL is not set"):
        access().identity("/data/upload/1/x.jpg")
