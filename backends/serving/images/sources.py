"""What an image address in task data means: an object in a bucket, a file of Label Studio, a web
page.

Addresses are taken apart by urllib3's parser, which also makes the connection, so that what is
checked is what is asked.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urljoin

from urllib3.exceptions import LocationParseError
from urllib3.util.url import Url, parse_url

from backends.serving.images.errors import ImageRefused
from backends.serving.settings import ModelSettings

# Schemes of storages that Label Studio reads and this service has no client for.
LABEL_STUDIOS_STORAGES = ("s3", "azure-blob")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_MAX_OBJECT_NAME_BYTES = 1024
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SHOWN_CHARACTERS = 200
# Where Label Studio keeps files. The token goes to these paths only: an address in a task must not
# make this service call Label Studio's API in the name of the token's owner.
_DATA_PATH = re.compile(r"/(data|storage-data)/.+|/(tasks|projects)/[0-9]+/(resolve|presign)/")
_RESOLVED_PATH = re.compile(r"/(tasks|projects)/[0-9]+/(resolve|presign)/")
_STORAGE_URI = re.compile(r"[a-z][a-z0-9+.-]*://.+", re.DOTALL)


@dataclass(frozen=True)
class StorageObject:
    """`gs://bucket/name`; the name is kept as it is, for `?`, `#` and `%` are part of it."""

    bucket: str
    name: str
    image: str


@dataclass(frozen=True)
class WebImage:
    """An http(s) address. `label_studio`: it is on Label Studio's own origin and below its path.

    `image` is the name for messages: without user, query and fragment.
    """

    url: Url
    label_studio: bool
    image: str


Source = StorageObject | WebImage


class Reader:
    """Turns addresses into sources, knowing which ones mean Label Studio."""

    def __init__(self, settings: ModelSettings) -> None:
        bases = [] if settings.label_studio_url is None else [settings.label_studio_url]
        self._bases = [_base(url) for url in [*bases, *sorted(settings.label_studio_aliases)]]

    @property
    def label_studio(self) -> Url | None:
        """Label Studio's address, path without a final slash."""
        return self._bases[0] if self._bases else None

    def read(self, address: str) -> Source:
        """The source that `address` names. Raises ImageRefused."""
        if not isinstance(address, str) or not address.strip():
            raise ImageRefused("the task has no image: its image field is empty or not text")
        address = address.strip()
        shown = shorten(address)
        scheme, colon, _ = address.partition(":")
        if _CONTROL.search(address):
            raise ImageRefused(f"{shown}: the address holds control characters")
        if address.startswith("gs://"):
            return _storage_object(address)
        if address.startswith("/") and not address.startswith("//"):
            return self._relative(address, shown)
        if colon and scheme.lower() in ("http", "https"):
            return self._web(_parse(address, shown), shown)
        if scheme in LABEL_STUDIOS_STORAGES:
            raise ImageRefused(
                f"{shown}: {scheme}:// addresses are read through Label Studio; set "
                "LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY"
            )
        raise ImageRefused(
            f"{shown}: only gs://, s3://, azure-blob://, http(s):// and Label Studio's own paths "
            "can be read as images"
        )

    def resolver(self, address: str, task: object) -> str | None:
        """Label Studio's own address for a file of a storage that it has the key of.

        It answers with the file, or with a redirect to an address that it has signed (io_storages/
        proxy_api.py). None when there is no Label Studio, or no task by whose project it could tell
        which storage is meant.
        """
        if self.label_studio is None or isinstance(task, bool) or not isinstance(task, int):
            return None
        encoded = base64.urlsafe_b64encode(address.encode()).decode()
        return f"/tasks/{task}/resolve/?fileuri={encoded}"

    def follow(self, current: Url, location: str, image: str) -> WebImage:
        """The source that a redirect from `current` leads to. Raises ImageRefused."""
        if _CONTROL.search(location) or "\\" in location:
            raise ImageRefused(f"{image}: was redirected to an address that cannot be read")
        target = _parse(urljoin(current.url, location), image)
        if target.scheme not in ("http", "https"):
            raise ImageRefused(f"{image}: was redirected to something that is not http(s)")
        if current.scheme == "https" and target.scheme == "http":
            raise ImageRefused(f"{image}: was redirected from https to unprotected http")
        source = self._web(target, image)
        return WebImage(source.url, source.label_studio, image)

    def path_below(self, url: Url) -> str:
        """The path of a Label Studio address below Label Studio's own path."""
        assert self.label_studio is not None
        return (url.path or "/").removeprefix(self.label_studio.path or "")

    def takes_token(self, source: WebImage) -> bool:
        """Whether Label Studio keeps a file there, so that the token may go with the request."""
        if not source.label_studio:
            return False
        path = self.path_below(source.url)
        return ".." not in unquote(path).split("/") and bool(_DATA_PATH.fullmatch(path))

    def _relative(self, address: str, shown: str) -> WebImage:
        base = self.label_studio
        if base is None:
            raise ImageRefused(
                f"{shown}: is a path of Label Studio, and LABEL_STUDIO_URL is not set"
            )
        root = base.path or ""
        if root and (address + "/").startswith(root + "/"):
            address = address[len(root) :]
        return self._web(_parse(f"{_origin(base)}{root}{address}", shown), shown)

    def _web(self, url: Url, shown: str) -> WebImage:
        if url.auth is not None:
            raise ImageRefused(f"{shown}: addresses with a user name or password are refused")
        if not url.host:
            raise ImageRefused(f"{shown}: the address has no host")
        url = url._replace(fragment=None)
        for base in self._bases:
            path, root = url.path or "/", base.path or ""
            if _origin(base) == _origin(url) and path.startswith(root + "/"):
                primary, below = self._bases[0], path[len(root) :]
                url = primary._replace(path=(primary.path or "") + below, query=url.query)
                return WebImage(url, True, _shown_file(below, url.query or ""))
        return WebImage(url, False, shown)


