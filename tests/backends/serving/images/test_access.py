"""An image's pixels are decoded when they are wanted, once, and beside those of others."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from backends.serving.images import Image


def test_pixels_are_decoded_once_however_many_ask() -> None:
    decoded: list[np.ndarray] = []

    def decode() -> np.ndarray:
        decoded.append(np.zeros((2, 3, 3), np.uint8))
        return decoded[-1]

    image = Image(decode, "place", "content")
    assert not decoded
    with ThreadPoolExecutor(8) as threads:
        found = [*threads.map(lambda _: image.pixels, range(40))]
    assert len(decoded) == 1
    assert all(one is decoded[0] for one in found)


def test_an_image_does_not_wait_for_anothers() -> None:
    both = threading.Barrier(2)

    def decode() -> np.ndarray:
        both.wait(10)
        return np.zeros((1, 1, 3), np.uint8)

    images = [Image(decode, str(number), "content") for number in range(2)]
    with ThreadPoolExecutor(2) as threads:
        assert len([*threads.map(lambda image: image.pixels, images)]) == 2
