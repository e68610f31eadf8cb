"""Sizes: what images have in common counts once."""

from rich.console import Console

from laptop.docker.sizes import Image, common_bytes, on_disk, shared, table

BASE = Image(("base", "empty"), (150_000_000,))
IMAGES = {
    "segmentation": Image(("base", "empty", "torch", "a"), (150_000_000, 6_000_000_000, 7)),
    "segment_anything_model": Image(
        ("base", "empty", "torch", "b"), (150_000_000, 6_000_000_000, 30_000_000)
    ),
    "frontend": Image(("base", "empty", "web"), (150_000_000, 900_000_000)),
}


def test_what_two_images_have_in_common_ends_where_their_layers_differ() -> None:
    segmentation, interactive, frontend = IMAGES.values()
    assert common_bytes(segmentation, interactive) == 6_150_000_000
    assert common_bytes(segmentation, frontend) == 150_000_000
    assert common_bytes(segmentation, Image(("other",), (150_000_000,))) == 0


def test_a_layer_that_two_images_stand_on_is_on_the_disk_once() -> None:
    assert on_disk(IMAGES) == 6_000_000_000 + 150_000_000 + 7 + 30_000_000 + 900_000_000
    assert on_disk({"one": BASE, "same": BASE}) == 150_000_000


def test_the_image_that_shares_most_is_named() -> None:
    assert shared("segmentation", IMAGES) == "6.15 GB with segment_anything_model"
    assert shared("frontend", IMAGES) == "0.15 GB with segmentation, segment_anything_model"
    assert shared("frontend", {"frontend": BASE}) == "nothing"


def test_the_table_has_a_row_an_image_and_the_sum() -> None:
    console = Console(width=80)
    with console.capture() as captured:
        console.print(table(IMAGES))
    text = captured.get()
    rows = [line.split() for line in text.splitlines() if "atelier-" in line]
    assert [row[0] for row in rows] == [
        *("atelier-segmentation", "atelier-segment-anything-model", "atelier-frontend"),
    ]
    assert "together 7.08 GB on the disk" in text
