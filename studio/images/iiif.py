"""The images of IIIF manifests: addresses that stay as they are, with the facts of the manifests.

Manifests and collections of the Presentation API 2 and 3; images come from the Image API where
there is one, in full size (https://iiif.io/api/presentation/3.0/, https://iiif.io/api/image/3.0/).
"""

import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import requests

from studio.errors import StudioError
from studio.images.image import SUFFIXES, FoundImages, Image

TIMEOUT_SECONDS = 60.0
MAX_BYTES = 100 * 1000 * 1000
FORMATS = frozenset({"image/bmp", "image/gif", "image/jpeg", "image/png", "image/webp"})
TAG = re.compile(r"<[^>]*>")
WHOLE = re.compile(r"/full/(full|max)/0/[^/]+$")

Json = Mapping[str, Any]
Facts = dict[str, str]


def in_manifests(places: Sequence[str | Path]) -> FoundImages:
    """Return the images of manifests and collections, each once; what cannot be had is named.

    Args:
        places: addresses, or files.
    """
    with requests.Session() as session:
        reader = _Reader(session)
        for place in places:
            reader.read(place)
    return FoundImages(
        tuple(reader.images.values()), tuple(reader.ignored), tuple(reader.repeated.values())
    )


def facts_for(image: Image, headers: Sequence[str], chosen: Mapping[str, str]) -> Facts:
    """Return header -> what the manifest says, for the headers that it says something about.

    Args:
        headers: of the labeling config; each takes the label that is spelled like it.
        chosen: header -> label, where these differ.
    """
    said = {_plain(label): text for label, text in image.facts}
    wanted = {**{header: header for header in headers}, **chosen}
    return {
        header: said[_plain(label)] for header, label in wanted.items() if _plain(label) in said
    }


def labels_nobody_has(images: Sequence[Image], chosen: Mapping[str, str]) -> str:
    """Return a sentence about labels of `facts` that no manifest has; "" where there are none."""
    there = dict.fromkeys(label for image in images for label, _ in image.facts)
    known = {_plain(label) for label in there}
    missing = [label for label in chosen.values() if _plain(label) not in known]
    if not missing:
        return ""
    return f"no manifest says anything under {', '.join(missing)}; there is {', '.join(there)}"


