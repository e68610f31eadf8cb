"""What a labeling config says about a task's data."""

from pathlib import Path

import pytest

from studio.errors import ProjectFileError
from studio.project.labeling_config import read_task_keys

GARMENTS = Path(__file__).parents[3] / "templates" / "labeling" / "garments.xml"


def config(*images: str, more: str = "") -> str:
    tags = "".join(f'<Image name="i{n}" value="{value}"/>' for n, value in enumerate(images))
    labels = '<BrushLabels name="t" toName="i0"><Label value="a"/></BrushLabels>'
    return f"<View>{tags}{labels}{more}</View>"


def test_the_shipped_config_shows_an_image_and_the_catalogue() -> None:
    keys = read_task_keys(GARMENTS.read_text())
    assert keys.image == "image"
    assert keys.headers == ("Name", "Theme", "Typology", "Typology_sub")


def test_several_variables_in_a_text_are_found_once() -> None:
    keys = read_task_keys(config("$photo", more='<Header value="$a by $b, $a ($photo)"/>'))
    assert keys.image == "photo"
    assert keys.headers == ("a", "b")


@pytest.mark.parametrize(
    "text",
    [
        "<View>",
        "<View/>",
        config("$one", "$two"),
        config("fixed.jpg"),
        config("$image", more='<BrushLabels name="u" toName="x"><Label value="a"/></BrushLabels>'),
    ],
)
def test_a_config_without_exactly_one_image_is_refused(text: str) -> None:
    with pytest.raises(ProjectFileError, match="labeling config"):
        read_task_keys(text)
