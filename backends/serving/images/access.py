"""The one door from an address in task data to pixels."""

import ssl
from dataclasses import dataclass

import numpy as np

from backends.serving.images import identity
from backends.serving.images.budget import Budget
from backends.serving.images.connections import tls_context
from backends.serving.images.decode import decode
from backends.serving.images.guard import Guard, Resolver, system_resolver
from backends.serving.images.label_studio import Token
from backends.serving.images.sources import Reader, StorageObject
from backends.serving.images.transport import Transport
from backends.serving.images.web import Web
from backends.serving.settings import ModelSettings

RETRIES = 3


@dataclass(frozen=True, eq=False)
class Image:
    """One image as browsers show it.

    pixels: uint8 (H, W, 3), RGB, rows from the top; not to be written to, since threads
        may share it.
    identity: of the content: it changes when the file is replaced (see identity.py).
    """

    pixels: np.ndarray
    identity: str


class ImageAccess:
    """Reads images from Cloud Storage, from Label Studio and from allowed hosts; thread-safe.

    resolver: answers host names, by default the system's. tls: for hosts with certificates of one's
    own, by default the system's and certifi's authorities. retries: further tries after 429, 5xx or
    a broken connection. Nothing is connected before the first load, and nothing is written to disk.
    """

    def __init__(
        self,
        settings: ModelSettings,
        *,
        resolver: Resolver = system_resolver,
        tls: ssl.SSLContext | None = None,
        retries: int = RETRIES,
    ) -> None:
        # Google's client takes long to import, and whoever only needs the names of this package
        # need not have it.
        from backends.serving.images.storage import Storage

        self._settings = settings
        self._reader = Reader(settings)
        guard = Guard(settings.image_hosts, resolver)
        tls = tls or tls_context()
        transport = Transport(guard, retries, tls)
        key = settings.label_studio_api_key
        token = Token(key.get_secret_value() if key else None, self._reader.label_studio, transport)
        self._web = Web(self._reader, guard, transport, token)
        self._storage = Storage(tls)

    def identity(self, url: str) -> str:
        """A key for `url` that outlives its signature, known without a network trip.

        It names the place. The content may be replaced behind it: `Image.identity` tells.
        Raises ImageRefused when `url` is no image address at all.
        """
        return identity.of(self._reader.read(url), self._reader)

    def load(self, url: str) -> Image:
        """The image behind `url`, fetched and decoded anew. Raises ImageError."""
        source = self._reader.read(url)
        place = identity.of(source, self._reader)
        budget = Budget(
            source.image, self._settings.image_timeout_seconds, self._settings.max_bytes
        )
        if isinstance(source, StorageObject):
            body, generation = self._storage.fetch(source, budget)
            content = identity.of_generation(place, generation)
        else:
            body = self._web.fetch(source, budget)
            content = identity.of_content(place, body.getbuffer())
        return Image(decode(body, source.image, self._settings.max_pixels), content)
