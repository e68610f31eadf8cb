"""What a labeling config says about a task's data."""

from pathlib import Path

import pytest

from studio.errors import ProjectFileError
from studio.project.labeling_config import (
    missing,
    prompt_controls,
    read_task_keys,
    unknown_to_the_editor,
)

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


def test_the_shipped_configs_prompts_are_its_points_and_boxes() -> None:
    assert prompt_controls(GARMENTS.read_text()) == ("point", "box")


def test_prompts_are_known_also_where_nothing_holds_masks() -> None:
    """A project that was made before such a config was refused."""
    brush = '<BrushLabels name="b" toName="i" smart="true" smartOnly="true"/>'
    text = f'<View><Image name="i" value="$image"/>{brush}</View>'
    assert prompt_controls(text) == ("b",)


def test_smart_tools_that_annotate_too_and_configs_without_masks_have_no_prompts() -> None:
    point = '<KeyPoint name="p" toName="i0" smart="true"/>'
    assert prompt_controls(config("$image", more=point)) == ()
    assert prompt_controls("<View/>") == ()


def test_controls_that_a_config_lacks_are_told_those_of_a_repeater_are_there() -> None:
    pages = '<Repeater on="$p"><Brush name="b_{{idx}}" toName="i0"/></Repeater>'
    text = config("$image", more=pages)
    used = dict.fromkeys(["t", "b_0", "b_12", "gone", "b_x"], ())
    assert missing(text, used) == ["b_x", "gone"]


@pytest.mark.parametrize("tag", ["Labels", "BrushLabels"])
def test_labels_that_a_list_lacks_are_told_an_alias_counts_as_its_label(tag: str) -> None:
    more = f"<{tag} name='l' toName='i0'><Label value='hat'/><Label value='bag' alias='b'/></{tag}>"
    used = {"l": ["hat", "b", "bag", "dress"]}
    assert missing(config("$image", more=more), used) == ["dress (l)"]


def test_labels_that_come_from_a_tasks_data_are_not_looked_for() -> None:
    more = "<Labels name='l' toName='i0' value='$kinds'/>"
    assert missing(config("$image", more=more), {"l": ["dress"]}) == []


def test_names_that_the_editor_does_not_know_are_told() -> None:
    odd = read_task_keys(config("$photo", more='<Header value="$Künstler, $Titel und $Größe"/>'))
    assert "has $Künstler, $Größe: " in unknown_to_the_editor(odd)
    plain = read_task_keys(config("$photo", more='<Header value="Künstler: $Artist_2"/>'))
    assert unknown_to_the_editor(plain) == ""