@dataclass
class _Reader:
    """What was read so far."""

    session: requests.Session
    images: dict[str, Image] = field(default_factory=dict)
    ignored: list[tuple[str, str]] = field(default_factory=list)
    repeated: dict[str, tuple[str, ...]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def read(self, place: str | Path) -> None:
        if str(place) in self.seen:
            return  # Collections may name each other.
        self.seen.add(str(place))
        try:
            document = self._load(place)
        except StudioError as error:
            self.ignored.append((str(place), str(error)))
            return
        below = _members(document)
        if below is not None:
            for address in below:
                self.read(address)
            return
        try:
            found = list(_painted(document))
        except (AttributeError, KeyError, TypeError) as error:
            self.ignored.append((str(place), f"no manifest as IIIF describes it: {error!r}"))
            return
        if not found:
            self.ignored.append((str(place), "shows no image"))
        for body, facts in found:
            self._take(str(place), body, facts)

    def _load(self, place: str | Path) -> Json:
        try:
            if isinstance(place, Path):
                content = place.read_bytes()
            else:
                answer = self.session.get(
                    place, timeout=TIMEOUT_SECONDS, headers={"Accept": "application/json, */*"}
                )
                if not answer.ok:
                    raise StudioError(f"its server answers {answer.status_code} {answer.reason}")
                content = answer.content
            if len(content) > MAX_BYTES:
                raise StudioError("larger than 100 MB")
            document = json.loads(content)
        except OSError as error:  # Those of requests are derived from it.
            why = error.strerror or type(error).__name__
            raise StudioError(f"cannot be fetched: {why}") from None
        except ValueError:
            raise StudioError("no JSON: is it the address of the manifest, or of a page?") from None
        if not isinstance(document, dict):
            raise StudioError("no manifest")
        return document

    def _take(self, place: str, body: Json, facts: Facts) -> None:
        address, name = _address(body)
        shown = address or place
        if reason := _why_no_image(body, address):
            self.ignored.append((shown, reason))
        elif address in self.images:
            self.repeated[address] = (*self.repeated.get(address, (address,)), address)
        else:
            self.images[address] = Image(address, object_name=name, facts=tuple(facts.items()))


def _members(document: Json) -> list[str] | None:
    """The addresses of what a collection holds; None for a manifest."""
    if _kind(document) != "collection":
        return None
    # Version 3 has `items`, version 2 three lists of which some may be missing.
    parts = [
        part
        for key in ("items", "collections", "manifests", "members")
        for part in _listed(document.get(key))
    ]
    return [address for part in parts if (address := _id(part))]


def _painted(manifest: Json) -> Iterator[tuple[Json, Facts]]:
    """Yield each thing that a manifest shows, with the facts about it."""
    if _kind(manifest) != "manifest":
        raise KeyError("type Manifest")
    about = {"label": _text(manifest.get("label")), **_said(manifest)}
    if "items" in manifest:
        canvases = manifest["items"]
    else:
        # Further sequences are other orders of the same canvases.
        canvases = (_listed(manifest.get("sequences")) or [{}])[0].get("canvases", [])
    for canvas in canvases:
        page = _text(canvas.get("label"))
        facts = {**about, **({"page": page} if page else {}), **_said(canvas)}
        for body in _bodies(canvas):
            yield body, {label: text for label, text in facts.items() if text}


def _bodies(canvas: Json) -> Iterator[Json]:
    pages = [one for page in _listed(canvas.get("items")) for one in _listed(page.get("items"))]
    for annotation in [*pages, *_listed(canvas.get("images"))]:
        for body in _listed(annotation.get("body") or annotation.get("resource")):
            # Of several views of one thing, the one that is shown at first.
            if _kind(body) == "choice":
                body = body.get("default") or (_listed(body.get("items")) or [{}])[0]
            if _kind(body) == "specificresource":
                body = body.get("source") or body.get("full") or body
            if isinstance(body, str | Mapping):
                yield {"id": body} if isinstance(body, str) else body


def _address(body: Json) -> tuple[str, str]:
    """Return the address of an image in full size, and its name without the address."""
    own = _id(body)
    for service in _listed(body.get("service")):
        base, kind = _id(service).rstrip("/"), json.dumps(service)
        if not base or not re.search(r"ImageService|/image/|image-api", kind):
            continue
        name = unquote(base)
        if own.startswith(base) and WHOLE.search(own):
            return own, name
        if "ImageService3" in kind or "/image/3" in kind:
            return f"{base}/full/max/0/default.jpg", name
        if "ImageService1" in kind or "image-api/1" in kind or "/image/1" in kind:
            return f"{base}/full/full/0/native.jpg", name
        return f"{base}/full/full/0/default.jpg", name
    return own, unquote(urlsplit(own).path)


def _why_no_image(body: Json, address: str) -> str | None:
    kind = _kind(body)
    if kind and kind != "image":
        return f"{kind} is no image"
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return "has no address on the web"
    form = str(body.get("format") or "")
    suffix = Path(parts.path).suffix.lower()
    if suffix in SUFFIXES or form in FORMATS or not (form or suffix):
        return None
    return f"{form or suffix} is not an image format that browsers show"


def _said(resource: Json) -> Facts:
    """What a manifest or a canvas says about itself; its own list of facts comes last and wins."""
    statement = resource.get("requiredStatement") or {}
    known = {
        "summary": resource.get("summary") or resource.get("description"),
        "rights": resource.get("rights") or resource.get("license"),
        "attribution": statement.get("value") or resource.get("attribution"),
    }
    facts = {label: text for label, value in known.items() if (text := _text(value))}
    for entry in _listed(resource.get("metadata")):
        if (label := _text(entry.get("label"))) and (text := _text(entry.get("value"))):
            facts[label] = text
    return facts


def _text(value: Any) -> str:
    """A value without its markup; in the first of several languages, joined where it is a list."""
    if isinstance(value, Mapping):
        if "@value" in value:  # Version 2.
            return _text(str(value["@value"]))
        return _text(next(iter(value.values()), ""))
    if isinstance(value, list):
        first = _language(value[0]) if value else None
        texts = [_text(one) for one in value if _language(one) == first]
        return ", ".join(text for text in texts if text)
    return " ".join(html.unescape(TAG.sub("", value)).split()) if isinstance(value, str) else ""


def _language(value: Any) -> str | None:
    return value.get("@language") if isinstance(value, Mapping) else None


def _kind(resource: Any) -> str:
    """The type without its prefix: "sc:Manifest" and "Manifest" are one; "" without one."""
    if not isinstance(resource, Mapping):
        return ""
    found = str(resource.get("type") or resource.get("@type") or "")
    return found.rpartition(":")[2].lower()


def _id(resource: Any) -> str:
    if isinstance(resource, Mapping):
        return str(resource.get("id") or resource.get("@id") or "")
    return resource if isinstance(resource, str) else ""


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _plain(label: str) -> str:
    """Headers of a labeling config are single words."""
    return re.sub(r"\W+", "_", label).strip("_").casefold()
