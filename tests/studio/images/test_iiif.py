"""Images of IIIF manifests: their addresses in full size, and what the manifests say of them.

The manifests have the forms of the specification's own examples: "Book 1" of the Presentation API
2.1, and the cookbook's recipes on metadata, choices, collections and rotation for version 3.
"""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest
from pydantic import ValidationError

from studio.buckets.cloud_storage import CloudStorage
from studio.errors import StudioError
from studio.images.find import find_images
from studio.images.iiif import facts_for, in_manifests, labels_nobody_has
from studio.images.image import FoundImages
from studio.project.project_file import Source

SERVICE_2 = {
    "@context": "http://iiif.io/api/image/2/context.json",
    "@id": "http://images.example.org/iiif/book1%2Fpage1.jp2",
    "profile": "http://iiif.io/api/image/2/level1.json",
}
SERVICE_3 = {
    "id": "https://images.example.org/iiif/3/dee",
    "type": "ImageService3",
    "profile": "level1",
}


def version_2(*resources: dict, **more: object) -> dict:
    """A manifest of one canvas for each resource."""
    canvases = [
        {
            "@id": f"http://example.org/iiif/book1/canvas/p{number}",
            "@type": "sc:Canvas",
            "label": f"p. {number}",
            "images": [
                {"@type": "oa:Annotation", "motivation": "sc:painting", "resource": resource}
            ],
        }
        for number, resource in enumerate(resources, start=1)
    ]
    return {
        "@context": "http://iiif.io/api/presentation/2/context.json",
        "@id": "http://example.org/iiif/book1/manifest",
        "@type": "sc:Manifest",
        "label": "Book 1",
        "metadata": [
            {"label": "Author", "value": "Anne Author"},
            {
                "label": "Published",
                "value": [
                    {"@value": "Paris, circa 1400", "@language": "en"},
                    {"@value": "Paris, environ 1400", "@language": "fr"},
                ],
            },
            {
                "label": "Source",
                "value": '<span>From: <a href="http://x.example">A &amp; B</a></span>',
            },
        ],
        "license": "http://example.org/license.html",
        "sequences": [{"@type": "sc:Sequence", "canvases": canvases}, {"@type": "sc:Sequence"}],
        **more,
    }


def version_3(*bodies: object, **more: object) -> dict:
    canvases = [
        {
            "id": f"https://example.org/canvas/p{number}",
            "type": "Canvas",
            "items": [
                {
                    "type": "AnnotationPage",
                    "items": [{"type": "Annotation", "motivation": "painting", "body": body}],
                }
            ],
        }
        for number, body in enumerate(bodies, start=1)
    ]
    return {
        "@context": "http://iiif.io/api/presentation/3/context.json",
        "id": "https://example.org/manifest",
        "type": "Manifest",
        "label": {"en": ["John Dee performing an experiment"]},
        "metadata": [
            {"label": {"en": ["Creator"]}, "value": {"en": ["Glindoni, Henry", "Somebody"]}},
            {"label": {"en": ["Physical Description"]}, "value": {"en": ["1 painting"]}},
        ],
        "requiredStatement": {
            "label": {"en": ["Attribution"]},
            "value": {"en": ["Wellcome Collection"]},
        },
        "items": canvases,
        **more,
    }


def image(address: str, **more: object) -> dict:
    return {"id": address, "type": "Image", "format": "image/jpeg", **more}


def image_2(address: str, **more: object) -> dict:
    return {"@id": address, "@type": "dctypes:Image", "format": "image/jpeg", **more}


class _Manifests(BaseHTTPRequestHandler):
    files: ClassVar[dict[str, bytes]] = {}

    def do_GET(self) -> None:
        content = self.files.get(self.path)
        self.send_response(200 if content is not None else 404)
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Manifests) as httpd:
        thread = Thread(target=httpd.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_address[1]}"
        httpd.shutdown()
        thread.join()


def read(server: str, *documents: dict | bytes) -> FoundImages:
    _Manifests.files = {
        f"/{number}": one if isinstance(one, bytes) else json.dumps(one).encode()
        for number, one in enumerate(documents)
    }
    return in_manifests([f"{server}/{number}" for number in range(len(documents))])


def sources(found: FoundImages) -> list[str]:
    return [one.source for one in found.images]


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        (version_2(image_2("http://h.org/res/page1.jpg")), "http://h.org/res/page1.jpg"),
        (
            version_2(image_2("http://h.org/small/page1.jpg", service=SERVICE_2)),
            f"{SERVICE_2['@id']}/full/full/0/default.jpg",
        ),
        (
            version_3(image("https://h.org/small.jpg", service=[SERVICE_3])),
            f"{SERVICE_3['id']}/full/max/0/default.jpg",
        ),
        (
            version_3(image(f"{SERVICE_3['id']}/full/max/0/color.png", service=[SERVICE_3])),
            f"{SERVICE_3['id']}/full/max/0/color.png",
        ),
        (
            version_3({"type": "Choice", "items": [image("https://h.org/a.jpg"), image("b")]}),
            "https://h.org/a.jpg",
        ),
        (
            version_3({"type": "SpecificResource", "source": image("https://h.org/turned.jpg")}),
            "https://h.org/turned.jpg",
        ),
        (
            version_2(
                {
                    "@type": "oa:Choice",
                    "default": image_2("http://h.org/colour.jpg"),
                    "item": [image_2("http://h.org/xray.jpg")],
                }
            ),
            "http://h.org/colour.jpg",
        ),
        (
            version_3(image("https://h.org/x.jpg", service=[{"id": "https://h.org/auth"}])),
            "https://h.org/x.jpg",
        ),
    ],
    ids=[
        "an address of its own",
        "image API 2",
        "image API 3",
        "full size already",
        "the first of several views",
        "a turned one",
        "the default view",
        "another service",
    ],
)
def test_an_image_comes_in_full_size(server: str, manifest: dict, expected: str) -> None:
    assert sources(read(server, manifest)) == [expected]


