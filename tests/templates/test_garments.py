"""The shipped labeling config: one list of 19 garments for every tool, easy to tell apart."""

from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from label_studio_sdk.label_interface.interface import LabelInterface
from skimage.color import deltaE_ciede2000, rgb2lab

CONFIG = (Path(__file__).parents[2] / "templates" / "labeling" / "garments.xml").read_text()

LABELS = [
    *("jacket", "coat", "shirt", "blouse", "other tops", "jersey shirt", "dress", "jumpsuit"),
    *("skirt", "pants", "knitwear", "tailleur", "swimwear", "footwear", "scarf-gloves"),
    *("other accessories", "jewelry", "hat", "bag-belt"),
]

# CIEDE2000: 2.3 is just noticeable; over 20 is plain at a glance, in a thin outline too.
SMALLEST_COLOUR_DIFFERENCE = 20.0

# Single keys and shifted keys of Label Studio 1.23.2's editor and Data Manager
# (web/dist/apps/labelstudio/358.js and main.js, "tool:*", "region:*", "dm.*"), in lower case.
LABEL_STUDIO_KEYS = {
    *("h", "o", "e", "m", "k", "w", "p", "r", "v", "b", "u", "[", "]", "enter", "escape"),
    *("backspace", "delete", "left", "right", "up", "down", "shift+r", "shift+1", "shift+2"),
    *("shift+up", "shift+down", "shift+left", "shift+right", "shift+.", "shift+space"),
    *("shift+alt+left", "shift+alt+right", "alt+r", "alt+h", "alt+l", "alt+m", "alt+.", "alt+a"),
    *("alt+d", "alt+left", "alt+right", "ctrl+enter", "ctrl+space", "ctrl+z", "ctrl+shift+z"),
    *("ctrl+backspace", "ctrl+h", "ctrl+d", "ctrl+b", "ctrl+p", "ctrl+a", "ctrl+shift+a"),
}


def control(tag: str) -> ElementTree.Element:
    found = ElementTree.fromstring(CONFIG).findall(f".//{tag}")
    assert len(found) == 1, f"{len(found)} <{tag}>"
    return found[0]


def attributes(tag: str, name: str) -> list[str]:
    return [label.attrib[name] for label in control(tag).findall("Label")]


def test_there_is_one_list_with_the_nineteen_labels() -> None:
    assert attributes("Labels", "value") == LABELS
    assert len(list(ElementTree.fromstring(CONFIG).iter("Label"))) == len(LABELS)


def test_colours_can_be_told_apart() -> None:
    colours = attributes("Labels", "background")
    rgb = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in colours])
    lab = rgb2lab(rgb[None] / 255.0)[0]
    differences = {
        (LABELS[i], LABELS[j]): float(deltaE_ciede2000(lab[i], lab[j]))
        for i, j in combinations(range(len(colours)), 2)
    }
    closest = min(differences, key=differences.__getitem__)
    assert differences[closest] >= SMALLEST_COLOUR_DIFFERENCE, (closest, differences[closest])


def test_hotkeys_are_unique_and_leave_label_studios_own_alone() -> None:
    keys = attributes("Labels", "hotkey")
    assert len(keys) == len(set(keys)) == len(LABELS)
    assert all(len(key) == 1 for key in keys)
    assert not LABEL_STUDIO_KEYS.intersection(keys)


def test_points_and_boxes_are_smart_only_and_what_paints_is_not_smart() -> None:
    for tag in ("KeyPoint", "Rectangle"):
        assert control(tag).attrib["smart"] == control(tag).attrib["smartOnly"] == "true"
    for tag in ("Brush", "MagicWand"):
        assert control(tag).attrib["smart"] == "false"


def test_predicted_values_name_a_class_once() -> None:
    values = [
        value
        for label in control("Labels").findall("Label")
        for value in label.attrib.get("predicted_values", "").split(",")
        if value
    ]
    assert len(values) == len(set(values))
    assert "Upper-clothes" in values


def test_label_studio_sdk_reads_the_config() -> None:
    interface = LabelInterface(CONFIG)
    interface.validate()
    assert {
        name: interface.get_control(name).tag for name in ("garment", "brush", "point", "box")
    } == {
        "garment": "Labels",
        "brush": "Brush",
        "point": "KeyPoint",
        "box": "Rectangle",
    }
    assert [item.name for item in interface.objects] == ["image"]
    assert interface.get_object("image").value == "$image"


def test_headers_show_the_catalogue() -> None:
    headers = [h.attrib["value"] for h in ElementTree.fromstring(CONFIG).iter("Header")]
    for column in ("Name", "Theme", "Typology", "Typology_sub"):
        assert f"{column}: ${column}" in headers


def test_the_magic_wand_may_read_the_pixels() -> None:
    assert control("Image").attrib["crossOrigin"] == "anonymous"
    assert control("MagicWand").attrib["toName"] == control("Image").attrib["name"]
