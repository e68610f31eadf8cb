"""Settings, pictures and addresses that the tests of the image access share."""

import io
from typing import Any

import numpy as np
from PIL import Image

from backends.serving.images import ImageAccess
from backends.serving.images.connections import tls_context
from backends.serving.settings import MIB, ModelSettings
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


def settings(
    *, max_bytes: int = 200_000, max_pixels: int = 1_000_000, seconds: float = 5, **more: str | None
) -> ModelSettings:
    """Settings for quick tests: small limits, no Label Studio and no hosts unless in `more`."""
    environment = {
        "IMAGE_MAX_MB": str(max_bytes / MIB),
        "IMAGE_MAX_MEGAPIXELS": str(max_pixels / 1_000_000),
        "IMAGE_TIMEOUT_SECONDS": str(seconds),
        **{name.upper(): value for name, value in more.items() if value is not None},
    }
    return ModelSettings.from_environment(environment)


def access(*, resolver=None, tls=None, retries: int = 1, **changes) -> ImageAccess:
    """Image access that asks no real name server unless `resolver` says so."""

    def nobody(host: str, port: int) -> list[str]:
        raise AssertionError(f"{host} was looked up")

    return ImageAccess(
        settings(**changes), resolver=resolver or nobody, tls=tls or TLS, retries=retries
    )


KEY = "0123456789abcdef0123456789abcdef01234567"
SIGNED = "?X-Goog-Signature=c0ffee&X-Goog-Credential=someone"
UPLOAD = "/data/upload/1/x.png"


def studio(server: Server, path: str = "", **changes) -> ImageAccess:
    """Access to `server` as Label Studio at this path, with a legacy token."""
    url = f"{server.url}{path}"
    ours: dict[str, Any] = {"label_studio_url": url, "label_studio_api_key": KEY}
    return access(**(ours | changes))


def redirect(location: str, status: int = 303) -> Reply:
    return Reply(status=status, headers={"Location": location})
