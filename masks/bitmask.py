"""Label Studio's bitmask: a PNG data URL whose painted pixels are opaque.

`BitmaskLabels` keeps `value.imageDataURL`, a PNG of the image's own size; the editor reads a pixel
as painted where it is not transparent, and draws the stored colour.
"""

import base64
import binascii
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from masks.errors import BitmaskError

PREFIX = "data:image/png;base64,"


def encode_mask(mask: NDArray[np.bool_]) -> str:
    """Return a mask, bool (H, W), as a two-colour PNG data URL: white on transparent."""
    image = Image.fromarray(mask.astype(np.uint8), mode="P")
    image.putpalette([0, 0, 0, 255, 255, 255])
    buffer = io.BytesIO()
    image.save(buffer, "PNG", bits=1, transparency=0, optimize=False, compress_level=6)
    return PREFIX + base64.b64encode(buffer.getbuffer()).decode("ascii")


def decode_mask(data_url: str, height: int, width: int) -> NDArray[np.bool_]:
    """Return the mask, bool (height, width), of a PNG data URL.

    Raises:
        BitmaskError: not a PNG data URL, or of another size.
    """
    if not data_url.startswith(PREFIX):
        raise BitmaskError("a bitmask is a data URL that starts with data:image/png;base64,")
    try:
        raw = base64.b64decode(data_url[len(PREFIX) :], validate=True)
        with Image.open(io.BytesIO(raw), formats=["PNG"]) as image:
            if image.size != (width, height):
                raise BitmaskError(
                    f"the bitmask is {image.width}x{image.height}, its image {width}x{height}"
                )
            alpha = image.convert("RGBA").getchannel("A")
    except (binascii.Error, UnidentifiedImageError, OSError, SyntaxError) as error:
        raise BitmaskError("the bitmask is not a readable PNG") from error
    return np.asarray(alpha) > 127
