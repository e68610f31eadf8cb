"""Image access: from what Label Studio sends in task data to pixels, within limits."""

from backends.serving.images.access import Image, ImageAccess
from backends.serving.images.errors import (
    ImageDenied,
    ImageError,
    ImageNotFound,
    ImageRefused,
    ImageTooLarge,
    ImageUnreachable,
    ImageUnreadable,
)

__all__ = [
    "Image",
    "ImageAccess",
    "ImageDenied",
    "ImageError",
    "ImageNotFound",
    "ImageRefused",
    "ImageTooLarge",
    "ImageUnreachable",
    "ImageUnreadable",
]
