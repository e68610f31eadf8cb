"""The one door from an address in task data to pixels."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import numpy as np

from backends.serving.images import identity
from backends.serving.images.budget import Budget
from backends.serving.images.connections import usual_tls_context
from backends.serving.images.decode import decode
from backends.serving.images.errors import ImageError
from backends.serving.images.guard import Guard, Resolver, system_resolver
from backends.serving.images.label_studio import Token
from backends.serving.images.sources import (
    LABEL_STUDIOS_STORAGES,
    Reader,
    Source,
    StorageObject,
    shorten,
)
from backends.serving.images.transport import Transport
from backends.serving.images.web import Web
from backends.serving.limits import PixelGate
from backends.serving.settings import ModelSettings

RETRIES = 3


@dataclass(eq=False)
class Image:
    """One image as browsers show it.

    decode: makes the pixels, when they are first asked for: who knows the content needs none.
    identity: of the content: it changes when the file is replaced (see identity.py).
    content: the same without the place, as others know it, with the method before a colon: what
        Cloud Storage's listings say of an object, the start of the SHA-256 of anything else.
    """

    decode: Callable[[], np.ndarray]
    identity: str
    content: str
    _pixels: np.ndarray | None = field(default=None, init=False, repr=False)
    # Of each image its own: Python 3.11's `cached_property` has one lock for all of a class.
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    @property
    def pixels(self) -> np.ndarray:
        """uint8 (H, W, 3), RGB, rows from the top; not to be written to: threads may share it.

        Raises ImageError, and Busy.
        """
        with self._lock:
            if self._pixels is None:
                self._pixels = self.decode()
            return self._pixels


class ImageAccess:
    """Reads images from Cloud Storage, from Label Studio and from allowed hosts; thread-safe.

    resolver: answers host names, by default the system's. tls: for hosts with certificates of one's
    own, by default the system's and certifi's authorities. retries: further tries after 429, 5xx or
    a broken connection. gate: what bounds the pixels that are decoded at a time. Nothing is
    connected before the first load, and nothing is written to disk.
    """

    def __init__(
        self,
        settings: ModelSettings,
        *,
        resolver: Resolver = system_resolver,
        tls: ssl.SSLContext | None = None,
        retries: int = RETRIES,
        gate: PixelGate | None = None,
    ) -> None:
        # Google's client takes long to import, and whoever only needs the names of this package
        # need not have it.
        from backends.serving.images.storage import Storage

        self._settings = settings
        self._gate = gate or PixelGate(settings.max_pixels)
        self._reader = Reader(settings)
        guard = Guard(settings.image_hosts, resolver)
        tls = tls or usual_tls_context()
        transport = Transport(guard, retries, tls)
        key = settings.label_studio_api_key
        self._has_key = key is not None
        token = Token(key.get_secret_value() if key else None, self._reader.label_studio, transport)
        self._web = Web(self._reader, guard, transport, token)
        self._storage = Storage(tls)

    def address(self, url: str, task: object) -> str:
        """The address by which this service reads `url`, as it stands in a task's data.

        It is Label Studio's own for what is in a storage that only Label Studio has the key of:
        `s3://`, `azure-blob://`, and `gs://` where this process has no Google credentials.

        task: the task's id.
        """
        scheme = url.partition("://")[0] if isinstance(url, str) else ""
        if scheme not in ("gs", *LABEL_STUDIOS_STORAGES) or not self._has_key:
            return url
        if scheme == "gs" and self._storage.has_credentials():
            return url
        return self._reader.resolver(url, task) or url

    def identity(self, url: str) -> str:
        """A key for `url` that outlives its signature, known without a network trip.

        It names the place. The content may be replaced behind it: `Image.identity` tells.
        Raises ImageRefused when `url` is no image address at all.
        """
        with reasons_without_name(url):
            return identity.of(self._reader.read(url), self._reader)

    def load(self, url: str) -> Image:
        """The image behind `url`, fetched and decoded anew. Raises ImageError, and Busy."""
        with self.loaded(url) as image:
            _ = image.pixels
            return image

    @contextmanager
    def loaded(self, url: str) -> Iterator[Image]:
        """The image behind `url`, whose pixels are decoded once they are asked for in the block.

        They count among the pixels at work until it ends. Raises ImageError.
        """
        with reasons_without_name(url):
            source = self._reader.read(url)
        with ExitStack() as work:
            with reasons_without_name(source.image):
                image = self._load(source, work)
            yield image

    def _load(self, source: Source, work: ExitStack) -> Image:
        place = identity.of(source, self._reader)
        budget = Budget(
            source.image, self._settings.image_timeout_seconds, self._settings.max_bytes
        )
        if isinstance(source, StorageObject):
            body, generation, content = self._storage.fetch(source, budget)
            whole = identity.of_generation(place, generation)
        else:
            body = self._web.fetch(source, budget)
            whole = identity.of_content(place, body.getbuffer())
            content = f"sha256:{identity.of_content_alone(whole)}"

        def begin(pixels: int) -> None:
            work.enter_context(self._gate.working_on(pixels))

        def decoded() -> np.ndarray:
            with reasons_without_name(source.image):
                return decode(body, source.image, self._settings.max_pixels, begin)

        return Image(decoded, whole, content)


@contextmanager
def reasons_without_name(address: object) -> Iterator[None]:
    """Take the image's name out of an error's reason, which then is the same for many images."""
    try:
        yield
    except ImageError as error:
        if isinstance(address, str):
            for name in (address, shorten(address.strip())):
                error.reason = error.reason.removeprefix(f"{name}: ")
        raise
