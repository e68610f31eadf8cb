"""Settings, pictures and addresses that the tests of the image access share."""

import io

import numpy as np
from PIL import Image

from backends.serving.images import ImageAccess, ImageSettings
from backends.serving.images.connections import tls_context
from tests.backends.serving.images.servers import Reply, Server


def encoded(picture: Image.Image, format: str, **options) -> bytes:
    """`picture` as a file of this format."""
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


def gradient(height: int = 40, width: int = 64) -> np.ndarray:
    """Smooth colours in which every corner differs; uint8 (H, W, 3)."""
    y, x = np.mgrid[:height, :width]
    red, green = x * 255 // width, y * 255 // height
    return np.dstack([red, green, 255 - (red + green) // 2]).astype(np.uint8)


# Reading the certificates takes a tenth of a second, which a few hundred tests need not repeat.
TLS = tls_context()
PICTURE = gradient()
PNG = encoded(Image.fromarray(PICTURE), "PNG")
OTHER_PNG = encoded(Image.fromarray(255 - PICTURE), "PNG")


def settings(**changes) -> ImageSettings:
    """Settings for quick tests: no Label Studio, no hosts, small limits, one retry."""
    facts = {
        "label_studio_url": None,
        "label_studio_api_key": None,
        "allowed_hosts": frozenset(),
        "max_bytes": 200_000,
        "max_pixels": 1_000_000,
        "timeout_seconds": 5.0,
        "retries": 1,
    }
    return ImageSettings(**(facts | changes))


def access(*, resolver=None, tls=None, **changes) -> ImageAccess:
    """Image access that asks no real name server unless `resolver` says so."""

    def nobody(host: str, port: int) -> list[str]:
        raise AssertionError(f"{host} was looked up")

    return ImageAccess(settings(**changes), resolver=resolver or nobody, tls=tls or TLS)


KEY = "0123456789abcdef0123456789abcdef01234567"
SIGNED = "?X-Goog-Signature=c0ffee&X-Goog-Credential=someone"
UPLOAD = "/data/upload/1/x.png"


def studio(server: Server, path: str = "", **changes) -> ImageAccess:
    """Access to `server` as Label Studio at this path, with a legacy token."""
    url = f"{server.url}{path}"
    return access(**({"label_studio_url": url, "label_studio_api_key": KEY} | changes))


def redirect(location: str, status: int = 303) -> Reply:
    return Reply(status=status, headers={"Location": location})