def test_the_name_of_an_image_is_its_service_s_and_not_default(server: str) -> None:
    (found,) = read(server, version_2(image_2("http://h.org/x.jpg", service=SERVICE_2))).images
    assert found.file_name == "page1.jp2"


def test_facts_come_from_the_manifest_without_markup_in_its_first_language(server: str) -> None:
    (found,) = read(server, version_2(image_2("http://h.org/x.jpg"))).images
    assert dict(found.facts) == {
        "label": "Book 1",
        "rights": "http://example.org/license.html",
        "Author": "Anne Author",
        "Published": "Paris, circa 1400",
        "Source": "From: A & B",
        "page": "p. 1",
    }
    (found,) = read(server, version_3(image("https://h.org/x.jpg"))).images
    assert dict(found.facts) == {
        "label": "John Dee performing an experiment",
        "attribution": "Wellcome Collection",
        "Creator": "Glindoni, Henry, Somebody",
        "Physical Description": "1 painting",
    }


def test_a_header_takes_the_label_that_is_spelled_like_it_or_the_one_chosen(server: str) -> None:
    (found,) = read(server, version_3(image("https://h.org/x.jpg"))).images
    headers = ["physical_description", "Name", "Theme"]
    assert facts_for(found, headers, {"Name": "creator"}) == {
        "physical_description": "1 painting",
        "Name": "Glindoni, Henry, Somebody",
    }
    told = labels_nobody_has([found], {"Name": "Maker"})
    assert "no manifest says anything under Maker; there is" in told
    assert "Creator" in told
    assert labels_nobody_has([found], {"Name": "CREATOR"}) == ""


def test_what_cannot_be_had_is_named_and_the_rest_goes_on(server: str) -> None:
    found = read(
        server,
        b"<html>",
        version_3(image("https://h.org/a.jpg")),
        {"type": "Manifest", "items": [7]},
        version_3(),
        version_3({"id": "https://h.org/v.mp4", "type": "Video"}, image("https://h.org/a.jpg")),
        version_3(image("https://h.org/a.tif", format="image/tiff"), "https://h.org/plain.png"),
    )
    gone = in_manifests([f"{server}/gone", "http://127.0.0.1:9/manifest"])
    assert sources(found) == ["https://h.org/a.jpg", "https://h.org/plain.png"]
    assert found.repeated == (("https://h.org/a.jpg", "https://h.org/a.jpg"),)
    reasons = [reason for _, reason in found.ignored]
    assert reasons[0] == "no JSON: is it the address of the manifest, or of a page?"
    assert reasons[1].startswith("no manifest as IIIF describes it")
    assert reasons[2:] == [
        "shows no image",
        "video is no image",
        "image/tiff is not an image format that browsers show",
    ]
    assert [reason for _, reason in gone.ignored] == [
        "its server answers 404 Not Found",
        "cannot be fetched: ConnectionError",
    ]


def test_collections_are_followed_and_may_name_each_other(server: str) -> None:
    inner = {"type": "Manifest", "id": f"{server}/1"}
    outer = {"type": "Collection", "id": f"{server}/0"}
    below = {
        "@type": "sc:Collection",
        "manifests": [{"@type": "sc:Manifest", "@id": f"{server}/3"}],
    }
    found = read(
        server,
        {
            "type": "Collection",
            "items": [inner, {"type": "Collection", "id": f"{server}/2"}, outer],
        },
        version_3(image("https://h.org/a.jpg")),
        below,
        version_2(image_2("https://h.org/b.jpg")),
    )
    assert sources(found) == ["https://h.org/a.jpg", "https://h.org/b.jpg"]
    assert found.repeated == ()


def test_a_project_file_names_manifests_on_the_web_and_beside_it(tmp_path: Path) -> None:
    (tmp_path / "book.json").write_text(json.dumps(version_2(image_2("http://h.org/a.jpg"))))
    folder = {"folder": tmp_path}
    source = Source.model_validate({"iiif": "book.json"}, context=folder)
    assert sources(find_images(source, None, CloudStorage())) == ["http://h.org/a.jpg"]
    (tmp_path / "book.json").write_text("[]")
    with pytest.raises(StudioError, match=r"(?s)there is no image in the manifests:.*no manifest"):
        find_images(source, None, CloudStorage())
    for wrong in (
        {"iiif": "missing.json"},
        {"iiif": "ftp://h.org/manifest"},
        {"iiif": "book.json", "list": ["http://h.org/a.jpg"]},
        {"list": ["http://h.org/a.jpg"], "facts": {"Name": "Creator"}},
        {"iiif": "book.json", "facts": {"source": "Creator"}},
    ):
        with pytest.raises(ValidationError):
            Source.model_validate(wrong, context=folder)
