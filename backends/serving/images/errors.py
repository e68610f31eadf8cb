"""What can go wrong on the way from a task's image address to pixels.

Every message is one sentence that names the image and never holds a token or the query of a signed
address, so that it may be logged and shown to a labeler as it is. Each error says whether asking
again may help: a refused key can be mended behind an address that stays, a damaged file cannot.
"""

from backends.serving.errors import Cannot, CannotNow, ImageError


class ImageRefused(Cannot, ImageError):
    """The address is not one that the service may or can ask: scheme, host, or network address."""


class ImageNotFound(Cannot, ImageError):
    """The address is fine, and there is nothing at it."""


class ImageDenied(CannotNow, ImageError):
    """The owner of the image refuses our credentials, or we have none."""


class ImageUnreachable(CannotNow, ImageError):
    """No complete answer in time, after the retries that the settings allow."""


class ImageTooLarge(Cannot, ImageError):
    """More bytes or more pixels than the settings allow."""


class ImageUnreadable(Cannot, ImageError):
    """The bytes came, and they are not a complete image of a known format."""