def resolved_uri(path: str, query: str) -> str | None:
    """The storage address behind Label Studio's `/tasks/1/resolve/?fileuri=`, None elsewhere.

    base64url, or percent-encoded as older versions wrote it.
    """
    if not _RESOLVED_PATH.fullmatch(path):
        return None
    fileuri = parse_qs(query).get("fileuri", [""])[0]
    try:
        decoded = base64.urlsafe_b64decode(fileuri.encode()).decode()
    except (binascii.Error, ValueError):
        decoded = unquote(fileuri)
    return decoded if _STORAGE_URI.fullmatch(decoded) else None


def _shown_file(path: str, query: str) -> str:
    """Label Studio's file for a message: its path there, and which file it leads to."""
    arguments = parse_qs(query)
    named = next((arguments[key][0] for key in ("d", "filepath") if key in arguments), None)
    file = resolved_uri(path, query) or named
    return shorten(path) if file is None else f"{shorten(path)} {shorten(file)}"


def shorten(address: str) -> str:
    """`address` for a message: no user, query or fragment, no control characters, not too long."""
    if address.startswith("gs://"):
        shown = address
    else:
        shown = re.split(r"[?#]", address, maxsplit=1)[0]
        shown = re.sub(r"^([a-zA-Z][a-zA-Z0-9+.-]*:)?//[^/]*@", r"\1//", shown)
        if shown[:5].lower() == "data:":
            shown = shown.partition(",")[0]
    shown = _CONTROL.sub("?", shown)
    return shown if len(shown) <= _SHOWN_CHARACTERS else shown[: _SHOWN_CHARACTERS - 1] + "…"


def _storage_object(address: str) -> StorageObject:
    shown = shorten(address)
    bucket, _, name = address.removeprefix("gs://").partition("/")
    if not _BUCKET.fullmatch(bucket) or not name:
        raise ImageRefused(f"{shown}: is not of the form gs://bucket/name")
    if len(name.encode()) > _MAX_OBJECT_NAME_BYTES:
        raise ImageRefused(f"{shown}: object names have at most {_MAX_OBJECT_NAME_BYTES} bytes")
    return StorageObject(bucket, name, shown)


def _parse(address: str, shown: str) -> Url:
    # Browsers read a backslash as a slash and other parsers do not: such an address has two
    # meanings.
    if "\\" in address:
        raise ImageRefused(f"{shown}: the address holds a backslash")
    try:
        return parse_url(address)
    except LocationParseError as error:
        raise ImageRefused(f"{shown}: is not a valid address") from error


def _base(url: str) -> Url:
    parsed = parse_url(url)
    return parsed._replace(path=(parsed.path or "").rstrip("/") or None)


def _origin(url: Url) -> str:
    port = url.port or {"http": 80, "https": 443}.get(url.scheme or "")
    return f"{url.scheme}://{url.host}:{port}"
